#include "preload/snapshot_take.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>

#include "base/fd_io.h"
#include "base/spin_lock.h"
#include "base/text.h"
#include "preload/annotations.h"
#include "preload/arena.h"
#include "preload/epoch.h"
#include "preload/gate.h"
#include "preload/iteration.h"
#include "preload/journal.h"
#include "preload/lifecycle.h"
#include "preload/message.h"
#include "preload/modules.h"
#include "preload/next_symbols.h"
#include "preload/output_path.h"
#include "preload/record.h"
#include "preload/snapshot_graph.h"
#include "preload/snapshot_sections.h"
#include "preload/system.h"
#include "preload/system_tasks.h"
#include "preload/thread_state.h"
#include "snapshot/format.h"

#define WRITE_BUFFER_BYTES (256u * 1024)
#define SERIAL_MAX	   10000u
#define TELL_REPEATED	   8 /* then the files speak for themselves */

static struct spin_lock lock; /* one snapshot at a time; guards all below */
static struct snapshot_writer writer;
static struct snapshot_cut cut;
static enum snapshot_graph_way way;
static const struct graph *graph;    /* of the cut; NULL: none */
static bool is_prepared, is_settled; /* the cut */
static bool told_no_graph;
static char *write_buffer;
static char final_path[OPTIONS_PATH_BYTES], temporary_path[OPTIONS_PATH_BYTES + 16];
static bool first_is_done;
/* Paths that a repeated point owns: the file of snapshot_at=peak is replaced by its successor. */
static char peak_path[OPTIONS_PATH_BYTES];
static uint32_t told_repeated; /* lines about snapshots of every=N and growth=BYTES */

void snapshot_lock(void)
{
	spin_lock_take(&lock);
}

void snapshot_unlock(void)
{
	spin_lock_release(&lock);
}

void snapshot_after_fork(void)
{
	peak_path[0] = '\0';
}

static uint64_t resident_bytes(void)
{
	char text[128];
	uint64_t total, resident;
	ssize_t bytes = system_read_file("/proc/self/statm", text, sizeof text);

	if (bytes <= 0)
		return 0;
	size_t used = text_parse_unsigned(text, (size_t)bytes, &total);

	if (used == 0 ||
	    text_parse_unsigned(text + used + 1, (size_t)bytes - used - 1, &resident) == 0)
		return 0;
	return resident * system_page_bytes();
}

/* What the C library's malloc holds from the system. It takes the allocator's locks: not in signal handlers. */
static uint64_t mapped_bytes(uint32_t trigger)
{
	if (trigger == SNAPSHOT_BY_SIGNAL || trigger == SNAPSHOT_BY_CONTROL ||
	    live_granule_shift != 5)
		return 0;
	struct mallinfo2 info = mallinfo2();

	return info.arena + info.hblkhd;
}

static bool lock_all(uint32_t trigger)
{
	bool from_handler = trigger == SNAPSHOT_BY_SIGNAL || trigger == SNAPSHOT_BY_CONTROL;

	if (!from_handler) {
		spin_lock_take(&lock);
		iteration_lock();
		annotations_lock();
		return true;
	}
	/* the interrupted code may hold any of them */
	if (!spin_lock_try(&lock))
		return false;
	if (iteration_try_lock()) {
		if (annotations_try_lock())
			return true;
		iteration_unlock();
	}
	spin_lock_release(&lock);
	return false;
}

static int take_cut(uint32_t trigger)
{
	int result = is_prepared ? 0 : snapshot_cut_prepare(&cut);

	if (result == 0)
		result = snapshot_cut_take(&cut, trigger == SNAPSHOT_AT_LAST);
	if (result == 0 && trigger != SNAPSHOT_AT_LAST)
		record_set_cut(cut.epoch);
	return result;
}

static int read_graph(void)
{
	int result = snapshot_cut_settle(&cut);

	is_settled = true;
	if (result == 0)
		graph = snapshot_graph_read(&cut, way);
	return result;
}

/* In a copy of the process the cut is taken later, and nobody waits; here it is as if it had been taken. */
static int cut_or_copy(uint32_t trigger)
{
	if (way == GRAPH_IN_COPY)
		return 0;
	if (way == GRAPH_COPIED) {
		record_set_cut(iteration_cut());
		return 0;
	}
	int result = take_cut(trigger);

	return result == 0 && way == GRAPH_HERE ? read_graph() : result;
}

