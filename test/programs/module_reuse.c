/*
 * Loads one library, lets it keep 3 blocks, unloads it, loads another one at the same address,
 * which keeps 2. The stacks of the first must still name the first. Ends with 77 where the loader
 * chose other addresses.
 */
#include <dlfcn.h>
#include <link.h>

#include "program.h"

typedef void (*keep_function)(void);

static uintptr_t load_and_keep(const char *path, const char *function)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	CHECK(library != NULL);
	struct link_map *map;

	CHECK(dlinfo(library, RTLD_DI_LINKMAP, &map) == 0);
	uintptr_t base = map->l_addr;
	void *symbol = dlsym(library, function);

	CHECK(symbol != NULL);
	((keep_function)symbol)();
	CHECK(dlclose(library) == 0);
	return base;
}

int main(int argc, char **argv)
{
	CHECK(argc == 3);
	uintptr_t first = load_and_keep(argv[1], "first_variant");
	uintptr_t second = load_and_keep(argv[2], "second_variant");

	say("loaded twice");
	return first == second ? 0 : 77;
}
