#include "symbols/symbolizer.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "symbols/demangle.h"
#include "symbols/module_names.h"

/* A file at a place in memory. */
struct module_handle {
	size_t file; /* of symbolizer.files */
	uint64_t bias;
};

struct symbolizer {
	struct string_pool *pool;
	struct module_names *files;
	size_t file_count, file_capacity;
	struct module_handle *handles;
	size_t handle_count, handle_capacity;
	char **debug_directories; /* ends with NULL */
	char *prefix;
	char *cache_directory;		     /* NULL: none */
	struct module_names_options options; /* borrows the three above */
};

static const struct symbol_frame unknown_frame = {.function = "", .linkage_name = "", .file = ""};

static char **copy_directories(const char *const *directories)
{
	static const char *const defaults[] = {"/usr/lib/debug", NULL};
	size_t count = 0;
	char **copy;

	if (directories == NULL)
		directories = defaults;
	while (directories[count] != NULL)
		count++;
	copy = calloc(count + 1, sizeof *copy);
	for (size_t i = 0; copy != NULL && i < count; i++) {
		copy[i] = strdup(directories[i]);
		if (copy[i] == NULL)
			break; /* a shorter list, still ended by NULL */
	}
	return copy;
}

struct symbolizer *symbolizer_new(const struct symbolizer_options *options)
{
	static const struct symbolizer_options defaults;
	struct symbolizer *symbolizer = calloc(1, sizeof *symbolizer);

	if (symbolizer == NULL)
		return NULL;
	if (options == NULL)
		options = &defaults;
	symbolizer->pool = string_pool_new();
	symbolizer->debug_directories = copy_directories(options->debug_directories);
	symbolizer->prefix = strdup(options->prefix == NULL ? "" : options->prefix);
	symbolizer->cache_directory = name_cache_directory(options->cache_directory);
	if (symbolizer->pool == NULL || symbolizer->debug_directories == NULL ||
	    symbolizer->prefix == NULL) {
		symbolizer_free(symbolizer);
		return NULL;
	}
	symbolizer->options = (struct module_names_options){
	    .search = {.directories = (const char *const *)symbolizer->debug_directories,
		.prefix = symbolizer->prefix,
		.use_debuginfod = options->use_debuginfod},
	    .cache_directory = symbolizer->cache_directory,
	};
	return symbolizer;
}

void symbolizer_free(struct symbolizer *symbolizer)
{
	if (symbolizer == NULL)
		return;
	for (size_t i = 0; i < symbolizer->file_count; i++) {
		module_names_store(&symbolizer->files[i], &symbolizer->options);
		module_names_release(&symbolizer->files[i]);
	}
	free(symbolizer->files);
	free(symbolizer->handles);
	for (char **directory = symbolizer->debug_directories;
	     directory != NULL && *directory != NULL; directory++)
		free(*directory);
	free(symbolizer->debug_directories);
	free(symbolizer->prefix);
	free(symbolizer->cache_directory);
	string_pool_free(symbolizer->pool);
	free(symbolizer);
}

/* ROWS with room for one more of ROW_BYTES; NULL when out of memory, ROWS is then as it was. */
static void *make_room(void *rows, size_t count, size_t *capacity, size_t row_bytes)
{
	const size_t doubled = *capacity == 0 ? 16 : *capacity * 2;

	if (count < *capacity)
		return rows;
	rows = reallocarray(rows, doubled, row_bytes);
	if (rows != NULL)
		*capacity = doubled;
	return rows;
}

/* Index of the file, added if it is new; or STATUS_NO_MEMORY. */
static long add_file(struct symbolizer *symbolizer, const char *path, const char *build_id_hex)
{
	struct module_names *files;

	for (size_t i = 0; i < symbolizer->file_count; i++)
		if (strcmp(symbolizer->files[i].path, path) == 0 &&
		    strcmp(symbolizer->files[i].build_id, build_id_hex) == 0)
			return (long)i;
	files = make_room(symbolizer->files, symbolizer->file_count, &symbolizer->file_capacity,
	    sizeof *symbolizer->files);
	if (files == NULL)
		return STATUS_NO_MEMORY;
	symbolizer->files = files;
	if (module_names_init(
		&files[symbolizer->file_count], path, build_id_hex, symbolizer->pool) != STATUS_OK)
		return STATUS_NO_MEMORY;
	return (long)symbolizer->file_count++;
}

