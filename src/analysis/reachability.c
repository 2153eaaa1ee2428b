#include "analysis/reachability.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/large_array.h"
#include "analysis/strong_components.h"

/* States while searching, behind those of enum reach. */
#define WAITS_LATER 253 /* in `later` */
#define WAITS_NOW   254 /* in `now` */
#define UNSETTLED   255

/* The search in progress. Blocks that wait carry their path in the result's columns already. */
struct search {
	struct reachability *result;
	const struct reference_graph *graph;
	uint32_t *queue; /* settled in this level, not yet looked at: [head, tail) */
	uint32_t *now;	 /* reached by a doubtful edge of the level before */
	uint32_t *later; /* reached by one of this level */
	size_t head, tail, now_count, later_count, order_count;
	uint8_t settled_as; /* state in level 0; other levels get the one below it in strength */
	uint8_t doubtful_as;
	bool doubtful; /* level > 0 */
};

static void write_path(struct search *search, uint32_t target, uint32_t holder, uint32_t reference,
    uint32_t distance, uint8_t doubts)
{
	struct reachability *result = search->result;

	result->holder[target] = holder;
	result->reference[target] = reference;
	result->distance[target] = distance;
	result->doubts[target] = doubts;
}

static bool is_settled(const struct search *search, uint32_t block)
{
	return search->result->state[block] < WAITS_LATER;
}

static void wait_for_next_level(struct search *search, uint32_t target, uint32_t holder,
    uint32_t reference, uint32_t distance, uint8_t doubts)
{
	if (search->result->state[target] != UNSETTLED)
		return;
	search->result->state[target] = WAITS_LATER;
	write_path(search, target, holder, reference, distance, doubts);
	search->later[search->later_count++] = target;
}

/* A start of level 0. */
static void wait_now(struct search *search, uint32_t block, uint32_t holder, uint32_t reference)
{
	search->result->state[block] = WAITS_NOW;
	write_path(search, block, holder, reference, 1, 0);
	search->now[search->now_count++] = block;
}

static void settle(struct search *search, uint32_t block)
{
	struct reachability *result = search->result;

	result->state[block] = search->doubtful ? search->doubtful_as : search->settled_as;
	result->order[search->order_count++] = block;
}

static void follow(struct search *search, uint32_t block)
{
	struct reachability *result = search->result;
	uint64_t degree = reference_degree(search->graph, block);
	uint32_t distance = result->distance[block] + 1;
	uint8_t doubts = result->doubts[block];

	for (uint64_t number = 0; number < degree; number++) {
		uint8_t grade;
		uint32_t target = reference_at(search->graph, block, number, &grade);

		if (!reference_counts(grade) || is_settled(search, target))
			continue;
		if (grade != 0) {
			wait_for_next_level(
			    search, target, block, (uint32_t)number, distance, doubts | grade);
			continue;
		}
		/* It waits its turn, which comes first. */
		if (result->state[target] == WAITS_NOW && result->distance[target] <= distance)
			continue;
		write_path(search, target, block, (uint32_t)number, distance, doubts);
		settle(search, target);
		search->queue[search->tail++] = target;
	}
}

/* One level. What waited is taken before what the level itself found at the same distance; both ascend. */
static void search_level(struct search *search)
{
	const struct reachability *result = search->result;
	size_t taken = 0;

	search->head = search->tail = 0;
	while (taken < search->now_count || search->head < search->tail) {
		bool waiting = taken < search->now_count;

		if (waiting && is_settled(search, search->now[taken])) {
			taken++;
			continue;
		}
		if (waiting && (search->head == search->tail ||
				   result->distance[search->now[taken]] <=
				       result->distance[search->queue[search->head]])) {
			settle(search, search->now[taken]);
			follow(search, search->now[taken++]);
		} else {
			follow(search, search->queue[search->head++]);
		}
	}
}

