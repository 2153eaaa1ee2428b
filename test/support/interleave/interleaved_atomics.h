/*
 * Included before anything else of a file (-include): its atomic operations are places where interleave.h may let another
 * body go on. The macros are those of <stdatomic.h>, which is included here so that it does not bring its own.
 */
#ifndef SUPPORT_INTERLEAVE_INTERLEAVED_ATOMICS_H
#define SUPPORT_INTERLEAVE_INTERLEAVED_ATOMICS_H

#include <stdatomic.h>

#include "support/interleave/interleave.h"

#undef atomic_load_explicit
#undef atomic_store_explicit
#undef atomic_exchange_explicit
#undef atomic_compare_exchange_strong_explicit
#undef atomic_compare_exchange_weak_explicit
#undef atomic_fetch_add_explicit
#undef atomic_fetch_sub_explicit
#undef atomic_fetch_or_explicit
#undef atomic_fetch_and_explicit

#define INTERLEAVE_READ(object)	 ((__typeof__(object))interleave_at(object, false))
#define INTERLEAVE_WRITE(object) ((__typeof__(object))interleave_at(object, true))

#define atomic_load_explicit(object, order) __atomic_load_n(INTERLEAVE_READ(object), order)
#define atomic_store_explicit(object, value, order)                                                \
	__atomic_store_n(INTERLEAVE_WRITE(object), value, order)
#define atomic_exchange_explicit(object, value, order)                                             \
	__atomic_exchange_n(INTERLEAVE_WRITE(object), value, order)
#define atomic_compare_exchange_strong_explicit(object, expected, value, success, failure)         \
	__atomic_compare_exchange_n(INTERLEAVE_WRITE(object), expected, value, 0, success, failure)
#define atomic_compare_exchange_weak_explicit atomic_compare_exchange_strong_explicit
#define atomic_fetch_add_explicit(object, value, order)                                            \
	__atomic_fetch_add(INTERLEAVE_WRITE(object), value, order)
#define atomic_fetch_sub_explicit(object, value, order)                                            \
	__atomic_fetch_sub(INTERLEAVE_WRITE(object), value, order)
#define atomic_fetch_or_explicit(object, value, order)                                             \
	__atomic_fetch_or(INTERLEAVE_WRITE(object), value, order)
#define atomic_fetch_and_explicit(object, value, order)                                            \
	__atomic_fetch_and(INTERLEAVE_WRITE(object), value, order)

#endif
