/*
 * Collects what a test says about a snapshot: rows go straight into their sections, live blocks and frames
 * into lists of their own because settle (snapshot_builder_settle.c, the next on the path) has to sort them
 * and make columns and names of them.
 *
 * Invariants: row 0 of MODULES, NODES and STACKS is the reserved "none"; a node is added after its parent.
 */
#include "snapshot_builder.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot_builder_internal.h"

#define FIRST_BLOCK_ADDRESS 0x10000000u
#define MODULE_START	    0x400000u
#define MODULE_STEP	    0x1000000u
#define MODULE_BYTES	    0x100000u
#define FRAME_OFFSET	    0x1000u
#define FRAME_STEP	    16u
#define TEXT_BYTES_MAX	    256u

static const struct {
	uint32_t id, row_bytes;
	bool required;
} known_sections[] = {
    {SNAPSHOT_RUN, sizeof(struct snapshot_run), true},
    {SNAPSHOT_STRINGS, 1, true},
    {SNAPSHOT_MODULES, sizeof(struct snapshot_module), true},
    {SNAPSHOT_NODES, sizeof(struct snapshot_node), true},
    {SNAPSHOT_STACKS, sizeof(struct snapshot_stack), true},
    {SNAPSHOT_THREADS, sizeof(struct snapshot_thread), true},
    {SNAPSHOT_BENCHMARKS, sizeof(struct snapshot_benchmark), false},
    {SNAPSHOT_ITERATIONS, sizeof(struct snapshot_iteration), false},
    {SNAPSHOT_BLOCK_ADDRESS, sizeof(uint64_t), true},
    {SNAPSHOT_BLOCK_SIZE, sizeof(uint64_t), true},
    {SNAPSHOT_BLOCK_STACK, sizeof(uint32_t), true},
    {SNAPSHOT_BLOCK_EPOCH, sizeof(uint32_t), true},
    {SNAPSHOT_BLOCK_BORN, sizeof(uint32_t), true},
    {SNAPSHOT_BLOCK_EXTRAS, sizeof(struct snapshot_block_extra), false},
    {SNAPSHOT_BORN_RANGES, sizeof(struct snapshot_born_range), false},
    {SNAPSHOT_SAMPLES, sizeof(struct snapshot_sample), false},
    {SNAPSHOT_SERIES, sizeof(struct snapshot_series_point), false},
    {SNAPSHOT_DEATHS, sizeof(struct snapshot_deaths), false},
    {SNAPSHOT_SURVIVAL, sizeof(struct snapshot_survival), false},
    {SNAPSHOT_ROOTS, sizeof(struct snapshot_root), false},
    {SNAPSHOT_POOLS, sizeof(struct snapshot_pool), false},
    {SNAPSHOT_SUPPRESSIONS, 1, false},
    {SNAPSHOT_BLOCK_WEIGHT, sizeof(uint32_t), true},
    {SNAPSHOT_OWN_MEMORY, sizeof(struct snapshot_own_memory), false},
    {SNAPSHOT_GATE, sizeof(struct snapshot_gate), false},
    {SNAPSHOT_SAMPLING, sizeof(struct snapshot_sampling), true},
    {SNAPSHOT_STACK_VARIANCES, sizeof(struct snapshot_stack_variance), true},
    {SNAPSHOT_NAMES, sizeof(struct snapshot_name), false},
    {SNAPSHOT_SYMBOLS, sizeof(struct snapshot_symbol), false},
    {SNAPSHOT_GRAPH, sizeof(struct snapshot_graph), false},
    {SNAPSHOT_EDGE_FIRST, sizeof(uint64_t), false},
    {SNAPSHOT_EDGE_WORD, sizeof(uint32_t), false},
    {SNAPSHOT_EDGE_TARGET, sizeof(uint32_t), false},
    {SNAPSHOT_EDGE_INTO, sizeof(uint32_t), false},
    {SNAPSHOT_ROOT_RANGES, sizeof(struct snapshot_root_range), false},
    {SNAPSHOT_ROOT_EDGES, sizeof(struct snapshot_root_edge), false},
    {SNAPSHOT_STACK_FRAMES, sizeof(struct snapshot_stack_frame), false},
    {SNAPSHOT_VIRTUAL_TABLES, sizeof(struct snapshot_virtual_table), false},
    {SNAPSHOT_BLOCK_VIRTUAL_TABLE, sizeof(uint32_t), false},
};

