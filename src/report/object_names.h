/*
 * What lies at an address that is no call: a variable, a frame of a stack, a class by its virtual table, the type that
 * a call's result is kept as. From the file, if the answers were put into it (SYMBOLS), else from the binaries; a
 * recorder keeps what was answered, so that it can be put into the file.
 *
 *   root_names, block_types -> object_names -> SYMBOLS of the snapshot, or the symbolizer
 *                                           '-> rows -> names_embed
 */
#ifndef REPORT_OBJECT_NAMES_H
#define REPORT_OBJECT_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot/snapshot_reader.h"
#include "symbols/symbolizer.h"

/* An answer: SYMBOLS as they will be, the name not yet in the strings. */
struct object_name {
	struct snapshot_symbol row;
	const char *name; /* NULL there is none */
};

struct object_names {
	const struct snapshot *snapshot;
	struct symbolizer *symbolizer;
	int *handles; /* of the symbolizer, by row of MODULES, -1 none */
	/* private */
	bool records, failed;
	struct object_name *answers;
	size_t count, capacity;
	char **texts;
	size_t text_count, text_capacity;
};

/* SNAPSHOT and SYMBOLIZER must outlive them. 0 or STATUS_NO_MEMORY. */
int object_names_open(const struct snapshot *snapshot, struct symbolizer *symbolizer,
    struct object_names **ret_names);
/* NULL is fine. */
void object_names_close(struct object_names *names);

/* Names live as long as the object names. MODULE is a row of MODULES. A variable: ADDRESS in the process; of
 * thread-local data: its offset there. */
bool object_names_variable(struct object_names *names, uint32_t module, bool is_thread_local,
    uint64_t address, struct symbol_variable *ret_variable);
/* "main (bench.c:43)", never NULL. */
const char *object_names_frame(
    struct object_names *names, const struct snapshot_stack_frame *frame);
/* As symbolizer_class and symbolizer_type_of_call. */
const char *object_names_class(struct object_names *names, uint32_t module, uint64_t address);
const char *object_names_type(struct object_names *names, uint32_t module, uint64_t return_address);

/* From now on keep what is answered. */
void object_names_record(struct object_names *names);
/* What was: in the order of SYMBOLS, each once. False when memory was short. */
bool object_names_recorded(
    struct object_names *names, const struct object_name **ret_answers, size_t *ret_count);

#endif
