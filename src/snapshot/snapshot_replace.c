#include "snapshot/snapshot_replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int snapshot_replacement_begin(struct snapshot_replacement *replacement, const char *path,
    mode_t mode, struct status_error *ret_error)
{
	*replacement = (struct snapshot_replacement){.fd = -1, .path = path};
	if (asprintf(&replacement->temporary, "%s.tmp", path) < 0) {
		replacement->temporary = NULL;
		return status_set(ret_error, STATUS_NO_MEMORY, 0, "no memory for a path");
	}
	/* Exclusive, after removing what an interrupted run left: never write through somebody's link. */
	(void)unlink(replacement->temporary);
	replacement->fd =
	    open(replacement->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (replacement->fd >= 0 && fchmod(replacement->fd, mode) == 0)
		return 0;

	int status = status_set(ret_error, STATUS_IO, 0, "%s cannot be created: %s",
	    replacement->temporary, strerror(errno));

	snapshot_replacement_abandon(replacement);
	return status;
}

int snapshot_replacement_commit(
    struct snapshot_replacement *replacement, struct status_error *ret_error)
{
	int failed = fsync(replacement->fd) != 0 ? errno : 0;

	if (close(replacement->fd) != 0 && failed == 0)
		failed = errno;
	replacement->fd = -1;
	if (failed == 0 && rename(replacement->temporary, replacement->path) != 0)
		failed = errno;
	if (failed == 0) {
		free(replacement->temporary);
		replacement->temporary = NULL;
		return 0;
	}

	int status = status_set(ret_error, STATUS_IO, 0, "%s cannot be written: %s",
	    replacement->path, strerror(failed));

	snapshot_replacement_abandon(replacement);
	return status;
}

void snapshot_replacement_abandon(struct snapshot_replacement *replacement)
{
	if (replacement->fd >= 0)
		(void)close(replacement->fd);
	if (replacement->temporary != NULL)
		(void)unlink(replacement->temporary);
	free(replacement->temporary);
	*replacement = (struct snapshot_replacement){.fd = -1};
}
