#include "analysis/diff.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/id_stream.h"
#include "base/compiler.h"

/* What the walk adds up for a row: one cache line. The rest follows from it. */
struct row_sums {
	_Alignas(64) uint64_t born_blocks;
	uint64_t born_bytes, died_blocks, died_bytes, kept_blocks, kept_bytes;
	int64_t grown_bytes;
	uint64_t grown_blocks;
};

/* One pass over both files. */
struct diff_pass {
	struct diff *diff;
	const struct heap *heaps[2];
	const struct heap_filter *filters[2]; /* NULL: all pass */
	const struct reachability *reach[2];  /* NULL: not known */
	const uint32_t *key_of_block[2];      /* by type and born; else NULL */
	uint32_t *key_of_row[2];	      /* by row of STACKS; else NULL */
	struct diff_row *rows;		      /* by key */
	struct row_sums *sums;		      /* by key */
	/* bytes, by logical stack of AFTER: which stack stands for a row */
	uint64_t *born_of_stack;
};

bool diff_identity_of(
    const struct snapshot *before, const struct snapshot *after, enum diff_identity *ret_identity)
{
	const struct snapshot_run *old = before->run;
	const struct snapshot_run *new = after->run;
	bool same_run = memcmp(old->run_id, new->run_id, sizeof(old->run_id)) == 0;
	/* A forked child continues with the ids of its parent's heap as it stood at the fork. */
	bool child = memcmp(old->run_id, new->parent_run_id, sizeof(old->run_id)) == 0 &&
		     (new->flags &SNAPSHOT_RUN_FORKED) != 0 &&
		     old->cut_epoch <= new->inherited_epoch;

	if (!same_run && !child)
		*ret_identity = DIFF_IDENTITY_OFF_RUNS;
	else if (old->renumberings != new->renumberings)
		*ret_identity = DIFF_IDENTITY_OFF_RENUMBERED;
	else
		*ret_identity = DIFF_IDENTITY_EXACT;
	return *ret_identity == DIFF_IDENTITY_EXACT;
}

static inline uint32_t key_of_block(const struct diff_pass *pass, size_t side, size_t block)
{
	if (likely(pass->key_of_row[side] != NULL))
		return pass->key_of_row[side][pass->heaps[side]->snapshot->block_stack[block]];
	return pass->key_of_block[side][block];
}

static inline bool passes(const struct diff_pass *pass, size_t side, size_t block)
{
	return likely(pass->filters[side] == NULL) ||
	       heap_filter_passes(pass->heaps[side], pass->filters[side], block);
}

/* --- identity on: born, died and kept, block by block --- */

/* Files with weights: a walk of its own, so that the exact one has nothing more to do. */
static inline bool is_weighted(const struct diff_pass *pass)
{
	return unlikely(pass->diff->sampled[0] != 0 || pass->diff->sampled[1] != 0);
}

static inline uint32_t weight_of(const struct diff_pass *pass, size_t side, size_t block)
{
	return snapshot_block_weight(pass->heaps[side]->snapshot, block);
}

static inline void count_died(struct diff_pass *pass, size_t block)
{
	uint32_t key = key_of_block(pass, 0, block);
	struct row_sums *sums = &pass->sums[key];
	uint64_t size = pass->heaps[0]->snapshot->block_size[block];
	uint32_t weight = weight_of(pass, 0, block);

	sums->died_blocks += weight;
	sums->died_bytes += weight * size;
	if (is_weighted(pass))
		spread_add_block(&pass->rows[key].died_spread, weight, size);
}

static inline void count_born(struct diff_pass *pass, size_t block)
{
	const struct heap *heap = pass->heaps[1];
	uint32_t key = key_of_block(pass, 1, block);
	struct diff_row *row = &pass->rows[key];
	uint64_t size = heap->snapshot->block_size[block];
	uint32_t weight = weight_of(pass, 1, block);
	uint64_t bytes = weight * size;
	bool retained = heap_birth_of_block(heap, block) == HEAP_BIRTH_COUNTED;

	pass->sums[key].born_blocks += weight;
	pass->sums[key].born_bytes += bytes;
	pass->born_of_stack[heap_stack_of_block(heap, block)] += bytes;
	if (heap->snapshot->block_epoch[block] <= pass->heaps[0]->snapshot->run->cut_epoch)
		pass->diff->unexplained_blocks++;
	if (retained) {
		row->retained_blocks += weight;
		row->retained_bytes += bytes;
	}
	if (pass->reach[1] != NULL)
		hold_add(&row->hold, pass->reach[1], (uint32_t)block);
	if (is_weighted(pass)) {
		spread_add_block(&row->born_spread, weight, size);
		if (retained)
			spread_add_block(&row->retained_spread, weight, size);
	}
}

