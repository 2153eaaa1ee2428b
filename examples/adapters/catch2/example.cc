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
