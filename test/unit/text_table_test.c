/* Columns line up whatever the cells hold, and nothing in them can reach the terminal as a command. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/status.h"
#include "report/text_table.h"

static const struct text_style plain = {.colour = false};
static const struct text_style coloured = {.colour = true};

static void expect(struct text_table *table, const struct text_style *style, const char *text)
{
	char *written = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&written, &bytes);

	assert_non_null(out);
	assert_int_equal(text_table_write(table, out, style), 0);
	fclose(out);
	assert_string_equal(written, text);
	free(written);
	text_table_release(table);
}

static struct text_table two_columns(void)
{
	struct text_table table;

	text_table_init(&table);
	text_table_column(&table, "bytes", TEXT_RIGHT);
	text_table_column(&table, "site", TEXT_LEFT);
	return table;
}

static void add(struct text_table *table, const char *first, const char *second)
{
	text_table_row(table);
	text_table_cell(table, first);
	text_table_cell(table, second);
}

static void numbers_stand_right_and_names_left_without_trailing_blanks(void **state)
{
	struct text_table table = two_columns();

	(void)state;
	add(&table, "1,000,000", "f");
	add(&table, "1", "longer");
	expect(&table, &plain, "    bytes  site\n1,000,000  f\n        1  longer\n");
}

static void missing_cells_leave_no_blanks(void **state)
{
	struct text_table table = two_columns();

	(void)state;
	text_table_row(&table);
	text_table_cell(&table, "7");
	expect(&table, &plain, "bytes  site\n    7\n");
}

static void lines_below_belong_to_their_row(void **state)
{
	struct text_table table = two_columns();

	(void)state;
	add(&table, "1", "f");
	text_table_below(&table, "  from g");
	text_table_below(&table, "  from h");
	add(&table, "2", "k");
	expect(&table, &plain, "bytes  site\n    1  f\n  from g\n  from h\n    2  k\n");
}

static void characters_count_as_columns_not_bytes(void **state)
{
	struct text_table table;

	(void)state;
	text_table_init(&table);
	text_table_column(&table, "name", TEXT_LEFT);
	text_table_column(&table, "n", TEXT_RIGHT);
	add(&table, "caf\xc3\xa9s", "1");
	add(&table, "abcde", "2");
	expect(&table, &plain, "name   n\ncaf\xc3\xa9s  1\nabcde  2\n");
	assert_int_equal(text_width("\xe2\x82\xac\xff"), 2);
}

static void control_characters_become_question_marks(void **state)
{
	struct text_table table = two_columns();

	(void)state;
	add(&table, "1", "\033[31m\a\xc2\x9b\x9b\x7f");
	text_table_below(&table, "a\nb\tc");
	expect(&table, &plain, "bytes  site\n    1  ?[31m????\na?b?c\n");
}

static void colours_surround_the_text_and_not_the_padding(void **state)
{
	struct text_table table = two_columns();

	(void)state;
	text_table_row(&table);
	text_table_cell_tinted(&table, TEXT_BAD, "1");
	text_table_cell(&table, "f");
	expect(&table, &coloured,
	    "\033[1mbytes\033[0m  \033[1msite\033[0m\n    \033[31m1\033[0m  f\n");
}

static void too_many_columns_are_told_not_dropped(void **state)
{
	struct text_table table;

	(void)state;
	text_table_init(&table);
	for (int i = 0; i <= TEXT_TABLE_COLUMNS_MAX; i++)
		text_table_column(&table, "x", TEXT_LEFT);
	assert_int_equal(text_table_write(&table, stdout, &plain), STATUS_NO_MEMORY);
	text_table_release(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers_stand_right_and_names_left_without_trailing_blanks),
	    cmocka_unit_test(missing_cells_leave_no_blanks),
	    cmocka_unit_test(lines_below_belong_to_their_row),
	    cmocka_unit_test(characters_count_as_columns_not_bytes),
	    cmocka_unit_test(control_characters_become_question_marks),
	    cmocka_unit_test(colours_surround_the_text_and_not_the_padding),
	    cmocka_unit_test(too_many_columns_are_told_not_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
