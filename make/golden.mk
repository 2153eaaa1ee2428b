# The golden tests of the command line: snapshots built by test/golden/make_fixtures.c, and what the tool says
# about them, in test/golden/*.txt (compared by test/integration/cli.bats).
golden_bin := $(BUILD)/test/golden/make_fixtures
golden_obj := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard test/golden/*.c test/support/snapshot_builder*.c)) $(tool_obj)
$(golden_bin): $(golden_obj)
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(CLI_LIBS)
test test-integration test-bats: $(golden_bin)

# The one unit test of the command line's own files: all others belong to the tool's libraries.
$(BUILD)/test/unit/arguments_test: $(patsubst %,$(BUILD)/obj/src/cli/%.o,arguments nearest fatal)

# Write the expected texts again; read the difference before committing it.
golden-update: $(CLI) $(golden_bin)
	@GOLDEN_UPDATE=1 BUILD=$(BUILD) bats test/integration/cli.bats >/dev/null || true
	@git --no-pager diff --stat -- test/golden
.PHONY: golden-update
