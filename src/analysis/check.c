#include "analysis/check.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a check looks at: one file, or AFTER of a diff. */
struct check_subject {
	const struct grouping *grouping;
	const struct group_input *input; /* the file whose blocks are counted */
	uint32_t first_generation;	 /* iterations before it are not looked at */
	struct diff_row *rows;		 /* by row; retained_* and grown_bytes are what counts */
	size_t row_count;
	uint64_t counted; /* iterations: ended and not warm-up */
	uint64_t mean;	  /* bytes between samples; 0 exact */
	bool accept_estimates;
};

static const struct {
	const char *name;
	bool in_blocks;
} rules[CHECK_RULE_COUNT] = {
    [CHECK_MAX_RETAINED_BYTES] = {"max-retained", false},
    [CHECK_MAX_RETAINED_BLOCKS] = {"max-retained", true},
    [CHECK_MAX_PER_ITERATION_BYTES] = {"max-per-iteration", false},
    [CHECK_MAX_PER_ITERATION_BLOCKS] = {"max-per-iteration", true},
    [CHECK_MAX_ALLOCS_PER_ITERATION] = {"max-allocs-per-iteration", true},
    [CHECK_MAX_BYTES_PER_ITERATION] = {"max-bytes-per-iteration", false},
    [CHECK_NO_GROWTH] = {"no-growth", true},
    [CHECK_MAX_LEAKED_BYTES] = {"max-leaked", false},
    [CHECK_MAX_LEAKED_BLOCKS] = {"max-leaked", true},
    [CHECK_BASELINE] = {"baseline", true},
};

const char *check_rule_name(enum check_rule rule)
{
	return rules[rule].name;
}

bool check_rule_find(const char *name, bool in_blocks, enum check_rule *ret_rule)
{
	bool found = false;

	for (enum check_rule rule = 0; rule < CHECK_RULE_COUNT; rule++) {
		if (strcmp(rules[rule].name, name) != 0 ||
		    (found && rules[rule].in_blocks != in_blocks))
			continue;
		*ret_rule = rule;
		found = true;
	}
	return found;
}

/* --- estimates --- */

/* Half the 95 % interval of one number, or of the largest of COUNT: the expected excess of the largest of so many
 * draws comes on top. */
static uint64_t error_of(double variance, uint64_t count)
{
	double deviations = ESTIMATE_DEVIATIONS + (count > 1 ? sqrt(2 * log((double)count)) : 0);

	return (uint64_t)ceil(deviations * sqrt(variance));
}

/* Is ACTUAL above LIMIT? When a sample leaves it open RESULT says so. */
static bool is_broken(const struct check_subject *subject, enum check_rule rule, uint64_t limit,
    uint64_t actual, uint64_t error, struct check_result *result)
{
	uint64_t unseen = (uint64_t)ceil(ESTIMATE_UNSEEN * (double)subject->mean);

	/* one block that was seen is more than none */
	if (actual > limit && (actual - limit > error || limit == 0))
		return true;
	if (subject->mean != 0 && !subject->accept_estimates && result->unseen == NULL &&
	    (actual + error > limit || unseen > limit)) {
		(void)snprintf(result->unseen_text, sizeof(result->unseen_text),
		    "the file is sampled and cannot tell: %s is %" PRIu64 " +-%" PRIu64
		    ", the limit %" PRIu64 "; up to %" PRIu64
		    " bytes may be there unseen (--accept-estimates lets it pass)",
		    rules[rule].name, actual, error, limit, unseen);
		result->unseen = result->unseen_text;
	}
	return false;
}

/* --- findings --- */

static int add_finding(struct check_result *result, enum check_rule rule, uint64_t limit,
    uint64_t actual, uint64_t error, uint32_t iteration)
{
	struct check_finding *findings =
	    realloc(result->findings, (result->finding_count + 1) * sizeof(*findings));

	if (findings == NULL)
		return STATUS_NO_MEMORY;
	result->findings = findings;
	findings[result->finding_count++] = (struct check_finding){
	    .rule = rule,
	    .limit = limit,
	    .actual = actual,
	    .error = error,
	    .first_row = result->row_count,
	    .iteration = iteration,
	};
	return STATUS_OK;
}

static uint64_t weight(const struct diff_row *row, bool in_blocks)
{
	if (in_blocks)
		return row->retained_blocks;
	return row->retained_bytes + (row->grown_bytes > 0 ? (uint64_t)row->grown_bytes : 0);
}

