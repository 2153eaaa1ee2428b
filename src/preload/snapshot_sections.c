#include "preload/snapshot_sections.h"

#include <errno.h>
#include <string.h>

#include "base/fd_io.h"
#include "base/text.h"
#include "preload/annotations.h"
#include "preload/arena.h"
#include "preload/cost_sections.h"
#include "preload/epoch.h"
#include "preload/graph_sections.h"
#include "preload/iteration.h"
#include "preload/lifecycle.h"
#include "preload/live_table.h"
#include "preload/modules.h"
#include "preload/options.h"
#include "preload/output_path.h"
#include "preload/stack_table.h"
#include "preload/suppressions.h"
#include "preload/system.h"

#include "preload/api_types.h"

#define STRINGS_BYTES	(16u << 20)
#define ARGUMENTS_BYTES (128u * 1024)

/* Strings are collected while the other sections are written, and written last. Under the snapshot lock. */
static char *strings;
static size_t strings_used;

static uint32_t string_add_bytes(const char *bytes, size_t count)
{
	if (count == 0 || strings_used + count + 1 > STRINGS_BYTES)
		return 0;
	uint32_t at = (uint32_t)strings_used;

	memcpy(strings + strings_used, bytes, count);
	strings[strings_used + count] = '\0';
	strings_used += count + 1;
	return at;
}

static uint32_t string_add(const char *string)
{
	return string_add_bytes(string, strlen(string));
}

uint32_t snapshot_sections_string(const char *string)
{
	return string_add(string);
}

/* The command line as the kernel has it, joined with spaces. */
static uint32_t add_arguments(void)
{
	if (strings_used + ARGUMENTS_BYTES + 1 > STRINGS_BYTES)
		return 0;
	ssize_t bytes =
	    system_read_file("/proc/self/cmdline", strings + strings_used, ARGUMENTS_BYTES);

	if (bytes <= 0)
		return 0;
	uint32_t at = (uint32_t)strings_used;
	size_t count = (size_t)bytes;

	while (count > 0 && strings[strings_used + count - 1] == '\0')
		count--;
	for (size_t i = 0; i < count; i++)
		if (strings[strings_used + i] == '\0')
			strings[strings_used + i] = ' ';
	strings[strings_used + count] = '\0';
	strings_used += count + 1;
	return at;
}

#define SECTION(writer, id, type)                                                                  \
	snapshot_writer_section((writer), (id), sizeof(type), SNAPSHOT_SECTION_REQUIRED)

static void put_run(struct snapshot_writer *writer, const struct snapshot_cut *cut,
    uint32_t trigger, const char *detail)
{
	struct snapshot_run run = {
	    .start_time_ns = lifecycle_identity.start_unix_ns,
	    .time_ns = cut->time_ns,
	    .elapsed_ns = cut->elapsed_ns,
	    .pause_ns = cut->pause_ns,
	    .pid = (uint32_t)lifecycle_process_id(),
	    .parent_pid = cut->parent_pid,
	    .trigger = trigger,
	    .flags = (cut->approximate ? SNAPSHOT_RUN_APPROXIMATE : 0u) |
		     (cut->journalled ? SNAPSHOT_RUN_JOURNALLED : 0u) |
		     (lifecycle_identity.forked ? SNAPSHOT_RUN_FORKED : 0u) |
		     (options.thread_scope ? SNAPSHOT_RUN_THREAD_SCOPE : 0u) |
		     (options.sample != 0 ? SNAPSHOT_RUN_SAMPLED : 0u) |
		     (cut->in_iteration ? SNAPSHOT_RUN_IN_ITERATION : 0u),
	    .cut_epoch = cut->epoch,
	    .inherited_epoch = lifecycle_identity.inherited_epoch,
	    .generation = cut->generation,
	    .renumberings = epoch_renumberings(),
	    .granule_bytes = 1u << live_granule_shift,
	    .max_frames = (uint32_t)options.max_frames,
	    .warmup = (uint32_t)options.warmup,
	    .page_bytes = (uint32_t)system_page_bytes(),
	    .program = string_add(output_program_name()),
	    .executable = string_add(output_executable_path()),
	    .arguments = add_arguments(),
	    .host = string_add(output_host_name()),
	    .version = string_add(ALLOCSCOPE_VERSION),
	    .trigger_detail = string_add(detail),
	    .directory = string_add(output_start_directory()),
	    .thread_count = (uint32_t)cut->thread_count,
	    .rss_bytes = cut->rss_bytes,
	    .mapped_bytes = cut->mapped_bytes,
	    .sample_bytes = options.sample,
	    .iterations_ended = iteration_ended(),
	    .iterations_counted = iteration_counted(),
	    .inherited_blocks = cut->inherited_blocks,
	    .inherited_bytes = cut->inherited_bytes,
	    .ignored_blocks = cut->ignored_blocks,
	    .ignored_bytes = cut->ignored_bytes,
	    .totals = cut->totals,
	    .losses = cut->losses,
	    .costs = cost_sections_of_run(cut),
	};

	memcpy(run.run_id, lifecycle_identity.run_id, sizeof run.run_id);
	memcpy(run.parent_run_id, lifecycle_identity.parent_run_id, sizeof run.parent_run_id);
	SECTION(writer, SNAPSHOT_RUN, run);
	snapshot_writer_put(writer, &run, sizeof run);
	snapshot_writer_end_section(writer);
}

