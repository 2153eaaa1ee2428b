/*
 * A library loaded with RTLD_DEEPBIND calls the C library's malloc past everyone; its blocks are
 * freed by main: frees that we never saw born. The host is unharmed. keep: 2 blocks of 81 bytes.
 */
#include <dlfcn.h>

#include "program.h"

static void *kept[2];

static void keep(void)
{
	kept[0] = malloc(81);
	kept[1] = malloc(81);
}

int main(int argc, char **argv)
{
	CHECK(argc == 2);
	void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);

	CHECK(library != NULL);
	void *function = dlsym(library, "first_variant");
	void **blocks = dlsym(library, "first_kept");

	CHECK(function != NULL && blocks != NULL);
	((void (*)(void))function)();
	keep();
	for (size_t i = 0; i < 3; i++)
		free(blocks[i]);
	say("bound deeply");
	return 0;
}
