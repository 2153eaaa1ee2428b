/* Whatever is written is JSON: commas, nesting, escapes, numbers, and errors that are not lost. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/status.h"
#include "report/json_writer.h"

static char *written;
static size_t written_bytes;

static int begin(void **state)
{
	FILE *out = open_memstream(&written, &written_bytes);
	struct json_writer *json = malloc(sizeof *json);

	if (out == NULL || json == NULL)
		return -1;
	json_begin_document(json, out);
	*state = json;
	return 0;
}

static int end(void **state)
{
	struct json_writer *json = *state;

	fclose(json->out);
	free(json);
	free(written);
	return 0;
}

static void expect(struct json_writer *json, const char *text)
{
	assert_int_equal(json_end_document(json), 0);
	assert_string_equal(written, text);
}

static void an_empty_document_is_an_object(void **state)
{
	expect(*state, "{}\n");
}

static void commas_stand_between_members_and_elements(void **state)
{
	struct json_writer *json = *state;

	json_unsigned(json, "a", 1);
	json_begin_array(json, "b");
	json_unsigned(json, NULL, 2);
	json_begin_object(json, NULL);
	json_end(json);
	json_begin_array(json, NULL);
	json_end(json);
	json_end(json);
	json_null(json, "c");
	expect(json, "{\"a\":1,\"b\":[2,{},[]],\"c\":null}\n");
}

static void text_is_escaped(void **state)
{
	struct json_writer *json = *state;

	json_text(json, "quote\"", "a\"b\\c/d\n\t\r\b\f");
	json_text(json, "control", "\x01\x1b\x7f");
	expect(json,
	    "{\"quote\\\"\":\"a\\\"b\\\\c/d\\n\\t\\r\\b\\f\",\"control\":\"\\u0001\\u001b\\u007f\"}\n");
}

static void utf8_passes_and_what_is_not_utf8_is_replaced(void **state)
{
	struct json_writer *json = *state;

	json_text(json, "good", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x84");
	json_text(json, "lone", "\xff\x80z");
	json_text(json, "cut", "a\xe2\x82");
	json_text(json, "overlong", "\xc0\xaf");
	json_text(json, "surrogate", "\xed\xa0\x80");
	json_text(json, "beyond", "\xf4\x90\x80\x80");
	expect(json,
	    "{\"good\":\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x84\",\"lone\":\"\\ufffd\\ufffdz\",\"cut\":\"a\\ufffd\\ufffd\","
	    "\"overlong\":\"\\ufffd\\ufffd\",\"surrogate\":\"\\ufffd\\ufffd\\ufffd\","
	    "\"beyond\":\"\\ufffd\\ufffd\\ufffd\\ufffd\"}\n");
}

static void integers_are_exact(void **state)
{
	struct json_writer *json = *state;

	json_unsigned(json, "most", UINT64_MAX);
	json_signed(json, "least", INT64_MIN);
	expect(json, "{\"most\":18446744073709551615,\"least\":-9223372036854775808}\n");
}

static void doubles_read_back_as_they_were(void **state)
{
	struct json_writer *json = *state;
	const double third = 1.0 / 3;
	char expected[128];

	json_double(json, "whole", 10);
	json_double(json, "half", 0.5);
	json_double(json, "third", third);
	json_double(json, "none", NAN);
	json_double(json, "endless", INFINITY);
	assert_int_equal(json_end_document(json), 0);
	(void)snprintf(expected, sizeof expected,
	    "{\"whole\":10,\"half\":0.5,\"third\":%.16g,\"none\":null,\"endless\":null}\n", third);
	assert_string_equal(written, expected);
	assert_true(strtod("0.3333333333333333", NULL) == third);
}

static void absent_text_is_null(void **state)
{
	struct json_writer *json = *state;

	json_text_or_null(json, "a", NULL);
	json_text_or_null(json, "b", "");
	json_text_or_null(json, "c", "x");
	json_bool(json, "d", true);
	expect(json, "{\"a\":null,\"b\":null,\"c\":\"x\",\"d\":true}\n");
}

static void a_full_disk_is_an_error(void **state)
{
	struct json_writer json;
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	if (full == NULL)
		skip();
	json_begin_document(&json, full);
	json_unsigned(&json, "a", 1);
	assert_int_equal(json_end_document(&json), STATUS_IO);
	fclose(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(an_empty_document_is_an_object, begin, end),
	    cmocka_unit_test_setup_teardown(commas_stand_between_members_and_elements, begin, end),
	    cmocka_unit_test_setup_teardown(text_is_escaped, begin, end),
	    cmocka_unit_test_setup_teardown(
		utf8_passes_and_what_is_not_utf8_is_replaced, begin, end),
	    cmocka_unit_test_setup_teardown(integers_are_exact, begin, end),
	    cmocka_unit_test_setup_teardown(doubles_read_back_as_they_were, begin, end),
	    cmocka_unit_test_setup_teardown(absent_text_is_null, begin, end),
	    cmocka_unit_test(a_full_disk_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