/* What the rest of a block's weight stood for before it was made larger is gone. */
COLD static void count_kept_weighted(struct diff_pass *pass, size_t old_block, size_t new_block)
{
	uint64_t old_size = pass->heaps[0]->snapshot->block_size[old_block];
	uint64_t new_size = pass->heaps[1]->snapshot->block_size[new_block];
	uint32_t old_weight = weight_of(pass, 0, old_block);
	uint32_t new_weight = weight_of(pass, 1, new_block);
	uint32_t kept = new_weight < old_weight ? new_weight : old_weight;
	uint32_t key = key_of_block(pass, 1, new_block);
	struct diff_row *row = &pass->rows[key];
	struct row_sums *sums = &pass->sums[key];
	double change = (double)new_size - (double)old_size;

	sums->kept_blocks += kept;
	sums->kept_bytes += kept * old_size;
	sums->died_blocks += old_weight - kept;
	sums->died_bytes += (old_weight - kept) * old_size;
	sums->born_blocks += new_weight - kept;
	sums->born_bytes += (new_weight - kept) * new_size;
	sums->grown_bytes += (int64_t)(kept * (new_size - old_size));
	sums->grown_blocks += new_size != old_size ? kept : 0;
	row->grown_variance += (double)kept * (kept - 1.0) * change * change;
	spread_add_block(&row->kept_spread, kept, old_size);
}

/* A kept block belongs to the row that AFTER gives it: its label may have come later than
 * BEFORE. */
static inline void count_kept(struct diff_pass *pass, size_t old_block, size_t new_block)
{
	if (is_weighted(pass)) {
		count_kept_weighted(pass, old_block, new_block);
		return;
	}
	uint64_t old_bytes = pass->heaps[0]->snapshot->block_size[old_block];
	uint64_t new_bytes = pass->heaps[1]->snapshot->block_size[new_block];
	uint32_t key = key_of_block(pass, 1, new_block);
	struct row_sums *sums = &pass->sums[key];

	sums->kept_blocks++;
	sums->kept_bytes += old_bytes;
	if (unlikely(new_bytes != old_bytes)) {
		sums->grown_bytes += (int64_t)(new_bytes - old_bytes);
		sums->grown_blocks++;
		/* A buffer that only grows has a holder too. */
		if (new_bytes > old_bytes && pass->reach[1] != NULL)
			hold_add(&pass->rows[key].hold, pass->reach[1], (uint32_t)new_block);
	}
}

/* A block that is ignored in either file is left out of both, and counted where AFTER has it. */
static void count_ignored(struct diff_pass *pass, size_t new_block)
{
	uint32_t weight = weight_of(pass, 1, new_block);

	pass->diff->ignored_blocks += weight;
	pass->diff->ignored_bytes += weight * pass->heaps[1]->snapshot->block_size[new_block];
}

static bool is_ignored(const struct id_stream *stream)
{
	return (stream->flags & SNAPSHOT_BLOCK_IGNORED) != 0;
}

static inline bool comes_first(
    uint64_t address, uint32_t epoch, uint64_t other_address, uint32_t other_epoch)
{
	return address < other_address || (address == other_address && epoch < other_epoch);
}

/* The streams' present blocks, whatever they are; then one step. */
static void compare_step(struct diff_pass *pass, struct id_stream *old, struct id_stream *new)
{
	if (new->at_end || (!old->at_end && comes_first(old->identity_address, old->epoch,
						new->identity_address, new->epoch))) {
		if (!is_ignored(old) && passes(pass, 0, old->block))
			count_died(pass, old->block);
		id_stream_next(old);
		return;
	}
	bool kept = !old->at_end && old->identity_address == new->identity_address &&
		    old->epoch == new->epoch;

	if (passes(pass, 1, new->block)) {
		if (is_ignored(new) || (kept && is_ignored(old)))
			count_ignored(pass, new->block);
		else if (kept)
			count_kept(pass, old->block, new->block);
		else
			count_born(pass, new->block);
	}
	id_stream_next(new);
	if (kept)
		id_stream_next(old);
}

