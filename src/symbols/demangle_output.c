#include "symbols/demangle_output.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "symbols/demangle.h"

void demangle_output_bytes(struct demangle_output *output, const char *bytes, size_t count)
{
	if (output->failed)
		return;
	if (count > DEMANGLE_BYTES_MAX - output->length) {
		output->failed = true;
		return;
	}
	if (output->length + count + 1 > output->capacity) {
		size_t capacity = (output->length + count + 1) * 2;
		char *text = realloc(output->text, capacity);

		if (text == NULL) {
			output->failed = true;
			return;
		}
		output->text = text;
		output->capacity = capacity;
	}
	memcpy(output->text + output->length, bytes, count);
	output->length += count;
}

void demangle_output_text(struct demangle_output *output, const char *text)
{
	demangle_output_bytes(output, text, strlen(text));
}

void demangle_output_number(struct demangle_output *output, uint64_t number)
{
	char digits[24];

	(void)snprintf(digits, sizeof digits, "%" PRIu64, number);
	demangle_output_text(output, digits);
}

bool demangle_output_character(struct demangle_output *output, uint32_t code_point)
{
	char bytes[4];
	size_t count;

	if (code_point > 0x10ffff || (code_point >= 0xd800 && code_point < 0xe000))
		return false;
	if (code_point < 0x80) {
		bytes[0] = (char)code_point;
		count = 1;
	} else if (code_point < 0x800) {
		bytes[0] = (char)(0xc0 | (code_point >> 6));
		count = 2;
	} else if (code_point < 0x10000) {
		bytes[0] = (char)(0xe0 | (code_point >> 12));
		count = 3;
	} else {
		bytes[0] = (char)(0xf0 | (code_point >> 18));
		count = 4;
	}
	for (size_t i = 1; i < count; i++)
		bytes[i] = (char)(0x80 | ((code_point >> (6 * (count - 1 - i))) & 0x3f));
	demangle_output_bytes(output, bytes, count);
	return true;
}

char *demangle_output_take(struct demangle_output *output)
{
	char *text = output->text;

	if (!output->failed && text != NULL)
		text[output->length] = '\0';
	if (output->failed) {
		free(text);
		text = NULL;
	}
	*output = (struct demangle_output){0};
	return text;
}
