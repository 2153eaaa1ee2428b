#include "symbols/name_cache.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/checksum.h"
#include "base/fd_io.h"
#include "base/status.h"
#include "symbols/name_cache_format.h"

/* A file in memory, its parts pointing into image. */
struct cache_image {
	unsigned char *image;
	size_t bytes;
	struct name_cache_header *header;
	struct name_cache_entry *entries;
	struct name_cache_frame *frames;
	char *strings;
};

static uint64_t checksum_of_image(const struct cache_image *cache)
{
	struct name_cache_header header = *cache->header;
	struct checksum checksum;

	header.checksum = 0;
	checksum_begin(&checksum);
	checksum_add(&checksum, &header, sizeof header);
	checksum_add(&checksum, cache->image + sizeof header, cache->bytes - sizeof header);
	return checksum_end(&checksum);
}

/* Set the parts from the counts in the header. False when they don't make up the file. */
static bool set_parts(struct cache_image *cache)
{
	const struct name_cache_header *header = cache->header;
	uint64_t entry_bytes, frame_bytes;

	/* Each count is bounded by the file's size before it is multiplied. */
	if (header->entry_count > cache->bytes || header->frame_count > cache->bytes ||
	    header->string_bytes > cache->bytes)
		return false;
	entry_bytes = header->entry_count * sizeof(struct name_cache_entry);
	frame_bytes = header->frame_count * sizeof(struct name_cache_frame);
	cache->entries = (struct name_cache_entry *)(cache->image + sizeof *header);
	cache->frames = (struct name_cache_frame *)(cache->image + sizeof *header + entry_bytes);
	cache->strings = (char *)(cache->image + sizeof *header + entry_bytes + frame_bytes);
	return sizeof *header + entry_bytes + frame_bytes + header->string_bytes == cache->bytes;
}

static bool is_valid(struct cache_image *cache, const char *build_id_hex)
{
	const struct name_cache_header *header = cache->header;

	if (cache->bytes < sizeof *header ||
	    memcmp(header->magic, NAME_CACHE_MAGIC, sizeof NAME_CACHE_MAGIC) != 0 ||
	    header->version != NAME_CACHE_VERSION || header->file_bytes != cache->bytes ||
	    (header->level != NAMES_FROM_SYMBOLS && header->level != NAMES_FROM_DWARF) ||
	    strncmp(header->build_id, build_id_hex, sizeof header->build_id) != 0 ||
	    !set_parts(cache) || header->checksum != checksum_of_image(cache))
		return false;
	if (header->string_bytes == 0 || cache->strings[header->string_bytes - 1] != '\0')
		return false;
	for (uint64_t i = 0; i < header->entry_count; i++) {
		const struct name_cache_entry *entry = &cache->entries[i];

		if ((i > 0 && entry->address <= cache->entries[i - 1].address) ||
		    entry->frame_count == 0 || entry->frame_count > NAME_TABLE_FRAMES_MAX ||
		    entry->first_frame > header->frame_count ||
		    entry->frame_count > header->frame_count - entry->first_frame)
			return false;
	}
	for (uint64_t i = 0; i < header->frame_count; i++) {
		const struct name_cache_frame *frame = &cache->frames[i];

		if (frame->function >= header->string_bytes ||
		    frame->linkage_name >= header->string_bytes ||
		    frame->file >= header->string_bytes || frame->inlined > 1)
			return false;
	}
	return true;
}

char *name_cache_file_path(const char *directory, const char *build_id_hex)
{
	char *path = NULL;

	return asprintf(&path, "%s/%s.names", directory, build_id_hex) < 0 ? NULL : path;
}

static int read_image(struct cache_image *ret_cache, const char *path)
{
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t count = -1;

	*ret_cache = (struct cache_image){0};
	if (fd < 0)
		return STATUS_NOT_FOUND;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
	    status.st_size >= (off_t)sizeof(struct name_cache_header) &&
	    (uint64_t)status.st_size <= NAME_CACHE_FILE_BYTES_MAX) {
		ret_cache->bytes = (size_t)status.st_size;
		ret_cache->image = malloc(ret_cache->bytes);
		if (ret_cache->image != NULL)
			count = fd_read_full(fd, ret_cache->image, ret_cache->bytes);
	}
	/* The file's time says when it was last of use: prune takes the oldest. */
	(void)futimens(fd, NULL);
	(void)close(fd);
	if (count < 0 || (size_t)count != ret_cache->bytes) {
		free(ret_cache->image);
		ret_cache->image = NULL;
		return STATUS_DAMAGED;
	}
	ret_cache->header = (struct name_cache_header *)ret_cache->image;
	return STATUS_OK;
}

static int add_entry(
    struct name_table *table, const struct cache_image *cache, const struct name_cache_entry *entry)
{
	struct symbol_frame frames[NAME_TABLE_FRAMES_MAX];

	for (uint32_t i = 0; i < entry->frame_count; i++) {
		const struct name_cache_frame *frame = &cache->frames[entry->first_frame + i];

		frames[i] = (struct symbol_frame){
		    .function = cache->strings + frame->function,
		    .linkage_name = cache->strings + frame->linkage_name,
		    .file = cache->strings + frame->file,
		    .line = frame->line,
		    .column = frame->column,
		    .inlined = frame->inlined != 0,
		};
	}
	return name_table_add(
	    table, entry->address, (struct symbol_frames){frames, entry->frame_count});
}

int name_cache_load(const char *directory, const char *build_id_hex, struct name_table *table,
    enum name_level level_min, enum name_level *ret_level)
{
	struct cache_image cache;
	char *path = name_cache_file_path(directory, build_id_hex);
	int result = path == NULL ? STATUS_NO_MEMORY : read_image(&cache, path);

	free(path);
	if (result != STATUS_OK)
		return result;
	if (!is_valid(&cache, build_id_hex))
		result = STATUS_DAMAGED;
	if (result == STATUS_OK && cache.header->level >= (uint32_t)level_min)
		for (uint64_t i = 0; result == STATUS_OK && i < cache.header->entry_count; i++)
			result = add_entry(table, &cache, &cache.entries[i]);
	if (result == STATUS_OK)
		*ret_level = (enum name_level)cache.header->level;
	free(cache.image);
	return result;
}