/* As many steps as both files allow in their plain columns: nearly all of them. Returns whether
 * there was one. */
static bool compare_runs(struct diff_pass *pass, struct id_stream *old, struct id_stream *new)
{
	const struct snapshot *before = old->snapshot;
	const struct snapshot *after = new->snapshot;
	struct id_run old_run = id_stream_run(old);
	struct id_run new_run = id_stream_run(new);
	uint64_t limit = old_run.limit < new_run.limit ? old_run.limit : new_run.limit;
	size_t i = old->block;
	size_t k = new->block;

	if (pass->filters[0] != NULL || pass->filters[1] != NULL)
		return false;
	while (i < old_run.end && k < new_run.end) {
		uint64_t old_address = before->block_address[i];
		uint64_t new_address = after->block_address[k];

		if (old_address >= limit || new_address >= limit)
			break;
		if (comes_first(
			old_address, before->block_epoch[i], new_address, after->block_epoch[k]))
			count_died(pass, i++);
		else if (old_address == new_address &&
			 before->block_epoch[i] == after->block_epoch[k])
			count_kept(pass, i++, k++);
		else
			count_born(pass, k++);
	}
	if (i == old->block && k == new->block)
		return false;
	id_stream_seek(old, i);
	id_stream_seek(new, k);
	return true;
}

static void settle_rows(struct diff_pass *pass)
{
	for (size_t key = 0; key < pass->diff->grouping->key_count; key++) {
		const struct row_sums *sums = &pass->sums[key];
		struct diff_row *row = &pass->rows[key];

		row->born_blocks = sums->born_blocks;
		row->born_bytes = sums->born_bytes;
		row->died_blocks = sums->died_blocks;
		row->died_bytes = sums->died_bytes;
		row->kept_blocks = sums->kept_blocks;
		row->kept_bytes = sums->kept_bytes;
		row->grown_bytes = sums->grown_bytes;
		row->grown_blocks = sums->grown_blocks;
		row->before_blocks = sums->kept_blocks + sums->died_blocks;
		row->before_bytes = sums->kept_bytes + sums->died_bytes;
		row->after_blocks = sums->kept_blocks + sums->born_blocks;
		row->after_bytes =
		    sums->kept_bytes + sums->born_bytes + (uint64_t)sums->grown_bytes;
		row->before_spread = row->after_spread = row->kept_spread;
		spread_add(&row->before_spread, &row->died_spread);
		spread_add(&row->after_spread, &row->born_spread);
	}
}

static int compare_by_identity(struct diff_pass *pass)
{
	struct id_stream old = {0};
	struct id_stream new = {0};
	int status = id_stream_open(pass->heaps[0]->snapshot, &old);

	if (status == STATUS_OK)
		status = id_stream_open(pass->heaps[1]->snapshot, &new);
	while (status == STATUS_OK && (!old.at_end || !new.at_end)) {
		if (!compare_runs(pass, &old, &new))
			compare_step(pass, &old, &new);
	}
	if (status == STATUS_OK)
		settle_rows(pass);
	id_stream_release(&old);
	id_stream_release(&new);
	return status;
}

/* --- identity off: net differences of rows --- */

struct side_totals {
	uint64_t retained_blocks, retained_bytes;
	struct spread spread;
	struct hold hold;
};

static void count_present(struct diff_row *row, size_t side, uint32_t weight, uint64_t size)
{
	*(side != 0 ? &row->after_blocks : &row->before_blocks) += weight;
	*(side != 0 ? &row->after_bytes : &row->before_bytes) += weight * size;
	spread_add_block(side != 0 ? &row->after_spread : &row->before_spread, weight, size);
}

