/*
 * GoogleTest: no test may leave a block behind.
 *
 *     #include <allocscope/adapters/googletest.h>
 *     int main(int argc, char **argv)
 *     {
 *             testing::InitGoogleTest(&argc, argv);
 *             allocscope::GoogleTestListener::Install();
 *             return RUN_ALL_TESTS();
 *     }
 *
 * A test is judged from the making of its fixture to its end, SetUp and TearDown included: what SetUp allocates and
 * TearDown frees is no survivor. What GoogleTest keeps for itself (results of assertions, properties, scoped
 * traces, the message of a death test) does not count. A test that failed already is not judged. For a part of
 * a test: ALLOCSCOPE_EXPECT_ZERO_RETAINED("name") { ... }; no other thread may assert anything at its end.
 *
 * Install it last: what listeners behind it allocate for a test is the test's. GoogleTest 1.8 and later.
 */
#ifndef ALLOCSCOPE_ADAPTERS_GOOGLETEST_H
#define ALLOCSCOPE_ADAPTERS_GOOGLETEST_H

#include <allocscope/adapters/judge.h>
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

namespace allocscope
{

/* Without the preload a test is shown as skipped when ALLOCSCOPE_OPTIONAL=1: it ran, and what it retains is unknown. */
inline void ReportToGoogleTest(const allocscope_verdict &verdict, const char *file, int line)
{
	if (verdict.outcome == ALLOCSCOPE_FAILED)
		ADD_FAILURE_AT(file, line) << verdict.text;
	else if (verdict.outcome == ALLOCSCOPE_SKIPPED)
#ifdef GTEST_SKIP
		GTEST_MESSAGE_AT_(file, line, verdict.text, ::testing::TestPartResult::kSkip);
#else
		(void)fprintf(stderr, "%s\n", verdict.text);
#endif
}

/* What GoogleTest makes when a thread first needs it, and keeps: its stack of traces and its reporter. */
inline void GoogleTestMakeRoom(int depth)
{
	SCOPED_TRACE("");
	::testing::TestPartResultArray results;
	::testing::ScopedFakeTestPartResultReporter reporter(
	    ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &results);

	if (depth > 1)
		GoogleTestMakeRoom(depth - 1);
}

/* Results and properties lie in vectors, whose first element is where the block begins. */
inline void GoogleTestIgnore(const ::testing::TestResult &result)
{
	for (int i = 0; i < result.total_part_count(); i++) {
		const ::testing::TestPartResult &part = result.GetTestPartResult(i);

		if (i == 0)
			allocscope_judge_ignore(&part);
		allocscope_judge_ignore(part.message());
		allocscope_judge_ignore(part.summary());
		allocscope_judge_ignore(part.file_name());
	}
	for (int i = 0; i < result.test_property_count(); i++) {
		const ::testing::TestProperty &property = result.GetTestProperty(i);

		if (i == 0)
			allocscope_judge_ignore(&property);
		allocscope_judge_ignore(property.key());
		allocscope_judge_ignore(property.value());
	}
#if GTEST_HAS_DEATH_TEST
	allocscope_judge_ignore(::testing::internal::DeathTest::LastMessage());
#endif
}

class GoogleTestListener : public ::testing::EmptyTestEventListener
{
      public:
	/* The list of listeners owns it. */
	static void Install()
	{
		::testing::UnitTest::GetInstance()->listeners().Append(new GoogleTestListener);
	}

	void OnTestStart(const ::testing::TestInfo &) override
	{
		GoogleTestMakeRoom(8);
		mark_ = allocscope_mark_now();
	}

	void OnTestEnd(const ::testing::TestInfo &info) override
	{
		char name[128]; /* not on the heap, which is judged */

		if (info.result()->Failed())
			return;
		GoogleTestIgnore(*info.result());
		(void)snprintf(name, sizeof name, "%s.%s", info.test_case_name(), info.name());
		ReportToGoogleTest(allocscope_judge(mark_, name, info.file(), info.line()),
		    info.file(), info.line());
	}

      private:
	allocscope_mark mark_ = {0, 0, 0};
};

/* A part of a test, which is open once. */
class GoogleTestBlock : public JudgedBlock
{
      public:
	GoogleTestBlock()
	{
		GoogleTestMakeRoom(8);
		Begin();
	}
	void Close(const char *name, const char *file, int line)
	{
		const ::testing::TestInfo *info =
		    ::testing::UnitTest::GetInstance()->current_test_info();

		if (info != nullptr)
			GoogleTestIgnore(*info->result());
		ReportToGoogleTest(End(name, file, line), file, line);
	}
};

} // namespace allocscope

/* Nothing that the calling thread allocates in the block may be alive at its end; else the test fails and goes on. */
#define ALLOCSCOPE_EXPECT_ZERO_RETAINED(name)                                                      \
	ALLOCSCOPE_JUDGED_BLOCK(::allocscope::GoogleTestBlock, name)

#endif
