/* Criterion under allocscope. --filter chooses tests. */
#include <allocscope/adapters/criterion.h>

#include "examples/adapters/registry.h"

static char *fixture_name;

static void set_up(void)
{
	fixture_name = registry_copy("made by set_up, freed by tear_down");
}

static void tear_down(void)
{
	free(fixture_name);
}

ALLOCSCOPE_TEST(registry, measures)
{
	cr_assert(registry_measure("forty-two") == 9, "a text that Criterion has to keep");
}

ALLOCSCOPE_TEST(registry, keeps)
{
	registry_keep("a name that stays");
}

ALLOCSCOPE_TEST(registry, with_fixture, .init = set_up, .fini = tear_down)
{
	cr_assert(registry_measure(fixture_name) == strlen(fixture_name));
}

Test(registry, part_keeps)
{
	ALLOCSCOPE_CR_ZERO_RETAINED("the second name")
	{
		registry_keep("inside");
	}
}

/* What Criterion sends to its runner is its own. */
ALLOCSCOPE_TEST(registry, logs)
{
	cr_log_warn("a text that is sent, and freed by another thread, after %d", 1);
}

ALLOCSCOPE_TEST(registry, fails)
{
	cr_expect(registry_measure("forty-two") == 8, "a text that is sent, too");
}

/* What the test itself allocates for a log is not. */
ALLOCSCOPE_TEST(registry, keeps_for_a_log)
{
	cr_log_warn("names kept: %d", (registry_keep("seen"), registry_count));
}
