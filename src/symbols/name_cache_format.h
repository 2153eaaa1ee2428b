/* The rows of a names file; name_cache.h draws it. For name_cache.c and name_cache_writer.c alone. */
#ifndef SYMBOLS_NAME_CACHE_FORMAT_H
#define SYMBOLS_NAME_CACHE_FORMAT_H

#include <assert.h>
#include <stdint.h>

#define NAME_CACHE_MAGIC "\x89NAMECACHE\r\n\x1a\n" /* 15 bytes and the final 0 */
/* Raise it when the same address would get another name: demangling, scopes, paths. */
#define NAME_CACHE_VERSION 1

struct name_cache_header {
	char magic[16];
	uint32_t version, level;
	uint64_t file_bytes;
	uint64_t entry_count, frame_count, string_bytes;
	uint64_t checksum; /* of the whole file, this field 0 */
	char build_id[136];
};

struct name_cache_entry {
	uint64_t address;
	uint32_t first_frame, frame_count;
};

struct name_cache_frame {
	uint32_t function, linkage_name, file; /* offsets of strings */
	uint32_t line, column;
	uint32_t inlined;
};

static_assert(sizeof(NAME_CACHE_MAGIC) <= 16, "magic fits");
static_assert(sizeof(struct name_cache_header) == 200, "no padding");
static_assert(sizeof(struct name_cache_entry) == 16, "no padding");
static_assert(sizeof(struct name_cache_frame) == 24, "no padding");

#endif
