/*
 * Names of frames, as the caller of analysis provides them. Analysis works on numbers and never
 * looks a symbol up; whoever holds a symbolizer (or a file with embedded names) fills this in.
 *
 * A node is one return address. It stands for one or more frames: the innermost inlined function
 * first, the function that really was called last. A node without names yields 0 frames and is then
 * shown as module+0xoffset.
 */
#ifndef ANALYSIS_FRAME_NAMES_H
#define ANALYSIS_FRAME_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct frame_name {
	const char *function;  /* demangled; NULL unknown */
	const char *file;      /* NULL unknown */
	uint32_t line, column; /* 0 unknown */
	bool inlined;	       /* inlined into the next frame of the list */
};

struct frame_names {
	/* Frames of NODE (row of NODES of the one snapshot these names belong to). The array and
	 * its strings stay valid and unchanged as long as the names do. Called often: keep what
	 * was looked up. */
	const struct frame_name *(*frames_of_node)(void *context, uint32_t node, size_t *ret_count);
	void *context;
};

/* A ready-made provider: context is a struct frame_table; frames of node n are frames[first[n]
 * .. first[n + 1]). */
struct frame_table {
	const struct frame_name *frames;
	const uint32_t *first;
	size_t node_count;
};
const struct frame_name *frame_table_of_node(void *context, uint32_t node, size_t *ret_count);

#endif
