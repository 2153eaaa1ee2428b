/* Verify's rules about parts by themselves, and about references that are in bounds but wrong. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/section_kinds.h"
#include "snapshot/snapshot_verify_internal.h"

void verify_section_table(struct verifier *verifier)
{
	const struct snapshot *snapshot = verifier->snapshot;

	for (uint32_t i = 0; i < snapshot->section_count; i++) {
		const struct snapshot_section *section = &snapshot->sections[i];

		if ((section->flags & ~(uint32_t)SNAPSHOT_SECTION_REQUIRED) != 0)
			verifier_found(verifier,
			    "section %s (%" PRIu32 ") has unknown flags 0x%" PRIx32,
			    section_name(section->id), section->id, section->flags);
		if (section->reserved != 0)
			verifier_found(verifier,
			    "the reserved member of section %s (%" PRIu32 ") is %" PRIu32 ", not 0",
			    section_name(section->id), section->id, section->reserved);
	}
}

void verify_run(struct verifier *verifier)
{
	static const uint8_t no_id[16];
	const uint32_t known = SNAPSHOT_RUN_APPROXIMATE | SNAPSHOT_RUN_JOURNALLED |
			       SNAPSHOT_RUN_FORKED | SNAPSHOT_RUN_THREAD_SCOPE |
			       SNAPSHOT_RUN_SAMPLED | SNAPSHOT_RUN_IN_ITERATION;
	const struct snapshot_run *run = verifier->snapshot->run;

	if (run->trigger < SNAPSHOT_AT_EXIT || run->trigger > SNAPSHOT_BY_CONTROL)
		verifier_found(verifier, "trigger %" PRIu32 " is unknown", run->trigger);
	if ((run->flags & ~known) != 0)
		verifier_found(verifier, "flags 0x%" PRIx32 " are unknown", run->flags & ~known);
	if (memcmp(run->run_id, no_id, sizeof no_id) == 0)
		verifier_found(verifier, "the run has no id");
	if (((run->flags & SNAPSHOT_RUN_SAMPLED) != 0) != (run->sample_bytes != 0))
		verifier_found(verifier,
		    "sampled is %s, but the mean between samples is %" PRIu64 " bytes",
		    (run->flags & SNAPSHOT_RUN_SAMPLED) != 0 ? "set" : "not set",
		    run->sample_bytes);
	if ((run->flags & SNAPSHOT_RUN_FORKED) == 0 && run->inherited_epoch != 0)
		verifier_found(verifier,
		    "inherited epoch %" PRIu32 " in a process that was not forked",
		    run->inherited_epoch);
	if (run->iterations_counted > run->iterations_ended)
		verifier_found(verifier,
		    "%" PRIu64 " iterations counted, but only %" PRIu64 " ended",
		    run->iterations_counted, run->iterations_ended);
}

void verify_reserved_rows(struct verifier *verifier)
{
	static const struct snapshot_module none;

	if (memcmp(&verifier->snapshot->modules[0], &none, sizeof none) != 0)
		verifier_found(verifier, "row 0 of MODULES is not empty");
}

void verify_module_ranges(struct verifier *verifier)
{
	const struct snapshot *snapshot = verifier->snapshot;
	const uint32_t known =
	    SNAPSHOT_MODULE_MAIN | SNAPSHOT_MODULE_UNLOADED | SNAPSHOT_MODULE_SELF;

	for (size_t i = 1; i < snapshot->module_count; i++) {
		const struct snapshot_module *module = &snapshot->modules[i];

		if (module->start == module->end)
			verifier_found(verifier, "module %zu (%s) has an empty range", i,
			    snapshot_string(snapshot, module->path));
		if (module->path == 0)
			verifier_found(verifier, "module %zu has no path", i);
		if ((module->flags & ~known) != 0)
			verifier_found(verifier, "module %zu has unknown flags 0x%" PRIx32, i,
			    module->flags & ~known);
	}
}

void verify_node_roots(struct verifier *verifier)
{
	const struct snapshot *snapshot = verifier->snapshot;

	for (size_t i = 1; i < snapshot->node_count; i++) {
		const struct snapshot_node *node = &snapshot->nodes[i];

		if (node->parent == 0 && (node->pc == 0 || node->module != 0))
			verifier_found(verifier,
			    "root node %zu has thread %" PRIu64 " (row + 1) and module %" PRIu32, i,
			    node->pc, node->module);
	}
}

void verify_node_modules(struct verifier *verifier)
{
	const struct snapshot *snapshot = verifier->snapshot;

	for (size_t i = 1; i < snapshot->node_count; i++) {
		const struct snapshot_node *node = &snapshot->nodes[i];
		const struct snapshot_module *module = &snapshot->modules[node->module];

		/* A return address may be the end: the call was the last instruction. */
		if (node->module != 0 && (node->pc < module->start || node->pc > module->end))
			verifier_found(verifier,
			    "node %zu at 0x%" PRIx64 " lies outside its module %" PRIu32
			    " (0x%" PRIx64 "..0x%" PRIx64 ")",
			    i, node->pc, node->module, module->start, module->end);
	}
}