static void count_side(struct diff_pass *pass, size_t side, struct side_totals *retained)
{
	const struct heap *heap = pass->heaps[side];
	const struct snapshot *snapshot = heap->snapshot;
	size_t extra = 0;

	for (size_t block = 0; block < snapshot->block_count; block++) {
		uint32_t weight = snapshot_block_weight(snapshot, block);
		uint64_t bytes = weight * snapshot->block_size[block];

		while (extra < snapshot->extra_count && snapshot->extras[extra].block < block)
			extra++;
		if (!passes(pass, side, block))
			continue;
		if (extra < snapshot->extra_count && snapshot->extras[extra].block == block &&
		    (snapshot->extras[extra].flags & SNAPSHOT_BLOCK_IGNORED) != 0) {
			pass->diff->ignored_blocks += side != 0 ? weight : 0;
			pass->diff->ignored_bytes += side != 0 ? bytes : 0;
			continue;
		}
		uint32_t key = key_of_block(pass, side, block);
		struct diff_row *row = &pass->rows[key];

		count_present(row, side, weight, snapshot->block_size[block]);
		if (side != 0)
			pass->born_of_stack[heap_stack_of_block(heap, block)] += bytes;
		if (pass->reach[side] != NULL)
			hold_add(&retained[key].hold, pass->reach[side], (uint32_t)block);
		if (heap_birth_of_block(heap, block) == HEAP_BIRTH_COUNTED) {
			retained[key].retained_blocks += weight;
			retained[key].retained_bytes += bytes;
			spread_add_block(
			    &retained[key].spread, weight, snapshot->block_size[block]);
		}
	}
}

