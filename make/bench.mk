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

# make bench-graph: what the analysis of a reference graph costs, for a million blocks and for ten.
graph_bench := $(BUILD)/bench/analysis/graph_analysis
$(graph_bench): $(BUILD)/obj/bench/analysis/graph_analysis.o $(tool_obj)
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(CLI_LIBS)
bench-graph: $(graph_bench)
	@for blocks in 1000000 10000000; do for shape in random local; do $(graph_bench) $$blocks $$shape || exit 1; done; done
.PHONY: bench-graph
