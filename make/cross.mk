# The recorder for aarch64, built and tested on another machine.
#   make CROSS=aarch64-linux-gnu- recorder   build/release-aarch64/liballocscope.so; the tool reads its snapshots anywhere
#   make deps-aarch64                        cross compiler, qemu-user, and libunwind for aarch64 in CROSS_ROOT
# test/integration/aarch64.bats runs programs under it in an emulator, where these are installed. A machine that is an
# aarch64 builds everything with plain `make`.
CROSS_ROOT ?= build/aarch64-root
cross_triple  = aarch64-linux-gnu
cross_library = $(CROSS_ROOT)/usr/lib/$(cross_triple)
cross_dir    := $(BUILD)/test/programs

recorder: $(PRELOAD)

ifneq ($(CROSS),)
ALL_CPPFLAGS += $(if $(wildcard $(CROSS_ROOT)),-isystem $(CROSS_ROOT)/usr/include/$(cross_triple))
PRELOAD_LDFLAGS += $(if $(wildcard $(CROSS_ROOT)),-L$(cross_library) -Xlinker -rpath-link -Xlinker $(cross_library):$(CROSS_ROOT)/lib/$(cross_triple))

# Programs that know what they allocate, and those that know their stacks, compiled in the ways that matter to a walk.
cross_programs := $(addprefix $(cross_dir)/,exact_counters realloc_books iterate exceptions coroutines snapshot_by_call \
	longjmp_out_of_frames longjmp_out_of_handler sigaltstack_handler fork_child no_unwind_info usable_size \
	same_frames_other_callers deep_recursion stack_paths)
cross_plain     := -O2 -fomit-frame-pointer
cross_pointers  := -O2 -fno-omit-frame-pointer
cross_debug     := -O0 -fomit-frame-pointer
cross_signed    := -O2 -mbranch-protection=standard
cross_ways      := plain pointers debug signed
# What libunwind cannot check: it does not get through code without call frame information.
cross_generated := $(cross_pointers)
cross_torture   := $(cross_ways:%=$(cross_dir)/unwind_torture.%) $(cross_dir)/unwind_torture.generated
$(filter-out %.generated,$(cross_torture)): PROGRAM_FLAGS += -DWITHOUT_GENERATED_CODE
$(cross_ways:%=$(cross_dir)/stack_paths.%): $(cross_dir)/stack_paths.%: test/programs/stack_paths.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) -std=gnu11 $(PROGRAM_FLAGS) $(cross_$*) -o $@ $< -pthread
$(cross_torture): $(cross_dir)/unwind_torture.%: test/programs/unwind_torture.cpp $(BUILD)/flags
	@mkdir -p $(@D)
	$(call quiet,CXX)$(CXX) -std=gnu++17 $(PROGRAM_FLAGS) $(cross_$*) -o $@ $< -pthread -ldl
cross-programs: $(cross_programs) $(cross_ways:%=$(cross_dir)/stack_paths.%) $(cross_torture) \
	$(cross_dir)/lib/libsame_place_a.so $(cross_dir)/lib/libsame_place_b.so
.PHONY: cross-programs
else
# Where the means are there, the tests find it built.
cross_means := $(and $(shell command -v $(cross_triple)-gcc),$(shell command -v $(cross_triple)-g++),$(shell command -v qemu-aarch64),$(wildcard $(cross_library)/libunwind.so))
ifneq ($(cross_means),)
test-programs: aarch64
endif
aarch64:
	@$(MAKE) --no-print-directory CROSS=$(cross_triple)- recorder cross-programs
deps-aarch64:
	@tools/deps-aarch64.sh $(CROSS_ROOT)
.PHONY: aarch64 deps-aarch64
endif
.PHONY: recorder