/* Strings of the labels, by number; kept from begin to finish. */
static uint32_t *label_strings;
static size_t label_strings_bytes;

static void add_labels(void)
{
	uint32_t count = annotation_label_count();

	label_strings_bytes = (count + 1) * sizeof *label_strings;
	label_strings = arena_map(label_strings_bytes, ARENA_BUFFERS);
	for (uint32_t i = 1; label_strings != NULL && i <= count; i++)
		label_strings[i] = string_add(annotation_label_name(i));
}

static void put_modules(struct snapshot_writer *writer, const struct snapshot_cut *cut)
{
	struct snapshot_module none = {0};

	SECTION(writer, SNAPSHOT_MODULES, none);
	snapshot_writer_put(writer, &none, sizeof none);
	for (uint32_t i = 1; i < cut->module_count; i++) {
		const struct module *module = modules_get(i);
		char hex[2 * MODULE_BUILD_ID_BYTES + 1];
		struct text text;

		text_init(&text, hex, sizeof hex);
		for (uint32_t k = 0; k < module->build_id_bytes; k++) {
			text_add_hex(&text, module->build_id[k] >> 4);
			text_add_hex(&text, module->build_id[k] & 15);
		}
		struct snapshot_module row = {
		    .start = module->start,
		    .end = module->end,
		    .bias = module->bias,
		    .path = string_add(module->path),
		    .build_id = string_add(hex),
		    .load_serial = module->load_serial,
		    .flags = (module->is_main ? SNAPSHOT_MODULE_MAIN : 0u) |
			     (module->is_self ? SNAPSHOT_MODULE_SELF : 0u) |
			     (atomic_load_explicit(&module->unloaded, memory_order_relaxed)
				     ? SNAPSHOT_MODULE_UNLOADED
				     : 0u),
		};

		snapshot_writer_put(writer, &row, sizeof row);
	}
	snapshot_writer_end_section(writer);
}

static void put_nodes(struct snapshot_writer *writer, const struct snapshot_cut *cut)
{
	SECTION(writer, SNAPSHOT_NODES, struct snapshot_node);
	for (uint32_t i = 0; i < cut->node_count; i++) {
		const struct node_row *node = stack_table_node(i);
		struct snapshot_node row = {0};

		if (node != NULL)
			row = (struct snapshot_node){
			    .pc = node->pc, .parent = node->parent, .module = node->module};
		if (i > 0 && row.pc == 0)
			row.pc = 1; /* a number that was handed out and not used: an empty root */
		if (row.module >= cut->module_count)
			row.module = 0;
		snapshot_writer_put(writer, &row, sizeof row);
	}
	snapshot_writer_end_section(writer);
}

static void thread_name(const struct snapshot_thread *thread, uint32_t *ret_string)
{
	char path[64], name[32];
	struct text text;

	*ret_string = 0;
	if ((thread->flags & 1) == 0)
		return;
	text_init(&text, path, sizeof path);
	/* by number: "self" is another one in a copy of the process */
	text_add(&text, "/proc/");
	text_add_unsigned(&text, (uint64_t)lifecycle_process_id());
	text_add(&text, "/task/");
	text_add_unsigned(&text, thread->tid);
	text_add(&text, "/comm");
	ssize_t bytes = system_read_file(path, name, sizeof name);

	if (bytes > 1)
		*ret_string = string_add_bytes(name, (size_t)bytes - 1);
}

