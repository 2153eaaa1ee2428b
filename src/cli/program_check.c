#include "cli/program_check.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "cli/fatal.h"

#define SCRIPT_DEPTH_MAX 4 /* an interpreter that is a script itself: as deep as Linux goes */
#define HEAD_BYTES	 256

static bool is_executable(const char *path, int *ret_errno)
{
	struct stat status;

	if (stat(path, &status) != 0) {
		*ret_errno = errno == ENOTDIR ? ENOENT : errno;
		return false;
	}
	if (!S_ISREG(status.st_mode) || access(path, X_OK) != 0) {
		*ret_errno = EACCES;
		return false;
	}
	return true;
}

char *program_find(const char *name, int *ret_errno)
{
	const char *directory = getenv("PATH");
	int error = 0;

	*ret_errno = ENOENT;
	if (strchr(name, '/') != NULL)
		return is_executable(name, ret_errno) ? xstrdup(name) : NULL;
	if (directory == NULL)
		directory = "/usr/bin:/bin";
	while (name[0] != '\0') {
		size_t length = strcspn(directory, ":");
		char *path = length != 0 ? xformat("%.*s/%s", (int)length, directory, name)
					 : xformat("./%s", name);

		if (is_executable(path, &error))
			return path;
		free(path);
		if (error ==
		    EACCES) /* found, but not executable: worth telling unless a later one is */
			*ret_errno = EACCES;
		if (directory[length] == '\0')
			break;
		directory += length + 1;
	}
	return NULL;
}

/* A program that gains rights by being started runs in the loader's secure mode: LD_PRELOAD is dropped. */
static char *gains_rights(const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return NULL;
	if ((status.st_mode & S_ISUID) != 0 && status.st_uid != getuid())
		return xformat(
		    "%s is setuid (runs as user %u): the loader preloads nothing into it", path,
		    (unsigned)status.st_uid);
	if ((status.st_mode & S_ISGID) != 0 && (status.st_mode & S_IXGRP) != 0 &&
	    status.st_gid != getgid())
		return xformat(
		    "%s is setgid (runs as group %u): the loader preloads nothing into it", path,
		    (unsigned)status.st_gid);
	if (getuid() != 0 && getxattr(path, "security.capability", NULL, 0) > 0)
		return xformat(
		    "%s has file capabilities: the loader preloads nothing into it", path);
	return NULL;
}

static char *foreign_machine(const char *path, const Elf64_Ehdr *header)
{
#if defined(__x86_64__)
	const int own_machine = EM_X86_64;
#elif defined(__aarch64__)
	const int own_machine = EM_AARCH64;
#else
	const int own_machine = header->e_machine; /* not known: say nothing */
#endif
	if (header->e_ident[EI_CLASS] == ELFCLASS32)
		return xformat(
		    "%s is a 32-bit program; liballocscope.so is 64-bit and cannot be preloaded into it",
		    path);
	if (header->e_machine != own_machine)
		return xformat(
		    "%s is built for another machine (ELF machine %u); liballocscope.so cannot be "
		    "preloaded into it",
		    path, (unsigned)header->e_machine);
	return NULL;
}

/* The interpreter's name of a dynamic program into TEXT; false: it has none. */
static bool read_interpreter(int fd, const Elf64_Ehdr *header, char *text, size_t text_bytes)
{
	for (unsigned i = 0; i < header->e_phnum; i++) {
		Elf64_Phdr segment;
		ssize_t length = 0;

		if (pread(fd, &segment, sizeof segment,
			(off_t)(header->e_phoff + i * sizeof segment)) != sizeof segment)
			return false;
		if (segment.p_type != PT_INTERP)
			continue;
		length = pread(fd, text, text_bytes - 1, (off_t)segment.p_offset);
		text[length > 0 ? length : 0] = '\0';
		return true;
	}
	return false;
}

static char *elf_obstacle(const char *path, int fd, const Elf64_Ehdr *header)
{
	char interpreter[HEAD_BYTES];
	char *reason = foreign_machine(path, header);

	if (reason != NULL)
		return reason;
	if (!read_interpreter(fd, header, interpreter, sizeof interpreter))
		return xformat(
		    "%s is statically linked: it has no loader that could preload anything, so nothing can be "
		    "recorded; link it dynamically",
		    path);
	if (strstr(interpreter, "ld-musl") != NULL)
		return xformat("%s uses musl libc; this liballocscope.so is built for glibc", path);
	return NULL;
}

/* "#!/bin/sh -e" -> "/bin/sh"; NULL: not a script. */
static char *script_interpreter(char *head)
{
	char *start = NULL;

	if (head[0] != '#' || head[1] != '!')
		return NULL;
	start = head + 2 + strspn(head + 2, " \t");
	start[strcspn(start, " \t\n\r")] = '\0';
	return start[0] != '\0' ? start : NULL;
}

static char *obstacle_at_depth(const char *path, int depth)
{
	union {
		Elf64_Ehdr header;
		char text[HEAD_BYTES];
	} head = {.text = ""};
	char *reason = NULL;
	char *next = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd >= 0 ? pread(fd, head.text, sizeof head.text - 1, 0) : -1;

	if (length >= (ssize_t)sizeof head.header && memcmp(head.text, ELFMAG, SELFMAG) == 0) {
		reason = gains_rights(path);
		if (reason == NULL)
			reason = elf_obstacle(path, fd, &head.header);
	} else if (length > 2 && depth < SCRIPT_DEPTH_MAX) {
		next = script_interpreter(head.text);
		reason = next != NULL ? obstacle_at_depth(next, depth + 1) : NULL;
	} else if (length < 0) { /* execute-only: its rights can still be seen */
		reason = gains_rights(path);
	}
	if (fd >= 0)
		(void)close(fd);
	return reason;
}

char *program_obstacle(const char *path)
{
	return obstacle_at_depth(path, 0);
}
