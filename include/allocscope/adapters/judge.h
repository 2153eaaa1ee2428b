/*
 * What the adapters for test frameworks share: a scope that is judged, and what to say of it in the framework's own
 * way. Each adapter is a header of its own beside this one; examples/adapters says how to use them.
 *
 *     struct allocscope_mark mark = allocscope_mark_now();
 *     ...
 *     struct allocscope_verdict verdict = allocscope_judge(mark, "name", __FILE__, __LINE__);
 *
 * The blocks that count are those that the calling thread allocated since the mark and that are alive. What the
 * framework keeps for itself must not be among them: allocscope_judge_ignore.
 *
 * Thread-safe; not async-signal-safe. C11 and C++11.
 */
#ifndef ALLOCSCOPE_ADAPTERS_JUDGE_H
#define ALLOCSCOPE_ADAPTERS_JUDGE_H

#include <allocscope/allocscope.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef __cplusplus
extern "C" {
#endif

enum allocscope_outcome {
	ALLOCSCOPE_HELD,    /* nothing is retained */
	ALLOCSCOPE_FAILED,  /* something is, or it could not be told */
	ALLOCSCOPE_SKIPPED, /* the preload is absent and ALLOCSCOPE_OPTIONAL=1 */
};

struct allocscope_verdict {
	enum allocscope_outcome outcome;
	struct allocscope_retained retained;
	char text[320]; /* one sentence for the framework's report; "" when it held */
};

/*
 * Judge what was allocated since MARK. When something is retained the preload has told all on standard error, and saved a
 * snapshot. Allocates nothing.
 */
static inline struct allocscope_verdict allocscope_judge(
    struct allocscope_mark mark, const char *name, const char *file, int line)
{
	const struct allocscope_functions *f = allocscope_functions_or_null();
	struct allocscope_verdict verdict;

	verdict.outcome = ALLOCSCOPE_HELD;
	verdict.retained.blocks = verdict.retained.bytes = 0;
	verdict.text[0] = '\0';
	if (f != NULL) {
		f->retained_since(mark, false, &verdict.retained);
		uint64_t survivors = f->assert_retained(mark, false, name, file, line);

		if (survivors == 0)
			return verdict;
		verdict.outcome = ALLOCSCOPE_FAILED;
		if (verdict.retained.blocks != 0)
			(void)snprintf(verdict.text, sizeof verdict.text,
			    "allocscope: %s retains %" PRIu64 " block%s, %" PRIu64
			    " bytes; standard error names the sites and the snapshot",
			    name, verdict.retained.blocks, verdict.retained.blocks == 1 ? "" : "s",
			    verdict.retained.bytes);
		else
			(void)snprintf(verdict.text, sizeof verdict.text,
			    "allocscope: what %s retains could not be told; standard error says why",
			    name);
		return verdict;
	}
	const char *optional = getenv("ALLOCSCOPE_OPTIONAL");

	if (optional != NULL && optional[0] == '1') {
		verdict.outcome = ALLOCSCOPE_SKIPPED;
		(void)snprintf(verdict.text, sizeof verdict.text,
		    "allocscope: what %s retains was not checked, the preload is absent", name);
		return verdict;
	}
	verdict.outcome = ALLOCSCOPE_FAILED;
	(void)snprintf(verdict.text, sizeof verdict.text,
	    "allocscope: what %s retains cannot be checked: the preload is absent. Run under `allocscope run` or "
	    "LD_PRELOAD=liballocscope.so, or set ALLOCSCOPE_OPTIONAL=1 to skip it",
	    name);
	return verdict;
}

/* The framework keeps what POINTER points to: if that is a live block, it does not count. */
static inline void allocscope_judge_ignore(const void *pointer)
{
	if (pointer != NULL)
		allocscope_ignore(pointer);
}

/* A block macro: BODY runs once, then REPORT(verdict, file, line) is called. Left by return, goto or an exception, it is not
 * judged. */
#define ALLOCSCOPE_JUDGED(name, report)                                                            \
	for (struct allocscope_mark ALLOCSCOPE_JOIN(                                               \
		 allocscope_mark_, __LINE__) = allocscope_mark_now(),                              \
				   *ALLOCSCOPE_JOIN(allocscope_open_, __LINE__) =                  \
				       &ALLOCSCOPE_JOIN(allocscope_mark_, __LINE__);               \
	     ALLOCSCOPE_JOIN(allocscope_open_, __LINE__) != NULL;                                  \
	     report(allocscope_judge(                                                              \
			ALLOCSCOPE_JOIN(allocscope_mark_, __LINE__), name, __FILE__, __LINE__),    \
		 __FILE__, __LINE__),                                                              \
				   ALLOCSCOPE_JOIN(allocscope_open_, __LINE__) = NULL)

#ifdef __cplusplus
}

namespace allocscope
{

/* A part of a test, which is open once: what blocks in C++ are made of, that have something to do before and behind. */
class JudgedBlock
{
      public:
	bool IsOpen() const
	{
		return is_open_;
	}

      protected:
	void Begin()
	{
		mark_ = allocscope_mark_now();
	}
	allocscope_verdict End(const char *name, const char *file, int line)
	{
		is_open_ = false;
		return allocscope_judge(mark_, name, file, line);
	}

      private:
	allocscope_mark mark_ = {0, 0, 0};
	bool is_open_ = true;
};

} // namespace allocscope

/* TYPE is a JudgedBlock that begins when it is made, and has Close(name, file, line). */
#	define ALLOCSCOPE_JUDGED_BLOCK(type, name)                                                \
		for (type ALLOCSCOPE_JOIN(allocscope_block_, __LINE__);                            \
		     ALLOCSCOPE_JOIN(allocscope_block_, __LINE__).IsOpen();                        \
		     ALLOCSCOPE_JOIN(allocscope_block_, __LINE__).Close(name, __FILE__, __LINE__))
#endif

#endif
