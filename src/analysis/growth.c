#include "analysis/growth.h"

#include <math.h>
#include <string.h>

/* Bucket k of deaths_by_age ends at age 2^k. */
#define DEFERRED_BUCKETS 4
static_assert(
    1 << (DEFERRED_BUCKETS - 1) == GROWTH_DEFERRED_AGE_MAX, "buckets 0..3 hold ages 1..8");

/* Of the growth of the middle stretch: a stretch that grows less than a third of it stands
 * nearly still, one that grows more than three times as much holds a burst. */
#define STEADY_FACTOR 3
#define BURST_FACTOR  3

enum measure { IN_BLOCKS, IN_BYTES };

/* What is asked of one measure, computed once. */
struct stretches {
	size_t end[GROWTH_STRETCHES +
		   1]; /* points nearest to the beginnings and ends of the stretches */
	double length[GROWTH_STRETCHES]; /* iterations */
};

const char *growth_shape_name(enum growth_shape shape)
{
	switch (shape) {
	case GROWTH_TRANSIENT:
		return "transient";
	case GROWTH_ONE_OFF:
		return "one-off";
	case GROWTH_DEFERRED:
		return "deferred";
	case GROWTH_BOUNDED:
		return "bounded";
	case GROWTH_AMORTISED:
		return "amortised";
	case GROWTH_IRREGULAR:
		return "irregular";
	case GROWTH_LINEAR:
		return "linear";
	case GROWTH_UNKNOWN:
		break;
	}
	return "unknown";
}

static double value_at(const struct growth_evidence *evidence, size_t point, enum measure measure)
{
	const struct growth_point *row = &evidence->points[point];

	return (double)(measure == IN_BLOCKS ? row->blocks : row->bytes);
}

static double place_of(const struct growth_evidence *evidence, size_t point)
{
	return (double)evidence->points[point].iterations;
}

static struct growth finding(enum growth_shape shape, const char *reason)
{
	return (struct growth){.shape = shape, .benchmark = HEAP_NONE, .reason = reason};
}

/* --- stretches --- */

/* From POINT on: places ascend, so the distance falls and then rises. */
static size_t nearest_point(const struct growth_evidence *evidence, size_t point, double target)
{
	while (point + 1 < evidence->point_count && fabs(place_of(evidence, point + 1) - target) <
							fabs(place_of(evidence, point) - target))
		point++;
	return point;
}

static bool find_stretches(const struct growth_evidence *evidence, struct stretches *ret_stretches)
{
	double stretch = (double)evidence->counted / GROWTH_STRETCHES;

	if (evidence->point_count < GROWTH_STRETCHES + 1)
		return false;
	for (size_t i = 0; i <= GROWTH_STRETCHES; i++) {
		size_t point = nearest_point(
		    evidence, i != 0 ? ret_stretches->end[i - 1] : 0, stretch * (double)i);

		if (fabs(place_of(evidence, point) - stretch * (double)i) > stretch / 2)
			return false;
		if (i != 0 && point <= ret_stretches->end[i - 1])
			return false;
		ret_stretches->end[i] = point;
		if (i != 0)
			ret_stretches->length[i - 1] =
			    place_of(evidence, point) -
			    place_of(evidence, ret_stretches->end[i - 1]);
	}
	return true;
}

static double whole_growth(
    const struct growth_evidence *evidence, const struct stretches *stretches, enum measure measure)
{
	return value_at(evidence, stretches->end[GROWTH_STRETCHES], measure) -
	       value_at(evidence, stretches->end[0], measure);
}

static double growth_of_stretch(const struct growth_evidence *evidence,
    const struct stretches *stretches, size_t i, enum measure measure)
{
	return value_at(evidence, stretches->end[i + 1], measure) -
	       value_at(evidence, stretches->end[i], measure);
}

static double rate_of_stretch(const struct growth_evidence *evidence,
    const struct stretches *stretches, size_t i, enum measure measure)
{
	return growth_of_stretch(evidence, stretches, i, measure) / stretches->length[i];
}

