/*
 * Between pause and resume (nested) this thread's allocations are not recorded, its frees are:
 * unseen 0, seen 2 blocks of 21 bytes live, before: 5 born and freed. 10 allocations are counted
 * as paused.
 */
#include <allocscope/allocscope.h>

#include "program.h"

static void *early[5];
static void *kept[12];

static void before(void)
{
	for (size_t i = 0; i < 5; i++)
		early[i] = malloc(22);
}
static void unseen(size_t first)
{
	for (size_t i = 0; i < 5; i++)
		kept[first + i] = malloc(23);
}
static void seen(void)
{
	kept[10] = malloc(21);
	kept[11] = malloc(21);
}

int main(void)
{
	before();
	allocscope_pause();
	unseen(0);
	allocscope_pause();
	for (size_t i = 0; i < 5; i++)
		free(early[i]);
	allocscope_resume();
	unseen(5);
	allocscope_resume();
	seen();
	for (size_t i = 0; i < 10; i++)
		free(kept[i]);
	say("resumed");
	return 0;
}
