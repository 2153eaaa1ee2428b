/*
 * Writes the sections of a snapshot to a descriptor, one after the other. Allocates nothing, takes no lock,
 * calls only pwrite(2): usable in the profiled process, under the gate and in signal handlers.
 * A failed write is remembered; later calls do nothing and snapshot_writer_finish returns it.
 */
#ifndef SNAPSHOT_SNAPSHOT_WRITER_H
#define SNAPSHOT_SNAPSHOT_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "base/checksum.h"
#include "snapshot/format.h"

struct snapshot_writer {
	int fd;
	int error;    /* 0 or -errno of the first failure */
	char *buffer; /* the caller's */
	size_t buffer_bytes, used;
	uint64_t offset; /* of buffer[0] in the file */
	uint32_t section_count;
	struct snapshot_section sections[SNAPSHOT_SECTIONS_MAX];
	struct checksum checksum; /* of the open section */
	int open;		  /* a section is open */
};

/* Start a file on FD (opened for writing, empty). BUFFER (at least 4096 bytes) stays the caller's and must live until finish. */
void snapshot_writer_begin(
    struct snapshot_writer *writer, int fd, void *buffer, size_t buffer_bytes);
/* Open a section of rows of ROW_BYTES. Sections may come in any order, each id once. */
void snapshot_writer_section(
    struct snapshot_writer *writer, uint32_t id, uint32_t row_bytes, uint32_t flags);
void snapshot_writer_put(struct snapshot_writer *writer, const void *bytes, size_t count);
void snapshot_writer_end_section(struct snapshot_writer *writer);

/*
 * Sections that are written side by side, a batch of rows of each in turn: their number of rows is known before.
 * No other section may be open meanwhile.
 */
struct snapshot_column {
	uint32_t id, row_bytes;
	uint64_t offset, rows; /* where the next row goes; rows so far */
	struct checksum checksum;
};
void snapshot_writer_begin_columns(struct snapshot_writer *writer, struct snapshot_column *columns,
    size_t count, uint64_t rows, uint32_t flags);
void snapshot_writer_put_column(
    struct snapshot_writer *writer, struct snapshot_column *column, const void *rows, size_t count);
/* ROWS as promised, or the file fails with -EINVAL. */
void snapshot_writer_end_columns(struct snapshot_writer *writer,
    const struct snapshot_column *columns, size_t count, uint64_t rows);

/* Write table and header. Returns 0 or -errno. Does not sync or close. */
int snapshot_writer_finish(struct snapshot_writer *writer);

#endif