static void *must(void *pointer)
{
	if (pointer == NULL)
		abort();
	return pointer;
}

void *builder_rows_at(const struct builder_rows *rows, size_t number)
{
	assert(number < rows->count);
	return rows->rows + number * rows->row_bytes;
}

void *builder_rows_add(struct builder_rows *rows, const void *row)
{
	if (rows->count == rows->capacity) {
		rows->capacity = rows->capacity == 0 ? 16 : 2 * rows->capacity;
		rows->rows = must(realloc(rows->rows, rows->capacity * rows->row_bytes));
	}
	rows->count++;
	void *added = builder_rows_at(rows, rows->count - 1);

	if (row != NULL)
		memcpy(added, row, rows->row_bytes);
	else
		memset(added, 0, rows->row_bytes);
	return added;
}

void *builder_add(struct snapshot_builder *builder, uint32_t id, const void *row)
{
	return builder_rows_add(&builder->sections[id].rows, row);
}

static struct builder_rows *rows_of(struct snapshot_builder *builder, uint32_t id)
{
	return &builder->sections[id].rows;
}

struct snapshot_builder *snapshot_builder_new(void)
{
	struct snapshot_builder *builder = must(calloc(1, sizeof *builder));

	for (size_t i = 0; i < sizeof known_sections / sizeof known_sections[0]; i++) {
		struct builder_section *section = &builder->sections[known_sections[i].id];

		/* The graph comes with the first call that speaks of one. */
		section->present = known_sections[i].id < SNAPSHOT_GRAPH;
		section->rows.row_bytes = known_sections[i].row_bytes;
		section->flags = known_sections[i].required ? SNAPSHOT_SECTION_REQUIRED : 0;
	}
	builder->sections[SNAPSHOT_BLOCK_WEIGHT].present = false;
	builder->sections[SNAPSHOT_SYMBOLS].present = false;
	builder->sections[SNAPSHOT_SAMPLING].present = false;
	builder->sections[SNAPSHOT_STACK_VARIANCES].present = false;
	builder->sections[SNAPSHOT_OWN_MEMORY].present = false;
	builder->sections[SNAPSHOT_GATE].present = false;
	builder->blocks.row_bytes = sizeof(struct snapshot_builder_block);
	builder->frames.row_bytes = sizeof(struct builder_frame);
	builder->images.row_bytes = sizeof(void *);
	builder->edges.row_bytes = builder->root_edges.row_bytes = sizeof(struct builder_edge);
	builder->table_words.row_bytes = sizeof(struct builder_edge);
	builder->next_address = FIRST_BLOCK_ADDRESS;
	builder_add(builder, SNAPSHOT_STRINGS, "");
	builder_add(builder, SNAPSHOT_MODULES, NULL);
	builder_add(builder, SNAPSHOT_NODES, NULL);
	builder_add(builder, SNAPSHOT_STACKS, NULL);
	builder_add(builder, SNAPSHOT_STACK_VARIANCES, NULL);

	struct snapshot_run *run = &builder->run;
	static const uint8_t run_id[16] = {0xa1, 0x10, 0xc5, 0xc0, 0x9e};

	memcpy(run->run_id, run_id, sizeof run_id);
	run->start_time_ns = 1700000000000000000u;
	run->time_ns = run->start_time_ns + 2000000000u;
	run->elapsed_ns = 2000000000u;
	run->pid = 1000;
	run->parent_pid = 999;
	run->trigger = SNAPSHOT_AT_EXIT;
	run->granule_bytes = 32;
	run->max_frames = 512;
	run->warmup = 2;
	run->page_bytes = 4096;
	run->program = snapshot_builder_string(builder, "bench");
	run->executable = snapshot_builder_string(builder, "/opt/bench/bench");
	run->arguments = snapshot_builder_string(builder, "bench --all");
	run->host = snapshot_builder_string(builder, "testhost");
	run->version = snapshot_builder_string(builder, "0.1.0");
	run->directory = snapshot_builder_string(builder, "/opt/bench");
	snapshot_builder_thread(builder, 1000, "main");
	return builder;
}

