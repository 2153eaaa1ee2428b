/* A function of a library that is loaded by dlopen is called 20 times: one block of 16 bytes stays each time. */
#include <dlfcn.h>

#include "program.h"

int main(int argc, char **argv)
{
	char path[4096];

	CHECK(argc == 1 && (size_t)snprintf(path, sizeof path, "%.*slib/liblooked_up_function.so",
			       (int)(strrchr(argv[0], '/') + 1 - argv[0]), argv[0]) < sizeof path);
	void *library = dlopen(path, RTLD_NOW);
	void (*library_round)(void);

	CHECK(library != NULL);
	*(void **)&library_round = dlsym(library, "library_round");
	CHECK(library_round != NULL);
	for (int i = 0; i < 20; i++)
		library_round();
	say("20 rounds");
	return 0;
}
