/* GoogleTest under allocscope: which tests pass, which fail, and that the framework's own blocks do not count. */
#include <allocscope/adapters/googletest.h>

#include <gtest/gtest.h>

#include "examples/adapters/registry.h"

TEST(Registry, Measures)
{
	EXPECT_EQ(registry_measure("forty-two"), 9u);
}

TEST(Registry, Keeps)
{
	registry_keep("a name that stays");
	registry_keep("another one");
}

class WithFixture : public ::testing::Test
{
      protected:
	void SetUp() override
	{
		name_ = registry_copy("made by SetUp, freed by TearDown");
	}
	void TearDown() override
	{
		free(name_);
	}
	char *name_ = nullptr;
};

TEST_F(WithFixture, Measures)
{
	EXPECT_EQ(registry_measure(name_), strlen(name_));
}

/* All of this stays in GoogleTest's books after the test. */
TEST(Framework, KeepsResultsOfItsOwn)
{
	SCOPED_TRACE("a trace with a text that is too long for the string itself");
	SUCCEED() << "a remark with a text that is too long for the string itself";
	SUCCEED() << "and another one, so that the list of results grows as well";
	RecordProperty("a property with a long name, longer than a short string", 42);
	EXPECT_EXIT(exit(3), ::testing::ExitedWithCode(3), "");
}

/* The same, and a failure, in a block. */
TEST(Framework, KeepsInAPartToo)
{
	ALLOCSCOPE_EXPECT_ZERO_RETAINED("results")
	{
		SCOPED_TRACE("a trace with a text that is too long for the string itself");
		SUCCEED() << "a remark with a text that is too long for the string itself";
		RecordProperty("a property with a long name, longer than a short string", 42);
		EXPECT_EXIT(exit(3), ::testing::ExitedWithCode(3), "");
	}
}

TEST(Framework, FailsInAPart)
{
	ALLOCSCOPE_EXPECT_ZERO_RETAINED("a failure")
	{
		EXPECT_EQ(registry_measure("forty-two"), 8u) << "and a text that stays";
	}
}

TEST(Framework, FailsForAReasonOfItsOwn)
{
	registry_keep("what fails already is not judged");
	EXPECT_EQ(registry_measure("forty-two"), 8u);
}

TEST(Part, OfATestIsJudged)
{
	registry_keep("outside of the block");
	ALLOCSCOPE_EXPECT_ZERO_RETAINED("the second name")
	{
		registry_keep("inside");
	}
	SUCCEED() << "the test went on";
}

int main(int argc, char **argv)
{
	testing::InitGoogleTest(&argc, argv);
	allocscope::GoogleTestListener::Install();
	return RUN_ALL_TESTS();
}