static uint64_t leaked_weight(const struct diff_row *row, bool in_blocks)
{
	return in_blocks ? row->hold.leaked_blocks : row->hold.leaked_bytes;
}

static bool is_leak_rule(enum check_rule rule)
{
	return rule == CHECK_MAX_LEAKED_BYTES || rule == CHECK_MAX_LEAKED_BLOCKS;
}

static uint64_t weight_by_rule(const struct diff_row *row, enum check_rule rule)
{
	bool in_blocks = rules[rule].in_blocks && rule != CHECK_NO_GROWTH && rule != CHECK_BASELINE;

	return is_leak_rule(rule) ? leaked_weight(row, in_blocks) : weight(row, in_blocks);
}

static int compare_weights(const void *a, const void *b, void *context)
{
	const enum check_rule *rule = context;
	const struct diff_row *left = a;
	const struct diff_row *right = b;
	uint64_t left_weight = weight_by_rule(left, *rule);
	uint64_t right_weight = weight_by_rule(right, *rule);

	if (left_weight != right_weight)
		return left_weight < right_weight ? 1 : -1;
	if (left->after_bytes != right->after_bytes)
		return left->after_bytes < right->after_bytes ? 1 : -1;
	return left->key < right->key ? -1 : left->key > right->key;
}

static bool has_weight(const struct diff_row *row, bool in_blocks)
{
	return weight(row, in_blocks) != 0;
}

static bool has_any(const struct diff_row *row, bool unused)
{
	(void)row;
	(void)unused;
	return true;
}

static bool is_leaked(const struct diff_row *row, bool in_blocks)
{
	return leaked_weight(row, in_blocks) != 0;
}

static double weight_variance(const struct diff_row *row, bool in_blocks)
{
	return in_blocks ? row->retained_spread.blocks
			 : row->retained_spread.bytes + row->grown_variance;
}

static bool grows(const struct diff_row *row, bool unused)
{
	double error = estimate_error(weight_variance(row, false));

	(void)unused;
	return row->growth.shape == GROWTH_LINEAR &&
	       (error <= 0 || (double)weight(row, false) > error);
}

/* The last finding gets those of ROWS that SELECTS chooses, heaviest first. */
static int add_rows(struct check_result *result, const struct diff_row *rows, size_t row_count,
    bool (*selects)(const struct diff_row *row, bool in_blocks), bool in_blocks)
{
	struct check_finding *finding = &result->findings[result->finding_count - 1];
	size_t count = 0;

	for (size_t row = 0; row < row_count; row++)
		count += selects(&rows[row], in_blocks);
	if (count == 0)
		return STATUS_OK;
	struct diff_row *all = realloc(result->rows, (result->row_count + count) * sizeof(*all));

	if (all == NULL)
		return STATUS_NO_MEMORY;
	result->rows = all;
	for (size_t row = 0; row < row_count; row++) {
		if (selects(&rows[row], in_blocks))
			all[result->row_count++] = rows[row];
	}
	finding->row_count = count;
	qsort_r(all + finding->first_row, count, sizeof(*all), compare_weights, &finding->rule);
	return STATUS_OK;
}

/* --- rules over rows --- */

static int check_retained(const struct check_subject *subject, const struct check_limits *limits,
    enum check_rule rule, struct check_result *result)
{
	bool in_blocks = rules[rule].in_blocks;
	uint64_t actual = 0;
	double variance = 0;

	for (size_t row = 0; row < subject->row_count; row++) {
		actual += weight(&subject->rows[row], in_blocks);
		variance += weight_variance(&subject->rows[row], in_blocks);
	}
	uint64_t error = error_of(variance, 1);

	if (!is_broken(subject, rule, limits->limit[rule], actual, error, result))
		return STATUS_OK;
	int status = add_finding(result, rule, limits->limit[rule], actual, error, HEAP_NONE);

	return status != STATUS_OK
		   ? status
		   : add_rows(result, subject->rows, subject->row_count, has_weight, in_blocks);
}

