/*
 * Every stack is checked against what the program knows of itself. A walk of 10 levels takes
 * left or right at each one, as the bits of its path say; its leaf allocates path + 1 bytes. So in
 * the snapshot each stack's bytes must be its allocations times the number that its own function
 * names spell: a single stack taken wrongly shows. Frames differ in size from call to call
 * (alloca), some are over-aligned, some both, each calls from one of two places, and the inner frames of one
 * walk lie where those of another lay. argv[1] says what happens besides: nothing, jumps (the leaf
 * leaves by longjmp), coroutines (on stacks that are unmapped and mapped again), handlers (on an
 * alternate stack), threads (4 at once). argv[2]: walks.
 */
#include <alloca.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "program.h"

#define LEVELS	    10
#define PATHS	    (1u << LEVELS)
#define STACK_BYTES ((size_t)128 * 1024)
#define NOINLINE    __attribute__((noinline))

typedef unsigned (*step_function)(unsigned path, unsigned level);

static unsigned left(unsigned path, unsigned level);
static unsigned right(unsigned path, unsigned level);
static unsigned right_varying(unsigned path, unsigned level);
static step_function volatile steps[4] = {left, right, left, right_varying};

static _Thread_local void *slots[PATHS];
static _Thread_local unsigned noise;
static _Thread_local jmp_buf landing;
static bool leaf_jumps;

static NOINLINE unsigned leaf(unsigned path)
{
	void *old = slots[path];

	slots[path] = malloc(path + 1);
	CHECK(slots[path] != NULL);
	free(old);
	noise = noise * 1103515245u + 12345u;
	if (leaf_jumps && (noise >> 20) % 2 == 0)
		longjmp(landing, 1);
	return noise;
}

static step_function step_at(unsigned path, unsigned level)
{
	return steps[(path >> level & 1) + 2 * (noise >> (level + 3) & 1)];
}

static NOINLINE unsigned left(unsigned path, unsigned level)
{
	size_t room_bytes = 16 + (noise >> (level + 6)) % 4 * 16;
	volatile char *room = alloca(room_bytes);

	room[0] = 1;
	if (level + 1 == LEVELS)
		return leaf(path) + (unsigned)room[0];
	step_function next = step_at(path, level + 1);

	if ((noise >> level & 1) != 0)
		return next(path, level + 1) + (unsigned)room[0];
	return next(path, level + 1) + 2;
}

static NOINLINE unsigned right(unsigned path, unsigned level)
{
	volatile char aligned[64] __attribute__((aligned(64)));

	aligned[0] = 1;
	if (level + 1 == LEVELS)
		return leaf(path) + (unsigned)aligned[0];
	step_function next = step_at(path, level + 1);

	if ((noise >> level & 1) != 0)
		return next(path, level + 1) + (unsigned)aligned[0];
	return next(path, level + 1) + 3;
}

/* Over-aligned and of any size: compilers find the caller's frame through a pointer that they save. */
static NOINLINE unsigned right_varying(unsigned path, unsigned level)
{
	volatile char aligned[128] __attribute__((aligned(128)));
	volatile char *room = alloca(16 + (noise >> (level + 6)) % 8 * 16);

	aligned[0] = room[0] = 1;
	if (level + 1 == LEVELS)
		return leaf(path) + (unsigned)aligned[0];
	step_function next = step_at(path, level + 1);

	if ((noise >> level & 1) != 0)
		return next(path, level + 1) + (unsigned)room[0];
	return next(path, level + 1) + 4;
}

static NOINLINE void walk(unsigned path)
{
	if (setjmp(landing) == 0)
		noise += step_at(path, 0)(path, 0);
}

static unsigned next_path(void)
{
	noise = noise * 1103515245u + 12345u;
	return noise >> 16 & (PATHS - 1);
}

static NOINLINE void walk_plainly(unsigned long walks)
{
	for (unsigned long i = 0; i < walks; i++)
		walk(next_path());
}

static ucontext_t main_context;
static unsigned coroutine_path;

static void entry_a(void)
{
	walk(coroutine_path);
}

static void entry_b(void)
{
	volatile char shift[48];

	shift[0] = 1;
	walk(coroutine_path + shift[0] - 1);
}

static NOINLINE void run_coroutine(void (*entry)(void), void *stack)
{
	ucontext_t context;

	CHECK(getcontext(&context) == 0);
	context.uc_stack.ss_sp = stack;
	context.uc_stack.ss_size = STACK_BYTES;
	context.uc_link = &main_context;
	makecontext(&context, entry, 0);
	CHECK(swapcontext(&main_context, &context) == 0);
}

static void walk_in_coroutines(unsigned long walks)
{
	for (unsigned long i = 0; i < walks; i++) {
		void *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

		CHECK(stack != MAP_FAILED);
		coroutine_path = next_path();
		run_coroutine(i % 2 == 0 ? entry_a : entry_b, stack);
		CHECK(munmap(stack, STACK_BYTES) == 0);
	}
}

static void handler(int number)
{
	(void)number;
	walk(next_path());
}

static void walk_in_handlers(unsigned long walks)
{
	static char stack[STACK_BYTES];
	stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK | SA_NODEFER};

	CHECK(sigaltstack(&alternate, NULL) == 0 && sigaction(SIGUSR1, &action, NULL) == 0);
	for (unsigned long i = 0; i < walks; i += 2) {
		CHECK(raise(SIGUSR1) == 0);
		walk(next_path());
	}
}

static void *thread_main(void *walks)
{
	walk_plainly((unsigned long)(uintptr_t)walks);
	return NULL;
}

static void walk_in_threads(unsigned long walks)
{
	pthread_t threads[4];

	for (size_t i = 0; i < 4; i++)
		CHECK(pthread_create(
			  &threads[i], NULL, thread_main, (void *)(uintptr_t)(walks / 4)) == 0);
	for (size_t i = 0; i < 4; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
}

int main(int argc, char **argv)
{
	CHECK(argc == 3);
	unsigned long walks = strtoul(argv[2], NULL, 10);

	leaf_jumps = strcmp(argv[1], "jumps") == 0;
	if (strcmp(argv[1], "coroutines") == 0)
		walk_in_coroutines(walks);
	else if (strcmp(argv[1], "handlers") == 0)
		walk_in_handlers(walks);
	else if (strcmp(argv[1], "threads") == 0)
		walk_in_threads(walks);
	else
		walk_plainly(walks);
	say("walked");
	return 0;
}
