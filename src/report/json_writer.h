/*
 * JSON as a stream: commas, nesting and escapes are kept here, so that a report cannot write anything
 * that does not parse. Text that is not UTF-8 (paths, names) becomes U+FFFD where it is wrong.
 *
 * Errors are sticky in the FILE; json_end_document returns them. Members have a key, elements pass NULL.
 */
#ifndef REPORT_JSON_WRITER_H
#define REPORT_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define JSON_DEPTH_MAX 16384 /* a tree of calls takes two levels a frame */

struct json_writer {
	FILE *out;
	int depth;
	bool wants_line;
	bool has_member[JSON_DEPTH_MAX];
	char closer[JSON_DEPTH_MAX];
};

/* Start a document: opens its outermost object. */
void json_begin_document(struct json_writer *json, FILE *out);
/* Close it. Returns 0, or STATUS_IO when writing failed anywhere. */
int json_end_document(struct json_writer *json);

void json_begin_object(struct json_writer *json, const char *key);
void json_begin_array(struct json_writer *json, const char *key);
void json_end(struct json_writer *json); /* the innermost object or array */
/* The next member, element or end begins a new line: for files that people compare. */
void json_line(struct json_writer *json);

void json_text(struct json_writer *json, const char *key, const char *text);
/* null when TEXT is NULL or empty */
void json_text_or_null(struct json_writer *json, const char *key, const char *text);
void json_unsigned(struct json_writer *json, const char *key, uint64_t value);
void json_signed(struct json_writer *json, const char *key, int64_t value);
/* Shortest form that reads back as the same double; null when it is not a number. */
void json_double(struct json_writer *json, const char *key, double value);
void json_bool(struct json_writer *json, const char *key, bool value);
void json_null(struct json_writer *json, const char *key);

#endif