void snapshot_builder_free(struct snapshot_builder *builder)
{
	if (builder == NULL)
		return;
	for (size_t i = 0; i < BUILDER_IDS; i++)
		free(builder->sections[i].rows.rows);
	for (size_t i = 0; i < builder->frames.count; i++)
		free(((struct builder_frame *)builder_rows_at(&builder->frames, i))->text);
	for (size_t i = 0; i < builder->images.count; i++)
		free(*(void **)builder_rows_at(&builder->images, i));
	free(builder->frames.rows);
	free(builder->images.rows);
	free(builder->blocks.rows);
	free(builder->edges.rows);
	free(builder->root_edges.rows);
	free(builder->table_words.rows);
	free(builder);
}

struct snapshot_run *snapshot_builder_run(struct snapshot_builder *builder)
{
	/* After settle the row itself is what counts. */
	return builder->settled ? builder_rows_at(rows_of(builder, SNAPSHOT_RUN), 0)
				: &builder->run;
}

uint32_t snapshot_builder_string(struct snapshot_builder *builder, const char *text)
{
	struct builder_rows *strings = rows_of(builder, SNAPSHOT_STRINGS);

	if (text == NULL || text[0] == '\0')
		return 0;
	for (size_t at = 0; at < strings->count; at += strlen(strings->rows + at) + 1)
		if (strcmp(strings->rows + at, text) == 0)
			return (uint32_t)at;

	size_t offset = strings->count;

	for (size_t i = 0; i <= strlen(text); i++)
		builder_rows_add(strings, &text[i]);
	return (uint32_t)offset;
}

uint32_t snapshot_builder_module(struct snapshot_builder *builder, uint64_t start, uint64_t end,
    uint64_t bias, const char *path, const char *build_id, uint32_t flags)
{
	struct builder_rows *modules = rows_of(builder, SNAPSHOT_MODULES);
	struct snapshot_module row = {.start = start,
	    .end = end,
	    .bias = bias,
	    .path = snapshot_builder_string(builder, path),
	    .build_id = snapshot_builder_string(builder, build_id),
	    .load_serial = (uint32_t)modules->count,
	    .flags = flags};

	builder_rows_add(modules, &row);
	return (uint32_t)modules->count - 1;
}

uint32_t snapshot_builder_thread(struct snapshot_builder *builder, uint32_t tid, const char *name)
{
	struct snapshot_thread row = {
	    .tid = tid, .uses = 1, .name = snapshot_builder_string(builder, name), .flags = 1};

	builder_add(builder, SNAPSHOT_THREADS, &row);
	return (uint32_t)rows_of(builder, SNAPSHOT_THREADS)->count - 1;
}

/* The module whose path ends in "/NAME", or a new one in the next free range. */
static uint32_t module_named(struct snapshot_builder *builder, const char *name)
{
	struct builder_rows *modules = rows_of(builder, SNAPSHOT_MODULES);
	uint64_t start = MODULE_START;

	for (size_t i = 1; i < modules->count; i++) {
		const struct snapshot_module *module = builder_rows_at(modules, i);
		const char *path = rows_of(builder, SNAPSHOT_STRINGS)->rows + module->path;
		const char *base = strrchr(path, '/');

		if (strcmp(base != NULL ? base + 1 : path, name) == 0)
			return (uint32_t)i;
		if (module->end + MODULE_STEP > start)
			start = (module->end + MODULE_STEP) & ~(uint64_t)(MODULE_STEP - 1);
	}

	char path[2 * TEXT_BYTES_MAX];
	int is_main = strcmp(name, "bench") == 0;

	(void)snprintf(path, sizeof path, "%s/%s", is_main ? "/opt/bench" : "/usr/lib", name);
	return snapshot_builder_module(builder, start, start + MODULE_BYTES, start, path, NULL,
	    is_main ? SNAPSHOT_MODULE_MAIN : 0);
}