void verify_stack_leaves(struct verifier *verifier)
{
	const struct snapshot *snapshot = verifier->snapshot;

	for (size_t i = 1; i < snapshot->stack_count; i++) {
		const struct snapshot_stack *stack = &snapshot->stacks[i];

		if ((stack->flags & ~(uint32_t)SNAPSHOT_STACK_CUT) != 0)
			verifier_found(
			    verifier, "stack %zu has unknown flags 0x%" PRIx32, i, stack->flags);
		if (stack->leaf == 0 && (stack->allocs | stack->frees | stack->reallocs) != 0)
			verifier_found(verifier, "stack %zu has numbers and no leaf", i);
	}
}

void verify_block_epochs(struct verifier *verifier)
{
	const struct snapshot *snapshot = verifier->snapshot;
	const struct snapshot_run *run = snapshot->run;

	for (size_t i = 0; i < snapshot->block_count; i++) {
		if (snapshot->block_epoch[i] > run->cut_epoch)
			verifier_found(verifier,
			    "block %zu has epoch %" PRIu32 ", after that of the cut, %" PRIu32, i,
			    snapshot->block_epoch[i], run->cut_epoch);
		if (snapshot->block_born[i] > run->generation)
			verifier_found(verifier,
			    "block %zu was born in generation %" PRIu32
			    ", after the last, %" PRIu32,
			    i, snapshot->block_born[i], run->generation);
	}
}

static const struct snapshot_born_range *born_range_of(
    const struct snapshot *snapshot, uint32_t epoch)
{
	size_t low = 0;
	size_t high = snapshot->born_range_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (snapshot->born_ranges[middle].epoch < epoch)
			low = middle + 1;
		else
			high = middle;
	}
	return low < snapshot->born_range_count && snapshot->born_ranges[low].epoch == epoch
		   ? &snapshot->born_ranges[low]
		   : NULL;
}

static void check_born_range(struct verifier *verifier, size_t block)
{
	const struct snapshot *snapshot = verifier->snapshot;
	uint32_t born = snapshot->block_born[block];
	const struct snapshot_born_range *range =
	    born_range_of(snapshot, snapshot->block_epoch[block]);

	if (range != NULL && (born < range->first_generation || born > range->last_generation))
		verifier_found(verifier,
		    "block %zu of epoch %" PRIu32 " was born in generation %" PRIu32
		    ", outside of %" PRIu32 "..%" PRIu32,
		    block, range->epoch, born, range->first_generation, range->last_generation);
}

