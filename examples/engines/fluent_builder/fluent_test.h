/* What the tests of the fluent builders share: a table of tests, checks that count, objects as text. */
#ifndef ENGINES_FLUENT_TEST_H
#define ENGINES_FLUENT_TEST_H

#include "engines/fluent_builder/fluent_builder.h"

struct fluent_test {
	const char *title;
	void (*run)(void);
};

extern const struct fluent_test fluent_conformance_tests[];
extern const size_t fluent_conformance_test_count;
extern const struct fluent_test fluent_ledger_tests[];
extern const size_t fluent_ledger_test_count;

/* Tells on stderr when it does not hold; the test has then failed. */
void fluent_check(bool holds, const char *what, const char *file, int line);
void fluent_check_text(const char *actual, const char *expected, const char *file, int line);
void fluent_check_number(
    double actual, double expected, const char *what, const char *file, int line);

#define CHECK(condition)	     fluent_check((condition), #condition, __FILE__, __LINE__)
#define CHECK_TEXT(actual, expected) fluent_check_text((actual), (expected), __FILE__, __LINE__)
#define CHECK_NUMBER(actual, expected)                                                             \
	fluent_check_number((double)(actual), (double)(expected), #actual, __FILE__, __LINE__)

/*
 * An outcome as text, and freed: {id:1,name:"Test",tags:["a"],createdAt:@5}, or for an error "!" and its message, then
 * its issues: "!validation failed email:invalid_format". The text is static storage.
 */
const char *fluent_outcome_text(struct fluent_outcome outcome);
/* A factory of INPUT, or a failed check. */
struct fluent_factory *fluent_test_factory(struct fluent_input input);

#endif