static int check_growth(const struct check_subject *subject, struct check_result *result)
{
	uint64_t growing = 0;

	for (size_t row = 0; row < subject->row_count; row++) {
		const struct diff_row *entry = &subject->rows[row];

		growing += grows(entry, false);
		result->unjudged_rows +=
		    entry->growth.shape == GROWTH_UNKNOWN && has_weight(entry, false);
	}
	if (growing == 0 && subject->mean != 0 && !subject->accept_estimates &&
	    result->unseen == NULL)
		result->unseen = "the file is sampled: growth that no sample met cannot be seen "
				 "(--accept-estimates lets it pass)";
	if (growing == 0)
		return STATUS_OK;
	int status = add_finding(result, CHECK_NO_GROWTH, 0, growing, 0, HEAP_NONE);

	return status != STATUS_OK
		   ? status
		   : add_rows(result, subject->rows, subject->row_count, grows, false);
}

static int check_leaked(const struct check_subject *subject, const struct check_limits *limits,
    enum check_rule rule, struct check_result *result)
{
	bool in_blocks = rules[rule].in_blocks;
	uint64_t actual = 0;

	for (size_t row = 0; row < subject->row_count; row++)
		actual += leaked_weight(&subject->rows[row], in_blocks);
	if (actual <= limits->limit[rule])
		return STATUS_OK;
	int status = add_finding(result, rule, limits->limit[rule], actual, 0, HEAP_NONE);

	return status != STATUS_OK
		   ? status
		   : add_rows(result, subject->rows, subject->row_count, is_leaked, in_blocks);
}

/* Rows that are more than they were; the caller knows what they were. */
static int check_baseline(const struct check_subject *subject, const struct check_limits *limits,
    struct check_result *result)
{
	uint8_t *more = calloc(subject->row_count + 1, 1);
	struct diff_row *rows = malloc((subject->row_count + 1) * sizeof(*rows));
	size_t count = 0;
	int status = more == NULL || rows == NULL
			 ? STATUS_NO_MEMORY
			 : limits->compare(limits->compare_context, subject->grouping,
			       subject->rows, subject->row_count, more);

	for (size_t row = 0; status == STATUS_OK && row < subject->row_count; row++)
		if (more[row] != 0)
			rows[count++] = subject->rows[row];
	if (status == STATUS_OK && count != 0)
		status = add_finding(result, CHECK_BASELINE, 0, count, 0, HEAP_NONE);
	if (status == STATUS_OK && count != 0)
		status = add_rows(result, rows, count, has_any, false);
	free(more);
	free(rows);
	return status;
}

/* --- rules over iterations --- */

static bool is_looked_at(
    const struct check_subject *subject, const struct snapshot_iteration *iteration)
{
	return iteration->phase == SNAPSHOT_PHASE_COUNTED && (iteration->flags & 1) == 0 &&
	       iteration->last_generation >= subject->first_generation;
}

/* Allocations: rows say them themselves, merged ones the highest of one iteration. */
static int check_allocs(const struct check_subject *subject, const struct check_limits *limits,
    enum check_rule rule, struct check_result *result)
{
	const struct snapshot *snapshot = subject->input->heap->snapshot;
	struct spread spread = estimate_allocs(snapshot);
	const struct snapshot_totals *totals = &snapshot->run->totals;
	uint64_t highest = 0;
	uint64_t error = 0;
	uint32_t where = HEAP_NONE;

	for (uint32_t row = 0; row < snapshot->iteration_count; row++) {
		const struct snapshot_iteration *iteration = &snapshot->iterations[row];
		bool allocs = rule == CHECK_MAX_ALLOCS_PER_ITERATION;
		uint64_t whole = allocs ? iteration->allocs : iteration->bytes;
		uint64_t maximum = allocs ? iteration->maximum_allocs : iteration->maximum_bytes;
		uint64_t value = iteration->count > 1 ? maximum : whole;

		if (is_looked_at(subject, iteration) && value > highest) {
			highest = value;
			where = row;
		}
	}
	error = error_of(rule == CHECK_MAX_ALLOCS_PER_ITERATION
			     ? estimate_like(highest, totals->allocs, spread.blocks)
			     : estimate_like(highest, totals->bytes, spread.bytes),
	    subject->counted);
	return is_broken(subject, rule, limits->limit[rule], highest, error, result)
		   ? add_finding(result, rule, limits->limit[rule], highest, error, where)
		   : STATUS_OK;
}

