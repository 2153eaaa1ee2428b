# The adapters' examples, one program for each test framework. A framework that is not installed has none, and its tests
# are skipped with a word: whether it is there is looked up when it is built, behind make deps.
adapter_names := googletest catch2 doctest googlebenchmark cmocka check criterion
adapter_bin   := $(adapter_names:%=$(BUILD)/adapters/%)
ADAPTER_FLAGS := -O0 -g -Wall -Wextra -Wshadow -Iinclude -I.

# $(1) header, $(2) compiler and standard, $(3) libraries: build $@ of the sources, if the header is there.
adapter_if = if printf '\#include <%s>\n' '$(1)' | $(2) -E - >/dev/null 2>&1; then \
	$(2) $(ADAPTER_FLAGS) -MMD -MP -MF $@.d -o $@ $(filter %.c %.cc %.o,$^) $(3); else rm -f $@; fi
adapter_cxx = $(call adapter_if,$(1),$(CXX) -x c++ -std=gnu++17,-x none $(2))
adapter_c   = $(call adapter_if,$(1),$(CC) -x c -std=gnu11,-x none $(2))

$(BUILD)/adapters/googletest: examples/adapters/googletest/example.cc | deps-if-missing
	@mkdir -p $(@D); $(call adapter_cxx,gtest/gtest.h,-lgtest -lpthread)
$(BUILD)/adapters/catch2: examples/adapters/catch2/example.cc examples/adapters/catch2/main.cc | deps-if-missing
	@mkdir -p $(@D); $(call adapter_cxx,catch2/catch.hpp,)
$(BUILD)/adapters/doctest: examples/adapters/doctest/example.cc | deps-if-missing
	@mkdir -p $(@D); $(call adapter_cxx,doctest/doctest.h,)
$(BUILD)/adapters/googlebenchmark: examples/adapters/googlebenchmark/example.cc | deps-if-missing
	@mkdir -p $(@D); $(call adapter_cxx,benchmark/benchmark.h,-lbenchmark -lpthread)
$(BUILD)/adapters/cmocka: examples/adapters/cmocka/example.c | deps-if-missing
	@mkdir -p $(@D); $(call adapter_c,cmocka.h,-lcmocka)
$(BUILD)/adapters/check: examples/adapters/check/example.c | deps-if-missing
	@mkdir -p $(@D); $(call adapter_c,check.h,-lcheck -lsubunit -lm -lrt -lpthread)
$(BUILD)/adapters/criterion: examples/adapters/criterion/example.c | deps-if-missing
	@mkdir -p $(@D); $(call adapter_c,criterion/criterion.h,-lcriterion)
-include $(adapter_bin:=.d)

adapters: $(adapter_bin)
test-programs: adapters
.PHONY: adapters
