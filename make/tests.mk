# The tests: what is built for them and how they are run. tools/run-tests.sh adds up the results.
#   test             everything, under ten minutes on two cores; ends with "N passed, N failed"
#   test-unit        test/unit/*_test.c (cmocka), linked with all objects of the tool
#   test-integration test/integration/*.bats: programs under the preload, read back by the tool
#   test-asan        the unit tests again, with address and undefined-behaviour sanitizers
#   test-tsan        threads that meet in the recorder, with the thread sanitizer
#   test-stress      the integration tests on a build whose tables are tiny
#   gates-50         each limit and each habit of programs fifty times: two minutes, not a part of test
#   soak             the validated unwinder against an honest walk, 10^8 times: some minutes, not a part of test

# --- unit tests ---
support_src := $(wildcard test/support/*.c)
support_obj := $(support_src:%.c=$(BUILD)/obj/%.o)
$(unit_bin): $(BUILD)/test/unit/%: $(BUILD)/obj/test/unit/%.o $(support_obj) $(tool_obj)
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(CLI_LIBS)
# Parts of the preload that depend on nothing of it.
$(BUILD)/test/unit/eh_frame_test: $(addprefix $(BUILD)/obj/src/preload/,eh_frame.o cfi_expression.o loader.o)
$(BUILD)/test/unit/loader_test: $(BUILD)/obj/src/preload/loader.o
$(BUILD)/test/unit/system_program_test: $(addprefix $(BUILD)/obj/src/preload/,system_program_linux.o system_tasks_linux.o system_linux.o)
$(BUILD)/test/unit/sampler_test: $(BUILD)/obj/src/preload/sampler.o
$(BUILD)/test/unit/first_instruction_test: $(BUILD)/obj/src/preload/first_instruction.o
$(BUILD)/test/unit/elf_functions_test: $(addprefix $(BUILD)/obj/src/preload/,elf_functions.o system_linux.o)
# Parts that depend on the system's memory: a test may refuse it.
failing_map_obj := $(BUILD)/obj/test/support/recorder/failing_map.o
$(BUILD)/test/unit/arena_test: $(addprefix $(BUILD)/obj/src/preload/,arena.o system_linux.o) $(failing_map_obj)
$(BUILD)/test/unit/arena_test: LDFLAGS += -Wl,--wrap=system_map
# The recorder without its hooks: test/support/recorder/recorder_host.h.
recorder_src := $(filter-out $(addprefix src/preload/,interpose%.c api.c lifecycle.c),$(wildcard src/preload/*.c))
recorder_obj := $(recorder_src:%.c=$(BUILD)/obj/%.o) $(BUILD)/obj/test/support/recorder/recorder_host.o $(failing_map_obj)
$(filter $(BUILD)/test/unit/recorder_%,$(unit_bin)): $(recorder_obj)
$(filter $(BUILD)/test/unit/recorder_%,$(unit_bin)): LDFLAGS += -Wl,--wrap=system_map,--wrap=unwind_capture
$(filter $(BUILD)/test/unit/recorder_%,$(unit_bin)): CLI_LIBS += -lunwind
$(BUILD)/obj/test/%.o: ALL_CPPFLAGS += -Itest
# All orders of small bodies: test/support/interleave/interleave.h. These tests, and the parts that they try, are compiled
# with atomic operations that let another body go on. Tables are tiny.
INTERLEAVED = -Itest -include test/support/interleave/interleaved_atomics.h -DALLOCSCOPE_STRESS=1
$(BUILD)/interleaved/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) $(INTERLEAVED) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/obj/test/unit/interleave_%.o: ALL_CPPFLAGS += $(INTERLEAVED)
interleave_tests := $(filter $(BUILD)/test/unit/interleave_%,$(unit_bin))
$(interleave_tests): $(BUILD)/obj/test/support/interleave/interleave.o
$(interleave_tests): $(BUILD)/test/unit/interleave_%_test: $(BUILD)/interleaved/src/preload/%.o
$(BUILD)/test/unit/interleave_live_table_test: $(addprefix $(BUILD)/obj/src/preload/,arena.o system_linux.o)

# --- programs that are run under the preload: without optimisation, so that their functions are their sites ---
PROGRAM_FLAGS   := -O0 -g -fno-omit-frame-pointer -D_GNU_SOURCE -Iinclude -Wall -Wextra -Wno-unused-result
program_c       := $(filter-out test/programs/header_use.c,$(wildcard test/programs/*.c))
program_cpp     := $(wildcard test/programs/*.cpp)
program_lib_src := $(wildcard test/programs/lib/*.c test/programs/lib/*.cpp)
program_libs    := $(patsubst test/programs/lib/%,$(BUILD)/test/programs/lib/lib%.so,$(basename $(program_lib_src)))
programs_dir    := $(BUILD)/test/programs
programs        := $(program_c:%.c=$(BUILD)/%) $(program_cpp:%.cpp=$(BUILD)/%)

$(program_c:%.c=$(BUILD)/%): $(BUILD)/%: %.c
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) -std=gnu11 $(PROGRAM_FLAGS) -MMD -MP -MF $@.d -o $@ $< -pthread -ldl $(PROGRAM_LIBS)
$(program_cpp:%.cpp=$(BUILD)/%): $(BUILD)/%: %.cpp
	@mkdir -p $(@D)
	$(call quiet,CXX)$(CXX) -std=gnu++17 $(PROGRAM_FLAGS) -MMD -MP -MF $@.d -o $@ $< -pthread -ldl $(PROGRAM_LIBS)
$(programs_dir)/lib/lib%.so: test/programs/lib/%.c
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) -std=gnu11 $(PROGRAM_FLAGS) -fno-builtin -fPIC -shared -MMD -MP -MF $@.d -o $@ $< $(PROGRAM_LIBS)
$(programs_dir)/lib/lib%.so: test/programs/lib/%.cpp
	@mkdir -p $(@D)
	$(call quiet,CXX)$(CXX) -std=gnu++17 $(PROGRAM_FLAGS) -fPIC -shared -MMD -MP -MF $@.d -o $@ $<

# Two libraries made for one address, which only a program at its own address lets them have.
$(programs_dir)/lib/libvariant_%.so: PROGRAM_LIBS = -Wl,-Ttext-segment=0x6f0000000000
$(programs_dir)/module_reuse: PROGRAM_LIBS = -no-pie

# The loader's lazy binding uses more stack than what is measured.
$(programs_dir)/stack_use: PROGRAM_LIBS = -Wl,-z,now

# A program that exports a function of its own, as LeakSanitizer asks for it.
$(programs_dir)/survivors: PROGRAM_LIBS = -rdynamic

# Programs that stand on a library of their own.
program_lib = -Wl,--no-as-needed -L$(programs_dir)/lib -l$(1) -Wl,-rpath,'$$ORIGIN/lib'
$(programs_dir)/signal_storm $(programs_dir)/longjmp_out_of_handler: $(programs_dir)/lib/libreentrant_malloc.so
$(programs_dir)/signal_storm $(programs_dir)/longjmp_out_of_handler: PROGRAM_LIBS = $(call program_lib,reentrant_malloc)
$(programs_dir)/rounds: $(programs_dir)/lib/libraising_malloc.so
$(programs_dir)/rounds: PROGRAM_LIBS = $(call program_lib,raising_malloc)
$(programs_dir)/library_constructors: $(programs_dir)/lib/libconstructing.so
$(programs_dir)/library_constructors: PROGRAM_LIBS = $(call program_lib,constructing)

# Programs with three other allocators, in two languages; what the machine lacks is skipped by the tests with a reason. Looked
# for when the recipe runs: the run before may just have installed it. The run-time libraries are enough.
allocator_library-jemalloc := libjemalloc.so.2
allocator_library-tcmalloc := libtcmalloc_minimal.so.4
allocator_library-mimalloc := libmimalloc.so.2
allocators    := jemalloc tcmalloc mimalloc
allocator_bin := $(foreach a,$(allocators),$(programs_dir)/other_allocator.$(a) $(programs_dir)/other_allocator_classes.$(a) $(programs_dir)/other_allocator_cplusplus.$(a))
# $(call with_allocator,LIBRARY,COMPILER...): nothing when there is no such library.
with_allocator = @mkdir -p $(@D); library=$(1); \
	if [ "$$($(CC) -print-file-name=$$library)" != $$library ]; then \
		$(2) $(PROGRAM_FLAGS) -o $@ $< -pthread -Wl,--no-as-needed -l:$$library; fi
$(allocators:%=$(programs_dir)/other_allocator.%): $(programs_dir)/other_allocator.%: test/programs/other_allocator.c | deps-if-missing
	$(call with_allocator,$(allocator_library-$*),$(CC) -std=gnu11)
$(allocators:%=$(programs_dir)/other_allocator_classes.%): $(programs_dir)/other_allocator_classes.%: test/programs/other_allocator_classes.c | deps-if-missing
	$(call with_allocator,$(allocator_library-$*),$(CC) -std=gnu11)
$(allocators:%=$(programs_dir)/other_allocator_cplusplus.%): $(programs_dir)/other_allocator_cplusplus.%: test/programs/other_allocator_cplusplus.cpp | deps-if-missing
	$(call with_allocator,$(allocator_library-$*),$(CXX) -std=gnu++17)

# The stacks of optimised code without frame pointers.
$(programs_dir)/stack_paths.optimised: test/programs/stack_paths.c
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) -std=gnu11 $(PROGRAM_FLAGS) -O2 -fomit-frame-pointer -o $@ $< -pthread

# A static program can't be preloaded, and says so by being static.
$(programs_dir)/static_program: test/programs/malloc_and_free.c
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) -std=gnu11 $(PROGRAM_FLAGS) -static -o $@ $<

# The reference graph of a snapshot as text: test/integration/preload_graph.bats.
print_graph_src := test/tools/print_graph.c $(snapshot_src) $(base_src)
print_graph_bin := $(BUILD)/test/print-graph
$(print_graph_bin): $(print_graph_src:%.c=$(BUILD)/obj/%.o)
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lzstd

# How the recorder reads first instructions: test/integration/preload_iterate.bats.
first_instructions_bin := $(BUILD)/test/first-instructions
$(first_instructions_bin): $(addprefix $(BUILD)/obj/,test/tools/first_instructions.o $(addprefix src/preload/,first_instruction.o elf_functions.o system_linux.o)) $(base_src:%.c=$(BUILD)/obj/%.o)
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^

# Recorders with faults in them. One for unwinder=check to find: test/integration/preload_unwinder.bats. One whose every
# n-th mapping fails: test/integration/preload_memory.bats.
faulty_recorders := $(addprefix $(BUILD)/test/liballocscope_,faulty_unwinder.so failing_map_every.so)
wrapped-faulty_unwinder   := -Wl,--wrap=unwind_validated_stack,--wrap=unwind_capture
wrapped-failing_map_every := -Wl,--wrap=system_map
$(faulty_recorders): $(BUILD)/test/liballocscope_%.so: $(BUILD)/pic/test/support/recorder/%.o $(preload_obj) src/preload/exports.map
	$(call quiet,LD)$(CC) $(PRELOAD_CFLAGS) $(PRELOAD_LDFLAGS) $(LDFLAGS) $(wrapped-$*) \
		-o $@ $(filter %.o,$^) $(PRELOAD_LIBS)

test-programs: $(faulty_recorders) $(print_graph_bin) $(first_instructions_bin) $(programs) $(program_libs) $(allocator_bin) $(programs_dir)/static_program $(programs_dir)/stack_paths.optimised

# --- running them ---
integration_tests := $(sort $(wildcard test/integration/*.bats))
RUN_TESTS = CC='$(CC)' CXX='$(CXX)' CLANG_FORMAT='$(CLANG_FORMAT)' CLANG_TIDY='$(CLANG_TIDY)' tools/run-tests.sh $(BUILD)

test: all $(unit_bin) test-programs unit-programs-asan | deps-if-missing
	@$(RUN_TESTS) unit unit:build/asan 'tap:tools/check.sh $(BUILD)' 'bats:$(integration_tests)'
test-unit: $(unit_bin) | deps-if-missing
	@$(RUN_TESTS) unit
test-asan: unit-programs-asan | deps-if-missing
	@$(RUN_TESTS) unit:build/asan
unit-programs: $(unit_bin)
unit-programs-asan:
	@$(MAKE) --no-print-directory VARIANT=asan unit-programs examples
test-integration: all test-programs | deps-if-missing
	@$(RUN_TESTS) 'bats:$(integration_tests)'
# One file or several: make test-bats FILES='test/integration/preload_threads.bats'
test-bats: all test-programs | deps-if-missing
	@$(RUN_TESTS) 'bats:$(FILES)'
# The table of test/README.md.
compare-leak-checkers: all
	@tools/compare-leak-checkers.sh $(BUILD)
# docs/field-notes.md: needs the network, cmake and dpkg-dev, and a Debian.
field-notes: all
	@tools/field-notes.sh $(BUILD)
# ROUNDS, TURNS, ROWS, WANTED: tools/soak.sh.
soak: all test-programs $(bench_programs)
	@tools/soak.sh $(BUILD)
# Each limit and each habit of programs, 50 times, and never another verdict: two minutes.
gates-50: all test-programs | deps-if-missing
	@HABIT_RUNS=50 LIMIT=600 $(RUN_TESTS) 'bats:test/integration/limits.bats test/integration/gates.bats'
test-tsan:
	@$(MAKE) --no-print-directory VARIANT=tsan unit-tsan
unit_tsan := $(BUILD)/test/unit/recorder_threads_test
unit-tsan: $(unit_tsan)
	@for test in $^; do $$test || exit 1; done
.PHONY: test-tsan unit-tsan
test-stress:
	@$(MAKE) --no-print-directory VARIANT=stress test-integration
.PHONY: compare-leak-checkers field-notes gates-50 soak test test-unit test-integration test-bats test-asan test-stress test-programs unit-programs unit-programs-asan
