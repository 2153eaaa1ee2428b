#include "snapshot/snapshot_writer.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/fd_io.h"

void snapshot_writer_begin(
    struct snapshot_writer *writer, int fd, void *buffer, size_t buffer_bytes)
{
	memset(writer, 0, sizeof *writer);
	writer->fd = fd;
	writer->buffer = buffer;
	writer->buffer_bytes = buffer_bytes;
	writer->offset = sizeof(struct snapshot_file_header);
}

static void flush(struct snapshot_writer *writer)
{
	if (writer->error == 0 && writer->used > 0)
		writer->error =
		    fd_pwrite_full(writer->fd, writer->buffer, writer->used, writer->offset);
	writer->offset += writer->used;
	writer->used = 0;
}

static void put_raw(struct snapshot_writer *writer, const void *bytes, size_t count)
{
	const char *at = bytes;

	while (count > 0) {
		size_t room = writer->buffer_bytes - writer->used;
		size_t part = count < room ? count : room;

		memcpy(writer->buffer + writer->used, at, part);
		writer->used += part;
		at += part;
		count -= part;
		if (writer->used == writer->buffer_bytes)
			flush(writer);
	}
}

static void pad(struct snapshot_writer *writer)
{
	static const char zeros[SNAPSHOT_ALIGNMENT];
	uint64_t past = (writer->offset + writer->used) % SNAPSHOT_ALIGNMENT;

	if (past != 0)
		put_raw(writer, zeros, SNAPSHOT_ALIGNMENT - past);
}

void snapshot_writer_section(
    struct snapshot_writer *writer, uint32_t id, uint32_t row_bytes, uint32_t flags)
{
	struct snapshot_section *section = &writer->sections[writer->section_count];

	if (writer->open || writer->section_count == SNAPSHOT_SECTIONS_MAX) {
		writer->error = writer->error != 0 ? writer->error : -EINVAL;
		return;
	}
	pad(writer);
	*section = (struct snapshot_section){.id = id,
	    .flags = flags,
	    .offset = writer->offset + writer->used,
	    .row_bytes = row_bytes};
	writer->open = 1;
	checksum_begin(&writer->checksum);
}

void snapshot_writer_put(struct snapshot_writer *writer, const void *bytes, size_t count)
{
	if (writer->error != 0 || !writer->open)
		return;
	checksum_add(&writer->checksum, bytes, count);
	writer->sections[writer->section_count].bytes += count;
	put_raw(writer, bytes, count);
}

void snapshot_writer_end_section(struct snapshot_writer *writer)
{
	struct snapshot_section *section = &writer->sections[writer->section_count];

	if (!writer->open)
		return;
	if (section->bytes % section->row_bytes != 0 && writer->error == 0)
		writer->error = -EINVAL;
	section->checksum = checksum_end(&writer->checksum);
	writer->section_count++;
	writer->open = 0;
}

static uint64_t aligned(uint64_t offset)
{
	return (offset + SNAPSHOT_ALIGNMENT - 1) / SNAPSHOT_ALIGNMENT * SNAPSHOT_ALIGNMENT;
}

void snapshot_writer_begin_columns(struct snapshot_writer *writer, struct snapshot_column *columns,
    size_t count, uint64_t rows, uint32_t flags)
{
	if (writer->open || writer->section_count + count > SNAPSHOT_SECTIONS_MAX) {
		writer->error = writer->error != 0 ? writer->error : -EINVAL;
		return;
	}
	flush(writer);
	for (size_t i = 0; i < count; i++) {
		struct snapshot_section *section = &writer->sections[writer->section_count + i];

		writer->offset = aligned(writer->offset);
		*section = (struct snapshot_section){.id = columns[i].id,
		    .flags = flags,
		    .offset = writer->offset,
		    .bytes = rows * columns[i].row_bytes,
		    .row_bytes = columns[i].row_bytes};
		columns[i].offset = writer->offset;
		columns[i].rows = 0;
		checksum_begin(&columns[i].checksum);
		writer->offset += section->bytes;
	}
	writer->open = 1;
}

void snapshot_writer_put_column(
    struct snapshot_writer *writer, struct snapshot_column *column, const void *rows, size_t count)
{
	const size_t bytes = count * column->row_bytes;

	if (writer->error != 0)
		return;
	checksum_add(&column->checksum, rows, bytes);
	writer->error = fd_pwrite_full(writer->fd, rows, bytes, column->offset);
	column->offset += bytes;
	column->rows += count;
}

void snapshot_writer_end_columns(struct snapshot_writer *writer,
    const struct snapshot_column *columns, size_t count, uint64_t rows)
{
	if (!writer->open)
		return;
	for (size_t i = 0; i < count; i++) {
		if (columns[i].rows != rows && writer->error == 0)
			writer->error = -EINVAL;
		writer->sections[writer->section_count++].checksum =
		    checksum_end(&columns[i].checksum);
	}
	writer->open = 0;
}

int snapshot_writer_finish(struct snapshot_writer *writer)
{
	struct snapshot_file_header header = {
	    .version = SNAPSHOT_VERSION,
	    .header_bytes = sizeof header,
	    .section_count = writer->section_count,
	};
	size_t table_bytes = writer->section_count * sizeof writer->sections[0];

	memcpy(header.magic, SNAPSHOT_MAGIC, SNAPSHOT_MAGIC_BYTES);
	pad(writer);
	header.table_offset = writer->offset + writer->used;
	put_raw(writer, writer->sections, table_bytes);
	flush(writer);
	header.file_bytes = writer->offset;
	header.table_checksum = checksum_of(writer->sections, table_bytes);
	header.header_checksum =
	    checksum_of(&header, offsetof(struct snapshot_file_header, header_checksum));
	if (writer->error == 0)
		writer->error = fd_pwrite_full(writer->fd, &header, sizeof header, 0);
	return writer->error;
}
