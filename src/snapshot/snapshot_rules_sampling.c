/* What must hold of the weights and variances of a sampled file. */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>

#include "snapshot/snapshot_rules_internal.h"

/* All of them or none, and only in a file that says so. */
static int check_weights(struct rules *rules)
{
	const struct snapshot *snapshot = rules->snapshot;
	bool sampled = (snapshot->run->flags & SNAPSHOT_RUN_SAMPLED) != 0;

	rules->section = SNAPSHOT_BLOCK_WEIGHT;
	if (snapshot->weight_count != (sampled ? snapshot->block_count : 0))
		return rules_refuse(rules, 0, "%zu weights for %zu blocks of a file that is %s",
		    snapshot->weight_count, snapshot->block_count,
		    sampled ? "sampled" : "not sampled");
	for (size_t i = 0; i < snapshot->weight_count; i++) {
		if (snapshot->block_weight[i] == 0)
			return rules_refuse(rules, i, "its weight is 0");
	}
	return 0;
}

static bool is_variance(double number)
{
	return isfinite(number) && number >= 0;
}

static int check_variances(struct rules *rules)
{
	const struct snapshot *snapshot = rules->snapshot;
	bool sampled = (snapshot->run->flags & SNAPSHOT_RUN_SAMPLED) != 0;

	rules->section = SNAPSHOT_SAMPLING;
	if (snapshot->sampling_count != sampled)
		return rules_refuse(rules, 0, "%zu rows in a file that is %s",
		    snapshot->sampling_count, sampled ? "sampled" : "not sampled");
	rules->section = SNAPSHOT_STACK_VARIANCES;
	if (snapshot->stack_variance_count != (sampled ? snapshot->stack_count : 0))
		return rules_refuse(rules, 0, "%zu rows for %zu stacks of a file that is %s",
		    snapshot->stack_variance_count, snapshot->stack_count,
		    sampled ? "sampled" : "not sampled");
	for (size_t i = 0; i < snapshot->stack_variance_count; i++) {
		const struct snapshot_stack_variance *row = &snapshot->stack_variances[i];

		if (!is_variance(row->allocs) || !is_variance(row->bytes) ||
		    !is_variance(row->temporary) || !is_variance(row->temporary_bytes))
			return rules_refuse(rules, i, "a variance is negative, or no number");
	}
	return 0;
}

int rules_check_sampling(struct rules *rules)
{
	int status = check_weights(rules);

	return status != 0 ? status : check_variances(rules);
}