/* Address and module of the frame TEXT (see the header), made at first sight. */
static const struct builder_frame *frame_named(struct snapshot_builder *builder, const char *text)
{
	for (size_t i = 0; i < builder->frames.count; i++) {
		const struct builder_frame *frame = builder_rows_at(&builder->frames, i);

		if (strcmp(frame->text, text) == 0)
			return frame;
	}

	char module[TEXT_BYTES_MAX] = "bench";
	const char *separator = strchr(text, '!');
	const char *offset = strstr(text, "+0x");

	if (separator == NULL)
		separator = offset;
	if (separator != NULL)
		(void)snprintf(module, sizeof module, "%.*s", (int)(separator - text), text);

	struct builder_frame *frame = builder_rows_add(&builder->frames, NULL);

	frame->text = must(strdup(text));
	frame->module = module_named(builder, module);

	const struct snapshot_module *row =
	    builder_rows_at(rows_of(builder, SNAPSHOT_MODULES), frame->module);

	frame->pc =
	    row->start + (offset != NULL ? strtoull(offset + 1, NULL, 16)
					 : FRAME_OFFSET + FRAME_STEP * builder->frames.count);
	return frame;
}

/* The node of PC under PARENT, made at first sight. */
static uint32_t node_of(
    struct snapshot_builder *builder, uint32_t parent, uint64_t pc, uint32_t module)
{
	struct builder_rows *nodes = rows_of(builder, SNAPSHOT_NODES);

	for (size_t i = 1; i < nodes->count; i++) {
		const struct snapshot_node *node = builder_rows_at(nodes, i);

		if (node->parent == parent && node->pc == pc)
			return (uint32_t)i;
	}

	struct snapshot_node row = {.pc = pc, .parent = parent, .module = module};

	builder_rows_add(nodes, &row);
	return (uint32_t)nodes->count - 1;
}

static uint32_t stack_of(struct snapshot_builder *builder, uint32_t leaf)
{
	struct builder_rows *stacks = rows_of(builder, SNAPSHOT_STACKS);

	for (size_t i = 1; i < stacks->count; i++)
		if (((struct snapshot_stack *)builder_rows_at(stacks, i))->leaf == leaf)
			return (uint32_t)i;

	struct snapshot_stack row = {.leaf = leaf};

	builder_rows_add(stacks, &row);
	builder_add(builder, SNAPSHOT_STACK_VARIANCES, NULL);
	return (uint32_t)stacks->count - 1;
}

uint32_t snapshot_builder_stack(struct snapshot_builder *builder, const char *text)
{
	return snapshot_builder_stack_on(builder, 0, text);
}

uint32_t snapshot_builder_stack_on(
    struct snapshot_builder *builder, uint32_t thread, const char *text)
{
	char *copy = must(strdup(text));
	uint32_t node = node_of(builder, 0, (uint64_t)thread + 1, 0);

	/* From the end, so from the outermost frame. */
	for (;;) {
		char *separator = strrchr(copy, ';');
		const struct builder_frame *frame =
		    frame_named(builder, separator != NULL ? separator + 1 : copy);

		node = node_of(builder, node, frame->pc, frame->module);
		if (separator == NULL)
			break;
		*separator = '\0';
	}
	free(copy);
	return stack_of(builder, node);
}

uint32_t snapshot_builder_frames(
    struct snapshot_builder *builder, uint32_t thread, const uint64_t *pcs, size_t count)
{
	const struct builder_rows *modules = rows_of(builder, SNAPSHOT_MODULES);
	uint32_t node = node_of(builder, 0, (uint64_t)thread + 1, 0);

	while (count-- > 0) {
		uint32_t module = 0;

		for (size_t i = 1; i < modules->count; i++) {
			const struct snapshot_module *row = builder_rows_at(modules, i);

			if (pcs[count] >= row->start && pcs[count] < row->end)
				module = (uint32_t)i;
		}
		node = node_of(builder, node, pcs[count], module);
	}
	return stack_of(builder, node);
}

uint64_t snapshot_builder_blocks(
    struct snapshot_builder *builder, uint32_t stack, size_t count, uint64_t bytes, uint32_t born)
{
	uint64_t first = 0;

	for (size_t i = 0; i < count; i++) {
		struct snapshot_builder_block block = {
		    .bytes = bytes, .stack = stack, .born = born};
		uint64_t address = snapshot_builder_block(builder, &block);

		if (i == 0)
			first = address;
	}
	return first;
}

