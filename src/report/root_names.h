/*
 * The words outside all blocks that point into one, grouped into what a person calls them: a variable, a frame of
 * a stack, a register, a range that the program gave.
 *
 *   kind            name                                      module, thread
 *   data            "listeners"                               bench
 *   thread-local    "current_scope"                           bench, thread 2
 *   stack           "main (bench.c:43)": a frame              thread 1
 *   register        "rbx"                                     thread 2
 *   given           what allocscope_root was told
 *   mapping         the path of the mapped file, or "[anon]"
 *
 * Data that no symbol names goes by its module: "libc.so.6". Words of the C library and the loader that keep what
 * the program gave away (exit handlers, streams, loaded objects) are named as such where a symbol tells.
 *
 * Path of data: ROOT_EDGES + ROOT_RANGES + STACK_FRAMES -> object_names -> root_names -> reference_graph, reports.
 */
#ifndef REPORT_ROOT_NAMES_H
#define REPORT_ROOT_NAMES_H

#include <stdint.h>

#include "report/object_names.h"
#include "snapshot/snapshot_reader.h"

struct root_name {
	uint32_t kind;	  /* enum snapshot_root_kind */
	const char *name; /* never NULL */
	const char *
	    detail; /* what the name stands for in the C library: "exit handlers"; NULL nothing known */
	const char *module; /* base name of its path; NULL none */
	uint32_t tid;	    /* of its thread; 0 none */
	const char *thread; /* name of the thread; NULL none or not known */
	uint64_t base;	    /* the address that offsets count from */
	uint64_t bytes;	    /* of the variable; 0 not known */
};

struct root_names {
	struct root_name *roots;
	uint32_t count;
	uint32_t *root_of_edge; /* by row of ROOT_EDGES */
	char **texts;		/* private: made for the names */
	size_t text_count;
};

/* Of the snapshot of OBJECTS, which must outlive them. 0 or STATUS_NO_MEMORY. */
int root_names_open(struct object_names *objects, struct root_names **ret_names);
/* NULL is fine. */
void root_names_close(struct root_names *names);

/* "data", "thread-local", ... */
const char *root_kind_name(uint32_t kind);
/* "listeners+8 (bench)", "main (bench.c:43)+24 on the stack of thread 17", ... OFFSET from the base. */
void root_text(const struct root_name *root, uint64_t offset, char *text, size_t bytes);

#endif
