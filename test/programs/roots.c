/* Declares two extra root ranges. */
#include <allocscope/allocscope.h>

#include "program.h"

static void *table[8];
static void *other[2];

int main(void)
{
	allocscope_root(table, sizeof(table), "table");
	allocscope_root(other, sizeof(other), "other");
	table[0] = malloc(10);
	CHECK(table[0] != NULL);
	say("rooted");
	return 0;
}