/* Book COUNT allocations of BYTES each. */
static struct snapshot_stack *book_birth(
    struct snapshot_builder *builder, uint32_t stack, uint64_t count, uint64_t bytes)
{
	struct snapshot_stack *row = builder_rows_at(rows_of(builder, SNAPSHOT_STACKS), stack);

	row->allocs += count;
	row->bytes += count * bytes;
	return row;
}

static struct snapshot_stack_variance *book_variance(struct snapshot_builder *builder,
    uint32_t stack, uint64_t count, uint64_t bytes, uint32_t weight)
{
	struct snapshot_stack_variance *row =
	    builder_rows_at(rows_of(builder, SNAPSHOT_STACK_VARIANCES), stack);
	double variance = (double)count * weight * (weight - 1.0);

	row->allocs += variance;
	row->bytes += variance * (double)bytes * (double)bytes;
	builder->samples += count;
	return row;
}

void snapshot_builder_sampled(struct snapshot_builder *builder, uint64_t mean_bytes)
{
	builder->run.flags |= SNAPSHOT_RUN_SAMPLED;
	builder->run.sample_bytes = mean_bytes;
	builder->sections[SNAPSHOT_BLOCK_WEIGHT].present = true;
	builder->sections[SNAPSHOT_SAMPLING].present = true;
	builder->sections[SNAPSHOT_STACK_VARIANCES].present = true;
}

void snapshot_builder_sampled_freed(struct snapshot_builder *builder, uint32_t stack,
    uint64_t count, uint64_t bytes, uint32_t weight, int temporary)
{
	struct snapshot_stack_variance *row = book_variance(builder, stack, count, bytes, weight);
	double variance = (double)count * weight * (weight - 1.0);

	if (!temporary) {
		snapshot_builder_freed(builder, stack, count * weight, bytes);
		return;
	}
	snapshot_builder_temporary(builder, stack, count * weight, bytes);
	row->temporary += variance;
	row->temporary_bytes += variance * (double)bytes * (double)bytes;
}

uint64_t snapshot_builder_block(
    struct snapshot_builder *builder, const struct snapshot_builder_block *block)
{
	struct snapshot_builder_block *added = builder_rows_add(&builder->blocks, block);
	uint64_t birth_bytes = block->birth_bytes != 0 ? block->birth_bytes : block->bytes;
	uint32_t weight = block->weight != 0 ? block->weight : 1;
	struct snapshot_stack *stack = book_birth(builder, block->stack, weight, birth_bytes);

	added->weight = weight;
	book_variance(builder, block->stack, 1, block->bytes, weight);

	if (added->address == 0)
		added->address = builder->next_address;
	if (added->address + added->bytes >= builder->next_address)
		builder->next_address = (added->address + added->bytes + 64) & ~(uint64_t)63;
	if (added->epoch == 0)
		added->epoch = added->born + 1;
	if (added->label != NULL) {
		added->flags |= SNAPSHOT_BLOCK_LABELLED;
		(void)snapshot_builder_string(builder, added->label);
	}
	if (added->identity_address == 0)
		added->identity_address = added->address;
	if (added->identity_address != added->address && added->pool == 0)
		added->flags |= SNAPSHOT_BLOCK_MOVED;
	if (added->pool != 0)
		added->flags |= SNAPSHOT_BLOCK_POOLED;
	if (added->resize_stack != 0) {
		added->flags |= SNAPSHOT_BLOCK_RESIZED;
		stack->reallocs++;
	}
	if (block->bytes >= birth_bytes)
		stack->bytes += weight * (block->bytes - birth_bytes);
	else
		stack->freed_bytes += weight * (birth_bytes - block->bytes);
	return added->address;
}

void snapshot_builder_freed(
    struct snapshot_builder *builder, uint32_t stack, uint64_t count, uint64_t bytes)
{
	struct snapshot_stack *row = book_birth(builder, stack, count, bytes);

	row->frees += count;
	row->freed_bytes += count * bytes;
}

void snapshot_builder_temporary(
    struct snapshot_builder *builder, uint32_t stack, uint64_t count, uint64_t bytes)
{
	struct snapshot_stack *row = builder_rows_at(rows_of(builder, SNAPSHOT_STACKS), stack);

