/*
 * Names for addresses: (module, ELF address) -> function, file, line, with inlined functions as frames.
 *
 * Path of data: a snapshot's modules and nodes -> symbolizer -> report, export.
 *
 *   symbolizer -> name_cache     what an earlier report found out, per build-id
 *              -> debug_file     the module's file, its separate debug file, both proven by build-id
 *              -> dwarf_lookup   functions, inlined functions, lines
 *              -> symbol_table   .symtab/.dynsym where DWARF is silent
 *              -> demangle       C++ and Rust
 *              -> type_names     fields of types, and what a call's result is kept as
 *
 * Addresses are ELF virtual addresses (pc - bias of the module). A return address points behind its
 * call: the caller passes return address - 1, or asks symbolizer_elf_address() to do both at once.
 * A symbolizer and all it returns belong to one thread. Files are opened at the first question.
 */
#ifndef SYMBOLS_SYMBOLIZER_H
#define SYMBOLS_SYMBOLIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbols/type_field.h"

struct symbolizer;

/* All zero is a good default. */
struct symbolizer_options {
	/* Ends with NULL; NULL: /usr/lib/debug alone. */
	const char *const *debug_directories;
	/* Stands before module paths and debug directories, as a sysroot does; NULL: none. */
	const char *prefix;
	/* NULL: $XDG_CACHE_HOME/allocscope, else ~/.cache/allocscope; "": no cache. */
	const char *cache_directory;
	/* Ask the servers that DEBUGINFOD_URLS names; without that variable nobody is asked. */
	bool use_debuginfod;
};

/* What stands between a module and its names. */
enum symbolizer_status {
	SYMBOLIZER_OK = 0,	     /* names are used */
	SYMBOLIZER_UNVERIFIED,	     /* names are used; no recorded build-id proves the file */
	SYMBOLIZER_NO_SYMBOLS,	     /* the file is the right one and has no names at all */
	SYMBOLIZER_BUILD_ID_DIFFERS, /* the file was replaced since: its names are not used */
	SYMBOLIZER_FILE_MISSING,     /* no file at that path, or it cannot be read */
	SYMBOLIZER_NOT_ELF,	     /* the file is not an ELF file, or a damaged one */
};

/* One function. Strings are never NULL, hold no control characters and live until symbolizer_free(). */
struct symbol_frame {
	/* Demangled, or with the scopes around it where it has no linkage name; "" unknown. */
	const char *function;
	const char *linkage_name; /* "" unknown */
	const char *file;	  /* "" unknown */
	uint32_t line, column;	  /* 0 unknown */
	bool inlined;		  /* its body stands inside the next frame's function */
};

/* The functions that one address stands for, innermost first; count is at least 1. */
struct symbol_frames {
	const struct symbol_frame *frames;
	size_t count;
};

/* OPTIONS may be NULL. NULL when out of memory. Strings of OPTIONS are copied. */
struct symbolizer *symbolizer_new(const struct symbolizer_options *options);
/* Write new names to the cache (failure to do so is not an error) and free everything. Takes NULL. */
void symbolizer_free(struct symbolizer *symbolizer);

/* Register a module; nothing is opened yet. BUILD_ID_HEX is lower-case hex, "" or NULL when none was
 * recorded. The same (path, build-id, bias) gets the same handle. Returns a handle >= 0 or a negative
 * enum status. */
int symbolizer_add_module(
    struct symbolizer *symbolizer, const char *path, const char *build_id_hex, uint64_t bias);
/* Opens the module's file if that was not done yet. Names found by an earlier run with the same
 * build-id may still be there when the file is not: the status speaks of the file. */
enum symbolizer_status symbolizer_module_status(struct symbolizer *symbolizer, int module);
/* Words for a status, such as "build-id differs". */
const char *symbolizer_status_text(enum symbolizer_status status);

/* RETURN_ADDRESS of the profiled process -> the ELF address of the call before it. */
uint64_t symbolizer_elf_address(
    const struct symbolizer *symbolizer, int module, uint64_t return_address);

/* Names for ELF_ADDRESS (of the call itself, not of the instruction behind it). An unknown address gets
 * one frame of empty strings; the caller then prints symbolizer_format_unknown(). */
void symbolizer_lookup(struct symbolizer *symbolizer, int module, uint64_t elf_address,
    struct symbol_frames *ret_frames);
/* Look up many addresses (any order, repeats allowed) in one pass over the debug information, so that
 * the lookups that follow are answered from memory. Returns 0 or a negative enum status. */
int symbolizer_prefetch(
    struct symbolizer *symbolizer, int module, const uint64_t *elf_addresses, size_t count);

/* ---- data and types ---- */

/* The variable that an address lies in. The name, demangled, lives until symbolizer_free(). */
struct symbol_variable {
	const char *name;
	uint64_t offset, size; /* of the address in it; of the variable, bytes */
};

/* ADDRESS is one of the profiled process. False when no variable of MODULE holds it. */
bool symbolizer_variable(struct symbolizer *symbolizer, int module, uint64_t address,
    struct symbol_variable *ret_variable);
/* The same for the thread-local variable at OFFSET in the thread-local data of MODULE. */
bool symbolizer_thread_variable(struct symbolizer *symbolizer, int module, uint64_t offset,
    struct symbol_variable *ret_variable);
/* The C++ class whose virtual table ADDRESS lies in (the first word of its objects); NULL when none. */
const char *symbolizer_class(struct symbolizer *symbolizer, int module, uint64_t address);
/* Probable type of what the call before RETURN_ADDRESS returned: the type of the variable or field that keeps
 * it. "void": kept as void *, ask the caller's caller. NULL: not known. */
const char *symbolizer_type_of_call(
    struct symbolizer *symbolizer, int module, uint64_t return_address);
/* What lies at OFFSET of TYPE as MODULE's debug information knows it. False when it does not. */
bool symbolizer_field(struct symbolizer *symbolizer, int module, const char *type, uint64_t offset,
    struct type_field *ret_field);

/* "libfoo.so+0x1234" into BUFFER, cut if it must be; MODULE -1 gives "0x1234". Returns BUFFER. */
char *symbolizer_format_unknown(const struct symbolizer *symbolizer, int module,
    uint64_t elf_address, char *buffer, size_t buffer_bytes);

#endif