/* Blocks of a generation that count for the subject; its number in *RET_GENERATION. */
static bool block_counts(
    const struct check_subject *subject, size_t block, uint32_t *ret_generation)
{
	const struct heap *heap = subject->input->heap;
	uint32_t born = heap_born_of_block(heap, block).first_generation;
	const struct snapshot_block_extra *extra = NULL;

	if (born < subject->first_generation ||
	    heap_birth_of_generation(heap, born) != HEAP_BIRTH_COUNTED ||
	    !heap_filter_passes(heap, subject->input->filter, block))
		return false;
	if (heap->snapshot->extra_count != 0)
		extra = heap_extra_of_block(heap, block);
	*ret_generation = born;
	return extra == NULL || (extra->flags & SNAPSHOT_BLOCK_IGNORED) == 0;
}

/* Rows of the blocks that were born in generation WORST. */
static int add_rows_of_generation(const struct check_subject *subject, uint32_t worst,
    bool in_blocks, struct check_result *result)
{
	const struct grouping *grouping = subject->grouping;
	const struct snapshot *snapshot = subject->input->heap->snapshot;
	size_t side = grouping->input_count - 1;
	struct diff_row *rows = calloc(grouping->key_count + 1, sizeof(*rows));

	if (rows == NULL)
		return STATUS_NO_MEMORY;
	for (uint32_t key = 0; key < grouping->key_count; key++) {
		rows[key].key = key;
		rows[key].growth = (struct growth){.benchmark = HEAP_NONE, .reason = "not judged"};
	}
	for (size_t row = 0; row < subject->row_count; row++)
		rows[subject->rows[row].key].growth = subject->rows[row].growth;
	for (size_t block = 0; block < snapshot->block_count; block++) {
		uint32_t generation;

		if (!block_counts(subject, block, &generation) || generation != worst)
			continue;
		struct diff_row *row = &rows[grouping_key_of_block(grouping, side, block)];

		uint32_t weight = snapshot_block_weight(snapshot, block);
		uint64_t bytes = weight * snapshot->block_size[block];

		row->born_blocks = row->retained_blocks += weight;
		row->born_bytes = row->retained_bytes += bytes;
		row->after_blocks += weight;
		row->after_bytes += bytes;
		spread_add_block(&row->retained_spread, weight, snapshot->block_size[block]);
		row->blocks_per_iteration = (double)row->born_blocks;
		row->bytes_per_iteration = (double)row->born_bytes;
		if (subject->input->reach != NULL)
			hold_add(&row->hold, subject->input->reach, (uint32_t)block);
	}
	for (size_t key = 0; key < grouping->key_count; key++)
		hold_judge(&rows[key].hold, rows[key].growth.shape);
	int status = add_rows(result, rows, grouping->key_count, has_weight, in_blocks);

	free(rows);
	return status;
}

struct generation_sum {
	uint32_t generation;
	uint64_t amount;
	struct spread spread;
};

static int compare_generations(const void *a, const void *b)
{
	const struct generation_sum *left = a;
	const struct generation_sum *right = b;

	return left->generation < right->generation ? -1 : left->generation > right->generation;
}

/* The generation that most is retained from. Sums are kept per run of equal births, which keeps
 * the list short: neighbours in the heap are often of one age. */
static int find_worst_generation(
    const struct check_subject *subject, bool in_blocks, struct generation_sum *ret_worst)
{
	const struct snapshot *snapshot = subject->input->heap->snapshot;
	struct generation_sum *sums = malloc((snapshot->block_count + 1) * sizeof(*sums));
	size_t count = 0;

	if (sums == NULL)
		return STATUS_NO_MEMORY;
	for (size_t block = 0; block < snapshot->block_count; block++) {
		uint32_t generation;

		if (!block_counts(subject, block, &generation))
			continue;
		if (count == 0 || sums[count - 1].generation != generation)
			sums[count++] = (struct generation_sum){.generation = generation};
		uint32_t weight = snapshot_block_weight(snapshot, block);

		sums[count - 1].amount += in_blocks ? weight : weight * snapshot->block_size[block];
		spread_add_block(&sums[count - 1].spread, weight, snapshot->block_size[block]);
	}
	qsort(sums, count, sizeof(*sums), compare_generations);
	*ret_worst = (struct generation_sum){0};
	for (size_t i = 0; i < count;) {
		struct generation_sum sum = sums[i++];

		while (i < count && sums[i].generation == sum.generation) {
			sum.amount += sums[i].amount;
			spread_add(&sum.spread, &sums[i++].spread);
		}
		if (sum.amount > ret_worst->amount)
			*ret_worst = sum;
	}
	free(sums);
	return STATUS_OK;
}

