/* Stands below the preload: when the program wishes so, the next malloc raises SIGUSR1 in its middle. */
#include <dlfcn.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

__attribute__((visibility("default"))) volatile bool raise_in_malloc;

__attribute__((visibility("default"))) void *malloc(size_t bytes)
{
	static void *(*real)(size_t);

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "malloc");
	if (raise_in_malloc) {
		raise_in_malloc = false;
		raise(SIGUSR1);
	}
	return real(bytes);
}
