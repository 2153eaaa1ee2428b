#include "symbols/module_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "symbols/demangle.h"
#include "symbols/source_path.h"

int module_names_init(struct module_names *module, const char *path, const char *build_id_hex,
    struct string_pool *pool)
{
	*module = (struct module_names){.path = strdup(path), .build_id = strdup(build_id_hex)};
	if (module->path == NULL || module->build_id == NULL) {
		module_names_release(module);
		return STATUS_NO_MEMORY;
	}
	name_table_init(&module->names, pool);
	return STATUS_OK;
}

void module_names_release(struct module_names *module)
{
	name_table_release(&module->names);
	for (int kind = 0; kind < SYMBOL_KINDS; kind++)
		symbol_table_release(&module->symbols[kind]);
	type_names_free(module->types);
	dwarf_lookup_free(module->dwarf);
	debug_file_release(&module->file);
	free(module->path);
	free(module->build_id);
	*module = (struct module_names){0};
}

/* Without a recorded build-id there is no proof that cached names are this file's. */
static bool has_cache(const struct module_names *module, const struct module_names_options *options)
{
	return options->cache_directory != NULL && build_id_is_valid(module->build_id);
}

void module_names_store(struct module_names *module, const struct module_names_options *options)
{
	const bool has_news =
	    module->names.entry_count > module->cached_count || module->cache_is_damaged;

	if (has_cache(module, options) && has_news && !module->is_mixed &&
	    module->names_level != NAMES_NONE)
		(void)name_cache_store(options->cache_directory, module->build_id, &module->names,
		    module->names_level);
}

/* Read .symtab and .dynsym wherever there are any, once. Short of memory, there are none. */
static const struct symbol_table *read_symbols(struct module_names *module, enum symbol_kind kind)
{
	struct symbol_table *table = &module->symbols[kind];

	if (module->has_symbols[kind])
		return table;
	module->has_symbols[kind] = true;
	debug_file_open_embedded(&module->file);
	if (symbol_table_add(table, module->file.separate.elf, kind) != STATUS_OK ||
	    symbol_table_add(table, module->file.module.elf, kind) != STATUS_OK ||
	    symbol_table_add(table, module->file.embedded.elf, kind) != STATUS_OK ||
	    symbol_table_seal(table) != STATUS_OK)
		symbol_table_release(table);
	return table;
}

static void read_cache(struct module_names *module, const struct module_names_options *options)
{
	enum name_level level_min =
	    module->own_level == NAMES_FROM_DWARF ? NAMES_FROM_DWARF : NAMES_NONE;
	enum name_level stored_level = NAMES_NONE;
	int result;

	if (!has_cache(module, options))
		return;
	result = name_cache_load(
	    options->cache_directory, module->build_id, &module->names, level_min, &stored_level);
	module->cache_is_damaged = result == STATUS_DAMAGED;
	module->cached_count = module->names.entry_count;
	if (stored_level > module->names_level)
		module->names_level = stored_level;
}

/* Nothing better at hand than symbols: there may be debug information elsewhere. */
static void ask_servers(struct module_names *module)
{
	if (!debug_file_ask_servers(&module->file, module->build_id) ||
	    debug_file_with_dwarf(&module->file) == NULL)
		return;
	name_table_clear(&module->names);
	module->cached_count = 0;
	module->own_level = module->names_level = NAMES_FROM_DWARF;
	if (module->file.module.elf == NULL)
		module->status = SYMBOLIZER_OK;
}

enum symbolizer_status module_names_open(
    struct module_names *module, const struct module_names_options *options)
{
	if (module->is_open)
		return module->status;
	module->is_open = true;
	module->status =
	    debug_file_open(&module->file, &options->search, module->path, module->build_id);
	if (debug_file_with_dwarf(&module->file) != NULL) {
		module->own_level = NAMES_FROM_DWARF;
	} else {
		if (read_symbols(module, SYMBOL_CODE)->count > 0)
			module->own_level = NAMES_FROM_SYMBOLS;
	}
	module->names_level = module->own_level;
	read_cache(module, options);
	if (module->names_level < NAMES_FROM_DWARF && options->search.use_debuginfod)
		ask_servers(module);
	if (module->names_level == NAMES_NONE &&
	    (module->status == SYMBOLIZER_OK || module->status == SYMBOLIZER_UNVERIFIED))
		module->status = SYMBOLIZER_NO_SYMBOLS;
	return module->status;
}

static void open_sources(struct module_names *module)
{
	Elf *elf = debug_file_with_dwarf(&module->file);

	if (module->has_sources)
		return;
	module->has_sources = true;
	if (elf != NULL)
		module->dwarf = dwarf_lookup_new(elf);
	(void)read_symbols(module, SYMBOL_CODE);
	/* From here on entries may come from less than what names holds: the file that a cached name
	 * came from is gone, or its debug information can't be read. */
	if (module->own_level < module->names_level || (elf != NULL && module->dwarf == NULL))
		module->is_mixed = true;
}

static bool is_mangled(const char *name)
{
	return strncmp(name, "_Z", 2) == 0 || strncmp(name, "_R", 2) == 0;
}

