/* A small snapshot with at least two rows in every section: whatever a damage wants to hit is there. */
#include "snapshot_builder.h"
#include "snapshot_damage.h"

/* A root of each kind; the first one holds two edges, of which the second is held from a stack as well. */
static void add_graph(struct snapshot_builder *builder, uint64_t edge, uint64_t node)
{
	static const enum snapshot_root_kind kinds[] = {SNAPSHOT_ROOT_DATA, SNAPSHOT_ROOT_TLS,
	    SNAPSHOT_ROOT_STACK, SNAPSHOT_ROOT_REGISTERS, SNAPSHOT_ROOT_GIVEN,
	    SNAPSHOT_ROOT_MAPPING};
	uint32_t cache = snapshot_builder_string(builder, "cache");

	for (uint32_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		(void)snapshot_builder_root_range(
		    builder, &(struct snapshot_root_range){.start = 0x700000 + 0x1000 * i,
				 .end = 0x700000 + 0x1000 * i + 256,
				 .kind = kinds[i],
				 .module = i < 2 ? 1 : 0,
				 .thread = i < 4 ? 0 : UINT32_MAX,
				 .tid = i < 4 ? 1000 : 0,
				 .name = i < 4 ? 0 : cache});
	snapshot_builder_root_edge(builder, 0, 0x700008, edge, 0);
	snapshot_builder_root_edge(builder, 0, 0x700010, edge + 64, 8);
	snapshot_builder_root_edge(builder, 2, 0x702020, edge + 64, 0);
	snapshot_builder_root_edge(builder, 3, 3, node, 0);
	snapshot_builder_edge(builder, edge, 0, node, 0);
	snapshot_builder_edge(builder, edge, 2, node + 64, 24);
	snapshot_builder_edge(builder, edge + 64, 1, node + 128, 4);
	snapshot_builder_stack_frame(
	    builder, &(struct snapshot_stack_frame){
			 .low = 0x702000, .pc = 0x401234, .range = 2, .module = 1, .flags = 1});
	snapshot_builder_stack_frame(
	    builder, &(struct snapshot_stack_frame){
			 .low = 0x702040, .pc = 0x401300, .range = 2, .module = 1});
	snapshot_builder_class(builder, edge, snapshot_builder_virtual_table(builder, 0x400f10, 1));
	snapshot_builder_class(
	    builder, node + 64, snapshot_builder_virtual_table(builder, 0x400f48, 1));
	snapshot_builder_graph(builder)->method = SNAPSHOT_GRAPH_FORKED;
	snapshot_builder_graph(builder)->threads = 1;
}

/* Four samples of the first benchmark. */
static void add_survival(
    struct snapshot_builder *builder, uint32_t edge, uint32_t node, uint32_t text)
{
	static const uint64_t edges[] = {2, 4, 6};
	static const uint64_t nodes[] = {1, 1, 3};

	snapshot_builder_samples(builder, 0, 4, 12, 4);
	snapshot_builder_series(builder, edge, edges, NULL, 48, 3);
	snapshot_builder_series(builder, node, nodes, NULL, 24, 3);
	snapshot_builder_deaths(builder, edge, 1, 20);
	snapshot_builder_deaths(builder, edge, 5, 10);
	snapshot_builder_deaths(builder, text, 40000, 0);
	snapshot_builder_survival(builder, edge, 0, 8, 8, 20);
	snapshot_builder_survival(builder, edge, 8, 8, 8, 10);
	snapshot_builder_born_range(builder, 6, 5, 6);
	snapshot_builder_born_range(builder, 8, 7, 7);
}

static void add_own_costs(struct snapshot_builder *builder)
{
	snapshot_builder_run(builder)->costs.live_table = 65536;
	snapshot_builder_run(builder)->costs.other = 4096;
	snapshot_builder_own_memory(builder, "live_table", 65536, 1 << 24);
	snapshot_builder_own_memory(builder, "buffers", 4096, 4096);
	snapshot_builder_gate(
	    builder, &(struct snapshot_gate){
			 .closings = 3, .longest_wait_ns = 20000, .longest_stand_ns = 1500000});
}

static void add_symbols(struct snapshot_builder *builder)
{
	const struct snapshot_symbol rows[] = {
	    {.address = 0x404010,
		.bytes = 16,
		.kind = SNAPSHOT_SYMBOL_VARIABLE,
		.module = 1,
		.name = snapshot_builder_string(builder, "registry")},
	    {.address = 0x400f48,
		.kind = SNAPSHOT_SYMBOL_CLASS,
		.module = 1,
		.name = snapshot_builder_string(builder, "app::Node")},
	};

	snapshot_builder_section(builder, SNAPSHOT_SYMBOLS, 0, sizeof rows[0], rows, sizeof rows);
}

struct snapshot_builder *snapshot_builder_of_everything(void)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t edge =
	    snapshot_builder_stack(builder, "edge_new@edge.c:12;link@node.c:40;main@main.c:7");
	uint32_t node = snapshot_builder_stack(builder, "get|node_new@node.c:9;main@main.c:7");
	uint32_t worker = snapshot_builder_thread(builder, 1001, "worker");
	uint32_t text = snapshot_builder_stack_on(
	    builder, worker, "libtext.so!text_copy@text.c:3;run@main.c:90");
	uint32_t parse = snapshot_builder_benchmark(builder, "parse");
	uint32_t print = snapshot_builder_benchmark(builder, "print");
	uint32_t pool = snapshot_builder_pool(builder, 0x7000, "arena");

	snapshot_builder_sampled(builder, 4096);
	snapshot_builder_run(builder)->flags |= SNAPSHOT_RUN_FORKED;
	snapshot_builder_run(builder)->inherited_epoch = 1;
	snapshot_builder_run(builder)->trigger_detail = snapshot_builder_string(builder, "at exit");
	snapshot_builder_iterations(builder, parse, 2, 20);
	snapshot_builder_iterations(builder, print, 1, 5);
	(void)snapshot_builder_pool(builder, 0x8000, "scratch");

	uint64_t first_edge = snapshot_builder_blocks(builder, edge, 6, 48, 5);
	uint64_t first_node = snapshot_builder_blocks(builder, node, 3, 24, 0);

	(void)snapshot_builder_block(
	    builder, &(struct snapshot_builder_block){
			 .bytes = 200, .stack = text, .born = 7, .label = "computed"});
	(void)snapshot_builder_block(builder, &(struct snapshot_builder_block){.bytes = 4000,
						  .birth_bytes = 100,
						  .stack = text,
						  .born = 8,
						  .resize_stack = node,
						  .identity_address = 0x9990});
	(void)snapshot_builder_block(builder, &(struct snapshot_builder_block){.bytes = 16,
						  .stack = node,
						  .born = 9,
						  .resize_stack = edge,
						  .identity_address = 0x9990});
	(void)snapshot_builder_block(
	    builder, &(struct snapshot_builder_block){
			 .bytes = 8, .stack = node, .born = 9, .flags = SNAPSHOT_BLOCK_IGNORED});
	(void)snapshot_builder_block(
	    builder, &(struct snapshot_builder_block){
			 .bytes = 32, .stack = edge, .born = 10, .pool = pool + 1});
	snapshot_builder_freed(builder, edge, 50, 48);
	snapshot_builder_temporary(builder, text, 1000, 10);

	add_survival(builder, edge, node, text);
	snapshot_builder_root(builder, 0x600000, 64, "registry");
	snapshot_builder_root(builder, 0x700000, 8, "cache");

	add_own_costs(builder);
	add_graph(builder, first_edge, first_node);
	add_symbols(builder);

	struct snapshot_pool *pools = snapshot_builder_rows(builder, SNAPSHOT_POOLS, NULL);

	pools[pool].allocs = 3;
	pools[pool].frees = 2;
	pools[pool].bytes = 96;
	pools[pool].freed_bytes = 64;
	return builder;
}
