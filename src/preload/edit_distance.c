#include "preload/edit_distance.h"

unsigned edit_distance(const char *a, size_t a_count, const char *b, size_t b_count)
{
	unsigned row[EDIT_DISTANCE_WORD + 1];

	if (a_count > EDIT_DISTANCE_WORD || b_count > EDIT_DISTANCE_WORD)
		return EDIT_DISTANCE_FAR;
	for (unsigned j = 0; j <= b_count; j++)
		row[j] = j;
	for (unsigned i = 1; i <= a_count; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= b_count; j++) {
			unsigned change = diagonal + (a[i - 1] != b[j - 1]);
			unsigned least = row[j] + 1 < row[j - 1] + 1 ? row[j] + 1 : row[j - 1] + 1;

			diagonal = row[j];
			row[j] = change < least ? change : least;
		}
	}
	return row[b_count];
}
