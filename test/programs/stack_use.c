/*
 * How deep malloc and its kin reach into the stack: a thread's stack is painted below its frame, one call is made, and
 * the lowest word that changed is looked for; then the same on the stack of a coroutine. Prints "name bytes" per kind
 * of call; the first argument may name a file for the numbers, since standard output must not depend on being profiled.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "program.h"

#define STACK_BYTES (256 * 1024)
#define PAINT	    0xa5a5a5a5a5a5a5a5u

static _Alignas(4096) unsigned char stack[STACK_BYTES];
static _Alignas(4096) unsigned char coroutine_stack[STACK_BYTES];
static ucontext_t thread_context, coroutine_context;
static volatile uintptr_t *lowest; /* painted from here on */
static FILE *numbers;
static void *volatile kept;

__attribute__((noinline)) static uintptr_t paint(void)
{
	volatile uintptr_t here = 0;
	volatile uintptr_t *end = (volatile uintptr_t *)((uintptr_t)&here - 64);

	for (volatile uintptr_t *at = lowest; at < end; at++)
		*at = PAINT;
	return (uintptr_t)&here;
}

__attribute__((noinline)) static void measure(const char *name, void (*call)(void))
{
	uintptr_t here = paint();

	call();
	volatile uintptr_t *at = lowest;

	while ((uintptr_t)at < here && *at == PAINT)
		at++;
	if (numbers != NULL)
		fprintf(numbers, "%s %zu\n", name, (size_t)(here - (uintptr_t)at));
}

static void allocates(void)
{
	kept = malloc(40);
}

static void allocates_much(void)
{
	kept = malloc(4000);
}

static void clears(void)
{
	kept = calloc(2, 40);
}

static void resizes(void)
{
	kept = realloc(kept, 100);
}

static void frees(void)
{
	free(kept);
}

/* Two call sites of their own: the second is a new return address on a stack that is known but for that. */
static void first_site(void)
{
	kept = malloc(40);
}

static void second_site(void)
{
	kept = malloc(40);
	__asm__ volatile("nop");
}

__attribute__((noinline)) static void deeper(int depth)
{
	if (depth > 0)
		deeper(depth - 1);
	else
		kept = malloc(40);
	__asm__ volatile("");
}

static void ten_deep(void)
{
	deeper(10);
}

static const struct {
	const char *name;
	void (*call)(void);
} kinds[] = {{"malloc", allocates}, {"free", frees}, {"large_malloc", allocates_much},
    {"large_free", frees}, {"calloc", clears}, {"realloc", resizes}, {"free", frees},
    {"malloc_at_new_site", first_site}, {"free", frees}, {"malloc_at_other_site", second_site},
    {"free", frees}, {"malloc_ten_deeper", ten_deep}, {"free", frees}};

/* One call site for all, so that from the second round on the stacks are known. */
static void measure_all(unsigned char *lowest_byte)
{
	lowest = (volatile uintptr_t *)lowest_byte;
	for (int round = 0; round < 4; round++)
		for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
			measure(kinds[i].name, kinds[i].call);
}

static void run_coroutine(void)
{
	measure_all(coroutine_stack);
}

/* The first call is the thread's first. */
static void *run(void *argument)
{
	(void)argument;
	measure_all(stack + 8192);
	CHECK(getcontext(&coroutine_context) == 0);
	coroutine_context.uc_stack.ss_sp = coroutine_stack;
	coroutine_context.uc_stack.ss_size = sizeof coroutine_stack;
	coroutine_context.uc_link = &thread_context;
	makecontext(&coroutine_context, run_coroutine, 0);
	CHECK(swapcontext(&thread_context, &coroutine_context) == 0);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_attr_t attributes;
	pthread_t thread;

	numbers = argc > 1 ? fopen(argv[1], "we") : NULL;
	if (numbers != NULL)
		fprintf(numbers, "begin 0\n"); /* its buffer is there before anything is measured */
	CHECK(pthread_attr_init(&attributes) == 0);
	CHECK(pthread_attr_setstack(&attributes, stack, sizeof stack) == 0);
	CHECK(pthread_create(&thread, &attributes, run, NULL) == 0);
	CHECK(pthread_join(thread, NULL) == 0);
	if (numbers != NULL)
		CHECK(fclose(numbers) == 0);
	puts("done");
	return 0;
}
