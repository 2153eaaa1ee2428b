/* One snapshot in a few words: the "file" object of JSON, and lines of text. */
#ifndef REPORT_REPORT_FILE_H
#define REPORT_REPORT_FILE_H

#include "report/json_writer.h"
#include "report/text_table.h"
#include "snapshot/snapshot_reader.h"

#define REPORT_TIME_BYTES 32

/* "exit", "last", "iteration=100", ...: the moment of the cut. */
const char *report_trigger(const struct snapshot *snapshot);
/* 2026-11-21T09:30:00Z; "" for 0. */
void report_time(uint64_t unix_ns, char text[REPORT_TIME_BYTES]);
/* 32 hexadecimal digits. */
void report_run_id(const uint8_t run_id[16], char text[33]);
void report_file_json(struct json_writer *json, const char *key, const struct snapshot *snapshot);
/* "x.snap: bench (pid 12), at exit, 5 iterations ended" */
void report_file_line(
    FILE *out, const struct text_style *style, const char *label, const struct snapshot *snapshot);
/* What was lost while recording, in plain words, a line each; nothing when all is well. */
void report_losses(FILE *out, const struct text_style *style, const struct snapshot *snapshot);
/* The rows of struct snapshot_losses, for JSON and for tests: name, value, and what it means. */
struct report_loss {
	const char *name;
	uint64_t count;
	const char *meaning;
	bool is_loss; /* false: information only */
};
#define REPORT_LOSS_COUNT 14
void report_losses_of(
    const struct snapshot *snapshot, struct report_loss ret_losses[REPORT_LOSS_COUNT]);

#endif
