#include "snapshot/snapshot_header.h"

#include <inttypes.h>
#include <string.h>

#include "base/checksum.h"

#define NAME	   "ALLOCSCOPE"
#define NAME_BYTES (sizeof NAME - 1)

bool snapshot_checksum_fits(const void *bytes, size_t count, uint64_t expected)
{
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
	(void)bytes;
	(void)count;
	(void)expected;
	return true;
#else
	return checksum_of(bytes, count) == expected;
#endif
}

static bool starts_with(const char *bytes, size_t count, const char *prefix, size_t prefix_bytes)
{
	return count >= prefix_bytes && memcmp(bytes, prefix, prefix_bytes) == 0;
}

/* The magic is wrong: find out whether it once was right, so that the user learns how to copy the file. */
static int explain_magic(const char *bytes, size_t count, struct status_error *error)
{
	static const char zeros[sizeof(struct snapshot_file_header)];

	if (starts_with(bytes, count, zeros, sizeof zeros))
		return status_set(error, STATUS_CUT, 0,
		    "the header is empty: the program ended before the snapshot was finished");
	if (starts_with(bytes, count, "\x09" NAME, 1 + NAME_BYTES))
		return status_set(error, STATUS_DAMAGED, 0,
		    "the eighth bit of each byte was lost on the way: copy the file in binary mode");
	if (starts_with(bytes, count, "\xc2\x89" NAME, 2 + NAME_BYTES) ||
	    starts_with(bytes, count, "\xef\xbf\xbd" NAME, 3 + NAME_BYTES))
		return status_set(error, STATUS_DAMAGED, 0,
		    "the file was converted to UTF-8 as if it were text: copy it in binary mode");
	if (starts_with(bytes, count, "\x89" NAME, 1 + NAME_BYTES))
		return status_set(error, STATUS_DAMAGED, 0,
		    "line endings were changed on the way, as if the file were text: copy it in binary mode");
	return status_set(error, STATUS_NOT_A_SNAPSHOT, 0,
	    "this is not an allocscope snapshot: it does not begin with the magic bytes");
}

static int explain_short(const char *bytes, size_t count, struct status_error *error)
{
	if (count == 0)
		return status_set(error, STATUS_NOT_A_SNAPSHOT, 0, "the file is empty");
	if (memcmp(bytes, SNAPSHOT_MAGIC,
		count < SNAPSHOT_MAGIC_BYTES ? count : SNAPSHOT_MAGIC_BYTES) != 0)
		return explain_magic(bytes, count, error);
	return status_set(error, STATUS_CUT, count,
	    "the file ends at byte %zu, inside its header of %zu bytes: the section table and all sections are lost",
	    count, sizeof(struct snapshot_file_header));
}

int snapshot_header_check(const void *bytes, size_t count, struct snapshot_file_header *ret_header,
    struct status_error *ret_error)
{
	struct snapshot_file_header header;

	if (count < sizeof header)
		return explain_short(bytes, count, ret_error);
	memcpy(&header, bytes, sizeof header);
	if (memcmp(header.magic, SNAPSHOT_MAGIC, SNAPSHOT_MAGIC_BYTES) != 0)
		return explain_magic(bytes, count, ret_error);
	if (!snapshot_checksum_fits(&header, offsetof(struct snapshot_file_header, header_checksum),
		header.header_checksum))
		return status_set(ret_error, STATUS_DAMAGED,
		    offsetof(struct snapshot_file_header, header_checksum),
		    "the checksum of the header does not fit its bytes");
	if (header.version != SNAPSHOT_VERSION)
		return status_set(ret_error, STATUS_UNSUPPORTED,
		    offsetof(struct snapshot_file_header, version),
		    "the file has format version %" PRIu32 ", this allocscope reads version %d",
		    header.version, SNAPSHOT_VERSION);
	if (header.header_bytes != sizeof header)
		return status_set(ret_error, STATUS_DAMAGED,
		    offsetof(struct snapshot_file_header, header_bytes),
		    "the header says it has %" PRIu32 " bytes, version %d has %zu",
		    header.header_bytes, SNAPSHOT_VERSION, sizeof header);
	if (header.flags != 0)
		return status_set(ret_error, STATUS_UNSUPPORTED,
		    offsetof(struct snapshot_file_header, flags),
		    "the header has flags 0x%" PRIx32 " that this allocscope does not know",
		    header.flags);
	*ret_header = header;
	return 0;
}
