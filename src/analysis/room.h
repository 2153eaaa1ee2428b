/* Arrays that grow: twice the room each time, so that adding is cheap on the whole. */
#ifndef ANALYSIS_ROOM_H
#define ANALYSIS_ROOM_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 64

/* ARRAY with room for NEEDED elements of BYTES each; new ones are zeroed. NULL, and all is as it was, when memory is short. */
static inline void *room_for(void *array, size_t *capacity, size_t needed, size_t bytes)
{
	size_t wanted = *capacity != 0 ? *capacity : ROOM_FIRST;

	if (needed <= *capacity)
		return array;
	while (wanted < needed)
		wanted *= 2;
	char *grown = realloc(array, wanted * bytes);

	if (grown != NULL) {
		memset(grown + *capacity * bytes, 0, (wanted - *capacity) * bytes);
		*capacity = wanted;
	}
	return grown;
}

#endif
