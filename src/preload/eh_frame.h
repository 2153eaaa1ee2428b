/*
 * Call frame information: which rules lead from a code address to its caller's registers. Before it: the objects
 * that the loader has mapped; after it: unwind_rules.c, which packs the usual rules into a word, and
 * unwind_general.c, which follows the unusual ones register by register.
 *
 * An object's PT_GNU_EH_FRAME holds a sorted table of functions, so that one binary search finds the frame
 * description of an address. Every byte is read through a bounded cursor: damaged tables end in "not found",
 * never outside the segment. Objects mapped at start are never unloaded and are read directly; others are read
 * inside dl_iterate_phdr, under the loader's own lock, which keeps them mapped.
 */
#ifndef PRELOAD_EH_FRAME_H
#define PRELOAD_EH_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/byte_cursor.h"
#include "preload/machine.h"

enum eh_rule_kind {
	EH_SAME,	     /* not changed by the function */
	EH_UNDEFINED,	     /* lost; of the return address: there is no caller */
	EH_SAVED_AT_OFFSET,  /* in memory at CFA + value */
	EH_IS_OFFSET,	     /* is CFA + value */
	EH_IN_REGISTER,	     /* in register `value` */
	EH_SAVED_EXPRESSION, /* in memory where the expression at `value` says */
	EH_IS_EXPRESSION,    /* is what the expression at `value` says */
};

/* Expressions are given by the address of their block: a length in LEB128, then so many bytes. */
struct eh_row {
	int64_t cfa_value; /* offset or expression */
	int64_t value[EH_REGISTERS];
	uint8_t kind[EH_REGISTERS]; /* enum eh_rule_kind */
	uint8_t cfa_register;
	bool cfa_is_expression;
	bool
	    is_signal_frame; /* of a trampoline behind a signal handler: addresses above it are exact */
};

/* What many frames have in common ("CIE"), and what is told of one ("FDE"). */
struct eh_common_entry {
	struct byte_cursor program;
	uint64_t code_factor;
	int64_t data_factor;
	uint8_t pointer_encoding;
	bool has_augmentation, is_signal_frame;
};

struct eh_frame_entry {
	struct byte_cursor program;
	uintptr_t start, end; /* code */
};

#define EH_REMEMBERED_MAX 4
/* Working space of one lookup. Large, so it lives in the thread's block, not on the host's stack. */
struct eh_machine {
	struct eh_row row, initial, remembered[EH_REMEMBERED_MAX];
	unsigned remembered_count;
	struct eh_common_entry common;
	struct eh_frame_entry frame;
};

/* One object: its search table, and the readable segment that holds table and frames; or, without a table, a copy of
 * nothing but frames. */
struct eh_image {
	uintptr_t start, end; /* of all segments */
	uintptr_t code_start, code_end;
	const uint8_t *header, *segment, *segment_end;
	uintptr_t moved; /* what the segment was copied from lies so much higher */
};

enum eh_result {
	EH_FOUND,
	EH_NO_FRAME,  /* code of an object, without frame information */
	EH_NO_OBJECT, /* the address belongs to no loaded object */
};

/* Called while the row and the expressions it points to are certainly there. */
typedef void eh_visitor(void *context, const struct eh_row *row);

/* The row that holds at ADDRESS goes to VISIT. IN_LATER_OBJECT (may be NULL): the object may be unloaded. */
enum eh_result eh_frame_visit(struct eh_machine *machine, uintptr_t address, eh_visitor *visit,
    void *context, bool *ret_in_later_object);
/* The same within one object. */
enum eh_result eh_frame_visit_image(struct eh_machine *machine, const struct eh_image *image,
    uintptr_t address, eh_visitor *visit, void *context);
/* IMAGE has no table: where the code that its frames describe begins and ends. No code: the end is 0. */
void eh_frame_find_code(struct eh_image *image);
/* ADDRESS lies in an object that is there for good, but not in its code. */
bool eh_frame_is_data(uintptr_t address);
/* List the objects that are there for good. Once, before any library can be opened by hand. */
void eh_frame_init(void);

#endif