static int check_per_iteration(const struct check_subject *subject,
    const struct check_limits *limits, enum check_rule rule, struct check_result *result)
{
	bool in_blocks = rules[rule].in_blocks;
	struct generation_sum worst;
	int status = find_worst_generation(subject, in_blocks, &worst);

	if (status != STATUS_OK)
		return status;
	uint64_t error =
	    error_of(in_blocks ? worst.spread.blocks : worst.spread.bytes, subject->counted);

	if (!is_broken(subject, rule, limits->limit[rule], worst.amount, error, result))
		return STATUS_OK;
	status = add_finding(result, rule, limits->limit[rule], worst.amount, error,
	    heap_iteration_of_generation(subject->input->heap, worst.generation));
	return status != STATUS_OK
		   ? status
		   : add_rows_of_generation(subject, worst.generation, in_blocks, result);
}

/* --- the whole --- */

/* Why RULE can't be judged, or NULL. */
static const char *unseen_by(
    const struct check_subject *subject, enum check_rule rule, bool counts_everything)
{
	const struct snapshot *snapshot = subject->input->heap->snapshot;
	bool retained = rule == CHECK_MAX_RETAINED_BYTES || rule == CHECK_MAX_RETAINED_BLOCKS ||
			rule == CHECK_BASELINE;

	if (is_leak_rule(rule)) {
		const char *unseen = hold_unseen(snapshot);

		return unseen == NULL && subject->input->reach == NULL
			   ? "nobody asked who holds the blocks"
			   : unseen;
	}
	if (retained && counts_everything)
		return NULL;
	if (snapshot->run->iterations_ended == 0)
		return "no iterations recorded";
	if (snapshot->run->iterations_counted == 0)
		return "no counted iteration ended: all were warm-up";
	if (rule == CHECK_NO_GROWTH && subject->counted < GROWTH_ITERATIONS_MIN)
		return "fewer than 14 counted iterations: growth can't be judged";
	return NULL;
}

static int check_rule(const struct check_subject *subject, const struct check_limits *limits,
    enum check_rule rule, struct check_result *result)
{
	switch (rule) {
	case CHECK_MAX_RETAINED_BYTES:
	case CHECK_MAX_RETAINED_BLOCKS:
		return check_retained(subject, limits, rule, result);
	case CHECK_MAX_PER_ITERATION_BYTES:
	case CHECK_MAX_PER_ITERATION_BLOCKS:
		return check_per_iteration(subject, limits, rule, result);
	case CHECK_MAX_ALLOCS_PER_ITERATION:
	case CHECK_MAX_BYTES_PER_ITERATION:
		return check_allocs(subject, limits, rule, result);
	case CHECK_NO_GROWTH:
		return check_growth(subject, result);
	case CHECK_MAX_LEAKED_BYTES:
	case CHECK_MAX_LEAKED_BLOCKS:
		return check_leaked(subject, limits, rule, result);
	case CHECK_BASELINE:
		return check_baseline(subject, limits, result);
	case CHECK_RULE_COUNT:
		break;
	}
	return STATUS_BAD_ARGUMENT;
}

static int check_subject(const struct check_subject *subject, const struct check_limits *limits,
    bool counts_everything, struct check_result **ret_result)
{
	struct check_result *result = calloc(1, sizeof(*result));
	int status = STATUS_OK;

	if (result == NULL)
		return STATUS_NO_MEMORY;
	result->counted_everything = counts_everything;
	for (enum check_rule rule = 0; rule < CHECK_RULE_COUNT && status == STATUS_OK; rule++) {
		if (!limits->set[rule])
			continue;
		const char *unseen = unseen_by(subject, rule, counts_everything);

		if (unseen == NULL)
			status = check_rule(subject, limits, rule, result);
		else if (result->unseen == NULL)
			result->unseen = unseen;
	}
	if (status != STATUS_OK) {
		check_result_close(result);
		return status;
	}
	result->outcome = result->finding_count != 0 ? CHECK_FINDINGS
			  : result->unseen != NULL   ? CHECK_NO_ITERATIONS
						     : CHECK_CLEAN;
	*ret_result = result;
	return STATUS_OK;
}

/* Bytes that a buffer gained by realloc while iterations ran: it was born earlier, so they aren't among the
 * retained; the samples tell them where blocks stay and bytes grow. No more than what is alive. */
