/*
 * Strings that stay where they are until the pool goes, each content stored once: a hundred thousand
 * frames name a few hundred files. Control characters become '?', because names come out of files that
 * nobody vouches for and end up on terminals.
 */
#ifndef SYMBOLS_STRING_POOL_H
#define SYMBOLS_STRING_POOL_H

#include <stddef.h>
#include <stdint.h>

#define STRING_POOL_BYTES_MAX 65536 /* of one string; longer ones are cut */

struct string_pool;

/* NULL when out of memory. */
struct string_pool *string_pool_new(void);
void string_pool_free(struct string_pool *pool);
/* The pool's copy of TEXT (NULL counts as ""); NULL when out of memory. */
const char *string_pool_intern(struct string_pool *pool, const char *text);
/* BYTES of memory, aligned for anything, that live as long as the pool; NULL when out of memory. */
void *string_pool_allocate(struct string_pool *pool, size_t bytes);

#endif
