/*
 * Makes a consistent file of what snapshot_builder.c collected: sorts the live blocks into columns, derives
 * totals, thread sums, the open fields of RUN and the names, and writes all through snapshot_writer.
 */
#include "snapshot_builder.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "snapshot/snapshot_writer.h"
#include "snapshot_builder_internal.h"

#define WRITE_BUFFER_BYTES 4096
#define TEXT_BYTES_MAX	   256

static int compare_blocks(const void *left, const void *right)
{
	const struct snapshot_builder_block *a = left;
	const struct snapshot_builder_block *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	/* A pool's block stands after the one it was cut from. */
	return (a->pool > b->pool) - (a->pool < b->pool);
}

static int compare_words(const void *left, const void *right, size_t words)
{
	const uint32_t *a = left;
	const uint32_t *b = right;

	for (size_t i = 0; i < words; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

/* Rows that are ordered by their first, or first two, uint32_t members. */
static int compare_first(const void *left, const void *right)
{
	return compare_words(left, right, 1);
}

static int compare_first_two(const void *left, const void *right)
{
	return compare_words(left, right, 2);
}

static int compare_survival(const void *left, const void *right)
{
	const struct snapshot_survival *a = left;
	const struct snapshot_survival *b = right;

	if (a->stack != b->stack)
		return a->stack < b->stack ? -1 : 1;
	return compare_words(&a->born_first, &b->born_first, 2);
}

static void sort_rows(struct builder_rows *rows, int (*compare)(const void *, const void *))
{
	if (rows->count > 1)
		qsort(rows->rows, rows->count, rows->row_bytes, compare);
}

static void add_extra(
    struct snapshot_builder *builder, const struct snapshot_builder_block *block, size_t row)
{
	struct snapshot_block_extra extra = {.block = row,
	    .identity_address = block->identity_address,
	    .flags = block->flags,
	    .resize_stack = block->resize_stack,
	    .label = snapshot_builder_string(builder, block->label),
	    .pool = block->pool};

	if (block->flags != 0)
		builder_add(builder, SNAPSHOT_BLOCK_EXTRAS, &extra);
}

static void settle_blocks(struct snapshot_builder *builder)
{
	struct snapshot_run *run = &builder->run;
	uint32_t highest_epoch = 0;

	sort_rows(&builder->blocks, compare_blocks);
	for (size_t i = 0; i < builder->blocks.count; i++) {
		const struct snapshot_builder_block *block = builder_rows_at(&builder->blocks, i);

		builder_add(builder, SNAPSHOT_BLOCK_ADDRESS, &block->address);
		builder_add(builder, SNAPSHOT_BLOCK_SIZE, &block->bytes);
		builder_add(builder, SNAPSHOT_BLOCK_STACK, &block->stack);
		builder_add(builder, SNAPSHOT_BLOCK_EPOCH, &block->epoch);
		builder_add(builder, SNAPSHOT_BLOCK_BORN, &block->born);
		builder_add(builder, SNAPSHOT_BLOCK_WEIGHT, &block->weight);
		add_extra(builder, block, i);
		run->totals.live_blocks += block->weight;
		run->totals.live_bytes += block->weight * block->bytes;
		if (block->epoch > highest_epoch)
			highest_epoch = block->epoch;
		if ((block->flags & SNAPSHOT_BLOCK_IGNORED) != 0) {
			run->ignored_blocks += block->weight;
			run->ignored_bytes += block->weight * block->bytes;
		}
		if (run->inherited_epoch != 0 && block->epoch <= run->inherited_epoch) {
			run->inherited_blocks += block->weight;
			run->inherited_bytes += block->weight * block->bytes;
		}
	}
	if (run->cut_epoch == 0)
		run->cut_epoch = highest_epoch > builder->last_generation
				     ? highest_epoch
				     : builder->last_generation + 1;
}

static struct snapshot_thread *thread_of_leaf(struct snapshot_builder *builder, uint32_t leaf)
{
	const struct builder_rows *nodes = &builder->sections[SNAPSHOT_NODES].rows;
	const struct snapshot_node *node = builder_rows_at(nodes, leaf);

	while (node->parent != 0)
		node = builder_rows_at(nodes, node->parent);
	return builder_rows_at(
	    &builder->sections[SNAPSHOT_THREADS].rows, node->pc > 0 ? (size_t)node->pc - 1 : 0);
}

/* A test that says nothing of the peak gets one at the end: each stack's share is what is alive. */
static void settle_peaks(struct snapshot_builder *builder)
{
	const struct builder_rows *stacks = &builder->sections[SNAPSHOT_STACKS].rows;
	struct snapshot_totals *totals = &builder->run.totals;
	bool given = false;
	uint64_t sum = 0;

	for (size_t i = 0; i < stacks->count; i++)
		given =
		    given || ((struct snapshot_stack *)builder_rows_at(stacks, i))->peak_bytes != 0;
	for (size_t i = 0; i < stacks->count; i++) {
		struct snapshot_stack *stack = builder_rows_at(stacks, i);

		if (!given)
			stack->peak_bytes = stack->bytes - stack->freed_bytes;
		sum += stack->peak_bytes;
	}
	if (totals->peak_bytes == 0)
		totals->peak_bytes = sum;
}

/* Sums over the stacks. Frees are booked to the thread of the birth: builders know no other. */
static void settle_counters(struct snapshot_builder *builder)
{
	const struct builder_rows *stacks = &builder->sections[SNAPSHOT_STACKS].rows;
	struct snapshot_totals *totals = &builder->run.totals;

	for (size_t i = 0; i < stacks->count; i++) {
		const struct snapshot_stack *stack = builder_rows_at(stacks, i);
		struct snapshot_thread *thread = thread_of_leaf(builder, stack->leaf);

		totals->allocs += stack->allocs;
		totals->bytes += stack->bytes;
		totals->frees += stack->frees;
		totals->freed_bytes += stack->freed_bytes;
		totals->temporary += stack->temporary;
		totals->temporary_bytes += stack->temporary_bytes;
		totals->reallocs += stack->reallocs;
		thread->allocs += stack->allocs;
		thread->bytes += stack->bytes;
		thread->frees += stack->frees;
		thread->freed_bytes += stack->freed_bytes;
	}
	settle_peaks(builder);
}

/* "FUNCTION[@FILE[:LINE]]" of TEXT up to END into one row of NAMES. */
static void add_name(struct snapshot_builder *builder, uint32_t node, uint32_t depth,
    const char *text, const char *end)
{
	char copy[TEXT_BYTES_MAX];
	struct snapshot_name row = {.node = node, .inline_depth = depth};

	(void)snprintf(copy, sizeof copy, "%.*s", (int)(end - text), text);

	char *file = strchr(copy, '@');

	if (file != NULL) {
		char *line = strrchr(file, ':');

		*file++ = '\0';
		if (line != NULL) {
			*line = '\0';
			row.line = (uint32_t)strtoul(line + 1, NULL, 10);
		}
		row.file = snapshot_builder_string(builder, file);
	}
	row.function = snapshot_builder_string(builder, copy);
	builder_add(builder, SNAPSHOT_NAMES, &row);
}

static void add_names_of_frame(struct snapshot_builder *builder, uint32_t node, const char *text)
{
	const char *bang = strchr(text, '!');
	const char *at = bang != NULL ? bang + 1 : text;

	if (strstr(text, "+0x") != NULL)
		return;
	for (uint32_t depth = 0;; depth++) {
		const char *bar = strchr(at, '|');

		add_name(builder, node, depth, at, bar != NULL ? bar : at + strlen(at));
		if (bar == NULL)
			break;
		at = bar + 1;
	}
}

static void settle_names(struct snapshot_builder *builder)
{
	const struct builder_rows *nodes = &builder->sections[SNAPSHOT_NODES].rows;

	for (uint32_t i = 1; i < nodes->count; i++) {
		const struct snapshot_node *node = builder_rows_at(nodes, i);

		for (size_t k = 0; node->parent != 0 && k < builder->frames.count; k++) {
			const struct builder_frame *frame = builder_rows_at(&builder->frames, k);

			if (frame->pc == node->pc) {
				add_names_of_frame(builder, i, frame->text);
				break;
			}
		}
	}
}

void snapshot_builder_settle(struct snapshot_builder *builder)
{
	struct snapshot_run *run = &builder->run;

	if (builder->settled)
		return;
	settle_blocks(builder);
	settle_counters(builder);
	if (!builder->without_names)
		settle_names(builder);
	if (run->thread_count == 0)
		run->thread_count = (uint32_t)builder->sections[SNAPSHOT_THREADS].rows.count;
	if (run->generation == 0)
		run->generation = builder->last_generation;
	sort_rows(&builder->sections[SNAPSHOT_BORN_RANGES].rows, compare_first);
	sort_rows(&builder->sections[SNAPSHOT_DEATHS].rows, compare_first);
	sort_rows(&builder->sections[SNAPSHOT_SERIES].rows, compare_first_two);
	sort_rows(&builder->sections[SNAPSHOT_SURVIVAL].rows, compare_survival);
	builder_settle_graph(builder);
	struct snapshot_sampling sampling = {.allocs = run->totals.allocs,
	    .bytes = run->totals.bytes,
	    .frees = run->totals.frees,
	    .sampled_allocs = builder->samples};

	builder_add(builder, SNAPSHOT_SAMPLING, &sampling);
	builder_add(builder, SNAPSHOT_RUN, run);
	builder->settled = true;
}

void *snapshot_builder_rows(struct snapshot_builder *builder, uint32_t id, size_t *ret_count)
{
	snapshot_builder_settle(builder);
	if (ret_count != NULL)
		*ret_count = builder->sections[id].rows.count;
	return builder->sections[id].rows.rows;
}

static void put_section(
    struct snapshot_writer *writer, const struct builder_section *section, uint32_t id)
{
	char tail[TEXT_BYTES_MAX];
	uint32_t row_bytes = (uint32_t)section->rows.row_bytes;

	memset(tail, 0xee, sizeof tail);
	snapshot_writer_section(writer, id, row_bytes + section->widen_bytes, section->flags);
	for (size_t i = 0; i < section->rows.count; i++) {
		snapshot_writer_put(writer, builder_rows_at(&section->rows, i), row_bytes);
		snapshot_writer_put(writer, tail, section->widen_bytes);
	}
	snapshot_writer_end_section(writer);
}

static void write_to(struct snapshot_builder *builder, int fd)
{
	struct snapshot_writer writer;
	char buffer[WRITE_BUFFER_BYTES];

	snapshot_builder_settle(builder);
	snapshot_writer_begin(&writer, fd, buffer, sizeof buffer);
	for (uint32_t id = 0; id < BUILDER_IDS; id++)
		if (builder->sections[id].present)
			put_section(&writer, &builder->sections[id], id);
	if (snapshot_writer_finish(&writer) != 0)
		abort();
}

void snapshot_builder_write(struct snapshot_builder *builder, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		abort();
	write_to(builder, fd);
	if (close(fd) != 0)
		abort();
}

void *snapshot_builder_image(struct snapshot_builder *builder, size_t *ret_bytes)
{
	int fd = memfd_create("snapshot", MFD_CLOEXEC);
	struct stat status;

	if (fd < 0)
		abort();
	write_to(builder, fd);
	if (fstat(fd, &status) != 0)
		abort();

	size_t bytes = (size_t)status.st_size;
	void *image = aligned_alloc(64, (bytes + 63) & ~(size_t)63);

	if (image == NULL || pread(fd, image, bytes, 0) != (ssize_t)bytes)
		abort();
	(void)close(fd);
	*ret_bytes = bytes;
	return image;
}

struct snapshot *snapshot_builder_open(struct snapshot_builder *builder)
{
	size_t bytes;
	void *image = snapshot_builder_image(builder, &bytes);
	struct snapshot *snapshot = NULL;
	struct status_error error = {0};

	builder_rows_add(&builder->images, &image);
	if (snapshot_open_memory(image, bytes, &snapshot, &error) != 0) {
		(void)fprintf(stderr, "snapshot_builder_open: %s\n", error.sentence);
		abort();
	}
	return snapshot;
}
