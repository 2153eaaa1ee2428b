#include "preload/snapshot_tell.h"

#include <errno.h>

#include "base/text.h"
#include "preload/counters.h"
#include "preload/iteration.h"
#include "preload/message.h"
#include "preload/options.h"
#include "snapshot/format.h"

#define TELL_REPEATED 8 /* then the files speak for themselves */

static uint32_t told_repeated; /* lines about snapshots of every=N and growth=BYTES */

/* Snapshots that repeat are announced a few times; the one of the peak at the end of the process, when it is final. */
static bool is_announced(uint32_t trigger)
{
	if (trigger == SNAPSHOT_AT_PEAK)
		return false;
	if (trigger != SNAPSHOT_AT_EVERY && trigger != SNAPSHOT_AT_GROWTH)
		return true;
	if (++told_repeated == TELL_REPEATED + 1)
		message_warn(
		    "further snapshots of this kind are written without a line each", NULL);
	return told_repeated <= TELL_REPEATED;
}

void snapshot_tell_written(const char *path, const struct snapshot_cut *cut, uint32_t trigger)
{
	char buffer[MESSAGE_BYTES];
	struct text text;

	if (!is_announced(trigger))
		return;
	message_begin(&text, buffer);
	text_add(&text, path);
	text_add(&text, ": ");
	text_add_unsigned(&text, cut->totals.live_blocks);
	text_add(&text, " live blocks, ");
	text_add_size(&text, cut->totals.live_bytes);
	text_add(&text, "; ");
	text_add_unsigned(&text, cut->totals.allocs);
	text_add(&text, " allocations");
	if (iteration_ended() > 0) {
		text_add(&text, ", ");
		text_add_unsigned(&text, iteration_ended());
		text_add(&text, " iterations");
	}
	if (cut->losses.blocks + cut->losses.stacks > 0) {
		text_add(&text, "; LOST ");
		text_add_unsigned(&text, cut->losses.blocks);
		text_add(&text, " blocks, ");
		text_add_unsigned(&text, cut->losses.stacks);
		text_add(&text, " stacks");
	}
	if (options.sample != 0)
		text_add(&text, "; estimates, sampled");
	if (cut->approximate)
		text_add(&text, "; approximate");
	text_add(&text, "; next: allocscope report ");
	text_add(&text, path);
	message_end(&text);
}

void snapshot_tell_failed(const char *path, int result)
{
	char buffer[MESSAGE_BYTES];
	struct text text;

	message_begin(&text, buffer);
	text_add(&text, "no snapshot: ");
	text_add(&text, path);
	text_add(&text, ": ");
	switch (-result) {
	case ENOSPC:
		text_add(&text, "no space left on the device");
		break;
	case EDQUOT:
		text_add(&text, "the disk quota is used up");
		break;
	case EFBIG:
		text_add(&text, "the file would be larger than the limit (RLIMIT_FSIZE)");
		break;
	case EACCES:
		text_add(&text, "permission denied");
		break;
	case EROFS:
		text_add(&text, "read-only file system");
		break;
	case ENOENT:
		text_add(&text, "no such directory");
		break;
	case ENOTDIR:
		text_add(&text, "not a directory");
		break;
	case EMFILE:
	case ENFILE:
		text_add(&text, "too many open files");
		break;
	case ENOMEM:
		text_add(&text, "no memory for the copy");
		break;
	case ENAMETOOLONG:
		text_add(&text, "the name is too long");
		break;
	default:
		text_add(&text, "error ");
		text_add_unsigned(&text, (uint64_t)-result);
	}
	message_end_always(&text);
}

void snapshot_tell_peak(const char *path)
{
	char buffer[MESSAGE_BYTES];
	struct text text;

	message_begin(&text, buffer);
	text_add(&text, path);
	text_add(&text, ": the heap near its peak of ");
	text_add_size(&text, counters_peak());
	text_add(&text, "; next: allocscope report ");
	text_add(&text, path);
	message_end(&text);
}
