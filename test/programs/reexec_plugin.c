/*
 * A program without the header that loads a library with it, at run time: ALLOCSCOPE_REEXEC=1 must not run it again
 * in the middle of its work. The library is its first argument.
 */
#include <dlfcn.h>

#include "program.h"

int main(int argc, char **argv)
{
	CHECK(argc > 1);
	say("begin");
	CHECK(dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) != NULL);
	say("end");
	return 0;
}
