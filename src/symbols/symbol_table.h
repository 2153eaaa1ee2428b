/*
 * Names from .symtab and .dynsym: of functions, for code without debug information; of variables; and of
 * thread-local variables, whose addresses are offsets in their module's thread-local data.
 * An address belongs to a symbol only inside the symbol's size; a symbol without size (assembler)
 * reaches to the next symbol or the end of its section. Never "the nearest one below": that is how
 * other tools give whole stripped libraries the name of their first export.
 */
#ifndef SYMBOLS_SYMBOL_TABLE_H
#define SYMBOLS_SYMBOL_TABLE_H

#include <libelf.h>
#include <stddef.h>
#include <stdint.h>

#include "symbols/range_table.h"

struct symbol_row {
	uint64_t address, size;
	uint64_t section_end;
	const char *name; /* in the Elf */
	int rank;	  /* of several names for one address the lowest rank is shown */
};

struct symbol_table {
	struct symbol_row *rows;
	size_t count, capacity;
	struct range_table sized;  /* value = row */
	struct range_table labels; /* symbols without size that lie in no sized one */
};

enum symbol_kind { SYMBOL_CODE, SYMBOL_DATA, SYMBOL_THREAD_DATA, SYMBOL_KINDS };

/* Add the symbols of KIND of ELF (may be NULL), which must outlive the table; one kind per table. Returns 0 or
 * STATUS_NO_MEMORY. */
int symbol_table_add(struct symbol_table *table, Elf *elf, enum symbol_kind kind);
/* After the last add and before the first find. Returns 0 or STATUS_NO_MEMORY. */
int symbol_table_seal(struct symbol_table *table);
/* Linkage name of the symbol that holds ADDRESS, as in the file; NULL when none does. */
const char *symbol_table_find(const struct symbol_table *table, uint64_t address);
/* The same, with where it starts; NULL when none does. */
const struct symbol_row *symbol_table_find_row(const struct symbol_table *table, uint64_t address);
void symbol_table_release(struct symbol_table *table);

#endif
