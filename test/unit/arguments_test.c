/* What users type: sizes, ranges, options, and the nearest word to a wrong one. Wrong use ends the process and is
 * tested in test/integration/cli.bats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/arguments.h"
#include "cli/nearest.h"

static uint64_t size_of(const char *text)
{
	struct argument_number number = {0};

	assert_true(arguments_size_of(text, false, &number));
	assert_true(number.given);
	return number.value;
}

static void sizes_are_bytes_in_powers_of_1024(void **state)
{
	(void)state;
	assert_int_equal(size_of("0"), 0);
	assert_int_equal(size_of("17"), 17);
	assert_int_equal(size_of("2K"), 2048);
	assert_int_equal(size_of("3m"), 3 * 1024 * 1024);
	assert_int_equal(size_of("4G"), UINT64_C(4) << 30);
	assert_int_equal(size_of("18446744073709551615"), UINT64_MAX);
}

static void what_is_no_size_is_refused(void **state)
{
	static const char *const wrong[] = {"", "K", "-1", "+1", " 1", "1 ", "1KB", "1X", "0x10",
	    "1.5K", "1blocks", "18446744073709551616", "18446744073709551615K", "17179869184G"};
	struct argument_number number = {.value = 42};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_false(arguments_size_of(wrong[i], false, &number));
	assert_int_equal(number.value, 42);
	assert_false(number.given);
}

static void blocks_are_not_bytes(void **state)
{
	struct argument_number number = {0};

	(void)state;
	assert_true(arguments_size_of("3blocks", true, &number));
	assert_true(number.is_blocks);
	assert_int_equal(number.value, 3);
	assert_true(arguments_size_of("3K", true, &number));
	assert_false(number.is_blocks);
	assert_false(arguments_size_of("3Kblocks", true, &number));
}

static void ranges_include_both_ends_and_may_be_open(void **state)
{
	struct argument_range range;

	(void)state;
	assert_true(arguments_range_of("3..7", &range));
	assert_true(range.first == 3 && range.last == 7);
	assert_true(arguments_range_of("3..", &range));
	assert_true(range.first == 3 && range.last == UINT64_MAX);
	assert_true(arguments_range_of("..7", &range));
	assert_true(range.first == 0 && range.last == 7);
	assert_true(arguments_range_of("5", &range));
	assert_true(range.first == 5 && range.last == 5);
	assert_false(arguments_range_of("7..3", &range));
	assert_false(arguments_range_of("..", &range));
	assert_false(arguments_range_of("", &range));
	assert_false(arguments_range_of("3...7", &range));
	assert_false(arguments_range_of("a..b", &range));
}

struct settings {
	bool flag;
	enum argument_switch on_off;
	const char *text;
	struct argument_list list;
	struct argument_number count;
	int choice;
};

static const struct argument_option options[] = {
    {ARGUMENT_FLAG, 'f', "flag", NULL, "", offsetof(struct settings, flag), NULL},
    {ARGUMENT_SWITCH, 's', "switch", NULL, "", offsetof(struct settings, on_off), NULL},
    {ARGUMENT_TEXT, 't', "text", "T", "", offsetof(struct settings, text), NULL},
    {ARGUMENT_LIST, 0, "list", "L", "", offsetof(struct settings, list), NULL},
    {ARGUMENT_COUNT, 'n', "count", "N", "", offsetof(struct settings, count), NULL},
    {ARGUMENT_CHOICE, 0, "choice", "red|green|blue", "", offsetof(struct settings, choice), "blue"},
    {.kind = ARGUMENT_END},
};
static const struct argument_group groups[] = {{"Options", options, 0}, {.title = NULL}};
static const struct argument_syntax syntax = {.command = "test", .operands = "", .groups = groups};
static const struct argument_syntax run_syntax = {
    .command = "test", .operands = "", .groups = groups, .stops_at_operand = true};

static int parse(const struct argument_syntax *rules, struct settings *settings, char **arguments)
{
	int count = 0;

	while (arguments[count] != NULL)
		count++;
	*settings = (struct settings){0};
	return arguments_parse(rules, settings, count, arguments);
}

#define ARGUMENTS(...) ((char *[]){__VA_ARGS__, NULL})

static void options_are_taken_in_every_spelling(void **state)
{
	struct settings settings;
	char f[] = "--flag", sn[] = "--no-switch", text[] = "--text=a=b", n[] = "-n3",
	     choice[] = "--choice=green";
	char l[] = "--list", l1[] = "x", l2[] = "--list=y";

	(void)state;
	assert_int_equal(
	    parse(&syntax, &settings, ARGUMENTS(f, sn, text, n, choice, l, l1, l2)), 0);
	assert_true(settings.flag);
	assert_int_equal(settings.on_off, ARGUMENT_OFF);
	assert_string_equal(settings.text, "a=b");
	assert_int_equal(settings.count.value, 3);
	assert_int_equal(settings.choice, 1);
	assert_int_equal(settings.list.count, 2);
	assert_string_equal(settings.list.texts[1], "y");
	arguments_release(&syntax, &settings);
}

static void an_implied_value_does_not_eat_the_operand(void **state)
{
	struct settings settings;
	char choice[] = "--choice", file[] = "red";
	char **arguments = ARGUMENTS(choice, file);

	(void)state;
	assert_int_equal(parse(&syntax, &settings, arguments), 1);
	assert_int_equal(settings.choice, 2);
	assert_string_equal(arguments[0], "red");
}

static void short_options_cluster_and_take_the_next_word(void **state)
{
	struct settings settings;
	char cluster[] = "-fst", value[] = "v", operand[] = "file";
	char **arguments = ARGUMENTS(operand, cluster, value);

	(void)state;
	assert_int_equal(parse(&syntax, &settings, arguments), 1);
	assert_true(settings.flag);
	assert_int_equal(settings.on_off, ARGUMENT_ON);
	assert_string_equal(settings.text, "v");
	assert_string_equal(arguments[0], "file");
}

static void two_dashes_end_the_options(void **state)
{
	struct settings settings;
	char end[] = "--", flag[] = "--flag", dash[] = "-";
	char **arguments = ARGUMENTS(dash, end, flag);

	(void)state;
	assert_int_equal(parse(&syntax, &settings, arguments), 2);
	assert_false(settings.flag);
	assert_string_equal(arguments[0], "-");
	assert_string_equal(arguments[1], "--flag");
}

static void options_behind_the_program_belong_to_it(void **state)
{
	struct settings settings;
	char flag[] = "-f", program[] = "ls", theirs[] = "--text", end[] = "--";
	char **arguments = ARGUMENTS(flag, program, theirs, end);

	(void)state;
	assert_int_equal(parse(&run_syntax, &settings, arguments), 3);
	assert_true(settings.flag);
	assert_null(settings.text);
	assert_string_equal(arguments[0], "ls");
	assert_string_equal(arguments[1], "--text");
	assert_string_equal(arguments[2], "--");
}

static void distance_counts_edits_and_swaps(void **state)
{
	char long_word[100];

	(void)state;
	assert_int_equal(nearest_distance("diff", "diff"), 0);
	assert_int_equal(nearest_distance("", "abc"), 3);
	assert_int_equal(nearest_distance("dif", "diff"), 1);
	assert_int_equal(nearest_distance("reprot", "report"), 1);
	assert_int_equal(nearest_distance("kitten", "sitting"), 3);
	memset(long_word, 'a', sizeof long_word - 1);
	long_word[sizeof long_word - 1] = '\0';
	assert_true(nearest_distance(long_word, "a") == SIZE_MAX);
	assert_true(nearest_is_useful("dif", 1));
	assert_false(nearest_is_useful("xyz", 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sizes_are_bytes_in_powers_of_1024),
	    cmocka_unit_test(what_is_no_size_is_refused),
	    cmocka_unit_test(blocks_are_not_bytes),
	    cmocka_unit_test(ranges_include_both_ends_and_may_be_open),
	    cmocka_unit_test(options_are_taken_in_every_spelling),
	    cmocka_unit_test(an_implied_value_does_not_eat_the_operand),
	    cmocka_unit_test(short_options_cluster_and_take_the_next_word),
	    cmocka_unit_test(two_dashes_end_the_options),
	    cmocka_unit_test(options_behind_the_program_belong_to_it),
	    cmocka_unit_test(distance_counts_edits_and_swaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