/* The rate of the stretch in the middle when they are ordered by rate: no burst can move it. */
static double middle_rate(
    const struct growth_evidence *evidence, const struct stretches *stretches, enum measure measure)
{
	double sorted[GROWTH_STRETCHES];

	for (size_t i = 0; i < GROWTH_STRETCHES; i++) {
		double rate = rate_of_stretch(evidence, stretches, i, measure);
		size_t place = i;

		for (; place > 0 && sorted[place - 1] > rate; place--)
			sorted[place] = sorted[place - 1];
		sorted[place] = rate;
	}
	return sorted[GROWTH_STRETCHES / 2];
}

/* Growth per iteration without the stretches that hold a burst. */
static double steady_rate(
    const struct growth_evidence *evidence, const struct stretches *stretches, enum measure measure)
{
	double middle = middle_rate(evidence, stretches, measure);
	double growth = 0;
	double length = 0;

	for (size_t i = 0; i < GROWTH_STRETCHES; i++) {
		if (rate_of_stretch(evidence, stretches, i, measure) > BURST_FACTOR * middle)
			continue;
		growth += growth_of_stretch(evidence, stretches, i, measure);
		length += stretches->length[i];
	}
	return length > 0 ? growth / length : 0;
}

/* --- linear --- */

static bool every_stretch_grows(
    const struct growth_evidence *evidence, const struct stretches *stretches, enum measure measure)
{
	double middle = middle_rate(evidence, stretches, measure);

	for (size_t i = 0; i < GROWTH_STRETCHES; i++) {
		double rate = rate_of_stretch(evidence, stretches, i, measure);

		if (rate <= 0 || rate < middle / STEADY_FACTOR)
			return false;
	}
	return true;
}

/* The deepest fall from a height to any later point. */
static double deepest_fall(const struct growth_evidence *evidence, enum measure measure)
{
	double height = value_at(evidence, 0, measure);
	double deepest = 0;

	for (size_t point = 1; point < evidence->point_count; point++) {
		double value = value_at(evidence, point, measure);

		height = fmax(height, value);
		deepest = fmax(deepest, height - value);
	}
	return deepest;
}

/* What a stretch without a burst grows. */
static double middle_growth(
    const struct growth_evidence *evidence, const struct stretches *stretches, enum measure measure)
{
	return middle_rate(evidence, stretches, measure) * (double)evidence->counted /
	       GROWTH_STRETCHES;
}

static bool every_stretch_left_survivors(
    const struct growth_evidence *evidence, const struct stretches *stretches)
{
	for (size_t i = 0; i < GROWTH_STRETCHES; i++) {
		double growth = growth_of_stretch(evidence, stretches, i, IN_BLOCKS);

		if ((double)evidence->survivors[i] < growth / STEADY_FACTOR)
			return false;
	}
	return true;
}

static bool is_linear_in_blocks(
    const struct growth_evidence *evidence, const struct stretches *stretches)
{
	double stretch = middle_growth(evidence, stretches, IN_BLOCKS);

	if (!every_stretch_grows(evidence, stretches, IN_BLOCKS))
		return false;
	if (evidence->survivors_known)
		return every_stretch_left_survivors(evidence, stretches) &&
		       deepest_fall(evidence, IN_BLOCKS) <= stretch * GROWTH_STRETCHES / 2;
	return deepest_fall(evidence, IN_BLOCKS) <= stretch;
}

/* Bytes alone. Where blocks seem to grow, too, but their survivors deny it, the bytes are those
 * blocks'. */
static bool is_linear_in_bytes(
    const struct growth_evidence *evidence, const struct stretches *stretches)
{
	if (!every_stretch_grows(evidence, stretches, IN_BYTES))
		return false;
	if (every_stretch_grows(evidence, stretches, IN_BLOCKS) && evidence->survivors_known &&
	    !every_stretch_left_survivors(evidence, stretches))
		return false;
	return deepest_fall(evidence, IN_BYTES) <= middle_growth(evidence, stretches, IN_BYTES);
}

