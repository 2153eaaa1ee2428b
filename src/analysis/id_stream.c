#include "analysis/id_stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"

/* 2,048 places to write to stay within the caches; 65,536 made the sort of 5 million blocks ten
 * times slower. */
#define DIGIT_BITS   11
#define DIGIT_VALUES (1u << DIGIT_BITS)
/* Digits of the epoch, which only decides between equal addresses, then those of the address. */
#define EPOCH_DIGITS 3
#define DIGITS	     (EPOCH_DIGITS + 6)

static size_t digit_of(const struct moved_block *block, unsigned digit)
{
	if (digit < EPOCH_DIGITS)
		return (block->epoch >> (DIGIT_BITS * digit)) & (DIGIT_VALUES - 1);
	return (block->identity_address >> (DIGIT_BITS * (digit - EPOCH_DIGITS))) &
	       (DIGIT_VALUES - 1);
}

/* Least significant digit first; digits in which all blocks agree are skipped. The result is in
 * *BLOCKS. */
static int sort_moved(struct moved_block **blocks, size_t count)
{
	struct moved_block *from = *blocks;
	struct moved_block *to = malloc((count + 1) * sizeof(*to));
	size_t *places = malloc(DIGIT_VALUES * sizeof(*places));

	if (to == NULL || places == NULL) {
		free(to);
		free(places);
		return STATUS_NO_MEMORY;
	}
	for (unsigned digit = 0; digit < DIGITS; digit++) {
		size_t next = 0;

		memset(places, 0, DIGIT_VALUES * sizeof(*places));
		for (size_t i = 0; i < count; i++)
			places[digit_of(&from[i], digit)]++;
		if (places[digit_of(&from[0], digit)] == count)
			continue;
		for (size_t value = 0; value < DIGIT_VALUES; value++) {
			size_t here = places[value];

			places[value] = next;
			next += here;
		}
		for (size_t i = 0; i < count; i++)
			to[places[digit_of(&from[i], digit)]++] = from[i];
		struct moved_block *swap = from;

		from = to;
		to = swap;
	}
	free(to);
	free(places);
	*blocks = from;
	return STATUS_OK;
}

int id_stream_open(const struct snapshot *snapshot, struct id_stream *ret_stream)
{
	struct id_stream stream = {.snapshot = snapshot};
	size_t count = 0;

	for (size_t extra = 0; extra < snapshot->extra_count; extra++)
		count += (snapshot->extras[extra].flags & SNAPSHOT_BLOCK_MOVED) != 0;
	if (count != 0) {
		stream.moved = malloc(count * sizeof(*stream.moved));
		if (stream.moved == NULL)
			return STATUS_NO_MEMORY;
	}
	for (size_t extra = 0; extra < snapshot->extra_count; extra++) {
		const struct snapshot_block_extra *row = &snapshot->extras[extra];

		if ((row->flags & SNAPSHOT_BLOCK_MOVED) != 0)
			stream.moved[stream.moved_count++] = (struct moved_block){
			    .identity_address = row->identity_address,
			    .epoch = snapshot->block_epoch[row->block],
			    .block = (uint32_t)row->block,
			    .flags = row->flags,
			};
	}
	if (count > 1 && sort_moved(&stream.moved, count) != STATUS_OK) {
		free(stream.moved);
		return STATUS_NO_MEMORY;
	}
	id_stream_next(&stream);
	*ret_stream = stream;
	return STATUS_OK;
}

void id_stream_release(struct id_stream *stream)
{
	free(stream->moved);
	stream->moved = NULL;
}

static void take_moved(struct id_stream *stream)
{
	const struct moved_block *moved = &stream->moved[stream->next_moved++];

	stream->identity_address = moved->identity_address;
	stream->epoch = moved->epoch;
	stream->block = moved->block;
	stream->flags = moved->flags;
}

void id_stream_next(struct id_stream *stream)
{
	const struct snapshot *snapshot = stream->snapshot;
	uint32_t flags = 0;

	/* Find the next block that never moved; extras ascend by block. */
	while (stream->next_extra < snapshot->extra_count &&
	       snapshot->extras[stream->next_extra].block <= stream->next_block) {
		const struct snapshot_block_extra *extra = &snapshot->extras[stream->next_extra];

		if (extra->block < stream->next_block) {
			stream->next_extra++;
		} else if ((extra->flags & SNAPSHOT_BLOCK_MOVED) != 0) {
			stream->next_extra++;
			stream->next_block++;
		} else {
			flags = extra->flags;
			break;
		}
	}
	bool has_block = stream->next_block < snapshot->block_count;

	if (unlikely(stream->next_moved < stream->moved_count)) {
		const struct moved_block *moved = &stream->moved[stream->next_moved];
		uint64_t address = has_block ? snapshot->block_address[stream->next_block] : 0;

		if (!has_block || moved->identity_address < address ||
		    (moved->identity_address == address &&
			moved->epoch < snapshot->block_epoch[stream->next_block])) {
			take_moved(stream);
			return;
		}
	}
	if (!has_block) {
		stream->at_end = true;
		return;
	}
	stream->block = stream->next_block++;
	stream->identity_address = snapshot->block_address[stream->block];
	stream->epoch = snapshot->block_epoch[stream->block];
	stream->flags = flags;
}

struct id_run id_stream_run(const struct id_stream *stream)
{
	const struct snapshot *snapshot = stream->snapshot;
	struct id_run run = {.end = snapshot->block_count, .limit = UINT64_MAX};

	if (stream->at_end || stream->flags != 0 || stream->block + 1 != stream->next_block)
		return (struct id_run){0, 0};
	if (stream->next_extra < snapshot->extra_count &&
	    snapshot->extras[stream->next_extra].block < run.end)
		run.end = snapshot->extras[stream->next_extra].block;
	if (stream->next_moved < stream->moved_count)
		run.limit = stream->moved[stream->next_moved].identity_address;
	return run;
}

void id_stream_seek(struct id_stream *stream, size_t block)
{
	stream->next_block = block;
	id_stream_next(stream);
}
