#include "snapshot/snapshot_image.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "base/fd_io.h"
#include "snapshot/format.h"
#include "snapshot/snapshot_header.h"

#define UNPACKED_BYTES_MAX    ((uint64_t)64 << 30)
#define UNPACKED_BYTES_ALWAYS ((uint64_t)64 << 20)
#define UNPACKED_RATIO_MAX    4096
#define PIPE_BYTES_FIRST      ((size_t)1 << 20)
#define IMAGE_ALIGNMENT	      8

void snapshot_image_release(struct snapshot_image *image)
{
	if (image->map != NULL)
		(void)munmap(image->map, image->map_bytes);
	memset(image, 0, sizeof *image);
}

/* Anonymous memory of at least COUNT bytes, or NULL with *ERROR. Pages that are never touched cost nothing. */
static void *map_anonymous(size_t count, struct status_error *error)
{
	void *map = mmap(NULL, count > 0 ? count : 1, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (map != MAP_FAILED)
		return map;
	(void)status_set(error, STATUS_NO_MEMORY, 0, "no memory for %zu bytes", count);
	return NULL;
}

/* --- compressed images --- */

struct unpacker {
	ZSTD_DStream *stream;
	ZSTD_inBuffer in;
	ZSTD_outBuffer out;
	size_t hint; /* of the last step; 0 = a frame is complete */
};

/* Unpack until the output is full or the input ends. */
static int unpack_more(struct unpacker *unpacker, struct status_error *error)
{
	while (unpacker->out.pos < unpacker->out.size) {
		size_t in_before = unpacker->in.pos;
		size_t out_before = unpacker->out.pos;

		if (unpacker->in.pos == unpacker->in.size && unpacker->hint == 0)
			return 0;
		unpacker->hint =
		    ZSTD_decompressStream(unpacker->stream, &unpacker->out, &unpacker->in);
		if (ZSTD_isError(unpacker->hint))
			return status_set(error, STATUS_DAMAGED, unpacker->in.pos,
			    "the compressed data are damaged near byte %zu of the file: %s",
			    unpacker->in.pos, ZSTD_getErrorName(unpacker->hint));
		if (unpacker->in.pos == in_before && unpacker->out.pos == out_before)
			return 0; /* the input ended inside a frame: hint stays above 0 */
	}
	return 0;
}

/* The header is unpacked: may the file be as large as it says? */
static int check_unpacked_size(
    const struct snapshot_file_header *header, size_t packed, struct status_error *error)
{
	uint64_t most = UNPACKED_BYTES_ALWAYS + (uint64_t)packed * UNPACKED_RATIO_MAX;

	if (most > UNPACKED_BYTES_MAX)
		most = UNPACKED_BYTES_MAX;
	if (header->file_bytes < sizeof *header || header->file_bytes > most)
		return status_set(error, STATUS_DAMAGED, 0,
		    "%zu compressed bytes claim to hold a snapshot of %" PRIu64
		    " bytes: no snapshot packs that well",
		    packed, header->file_bytes);
	return 0;
}

/* All of the output fits: is there more input than the header announced, or less? */
static int check_unpacked_end(
    struct unpacker *unpacker, uint64_t announced, struct status_error *error)
{
	size_t produced = unpacker->out.pos;
	char excess[1];

	if (produced < announced && unpacker->hint != 0)
		return status_set(error, STATUS_CUT, unpacker->in.size,
		    "the compressed file ends at byte %zu, inside its data: %zu of %" PRIu64
		    " bytes could be unpacked, %" PRIu64
		    " are missing and with them the section table",
		    unpacker->in.size, produced, announced, announced - produced);
	if (produced < announced)
		return 0; /* whole frames of a cut snapshot: the reader explains it as it does for a plain one */
	unpacker->out = (ZSTD_outBuffer){.dst = excess, .size = sizeof excess};

	int status = unpack_more(unpacker, error);

	if (status != 0)
		return status;
	if (unpacker->out.pos > 0)
		return status_set(error, STATUS_DAMAGED, unpacker->in.pos,
		    "the compressed data hold more than the %" PRIu64
		    " bytes that the header announces",
		    announced);
	if (unpacker->hint != 0)
		return status_set(error, STATUS_CUT, unpacker->in.size,
		    "the compressed file ends at byte %zu, before the checksum of its data",
		    unpacker->in.size);
	return 0;
}

static int unpack_with(
    struct unpacker *unpacker, struct snapshot_image *image, struct status_error *error)
{
	char first[sizeof(struct snapshot_file_header)];
	struct snapshot_file_header header;

	unpacker->out = (ZSTD_outBuffer){.dst = first, .size = sizeof first};

	int status = unpack_more(unpacker, error);

	if (status == 0 && unpacker->out.pos < sizeof first && unpacker->hint != 0)
		return status_set(error, STATUS_CUT, unpacker->in.size,
		    "the compressed file ends at byte %zu, inside its data: nothing of it could be unpacked",
		    unpacker->in.size);
	if (status == 0)
		status = snapshot_header_check(first, unpacker->out.pos, &header, error);
	if (status == 0)
		status = check_unpacked_size(&header, unpacker->in.size, error);
	if (status != 0)
		return status;
	image->map = map_anonymous(header.file_bytes, error);
	if (image->map == NULL)
		return STATUS_NO_MEMORY;
	image->map_bytes = header.file_bytes;
	memcpy(image->map, first, sizeof first);
	unpacker->out =
	    (ZSTD_outBuffer){.dst = image->map, .size = header.file_bytes, .pos = sizeof first};
	status = unpack_more(unpacker, error);
	image->bytes = image->map;
	image->count = unpacker->out.pos;
	if (status == 0)
		status = check_unpacked_end(unpacker, header.file_bytes, error);
	return status;
}

static int unpack(
    const void *packed, size_t count, struct snapshot_image *ret_image, struct status_error *error)
{
	struct unpacker unpacker = {
	    .stream = ZSTD_createDStream(), .in = {.src = packed, .size = count}, .hint = 1};
	struct snapshot_image image = {.disk_bytes = count, .compressed = true};

	if (unpacker.stream == NULL)
		return status_set(error, STATUS_NO_MEMORY, 0, "no memory to unpack the file");

	int status = unpack_with(&unpacker, &image, error);

	(void)ZSTD_freeDStream(unpacker.stream);
	if (status == 0)
		*ret_image = image;
	else
		snapshot_image_release(&image);
	return status;
}

/* --- where the bytes come from --- */

int snapshot_image_from_memory(const void *bytes, size_t count, struct snapshot_image *ret_image,
    struct status_error *ret_error)
{
	struct snapshot_image image = {.bytes = bytes, .count = count, .disk_bytes = count};
	static const unsigned char zstd_magic[] = {0x28, 0xb5, 0x2f, 0xfd};

	if (count >= sizeof zstd_magic && memcmp(bytes, zstd_magic, sizeof zstd_magic) == 0)
		return unpack(bytes, count, ret_image, ret_error);
	if ((uintptr_t)bytes % IMAGE_ALIGNMENT != 0 && count > 0) {
		image.map = map_anonymous(count, ret_error);
		if (image.map == NULL)
			return STATUS_NO_MEMORY;
		image.map_bytes = count;
		memcpy(image.map, bytes, count);
		image.bytes = image.map;
	}
	*ret_image = image;
	return 0;
}

/* Read a pipe or device to its end: memory doubles as needed, up to the bound of an unpacked file. */
static int read_all(int fd, struct snapshot_image *image, struct status_error *error)
{
	image->map = map_anonymous(PIPE_BYTES_FIRST, error);
	if (image->map == NULL)
		return STATUS_NO_MEMORY;
	image->map_bytes = PIPE_BYTES_FIRST;
	for (;;) {
		ssize_t got = fd_read_full(
		    fd, (char *)image->map + image->count, image->map_bytes - image->count);

		if (got < 0)
			return status_set(error, STATUS_IO, image->count, "cannot be read: %s",
			    strerror((int)-got));
		image->count += (size_t)got;
		if (image->count < image->map_bytes)
			break;
		if (image->map_bytes >= UNPACKED_BYTES_MAX)
			return status_set(
			    error, STATUS_DAMAGED, image->count, "the input has no end");

		void *larger =
		    mremap(image->map, image->map_bytes, 2 * image->map_bytes, MREMAP_MAYMOVE);

		if (larger == MAP_FAILED)
			return status_set(error, STATUS_NO_MEMORY, 0, "no memory for %zu bytes",
			    2 * image->map_bytes);
		image->map = larger;
		image->map_bytes *= 2;
	}
	image->bytes = image->map;
	return 0;
}

static int map_or_read(int fd, struct snapshot_image *image, struct status_error *error)
{
	struct stat file;

	if (fstat(fd, &file) != 0)
		return status_set(error, STATUS_IO, 0, "cannot be read: %s", strerror(errno));
	if (S_ISDIR(file.st_mode))
		return status_set(error, STATUS_IO, 0, "is a directory, not a snapshot");
	if (!S_ISREG(file.st_mode))
		return read_all(fd, image, error);
	if (file.st_size == 0)
		return 0;
	image->map_bytes = (size_t)file.st_size;
	image->map = mmap(NULL, image->map_bytes, PROT_READ, MAP_PRIVATE, fd, 0);
	if (image->map == MAP_FAILED) {
		image->map = NULL;
		return status_set(error, STATUS_IO, 0, "cannot be mapped: %s", strerror(errno));
	}
	image->bytes = image->map;
	image->count = image->map_bytes;
	return 0;
}

int snapshot_image_open(
    const char *path, struct snapshot_image *ret_image, struct status_error *ret_error)
{
	struct snapshot_image stored = {.bytes = ""};
	struct snapshot_image image = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return status_set(ret_error, STATUS_IO, 0, "cannot be opened: %s", strerror(errno));

	int status = map_or_read(fd, &stored, ret_error);

	(void)close(fd);
	if (status == 0)
		status = snapshot_image_from_memory(stored.bytes, stored.count, &image, ret_error);
	if (status != 0) {
		snapshot_image_release(&stored);
		return status;
	}
	if (image.map == NULL) { /* plain: the stored bytes are the image */
		image.map = stored.map;
		image.map_bytes = stored.map_bytes;
	} else {
		snapshot_image_release(&stored);
	}
	*ret_image = image;
	return 0;
}
