/* Numbers for people say what they are, at every size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/text_number.h"

static void counts_have_separators(void **state)
{
	(void)state;
	assert_string_equal(text_count(0).text, "0");
	assert_string_equal(text_count(999).text, "999");
	assert_string_equal(text_count(1000).text, "1,000");
	assert_string_equal(text_count(1234567).text, "1,234,567");
	assert_string_equal(text_count(UINT64_MAX).text, "18,446,744,073,709,551,615");
}

static void signed_numbers_carry_their_sign(void **state)
{
	(void)state;
	assert_string_equal(text_signed(0).text, "0");
	assert_string_equal(text_signed(12).text, "+12");
	assert_string_equal(text_signed(-1234).text, "-1,234");
	assert_string_equal(text_signed(INT64_MIN).text, "-9,223,372,036,854,775,808");
	assert_string_equal(text_signed_bytes(0).text, "0 B");
	assert_string_equal(text_signed_bytes(1536).text, "+1.5 KiB");
	assert_string_equal(text_signed_bytes(-512).text, "-512 B");
}

static void bytes_are_whole_below_a_kibibyte_and_scaled_above(void **state)
{
	(void)state;
	assert_string_equal(text_bytes(0).text, "0 B");
	assert_string_equal(text_bytes(1023).text, "1023 B");
	assert_string_equal(text_bytes(1024).text, "1.0 KiB");
	assert_string_equal(text_bytes(4000000).text, "3.8 MiB");
	assert_string_equal(text_bytes(UINT64_C(1) << 40).text, "1.0 TiB");
	assert_string_equal(text_bytes(UINT64_MAX).text, "16.0 EiB");
	/* never "1024.0 KiB": it is the next unit */
	assert_string_equal(text_bytes(1024 * 1024 - 1).text, "1.0 MiB");
}

static void rates_show_small_numbers_as_small_not_as_zero(void **state)
{
	(void)state;
	assert_string_equal(text_rate(0).text, "0");
	assert_string_equal(text_rate(10).text, "10");
	assert_string_equal(text_rate(0.25).text, "0.25");
	assert_string_equal(text_rate(0.001).text, "<0.01");
	assert_string_equal(text_rate(12345.6).text, "12,346");
	assert_string_equal(text_rate(-1).text, "-");
	assert_string_equal(text_rate_bytes(0).text, "0 B");
	assert_string_equal(text_rate_bytes(0.01).text, "<0.1 B");
	assert_string_equal(text_rate_bytes(4.8).text, "4.8 B");
	assert_string_equal(text_rate_bytes(2048).text, "2.0 KiB");
}

static void durations_take_the_unit_that_fits(void **state)
{
	(void)state;
	assert_string_equal(text_duration(0).text, "0 ns");
	assert_string_equal(text_duration(850).text, "850 ns");
	assert_string_equal(text_duration(12500000).text, "12.5 ms");
	assert_string_equal(text_duration(UINT64_C(3000000000)).text, "3 s");
	assert_string_equal(text_duration(UINT64_C(125000000000)).text, "2 min 05 s");
}

static void percents_of_nothing_are_not_a_number(void **state)
{
	(void)state;
	assert_string_equal(text_percent(0, 0).text, "-");
	assert_string_equal(text_percent(1, 8).text, "12.5 %");
	assert_string_equal(text_percent(8, 8).text, "100.0 %");
}

static void one_is_singular(void **state)
{
	(void)state;
	assert_string_equal(text_plural(0, "block", "blocks").text, "0 blocks");
	assert_string_equal(text_plural(1, "block", "blocks").text, "1 block");
	assert_string_equal(text_plural(1000, "counted iteration", "counted iterations").text,
	    "1,000 counted iterations");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(counts_have_separators),
	    cmocka_unit_test(signed_numbers_carry_their_sign),
	    cmocka_unit_test(bytes_are_whole_below_a_kibibyte_and_scaled_above),
	    cmocka_unit_test(rates_show_small_numbers_as_small_not_as_zero),
	    cmocka_unit_test(durations_take_the_unit_that_fits),
	    cmocka_unit_test(percents_of_nothing_are_not_a_number),
	    cmocka_unit_test(one_is_singular),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
