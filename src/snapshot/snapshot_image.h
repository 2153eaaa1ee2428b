/*
 * The bytes of a snapshot file in memory: a plain file is mapped, a zstd-compressed one is unpacked into
 * anonymous memory, a pipe is read to its end. Nothing is known here but the header, which says how large
 * an unpacked file may become. Next on the path: snapshot_reader.c.
 *
 * Bounds: an unpacked image is at most 64 GiB, and at most 64 MiB plus 4,096 times the compressed bytes,
 * so that a small hostile file cannot ask for all memory.
 */
#ifndef SNAPSHOT_SNAPSHOT_IMAGE_H
#define SNAPSHOT_SNAPSHOT_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct snapshot_image {
	const void *bytes; /* aligned to 8 at least */
	size_t count;
	uint64_t disk_bytes; /* as stored */
	bool compressed;
	void *map; /* what release unmaps; NULL: the bytes are the caller's */
	size_t map_bytes;
};

/* Bring in PATH. 0 and *RET_IMAGE (release it), or a negative status and nothing to release. */
int snapshot_image_open(
    const char *path, struct snapshot_image *ret_image, struct status_error *ret_error);
/* The same from memory. COUNT BYTES must outlive the image unless they are compressed or misaligned. */
int snapshot_image_from_memory(const void *bytes, size_t count, struct snapshot_image *ret_image,
    struct status_error *ret_error);
void snapshot_image_release(struct snapshot_image *image);

#endif