int symbolizer_add_module(
    struct symbolizer *symbolizer, const char *path, const char *build_id_hex, uint64_t bias)
{
	struct module_handle *handles;
	const long file = add_file(symbolizer, path, build_id_hex == NULL ? "" : build_id_hex);

	if (file < 0)
		return (int)file;
	for (size_t i = 0; i < symbolizer->handle_count; i++)
		if (symbolizer->handles[i].file == (size_t)file &&
		    symbolizer->handles[i].bias == bias)
			return (int)i;
	handles = make_room(symbolizer->handles, symbolizer->handle_count,
	    &symbolizer->handle_capacity, sizeof *symbolizer->handles);
	if (handles == NULL || symbolizer->handle_count == INT_MAX)
		return STATUS_NO_MEMORY;
	symbolizer->handles = handles;
	handles[symbolizer->handle_count] =
	    (struct module_handle){.file = (size_t)file, .bias = bias};
	return (int)symbolizer->handle_count++;
}

/* NULL when MODULE is no handle, such as the -1 of an address outside all modules. */
static struct module_names *module_of(const struct symbolizer *symbolizer, int module)
{
	if (module < 0 || (size_t)module >= symbolizer->handle_count)
		return NULL;
	return &symbolizer->files[symbolizer->handles[module].file];
}

enum symbolizer_status symbolizer_module_status(struct symbolizer *symbolizer, int module)
{
	struct module_names *names = module_of(symbolizer, module);

	return names == NULL ? SYMBOLIZER_FILE_MISSING
			     : module_names_open(names, &symbolizer->options);
}

const char *symbolizer_status_text(enum symbolizer_status status)
{
	switch (status) {
	case SYMBOLIZER_OK:
		return "ok";
	case SYMBOLIZER_UNVERIFIED:
		return "no build-id recorded";
	case SYMBOLIZER_NO_SYMBOLS:
		return "no symbols";
	case SYMBOLIZER_BUILD_ID_DIFFERS:
		return "build-id differs";
	case SYMBOLIZER_FILE_MISSING:
		return "file missing";
	case SYMBOLIZER_NOT_ELF:
		return "not an ELF file";
	}
	return "unknown";
}

uint64_t symbolizer_elf_address(
    const struct symbolizer *symbolizer, int module, uint64_t return_address)
{
	if (module_of(symbolizer, module) == NULL)
		return return_address - 1;
	return return_address - 1 - symbolizer->handles[module].bias;
}

void symbolizer_lookup(struct symbolizer *symbolizer, int module, uint64_t elf_address,
    struct symbol_frames *ret_frames)
{
	struct module_names *names = module_of(symbolizer, module);

	if (names == NULL ||
	    module_names_find(names, &symbolizer->options, elf_address, ret_frames) != STATUS_OK)
		*ret_frames = (struct symbol_frames){.frames = &unknown_frame, .count = 1};
}

