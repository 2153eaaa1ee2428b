/*
 * Types of one module, from its debug information: the field of a type at an offset, and the type that the result
 * of a call is stored as.
 *
 *   struct node *fresh = malloc(sizeof *fresh);     the call's result: "node"
 *   "node", 16                                      ".subscribers", which points to "edge"
 *
 *   type_names -> type_index    names and definitions
 *              -> type_layout   members, bases, elements
 *              -> result_flow   where the instructions behind a call put its result
 *              -> call_result   the variable or field that is
 *
 * Answers are looked up once and kept by the caller where that matters. One thread at a time.
 */
#ifndef SYMBOLS_TYPE_NAMES_H
#define SYMBOLS_TYPE_NAMES_H

#include <libelf.h>
#include <stdbool.h>
#include <stdint.h>

#include "symbols/type_field.h"

#define TYPE_NAME_VOID                                                                             \
	"void" /* a result that is kept as void *: a wrapper's caller may know more */

struct type_names;

/* DEBUG has the debug information, CODE (may be NULL) the instructions and their frames. Both must outlive the
 * names. NULL when DEBUG has none or memory is short. */
struct type_names *type_names_new(Elf *debug, Elf *code);
void type_names_free(struct type_names *names);
/* What lies at OFFSET of TYPE, "node" or "node *". False when the type or the place is not known. */
bool type_names_field(
    struct type_names *names, const char *type, uint64_t offset, struct type_field *ret_field);
/* The type that the result of the call before RETURN_ADDRESS (an ELF address) is stored as; NULL unknown. */
const char *type_names_of_call(struct type_names *names, uint64_t return_address);

#endif
