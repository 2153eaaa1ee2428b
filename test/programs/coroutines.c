/*
 * 50 coroutines on stacks of their own allocate at 4 points each and switch back in between: 200
 * blocks of 17 bytes under routine, half of them freed on the main stack.
 */
#include <ucontext.h>

#include "program.h"

#define ROUTINES    50
#define STACK_BYTES ((size_t)64 * 1024)

static ucontext_t main_context;
static ucontext_t contexts[ROUTINES];
static void *blocks[ROUTINES][4];

static void routine(int number)
{
	for (size_t step = 0; step < 4; step++) {
		blocks[number][step] = malloc(17);
		CHECK(swapcontext(&contexts[number], &main_context) == 0);
	}
}

static void make_routines(void)
{
	for (int i = 0; i < ROUTINES; i++) {
		CHECK(getcontext(&contexts[i]) == 0);
		contexts[i].uc_stack.ss_sp = malloc(STACK_BYTES);
		contexts[i].uc_stack.ss_size = STACK_BYTES;
		contexts[i].uc_link = &main_context;
		makecontext(&contexts[i], (void (*)(void))routine, 1, i);
	}
}

int main(void)
{
	make_routines();
	for (int step = 0; step < 4; step++)
		for (int i = 0; i < ROUTINES; i++)
			CHECK(swapcontext(&main_context, &contexts[i]) == 0);
	for (int i = 0; i < ROUTINES; i++) {
		free(blocks[i][0]);
		free(blocks[i][2]);
	}
	say("50 coroutines");
	return 0;
}