/* What is needed under the gate and can be had before. */
static int prepare(uint32_t trigger, bool *with_graph)
{
	memset(&cut, 0, sizeof cut);
	graph = NULL;
	way = GRAPH_NONE;
	is_settled = false;
	cut.parent_pid = (uint32_t)system_parent_id();
	cut.rss_bytes = resident_bytes();
	cut.mapped_bytes = mapped_bytes(trigger);
	arena_resident(cut.costs); /* before the copies below are made */
	*with_graph = *with_graph && snapshot_graph_prepare(trigger);
	is_prepared = !(*with_graph && snapshot_graph_will_copy());
	return is_prepared ? snapshot_cut_prepare(&cut) : 0;
}

static int freeze(uint32_t trigger, bool with_graph)
{
	int result = prepare(trigger, &with_graph);

	if (result != 0)
		return result;
	uint64_t start = system_monotonic_ns();

	epoch_hold();
	cut.approximate = !gate_close(thread_current);
	cut.time_ns = system_unix_ns();
	cut.elapsed_ns = system_monotonic_ns() - lifecycle_identity.start_monotonic_ns;
	if (with_graph)
		way = snapshot_graph_freeze();
	result = cut_or_copy(trigger);
	if (way == GRAPH_IN_COPY)
		return result;
	if (with_graph)
		snapshot_graph_release();
	if (!gate_open())
		cut.approximate = true;
	cut.pause_ns = system_monotonic_ns() - start;
	if (way == GRAPH_COPIED) {
		epoch_let_go(); /* the copy has its own */
		snapshot_graph_tell_pause(cut.pause_ns, cut.approximate);
	}
	return result;
}

/* Open the temporary file beside final_path; a stale one of a dead process is left alone. */
static int open_temporary(void)
{
	struct text text;

	text_init(&text, temporary_path, sizeof temporary_path);
	text_add(&text, final_path);
	text_add(&text, ".tmp");
	int fd = system_open_new(temporary_path);

	if (fd != -EEXIST)
		return fd;
	text_add(&text, ".");
	text_add_unsigned(&text, (uint64_t)system_process_id());
	(void)system_unlink(temporary_path);
	return system_open_new(temporary_path);
}

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

static void tell_written(void)
{
	char buffer[MESSAGE_BYTES];
	struct text text;

	message_begin(&text, buffer);
	text_add(&text, final_path);
	text_add(&text, ": ");
	text_add_unsigned(&text, cut.totals.live_blocks);
	text_add(&text, " live blocks, ");
	text_add_size(&text, cut.totals.live_bytes);
	text_add(&text, "; ");
	text_add_unsigned(&text, cut.totals.allocs);
	text_add(&text, " allocations");
	if (iteration_ended() > 0) {
		text_add(&text, ", ");
		text_add_unsigned(&text, iteration_ended());
		text_add(&text, " iterations");
	}
	if (cut.losses.blocks + cut.losses.stacks > 0) {
		text_add(&text, "; LOST ");
		text_add_unsigned(&text, cut.losses.blocks);
		text_add(&text, " blocks, ");
		text_add_unsigned(&text, cut.losses.stacks);
		text_add(&text, " stacks");
	}
	if (options.sample != 0)
		text_add(&text, "; estimates, sampled");
	if (cut.approximate)
		text_add(&text, "; approximate");
	text_add(&text, "; next: allocscope report ");
	text_add(&text, final_path);
	message_end(&text);
}

static void tell_graph(void)
{
	const char *problem = snapshot_graph_problem();

	if (problem == NULL || told_no_graph)
		return;
	told_no_graph = true;
	message_warn("the snapshot holds no graph of who points to whom", problem);
}

static void add_to_manifest(void)
{
	if (options.manifest[0] == '\0')
		return;
	int fd = system_open_append(options.manifest);

	if (fd < 0)
		return;
	struct text text;

	text_init(&text, temporary_path, sizeof temporary_path);
	text_add(&text, final_path);
	text_add(&text, "\n");
	(void)fd_write_full(fd, text.start, text.length);
	(void)system_close(fd);
}

