/*
 * fluent-builder-test: does the port behave as its original, and make the blocks that its description says?
 *
 * Three parts: cases of behaviour (fluent_conformance_test.c), numbers of blocks (fluent_ledger_test.c), and every row
 * of the scenarios, each in a process of its own, with and without warm-up. Ends with "N passed, N failed".
 */
#include "engines/fluent_builder/fluent_scenarios.h"
#include "engines/fluent_builder/fluent_test.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TEXT_BYTES = 4096, ITERATIONS = 100, ITERATIONS_TO_THE_LIMIT = 2000 };

static unsigned passed;
static unsigned failed;
static bool test_failed;

void fluent_check(bool holds, const char *what, const char *file, int line)
{
	if (holds)
		return;
	fprintf(stderr, "%s:%d: %s does not hold\n", file, line, what);
	test_failed = true;
}

void fluent_check_text(const char *actual, const char *expected, const char *file, int line)
{
	if (strcmp(actual, expected) == 0)
		return;
	fprintf(stderr, "%s:%d: %s, expected %s\n", file, line, actual, expected);
	test_failed = true;
}

void fluent_check_number(
    double actual, double expected, const char *what, const char *file, int line)
{
	if (fabs(actual - expected) < 1e-9)
		return;
	fprintf(stderr, "%s:%d: %s is %g, expected %g\n", file, line, what, actual, expected);
	test_failed = true;
}

struct fluent_factory *fluent_test_factory(struct fluent_input input)
{
	const char *why = "";
	struct fluent_factory *factory = fluent_factory_new(input, NULL, &why);

	if (factory == NULL) {
		fprintf(stderr, "no factory: %s\n", why);
		abort();
	}
	return factory;
}

/* --- objects as text --- */

struct text {
	char bytes[TEXT_BYTES];
	size_t length;
};

static void append(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void append(struct text *text, const char *format, ...)
{
	const size_t room = sizeof(text->bytes) - text->length;
	va_list arguments;
	int length = 0;

	va_start(arguments, format);
	length = vsnprintf(text->bytes + text->length, room, format, arguments);
	va_end(arguments);
	text->length += length > 0 && (size_t)length < room ? (size_t)length : 0;
}

static void append_value(struct text *text, struct value value);

static void append_object(struct text *text, const struct fluent_object *object)
{
	const bool list = object->block == FLUENT_LIST;

	append(text, "%s", list ? "[" : "{");
	for (uint32_t i = 0; i < object->count; i++) {
		if (i > 0)
			append(text, ",");
		if (!list)
			append(text, "%s:", object->fields[i].key);
		append_value(text, object->fields[i].value);
	}
	append(text, "%s", list ? "]" : "}");
}

static void append_value(struct text *text, struct value value)
{
	switch ((enum value_tag)value.tag) {
	case VALUE_UNDEFINED:
		append(text, "undefined");
		break;
	case VALUE_NULL:
		append(text, "null");
		break;
	case VALUE_BOOLEAN:
		append(text, "%s", value.as.boolean ? "true" : "false");
		break;
	case VALUE_INTEGER:
		append(text, "%jd", (intmax_t)value.as.integer);
		break;
	case VALUE_NUMBER:
		append(text, "%g", value.as.number);
		break;
	case VALUE_STRING:
		append(text, "\"%s\"", value.as.string);
		break;
	case VALUE_OBJECT:
		append_object(text, value.as.object);
		break;
	case VALUE_DATE:
		append(text, "@%jd",
		    (intmax_t)((const struct fluent_date *)value.as.object)->milliseconds);
		break;
	}
}

static void append_issue(struct text *text, const struct fluent_issue *issue)
{
	for (uint32_t i = 0; i < issue->depth; i++)
		if (issue->path[i].key != NULL)
			append(text, "%s%s", i > 0 ? "." : " ", issue->path[i].key);
		else
			append(text, "%s%u", i > 0 ? "." : " ", issue->path[i].index);
	append(text, ":%s", fluent_issue_code_name(issue->code));
}

const char *fluent_outcome_text(struct fluent_outcome outcome)
{
	static struct text text;

	text.length = 0;
	text.bytes[0] = '\0';
	if (outcome.object != NULL)
		append_object(&text, outcome.object);
	else
		append(&text, "!%s", outcome.error->message);
	for (uint32_t i = 0; outcome.error != NULL && i < outcome.error->issues.count; i++)
		append_issue(&text, fluent_error_issue(outcome.error, i));
	fluent_object_release(outcome.object);
	fluent_error_free(outcome.error);
	return text.bytes;
}

/* --- running --- */

static void count(const char *title, bool failure)
{
	if (failure)
		fprintf(stderr, "FAILED %s\n", title);
	passed += !failure;
	failed += failure;
}

/* Each test starts with the original's options and leaves no block behind. */
static void run_tests(const struct fluent_test *tests, size_t test_count)
{
	for (size_t i = 0; i < test_count; i++) {
		const uint64_t live_before = ledger_totals(&fluent_ledger).live_blocks;

		test_failed = false;
		fluent_options = fluent_options_upstream();
		tests[i].run();
		fluent_options = fluent_options_upstream();
		fluent_clear_pools();
		CHECK_NUMBER(ledger_totals(&fluent_ledger).live_blocks, live_before);
		count(tests[i].title, test_failed);
	}
}

/* In a child: leaky rows leave things behind. All but those must end with nothing alive. */
static bool row_holds(const struct driver_scenario *row, uint64_t warmup)
{
	const struct driver_run run = {
	    .iterations = row->promise.limit != 0 ? ITERATIONS_TO_THE_LIMIT : ITERATIONS,
	    .warmup = warmup,
	    .promised = true};
	const pid_t child = fork();
	int status = 0;

	if (child == 0) {
		unsigned broken = !driver_set_switches(&fluent_engine, row->switches);

		broken += driver_run_scenario(&fluent_engine, row, &run);
		if (row->variant != DRIVER_LEAKY)
			broken += ledger_totals(&fluent_ledger).live_blocks != 0;
		_exit(broken != 0);
	}
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static void run_rows(void)
{
	for (size_t i = 0; i < fluent_engine.scenario_count; i++) {
		const struct driver_scenario *row = &fluent_engine.scenarios[i];
		char title[TEXT_BYTES];

		for (uint64_t warmup = 0; warmup <= 2; warmup += 2) {
			(void)snprintf(title, sizeof(title), "%s %s, %ju warm-up iterations",
			    row->name, driver_variant_name(row->variant), (uintmax_t)warmup);
			count(title, !row_holds(row, warmup));
		}
	}
}

int main(void)
{
	run_tests(fluent_conformance_tests, fluent_conformance_test_count);
	run_tests(fluent_ledger_tests, fluent_ledger_test_count);
	run_rows();
	printf("%u passed, %u failed\n", passed, failed);
	return failed > 0 ? 1 : 0;
}
