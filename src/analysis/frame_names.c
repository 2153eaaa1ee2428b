#include "analysis/frame_names.h"

const struct frame_name *frame_table_of_node(void *context, uint32_t node, size_t *ret_count)
{
	const struct frame_table *table = context;

	if (node >= table->node_count) {
		*ret_count = 0;
		return NULL;
	}
	*ret_count = table->first[node + 1] - table->first[node];
	return table->frames + table->first[node];
}