static int compare_addresses(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

int symbolizer_prefetch(
    struct symbolizer *symbolizer, int module, const uint64_t *elf_addresses, size_t count)
{
	struct module_names *names = module_of(symbolizer, module);
	struct symbol_frames frames;
	uint64_t *sorted;
	int result = STATUS_OK;

	if (names == NULL)
		return STATUS_BAD_ARGUMENT;
	if (count == 0)
		return STATUS_OK;
	sorted = reallocarray(NULL, count, sizeof *sorted);
	if (sorted == NULL)
		return STATUS_NO_MEMORY;
	/* In ascending order each unit's functions and lines are read while they are warm. */
	memcpy(sorted, elf_addresses, count * sizeof *sorted);
	qsort(sorted, count, sizeof *sorted, compare_addresses);
	for (size_t i = 0; result == STATUS_OK && i < count; i++)
		result = module_names_find(names, &symbolizer->options, sorted[i], &frames);
	free(sorted);
	return result;
}

/* A variable inside a function has a number behind its name: "calls.0" is what the source calls `calls`. */
static size_t variable_length(const char *name)
{
	const size_t length = demangle_base_length(name);
	size_t end = length;

	while (end > 0 && name[end - 1] >= '0' && name[end - 1] <= '9')
		end--;
	return end > 1 && end < length && name[end - 1] == '.' ? end - 1 : length;
}

static bool find_variable(struct symbolizer *symbolizer, int module, enum symbol_kind kind,
    uint64_t address, struct symbol_variable *ret_variable)
{
	struct module_names *names = module_of(symbolizer, module);
	const struct symbol_row *row =
	    names == NULL ? NULL
			  : module_names_variable(names, &symbolizer->options, kind, address);

	if (row == NULL)
		return false;
	char *text = demangle(row->name);

	if (text == NULL)
		text = strndup(row->name, variable_length(row->name));
	const char *name = text == NULL ? NULL : string_pool_intern(symbolizer->pool, text);

	free(text);
	if (name == NULL)
		return false;
	*ret_variable = (struct symbol_variable){
	    .name = name, .offset = address - row->address, .size = row->size};
	return true;
}

bool symbolizer_variable(struct symbolizer *symbolizer, int module, uint64_t address,
    struct symbol_variable *ret_variable)
{
	if (module_of(symbolizer, module) == NULL)
		return false;
	return find_variable(symbolizer, module, SYMBOL_DATA,
	    address - symbolizer->handles[module].bias, ret_variable);
}

bool symbolizer_thread_variable(struct symbolizer *symbolizer, int module, uint64_t offset,
    struct symbol_variable *ret_variable)
{
	return find_variable(symbolizer, module, SYMBOL_THREAD_DATA, offset, ret_variable);
}

const char *symbolizer_class(struct symbolizer *symbolizer, int module, uint64_t address)
{
	static const char prefix[] = "vtable for ";
	struct symbol_variable table;

	if (!symbolizer_variable(symbolizer, module, address, &table) ||
	    strncmp(table.name, prefix, sizeof prefix - 1) != 0)
		return NULL;
	return table.name + sizeof prefix - 1;
}

static struct type_names *types_of(struct symbolizer *symbolizer, int module)
{
	struct module_names *names = module_of(symbolizer, module);

	return names == NULL ? NULL : module_names_types(names, &symbolizer->options);
}

const char *symbolizer_type_of_call(
    struct symbolizer *symbolizer, int module, uint64_t return_address)
{
	struct type_names *types = types_of(symbolizer, module);

	return types == NULL
		   ? NULL
		   : type_names_of_call(types, return_address - symbolizer->handles[module].bias);
}

bool symbolizer_field(struct symbolizer *symbolizer, int module, const char *type, uint64_t offset,
    struct type_field *ret_field)
{
	struct type_names *types = types_of(symbolizer, module);

	return types != NULL && type_names_field(types, type, offset, ret_field);
}

char *symbolizer_format_unknown(const struct symbolizer *symbolizer, int module,
    uint64_t elf_address, char *buffer, size_t buffer_bytes)
{
	const struct module_names *names = module_of(symbolizer, module);
	const char *slash = names == NULL ? NULL : strrchr(names->path, '/');

	if (names == NULL || names->path[0] == '\0')
		(void)snprintf(buffer, buffer_bytes, "0x%" PRIx64, elf_address);
	else
		(void)snprintf(buffer, buffer_bytes, "%s+0x%" PRIx64,
		    slash == NULL ? names->path : slash + 1, elf_address);
	return buffer;
}
