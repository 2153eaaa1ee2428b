/*
 * What was born since a mark and is alive: counted, and, for people, by stack, by iteration and by round. Blocks of one
 * thread are told by the root of their stacks.
 */
#ifndef PRELOAD_SURVIVORS_H
#define PRELOAD_SURVIVORS_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/api_types.h"
#include "preload/live_table.h"

/* A cut for a mark: what is born later has a higher epoch. */
uint32_t survivors_cut(void);
struct allocscope_retained survivors_count(struct allocscope_mark mark, bool process);

#define SURVIVORS_SPANS 16 /* of iterations, or of rounds */
#define SURVIVORS_SITES 8
struct survivors_site {
	uint32_t stack;
	struct allocscope_retained sum;
};
struct survivors {
	struct allocscope_retained all;
	struct live_block largest;	    /* the oldest of them */
	uint32_t last_epoch;		    /* nothing counted is younger */
	struct allocscope_retained outside; /* born outside of iterations */
	uint32_t first_generation;	    /* iterations of birth, SPAN at a time */
	uint32_t span;			    /* 0: all were born outside */
	struct allocscope_retained by_generation[SURVIVORS_SPANS];
	struct allocscope_retained by_round[SURVIVORS_SPANS]; /* SCOPE->stride at a time */
	/* the stacks with most bytes, the largest first; none without memory for them */
	struct survivors_site sites[SURVIVORS_SITES];
	uint32_t site_count;
	uint32_t sites_more;
};
void survivors_describe(const struct allocscope_scope *scope, struct survivors *ret_survivors);

#endif
