#include "report/resize_sites.h"

#include <stdlib.h>

#include "base/status.h"

int resize_sites_open(const struct grouping *grouping, uint32_t **ret_stack_of_key)
{
	size_t last = grouping->input_count - 1;
	const struct heap *heap = grouping->inputs[last].heap;
	const struct snapshot *snapshot = heap->snapshot;
	uint32_t *stack_of_key = malloc((grouping->key_count + 1) * sizeof *stack_of_key);
	uint64_t *largest = calloc(grouping->key_count + 1, sizeof *largest);

	if (stack_of_key == NULL || largest == NULL) {
		free(stack_of_key);
		free(largest);
		return STATUS_NO_MEMORY;
	}
	for (size_t key = 0; key < grouping->key_count; key++)
		stack_of_key[key] = HEAP_NONE;
	for (size_t i = 0; i < snapshot->extra_count; i++) {
		const struct snapshot_block_extra *extra = &snapshot->extras[i];
		uint32_t key = 0;

		if ((extra->flags & SNAPSHOT_BLOCK_RESIZED) == 0 || extra->resize_stack == 0)
			continue;
		key = grouping_key_of_block(grouping, last, extra->block);
		if (key >= grouping->key_count || snapshot->block_size[extra->block] < largest[key])
			continue;
		largest[key] = snapshot->block_size[extra->block];
		stack_of_key[key] = heap->stack_of_row[extra->resize_stack];
	}
	free(largest);
	*ret_stack_of_key = stack_of_key;
	return 0;
}
