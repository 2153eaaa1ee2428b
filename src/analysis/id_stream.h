/*
 * Walks the blocks of one heap in ascending order of their ids (identity address, epoch), so that
 * two heaps can be merged in one pass.
 *
 * Blocks that never moved stand in that order in the file already; those that realloc moved keep an
 * identity address of their own, are sorted apart when the stream is opened, and are merged in
 * while walking.
 */
#ifndef ANALYSIS_ID_STREAM_H
#define ANALYSIS_ID_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot/snapshot_reader.h"

struct moved_block {
	uint64_t identity_address;
	uint32_t epoch, block, flags, reserved;
};

struct id_stream {
	const struct snapshot *snapshot;
	struct moved_block *moved; /* ascending id */
	size_t moved_count, next_moved;
	size_t next_block, next_extra; /* of the run that never moved */

	/* the present block, valid unless at_end */
	bool at_end;
	uint32_t epoch, flags; /* enum snapshot_block_flags */
	uint64_t identity_address;
	size_t block;
};

/* Stands at the first block. 0, or STATUS_NO_MEMORY. */
int id_stream_open(const struct snapshot *snapshot, struct id_stream *ret_stream);
void id_stream_release(struct id_stream *stream);
void id_stream_next(struct id_stream *stream);

/* From the present block on, blocks up to row END whose address is below LIMIT are neither moved
 * nor flagged, and no moved block comes between them: they can be walked in the columns. end is
 * 0 when the present block isn't of that kind. */
struct id_run {
	size_t end;
	uint64_t limit;
};
struct id_run id_stream_run(const struct id_stream *stream);
/* Stand at row BLOCK, at most the end of the present run. */
void id_stream_seek(struct id_stream *stream, size_t block);

#endif