static struct growth linear_finding(
    const struct growth_evidence *evidence, const struct stretches *stretches, bool in_blocks)
{
	struct growth growth =
	    finding(GROWTH_LINEAR, in_blocks ? "births outlive deaths in each stretch"
					     : "bytes grow in each stretch, blocks don't");

	growth.linear_in_blocks = in_blocks;
	growth.linear_in_bytes = !in_blocks || is_linear_in_bytes(evidence, stretches);
	growth.blocks_per_iteration = in_blocks ? steady_rate(evidence, stretches, IN_BLOCKS) : 0;
	growth.bytes_per_iteration = steady_rate(evidence, stretches, IN_BYTES);
	return growth;
}

/* Without samples: deaths can't have outweighed births in a stretch that left more survivors
 * than ever died late. */
static struct growth judge_by_survivors(const struct growth_evidence *evidence)
{
	struct growth growth =
	    finding(GROWTH_LINEAR, "survivors of each stretch outnumber all later deaths");
	double sum = 0;
	double least = INFINITY;

	for (size_t i = 0; i < GROWTH_STRETCHES; i++) {
		double left = (double)evidence->survivors[i] - (double)evidence->later_frees;

		sum += (double)evidence->survivors[i];
		least = fmin(least, left);
	}
	if (!evidence->survivors_known || least <= 0 ||
	    least < sum / GROWTH_STRETCHES / STEADY_FACTOR)
		return finding(GROWTH_UNKNOWN, "too few samples");
	growth.linear_in_blocks = true;
	growth.blocks_per_iteration = sum / (double)evidence->counted;
	return growth;
}

/* --- amortised --- */

struct steps {
	size_t early, late; /* in the first quarter of the iterations, and after */
	double early_sum, late_sum, first, last;
	/* each step after the quarter at least as big as the one before it, less a tenth */
	bool late_ascend;
	bool all_proportional; /* each adds at least a quarter of what was there */
	bool falls;
};

static struct steps find_steps(const struct growth_evidence *evidence, enum measure measure)
{
	struct steps steps = {.late_ascend = true, .all_proportional = true};
	double quarter = (double)evidence->counted / 4;

	for (size_t point = 1; point < evidence->point_count; point++) {
		double before = value_at(evidence, point - 1, measure);
		double step = value_at(evidence, point, measure) - before;

		if (step < 0)
			steps.falls = true;
		if (step <= 0)
			continue;
		if (steps.early + steps.late == 0)
			steps.first = step;
		if (step < before / 4)
			steps.all_proportional = false;
		if (place_of(evidence, point) <= quarter) {
			steps.early++;
			steps.early_sum += step;
		} else {
			if (steps.late != 0 && step < 0.9 * steps.last)
				steps.late_ascend = false;
			steps.late++;
			steps.late_sum += step;
		}
		steps.last = step;
	}
	return steps;
}

static bool blocks_stay_the_same(const struct growth_evidence *evidence)
{
	for (size_t point = 1; point < evidence->point_count; point++) {
		if (evidence->points[point].blocks != evidence->points[0].blocks)
			return false;
	}
	return true;
}

static bool is_amortised(const struct growth_evidence *evidence, enum measure measure)
{
	struct steps steps = find_steps(evidence, measure);
	double counted = (double)evidence->counted;

	if (steps.falls || steps.late == 0 || steps.early + steps.late < 2 || !steps.late_ascend)
		return false;
	bool rarer =
	    (double)steps.late / (0.75 * counted) <= (double)steps.early / (0.25 * counted) * 2 / 3;
	bool bigger = steps.early != 0 && steps.late_sum / (double)steps.late >=
					      1.25 * steps.early_sum / (double)steps.early;

	if (rarer && bigger)
		return true;
	return measure == IN_BYTES && steps.all_proportional && steps.last > steps.first &&
	       blocks_stay_the_same(evidence);
}

/* --- at rest --- */

static uint64_t deaths_of_ages(const struct growth_evidence *evidence, size_t first, size_t end)
{
	uint64_t sum = 0;

	for (size_t bucket = first; bucket < end; bucket++)
		sum += evidence->deaths_by_age[bucket];
	return sum;
}

/* Blocks that were alive at the last point and may have been freed after it: teardown, not
 * churn. */
