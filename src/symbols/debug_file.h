/*
 * The files that hold a module's names, and the proof that they belong to it.
 *
 *   module's file         build-id = the recorded one?  else not used
 *     .debug_info         -> debug information
 *     .gnu_debugdata      -> symbols, xz-compressed ELF inside the ELF
 *   separate debug file   <directory>/.build-id/ab/cdef.debug, .gnu_debuglink, debuginfod;
 *                         same build-id, or for modules without one the checksum of .gnu_debuglink
 *
 * A separate file found by the recorded build-id serves even if the module's own file is gone.
 * Everything here reads hostile files: what libelf refuses counts as not there.
 */
#ifndef SYMBOLS_DEBUG_FILE_H
#define SYMBOLS_DEBUG_FILE_H

#include <libelf.h>
#include <stdbool.h>
#include <stddef.h>

#include "symbols/symbolizer.h"

#define BUILD_ID_BYTES_MAX 64

/* Where to look. Everything is borrowed. */
struct debug_search {
	const char *const *directories; /* ends with NULL */
	const char *prefix;		/* "" none */
	bool use_debuginfod;
};

/* An open ELF file. */
struct elf_file {
	Elf *elf; /* NULL: none */
	int fd;
	char *path;
	void *image; /* the file is not on disk: the memory it is in */
};

struct debug_file {
	struct elf_file module;	  /* as loaded by the program */
	struct elf_file separate; /* debug information and .symtab stripped from it */
	struct elf_file embedded; /* .gnu_debugdata; opened by debug_file_open_embedded */
};

/* Open what there is for PATH. BUILD_ID_HEX "" means not recorded. RET_FILE is always valid afterwards
 * and must be released. The answer tells of the module's file; it is OK as well when only a separate
 * file with the recorded build-id was found. Never NO_SYMBOLS. */
enum symbolizer_status debug_file_open(struct debug_file *ret_file,
    const struct debug_search *search, const char *path, const char *build_id_hex);
void debug_file_release(struct debug_file *file);
/* The file with .debug_info; NULL when there is none. */
Elf *debug_file_with_dwarf(const struct debug_file *file);
/* Ask the debuginfod servers of the environment for the separate file. True if it was found. */
bool debug_file_ask_servers(struct debug_file *file, const char *build_id_hex);
/* Unpack .gnu_debugdata of the module's file, if it is there and liblzma is. */
void debug_file_open_embedded(struct debug_file *file);

/* Lower-case hex of ELF's build-id into RET_HEX; "" when it has none. */
void elf_file_build_id(Elf *elf, char ret_hex[BUILD_ID_BYTES_MAX * 2 + 1]);
/* The section called NAME that has contents; NULL when there is none. */
Elf_Scn *elf_file_section(Elf *elf, const char *name);
/* TEXT is a build-id in lower-case hex, safe to be part of a file name. */
bool build_id_is_valid(const char *text);

#endif
