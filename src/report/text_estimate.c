#include "report/text_estimate.h"

#include <inttypes.h>
#include <stdio.h>

/* VALUE, marked as an estimate; 0 is 0, for nothing was seen. */
static struct text_number marked(
    uint64_t mean, bool is_zero, struct text_number value, struct text_number error)
{
	struct text_number number;

	if (mean == 0 || is_zero)
		return value;
	(void)snprintf(number.text, sizeof number.text, "~%.30s +-%.30s", value.text, error.text);
	return number;
}

static uint64_t rounded_error(double variance)
{
	return (uint64_t)ceil(estimate_error(variance));
}

struct text_number text_estimate(uint64_t mean, uint64_t count, double variance)
{
	return marked(mean, count == 0, text_count(count), text_count(rounded_error(variance)));
}

struct text_number text_estimate_bytes(uint64_t mean, uint64_t bytes, double variance)
{
	return marked(mean, bytes == 0, text_bytes(bytes), text_bytes(rounded_error(variance)));
}

struct text_number text_estimate_signed_bytes(uint64_t mean, int64_t bytes, double variance)
{
	return marked(
	    mean, bytes == 0, text_signed_bytes(bytes), text_bytes(rounded_error(variance)));
}

struct text_number text_estimate_rate(uint64_t mean, double rate, double variance)
{
	return marked(mean, rate <= 0, text_rate(rate), text_rate(estimate_error(variance)));
}

struct text_number text_estimate_rate_bytes(uint64_t mean, double rate, double variance)
{
	return marked(
	    mean, rate <= 0, text_rate_bytes(rate), text_rate_bytes(estimate_error(variance)));
}

struct text_number text_estimate_plural(
    uint64_t mean, uint64_t count, double variance, const char *singular, const char *plural)
{
	struct text_number number;

	if (mean == 0)
		return text_plural(count, singular, plural);
	(void)snprintf(number.text, sizeof number.text, "%.60s %.16s",
	    text_estimate(mean, count, variance).text, count == 1 ? singular : plural);
	return number;
}

void text_estimate_legend(const struct snapshot *snapshot, char *text, size_t bytes)
{
	uint64_t mean = snapshot->run->sample_bytes;
	uint64_t samples = snapshot->sampling_count != 0 ? snapshot->sampling->sampled_allocs : 0;

	(void)snprintf(text, bytes,
	    "Sampled: one sample per %s on average, %s in all; numbers with ~ are estimates, +- is the 95 %% interval; "
	    "of what no sample met up to %s may be missing.",
	    text_bytes(mean).text, text_count(samples).text,
	    text_bytes((uint64_t)(ESTIMATE_UNSEEN * (double)mean)).text);
}

void json_estimate_error(struct json_writer *json, const char *key, uint64_t mean, double variance)
{
	char name[64];

	if (mean == 0)
		return;
	(void)snprintf(name, sizeof name, "%s_error", key);
	json_unsigned(json, name, rounded_error(variance));
}

void json_estimate_errors(
    struct json_writer *json, uint64_t mean, const struct estimate_spreads *spreads)
{
	json_estimate_error(json, "allocs", mean, spreads->allocs.blocks);
	json_estimate_error(json, "bytes", mean, spreads->allocs.bytes);
	json_estimate_error(json, "frees", mean, spreads->frees.blocks);
	json_estimate_error(json, "freed_bytes", mean, spreads->frees.bytes);
	json_estimate_error(json, "temporary", mean, spreads->temporary.blocks);
	json_estimate_error(json, "temporary_bytes", mean, spreads->temporary.bytes);
	json_estimate_error(json, "live_blocks", mean, spreads->live.blocks);
	json_estimate_error(json, "live_bytes", mean, spreads->live.bytes);
	json_estimate_error(json, "peak_bytes", mean, spreads->peak_bytes);
	json_estimate_error(json, "retained_blocks", mean, spreads->retained.blocks);
	json_estimate_error(json, "retained_bytes", mean, spreads->retained.bytes);
}

void json_sampled(struct json_writer *json, const struct snapshot *snapshot)
{
	if (estimate_mean(snapshot) == 0)
		return;
	json_begin_object(json, "sampled");
	json_unsigned(json, "mean_bytes", snapshot->run->sample_bytes);
	json_unsigned(json, "samples", snapshot->sampling->sampled_allocs);
	json_unsigned(json, "exact_allocs", snapshot->sampling->allocs);
	json_unsigned(json, "exact_bytes", snapshot->sampling->bytes);
	json_unsigned(json, "exact_frees", snapshot->sampling->frees);
	json_end(json);
}
