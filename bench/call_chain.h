/*
 * Call chains of a chosen depth and shape, so that an allocation happens at the end of a stack that the
 * benchmark chose. A path of 64 bits picks one of four functions at every level: equal paths give equal
 * stacks, different paths different ones. The frames differ in size, as those of real programs do.
 *
 * Compile with -fno-optimize-sibling-calls, or the frames vanish.
 */
#ifndef BENCH_CALL_CHAIN_H
#define BENCH_CALL_CHAIN_H

#include <stdint.h>

typedef uint64_t (*call_chain_leaf)(void *argument);

struct call_chain {
	call_chain_leaf leaves[4]; /* the last bits of the path choose */
	void *argument;
};

typedef uint64_t (*call_chain_step)(const struct call_chain *chain, unsigned levels, uint64_t path);

/* A path for the number of a stack: neighbours share nothing. */
static inline uint64_t call_chain_path(uint64_t stack_number)
{
	uint64_t mixed = (stack_number + 1) * UINT64_C(0x9e3779b97f4a7c15);

	mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	return mixed ^ (mixed >> 27);
}

static inline uint64_t call_chain_descend(
    const struct call_chain *chain, unsigned levels, uint64_t path);

/* Each function differs from the others, or the compiler would fold them into one. */
#define CALL_CHAIN_STEP(number)                                                                    \
	__attribute__((noinline)) static uint64_t call_chain_step_##number(                        \
	    const struct call_chain *chain, unsigned levels, uint64_t path)                        \
	{                                                                                          \
		volatile unsigned char frame[16 + 24 * (number)];                                  \
                                                                                                   \
		frame[0] = (number);                                                               \
		return call_chain_descend(chain, levels, path) + frame[0];                         \
	}
CALL_CHAIN_STEP(0)
CALL_CHAIN_STEP(1)
CALL_CHAIN_STEP(2)
CALL_CHAIN_STEP(3)

/* Run one leaf of CHAIN below LEVELS frames along PATH. */
static inline uint64_t call_chain_descend(
    const struct call_chain *chain, unsigned levels, uint64_t path)
{
	static const call_chain_step steps[4] = {
	    call_chain_step_0, call_chain_step_1, call_chain_step_2, call_chain_step_3};

	if (levels == 0)
		return chain->leaves[path >> 62](chain->argument);
	return steps[path >> 62](chain, levels - 1, path * UINT64_C(0xd1342543de82ef95) + 1);
}

#endif
