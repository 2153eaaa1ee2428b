/*
 * The names of one file: where they come from and what is known so far. Several modules of a snapshot
 * share one of these when the program loaded the same file more than once.
 *
 *   first question     file and kind of names are found, the cache is read    module_names_open
 *   first miss         debug information and symbols are opened               module_names_find
 *   end                what is new goes to the cache                          module_names_release
 */
#ifndef SYMBOLS_MODULE_NAMES_H
#define SYMBOLS_MODULE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbols/debug_file.h"
#include "symbols/dwarf_lookup.h"
#include "symbols/name_cache.h"
#include "symbols/name_table.h"
#include "symbols/symbol_table.h"
#include "symbols/symbolizer.h"
#include "symbols/type_names.h"

struct module_names {
	char *path, *build_id;
	struct name_table names;
	size_t cached_count;	     /* entries of names that the cache has already */
	enum name_level own_level;   /* of the files at hand */
	enum name_level names_level; /* of the entries in names */
	enum symbolizer_status status;
	bool is_open, has_sources;
	bool is_mixed;	       /* names has entries below names_level: not for the cache */
	bool cache_is_damaged; /* write it anew even without news */
	struct debug_file file;
	struct dwarf_lookup *dwarf;
	struct symbol_table symbols[SYMBOL_KINDS];
	bool has_symbols[SYMBOL_KINDS], has_types;
	struct type_names *types; /* NULL: no debug information */
};

/* How to look; everything is borrowed. */
struct module_names_options {
	struct debug_search search;
	const char *cache_directory; /* NULL: none */
};

/* Returns 0 or STATUS_NO_MEMORY. BUILD_ID_HEX "" means not recorded. */
int module_names_init(struct module_names *module, const char *path, const char *build_id_hex,
    struct string_pool *pool);
/* Find out the status; cheap from the second time on. */
enum symbolizer_status module_names_open(
    struct module_names *module, const struct module_names_options *options);
/* Names for ADDRESS; they live as long as the pool. Returns 0 or STATUS_NO_MEMORY. */
int module_names_find(struct module_names *module, const struct module_names_options *options,
    uint64_t address, struct symbol_frames *ret_frames);
/* The variable at ADDRESS (SYMBOL_DATA), or at the offset ADDRESS in thread-local data (SYMBOL_THREAD_DATA);
 * NULL when none is known. */
const struct symbol_row *module_names_variable(struct module_names *module,
    const struct module_names_options *options, enum symbol_kind kind, uint64_t address);
/* Its types, or NULL when there is no debug information. */
struct type_names *module_names_types(
    struct module_names *module, const struct module_names_options *options);
/* Write news to the cache. */
void module_names_store(struct module_names *module, const struct module_names_options *options);
void module_names_release(struct module_names *module);

#endif