static int compare_words(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left;
	uint64_t b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

/* Pairs of epoch (high half) and generation of the blocks whose epochs were not merged, ascending. */
static size_t epoch_generations(const struct snapshot *snapshot, uint64_t *pairs)
{
	size_t count = 0;

	for (size_t i = 0; i < snapshot->block_count; i++) {
		uint64_t pair = (uint64_t)snapshot->block_epoch[i] << 32 | snapshot->block_born[i];

		/* Neighbours in memory were often born together. */
		if ((count == 0 || pairs[count - 1] != pair) &&
		    born_range_of(snapshot, snapshot->block_epoch[i]) == NULL)
			pairs[count++] = pair;
	}
	qsort(pairs, count, sizeof *pairs, compare_words);
	return count;
}

/* Generation 0, outside of iterations, comes back between any two iterations: only others must ascend. */
static void check_epochs_ascend(struct verifier *verifier, const uint64_t *pairs, size_t count)
{
	uint32_t highest = 0;

	for (size_t i = 0; i < count; i++) {
		uint32_t epoch = (uint32_t)(pairs[i] >> 32);
		uint32_t born = (uint32_t)pairs[i];

		if (i > 0 && pairs[i] != pairs[i - 1] && epoch == (uint32_t)(pairs[i - 1] >> 32))
			verifier_found(verifier,
			    "blocks of epoch %" PRIu32 " were born in generation %" PRIu32
			    " and in %" PRIu32,
			    epoch, (uint32_t)pairs[i - 1], born);
		else if (born != 0 && born < highest)
			verifier_found(verifier,
			    "blocks of epoch %" PRIu32 " were born in generation %" PRIu32
			    ", those of an earlier one in %" PRIu32,
			    epoch, born, highest);
		highest = born > highest ? born : highest;
	}
}

/* With scope=thread an epoch belongs to one thread, and threads iterate side by side: nothing to compare. */
void verify_epoch_born(struct verifier *verifier)
{
	const struct snapshot *snapshot = verifier->snapshot;

	for (size_t i = 0; i < snapshot->block_count; i++)
		check_born_range(verifier, i);
	if (snapshot->block_count == 0 || (snapshot->run->flags & SNAPSHOT_RUN_THREAD_SCOPE) != 0)
		return;

	uint64_t *pairs = malloc(snapshot->block_count * sizeof *pairs);

	if (pairs == NULL) {
		verifier_no_memory(verifier);
		return;
	}
	check_epochs_ascend(verifier, pairs, epoch_generations(snapshot, pairs));
	free(pairs);
}

/* Walks BLOCK_EXTRAS alongside the columns: the row of BLOCK or NULL, for BLOCK ascending from call to call. */
static const struct snapshot_block_extra *extra_of(
    const struct snapshot *snapshot, size_t *at, size_t block)
{
	while (*at < snapshot->extra_count && snapshot->extras[*at].block < block)
		(*at)++;
	return *at < snapshot->extra_count && snapshot->extras[*at].block == block
		   ? &snapshot->extras[*at]
		   : NULL;
}

void verify_block_overlap(struct verifier *verifier)
{
	const struct snapshot *snapshot = verifier->snapshot;
	uint64_t end = 0;
	size_t at = 0;

	/* Put-back blocks and losses leave two blocks where there was one after the other. */
	if (!verifier->exact)
		return;
	for (size_t i = 0; i < snapshot->block_count; i++) {
		uint64_t address = snapshot->block_address[i];

		const struct snapshot_block_extra *extra = extra_of(snapshot, &at, i);

		if (extra != NULL && (extra->flags & SNAPSHOT_BLOCK_POOLED) != 0)
			continue;
		if (address < end)
			verifier_found(verifier,
			    "block %zu at 0x%" PRIx64 " begins inside the one before", i, address);
		end = address + snapshot->block_size[i];
	}
}

struct identity {
	uint64_t address;
	size_t block;
	uint32_t epoch;
};

static int compare_identities(const void *left, const void *right)
{
	const struct identity *a = left;
	const struct identity *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return (a->epoch > b->epoch) - (a->epoch < b->epoch);
}

/* Blocks that moved carry their identity in BLOCK_EXTRAS; collect them in the order of identity. */
static size_t moved_identities(const struct snapshot *snapshot, struct identity *moved)
{
	size_t count = 0;

	for (size_t i = 0; i < snapshot->extra_count; i++) {
		const struct snapshot_block_extra *extra = &snapshot->extras[i];

		if (extra->identity_address != snapshot->block_address[extra->block])
			moved[count++] = (struct identity){.address = extra->identity_address,
			    .block = extra->block,
			    .epoch = snapshot->block_epoch[extra->block]};
	}
	qsort(moved, count, sizeof *moved, compare_identities);
	return count;
}

/* The block at the address of IDENTITY that is still known by its address, and of the same epoch. *BLOCK and *AT
 * walk along the columns and BLOCK_EXTRAS. */
static bool found_unmoved(
    const struct snapshot *snapshot, const struct identity *identity, size_t *block, size_t *at)
{
	while (
	    *block < snapshot->block_count && snapshot->block_address[*block] < identity->address)
		(*block)++;
	if (*block == snapshot->block_count ||
	    snapshot->block_address[*block] != identity->address ||
	    snapshot->block_epoch[*block] != identity->epoch)
		return false;

	const struct snapshot_block_extra *extra = extra_of(snapshot, at, *block);

	return extra == NULL || extra->identity_address == identity->address;
}

/* A pool's block may share the address of the block it was cut from, then not the identity too. */
static void check_shared_addresses(struct verifier *verifier)
{
	const struct snapshot *snapshot = verifier->snapshot;
	size_t at = 0;

	for (size_t i = 1; i < snapshot->block_count; i++) {
		if (snapshot->block_address[i] != snapshot->block_address[i - 1] ||
		    snapshot->block_epoch[i] != snapshot->block_epoch[i - 1])
			continue;

		const struct snapshot_block_extra *extra = extra_of(snapshot, &at, i);

		if (extra == NULL || extra->identity_address == snapshot->block_address[i])
			verifier_found(verifier,
			    "blocks %zu and %zu are both (0x%" PRIx64 ", %" PRIu32 ")", i - 1, i,
			    snapshot->block_address[i], snapshot->block_epoch[i]);
	}
}

/* Blocks that did not move differ by address. So compare the moved ones among themselves and, in one walk
 * along the columns, with the others. */
void verify_block_identity(struct verifier *verifier)
{
	const struct snapshot *snapshot = verifier->snapshot;
	size_t at = 0;
	size_t block = 0;

	if (snapshot->extra_count == 0)
		return;

	struct identity *moved = malloc(snapshot->extra_count * sizeof *moved);

	if (moved == NULL) {
		verifier_no_memory(verifier);
		return;
	}

	size_t count = moved_identities(snapshot, moved);

	check_shared_addresses(verifier);

	for (size_t i = 0; i < count; i++) {
		if (i > 0 && compare_identities(&moved[i - 1], &moved[i]) == 0)
			verifier_found(verifier,
			    "blocks %zu and %zu are both (0x%" PRIx64 ", %" PRIu32 ")",
			    moved[i - 1].block, moved[i].block, moved[i].address, moved[i].epoch);
		if (found_unmoved(snapshot, &moved[i], &block, &at))
			verifier_found(verifier,
			    "blocks %zu and %zu are both (0x%" PRIx64 ", %" PRIu32 ")", block,
			    moved[i].block, moved[i].address, moved[i].epoch);
	}
	free(moved);
}

void verify_extra_flags(struct verifier *verifier)
{
	const struct snapshot *snapshot = verifier->snapshot;
	const uint32_t known = SNAPSHOT_BLOCK_MOVED | SNAPSHOT_BLOCK_RESIZED |
			       SNAPSHOT_BLOCK_IGNORED | SNAPSHOT_BLOCK_LABELLED |
			       SNAPSHOT_BLOCK_JOURNALLED | SNAPSHOT_BLOCK_POOLED;

	for (size_t i = 0; i < snapshot->extra_count; i++) {
		const struct snapshot_block_extra *extra = &snapshot->extras[i];
		const struct {
			const char *member;
			bool set;
			uint32_t flag;
		} pairs[] = {
		    {"an identity address of its own",
			extra->identity_address != snapshot->block_address[extra->block] &&
			    (extra->flags & SNAPSHOT_BLOCK_POOLED) == 0,
			SNAPSHOT_BLOCK_MOVED},
		    {"a resize stack", extra->resize_stack != 0, SNAPSHOT_BLOCK_RESIZED},
		    {"a label", extra->label != 0, SNAPSHOT_BLOCK_LABELLED},
		    {"a pool", extra->pool != 0, SNAPSHOT_BLOCK_POOLED},
		};

		if ((extra->flags & ~known) != 0)
			verifier_found(verifier, "row %zu has unknown flags 0x%" PRIx32, i,
			    extra->flags & ~known);
		for (size_t k = 0; k < sizeof pairs / sizeof pairs[0]; k++)
			if (pairs[k].set && (extra->flags & pairs[k].flag) == 0)
				verifier_found(verifier,
				    "row %zu (block %" PRIu64 ") has %s but not the flag %" PRIu32,
				    i, extra->block, pairs[k].member, pairs[k].flag);
	}
}

void verify_names(struct verifier *verifier)
{
	const struct snapshot *snapshot = verifier->snapshot;
	uint32_t expected = 0;

	for (size_t i = 0; i < snapshot->name_count; i++) {
		const struct snapshot_name *name = &snapshot->names[i];

		if (i == 0 || name->node != name[-1].node)
			expected = 0;
		if (name->node == 0 || snapshot->nodes[name->node].parent == 0)
			verifier_found(verifier,
			    "row %zu names node %" PRIu32 ", which is no frame", i, name->node);
		if (name->inline_depth != expected)
			verifier_found(verifier,
			    "row %zu of node %" PRIu32 " has depth %" PRIu32 ", not %" PRIu32, i,
			    name->node, name->inline_depth, expected);
		expected = name->inline_depth + 1;
	}
}
