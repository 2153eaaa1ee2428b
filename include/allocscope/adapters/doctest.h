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
 * Assertions and messages may stand in it, with texts of up to 1,900 characters.
 */
#ifndef ALLOCSCOPE_ADAPTERS_DOCTEST_H
#define ALLOCSCOPE_ADAPTERS_DOCTEST_H

#include <allocscope/adapters/judge.h>
#ifndef DOCTEST_VERSION
#	include <doctest/doctest.h>
#endif

#include <ostream>

namespace allocscope
{

inline void ReportToDoctest(const allocscope_verdict &verdict, const char *file, int line)
{
	if (verdict.outcome == ALLOCSCOPE_FAILED)
		DOCTEST_ADD_FAIL_CHECK_AT(file, line, verdict.text);
	else if (verdict.outcome == ALLOCSCOPE_SKIPPED)
		DOCTEST_ADD_MESSAGE_AT(file, line, verdict.text);
}

/* A part of a test, which is open once. */
class DoctestBlock : public JudgedBlock
{
      public:
	DoctestBlock()
	{
		MakeRoom(8);
		Begin();
	}
	void Close(const char *name, const char *file, int line)
	{
		ReportToDoctest(End(name, file, line), file, line);
	}

      private:
	/* What doctest makes when a thread first needs it, and keeps: its list of messages and the stream for texts. */
	static void MakeRoom(int depth)
	{
		DOCTEST_INFO("");
		std::ostream *stream = doctest::detail::tlssPush();

		for (int i = 0; i < 64; i++)
			*stream << "thirty-one characters and a NL\n";
		if (depth > 1)
			MakeRoom(depth - 1);
		doctest::detail::tlssPop();
	}
};

} // namespace allocscope

#define ALLOCSCOPE_CHECK_ZERO_RETAINED(name)                                                       \
	ALLOCSCOPE_JUDGED_BLOCK(::allocscope::DoctestBlock, name)

#endif
