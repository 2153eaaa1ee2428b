#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/checksum.h"
#include "base/fd_io.h"
#include "base/status.h"
#include "symbols/name_cache.h"
#include "symbols/name_cache_format.h"

/* Offsets of strings, by the address of the pool's copy: a pool holds each content once. */
struct string_slot {
	const char *text; /* NULL: free */
	uint32_t offset;
};

struct cache_writer {
	struct name_cache_header header;
	struct name_cache_entry *entries;
	struct name_cache_frame *frames;
	char *strings;
	size_t string_capacity;
	struct string_slot *slots; /* open addressing; slot_count is a power of two */
	size_t slot_count;
};

static void writer_release(struct cache_writer *writer)
{
	free(writer->entries);
	free(writer->frames);
	free(writer->strings);
	free(writer->slots);
}

/* Room for the names of COUNT addresses with FRAME_COUNT frames. */
static int writer_init(struct cache_writer *writer, size_t count, size_t frame_count)
{
	*writer = (struct cache_writer){.slot_count = 64, .string_capacity = 4096};
	while (writer->slot_count < frame_count * 3 * 2)
		writer->slot_count *= 2;
	writer->entries = calloc(count + 1, sizeof *writer->entries);
	writer->frames = calloc(frame_count + 1, sizeof *writer->frames);
	writer->slots = calloc(writer->slot_count, sizeof *writer->slots);
	writer->strings = malloc(writer->string_capacity);
	if (writer->entries == NULL || writer->frames == NULL || writer->slots == NULL ||
	    writer->strings == NULL)
		return STATUS_NO_MEMORY;
	writer->strings[0] = '\0'; /* offset 0 is "" */
	writer->header.string_bytes = 1;
	return STATUS_OK;
}

static uint64_t file_bytes(const struct name_cache_header *header)
{
	return sizeof *header + header->entry_count * sizeof(struct name_cache_entry) +
	       header->frame_count * sizeof(struct name_cache_frame) + header->string_bytes;
}

static int append_string(struct cache_writer *writer, const char *text)
{
	const size_t length = strlen(text) + 1;
	const size_t used = writer->header.string_bytes;

	if (writer->string_capacity - used < length) {
		size_t capacity = (writer->string_capacity + length) * 2;
		char *strings = realloc(writer->strings, capacity);

		if (strings == NULL)
			return STATUS_NO_MEMORY;
		writer->strings = strings;
		writer->string_capacity = capacity;
	}
	memcpy(writer->strings + used, text, length);
	writer->header.string_bytes += length;
	return STATUS_OK;
}

static int place_string(struct cache_writer *writer, const char *text, uint32_t *ret_offset)
{
	const size_t mask = writer->slot_count - 1;
	size_t at = (size_t)(((uint64_t)(uintptr_t)text * 0x9e3779b97f4a7c15u) >> 20) & mask;

	if (text[0] == '\0') {
		*ret_offset = 0;
		return STATUS_OK;
	}
	while (writer->slots[at].text != NULL && writer->slots[at].text != text)
		at = (at + 1) & mask;
	if (writer->slots[at].text == NULL) {
		writer->slots[at].offset = (uint32_t)writer->header.string_bytes;
		if (append_string(writer, text) != STATUS_OK)
			return STATUS_NO_MEMORY;
		writer->slots[at].text = text;
	}
	*ret_offset = writer->slots[at].offset;
	return STATUS_OK;
}

static int add_entry(struct cache_writer *writer, uint64_t address, struct symbol_frames frames)
{
	struct name_cache_header *header = &writer->header;
	struct name_cache_frame *rows = writer->frames + header->frame_count;

	for (size_t i = 0; i < frames.count; i++) {
		const struct symbol_frame *frame = &frames.frames[i];

		rows[i] = (struct name_cache_frame){
		    .line = frame->line, .column = frame->column, .inlined = frame->inlined};
		if (place_string(writer, frame->function, &rows[i].function) != STATUS_OK ||
		    place_string(writer, frame->linkage_name, &rows[i].linkage_name) != STATUS_OK ||
		    place_string(writer, frame->file, &rows[i].file) != STATUS_OK)
			return STATUS_NO_MEMORY;
	}
	writer->entries[header->entry_count++] = (struct name_cache_entry){.address = address,
	    .first_frame = (uint32_t)header->frame_count,
	    .frame_count = (uint32_t)frames.count};
	header->frame_count += frames.count;
	return STATUS_OK;
}

