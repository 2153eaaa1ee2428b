#include "preload/wanted_function.h"

#include <string.h>

#include "base/text.h"
#include "preload/edit_distance.h"
#include "preload/elf_functions.h"
#include "preload/modules.h"
#include "preload/system.h"

#define MANGLED_BYTES	768
#define USEFUL_DISTANCE 3

struct search {
	const char *name;
	size_t name_bytes;
	char mangled[MANGLED_BYTES]; /* what the names of C++ begin with, behind "_Z" */
	size_t mangled_bytes;
	uintptr_t bias;
	unsigned nearest_distance;
	struct wanted_function *found;
};

/* app::parse -> N3app5parseE, parse -> 5parse: the parameters come behind. */
static void mangle(struct search *search)
{
	struct text text;
	bool is_nested = strstr(search->name, "::") != NULL;

	text_init(&text, search->mangled, sizeof search->mangled);
	text_add(&text, is_nested ? "N" : "");
	for (const char *part = search->name; part != NULL;) {
		const char *colons = strstr(part, "::");
		size_t bytes = colons != NULL ? (size_t)(colons - part) : strlen(part);

		text_add_unsigned(&text, bytes);
		text_add_bytes(&text, part, bytes);
		part = colons != NULL ? colons + 2 : NULL;
	}
	text_add(&text, is_nested ? "E" : "");
	search->mangled_bytes = strlen(search->mangled);
}

static bool begins_with(const char *text, const char *start, size_t bytes)
{
	return strncmp(text, start, bytes) == 0;
}

/* _Z5parsePKc, _ZL5parsePKc (local), _ZN3app5parseEv, _ZNK3app5parseEv (const). */
static bool is_mangled_name(const struct search *search, const char *name)
{
	if (name[0] != '_' || name[1] != 'Z')
		return false;
	name += 2;
	if (name[0] == 'L' && search->mangled[0] != 'N')
		name++;
	if (name[0] == 'N' && name[1] == 'K' && search->mangled[0] == 'N')
		return begins_with(name + 2, search->mangled + 1, search->mangled_bytes - 1);
	return begins_with(name, search->mangled, search->mangled_bytes);
}

/* What a compiler puts behind the name of a copy or a part: "", ".isra.0", ".cold"; NULL when it is another function. */
static const char *suffix_of(const struct search *search, const char *name)
{
	if (begins_with(name, search->name, search->name_bytes)) {
		const char *behind = name + search->name_bytes;

		return *behind == '\0' || *behind == '.' ? behind : NULL;
	}
	if (!is_mangled_name(search, name))
		return NULL;
	return name + strcspn(name, ".");
}

static void keep_nearest(struct search *search, const char *name)
{
	size_t bytes = strlen(name);
	size_t apart =
	    bytes > search->name_bytes ? bytes - search->name_bytes : search->name_bytes - bytes;
	unsigned distance;

	if (apart > USEFUL_DISTANCE || bytes >= WANTED_NAME_BYTES)
		return;
	distance = edit_distance(name, bytes, search->name, search->name_bytes);
	if (distance >= search->nearest_distance)
		return;
	search->nearest_distance = distance;
	memcpy(search->found->nearest, name, bytes + 1);
}

/* Two names for one place are one. */
static bool add_range(
    struct wanted_range *ranges, uint32_t *count, uint32_t most, struct wanted_range range)
{
	for (uint32_t i = 0; i < *count; i++)
		if (ranges[i].start == range.start)
			return true;
	if (*count == most)
		return false;
	ranges[(*count)++] = range;
	return true;
}

static void look_at(void *context, const struct elf_function *function)
{
	struct search *search = context;
	struct wanted_function *found = search->found;
	const char *suffix = suffix_of(search, function->name);

	if (suffix == NULL) {
		keep_nearest(search, function->name);
		return;
	}
	struct wanted_range range = {.start = search->bias + function->address};
	bool is_entered = !begins_with(suffix, ".cold", 5) && !begins_with(suffix, ".part", 5);

	range.end = range.start + (function->bytes != 0 ? function->bytes : 1);
	if (function->is_chosen_late) {
		found->is_chosen_late = true;
		return;
	}
	found->left_out += !add_range(found->ranges, &found->range_count, WANTED_RANGES_MAX, range);
	if (is_entered)
		found->left_out +=
		    !add_range(found->entries, &found->entry_count, WANTED_ENTRIES_MAX, range);
}

/* /usr/lib/debug/.build-id/ab/cdef....debug */
static void name_debug_file(const struct module *module, char *path, size_t capacity)
{
	static const char digits[] = "0123456789abcdef";
	struct text text;

	text_init(&text, path, capacity);
	text_add(&text, "/usr/lib/debug/.build-id/");
	for (uint32_t i = 0; i < module->build_id_bytes; i++) {
		char hex[2] = {digits[module->build_id[i] >> 4], digits[module->build_id[i] & 15]};

		text_add_bytes(&text, hex, 2);
		text_add(&text, i == 0 ? "/" : "");
	}
	text_add(&text, ".debug");
}

static bool search_file(struct search *search, const char *path, enum elf_functions_of which)
{
	size_t bytes = 0;
	const void *file = system_map_file(path, &bytes);

	if (file == NULL)
		return false;
	bool has_table = elf_functions_each(file, bytes, which, look_at, search);

	system_unmap((void *)(uintptr_t)file, bytes);
	return has_table;
}

static void search_module(struct search *search, const struct module *module)
{
	char path[128];
	const char *file = module->is_main ? "/proc/self/exe" : module->path;

	search->bias = module->bias;
	if (search_file(search, file, ELF_ALL_FUNCTIONS))
		return;
	name_debug_file(module, path, sizeof path);
	if (module->build_id_bytes == 0 || !search_file(search, path, ELF_ALL_FUNCTIONS))
		(void)search_file(search, file, ELF_EXPORTED_FUNCTIONS);
}

bool wanted_function_find(
    const char *name, uint32_t first, struct wanted_function *ret_function, uint32_t *ret_next)
{
	static struct search search; /* large; nobody else searches meanwhile: iterate_on.c */

	memset(ret_function, 0, sizeof *ret_function);
	search = (struct search){
	    .name = name,
	    .name_bytes = strlen(name),
	    .nearest_distance = USEFUL_DISTANCE + 1,
	    .found = ret_function,
	};
	mangle(&search);
	*ret_next = modules_count();
	for (uint32_t row = first; row < *ret_next && ret_function->entry_count == 0; row++) {
		const struct module *module = modules_get(row);

		if (!module->is_self && !atomic_load(&module->unloaded))
			search_module(&search, module);
	}
	return ret_function->entry_count > 0;
}
