# The examples: reactive engines, a benchmark harness, and the programs built of both. They see include/ and libc only.
# Constructors must stay frames of their own, or a site could not be told from its caller: no sibling calls.
EXAMPLE_CPPFLAGS = -D_GNU_SOURCE -Iinclude -Iexamples $(CPPFLAGS)
EXAMPLE_CFLAGS   = -std=gnu11 -fno-common $(WARN) $(OPT-$(VARIANT)) -fno-optimize-sibling-calls $(CFLAGS)

example_engine_src      := $(wildcard examples/engines/*.c examples/engines/lattice/*.c examples/engines/preact_signals/*.c examples/engines/alien_signals/*.c)
example_script_src      := $(addprefix examples/engines/conformance/,arena.c script_parse.c script_run.c)
example_conformance_src := $(addprefix examples/engines/conformance/,conformance.c case_file.c)
example_random_src      := $(addprefix examples/engines/conformance/,random_programs.c naive_engine.c)
example_world_src       := examples/bench/world.c $(wildcard examples/bench/scenario*.c)
example_bench_src       := examples/bench/reactive_bench.c examples/bench/reactive_options.c examples/bench/counts_json.c $(wildcard examples/harness/harness*.c)
example_counts_src      := examples/bench/reactive_counts_test.c
example_obj              = $(patsubst %.c,$(BUILD)/%.o,$(1))
example_bin := $(addprefix $(BUILD)/examples/,request-history reactive-bench reactive-counts-test reactive-conformance reactive-random)

$(BUILD)/examples/%.o: examples/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) $(EXAMPLE_CPPFLAGS) $(EXAMPLE_CFLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/examples/request-history: $(call example_obj,examples/quickstart/request_history.c)
$(BUILD)/examples/reactive-bench: $(call example_obj,$(example_bench_src) $(example_world_src) $(example_engine_src))
$(BUILD)/examples/reactive-counts-test: $(call example_obj,$(example_counts_src) $(example_world_src) $(example_engine_src))
$(BUILD)/examples/reactive-conformance: $(call example_obj,$(example_conformance_src) $(example_script_src) $(example_engine_src))
$(BUILD)/examples/reactive-random: $(call example_obj,$(example_random_src) $(example_script_src) $(example_engine_src))
$(example_bin):
	$(call quiet,LD)$(CC) $(EXAMPLE_CFLAGS) $(LDFLAGS) -o $@ $^ -ldl -lm

examples: $(example_bin)
# The integration tests run them.
test-programs: examples

# The JavaScript originals, run on Node, beside our engines.
compare-originals: examples
	@tools/compare-originals.sh $(BUILD)
.PHONY: compare-originals

demo: all examples | deps-if-missing
	@examples/demo.sh build $(BUILD)/examples build/demo
.PHONY: examples demo
