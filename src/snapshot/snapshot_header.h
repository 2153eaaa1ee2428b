/*
 * The first 64 bytes of a snapshot: is this one of ours, whole, and of a version we read?
 * Neighbours: snapshot_image.c (asks it for the size of a compressed file), snapshot_reader.c.
 */
#ifndef SNAPSHOT_SNAPSHOT_HEADER_H
#define SNAPSHOT_SNAPSHOT_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "snapshot/format.h"

/* Check the header at the start of BYTES (any alignment) and copy it to *RET_HEADER. COUNT is what there
 * is of the file, which may be less than its header says: the caller compares. 0 or a negative status. */
int snapshot_header_check(const void *bytes, size_t count, struct snapshot_file_header *ret_header,
    struct status_error *ret_error);

/* Is the checksum of COUNT BYTES the one EXPECTED? A fuzzer's build takes any, to get past this line. */
bool snapshot_checksum_fits(const void *bytes, size_t count, uint64_t expected);

#endif