static uint64_t teardown_allowance(const struct growth_evidence *evidence)
{
	uint64_t last =
	    evidence->point_count != 0 ? evidence->points[evidence->point_count - 1].blocks : 0;

	return last > evidence->alive_at_cut ? last - evidence->alive_at_cut : 0;
}

static bool is_one_off(const struct growth_evidence *evidence)
{
	size_t settled = 0;

	while (settled + 1 < evidence->point_count &&
	       evidence->points[settled].iterations < GROWTH_FIRST_ROUNDS)
		settled++;
	for (size_t point = settled + 1; point < evidence->point_count; point++) {
		if (evidence->points[point].blocks != evidence->points[settled].blocks ||
		    evidence->points[point].bytes != evidence->points[settled].bytes)
			return false;
	}
	if (evidence->survivors_known && evidence->last_birth > GROWTH_FIRST_ROUNDS)
		return false;
	return deaths_of_ages(evidence, 0, SNAPSHOT_AGE_BUCKETS) <= teardown_allowance(evidence);
}

static bool has_new_height(const struct growth_evidence *evidence, enum measure measure)
{
	double border = (double)evidence->counted * 5 / GROWTH_STRETCHES;
	double low = INFINITY;
	double high = 0;
	double late = 0;

	for (size_t point = 0; point < evidence->point_count; point++) {
		double value = value_at(evidence, point, measure);

		if (place_of(evidence, point) <= border) {
			low = fmin(low, value);
			high = fmax(high, value);
		} else {
			late = fmax(late, value);
		}
	}
	return late > high + fmax((high - low) / 4, high / 50);
}

static struct growth judge_at_rest(const struct growth_evidence *evidence)
{
	uint64_t young = deaths_of_ages(evidence, 0, DEFERRED_BUCKETS);
	uint64_t old = deaths_of_ages(evidence, DEFERRED_BUCKETS, SNAPSHOT_AGE_BUCKETS);
	uint64_t teardown = teardown_allowance(evidence);
	bool blocks_rise = has_new_height(evidence, IN_BLOCKS);

	if (is_one_off(evidence))
		return finding(GROWTH_ONE_OFF, "born in setup or the first rounds alone");
	if (!blocks_rise && young + old > teardown && old <= teardown)
		return finding(GROWTH_DEFERRED, "freed at most 8 iterations later");
	if (!blocks_rise && !has_new_height(evidence, IN_BYTES))
		return finding(GROWTH_BOUNDED, "no new height in the last two stretches");
	return finding(GROWTH_IRREGULAR, "grew late, but not in each stretch");
}

static bool is_transient(const struct growth_evidence *evidence)
{
	for (size_t point = 0; point < evidence->point_count; point++) {
		if (evidence->points[point].blocks != 0 || evidence->points[point].bytes != 0)
			return false;
	}
	return evidence->alive_at_cut == 0 &&
	       deaths_of_ages(evidence, 0, SNAPSHOT_AGE_BUCKETS) == 0;
}

struct growth growth_judge_evidence(const struct growth_evidence *evidence)
{
	struct stretches stretches;
	struct growth growth;

	if (evidence->counted < GROWTH_ITERATIONS_MIN)
		return finding(GROWTH_UNKNOWN, "fewer than 14 counted iterations");
	if (is_transient(evidence) && evidence->later_frees == 0)
		return finding(GROWTH_TRANSIENT, "nothing outlives its iteration");
	if (!find_stretches(evidence, &stretches))
		return judge_by_survivors(evidence);
	if (is_transient(evidence))
		return finding(GROWTH_TRANSIENT, "nothing outlives its iteration");
	if (is_linear_in_blocks(evidence, &stretches))
		growth = linear_finding(evidence, &stretches, true);
	else if (is_linear_in_bytes(evidence, &stretches))
		growth = linear_finding(evidence, &stretches, false);
	else if (is_amortised(evidence, IN_BYTES) || is_amortised(evidence, IN_BLOCKS))
		growth = finding(GROWTH_AMORTISED, "ever rarer, ever bigger steps");
	else
		growth = judge_at_rest(evidence);
	growth.grown_bytes = (int64_t)whole_growth(evidence, &stretches, IN_BYTES);
	return growth;
}
