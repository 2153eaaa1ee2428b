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
 * The check is an assertion as CHECK is: it is counted, a failure fails the test case and the case goes on. Sections,
 * messages and assertions may stand in the block: recording pauses while Catch2 works on them. The text of a
 * message of more than 1,900 characters counts when Catch2 had none so long before.
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

/* Stands before Catch2's own result capture, and pauses recording while that one works and keeps what it has to. */
class Catch2Capture : public Catch::IResultCapture
{
	struct Pause {
		Pause()
		{
			allocscope_pause();
		}
		~Pause()
		{
			allocscope_resume();
		}
		Pause(const Pause &) = delete;
		Pause &operator=(const Pause &) = delete;
	};

      public:
	explicit Catch2Capture(Catch::IResultCapture &next) : next_(next)
	{
	}
	bool sectionStarted(const Catch::SectionInfo &info, Catch::Counts &assertions) override
	{
		const Pause pause;

		return next_.sectionStarted(info, assertions);
	}
	void sectionEnded(const Catch::SectionEndInfo &info) override
	{
		const Pause pause;

		next_.sectionEnded(info);
	}
	void sectionEndedEarly(const Catch::SectionEndInfo &info) override
	{
		const Pause pause;

		next_.sectionEndedEarly(info);
	}
	Catch::IGeneratorTracker &acquireGeneratorTracker(
	    Catch::StringRef name, const Catch::SourceLineInfo &line) override
	{
		const Pause pause;

		return next_.acquireGeneratorTracker(name, line);
	}
#if defined(CATCH_CONFIG_ENABLE_BENCHMARKING)
	void benchmarkPreparing(const std::string &name) override
	{
		const Pause pause;

		next_.benchmarkPreparing(name);
	}
	void benchmarkStarting(const Catch::BenchmarkInfo &info) override
	{
		const Pause pause;

		next_.benchmarkStarting(info);
	}
	void benchmarkEnded(const Catch::BenchmarkStats<> &stats) override
	{
		const Pause pause;

		next_.benchmarkEnded(stats);
	}
	void benchmarkFailed(const std::string &error) override
	{
		const Pause pause;

		next_.benchmarkFailed(error);
	}
#endif
	void pushScopedMessage(const Catch::MessageInfo &message) override
	{
		const Pause pause;

		next_.pushScopedMessage(message);
	}
	void popScopedMessage(const Catch::MessageInfo &message) override
	{
		const Pause pause;

		next_.popScopedMessage(message);
	}
	void emplaceUnscopedMessage(const Catch::MessageBuilder &builder) override
	{
		const Pause pause;

		next_.emplaceUnscopedMessage(builder);
	}
	void handleFatalErrorCondition(Catch::StringRef message) override
	{
		const Pause pause;

		next_.handleFatalErrorCondition(message);
	}
	void handleExpr(const Catch::AssertionInfo &info,
	    const Catch::ITransientExpression &expression,
	    Catch::AssertionReaction &reaction) override
	{
		const Pause pause;

		next_.handleExpr(info, expression, reaction);
	}
	void handleMessage(const Catch::AssertionInfo &info, Catch::ResultWas::OfType type,
	    const Catch::StringRef &message, Catch::AssertionReaction &reaction) override
	{
		const Pause pause;

		next_.handleMessage(info, type, message, reaction);
	}
	void handleUnexpectedExceptionNotThrown(
	    const Catch::AssertionInfo &info, Catch::AssertionReaction &reaction) override
	{
		const Pause pause;

		next_.handleUnexpectedExceptionNotThrown(info, reaction);
	}
	void handleUnexpectedInflightException(const Catch::AssertionInfo &info,
	    const std::string &message, Catch::AssertionReaction &reaction) override
	{
		const Pause pause;

		next_.handleUnexpectedInflightException(info, message, reaction);
	}
	void handleIncomplete(const Catch::AssertionInfo &info) override
	{
		const Pause pause;

		next_.handleIncomplete(info);
	}
	void handleNonExpr(const Catch::AssertionInfo &info, Catch::ResultWas::OfType type,
	    Catch::AssertionReaction &reaction) override
	{
		const Pause pause;

		next_.handleNonExpr(info, type, reaction);
	}
	bool lastAssertionPassed() override
	{
		const Pause pause;

		return next_.lastAssertionPassed();
	}
	void assertionPassed() override
	{
		const Pause pause;

		next_.assertionPassed();
	}
	std::string getCurrentTestName() const override
	{
		const Pause pause;

		return next_.getCurrentTestName();
	}
	const Catch::AssertionResult *getLastResult() const override
	{
		const Pause pause;

		return next_.getLastResult();
	}
	void exceptionEarlyReported() override
	{
		const Pause pause;

		next_.exceptionEarlyReported();
	}

      private:
	Catch::IResultCapture &next_;
};

/* A part of a test, which is open once. An exception, as REQUIRE throws it, leaves it without a verdict. */
class Catch2Block : public JudgedBlock
{
      public:
	Catch2Block() : before_(Catch::getResultCapture()), capture_(before_)
	{
		MakeRoom(4);
		Begin();
		Catch::getCurrentMutableContext().setResultCapture(&capture_);
	}
	~Catch2Block()
	{
		Catch::getCurrentMutableContext().setResultCapture(&before_);
	}
	Catch2Block(const Catch2Block &) = delete;
	Catch2Block &operator=(const Catch2Block &) = delete;
	void Close(const char *name, const char *file, int line)
	{
		ReportToCatch2(End(name, file, line), file, line);
	}

      private:
	/* Texts of messages are written to streams that Catch2 keeps, with room for the longest text so far. */
	static void MakeRoom(int depth)
	{
		Catch::ReusableStringStream stream;

		for (int i = 0; i < 64; i++)
			stream << "thirty-one characters and a NL\n";
		if (depth > 1)
			MakeRoom(depth - 1);
	}

	Catch::IResultCapture &before_;
	Catch2Capture capture_;
};

} // namespace allocscope

#define ALLOCSCOPE_CHECK_ZERO_RETAINED(name)                                                       \
	ALLOCSCOPE_JUDGED_BLOCK(::allocscope::Catch2Block, name)

#endif
