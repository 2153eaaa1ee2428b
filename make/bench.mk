# make bench: what allocscope costs, beside heaptrack, in one interleaved run; the table goes to bench/results.md.
# BENCH_OPTIONS is passed on, for instance BENCH_OPTIONS='--quick'.
BENCH_OPTIONS ?=
bench_programs := $(patsubst bench/%.c,$(BUILD)/bench/%,$(wildcard bench/*.c))

# Every frame stays a frame: the depth of a call stack is what is measured.
$(BUILD)/obj/bench/%.o: ALL_CFLAGS += -fno-optimize-sibling-calls -I.
$(BUILD)/bench/%: $(BUILD)/obj/bench/%.o
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $< -lpthread
bench: all $(bench_programs)
	python3 bench/run.py --build $(BUILD) --output bench/results.md $(BENCH_OPTIONS)
.PHONY: bench
