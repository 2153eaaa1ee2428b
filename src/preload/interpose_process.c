/* Intercepted functions that end the process, unload code or tell of code made at run time. Falling off main and exit arrive through on_exit and
 * quick_exit through its own list: lifecycle.c. */
#include <dlfcn.h>
#include <string.h>

#include "base/compiler.h"
#include "base/system_call.h"
#include "preload/guard.h"
#include "preload/iterate_on.h"
#include "preload/lifecycle.h"
#include "preload/loader.h"
#include "preload/modules.h"
#include "preload/registered_frames.h"
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

/* The next definition of NAME into the pointer to a function at RET_FUNCTION, if there is one. */
static void find_next(const char *name, void *ret_function)
{
	void *symbol = dlsym(RTLD_NEXT, name);

	memcpy(ret_function, &symbol, sizeof symbol);
}

/* Other code may be loaded where this one was: what we cached about these addresses ends here. */
EXPORT int dlclose(void *handle)
{
	static int (*real)(void *);

	if (real == NULL)
		find_next("dlclose", &real);
	int result = real(handle);

	if (lifecycle_is_recording()) {
		loader_lock_is_free();
		modules_refresh();
		unwind_forget();
		iterate_on_after_unload();
	}
	return result;
}

EXPORT void __register_frame(void *begin);
EXPORT void __register_frame(void *begin)
{
	static void (*real)(void *);

	if (real == NULL)
		find_next("__register_frame", &real);
	if (real != NULL)
		real(begin);
	if (lifecycle_is_recording())
		registered_frames_add(begin);
}

/* The code may be gone or be other code from here on. */
EXPORT void __deregister_frame(void *begin);
EXPORT void __deregister_frame(void *begin)
{
	static void (*real)(void *);

	if (real == NULL)
		find_next("__deregister_frame", &real);
	registered_frames_remove(begin);
	if (real != NULL)
		real(begin);
}

/* The same with room for what libgcc keeps of it. */
EXPORT void __register_frame_info(const void *begin, void *room);
EXPORT void __register_frame_info(const void *begin, void *room)
{
	static void (*real)(const void *, void *);

	if (real == NULL)
		find_next("__register_frame_info", &real);
	if (real != NULL)
		real(begin, room);
	if (lifecycle_is_recording())
		registered_frames_add(begin);
}

EXPORT void *__deregister_frame_info(const void *begin);
EXPORT void *__deregister_frame_info(const void *begin)
{
	static void *(*real)(const void *);

	if (real == NULL)
		find_next("__deregister_frame_info", &real);
	registered_frames_remove(begin);
	return real != NULL ? real(begin) : NULL;
}