static uint64_t excess(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static uint64_t lower(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* What AFTER holds of a row that gained blocks; leaked is what BEFORE, where it is known, had not leaked yet. */
static struct hold hold_of_numbers(
    const struct diff_row *row, const struct side_totals *old, const struct side_totals *new)
{
	struct hold hold = new->hold;

	if (row->born_blocks == 0)
		return (struct hold){0};
	hold.leaked_blocks =
	    lower(excess(hold.leaked_blocks, old->hold.leaked_blocks), row->born_blocks);
	hold.leaked_bytes =
	    lower(excess(hold.leaked_bytes, old->hold.leaked_bytes), row->born_bytes);
	hold.indirect_blocks =
	    lower(excess(hold.indirect_blocks, old->hold.indirect_blocks), hold.leaked_blocks);
	hold.indirect_bytes =
	    lower(excess(hold.indirect_bytes, old->hold.indirect_bytes), hold.leaked_bytes);
	return hold;
}

static int compare_by_numbers(struct diff_pass *pass)
{
	size_t key_count = pass->diff->grouping->key_count;
	struct side_totals *retained = calloc(2 * key_count + 1, sizeof(*retained));

	if (retained == NULL)
		return STATUS_NO_MEMORY;
	count_side(pass, 0, retained);
	count_side(pass, 1, retained + key_count);
	for (size_t key = 0; key < key_count; key++) {
		struct diff_row *row = &pass->rows[key];
		const struct side_totals *old = &retained[key];
		const struct side_totals *new = &retained[key_count + key];

		row->born_blocks = excess(row->after_blocks, row->before_blocks);
		row->born_bytes = excess(row->after_bytes, row->before_bytes);
		row->died_blocks = excess(row->before_blocks, row->after_blocks);
		row->died_bytes = excess(row->before_bytes, row->after_bytes);
		row->kept_blocks = lower(row->before_blocks, row->after_blocks);
		row->kept_bytes = lower(row->before_bytes, row->after_bytes);
		row->retained_blocks =
		    lower(excess(new->retained_blocks, old->retained_blocks), row->born_blocks);
		row->retained_bytes =
		    lower(excess(new->retained_bytes, old->retained_bytes), row->born_bytes);
		row->hold = hold_of_numbers(row, old, new);
		row->born_spread = row->before_spread; /* differences of independent numbers */
		spread_add(&row->born_spread, &row->after_spread);
		row->died_spread = row->born_spread;
		row->retained_spread = old->spread;
		spread_add(&row->retained_spread, &new->spread);
	}
	free(retained);
	return STATUS_OK;
}

/* --- rows --- */

static void add_to_total(struct diff_row *total, const struct diff_row *row)
{
	total->before_blocks += row->before_blocks;
	total->before_bytes += row->before_bytes;
	total->after_blocks += row->after_blocks;
	total->after_bytes += row->after_bytes;
	total->born_blocks += row->born_blocks;
	total->born_bytes += row->born_bytes;
	total->died_blocks += row->died_blocks;
	total->died_bytes += row->died_bytes;
	total->kept_blocks += row->kept_blocks;
	total->kept_bytes += row->kept_bytes;
	total->grown_bytes += row->grown_bytes;
	total->grown_blocks += row->grown_blocks;
	total->retained_blocks += row->retained_blocks;
	total->retained_bytes += row->retained_bytes;
	spread_add(&total->before_spread, &row->before_spread);
	spread_add(&total->after_spread, &row->after_spread);
	spread_add(&total->born_spread, &row->born_spread);
	spread_add(&total->died_spread, &row->died_spread);
	spread_add(&total->kept_spread, &row->kept_spread);
	spread_add(&total->retained_spread, &row->retained_spread);
	total->grown_variance += row->grown_variance;
}

static void set_rates(const struct diff *diff, struct diff_row *row)
{
	if (diff->iterations_between == 0)
		return;
	row->blocks_per_iteration = (double)row->born_blocks / (double)diff->iterations_between;
	row->bytes_per_iteration = (double)row->born_bytes / (double)diff->iterations_between;
}

struct row_order {
	const struct grouping *grouping;
	enum diff_sort sort;
};

static int descending(uint64_t a, uint64_t b)
{
	return a < b ? 1 : a > b ? -1 : 0;
}

static uint64_t magnitude(int64_t number)
{
	return number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
}

static uint64_t sort_value(const struct diff_row *row, enum diff_sort sort)
{
	switch (sort) {
	case DIFF_SORT_BYTES:
		return row->born_bytes + (row->grown_bytes > 0 ? (uint64_t)row->grown_bytes : 0);
	case DIFF_SORT_BLOCKS:
		return row->born_blocks;
	case DIFF_SORT_RETAINED:
		return row->retained_bytes;
	case DIFF_SORT_DIED:
		return row->died_bytes;
	case DIFF_SORT_GROWN:
		return magnitude(row->grown_bytes);
	}
	return 0;
}

/* A total order: equal numbers come out alike everywhere. */
static int compare_rows(const void *a, const void *b, void *context)
{
	const struct diff_row *left = a;
	const struct diff_row *right = b;
	const struct row_order *order = context;
	int result = descending(sort_value(left, order->sort), sort_value(right, order->sort));

	if (result == 0)
		result = descending(left->born_bytes, right->born_bytes);
	if (result == 0)
		result = descending(left->died_bytes, right->died_bytes);
	if (result == 0)
		result = descending(left->kept_bytes, right->kept_bytes);
	if (result == 0)
		result = strcmp(
		    order->grouping->keys[left->key].text, order->grouping->keys[right->key].text);
	if (result == 0)
		result = descending(right->key, left->key);
	return result;
}

/* The stack that stands for a row is the one that gave it most new bytes. */
static void choose_stacks(struct diff_pass *pass)
{
	struct grouping *grouping = pass->diff->grouping;
	const struct heap *heap = pass->heaps[1];

	for (uint32_t stack = 0; grouping->key_of_stack[1] != NULL && stack < heap->stack_count;
	     stack++) {
		struct group_key *key = &grouping->keys[grouping->key_of_stack[1][stack]];

		if (heap->stacks[stack].leaf != 0 && pass->born_of_stack[stack] != 0 &&
		    (key->input != 1 || key->stack == HEAP_NONE ||
			pass->born_of_stack[stack] > pass->born_of_stack[key->stack])) {
			key->input = 1;
			key->stack = stack;
		}
	}
}

static int judge_rows(struct diff *diff)
{
	struct growth_judge *judge;
	int status = growth_judge_open(diff->grouping->inputs[1].heap, &judge);

	if (status != STATUS_OK)
		return status;
	for (size_t row = 0; row < diff->row_count; row++) {
		diff->rows[row].growth =
		    grouping_growth(diff->grouping, diff->rows[row].key, judge);
		hold_judge(&diff->rows[row].hold, diff->rows[row].growth.shape);
	}
	growth_judge_close(judge);
	return STATUS_OK;
}

static void finish_rows(struct diff *diff, enum diff_sort sort)
{
	struct row_order order = {.grouping = diff->grouping, .sort = sort};

	diff->total.growth = (struct growth){.benchmark = HEAP_NONE, .reason = "not judged"};
	for (uint32_t key = 0; key < diff->grouping->key_count; key++) {
		struct diff_row *row = &diff->rows[key];

		row->key = key;
		row->growth = diff->total.growth;
		set_rates(diff, row);
		add_to_total(&diff->total, row);
		if (diff->grouping->inputs[1].reach != NULL)
			hold_merge(&diff->total.hold, &row->hold, diff->grouping->inputs[1].reach);
		if (row->before_blocks != 0 || row->after_blocks != 0)
			diff->rows[diff->row_count++] = *row;
	}
	set_rates(diff, &diff->total);
	qsort_r(diff->rows, diff->row_count, sizeof(*diff->rows), compare_rows, &order);
}

/* --- the whole --- */

static void describe(
    struct diff *diff, const struct snapshot_run *before, const struct snapshot_run *after)
{
	uint32_t inexact = SNAPSHOT_RUN_APPROXIMATE | SNAPSHOT_RUN_SAMPLED;
	bool runs_differ = diff->identity == DIFF_IDENTITY_OFF_RUNS;

	diff->approximate = ((before->flags | after->flags) & inexact) != 0;
	diff->reversed = !runs_differ && after->cut_epoch < before->cut_epoch;
	diff->iterations_between =
	    excess(after->iterations_ended, runs_differ ? 0 : before->iterations_ended);
	diff->iterations_counted =
	    excess(after->iterations_counted, runs_differ ? 0 : before->iterations_counted);
}

/* Row of STACKS -> key in one step: the pass over the blocks is bound by cache misses. */
static uint32_t *compose_keys(const struct grouping *grouping, size_t side)
{
	const struct heap *heap = grouping->inputs[side].heap;
	size_t count = heap->snapshot->stack_count;
	uint32_t *keys = malloc((count + 1) * sizeof(uint32_t));

	for (size_t row = 0; keys != NULL && row < count; row++)
		keys[row] = grouping->key_of_stack[side][heap->stack_of_row[row]];
	return keys;
}

static int prepare_pass(struct diff *diff, struct diff_pass *pass)
{
	const struct grouping *grouping = diff->grouping;

	pass->diff = diff;
	for (size_t side = 0; side < 2; side++) {
		pass->heaps[side] = grouping->inputs[side].heap;
		pass->reach[side] = grouping->inputs[side].reach;
		diff->sampled[side] = estimate_mean(pass->heaps[side]->snapshot);
		if (!heap_filter_is_open(grouping->inputs[side].filter))
			pass->filters[side] = grouping->inputs[side].filter;
		pass->key_of_block[side] = grouping->key_of_block[side];
		if (grouping->key_of_stack[side] == NULL)
			continue;
		pass->key_of_row[side] = compose_keys(grouping, side);
		if (pass->key_of_row[side] == NULL)
			return STATUS_NO_MEMORY;
	}
	diff->rows = pass->rows = calloc(grouping->key_count + 1, sizeof(*pass->rows));
	pass->sums = aligned_alloc(64, (grouping->key_count + 1) * sizeof(*pass->sums));
	pass->born_of_stack = calloc(pass->heaps[1]->stack_count + 1, sizeof(uint64_t));
	if (pass->rows == NULL || pass->sums == NULL || pass->born_of_stack == NULL)
		return STATUS_NO_MEMORY;
	memset(pass->sums, 0, (grouping->key_count + 1) * sizeof(*pass->sums));
	return STATUS_OK;
}

int diff_open(const struct group_input inputs[2], enum group_by by, enum diff_sort sort,
    bool shapes, struct diff **ret_diff)
{
	struct diff *diff = calloc(1, sizeof(*diff));
	struct diff_pass pass = {0};

	if (diff == NULL)
		return STATUS_NO_MEMORY;
	bool exact =
	    diff_identity_of(inputs[0].heap->snapshot, inputs[1].heap->snapshot, &diff->identity);
	int status =
	    grouping_open(inputs, 2, by, diff->identity == DIFF_IDENTITY_OFF_RUNS, &diff->grouping);

	if (status == STATUS_OK)
		status = prepare_pass(diff, &pass);
	if (status == STATUS_OK)
		status = exact ? compare_by_identity(&pass) : compare_by_numbers(&pass);
	if (status == STATUS_OK) {
		describe(diff, inputs[0].heap->snapshot->run, inputs[1].heap->snapshot->run);
		choose_stacks(&pass);
		finish_rows(diff, sort);
		if (shapes)
			status = judge_rows(diff);
	}
	free(pass.key_of_row[0]);
	free(pass.key_of_row[1]);
	free(pass.sums);
	free(pass.born_of_stack);
	if (status != STATUS_OK) {
		diff_close(diff);
		return status;
	}
	*ret_diff = diff;
	return STATUS_OK;
}

void diff_close(struct diff *diff)
{
	if (diff == NULL)
		return;
	grouping_close(diff->grouping);
	free(diff->rows);
	free(diff);
}
