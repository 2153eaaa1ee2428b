#include "report/json_writer.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "report/utf8.h"

static void put_escaped(FILE *out, unsigned char byte)
{
	static const char plain[] = "\"\\\b\f\n\r\t";
	static const char letters[] = "\"\\bfnrt";
	const char *found = byte != '\0' ? strchr(plain, byte) : NULL;

	if (found != NULL)
		fprintf(out, "\\%c", letters[found - plain]);
	else
		fprintf(out, "\\u%04x", byte);
}

static void put_string(FILE *out, const char *text)
{
	uint32_t point = 0;

	putc('"', out);
	while (*text != '\0') {
		int length = utf8_decode(text, &point);

		if (length == 0) {
			fputs("\\ufffd", out);
			text++;
			continue;
		}
		if (point < 0x20 || point == '"' || point == '\\' || point == 0x7f)
			put_escaped(out, (unsigned char)point);
		else
			fwrite(text, 1, (size_t)length, out);
		text += length;
	}
	putc('"', out);
}

static void begin_line(struct json_writer *json)
{
	if (json->wants_line)
		putc('\n', json->out);
	json->wants_line = false;
}

void json_line(struct json_writer *json)
{
	json->wants_line = true;
}

static void begin_value(struct json_writer *json, const char *key)
{
	if (json->has_member[json->depth])
		putc(',', json->out);
	begin_line(json);
	json->has_member[json->depth] = true;
	assert((key != NULL) == (json->closer[json->depth] == '}'));
	if (key != NULL) {
		put_string(json->out, key);
		putc(':', json->out);
	}
}

static void push(struct json_writer *json, char opener, char closer)
{
	assert(json->depth + 1 < JSON_DEPTH_MAX);
	putc(opener, json->out);
	json->depth++;
	json->has_member[json->depth] = false;
	json->closer[json->depth] = closer;
}

void json_begin_document(struct json_writer *json, FILE *out)
{
	*json = (struct json_writer){.out = out};
	push(json, '{', '}');
}

int json_end_document(struct json_writer *json)
{
	assert(json->depth == 1);
	json_end(json);
	putc('\n', json->out);
	return fflush(json->out) == 0 && !ferror(json->out) ? 0 : STATUS_IO;
}

void json_begin_object(struct json_writer *json, const char *key)
{
	begin_value(json, key);
	push(json, '{', '}');
}

void json_begin_array(struct json_writer *json, const char *key)
{
	begin_value(json, key);
	push(json, '[', ']');
}

void json_end(struct json_writer *json)
{
	assert(json->depth > 0);
	begin_line(json);
	putc(json->closer[json->depth], json->out);
	json->depth--;
}

void json_text(struct json_writer *json, const char *key, const char *text)
{
	begin_value(json, key);
	put_string(json->out, text);
}

void json_text_or_null(struct json_writer *json, const char *key, const char *text)
{
	if (text == NULL || text[0] == '\0')
		json_null(json, key);
	else
		json_text(json, key, text);
}

void json_unsigned(struct json_writer *json, const char *key, uint64_t value)
{
	begin_value(json, key);
	fprintf(json->out, "%" PRIu64, value);
}

void json_signed(struct json_writer *json, const char *key, int64_t value)
{
	begin_value(json, key);
	fprintf(json->out, "%" PRId64, value);
}

void json_double(struct json_writer *json, const char *key, double value)
{
	char text[32];

	if (!isfinite(value)) {
		json_null(json, key);
		return;
	}
	begin_value(json, key);
	for (int digits = 6; digits <= 17; digits++) {
		(void)snprintf(text, sizeof text, "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	fputs(text, json->out);
}

void json_bool(struct json_writer *json, const char *key, bool value)
{
	begin_value(json, key);
	fputs(value ? "true" : "false", json->out);
}

void json_null(struct json_writer *json, const char *key)
{
	begin_value(json, key);
	fputs("null", json->out);
}
