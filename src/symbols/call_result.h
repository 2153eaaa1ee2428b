/*
 * The type that a call's result is stored as: the variable or field that result_flow.h finds, looked up in the
 * function's variables. Probable, not proven: a compiler may describe a variable late or not at all, and then
 * there is no answer; a cast is believed.
 */
#ifndef SYMBOLS_CALL_RESULT_H
#define SYMBOLS_CALL_RESULT_H

#include <elfutils/libdw.h>
#include <libelf.h>
#include <stdbool.h>
#include <stdint.h>

#include "symbols/dwarf_index.h"

struct call_result_source {
	const struct dwarf_index *index; /* of the debug information */
	Elf *code;			 /* NULL: no instructions, no answers */
	Dwarf_CFI *frames;		 /* NULL: slots of frames are not found */
};

/* The type that the result of the call before RETURN_ADDRESS (ELF) points to. False: not known. *RET_IS_VOID:
 * it is kept as void *, or only passed on, and *RET_TYPE is not set. */
bool call_result_type(const struct call_result_source *source, uint64_t return_address,
    Dwarf_Die *ret_type, bool *ret_is_void);

#endif