static void put_threads(struct snapshot_writer *writer, const struct snapshot_cut *cut)
{
	SECTION(writer, SNAPSHOT_THREADS, struct snapshot_thread);
	for (size_t i = 0; i < cut->thread_count; i++) {
		struct snapshot_thread row = cut->threads[i];

		thread_name(&row, &row.name);
		snapshot_writer_put(writer, &row, sizeof row);
	}
	snapshot_writer_end_section(writer);
}

static void put_benchmarks(struct snapshot_writer *writer)
{
	uint32_t count = iteration_benchmark_count();

	SECTION(writer, SNAPSHOT_BENCHMARKS, struct snapshot_benchmark);
	for (uint32_t i = 0; i < count; i++) {
		const struct benchmark *benchmark = iteration_benchmark(i);
		struct snapshot_benchmark row = {.name = string_add(benchmark->name),
		    .iterations = benchmark->ended,
		    .counted = benchmark->counted};

		snapshot_writer_put(writer, &row, sizeof row);
	}
	snapshot_writer_end_section(writer);
}

/* Rows of all benchmarks, merged by generation. */
static void put_iterations(struct snapshot_writer *writer)
{
	static uint32_t next_row[ITERATION_BENCHMARKS_MAX];
	uint32_t count = iteration_benchmark_count();

	memset(next_row, 0, sizeof next_row);
	SECTION(writer, SNAPSHOT_ITERATIONS, struct snapshot_iteration);
	for (;;) {
		const struct snapshot_iteration *least = NULL;

		for (uint32_t i = 0; i < count; i++) {
			const struct benchmark *benchmark = iteration_benchmark(i);
			const struct snapshot_iteration *row = next_row[i] < benchmark->row_count
								   ? &benchmark->rows[next_row[i]]
								   : NULL;

			if (row != NULL &&
			    (least == NULL || row->first_generation < least->first_generation))
				least = row;
		}
		if (least == NULL)
			break;
		snapshot_writer_put(writer, least, sizeof *least);
		next_row[least->benchmark]++;
	}
	snapshot_writer_end_section(writer);
}

static void put_stacks(struct snapshot_writer *writer, const struct snapshot_cut *cut)
{
	SECTION(writer, SNAPSHOT_STACKS, struct snapshot_stack);
	snapshot_writer_put(writer, cut->stacks, cut->stack_count * sizeof *cut->stacks);
	snapshot_writer_end_section(writer);
}

/* ---- blocks: five columns side by side, in one pass; with sample=BYTES a sixth ---- */

#define BATCH_ROWS 8192
enum {
	COLUMN_ADDRESS,
	COLUMN_SIZE,
	COLUMN_STACK,
	COLUMN_EPOCH,
	COLUMN_BORN,
	COLUMN_WEIGHT,
	COLUMNS
};

/* Too large for a foreign stack; mapped while a file is written. */
struct block_batch {
	struct snapshot_column columns[COLUMNS];
	uint64_t address[BATCH_ROWS], size[BATCH_ROWS];
	uint32_t stack[BATCH_ROWS], epoch[BATCH_ROWS], born[BATCH_ROWS], weight[BATCH_ROWS];
	size_t column_count, filled;
};

static void put_batch(struct snapshot_writer *writer, struct block_batch *batch)
{
	const void *const rows[COLUMNS] = {
	    batch->address, batch->size, batch->stack, batch->epoch, batch->born, batch->weight};

	for (size_t i = 0; i < batch->column_count; i++)
		snapshot_writer_put_column(writer, &batch->columns[i], rows[i], batch->filled);
	batch->filled = 0;
}

/* LABELS: strings by label; NULL none. */
static struct snapshot_block_extra extra_of(
    const struct live_block *block, uint64_t row, const uint32_t *labels)
{
	bool pooled = (block->flags & SNAPSHOT_BLOCK_POOLED) != 0;

	return (struct snapshot_block_extra){
	    .block = row,
	    /* the first block of a pool often has the address of the block that it was cut from */
	    .identity_address =
		pooled ? block->identity | SNAPSHOT_POOLED_IDENTITY : block->identity,
	    .flags = block->flags,
	    .resize_stack = block->resize_stack,
	    .label = pooled || labels == NULL ? 0 : labels[block->label],
	    .pool = pooled ? block->label : 0,
	};
}

static void put_block(
    struct snapshot_writer *writer, struct block_batch *batch, const struct live_block *block)
{
	size_t at = batch->filled++;

