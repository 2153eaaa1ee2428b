/*
 * Catch2, version 2: nothing that is allocated in a block may be alive at its end.
 *
 *     #include <allocscope/adapters/catch2.h>
 *     TEST_CASE("parsing")
 *     {
 *             parser p;
 *             ALLOCSCOPE_CHECK_ZERO_RETAINED("one document") { p.parse(text); }
 *             CHECK(p.documents() == 1);
 *     }
 *
 * The check is an assertion as CHECK is: it is counted, a failure fails the test case and the case goes on. Sections and
 * assertions belong outside the block: Catch2 keeps an account of each section, and its reporters for machines (and -s)
 * one of each assertion.
 */
#ifndef ALLOCSCOPE_ADAPTERS_CATCH2_H
#define ALLOCSCOPE_ADAPTERS_CATCH2_H

#include <allocscope/adapters/judge.h>
#ifndef CATCH_VERSION_MAJOR
#	include <catch2/catch.hpp>
#endif

namespace allocscope
{

inline void ReportToCatch2(const allocscope_verdict &verdict, const char *file, int line)
{
	Catch::AssertionHandler assertion("allocscope",
	    Catch::SourceLineInfo(file, static_cast<std::size_t>(line)), Catch::StringRef(),
	    Catch::ResultDisposition::ContinueOnFailure);

	assertion.handleMessage(verdict.outcome == ALLOCSCOPE_FAILED
				    ? Catch::ResultWas::ExplicitFailure
				: verdict.outcome == ALLOCSCOPE_SKIPPED ? Catch::ResultWas::Warning
									: Catch::ResultWas::Ok,
	    verdict.text);
	assertion.complete();
}

} // namespace allocscope

#define ALLOCSCOPE_CHECK_ZERO_RETAINED(name) ALLOCSCOPE_JUDGED(name, ::allocscope::ReportToCatch2)

#endif