/* Bring TABLE into rows, in ascending order, as far as the file's size allows. */
static int fill(struct cache_writer *writer, const struct name_table *table)
{
	uint64_t *addresses;
	size_t frame_count = 0;
	int result = name_table_addresses(table, &addresses);

	if (result != STATUS_OK)
		return result;
	for (size_t i = 0; i < table->slot_count; i++)
		frame_count += table->slots[i].frames.count;
	result = writer_init(writer, table->entry_count, frame_count);
	for (size_t i = 0; result == STATUS_OK && i < table->entry_count; i++) {
		const struct name_cache_header before = writer->header;
		struct symbol_frames frames;

		if (name_table_find(table, addresses[i], &frames))
			result = add_entry(writer, addresses[i], frames);
		if (file_bytes(&writer->header) > NAME_CACHE_FILE_BYTES_MAX) {
			writer->header = before;
			break;
		}
	}
	free(addresses);
	return result;
}

static void finish_header(
    struct cache_writer *writer, const char *build_id_hex, enum name_level level)
{
	struct name_cache_header *header = &writer->header;
	struct checksum checksum;

	memcpy(header->magic, NAME_CACHE_MAGIC, sizeof NAME_CACHE_MAGIC);
	header->version = NAME_CACHE_VERSION;
	header->level = (uint32_t)level;
	header->file_bytes = file_bytes(header);
	(void)snprintf(header->build_id, sizeof header->build_id, "%s", build_id_hex);
	checksum_begin(&checksum);
	checksum_add(&checksum, header, sizeof *header);
	checksum_add(&checksum, writer->entries, header->entry_count * sizeof *writer->entries);
	checksum_add(&checksum, writer->frames, header->frame_count * sizeof *writer->frames);
	checksum_add(&checksum, writer->strings, header->string_bytes);
	header->checksum = checksum_end(&checksum);
}

static int write_parts(const struct cache_writer *writer, int fd)
{
	const struct name_cache_header *header = &writer->header;

	if (fd_write_full(fd, header, sizeof *header) != 0 ||
	    fd_write_full(fd, writer->entries, header->entry_count * sizeof *writer->entries) !=
		0 ||
	    fd_write_full(fd, writer->frames, header->frame_count * sizeof *writer->frames) != 0 ||
	    fd_write_full(fd, writer->strings, header->string_bytes) != 0)
		return STATUS_IO;
	return STATUS_OK;
}

/* mkdir -p, with the mode that the XDG base directory specification asks for. */
static int make_directories(const char *directory)
{
	char *path = strdup(directory);

	if (path == NULL)
		return STATUS_NO_MEMORY;
	for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(path, 0700);
		*slash = '/';
	}
	(void)mkdir(path, 0700);
	free(path);
	return STATUS_OK;
}

/* Write beside PATH and rename: nobody sees half a file. No fsync: a file that a crash cut short fails
 * its checksum and is written anew. */
static int replace_file(const struct cache_writer *writer, const char *directory, const char *path)
{
	char *temporary = NULL;
	int result, fd;

	if (asprintf(&temporary, "%s/.names-XXXXXX", directory) < 0)
		return STATUS_NO_MEMORY;
	fd = mkostemp(temporary, O_CLOEXEC); /* mode 0600 */
	if (fd < 0) {
		free(temporary);
		return STATUS_IO;
	}
	result = write_parts(writer, fd);
	if (close(fd) != 0 || (result == STATUS_OK && rename(temporary, path) != 0))
		result = STATUS_IO;
	if (result != STATUS_OK)
		(void)unlink(temporary);
	free(temporary);
	return result;
}

int name_cache_store(const char *directory, const char *build_id_hex, struct name_table *table,
    enum name_level level)
{
	struct cache_writer writer = {0};
	enum name_level stored_level;
	char *path = NULL;
	int result;

	if (strlen(build_id_hex) >= sizeof writer.header.build_id)
		return STATUS_BAD_ARGUMENT;
	if (name_cache_load(directory, build_id_hex, table, level, &stored_level) == STATUS_OK &&
	    stored_level > level)
		return STATUS_OK;
	result = make_directories(directory);
	if (result == STATUS_OK)
		result = fill(&writer, table);
	if (result == STATUS_OK) {
		finish_header(&writer, build_id_hex, level);
		path = name_cache_file_path(directory, build_id_hex);
		result = path == NULL ? STATUS_NO_MEMORY : replace_file(&writer, directory, path);
	}
	free(path);
	writer_release(&writer);
	if (result == STATUS_OK)
		name_cache_prune(directory, NAME_CACHE_DIRECTORY_BYTES_MAX);
	return result;
}
