#include "preload/recorded_parent.h"

#include <string.h>

#include "base/fd_io.h"
#include "base/text.h"
#include "preload/system.h"

#define PIECE_BYTES 4096

static const char library[] = "/liballocscope.so";

/* In pieces that overlap, so that a name on their border is found. */
static bool names_library(int fd)
{
	static char piece[PIECE_BYTES + 1];
	size_t kept = 0;

	for (;;) {
		ssize_t bytes = fd_read_full(fd, piece + kept, PIECE_BYTES - kept);

		if (bytes <= 0)
			return false;
		size_t filled = kept + (size_t)bytes;

		piece[filled] = '\0';
		if (strstr(piece, library) != NULL)
			return true;
		kept = filled < sizeof library ? filled : sizeof library;
		memmove(piece, piece + filled - kept, kept);
	}
}

bool recorded_parent_exists(void)
{
	char path[64];
	struct text text;

	text_init(&text, path, sizeof path);
	text_add(&text, "/proc/");
	text_add_unsigned(&text, (uint64_t)system_parent_id());
	text_add(&text, "/maps");
	int fd = system_open_read(path);

	if (fd < 0)
		return false;
	bool found = names_library(fd);

	(void)system_close(fd);
	return found;
}