/* From what waits in `now` until nothing does. Level 1 may have its own starts in `later` already. */
static void search_all(struct search *search)
{
	search->doubtful = false;
	do {
		uint32_t *now = search->now;

		search_level(search);
		search->now = search->later;
		search->now_count = search->later_count;
		for (size_t i = 0; i < search->now_count; i++)
			if (!is_settled(search, search->now[i]))
				search->result->state[search->now[i]] = WAITS_NOW;
		search->later = now;
		search->later_count = 0;
		search->doubtful = true;
	} while (search->now_count != 0);
}

/* --- from the roots --- */

static const uint32_t kinds_by_rank[] = {SNAPSHOT_ROOT_GIVEN, SNAPSHOT_ROOT_DATA, SNAPSHOT_ROOT_TLS,
    SNAPSHOT_ROOT_MAPPING, SNAPSHOT_ROOT_STACK, SNAPSHOT_ROOT_REGISTERS};

static void start_from_word(struct search *search, size_t row)
{
	const struct reference_graph *graph = search->graph;
	uint32_t block = graph->snapshot->root_edges[row].target;
	uint32_t node = reference_root_node(graph, graph->root_of_edge[row]);
	uint8_t grade = graph->root_grade[row];

	if (!reference_counts(grade))
		return;
	if (grade != 0) {
		wait_for_next_level(search, block, node, (uint32_t)row, 1, grade);
	} else if (search->result->state[block] != WAITS_NOW) {
		/* What waits for level 1 may start in level 0 as well, and then does. */
		wait_now(search, block, node, (uint32_t)row);
	}
}

static void start_from_roots(struct search *search)
{
	const struct snapshot *snapshot = search->graph->snapshot;

	for (size_t rank = 0; rank < sizeof(kinds_by_rank) / sizeof(kinds_by_rank[0]); rank++) {
		for (size_t row = 0; row < snapshot->root_edge_count; row++) {
			uint32_t range = snapshot->root_edges[row].range;

			if (snapshot->root_ranges[range].kind == kinds_by_rank[rank])
				start_from_word(search, row);
		}
	}
}

/* --- what is left --- */

/* Components of the leaked blocks that no other leaked block refers to: 1 in HELD means that one does. */
static void find_held(
    const struct search *search, const struct strong_components *components, uint8_t *held)
{
	const struct reference_graph *graph = search->graph;

	for (uint32_t block = 0; block < graph->block_count; block++) {
		uint64_t degree = is_settled(search, block) ? 0 : reference_degree(graph, block);

		for (uint64_t number = 0; number < degree; number++) {
			uint8_t grade;
			uint32_t target = reference_at(graph, block, number, &grade);

			if (reference_counts(grade) && !is_settled(search, target) &&
			    components->of_block[target] != components->of_block[block])
				held[components->of_block[target]] = 1;
		}
	}
}

/* BLOCK is a better beginning of a lost component than OTHER: older, or larger; only then by its place. */
static bool begins_better(const struct snapshot *snapshot, uint32_t block, uint32_t other)
{
	if (snapshot->block_epoch[block] != snapshot->block_epoch[other])
		return snapshot->block_epoch[block] < snapshot->block_epoch[other];
	return snapshot->block_size[block] > snapshot->block_size[other];
}

/* The oldest and largest block of each component that nobody holds starts. */
static int start_from_lost(struct search *search)
{
	const struct reference_graph *graph = search->graph;
	struct strong_components components;
	int status = strong_components_open(graph, search->result->state, UNSETTLED, &components);

	if (status != STATUS_OK)
		return status;
	uint8_t *held = calloc((size_t)components.count + 1, 1);
	uint32_t *first = malloc(((size_t)components.count + 1) * sizeof(*first));
	bool has_room = held != NULL && first != NULL;

	if (has_room) {
		find_held(search, &components, held);
		for (uint32_t component = 0; component < components.count; component++)
			first[component] = HEAP_NONE;
		for (uint32_t block = 0; block < graph->block_count; block++) {
			uint32_t component = components.of_block[block];

			if (!is_settled(search, block) && held[component] == 0 &&
			    (first[component] == HEAP_NONE ||
				begins_better(graph->snapshot, block, first[component])))
				first[component] = block;
		}
		for (uint32_t component = 0; component < components.count; component++)
			if (first[component] != HEAP_NONE)
				wait_now(search, first[component], reference_lost_node(graph), 0);
	}
	free(held);
	free(first);
	strong_components_release(&components);
	return has_room ? STATUS_OK : STATUS_NO_MEMORY;
}