	snapshot_builder_freed(builder, stack, count, bytes);
	row->temporary += count;
	row->temporary_bytes += count * bytes;
}

void snapshot_builder_peak(struct snapshot_builder *builder, uint32_t stack, uint64_t bytes)
{
	((struct snapshot_stack *)builder_rows_at(rows_of(builder, SNAPSHOT_STACKS), stack))
	    ->peak_bytes = bytes;
}

uint32_t snapshot_builder_benchmark(struct snapshot_builder *builder, const char *name)
{
	struct snapshot_benchmark row = {.name = snapshot_builder_string(builder, name)};

	builder_add(builder, SNAPSHOT_BENCHMARKS, &row);
	return (uint32_t)rows_of(builder, SNAPSHOT_BENCHMARKS)->count - 1;
}

void snapshot_builder_iterations(
    struct snapshot_builder *builder, uint32_t benchmark, uint32_t warmup, uint32_t counted)
{
	struct builder_rows *benchmarks = rows_of(builder, SNAPSHOT_BENCHMARKS);
	uint64_t ended =
	    ((struct snapshot_benchmark *)builder_rows_at(benchmarks, benchmark))->iterations;

	for (uint32_t i = 0; i < warmup + counted; i++) {
		struct snapshot_iteration row = {.benchmark = benchmark,
		    .phase = i < warmup ? SNAPSHOT_PHASE_WARMUP : SNAPSHOT_PHASE_COUNTED,
		    .first_generation = builder->last_generation + 1,
		    .last_generation = builder->last_generation + 1,
		    .first = ended + i + 1,
		    .count = 1,
		    .ns = 1000000};

		snapshot_builder_iteration(builder, &row);
	}
}

void snapshot_builder_iteration(
    struct snapshot_builder *builder, const struct snapshot_iteration *row)
{
	struct snapshot_benchmark *benchmark =
	    builder_rows_at(rows_of(builder, SNAPSHOT_BENCHMARKS), row->benchmark);
	uint64_t ended = row->flags == 0 ? row->count : row->count - 1;

	builder_add(builder, SNAPSHOT_ITERATIONS, row);
	benchmark->iterations += ended;
	builder->run.iterations_ended += ended;
	if (row->phase == SNAPSHOT_PHASE_COUNTED) {
		benchmark->counted += ended;
		builder->run.iterations_counted += ended;
	}
	if (row->last_generation > builder->last_generation)
		builder->last_generation = row->last_generation;
}

void snapshot_builder_samples(struct snapshot_builder *builder, uint32_t benchmark, uint32_t first,
    uint32_t last, uint32_t stride)
{
	for (uint64_t generation = first; generation <= last; generation += stride) {
		struct snapshot_sample row = {.generation = (uint32_t)generation,
		    .benchmark = benchmark,
		    .phase = SNAPSHOT_PHASE_COUNTED};

		snapshot_builder_sample(builder, &row);
	}
}

void snapshot_builder_sample(struct snapshot_builder *builder, const struct snapshot_sample *row)
{
	builder_add(builder, SNAPSHOT_SAMPLES, row);
}

void snapshot_builder_series(struct snapshot_builder *builder, uint32_t stack,
    const uint64_t *blocks, const uint64_t *bytes, uint64_t bytes_each, size_t count)
{
	struct snapshot_series_point before = {.stack = stack};

	for (size_t i = 0; i < count; i++) {
		struct snapshot_series_point point = {.stack = stack,
		    .sample = (uint32_t)i,
		    .live_blocks = blocks[i],
		    .live_bytes = bytes != NULL ? bytes[i] : blocks[i] * bytes_each};
		struct snapshot_sample *sample =
		    builder_rows_at(rows_of(builder, SNAPSHOT_SAMPLES), i);

		sample->live_blocks += point.live_blocks;
		sample->live_bytes += point.live_bytes;
		if (point.live_blocks != before.live_blocks ||
		    point.live_bytes != before.live_bytes)
			builder_add(builder, SNAPSHOT_SERIES, &point);
		before = point;
	}
}

