# What allocscope costs, measured; each target writes its own sections of bench/results.md.
#   bench           a pair, a live block, a stack, a mark, a snapshot and its graph, beside heaptrack where it has such
#   bench-graph     of it a snapshot with its graph, redis meanwhile, and the analysis
#   bench-hot       one pair of malloc and free, by depth, habit of the stack and threads, beside all peers
#   bench-programs  real programs, beside all peers
#   bench-deps      install the peers; what is missing is named and left out
# BENCH_OPTIONS is passed on, for instance BENCH_OPTIONS='--quick' or '--rows random'.
BENCH_OPTIONS ?=
BENCH = python3 bench/run.py --build $(BUILD) --output bench/results.md $(BENCH_OPTIONS)
bench_programs := $(patsubst bench/%.c,$(BUILD)/bench/%,$(wildcard bench/*.c)) \
	$(BUILD)/bench/hot_workload.frame_pointers $(BUILD)/bench/containers_workload

# Every frame stays a frame: the depth of a call stack is what is measured.
$(BUILD)/obj/bench/%.o: ALL_CFLAGS += -fno-optimize-sibling-calls -I.
$(BUILD)/obj/bench/hot_workload.o: ALL_CFLAGS += -fomit-frame-pointer
$(BUILD)/obj/bench/hot_workload.frame_pointers.o: ALL_CFLAGS += -fno-omit-frame-pointer
$(BUILD)/obj/bench/hot_workload.frame_pointers.o: bench/hot_workload.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/bench/containers_workload: bench/containers_workload.cc $(BUILD)/flags
	@mkdir -p $(@D)
	$(call quiet,CXX)$(CXX) -std=gnu++17 -O2 -g $(LDFLAGS) -o $@ $<
$(BUILD)/bench/%: $(BUILD)/obj/bench/%.o
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $< -lpthread
bench: all $(bench_programs)
	$(BENCH) --only pairs,live,memory,graph,redis,analysis,marks
bench-hot bench-programs: all $(bench_programs)
	$(BENCH) --only $(@:bench-%=%)
bench-deps: | $(filter deps,$(MAKECMDGOALS)) # one after the other: the package manager has a lock
	@CC='$(CC)' tools/deps.sh ensure build bench peers
.PHONY: bench bench-hot bench-programs bench-deps

# The analysis alone, on graphs that are made up.
graph_bench := $(BUILD)/bench/analysis/graph_analysis
$(graph_bench): $(BUILD)/obj/bench/analysis/graph_analysis.o $(tool_obj)
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(CLI_LIBS)
bench: $(graph_bench)
# make bench-graph: a snapshot with its graph, its analysis, a server meanwhile.
bench-graph: all $(bench_programs) $(graph_bench)
	$(BENCH) --only graph,redis,analysis
.PHONY: bench-graph

# test/integration/bench_scripts.bats runs some of them.
test-programs: $(addprefix $(BUILD)/bench/,meter mark_workload hot_workload graph_workload) $(graph_bench)

# make bench-gather: would vector gathers compare the words of a stack faster?
bench-gather: $(BUILD)/bench/gather_workload
	@$<
.PHONY: bench-gather
