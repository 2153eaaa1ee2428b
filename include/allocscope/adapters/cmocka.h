/*
 * cmocka: a test, or a part of one, may not leave a block behind.
 *
 *     #include <allocscope/adapters/cmocka.h>
 *     ALLOCSCOPE_CMOCKA_TEST(parses_a_document)
 *     {
 *             assert_true(parse(*state));
 *     }
 *     const struct CMUnitTest tests[] = {
 *             cmocka_unit_test_setup_teardown(parses_a_document, set_up, tear_down),
 *     };
 *
 * What is judged is the body: what set_up allocates and tear_down frees lies outside. A part of a test:
 * ALLOCSCOPE_ASSERT_NOTHING_RETAINED("name") { ... }. What cmocka remembers for expect_* and will_return is freed when it
 * is used, and a test that does not use it fails.
 */
#ifndef ALLOCSCOPE_ADAPTERS_CMOCKA_H
#define ALLOCSCOPE_ADAPTERS_CMOCKA_H

#include <allocscope/adapters/judge.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static inline void allocscope_cmocka_report(
    struct allocscope_verdict verdict, const char *file, int line)
{
	if (verdict.outcome != ALLOCSCOPE_HELD)
		print_error("%s\n", verdict.text);
	if (verdict.outcome == ALLOCSCOPE_FAILED)
		_fail(file, line);
}

/* Of a whole test: it ran, and what it retains is unknown, which cmocka calls skipped. */
static inline void allocscope_cmocka_report_test(
    struct allocscope_verdict verdict, const char *file, int line)
{
	allocscope_cmocka_report(verdict, file, line);
	if (verdict.outcome == ALLOCSCOPE_SKIPPED)
		_skip(file, line);
}

/* Nothing that the calling thread allocates in the block may be alive at its end; else the test fails there. */
#define ALLOCSCOPE_ASSERT_NOTHING_RETAINED(name) ALLOCSCOPE_JUDGED(name, allocscope_cmocka_report)

/* A test function FUNCTION(void **state), whose body follows and is judged. */
#define ALLOCSCOPE_CMOCKA_TEST(function)                                                           \
	static void function##_judged(void **state);                                               \
	static void function(void **state)                                                         \
	{                                                                                          \
		ALLOCSCOPE_JUDGED(#function, allocscope_cmocka_report_test)                        \
		{                                                                                  \
			function##_judged(state);                                                  \
		}                                                                                  \
	}                                                                                          \
	static void function##_judged(void **state)

#endif
