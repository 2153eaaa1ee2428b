#include "preload/message.h"

#include "base/fd_io.h"
#include "preload/system.h"

#define OWN_DESCRIPTOR_MINIMUM 200 /* out of the way of programs that count on small numbers */

static int own_descriptor = -1;
static uint64_t own_identity[2];
static bool is_quiet;

void message_init(void)
{
	if (system_file_identity(2, own_identity) != 0)
		return;
	int copy = system_duplicate(2, OWN_DESCRIPTOR_MINIMUM);

	own_descriptor = copy >= 0 ? copy : 2;
}

void message_set_quiet(bool quiet)
{
	is_quiet = quiet;
}

void message_begin(struct text *text, char buffer[MESSAGE_BYTES])
{
	text_init(text, buffer, MESSAGE_BYTES - 1); /* room for the newline */
	text_add(text, "allocscope: ");
}

static bool still_ours(int fd)
{
	uint64_t identity[2];

	return fd >= 0 && system_file_identity(fd, identity) == 0 &&
	       identity[0] == own_identity[0] && identity[1] == own_identity[1];
}

int message_descriptor(void)
{
	int fd = still_ours(own_descriptor) ? own_descriptor : 2;

	return own_descriptor < 0 || still_ours(fd) ? fd : -1;
}

void message_end_always(struct text *text)
{
	int fd = message_descriptor();

	if (fd < 0)
		return;
	text->start[text->length] = '\n';
	(void)fd_write_full(fd, text->start, text->length + 1);
	text->start[text->length] = '\0';
}

void message_end(struct text *text)
{
	if (!is_quiet)
		message_end_always(text);
}

void message_warn(const char *what, const char *detail)
{
	char buffer[MESSAGE_BYTES];
	struct text text;

	message_begin(&text, buffer);
	text_add(&text, what);
	if (detail != NULL) {
		text_add(&text, ": ");
		text_add(&text, detail);
	}
	message_end_always(&text);
}
