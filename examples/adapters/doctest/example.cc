/* doctest under allocscope. */
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <allocscope/adapters/doctest.h>

#include "examples/adapters/registry.h"

TEST_CASE("measures")
{
	ALLOCSCOPE_CHECK_ZERO_RETAINED("one name")
	{
		CHECK(registry_measure("forty-two") == 9);
	}
}

TEST_CASE("keeps")
{
	ALLOCSCOPE_CHECK_ZERO_RETAINED("one name")
	{
		registry_keep("a name that stays");
	}
	MESSAGE("the test went on");
}

TEST_CASE("fixture")
{
	char *name = registry_copy("made before, freed behind");

	SUBCASE("measures")
	{
		ALLOCSCOPE_CHECK_ZERO_RETAINED("one name")
		{
			CHECK(registry_measure(name) == strlen(name));
		}
	}
	free(name);
}

/* What the framework keeps of its messages and of a failure is its own. */
TEST_CASE("framework")
{
	ALLOCSCOPE_CHECK_ZERO_RETAINED("messages")
	{
		INFO("a message with a text that is too long for the string itself");
		CHECK(registry_measure("forty-two") == 9);
	}
	ALLOCSCOPE_CHECK_ZERO_RETAINED("a failure")
	{
		INFO("a message with a text that is too long for the string itself");
		CHECK(registry_measure("forty-two") == 8);
	}
}