	batch->address[at] = block->address;
	batch->size[at] = block->size;
	batch->stack[at] = block->stack;
	batch->epoch[at] = block->epoch;
	batch->born[at] = epoch_first_generation(block->epoch);
	batch->weight[at] = live_block_weight(block);
	if (batch->filled == BATCH_ROWS)
		put_batch(writer, batch);
}

/* EXTRAS gets the rows of blocks that have flags. */
static void put_columns(struct snapshot_writer *writer, const struct snapshot_cut *cut,
    struct block_batch *batch, struct snapshot_block_extra *extras)
{
	static const uint32_t ids[COLUMNS] = {SNAPSHOT_BLOCK_ADDRESS, SNAPSHOT_BLOCK_SIZE,
	    SNAPSHOT_BLOCK_STACK, SNAPSHOT_BLOCK_EPOCH, SNAPSHOT_BLOCK_BORN, SNAPSHOT_BLOCK_WEIGHT};
	struct snapshot_block_cursor cursor = {0};
	struct live_block block;
	size_t extra = 0;

	batch->column_count = options.sample != 0 ? COLUMNS : COLUMN_WEIGHT;
	for (size_t i = 0; i < batch->column_count; i++) {
		batch->columns[i].id = ids[i];
		batch->columns[i].row_bytes = i <= COLUMN_SIZE ? 8 : 4;
	}
	snapshot_writer_begin_columns(writer, batch->columns, batch->column_count, cut->block_count,
	    SNAPSHOT_SECTION_REQUIRED);
	for (uint64_t row = 0; snapshot_blocks_next(&cut->blocks, &cursor, &block); row++) {
		put_block(writer, batch, &block);
		if (unlikely(block.flags != 0))
			extras[extra++] = extra_of(&block, row, label_strings);
	}
	put_batch(writer, batch);
	snapshot_writer_end_columns(writer, batch->columns, batch->column_count, cut->block_count);
}

static void put_blocks(struct snapshot_writer *writer, const struct snapshot_cut *cut)
{
	size_t extra_bytes = (cut->extra_count + 1) * sizeof(struct snapshot_block_extra);
	struct snapshot_block_extra *extras = arena_map(extra_bytes, ARENA_BUFFERS);
	struct block_batch *batch = arena_map(sizeof *batch, ARENA_BUFFERS);

	if (extras != NULL && batch != NULL) {
		put_columns(writer, cut, batch, extras);
		SECTION(writer, SNAPSHOT_BLOCK_EXTRAS, struct snapshot_block_extra);
		snapshot_writer_put(writer, extras, cut->extra_count * sizeof *extras);
		snapshot_writer_end_section(writer);
	} else {
		writer->error = writer->error != 0 ? writer->error : -ENOMEM;
	}
	arena_unmap(batch, sizeof *batch, ARENA_BUFFERS);
	arena_unmap(extras, extra_bytes, ARENA_BUFFERS);
}

static void put_sampling(struct snapshot_writer *writer, const struct snapshot_cut *cut)
{
	if (cut->variances == NULL)
		return;
	SECTION(writer, SNAPSHOT_SAMPLING, struct snapshot_sampling);
	snapshot_writer_put(writer, &cut->sampling, sizeof cut->sampling);
	snapshot_writer_end_section(writer);
	SECTION(writer, SNAPSHOT_STACK_VARIANCES, struct snapshot_stack_variance);
	snapshot_writer_put(writer, cut->variances, cut->stack_count * sizeof *cut->variances);
	snapshot_writer_end_section(writer);
}

static void put_born_ranges(struct snapshot_writer *writer)
{
	SECTION(writer, SNAPSHOT_BORN_RANGES, struct snapshot_born_range);
	for (uint32_t epoch = 1; epoch_renumberings() > 0 && epoch <= epoch_last(); epoch++) {
		struct snapshot_born_range row = {
		    .epoch = epoch,
		    .first_generation = epoch_first_generation(epoch),
		    .last_generation = epoch_last_generation(epoch),
		};

		if (row.first_generation < row.last_generation)
			snapshot_writer_put(writer, &row, sizeof row);
	}
	snapshot_writer_end_section(writer);
}

