# The gates: what must hold for every change besides the tests. One script per gate in tools/, each with its
# reason at its head; tools/check.sh runs them all and counts. `make test` runs them as one of its parts.
CHECK = tools/check.sh $(BUILD)
export CC CXX CLANG_FORMAT CLANG_TIDY

check: $(PRELOAD) $(CLI)
	@$(CHECK)
check-headers check-layers check-words check-man check-shell check-format check-tidy:
	@$(CHECK) $(@:check-%=%)
check-preload: $(PRELOAD)
	@$(CHECK) preload
check-options: $(PRELOAD) $(CLI)
	@$(CHECK) options
lint: check-tidy check-shell check-man
format:
	@find include src examples test bench \( -name '*.[ch]' -o -name '*.cc' \) -print0 | xargs -0 $(CLANG_FORMAT) -i
check check-headers check-layers check-words check-man check-shell check-format check-tidy check-preload \
check-options: | deps-if-missing
.PHONY: check check-headers check-layers check-words check-man check-shell check-format check-tidy check-preload \
	check-options lint format

# The output that README.md shows, taken anew; a part of golden-update.
golden-update: readme-update
readme-update: $(PRELOAD) $(CLI) $(example_bin)
	@rm -rf $(BUILD)/readme && mkdir -p $(BUILD)/readme && tools/replay.sh $(BUILD) $(BUILD)/readme README.md >$(BUILD)/readme/README.md && \
		cp $(BUILD)/readme/README.md README.md
	@git --no-pager diff --stat -- README.md 2>/dev/null || true
.PHONY: readme-update

# The documents that show the tool at work on the engines: their commands run again, what they print stored.
reports: $(PRELOAD) $(CLI) examples
	@for document in $(wildcard docs/*.md examples/reports/*.md); do \
		rm -rf $(BUILD)/replay && mkdir -p $(BUILD)/replay && \
		tools/replay.sh $(BUILD) $(BUILD)/replay $$document >$(BUILD)/replay.md && cp $(BUILD)/replay.md $$document || exit 1; \
	done
	@git --no-pager diff --stat -- docs examples/reports 2>/dev/null || true
golden-update: reports
.PHONY: reports
