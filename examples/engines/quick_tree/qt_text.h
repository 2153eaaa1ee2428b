/*
 * Plain objects from text, for fixtures and tests: JSON without escapes in strings, and the word undefined. What is made
 * stands in an arena of static storage, so that no fixture is ever a block of the heap.
 */
#ifndef QUICK_TREE_QT_TEXT_H
#define QUICK_TREE_QT_TEXT_H

#include "engines/quick_tree/quick_tree.h"

struct qt_arena {
	char *bytes;
	size_t size, used;
};

/* Ends the program when the arena is too small: it is a constant of the program. */
void *qt_arena_take(struct qt_arena *arena, size_t size_bytes);
/* printf into the arena. */
const char *qt_arena_print(struct qt_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* An object or array of that many fields, all undefined. */
struct qt_plain *qt_arena_plain(struct qt_arena *arena, bool is_array, uint64_t count);

/* Ends the program when the text is wrong. */
struct value qt_parse(struct qt_arena *arena, const char *text);

#endif
