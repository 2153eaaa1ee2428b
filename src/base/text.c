#include "base/text.h"

#include <string.h>

void text_init(struct text *text, char *buffer, size_t capacity)
{
	*text = (struct text){.start = buffer, .capacity = capacity};
	buffer[0] = '\0';
}

void text_add_bytes(struct text *text, const char *bytes, size_t count)
{
	size_t room = text->capacity - text->length - 1;

	if (count > room) {
		count = room;
		text->cut = true;
	}
	memcpy(text->start + text->length, bytes, count);
	text->length += count;
	text->start[text->length] = '\0';
}

void text_add(struct text *text, const char *string)
{
	if (string != NULL)
		text_add_bytes(text, string, strlen(string));
}

static void add_digits(struct text *text, uint64_t number, unsigned base)
{
	char digits[20];
	size_t at = sizeof digits;

	do {
		digits[--at] = "0123456789abcdef"[number % base];
		number /= base;
	} while (number != 0);
	text_add_bytes(text, digits + at, sizeof digits - at);
}

void text_add_unsigned(struct text *text, uint64_t number)
{
	add_digits(text, number, 10);
}

void text_add_signed(struct text *text, int64_t number)
{
	if (number < 0)
		text_add_bytes(text, "-", 1);
	add_digits(text, number < 0 ? 0 - (uint64_t)number : (uint64_t)number, 10);
}

void text_add_hex(struct text *text, uint64_t number)
{
	add_digits(text, number, 16);
}

void text_add_size(struct text *text, uint64_t bytes)
{
	static const char *const units[] = {" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB"};
	unsigned unit = 0;
	uint64_t whole = bytes;
	uint64_t rest = 0; /* in 1/1024 of the unit */

	while (whole >= 1024) {
		rest = whole % 1024;
		whole /= 1024;
		unit++;
	}
	text_add_unsigned(text, whole);
	if (unit > 0 && whole < 100) {
		unsigned digits = whole < 10 ? 2 : 1;

		text_add_bytes(text, ".", 1);
		while (digits-- > 0) {
			rest *= 10;
			text_add_unsigned(text, rest / 1024);
			rest %= 1024;
		}
	}
	text_add(text, units[unit]);
}

size_t text_parse_unsigned(const char *string, size_t count, uint64_t *ret_number)
{
	uint64_t number = 0;
	size_t used = 0;

	while (used < count && string[used] >= '0' && string[used] <= '9') {
		unsigned digit = (unsigned)(string[used] - '0');

		if (number > (UINT64_MAX - digit) / 10)
			return 0;
		number = number * 10 + digit;
		used++;
	}
	if (used > 0)
		*ret_number = number;
	return used;
}
