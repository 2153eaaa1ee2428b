#include "report/text_number.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct text_number text_count(uint64_t value)
{
	struct text_number number;
	char digits[24];
	int length = snprintf(digits, sizeof digits, "%" PRIu64, value);
	size_t at = 0;

	for (int i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			number.text[at++] = ',';
		number.text[at++] = digits[i];
	}
	number.text[at] = '\0';
	return number;
}

static struct text_number with_sign(int64_t value, struct text_number magnitude)
{
	struct text_number number;
	const char *sign = value > 0 ? "+" : value < 0 ? "-" : "";

	(void)snprintf(number.text, sizeof number.text, "%s%.30s", sign, magnitude.text);
	return number;
}

static uint64_t magnitude_of(int64_t value)
{
	return value < 0 ? -(uint64_t)value : (uint64_t)value;
}

struct text_number text_signed(int64_t value)
{
	return with_sign(value, text_count(magnitude_of(value)));
}

/* VALUE with two or more significant digits, in units of 1024. */
static struct text_number scaled_bytes(double value)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	struct text_number number;
	size_t unit = 0;

	while (value >= 1023.95 && unit + 1 < sizeof units / sizeof units[0]) {
		value /= 1024;
		unit++;
	}
	/* bytes are whole unless they are a mean */
	(void)snprintf(number.text, sizeof number.text, "%.*f %s",
	    unit == 0 && value == floor(value) ? 0 : 1, value, units[unit]);
	return number;
}

struct text_number text_bytes(uint64_t bytes)
{
	struct text_number number;

	if (bytes >= 1024)
		return scaled_bytes((double)bytes);
	(void)snprintf(number.text, sizeof number.text, "%" PRIu64 " B", bytes);
	return number;
}

struct text_number text_signed_bytes(int64_t bytes)
{
	return with_sign(bytes, text_bytes(magnitude_of(bytes)));
}

struct text_number text_rate(double value)
{
	struct text_number number;

	if (!isfinite(value) || value < 0) {
		(void)snprintf(number.text, sizeof number.text, "-");
	} else if (value == floor(value) && value < 1e15) {
		return text_count((uint64_t)value);
	} else if (value < 0.01) {
		(void)snprintf(number.text, sizeof number.text, "<0.01");
	} else if (value < 1000) {
		(void)snprintf(number.text, sizeof number.text, "%.2f", value);
	} else {
		return text_count((uint64_t)(value + 0.5));
	}
	return number;
}

struct text_number text_rate_bytes(double bytes)
{
	struct text_number number;

	if (isfinite(bytes) && bytes > 0 && bytes < 0.05) {
		(void)snprintf(number.text, sizeof number.text, "<0.1 B");
		return number;
	}
	if (isfinite(bytes) && bytes >= 0)
		return scaled_bytes(bytes);
	(void)snprintf(number.text, sizeof number.text, "-");
	return number;
}

struct text_number text_duration(uint64_t ns)
{
	static const struct {
		uint64_t ns;
		const char *name;
	} units[] = {{1000000000, "s"}, {1000000, "ms"}, {1000, "us"}, {1, "ns"}};
	struct text_number number;
	size_t unit = 0;

	if (ns >= UINT64_C(120) * 1000000000) {
		uint64_t seconds = ns / 1000000000;

		(void)snprintf(number.text, sizeof number.text, "%" PRIu64 " min %02" PRIu64 " s",
		    seconds / 60, seconds % 60);
		return number;
	}
	while (unit < 3 && ns < units[unit].ns)
		unit++;
	(void)snprintf(number.text, sizeof number.text, "%.*f %s", ns % units[unit].ns != 0 ? 1 : 0,
	    (double)ns / (double)units[unit].ns, units[unit].name);
	return number;
}

struct text_number text_percent(uint64_t part, uint64_t whole)
{
	struct text_number number;

	if (whole == 0)
		(void)snprintf(number.text, sizeof number.text, "-");
	else
		(void)snprintf(number.text, sizeof number.text, "%.1f %%",
		    100.0 * (double)part / (double)whole);
	return number;
}

struct text_number text_plural(uint64_t count, const char *singular, const char *plural)
{
	struct text_number number;

	(void)snprintf(number.text, sizeof number.text, "%.30s %.40s", text_count(count).text,
	    count == 1 ? singular : plural);
	return number;
}
