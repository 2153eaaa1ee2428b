/*
 * The functions that an address stands for, from debug information (DWARF 2 to 5, also split).
 *
 *   function       f              <- frames[2]: name f, line where f called g
 *     inlined      g  (call 10)   <- frames[1]: name g, line where g called h
 *       inlined    h  (call 20)   <- frames[0]: name h, line of the address itself
 *
 * The innermost line is the line table's; the others are the call lines of the inlined function one
 * further in. Names are those of the file: symbolizer.c demangles.
 */
#ifndef SYMBOLS_DWARF_LOOKUP_H
#define SYMBOLS_DWARF_LOOKUP_H

#include <libelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DWARF_FRAMES_MAX 128 /* inlined functions in one address; what is further out is left out */

struct dwarf_frame {
	const char *name;	  /* as in the source, with its scopes; NULL unknown */
	const char *plain_name;	  /* without scopes */
	const char *linkage_name; /* NULL unknown */
	const char *file;	  /* NULL unknown */
	uint32_t line, column;	  /* 0 unknown */
};

struct dwarf_lookup;

/* NULL when ELF has no readable debug information or memory is short. ELF must outlive it. */
struct dwarf_lookup *dwarf_lookup_new(Elf *elf);
void dwarf_lookup_free(struct dwarf_lookup *lookup);
/* Fill FRAMES, innermost first. Returns how many; 0 when no unit covers ADDRESS. A unit without
 * functions (assembler) gives one frame that has a line and no names. Strings live as long as LOOKUP. */
size_t dwarf_lookup_find(
    struct dwarf_lookup *lookup, uint64_t address, struct dwarf_frame frames[DWARF_FRAMES_MAX]);

#endif
