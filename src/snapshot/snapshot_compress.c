#include "snapshot/snapshot_compress.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zstd.h>

#include "base/fd_io.h"
#include "snapshot/snapshot_header.h"
#include "snapshot/snapshot_image.h"
#include "snapshot/snapshot_replace.h"

/* Feed IN to CONTEXT and write what comes out to FD; BUFFER has ZSTD_CStreamOutSize bytes. */
static int compress_with(ZSTD_CCtx *context, const struct snapshot_image *in, int fd, void *buffer,
    uint64_t *ret_bytes, struct status_error *error)
{
	ZSTD_inBuffer input = {.src = in->bytes, .size = in->count};
	size_t left;

	*ret_bytes = 0;
	do {
		ZSTD_outBuffer output = {.dst = buffer, .size = ZSTD_CStreamOutSize()};

		left = ZSTD_compressStream2(context, &output, &input, ZSTD_e_end);
		if (ZSTD_isError(left))
			return status_set(error, STATUS_IO, 0, "cannot be compressed: %s",
			    ZSTD_getErrorName(left));

		int failed = fd_write_full(fd, buffer, output.pos);

		if (failed != 0)
			return status_set(
			    error, STATUS_IO, 0, "cannot be written: %s", strerror(-failed));
		*ret_bytes += output.pos;
	} while (left > 0);
	return 0;
}

static int compress_to(const struct snapshot_image *in, int level, int fd, uint64_t *ret_bytes,
    struct status_error *error)
{
	ZSTD_CCtx *context = ZSTD_createCCtx();
	void *buffer = malloc(ZSTD_CStreamOutSize());
	int status;

	if (context == NULL || buffer == NULL) {
		status = status_set(error, STATUS_NO_MEMORY, 0, "no memory to compress");
		goto out;
	}

	/* The frame says how much it holds, and can tell damage: our checksums only speak after unpacking. */
	size_t set[] = {
	    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level),
	    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1),
	    ZSTD_CCtx_setPledgedSrcSize(context, in->count),
	};

	status = 0;
	for (size_t i = 0; i < sizeof set / sizeof set[0]; i++)
		if (ZSTD_isError(set[i]))
			status = status_set(error, STATUS_BAD_ARGUMENT, 0,
			    "cannot be compressed at level %d: %s", level,
			    ZSTD_getErrorName(set[i]));
	if (status == 0)
		status = compress_with(context, in, fd, buffer, ret_bytes, error);
out:
	free(buffer);
	(void)ZSTD_freeCCtx(context);
	return status;
}

static int replace_by_compressed(const struct snapshot_image *in, const char *path, int level,
    uint64_t *ret_bytes, struct status_error *error)
{
	struct snapshot_replacement replacement;
	struct stat file;

	if (stat(path, &file) != 0)
		return status_set(error, STATUS_IO, 0, "cannot be read: %s", strerror(errno));

	int status = snapshot_replacement_begin(&replacement, path, file.st_mode & 0777, error);

	if (status != 0)
		return status;
	status = compress_to(in, level, replacement.fd, ret_bytes, error);
	if (status == 0)
		return snapshot_replacement_commit(&replacement, error);
	snapshot_replacement_abandon(&replacement);
	return status;
}

int snapshot_compress_file(
    const char *path, int level, uint64_t *ret_bytes, struct status_error *ret_error)
{
	struct snapshot_image image;
	struct snapshot_file_header header;
	uint64_t bytes = 0;
	int status = snapshot_image_open(path, &image, ret_error);

	if (status != 0)
		return status;
	status = snapshot_header_check(image.bytes, image.count, &header, ret_error);
	if (status == 0 && image.compressed)
		bytes = image.disk_bytes;
	else if (status == 0)
		status = replace_by_compressed(&image, path, level, &bytes, ret_error);
	snapshot_image_release(&image);
	if (status == 0 && ret_bytes != NULL)
		*ret_bytes = bytes;
	return status;
}
