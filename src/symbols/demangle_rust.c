/*
 * Rust's legacy mangling borrows the shape of a C++ nested name:
 *
 *   _ZN  4core  3ptr  42drop_in_place$LT$alloc..string..String$GT$  17h0123456789abcdef  E
 *        core:: ptr:: drop_in_place<alloc::string::String>          (hash: left out)
 */
#include <ctype.h>
#include <string.h>

#include "symbols/demangle.h"
#include "symbols/demangle_output.h"

#define HASH_LENGTH 17 /* h and 16 hex digits */

static bool is_hash(const char *segment, size_t length)
{
	if (length != HASH_LENGTH || segment[0] != 'h')
		return false;
	for (size_t i = 1; i < length; i++)
		if (!isxdigit((unsigned char)segment[i]))
			return false;
	return true;
}

/* $u7b$ -> {. Returns the bytes read, 0 when it is not one. */
static size_t put_code_point(struct demangle_output *output, const char *text, size_t length)
{
	uint32_t code_point = 0;
	size_t at = 2;

	for (; at < length && at < 8 && isxdigit((unsigned char)text[at]); at++) {
		const int digit = tolower((unsigned char)text[at]);

		code_point =
		    code_point * 16 + (uint32_t)(isdigit(digit) ? digit - '0' : digit - 'a' + 10);
	}
	if (at == 2 || at >= length || text[at] != '$' || code_point < 0x20 ||
	    !demangle_output_character(output, code_point))
		return 0;
	return at + 1;
}

/* An escape at TEXT. Returns the bytes read, 0 when it is none. */
static size_t put_escape(struct demangle_output *output, const char *text, size_t length)
{
	static const struct {
		const char *escape, *meaning;
	} escapes[] = {{"$SP$", "@"}, {"$BP$", "*"}, {"$RF$", "&"}, {"$LT$", "<"}, {"$GT$", ">"},
	    {"$LP$", "("}, {"$RP$", ")"}, {"$C$", ","}, {"..", "::"}};

	for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++) {
		size_t count = strlen(escapes[i].escape);

		if (count <= length && memcmp(text, escapes[i].escape, count) == 0) {
			demangle_output_text(output, escapes[i].meaning);
			return count;
		}
	}
	if (length > 2 && text[0] == '$' && text[1] == 'u')
		return put_code_point(output, text, length);
	return 0;
}

static void put_segment(struct demangle_output *output, const char *segment, size_t length)
{
	/* The underscore keeps the identifier from beginning with an escape. */
	if (length >= 2 && segment[0] == '_' && segment[1] == '$') {
		segment++;
		length--;
	}
	while (length > 0) {
		size_t count = put_escape(output, segment, length);

		if (count == 0) {
			demangle_output_bytes(output, segment, 1);
			count = 1;
		}
		segment += count;
		length -= count;
	}
}

/* The length in front of a segment; 0 when there is none or it reaches past END. */
static size_t read_length(const char **at, const char *end)
{
	size_t value = 0;

	while (*at < end && isdigit((unsigned char)**at)) {
		value = value * 10 + (size_t)(**at - '0');
		if (value > (size_t)(end - *at))
			return 0;
		(*at)++;
	}
	return value <= (size_t)(end - *at) ? value : 0;
}

char *demangle_rust_legacy(const char *name, size_t length)
{
	struct demangle_output output = {0};
	const char *at = name + 3, *end = name + length - 1;
	bool has_hash = false;

	/* The hash at the end is what tells it from C++. */
	if (length < 3 + 2 + 1 + HASH_LENGTH || strncmp(name, "_ZN", 3) != 0 || *end != 'E')
		return NULL;
	while (at < end && !has_hash) {
		size_t segment_length = read_length(&at, end);

		if (segment_length == 0)
			break;
		has_hash = at + segment_length == end && is_hash(at, segment_length);
		if (!has_hash) {
			if (output.length > 0)
				demangle_output_text(&output, "::");
			put_segment(&output, at, segment_length);
		}
		at += segment_length;
	}
	if (!has_hash || at != end)
		output.failed = true;
	return demangle_output_take(&output);
}
