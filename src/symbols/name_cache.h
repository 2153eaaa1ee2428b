/*
 * Names found by earlier runs: one file per build-id, <directory>/<build-id>.names, so that the second
 * report of a program opens no debug information at all.
 *
 *   +----------------+ 0
 *   | header         |  magic, version, level, build-id, counts, checksum over everything
 *   +----------------+
 *   | addresses      |  ascending; each with its first frame and their number
 *   | frames         |  string offsets, line, column
 *   | strings        |  each ends in '\0'
 *   +----------------+ file_bytes
 *
 * Native byte order: the cache stays on its machine. A file that breaks any rule is ignored and written
 * anew. Writers replace the file by rename after merging what it holds, so that a reader sees one whole
 * state; of two writers at the same moment the later wins, and what the other found is looked up again.
 */
#ifndef SYMBOLS_NAME_CACHE_H
#define SYMBOLS_NAME_CACHE_H

#include <stdint.h>

#include "symbols/name_table.h"

#define NAME_CACHE_FILE_BYTES_MAX      ((uint64_t)64 << 20)  /* beyond it addresses are left out */
#define NAME_CACHE_DIRECTORY_BYTES_MAX ((uint64_t)512 << 20) /* beyond it the oldest files go */

/* Where the names came from. Those of a lower level are dropped once a higher one is to be had. */
enum name_level {
	NAMES_NONE = 0,
	NAMES_FROM_SYMBOLS = 1,
	NAMES_FROM_DWARF = 2,
};

/* The directory to use (free it), or NULL for no cache; OPTION as in struct symbolizer_options. */
char *name_cache_directory(const char *option);
/* The file for BUILD_ID_HEX (free it); NULL when out of memory. */
char *name_cache_file_path(const char *directory, const char *build_id_hex);
/* Add the names stored for BUILD_ID_HEX to TABLE if their level is at least LEVEL_MIN; *RET_LEVEL tells
 * it in any case. Returns 0, STATUS_NOT_FOUND, STATUS_DAMAGED or another negative status. */
int name_cache_load(const char *directory, const char *build_id_hex, struct name_table *table,
    enum name_level level_min, enum name_level *ret_level);
/* Store TABLE, after adding to it what the file holds at the same level; a file of a higher level is
 * left alone. Creates the directory. Returns 0 or a negative status. */
int name_cache_store(const char *directory, const char *build_id_hex, struct name_table *table,
    enum name_level level);
/* Remove the oldest files of DIRECTORY until all together have at most BYTES_MAX. */
void name_cache_prune(const char *directory, uint64_t bytes_max);

#endif
