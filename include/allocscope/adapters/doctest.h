/*
 * doctest: nothing that is allocated in a block may be alive at its end.
 *
 *     #include <allocscope/adapters/doctest.h>
 *     TEST_CASE("parsing")
 *     {
 *             ALLOCSCOPE_CHECK_ZERO_RETAINED("one document") { parse(text); }
 *     }
 *
 * A failure fails the test case, which goes on. Subcases belong outside the block: doctest keeps an account of them.
 */
#ifndef ALLOCSCOPE_ADAPTERS_DOCTEST_H
#define ALLOCSCOPE_ADAPTERS_DOCTEST_H

#include <allocscope/adapters/judge.h>
#ifndef DOCTEST_VERSION
#	include <doctest/doctest.h>
#endif

namespace allocscope
{

inline void ReportToDoctest(const allocscope_verdict &verdict, const char *file, int line)
{
	if (verdict.outcome == ALLOCSCOPE_FAILED)
		DOCTEST_ADD_FAIL_CHECK_AT(file, line, verdict.text);
	else if (verdict.outcome == ALLOCSCOPE_SKIPPED)
		DOCTEST_ADD_MESSAGE_AT(file, line, verdict.text);
}

} // namespace allocscope

#define ALLOCSCOPE_CHECK_ZERO_RETAINED(name) ALLOCSCOPE_JUDGED(name, ::allocscope::ReportToDoctest)

#endif