static void put_samples(struct snapshot_writer *writer)
{
	SECTION(writer, SNAPSHOT_SAMPLES, struct snapshot_sample);
	for (uint32_t i = 0; i < iteration_sample_count(); i++)
		snapshot_writer_put(writer, iteration_sample(i), sizeof(struct snapshot_sample));
	snapshot_writer_end_section(writer);
}

static void put_series_of(struct snapshot_writer *writer, uint32_t stack, uint32_t sample_count)
{
	uint64_t blocks, bytes, last_blocks = 0, last_bytes = 0;
	const struct series *series = iteration_series(stack, &blocks, &bytes);

	for (uint32_t i = 0; i < sample_count; i++) {
		struct snapshot_series_point row = {
		    .stack = stack, .sample = i, .live_blocks = blocks, .live_bytes = bytes};

		if (series != NULL) {
			row.live_blocks = series->points[i].blocks;
			row.live_bytes = series->points[i].bytes;
		}
		if (row.live_blocks == last_blocks && row.live_bytes == last_bytes)
			continue;
		last_blocks = row.live_blocks;
		last_bytes = row.live_bytes;
		snapshot_writer_put(writer, &row, sizeof row);
	}
}

static void put_series(struct snapshot_writer *writer, const struct snapshot_cut *cut)
{
	uint32_t sample_count = iteration_sample_count();

	SECTION(writer, SNAPSHOT_SERIES, struct snapshot_series_point);
	for (size_t stack = 0; stack < cut->stack_count; stack++)
		put_series_of(writer, (uint32_t)stack, sample_count);
	snapshot_writer_end_section(writer);
}

/* ---- survival: records of several threads may concern one stack; the file wants one row each, by stack ---- */

static void sift_down(struct survival_record *rows, uint32_t *order, size_t from, size_t count)
{
	for (size_t child; (child = 2 * from + 1) < count; from = child) {
		if (child + 1 < count && rows[order[child]].stack < rows[order[child + 1]].stack)
			child++;
		if (rows[order[from]].stack >= rows[order[child]].stack)
			return;
		uint32_t swap = order[from];

		order[from] = order[child];
		order[child] = swap;
	}
}

static void sort_order(struct survival_record *rows, uint32_t *order, size_t count)
{
	for (size_t i = 0; i < count; i++)
		order[i] = (uint32_t)i;
	for (size_t i = count / 2; i-- > 0;)
		sift_down(rows, order, i, count);
	for (size_t i = count; i-- > 1;) {
		uint32_t swap = order[0];

		order[0] = order[i];
		order[i] = swap;
		sift_down(rows, order, 0, i);
	}
}

/* Add FROM to INTO, whose buckets are made as wide as the wider of both. */
static void survival_merge(struct survival_record *into, const struct survival_record *from)
{
	struct survival_record other = *from;
	uint32_t shift =
	    into->width_shift > other.width_shift ? into->width_shift : other.width_shift;

	survival_widen(into, shift);
	survival_widen(&other, shift);
	for (unsigned i = 0; i < SURVIVAL_AGE_BUCKETS; i++)
		into->by_age[i] += other.by_age[i];
	for (unsigned born = 0; born < SURVIVAL_BUCKETS; born++)
		for (unsigned died = 0; died < SURVIVAL_BUCKETS; died++)
			into->deaths[born][died] += other.deaths[born][died];
}

/* Merge equal stacks: afterwards order[0..result) are the rows to write. */
static size_t merge_equal(struct survival_record *rows, uint32_t *order, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (kept > 0 && rows[order[kept - 1]].stack == rows[order[i]].stack)
			survival_merge(&rows[order[kept - 1]], &rows[order[i]]);
		else
			order[kept++] = order[i];
	}
	return kept;
}

static void put_deaths_row(struct snapshot_writer *writer, const struct survival_record *record)
{
	struct snapshot_deaths row = {.stack = record->stack};

	memcpy(row.by_age, record->by_age, sizeof row.by_age);
	snapshot_writer_put(writer, &row, sizeof row);
}

static void put_survival_rows(struct snapshot_writer *writer, const struct survival_record *record)
{
	for (uint32_t born = 0; born < SURVIVAL_BUCKETS; born++)
		for (uint32_t died = 0; died < SURVIVAL_BUCKETS; died++) {
			struct snapshot_survival row = {
			    .stack = record->stack,
			    .width = 1u << record->width_shift,
			    .born_first = born << record->width_shift,
			    .died_first = died << record->width_shift,
			    .blocks = record->deaths[born][died],
			};

			if (row.blocks != 0)
				snapshot_writer_put(writer, &row, sizeof row);
		}
}

