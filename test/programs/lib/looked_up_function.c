/* A function that a program gets by dlopen and dlsym, or by linking: one block stays per call. */
#include <stdlib.h>

static void *kept[1000];
static int count;

__attribute__((visibility("default"))) void library_round(void)
{
	kept[count++] = malloc(16);
	free(malloc(32));
}
