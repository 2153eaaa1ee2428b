/* Intercepted functions that end the process or unload code. Falling off main and exit arrive through on_exit and
 * quick_exit through its own list: lifecycle.c. */
#include <dlfcn.h>
#include <string.h>

#include "base/compiler.h"
#include "base/system_call.h"
#include "preload/guard.h"
#include "preload/lifecycle.h"
#include "preload/loader.h"
#include "preload/modules.h"
#include "preload/unwind.h"

__attribute__((noreturn)) static void leave(int status)
{
	lifecycle_process_ends();
	for (;;)
		(void)system_call(SYS_exit_group, status);
}

EXPORT __attribute__((noreturn)) void _exit(int status);
EXPORT void _exit(int status)
{
	leave(status);
}

EXPORT __attribute__((noreturn)) void _Exit(int status);
EXPORT void _Exit(int status)
{
	leave(status);
}

/* Other code may be loaded where this one was: what we cached about these addresses ends here. */
EXPORT int dlclose(void *handle)
{
	static int (*real)(void *);

	if (real == NULL) {
		void *symbol = dlsym(RTLD_NEXT, "dlclose");

		memcpy(&real, &symbol, sizeof real);
	}
	int result = real(handle);

	if (lifecycle_is_recording()) {
		loader_lock_is_free();
		modules_refresh();
		unwind_forget();
	}
	return result;
}
