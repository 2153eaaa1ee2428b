/*
 * Check: a test, or a part of one, may not leave a block behind.
 *
 *     #include <allocscope/adapters/check.h>
 *     ALLOCSCOPE_START_TEST(parses_a_document)
 *     {
 *             ck_assert(parse(text));
 *     }
 *     END_TEST
 *
 * What is judged is the body: what fixtures allocate and free lies outside, and so does what Check keeps to send results. With
 * and without a process for each test. A part of a test: ALLOCSCOPE_CK_ZERO_RETAINED("name") { ... }
 */
#ifndef ALLOCSCOPE_ADAPTERS_CHECK_H
#define ALLOCSCOPE_ADAPTERS_CHECK_H

#include <allocscope/adapters/judge.h>

#include <check.h>

static inline void allocscope_check_report(
    struct allocscope_verdict verdict, const char *file, int line)
{
	if (verdict.outcome == ALLOCSCOPE_FAILED)
		_ck_assert_failed(file, line, "Failed", "%s", verdict.text);
	else if (verdict.outcome == ALLOCSCOPE_SKIPPED)
		(void)fprintf(stderr, "%s\n", verdict.text);
}

/* Nothing that the calling thread allocates in the block may be alive at its end; else the test fails there. */
#define ALLOCSCOPE_CK_ZERO_RETAINED(name) ALLOCSCOPE_JUDGED(name, allocscope_check_report)

/* As START_TEST, and nothing that the body allocates may be alive at its end. */
#define ALLOCSCOPE_START_TEST(name)                                                                \
	static void name##_judged(int _i CK_ATTRIBUTE_UNUSED);                                     \
	START_TEST(name)                                                                           \
	{                                                                                          \
		ALLOCSCOPE_CK_ZERO_RETAINED(#name)                                                 \
		{                                                                                  \
			name##_judged(_i);                                                         \
		}                                                                                  \
	}                                                                                          \
	END_TEST                                                                                   \
	static void name##_judged(int _i CK_ATTRIBUTE_UNUSED)

#endif
