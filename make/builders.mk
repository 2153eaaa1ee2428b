# The builder engines (quick_tree, pump, fluent_builder): each a library in its folder, a driver program that runs its
# scenarios (NAME_main.c), and a test of its own (NAME_test.c, and what else ends in _test.c). All stand on
# engines/ledger and on the engine driver. Each driver exists twice: with frame pointers and without, because stacks
# must be right in both.
builder_mains   := $(wildcard examples/engines/*/*_main.c)
builder_names   := $(notdir $(patsubst %/,%,$(dir $(builder_mains))))
builder_shared  := $(wildcard examples/engines/ledger/*.c) $(wildcard examples/harness/engine_driver*.c)
builder_program  = $(subst _,-,$(1))
builder_library  = $(filter-out %_main.c %_test.c,$(wildcard examples/engines/$(1)/*.c)) $(builder_shared)
# What a test needs beside its engine: the pump's cases are written as those of the reactive engines.
builder_test_pump := examples/engines/conformance/case_file.c examples/engines/conformance/arena.c
builder_obj      = $(patsubst %.c,$(BUILD)/$(1)/%.o,$(2))
builder_bin     := $(foreach n,$(builder_names),$(addprefix $(BUILD)/examples/$(call builder_program,$(n)),$(if \
	$(wildcard examples/engines/$(n)/$(n)_test.c),-test) -no-frame-pointers) $(BUILD)/examples/$(call builder_program,$(n)))

$(BUILD)/with-frame-pointers/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) $(EXAMPLE_CPPFLAGS) $(EXAMPLE_CFLAGS) -fno-omit-frame-pointer -MMD -MP -c -o $@ $<
$(BUILD)/no-frame-pointers/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) $(EXAMPLE_CPPFLAGS) $(EXAMPLE_CFLAGS) -fomit-frame-pointer -MMD -MP -c -o $@ $<

define builder_rules
$(BUILD)/examples/$(call builder_program,$(1)): $(call builder_obj,with-frame-pointers,$(call builder_library,$(1)) examples/engines/$(1)/$(1)_main.c)
$(BUILD)/examples/$(call builder_program,$(1))-no-frame-pointers: $(call builder_obj,no-frame-pointers,$(call builder_library,$(1)) examples/engines/$(1)/$(1)_main.c)
$(BUILD)/examples/$(call builder_program,$(1))-test: $(call builder_obj,with-frame-pointers,$(call builder_library,$(1)) $(wildcard examples/engines/$(1)/*_test.c) $(builder_test_$(1)))
endef
$(foreach n,$(builder_names),$(eval $(call builder_rules,$(n))))
$(builder_bin):
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(EXAMPLE_CFLAGS) $(LDFLAGS) -o $@ $^ -ldl -lm -pthread

examples: $(builder_bin)
