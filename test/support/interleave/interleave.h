/*
 * Every order of a few small bodies that share atomic words. A body runs until its next atomic operation, where another
 * one may go on in its place; all orders are tried, depth first. Of orders that differ only in who came first where
 * neither could tell (two words, or two loads), one is tried: what a body did before it can only be read by whoever read
 * the word that publishes it. interleaved_atomics.h makes each atomic operation of a file such a place,
 * without a word in the file.
 *
 * Orders are those of one memory that all see alike. What a processor or compiler may reorder beyond that is for
 * the thread sanitizer: make test-tsan.
 */
#ifndef SUPPORT_INTERLEAVE_INTERLEAVE_H
#define SUPPORT_INTERLEAVE_INTERLEAVE_H

#include <stdbool.h>
#include <stdint.h>

#define INTERLEAVE_BODIES_MAX 3

struct interleave {
	/* Before each order: everything as at the start. */
	void (*prepare)(void);
	/* NULL behind the last one. */
	void (*bodies[INTERLEAVE_BODIES_MAX])(void);
	/* After each order. NULL when all is well, else what is wrong. */
	const char *(*judge)(void);
};

/* Try all orders. Returns their number; 0 when an order was wrong, which is told on stderr together with its steps. */
uint64_t interleave_all(const struct interleave *interleave);

/* The running body is about to read or write WORD, which is returned; NULL: anything. Nothing outside of bodies. */
void *interleave_at(const volatile void *word, bool writes);
/* The running body can go on only after another one's step. When all wait the order is wrong. */
void interleave_wait(void);
/* The running body found that the order is wrong; what is said first is told. */
void interleave_object(const char *what);

#endif