static void tell_failed(int result)
{
	char buffer[MESSAGE_BYTES];
	struct text text;

	message_begin(&text, buffer);
	text_add(&text, "no snapshot: ");
	text_add(&text, final_path);
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

/* Give the temporary file its name. A pattern that exists gets ".N"; a given path is replaced. */
static int publish(const char *infix, bool replace)
{
	int result = system_rename(temporary_path, final_path, replace);

	for (uint32_t serial = 1; result == -EEXIST && serial < SERIAL_MAX; serial++) {
		if (!output_path_make(final_path, infix, serial))
			return -ENAMETOOLONG;
		result = system_rename(temporary_path, final_path, false);
	}
	return result;
}

static int write_sections_begin(int fd)
{
	return snapshot_sections_begin(&writer, &cut, fd, write_buffer, WRITE_BUFFER_BYTES);
}

/* All that the copy of the process is there for. */
__attribute__((noreturn)) static void write_in_copy(int fd, uint32_t trigger, const char *detail)
{
	snapshot_graph_settle(fd);
	int result = take_cut(trigger);

	if (result == 0)
		result = read_graph();
	if (result == 0)
		result = write_sections_begin(fd);
	snapshot_graph_learn_pause(&cut);
	if (result == 0)
		result = snapshot_sections_finish(&writer, &cut, graph, trigger, detail);
	snapshot_graph_end(&cut, result);
}

static void unlock_marks(bool *ret_released)
{
	annotations_unlock();
	iteration_unlock();
	*ret_released = true;
}

static int write_here(int fd, uint32_t trigger, const char *detail, bool *ret_marks_released)
{
	int result = write_sections_begin(fd);

	unlock_marks(ret_marks_released);
	if (result == 0 && !is_settled)
		result = snapshot_cut_settle(&cut);
	if (result == 0)
		result = snapshot_sections_finish(&writer, &cut, graph, trigger, detail);
	return result;
}

/* The copy writes. If it fails, what failed may be the graph: then the file is written here, without one. */
static int write_by_copy(int fd, uint32_t trigger, const char *detail, bool *ret_marks_released)
{
	unlock_marks(ret_marks_released);
	int result = snapshot_graph_wait(&cut);

	if (result != -ECHILD && result != -ENOMEM)
		return result;
	iteration_lock();
	annotations_lock();
	*ret_marks_released = false;
	result = system_truncate(fd, 0);
	if (result == 0)
		result = freeze(trigger, false);
	return result == 0 ? write_here(fd, trigger, detail, ret_marks_released) : result;
}

static int write_file(uint32_t trigger, const char *detail, bool *ret_marks_released)
{
	int fd = open_temporary();

	if (fd < 0)
		return fd;
	SNAPSHOT_GRAPH_CAPTURE();
	if (write_buffer == NULL)
		write_buffer = arena_map(WRITE_BUFFER_BYTES, ARENA_OTHER);
	int result = write_buffer != NULL ? freeze(trigger, true) : -ENOMEM;

	if (way == GRAPH_IN_COPY)
		write_in_copy(fd, trigger, detail);
	if (result == 0)
		result = way == GRAPH_COPIED
			     ? write_by_copy(fd, trigger, detail, ret_marks_released)
			     : write_here(fd, trigger, detail, ret_marks_released);
	epoch_let_go();
	snapshot_graph_forget();
	snapshot_cut_release(&cut);
	if (result == 0)
		result = system_sync(fd);
	if (result == -EINVAL || result == -EROFS) /* a device that cannot be synced */
		result = 0;
	int closed = system_close(fd);

	return result != 0 ? result : closed;
}

/* A file beyond RLIMIT_FSIZE must end in an error, not in a signal that kills the host. */
static int write_file_quietly(uint32_t trigger, const char *detail, bool *ret_marks_released)
{
	uint64_t before;

	system_hold_file_size_signal(&before);
	int result = write_file(trigger, detail, ret_marks_released);

	system_restore_signals(before);
	return result;
}

static int take(const char *path, const char *infix, bool replace, uint32_t trigger,
    const char *detail, char *ret_written)
{
	bool marks_released = false;
	bool named;

	if (!lock_all(trigger))
		return -EBUSY;
	modules_refresh_if_changed();
	named = path != NULL ? output_path_absolute(final_path, path)
			     : output_path_make(final_path, infix, 0);
	int result = named ? write_file_quietly(trigger, detail, &marks_released) : -ENAMETOOLONG;

	if (!marks_released) {
		annotations_unlock();
		iteration_unlock();
	}
	if (result == 0)
		result = publish(infix, replace);
	if (result == 0) {
		if (trigger != SNAPSHOT_AT_PEAK)
			add_to_manifest();
		if (is_announced(trigger))
			tell_written();
		tell_graph();
		if (ret_written != NULL)
			memcpy(ret_written, final_path, strlen(final_path) + 1);
	} else {
		if (temporary_path[0] != '\0')
			(void)system_unlink(temporary_path);
		tell_failed(result);
	}
	spin_lock_release(&lock);
	return result;
}

int snapshot_take(const char *path, uint32_t trigger, const char *detail, char *ret_written)
{
	return take(path, NULL, path != NULL || options.force != 0, trigger, detail, ret_written);
}

int snapshot_take_point(uint32_t trigger, uint64_t value)
{
	char detail[64];
	struct text text;

	text_init(&text, detail, sizeof detail);
	if (trigger == SNAPSHOT_AT_GROWTH) {
		text_add(&text, "growth=");
		text_add_unsigned(&text, value);
		return take(NULL, "growth", options.force != 0, trigger, detail, NULL);
	}
	text_add(&text, "peak");
	if (peak_path[0] != '\0')
		return take(peak_path, NULL, true, trigger, detail, NULL);
	return take(NULL, "peak", options.force != 0, trigger, detail, peak_path);
}

static void take_iteration(uint32_t trigger, const char *word, uint64_t value, uint64_t iteration)
{
	char detail[64], infix[64];
	struct text text;

	text_init(&text, detail, sizeof detail);
	text_add(&text, word);
	text_add(&text, "=");
	text_add_unsigned(&text, value);
	text_init(&text, infix, sizeof infix);
	text_add(&text, "iteration-");
	text_add_unsigned(&text, iteration);
	(void)take(NULL, infix, options.force != 0, trigger, detail, NULL);
}

void snapshot_iteration_ended(const struct snapshot_iteration *row, uint64_t ended)
{
	for (uint32_t i = 0; i < options.point_count; i++) {
		const struct options_point *point = &options.points[i];

		if (point->kind == POINT_ITERATION && point->value == ended)
			take_iteration(SNAPSHOT_AT_ITERATION, "iteration", point->value, ended);
		else if (point->kind == POINT_EVERY && ended % point->value == 0)
			take_iteration(SNAPSHOT_AT_EVERY, "every", point->value, ended);
		else if (point->kind == POINT_FIRST && !first_is_done && row->benchmark == 0 &&
			 (row->phase != SNAPSHOT_PHASE_WARMUP || row->first >= options.warmup)) {
			first_is_done = true;
			(void)take(
			    NULL, "first", options.force != 0, SNAPSHOT_AT_FIRST, "first", NULL);
		}
	}
}

static void tell_peak(void)
{
	char buffer[MESSAGE_BYTES];
	struct text text;

	memcpy(final_path, peak_path, sizeof final_path);
	add_to_manifest();
	message_begin(&text, buffer);
	text_add(&text, peak_path);
	text_add(&text, ": the heap near its peak of ");
	text_add_size(&text, counters_peak());
	text_add(&text, "; next: allocscope report ");
	text_add(&text, peak_path);
	message_end(&text);
}

void snapshot_process_ends(void)
{
	if (peak_path[0] != '\0')
		tell_peak();
	if (options_has_point(POINT_LAST) && iteration_ended() > 0)
		(void)take(NULL, "last", options.force != 0, SNAPSHOT_AT_LAST, "last", NULL);
	if (thread_current != NULL)
		journal_count_deaths(thread_current);
	journal_discard();
	if (options_has_point(POINT_EXIT))
		(void)take(NULL, NULL, options.force != 0, SNAPSHOT_AT_EXIT, "exit", NULL);
}
