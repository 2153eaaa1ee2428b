/* Catch2 under allocscope. The main program of Catch2 is in main.cc. */
#include <allocscope/adapters/catch2.h>

#include "examples/adapters/registry.h"

TEST_CASE("measures")
{
	size_t length = 0;

	ALLOCSCOPE_CHECK_ZERO_RETAINED("one name")
	{
		length = registry_measure("forty-two");
	}
	CHECK(length == 9);
}

TEST_CASE("keeps")
{
	ALLOCSCOPE_CHECK_ZERO_RETAINED("one name")
	{
		registry_keep("a name that stays");
	}
	WARN("the test went on");
}

TEST_CASE("fixture")
{
	char *name = registry_copy("made before, freed behind");

	SECTION("measures")
	{
		size_t length = 0;

		ALLOCSCOPE_CHECK_ZERO_RETAINED("one name")
		{
			length = registry_measure(name);
		}
		CHECK(length == strlen(name));
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
	ALLOCSCOPE_CHECK_ZERO_RETAINED("a section")
	{
		SECTION("a section with a name that is too long for the string itself")
		{
			CHECK(registry_measure("forty-two") == 9);
		}
	}
}
