#include "analysis/estimate.h"

struct spread estimate_allocs(const struct snapshot *snapshot)
{
	struct spread sum = {0, 0};

	for (size_t i = 0; i < snapshot->stack_variance_count; i++) {
		sum.blocks += snapshot->stack_variances[i].allocs;
		sum.bytes += snapshot->stack_variances[i].bytes;
	}
	return sum;
}

struct spread estimate_live(const struct snapshot *snapshot)
{
	struct spread sum = {0, 0};

	for (size_t i = 0; i < snapshot->weight_count; i++)
		spread_add_block(&sum, snapshot->block_weight[i], snapshot->block_size[i]);
	return sum;
}