/* NAME is ALIAS with a private prefix: __GI___strdup and strdup, _IO_puts and puts. */
static bool is_private_name_of(const char *name, const char *alias)
{
	const size_t length = strlen(name), alias_length = strlen(alias);

	return name[0] == '_' && alias[0] != '_' && alias_length < length &&
	       strcmp(name + length - alias_length, alias) == 0;
}

/* SYMBOL, mangled, is the linkage name of a function called PLAIN_NAME. Folded functions share one
 * address and one symbol: believe it only if it has the name in it, as far as names are spelled out. */
static bool is_linkage_name_of(const char *symbol, const char *plain_name)
{
	return strncmp(plain_name, "operator", strlen("operator")) == 0 ||
	       strstr(symbol, plain_name) != NULL;
}

/* Complete the names of the outermost function by the symbol at its address:
 * - code without debug information has no other name;
 * - of a C library's aliases the public one is meant, and it is the same with and without debug
 *   information.
 * Returns a linkage name that is only worth knowing: C++ functions of one unit have none in the debug
 * information. Their names stay without parameters: a function is called the same where it was inlined,
 * and there is no symbol there. */
static const char *add_symbol(
    const struct module_names *module, uint64_t address, struct dwarf_frame *frame)
{
	const char *symbol = symbol_table_find(&module->symbols[SYMBOL_CODE], address);
	const char *name = frame->linkage_name != NULL ? frame->linkage_name : frame->name;

	if (symbol == NULL)
		return NULL;
	if (name == NULL)
		frame->linkage_name = symbol;
	else if (!is_mangled(symbol) && !is_mangled(name) && is_private_name_of(name, symbol))
		frame->name = frame->linkage_name = symbol;
	else if (is_mangled(symbol) && frame->linkage_name == NULL &&
		 is_linkage_name_of(symbol, frame->plain_name))
		return symbol;
	return NULL;
}

/* What a person calls the function (free it); NULL when there is no name or no memory. */
static char *function_name(const struct dwarf_frame *frame)
{
	char *function = NULL;

	if (frame->linkage_name != NULL)
		function = demangle(frame->linkage_name);
	if (function != NULL)
		return function;
	if (frame->name != NULL)
		return strdup(frame->name);
	if (frame->linkage_name != NULL)
		return strndup(frame->linkage_name, demangle_base_length(frame->linkage_name));
	return NULL;
}

static void set_frame(
    struct symbol_frame *ret_frame, const struct dwarf_frame *frame, struct string_pool *pool)
{
	char *function = function_name(frame);
	char *file = frame->file == NULL ? NULL : source_path_tidy(frame->file);

	/* name_table_add refuses a frame with a NULL: short memory is found there. */
	*ret_frame = (struct symbol_frame){
	    .function = string_pool_intern(pool, function),
	    .linkage_name = string_pool_intern(pool, frame->linkage_name),
	    .file = string_pool_intern(pool, file),
	    .line = frame->line,
	    .column = frame->column,
	};
	free(function);
	free(file);
}

static int resolve(struct module_names *module, uint64_t address)
{
	struct dwarf_frame found[DWARF_FRAMES_MAX];
	struct symbol_frame frames[DWARF_FRAMES_MAX];
	const char *linkage_name;
	size_t count = 0;

	if (module->dwarf != NULL)
		count = dwarf_lookup_find(module->dwarf, address, found);
	if (count == 0) {
		found[0] = (struct dwarf_frame){0};
		count = 1;
	}
	linkage_name = add_symbol(module, address, &found[count - 1]);
	for (size_t i = 0; i < count; i++) {
		set_frame(&frames[i], &found[i], module->names.pool);
		frames[i].inlined = i + 1 < count;
	}
	if (linkage_name != NULL)
		frames[count - 1].linkage_name =
		    string_pool_intern(module->names.pool, linkage_name);
	return name_table_add(&module->names, address, (struct symbol_frames){frames, count});
}

int module_names_find(struct module_names *module, const struct module_names_options *options,
    uint64_t address, struct symbol_frames *ret_frames)
{
	int result;

	(void)module_names_open(module, options);
	if (name_table_find(&module->names, address, ret_frames))
		return STATUS_OK;
	open_sources(module);
	result = resolve(module, address);
	if (result != STATUS_OK)
		return result;
	return name_table_find(&module->names, address, ret_frames) ? STATUS_OK : STATUS_NO_MEMORY;
}

const struct symbol_row *module_names_variable(struct module_names *module,
    const struct module_names_options *options, enum symbol_kind kind, uint64_t address)
{
	(void)module_names_open(module, options);
	return symbol_table_find_row(read_symbols(module, kind), address);
}

struct type_names *module_names_types(
    struct module_names *module, const struct module_names_options *options)
{
	(void)module_names_open(module, options);
	if (!module->has_types) {
		Elf *elf = debug_file_with_dwarf(&module->file);

		module->has_types = true;
		if (elf != NULL)
			module->types = type_names_new(elf, module->file.module.elf);
	}
	return module->types;
}
