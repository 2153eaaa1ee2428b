#include "analysis/hold.h"

static bool is_better(const struct reachability *reachability, uint32_t block, uint32_t known)
{
	const uint64_t *sizes = reachability->graph->snapshot->block_size;
	bool leaked = reachability_is_leaked(reachability, block);

	if (leaked != reachability_is_leaked(reachability, known))
		return leaked;
	const struct heap *heap = reachability->graph->heap;
	bool retained = heap_birth_of_block(heap, block) == HEAP_BIRTH_COUNTED;

	if (retained != (heap_birth_of_block(heap, known) == HEAP_BIRTH_COUNTED))
		return retained;
	if (sizes[block] != sizes[known])
		return sizes[block] > sizes[known];
	if (reachability->distance[block] != reachability->distance[known])
		return reachability->distance[block] < reachability->distance[known];
	return block < known;
}

void hold_add(struct hold *hold, const struct reachability *reachability, uint32_t block)
{
	uint64_t bytes = reachability->graph->snapshot->block_size[block];

	if (reachability_is_leaked(reachability, block)) {
		hold->leaked_blocks++;
		hold->leaked_bytes += bytes;
		if (reachability->state[block] == REACH_LOST_INDIRECTLY) {
			hold->indirect_blocks++;
			hold->indirect_bytes += bytes;
		}
	} else if (reachability->state[block] == REACH_WEAK) {
		hold->doubtful_blocks++;
		hold->doubtful_bytes += bytes;
	}
	if (hold->blocks == 0 || is_better(reachability, block, hold->example))
		hold->example = block;
	hold->blocks++;
}

void hold_merge(
    struct hold *hold, const struct hold *other, const struct reachability *reachability)
{
	if (other->blocks == 0)
		return;
	if (hold->blocks == 0 || is_better(reachability, other->example, hold->example))
		hold->example = other->example;
	hold->blocks += other->blocks;
	hold->leaked_blocks += other->leaked_blocks;
	hold->leaked_bytes += other->leaked_bytes;
	hold->indirect_blocks += other->indirect_blocks;
	hold->indirect_bytes += other->indirect_bytes;
	hold->doubtful_blocks += other->doubtful_blocks;
	hold->doubtful_bytes += other->doubtful_bytes;
}

void hold_judge(struct hold *hold, enum growth_shape shape)
{
	hold->verdict = verdict_of(hold->blocks, hold->leaked_blocks, shape);
}

const char *hold_unseen(const struct snapshot *snapshot)
{
	if (!snapshot_has_graph(snapshot))
		return "the file has no reference graph (graph=0, or snapshot_at=last or peak)";
	if ((snapshot->run->flags & SNAPSHOT_RUN_SAMPLED) != 0)
		return "the file is sampled: who holds the blocks in between is not known";
	return NULL;
}

const char *hold_caveat(const struct snapshot *snapshot)
{
	if (!snapshot_has_graph(snapshot))
		return NULL;
	if (snapshot->graph->threads_running != 0)
		return "threads that could not be stopped ran while memory was read";
	if (snapshot->graph->lost_edges != 0)
		return "some edges were lost: what they held may seem leaked";
	if (snapshot->run->losses.blocks != 0 || snapshot->run->losses.paused != 0)
		return "some blocks were not recorded: what they held may seem leaked";
	if ((snapshot->run->flags & SNAPSHOT_RUN_APPROXIMATE) != 0)
		return "the cut is not exact";
	return NULL;
}