static void put_survival(struct snapshot_writer *writer, const struct snapshot_cut *cut)
{
	size_t bytes = (cut->survival_count + 1) * sizeof(uint32_t);
	uint32_t *order = arena_map(bytes, ARENA_BUFFERS);
	size_t count = 0;

	if (order != NULL) {
		sort_order(cut->survival, order, cut->survival_count);
		count = merge_equal(cut->survival, order, cut->survival_count);
	} else {
		writer->error = writer->error != 0 ? writer->error : -ENOMEM;
	}
	SECTION(writer, SNAPSHOT_DEATHS, struct snapshot_deaths);
	for (size_t i = 0; i < count; i++)
		put_deaths_row(writer, &cut->survival[order[i]]);
	snapshot_writer_end_section(writer);
	SECTION(writer, SNAPSHOT_SURVIVAL, struct snapshot_survival);
	for (size_t i = 0; i < count; i++)
		put_survival_rows(writer, &cut->survival[order[i]]);
	snapshot_writer_end_section(writer);
	arena_unmap(order, bytes, ARENA_BUFFERS);
}

static void put_annotations(struct snapshot_writer *writer)
{
	SECTION(writer, SNAPSHOT_ROOTS, struct snapshot_root);
	for (uint32_t i = 0; i < annotation_root_count(); i++) {
		const struct root_range *root = annotation_root_get(i);
		struct snapshot_root row = {
		    .start = root->start, .bytes = root->bytes, .name = string_add(root->name)};

		snapshot_writer_put(writer, &row, sizeof row);
	}
	snapshot_writer_end_section(writer);
	SECTION(writer, SNAPSHOT_POOLS, struct snapshot_pool);
	for (uint32_t i = 0; i < annotation_pool_count(); i++) {
		const struct pool *pool = annotation_pool_get(i);
		struct snapshot_pool row = {
		    .address = pool->address,
		    .name = string_add(pool->name),
		    .flags = pool->destroyed,
		    .allocs = pool->allocs,
		    .bytes = pool->bytes,
		    .frees = pool->frees,
		    .freed_bytes = pool->freed_bytes,
		    .resets = pool->resets,
		};

		snapshot_writer_put(writer, &row, sizeof row);
	}
	snapshot_writer_end_section(writer);
}

static void put_suppressions(struct snapshot_writer *writer)
{
	size_t bytes = 0;
	const char *text = suppressions_text(&bytes);

	if (bytes == 0)
		return;
	SECTION(writer, SNAPSHOT_SUPPRESSIONS, char);
	snapshot_writer_put(writer, text, bytes);
	snapshot_writer_end_section(writer);
}

int snapshot_sections_begin(struct snapshot_writer *writer, const struct snapshot_cut *cut, int fd,
    void *buffer, size_t buffer_bytes)
{
	strings = arena_map(STRINGS_BYTES, ARENA_BUFFERS);
	if (strings == NULL)
		return -ENOMEM;
	strings_used = 1; /* offset 0 is the empty string */
	snapshot_writer_begin(writer, fd, buffer, buffer_bytes);
	put_benchmarks(writer);
	put_iterations(writer);
	put_samples(writer);
	put_series(writer, cut);
	put_born_ranges(writer);
	put_annotations(writer);
	put_suppressions(writer);
	add_labels();
	return writer->error;
}

int snapshot_sections_finish(struct snapshot_writer *writer, const struct snapshot_cut *cut,
    const struct graph *graph, uint32_t trigger, const char *detail)
{
	put_run(writer, cut, trigger, detail);
	put_modules(writer, cut);
	put_nodes(writer, cut);
	put_threads(writer, cut);
	put_stacks(writer, cut);
	put_blocks(writer, cut);
	put_sampling(writer, cut);
	put_survival(writer, cut);
	cost_sections_put(writer, cut);
	if (graph != NULL)
		graph_sections_put(writer, graph, cut);
	SECTION(writer, SNAPSHOT_STRINGS, char);
	snapshot_writer_put(writer, strings, strings_used);
	snapshot_writer_end_section(writer);
	int result = snapshot_writer_finish(writer);

	arena_unmap(label_strings, label_strings_bytes, ARENA_BUFFERS);
	arena_unmap(strings, STRINGS_BYTES, ARENA_BUFFERS);
	strings = NULL;
	return result;
}
