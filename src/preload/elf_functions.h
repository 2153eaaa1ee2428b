/*
 * The functions that an ELF file tells of: of .symtab (all of them, unless the file is stripped) or .dynsym (those that
 * it exports). Reads bytes that may be damaged: nothing is used before it is known to lie within them.
 */
#ifndef PRELOAD_ELF_FUNCTIONS_H
#define PRELOAD_ELF_FUNCTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_function {
	const char *name;
	uint64_t address, bytes; /* as linked: without the bias of the load */
	bool is_chosen_late;	 /* STT_GNU_IFUNC: what runs is another function */
};

typedef void elf_function_visitor(void *context, const struct elf_function *function);

enum elf_functions_of { ELF_ALL_FUNCTIONS, ELF_EXPORTED_FUNCTIONS };

/* False: the file has no such table. */
bool elf_functions_each(const void *file, size_t bytes, enum elf_functions_of which,
    elf_function_visitor *visit, void *context);

#endif
