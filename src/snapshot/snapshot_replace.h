/*
 * Replaces a file as a whole: the new content goes to PATH.tmp, is synced and renamed over PATH, so that
 * a reader finds the old file or the new one, never half of one. Neighbours: snapshot_compress.c,
 * snapshot_rewrite.c.
 */
#ifndef SNAPSHOT_SNAPSHOT_REPLACE_H
#define SNAPSHOT_SNAPSHOT_REPLACE_H

#include <sys/types.h>

#include "base/status.h"

struct snapshot_replacement {
	int fd;		  /* of the temporary file, to be written; -1 when there is none */
	const char *path; /* the caller's */
	char *temporary;
};

/* Create PATH.tmp with MODE; a left-over one is removed. 0, or STATUS_IO or STATUS_NO_MEMORY and nothing to end. */
int snapshot_replacement_begin(struct snapshot_replacement *replacement, const char *path,
    mode_t mode, struct status_error *ret_error);
/* Sync and rename. On failure the temporary file is gone and PATH as before. */
int snapshot_replacement_commit(
    struct snapshot_replacement *replacement, struct status_error *ret_error);
/* Remove the temporary file; nothing to do after commit. */
void snapshot_replacement_abandon(struct snapshot_replacement *replacement);

#endif