static int64_t grown_of_file(const struct group_row *row)
{
	const struct growth *growth = &row->growth;
	bool by_size = growth->shape == GROWTH_AMORTISED ||
		       (growth->shape == GROWTH_LINEAR && !growth->linear_in_blocks);
	int64_t alive = (int64_t)row->inuse_space;
	int64_t grown = growth->grown_bytes < alive ? growth->grown_bytes : alive;

	grown -= (int64_t)row->retained_space;
	return by_size && grown > 0 ? grown : 0;
}

/* A row of one file in the shape of a diff's. */
static struct diff_row row_of_file(const struct group_row *row, uint64_t counted)
{
	struct diff_row result = {
	    .key = row->key,
	    .after_blocks = row->inuse_objects,
	    .after_bytes = row->inuse_space,
	    .born_blocks = row->retained_objects,
	    .born_bytes = row->retained_space,
	    .retained_blocks = row->retained_objects,
	    .retained_bytes = row->retained_space,
	    .retained_spread = row->retained_spread,
	    .grown_bytes = grown_of_file(row),
	    .growth = row->growth,
	    .hold = row->hold,
	};

	if (result.grown_bytes > 0)
		result.grown_variance = estimate_like(
		    (uint64_t)result.grown_bytes, row->alloc_space, row->alloc_spread.bytes);
	if (counted != 0) {
		result.blocks_per_iteration = (double)result.born_blocks / (double)counted;
		result.bytes_per_iteration = (double)result.born_bytes / (double)counted;
	}
	return result;
}

int check_file(const struct grouping *grouping, const struct check_limits *limits,
    struct check_result **ret_result)
{
	struct group_table *table;
	const struct group_input *input = &grouping->inputs[grouping->input_count - 1];
	int status = group_table_open(grouping, GROUP_SORT_RETAINED, true, &table);

	if (status != STATUS_OK)
		return status;
	struct check_subject subject = {
	    .grouping = grouping,
	    .input = input,
	    .first_generation = 1,
	    .rows = calloc(table->row_count + 1, sizeof(*subject.rows)),
	    .row_count = table->row_count,
	    .counted = heap_iterations_counted(input->heap),
	    .mean = estimate_mean(input->heap->snapshot),
	    .accept_estimates = limits->accept_estimates,
	};

	if (subject.rows != NULL) {
		for (size_t row = 0; row < table->row_count; row++)
			subject.rows[row] = row_of_file(&table->rows[row], subject.counted);
		status = check_subject(&subject, limits, false, ret_result);
	} else {
		status = STATUS_NO_MEMORY;
	}
	free(subject.rows);
	group_table_close(table);
	return status;
}

/* Iterations of AFTER that ended after BEFORE's cut; an iteration that was open at the cut is
 * one of them. */
static uint32_t first_generation_after(const struct diff *diff)
{
	const struct snapshot_run *before = diff->grouping->inputs[0].heap->snapshot->run;

	if (diff->identity == DIFF_IDENTITY_OFF_RUNS)
		return 1;
	return (before->flags & SNAPSHOT_RUN_IN_ITERATION) != 0 ? before->generation
								: before->generation + 1;
}

int check_diff(
    const struct diff *diff, const struct check_limits *limits, struct check_result **ret_result)
{
	const struct group_input *after = &diff->grouping->inputs[1];
	bool counts_everything = heap_iterations_ended(after->heap) == 0;
	struct check_subject subject = {
	    .grouping = diff->grouping,
	    .input = after,
	    .first_generation = first_generation_after(diff),
	    .rows = malloc((diff->row_count + 1) * sizeof(*subject.rows)),
	    .row_count = diff->row_count,
	    .counted = heap_iterations_counted(after->heap),
	    .mean = diff->sampled[0] > diff->sampled[1] ? diff->sampled[0] : diff->sampled[1],
	    .accept_estimates = limits->accept_estimates,
	};

	if (subject.rows == NULL)
		return STATUS_NO_MEMORY;
	memcpy(subject.rows, diff->rows, diff->row_count * sizeof(*subject.rows));
	for (size_t row = 0; counts_everything && row < subject.row_count; row++) {
		subject.rows[row].retained_blocks = subject.rows[row].born_blocks;
		subject.rows[row].retained_bytes = subject.rows[row].born_bytes;
		subject.rows[row].retained_spread = subject.rows[row].born_spread;
	}
	int status = check_subject(&subject, limits, counts_everything, ret_result);

	free(subject.rows);
	return status;
}

void check_result_close(struct check_result *result)
{
	if (result == NULL)
		return;
	free(result->findings);
	free(result->rows);
	free(result);
}
