# What must be installed first. tools/deps.table lists it, tools/deps.sh finds and installs it.
#
# Goals that a stranger types on a bare machine (demo, test, check, bench) install what they miss; every other
# goal only says what is missing. DEPS=no never installs anything. The look costs about 20 ms.
DEPS ?= auto

deps_test_goals := $(filter test test-% check check-% golden-update fuzz fuzz-%,$(MAKECMDGOALS))
deps_sets := build $(if $(deps_test_goals),test) $(if $(filter bench bench-%,$(MAKECMDGOALS)),bench)
deps_ensure := $(strip $(deps_test_goals) $(filter demo demo-% bench bench-%,$(MAKECMDGOALS)))
deps_action := $(if $(filter no,$(DEPS)),hint,$(if $(deps_ensure),ensure,hint))

deps:
	@CC='$(CC)' tools/deps.sh ensure build test
deps-if-missing:
	@$(if $(CROSS),:,CC='$(CC)' tools/deps.sh $(deps_action) $(deps_sets))
# Every object depends on the flags file, so nothing is compiled before this.
$(BUILD)/flags: | deps-if-missing
.PHONY: deps deps-if-missing