static int search_lost(struct search *search)
{
	struct reachability *result = search->result;

	if (search->order_count == search->graph->block_count)
		return STATUS_OK;
	int status = start_from_lost(search);

	if (status != STATUS_OK)
		return status;
	search->settled_as = search->doubtful_as = REACH_LOST_INDIRECTLY;
	search_all(search);
	for (uint32_t block = 0; block < search->graph->block_count; block++)
		if (result->holder[block] == reference_lost_node(search->graph))
			result->state[block] = REACH_LOST;
	return STATUS_OK;
}

/* --- the whole --- */

static void add_up(struct reachability *result)
{
	const struct snapshot *snapshot = result->graph->snapshot;
	uint64_t blocks[REACH_LOST_INDIRECTLY + 1] = {0};
	uint64_t bytes[REACH_LOST_INDIRECTLY + 1] = {0};

	for (uint32_t block = 0; block < result->graph->block_count; block++) {
		blocks[result->state[block]]++;
		bytes[result->state[block]] += snapshot->block_size[block];
	}
	result->totals = (struct reach_totals){
	    .strong_blocks = blocks[REACH_STRONG],
	    .strong_bytes = bytes[REACH_STRONG],
	    .weak_blocks = blocks[REACH_WEAK],
	    .weak_bytes = bytes[REACH_WEAK],
	    .lost_blocks = blocks[REACH_LOST],
	    .lost_bytes = bytes[REACH_LOST],
	    .indirect_blocks = blocks[REACH_LOST_INDIRECTLY],
	    .indirect_bytes = bytes[REACH_LOST_INDIRECTLY],
	};
}

static int search_graph(struct reachability *result)
{
	size_t count = (size_t)result->graph->block_count + 1;
	struct search search = {.result = result,
	    .graph = result->graph,
	    .queue = large_array(count, sizeof(uint32_t)),
	    .now = large_array(count, sizeof(uint32_t)),
	    .later = large_array(count, sizeof(uint32_t)),
	    .settled_as = REACH_STRONG,
	    .doubtful_as = REACH_WEAK};
	int status = STATUS_NO_MEMORY;

	if (search.queue != NULL && search.now != NULL && search.later != NULL) {
		memset(result->state, UNSETTLED, count);
		start_from_roots(&search);
		search_all(&search);
		status = search_lost(&search);
	}
	free(search.queue);
	free(search.now);
	free(search.later);
	return status;
}

int reachability_open(const struct reference_graph *graph, struct reachability **ret_reachability)
{
	size_t count = (size_t)graph->block_count + 1;
	struct reachability *result = calloc(1, sizeof(*result));

	if (result == NULL)
		return STATUS_NO_MEMORY;
	result->graph = graph;
	result->state = large_array(count, 1);
	result->doubts = large_array_of_zeros(count, 1);
	result->holder = large_array(count, sizeof(uint32_t));
	result->reference = large_array(count, sizeof(uint32_t));
	result->distance = large_array_of_zeros(count, sizeof(uint32_t));
	result->order = large_array(count, sizeof(uint32_t));
	int status = STATUS_NO_MEMORY;

	if (result->state != NULL && result->doubts != NULL && result->holder != NULL &&
	    result->reference != NULL && result->distance != NULL && result->order != NULL)
		status = search_graph(result);
	if (status != STATUS_OK) {
		reachability_close(result);
		return status;
	}
	add_up(result);
	*ret_reachability = result;
	return STATUS_OK;
}

void reachability_close(struct reachability *reachability)
{
	if (reachability == NULL)
		return;
	free(reachability->state);
	free(reachability->doubts);
	free(reachability->holder);
	free(reachability->reference);
	free(reachability->distance);
	free(reachability->order);
	free(reachability);
}
