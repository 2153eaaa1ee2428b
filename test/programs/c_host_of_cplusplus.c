/*
 * A C program (no C++ runtime of its own) loads a C++ library, RTLD_LOCAL, which throws and
 * catches 100 times.
 */
#include <dlfcn.h>

#include "program.h"

typedef int (*throw_function)(int);

int main(int argc, char **argv)
{
	CHECK(argc == 2);
	void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);

	CHECK(library != NULL);
	void *symbol = dlsym(library, "throw_and_catch");

	CHECK(symbol != NULL);
	CHECK(((throw_function)symbol)(100) == 100);
	say("100 caught");
	return 0;
}
