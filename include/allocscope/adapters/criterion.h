/*
 * Criterion: a test, or a part of one, may not leave a block behind.
 *
 *     #include <allocscope/adapters/criterion.h>
 *     ALLOCSCOPE_TEST(parser, parses_a_document, .init = set_up, .fini = tear_down)
 *     {
 *             cr_assert(parse(text));
 *     }
 *
 * What is judged is the body: init, fini and those of the suite lie outside. A part of a test:
 * ALLOCSCOPE_CR_ZERO_RETAINED("name") { ... }. Criterion runs each test in a process of its own, which is recorded as
 * a child is.
 */
#ifndef ALLOCSCOPE_ADAPTERS_CRITERION_H
#define ALLOCSCOPE_ADAPTERS_CRITERION_H

#include <allocscope/adapters/judge.h>

#include <criterion/criterion.h>

static inline void allocscope_criterion_report(
    struct allocscope_verdict verdict, const char *file, int line)
{
	(void)file;
	(void)line;
	if (verdict.outcome == ALLOCSCOPE_FAILED)
		cr_expect_fail("%s", verdict.text);
	else if (verdict.outcome == ALLOCSCOPE_SKIPPED)
		cr_log_info("%s", verdict.text);
}

/* Nothing that the calling thread allocates in the block may be alive at its end; else the test fails and goes on. */
#define ALLOCSCOPE_CR_ZERO_RETAINED(name) ALLOCSCOPE_JUDGED(name, allocscope_criterion_report)

/* As Test, and nothing that its body allocates may be alive at its end. */
#define ALLOCSCOPE_TEST(suite, name, ...)                                                          \
	static void allocscope_test_##suite##_##name(void);                                        \
	Test(suite, name, ##__VA_ARGS__)                                                           \
	{                                                                                          \
		ALLOCSCOPE_CR_ZERO_RETAINED(#suite "::" #name)                                     \
		{                                                                                  \
			allocscope_test_##suite##_##name();                                        \
		}                                                                                  \
	}                                                                                          \
	static void allocscope_test_##suite##_##name(void)

#endif
