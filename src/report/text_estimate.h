/*
 * Numbers of sampled files for people and for JSON: ~1,800 +-120, where +- is the 95 % interval. MEAN is the mean
 * number of bytes between samples; with 0 the number is exact and looks as text_number.h has it.
 */
#ifndef REPORT_TEXT_ESTIMATE_H
#define REPORT_TEXT_ESTIMATE_H

#include "analysis/estimate.h"
#include "report/json_writer.h"
#include "report/text_number.h"

struct text_number text_estimate(uint64_t mean, uint64_t count, double variance);
struct text_number text_estimate_bytes(uint64_t mean, uint64_t bytes, double variance);
struct text_number text_estimate_signed_bytes(uint64_t mean, int64_t bytes, double variance);
/* VARIANCE of the rate itself. */
struct text_number text_estimate_rate(uint64_t mean, double rate, double variance);
struct text_number text_estimate_rate_bytes(uint64_t mean, double rate, double variance);
/* "~1,800 +-120 blocks" */
struct text_number text_estimate_plural(
    uint64_t mean, uint64_t count, double variance, const char *singular, const char *plural);

/* The sentence below a file's line: how often samples were taken, and what ~ and +- mean. */
void text_estimate_legend(const struct snapshot *snapshot, char *text, size_t bytes);

/* "KEY_error": half the 95 % interval, rounded up; nothing when exact. */
void json_estimate_error(struct json_writer *json, const char *key, uint64_t mean, double variance);
/* Variances of the numbers that are told of a whole file, or of an iteration. */
struct estimate_spreads {
	struct spread allocs, frees, temporary, live, retained;
	double peak_bytes;
};
/* The errors of all of them. */
void json_estimate_errors(
    struct json_writer *json, uint64_t mean, const struct estimate_spreads *spreads);
/* "sampled":{"mean_bytes":n,...}; nothing when exact. */
void json_sampled(struct json_writer *json, const struct snapshot *snapshot);

#endif
