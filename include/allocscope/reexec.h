/*
 * ALLOCSCOPE_REEXEC=1 in the environment: the program runs itself under the preload, so that its assertions can see.
 * Included by <allocscope/assertions.h>.
 *
 * That must be before main, since a recording that begins later has missed blocks. So each file that includes this header
 * brings a constructor, and the first of them that runs executes the program anew: the same file and arguments, with
 * ALLOCSCOPE_LIBRARY (default liballocscope.so) in LD_PRELOAD. Constructors that ran before run twice. Only files of the
 * program itself do that, none of a shared library, which may be loaded at any time. Once only: if the preload is not
 * there afterwards the program says so and ends with 127, unless ALLOCSCOPE_OPTIONAL=1.
 */
#ifndef ALLOCSCOPE_REEXEC_H
#define ALLOCSCOPE_REEXEC_H

#include <allocscope/allocscope.h>

#if defined(__linux__) && defined(__GLIBC__) && defined(__LP64__)

#	ifdef __cplusplus
extern "C" {
#	endif

/* With -std=c11 the C library declares only some of these. */
extern int execv(const char *path, char *const argv[]) __THROW;
extern int setenv(const char *name, const char *value, int replace) __THROW;
extern int getpid(void) __THROW;
extern __ssize_t readlink(const char *path, char *buf, size_t len) __THROW;
extern unsigned long getauxval(unsigned long type) __THROW;
extern void _exit(int status) __attribute__((noreturn));
/* The ELF header of the program, or of the library, that this file is part of: by the linker. */
extern const char __ehdr_start[] __attribute__((weak, visibility("hidden")));

/* This file is part of the program, not of a library. */
static inline bool allocscope_reexec_is_program(void)
{
	const size_t e_phoff = 32, at_phdr = 3;

	if (__ehdr_start == NULL)
		return false;
	return (uintptr_t)__ehdr_start +
		   *(const uint64_t *)(const void *)(__ehdr_start + e_phoff) ==
	       getauxval(at_phdr);
}
static inline void allocscope_reexec_fail(const char *library, const char *why)
{
	const char *optional = getenv("ALLOCSCOPE_OPTIONAL");

	if (optional != NULL && optional[0] == '1')
		return;
	fprintf(stderr,
	    "allocscope: ALLOCSCOPE_REEXEC=1, but the program cannot run under %s: %s. "
	    "ALLOCSCOPE_LIBRARY gives the library's path, ALLOCSCOPE_OPTIONAL=1 skips what cannot be checked.\n",
	    library, why);
	_exit(127);
}
/* The arguments that this process was executed with, in one piece; NULL: not known. */
static inline char **allocscope_reexec_arguments(void)
{
	FILE *file = fopen("/proc/self/cmdline", "re");
	char *text = NULL, **arguments;
	size_t bytes = 0, room = 0, count = 0;
	int next;

	if (file == NULL)
		return NULL;
	while ((next = getc(file)) != EOF) {
		if (bytes == room) {
			room = room * 2 + 4096;
			text = (char *)realloc(text, room);
			if (text == NULL)
				break;
		}
		text[bytes++] = (char)next;
		count += next == '\0';
	}
	fclose(file);
	arguments = text != NULL ? (char **)calloc(count + 1, sizeof *arguments) : NULL;
	for (size_t at = 0, i = 0; arguments != NULL && i < count; i++) {
		arguments[i] = text + at;
		while (text[at++] != '\0')
			;
	}
	return arguments;
}
/* LIBRARY before what is preloaded already. */
static inline bool allocscope_reexec_preload(const char *library, const char *pid)
{
	const char *others = getenv("LD_PRELOAD");
	char list[8192];
	int bytes = others != NULL && others[0] != '\0'
			? snprintf(list, sizeof list, "%s:%s", library, others)
			: snprintf(list, sizeof list, "%s", library);

	return bytes > 0 && (size_t)bytes < sizeof list && setenv("LD_PRELOAD", list, 1) == 0 &&
	       setenv("ALLOCSCOPE_REEXECUTED", pid, 1) == 0;
}
static inline void allocscope_reexec_run(const char *library, const char *pid)
{
	char **arguments = allocscope_reexec_arguments();
	char path[4096];
	__ssize_t bytes = readlink("/proc/self/exe", path, sizeof path - 1);

	if (arguments == NULL || bytes <= 0) {
		allocscope_reexec_fail(library, "/proc cannot be read");
		return;
	}
	path[bytes] = '\0';
	if (!allocscope_reexec_preload(library, pid)) {
		allocscope_reexec_fail(library, "the environment has no room");
		return;
	}
	fflush(NULL);
	(void)execv(path, arguments);		  /* it keeps its name */
	(void)execv("/proc/self/exe", arguments); /* it was deleted, or replaced */
	allocscope_reexec_fail(library, "it could not be executed");
}
static inline bool allocscope_reexec_is_second(const char *pid)
{
	const char *done = getenv("ALLOCSCOPE_REEXECUTED");
	size_t i = 0;

	while (done != NULL && done[i] == pid[i] && pid[i] != '\0')
		i++;
	return done != NULL && done[i] == pid[i];
}
__attribute__((constructor, used)) static void allocscope_reexec(void)
{
	const char *wanted = getenv("ALLOCSCOPE_REEXEC");
	const char *library = getenv("ALLOCSCOPE_LIBRARY");
	char pid[24];

	if (wanted == NULL || wanted[0] != '1' || !allocscope_reexec_is_program())
		return;
	if (dlsym != NULL && dlsym(NULL, "allocscope_functions_1") != NULL)
		return;
	if (library == NULL || library[0] == '\0')
		library = "liballocscope.so";
	snprintf(pid, sizeof pid, "%d", getpid());
	if (dlsym == NULL)
		allocscope_reexec_fail(library, "it is static");
	else if (allocscope_reexec_is_second(pid))
		allocscope_reexec_fail(library, "the library could not be loaded");
	else
		allocscope_reexec_run(library, pid);
}

#	ifdef __cplusplus
}
#	endif
#endif

#endif
