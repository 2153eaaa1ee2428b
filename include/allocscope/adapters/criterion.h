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
 * a child is. The old assertions and cr_log may stand in the body; those of <criterion/new/assert.h> keep what they send.
 *
 * With ALLOCSCOPE_OPTIONAL=1 and without the preload a test passes and says that it was not judged: cr_skip would leave out
 * fini.
 */
#ifndef ALLOCSCOPE_ADAPTERS_CRITERION_H
#define ALLOCSCOPE_ADAPTERS_CRITERION_H

#include <allocscope/adapters/judge.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <criterion/criterion.h>

/* What is sent is freed by another thread, some time later: not the test's. */
static inline void allocscope_criterion_send(struct criterion_assert_stats *stats)
{
	allocscope_pause();
	criterion_send_assert(stats);
	allocscope_resume();
}
/* A function, so that arguments are evaluated before the pause: what they allocate counts. */
__attribute__((format(printf, 2, 3))) static inline void allocscope_criterion_log(
    enum criterion_severity severity, const char *format, ...)
{
	va_list arguments, again;

	va_start(arguments, format);
	va_copy(again, arguments);
	allocscope_pause();
	int length = vsnprintf(NULL, 0, format, arguments);
	char *text = length < 0 ? NULL : (char *)malloc((size_t)length + 1);

	if (text != NULL) {
		(void)vsnprintf(text, (size_t)length + 1, format, again);
		cr_log(severity, "%s", text);
		free(text);
	}
	allocscope_resume();
	va_end(again);
	va_end(arguments);
}
#define criterion_send_assert(stats) allocscope_criterion_send(stats)
#define cr_log(...)		     allocscope_criterion_log(__VA_ARGS__)

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
