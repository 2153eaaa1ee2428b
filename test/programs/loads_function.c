/*
 * A function of a library that is loaded by dlopen is called 20 times: one block of 16 bytes stays each time. With an
 * argument the library is unloaded and loaded again after each call.
 */
#include <dlfcn.h>

#include "program.h"

static void *library;

static void (*load(const char *program))(void)
{
	char path[4096];
	void (*function)(void);
	int folder_bytes = (int)(strrchr(program, '/') + 1 - program);

	CHECK((size_t)snprintf(path, sizeof path, "%.*slib/liblooked_up_function.so", folder_bytes,
		  program) < sizeof path);
	library = dlopen(path, RTLD_NOW);
	CHECK(library != NULL);
	*(void **)&function = dlsym(library, "library_round");
	CHECK(function != NULL);
	return function;
}

int main(int argc, char **argv)
{
	void (*library_round)(void) = load(argv[0]);

	for (int i = 0; i < 20; i++) {
		library_round();
		if (argc == 1)
			continue;
		CHECK(dlclose(library) == 0);
		library_round = load(argv[0]);
	}
	say("20 rounds");
	return 0;
}