void snapshot_builder_deaths(
    struct snapshot_builder *builder, uint32_t stack, uint32_t age, uint64_t blocks)
{
	struct builder_rows *deaths = rows_of(builder, SNAPSHOT_DEATHS);
	struct snapshot_deaths *row = NULL;
	uint32_t bucket = 0;

	assert(age >= 1);
	while (bucket < SNAPSHOT_AGE_BUCKETS - 1 && ((uint64_t)1 << bucket) < age)
		bucket++;
	for (size_t i = 0; i < deaths->count && row == NULL; i++)
		if (((struct snapshot_deaths *)builder_rows_at(deaths, i))->stack == stack)
			row = builder_rows_at(deaths, i);
	if (row == NULL)
		row = builder_rows_add(deaths, NULL);
	row->stack = stack;
	row->by_age[bucket] += blocks;
}

void snapshot_builder_survival(struct snapshot_builder *builder, uint32_t stack,
    uint32_t born_first, uint32_t died_first, uint32_t width, uint64_t blocks)
{
	struct snapshot_survival row = {.stack = stack,
	    .width = width,
	    .born_first = born_first,
	    .died_first = died_first,
	    .blocks = blocks};

	builder_add(builder, SNAPSHOT_SURVIVAL, &row);
}

void snapshot_builder_root(
    struct snapshot_builder *builder, uint64_t start, uint64_t bytes, const char *name)
{
	struct snapshot_root row = {
	    .start = start, .bytes = bytes, .name = snapshot_builder_string(builder, name)};

	builder_add(builder, SNAPSHOT_ROOTS, &row);
}

void snapshot_builder_own_memory(struct snapshot_builder *builder, const char *table,
    uint64_t resident_bytes, uint64_t mapped_bytes)
{
	struct snapshot_own_memory row = {.table = snapshot_builder_string(builder, table),
	    .resident_bytes = resident_bytes,
	    .mapped_bytes = mapped_bytes};

	builder->sections[SNAPSHOT_OWN_MEMORY].present = true;
	builder_add(builder, SNAPSHOT_OWN_MEMORY, &row);
}

void snapshot_builder_gate(struct snapshot_builder *builder, const struct snapshot_gate *row)
{
	builder->sections[SNAPSHOT_GATE].present = true;
	builder_add(builder, SNAPSHOT_GATE, row);
}

uint32_t snapshot_builder_pool(struct snapshot_builder *builder, uint64_t address, const char *name)
{
	struct snapshot_pool row = {
	    .address = address, .name = snapshot_builder_string(builder, name)};

	builder_add(builder, SNAPSHOT_POOLS, &row);
	return (uint32_t)rows_of(builder, SNAPSHOT_POOLS)->count - 1;
}

void snapshot_builder_born_range(struct snapshot_builder *builder, uint32_t epoch,
    uint32_t first_generation, uint32_t last_generation)
{
	struct snapshot_born_range row = {.epoch = epoch,
	    .first_generation = first_generation,
	    .last_generation = last_generation};

	builder_add(builder, SNAPSHOT_BORN_RANGES, &row);
}

void snapshot_builder_without_names(struct snapshot_builder *builder)
{
	builder->without_names = true;
	builder->sections[SNAPSHOT_NAMES].present = false;
}

void snapshot_builder_section(struct snapshot_builder *builder, uint32_t id, uint32_t flags,
    uint32_t row_bytes, const void *bytes, size_t count)
{
	struct builder_section *section = &builder->sections[id];

	assert(id < BUILDER_IDS && row_bytes > 0 && count % row_bytes == 0);
	free(section->rows.rows);
	*section = (struct builder_section){
	    .rows = {.row_bytes = row_bytes}, .flags = flags, .present = true};
	for (size_t i = 0; i < count / row_bytes; i++)
		builder_rows_add(&section->rows, (const char *)bytes + i * row_bytes);
}

void snapshot_builder_widen(struct snapshot_builder *builder, uint32_t id, uint32_t bytes)
{
	builder->sections[id].widen_bytes = bytes;
}

void snapshot_builder_omit(struct snapshot_builder *builder, uint32_t id)
{
	builder->sections[id].present = false;
}

void snapshot_builder_flags(struct snapshot_builder *builder, uint32_t id, uint32_t flags)
{
	builder->sections[id].flags = flags;
}
