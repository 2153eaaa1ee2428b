#include "preload/snapshot_take.h"

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <string.h>

#include "base/fd_io.h"
#include "base/text.h"
#include "preload/annotations.h"
#include "preload/arena.h"
#include "preload/epoch.h"
#include "preload/gate.h"
#include "preload/held_lock.h"
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
#include "preload/snapshot_tell.h"
#include "preload/system.h"
#include "preload/system_tasks.h"
#include "preload/thread_state.h"
#include "snapshot/format.h"

#define WRITE_BUFFER_BYTES (256u * 1024)
#define SERIAL_MAX	   10000u
#define COPY_WRITES	   1 /* not an error: there is nothing more to do here */

/* What is asked for. */
struct order {
	const char *infix, *detail;
	uint32_t trigger;
	bool replace;
	bool
	    detached; /* nobody waits, neither for a lock nor, if a copy can be made, for the file */
	snapshot_done *done;
	char *ret_path; /* OPTIONS_PATH_BYTES for the file's name, or NULL */
};

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
static struct order detached;  /* what the copy at work does */
static atomic_bool is_at_work; /* it; final_path and temporary_path are its */
/* Paths that a repeated point owns: the file of snapshot_at=peak is replaced by its successor. */
static char peak_path[OPTIONS_PATH_BYTES];

void snapshot_lock(void)
{
	held_lock_take(&lock);
}

void snapshot_unlock(void)
{
	held_lock_release(&lock);
}

void snapshot_after_fork(void)
{
	peak_path[0] = '\0';
	if (atomic_exchange(&is_at_work, false))
		snapshot_graph_forget();
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

/* In a handler the interrupted code may hold any of the locks. */
static bool lock_marks(bool wait)
{
	if (wait) {
		iteration_lock();
		annotations_lock();
		return true;
	}
	if (!iteration_try_lock())
		return false;
	if (annotations_try_lock())
		return true;
	iteration_unlock();
	return false;
}

static void unlock_marks(void)
{
	annotations_unlock();
	iteration_unlock();
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
static int prepare(const struct order *order, bool *with_graph)
{
	memset(&cut, 0, sizeof cut);
	graph = NULL;
	way = GRAPH_NONE;
	is_settled = false;
	cut.parent_pid = (uint32_t)system_parent_id();
	cut.rss_bytes = resident_bytes();
	cut.mapped_bytes = mapped_bytes(order->trigger);
	arena_measure(cut.costs); /* before the copies below are made */
	*with_graph = *with_graph && snapshot_graph_prepare(order->trigger);
	is_prepared = !order->detached && !(*with_graph && snapshot_graph_will_copy());
	return is_prepared ? snapshot_cut_prepare(&cut) : 0;
}

static int freeze(const struct order *order, bool with_graph)
{
	int result = prepare(order, &with_graph);

	if (result != 0)
		return result;
	uint64_t start = system_monotonic_ns();

	epoch_hold();
	cut.approximate = !gate_close(thread_current);
	cut.time_ns = system_unix_ns();
	cut.elapsed_ns = system_monotonic_ns() - lifecycle_identity.start_monotonic_ns;
	if (with_graph || order->detached)
		way = snapshot_graph_freeze(order->detached);
	result = cut_or_copy(order->trigger);
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

static int write_sections_finish(const struct order *order)
{
	return snapshot_sections_finish(&writer, &cut, graph, order->trigger, order->detail);
}

static int sync_and_close(int fd, int result)
{
	if (result == 0)
		result = system_sync(fd);
	if (result == -EINVAL || result == -EROFS) /* a device that cannot be synced */
		result = 0;
	int closed = system_close(fd);

	return result != 0 ? result : closed;
}

/* The file is written, or RESULT says why not. */
static int finish(const struct order *order, int result)
{
	if (result == 0)
		result = publish(order->infix, order->replace);
	if (result == 0) {
		if (order->trigger != SNAPSHOT_AT_PEAK)
			add_to_manifest();
		snapshot_tell_written(final_path, &cut, order->trigger);
		tell_graph();
	} else {
		if (temporary_path[0] != '\0')
			(void)system_unlink(temporary_path);
		snapshot_tell_failed(final_path, result);
	}
	if (order->done != NULL)
		order->done(result, final_path);
	return result;
}

/* The copy died, or had no memory for the graph. */
static bool needs_second_try(int result)
{
	return result == -ECHILD || result == -ENOMEM;
}

/* All that the copy of the process is there for. */
__attribute__((noreturn)) static void write_in_copy(int fd, const struct order *order)
{
	snapshot_graph_settle(fd, order->detached ? message_descriptor() : -1, order->detached);
	int result = take_cut(order->trigger);

	if (result == 0)
		result = read_graph();
	if (result == 0)
		result = write_sections_begin(fd);
	snapshot_graph_learn_pause(&cut);
	if (result == 0)
		result = write_sections_finish(order);
	if (order->detached && !needs_second_try(result))
		result = finish(order, sync_and_close(fd, result));
	snapshot_graph_end(&cut, result);
}

static int write_here(int fd, const struct order *order, bool *ret_marks_released)
{
	int result = write_sections_begin(fd);

	unlock_marks();
	*ret_marks_released = true;
	if (result == 0 && !is_settled)
		result = snapshot_cut_settle(&cut);
	return result == 0 ? write_sections_finish(order) : result;
}

/* The copy writes. If it fails, what failed may be the graph: then the file is written here, without one. */
static int write_by_copy(int fd, const struct order *order, bool *ret_marks_released)
{
	unlock_marks();
	*ret_marks_released = true;
	int result = snapshot_graph_wait(&cut);

	if (!needs_second_try(result))
		return result;
	(void)lock_marks(true);
	*ret_marks_released = false;
	result = system_truncate(fd, 0);
	if (result == 0)
		result = freeze(order, false);
	return result == 0 ? write_here(fd, order, ret_marks_released) : result;
}

/* COPY_WRITES: a copy does all the rest. */
static int write_file(const struct order *order, bool with_graph, bool *ret_marks_released)
{
	int fd = open_temporary();

	if (fd < 0)
		return fd;
	SNAPSHOT_GRAPH_CAPTURE();
	if (write_buffer == NULL)
		write_buffer = arena_map(WRITE_BUFFER_BYTES, ARENA_BUFFERS);
	int result = write_buffer != NULL ? freeze(order, with_graph) : -ENOMEM;

	if (way == GRAPH_IN_COPY)
		write_in_copy(fd, order);
	if (result == 0 && way == GRAPH_COPIED && order->detached) {
		(void)system_close(fd);
		return COPY_WRITES;
	}
	if (result == 0)
		result = way == GRAPH_COPIED ? write_by_copy(fd, order, ret_marks_released)
					     : write_here(fd, order, ret_marks_released);
	epoch_let_go();
	snapshot_graph_forget();
	snapshot_cut_release(&cut);
	return sync_and_close(fd, result);
}

/* A file beyond RLIMIT_FSIZE must end in an error, not in a signal that kills the host. */
static int write_file_quietly(const struct order *order, bool with_graph, bool *ret_marks_released)
{
	uint64_t before;

	system_hold_file_size_signal(&before);
	int result = write_file(order, with_graph, ret_marks_released);

	system_restore_signals(before);
	return result;
}

/* The marks are locked, final_path is there; on return they are not. */
static int take_marked(const struct order *order, bool with_graph)
{
	bool marks_released = false;
	int result = write_file_quietly(order, with_graph, &marks_released);

	if (!marks_released)
		unlock_marks();
	if (result == COPY_WRITES) {
		detached = *order;
		atomic_store(&is_at_work, true);
		return 0;
	}
	return finish(order, result);
}

/*
 * If a copy was at work and has ended, learn how. One that died, of lack of memory most likely, has left no file: it is
 * written here, without a graph. Returns -EALREADY while the copy is at work, -EBUSY when a lock is not free.
 */
static int settle_copy(bool wait)
{
	if (!atomic_load(&is_at_work))
		return 0;
	if (!wait && !snapshot_graph_has_ended())
		return -EALREADY;
	bool died = needs_second_try(snapshot_graph_wait(&cut));

	if (died && !lock_marks(wait))
		return -EBUSY;
	told_no_graph = told_no_graph || snapshot_graph_problem() != NULL;
	snapshot_graph_forget();
	atomic_store(&is_at_work, false);
	if (died) {
		message_warn(
		    "the snapshot holds no graph of who points to whom, and shows a later moment",
		    snapshot_graph_problem());
		(void)system_unlink(temporary_path);
		detached.detached = false;
		(void)take_marked(&detached, false);
	}
	return 0;
}

static int take_locked(const char *path, const struct order *order)
{
	int result = settle_copy(!order->detached);

	if (result != 0)
		return result;
	if (!lock_marks(!order->detached))
		return -EBUSY;
	modules_refresh_if_changed();
	bool named = path != NULL ? output_path_absolute(final_path, path)
				  : output_path_make(final_path, order->infix, 0);

	if (named)
		return take_marked(order, true);
	unlock_marks();
	temporary_path[0] = '\0';
	return finish(order, -ENAMETOOLONG);
}

static int take(const char *path, const struct order *order)
{
	if (!order->detached)
		held_lock_take(&lock);
	else if (!held_lock_try(&lock))
		return -EBUSY;
	int result = take_locked(path, order);

	if (result == 0 && order->ret_path != NULL)
		memcpy(order->ret_path, final_path, sizeof final_path);
	held_lock_release(&lock);
	return result;
}

int snapshot_take(const char *path, uint32_t trigger, const char *detail)
{
	return take(path, &(struct order){.detail = detail,
			      .trigger = trigger,
			      .replace = path != NULL || options.force != 0});
}

int snapshot_take_named(uint32_t trigger, const char *detail, char ret_path[OPTIONS_PATH_BYTES])
{
	return take(NULL, &(struct order){.detail = detail,
			      .trigger = trigger,
			      .replace = options.force != 0,
			      .ret_path = ret_path});
}

int snapshot_request(const char *path, uint32_t trigger, snapshot_done *done)
{
	return take(path, &(struct order){.detail = "",
			      .trigger = trigger,
			      .replace = path != NULL || options.force != 0,
			      .detached = true,
			      .done = done});
}

bool snapshot_is_at_work(void)
{
	if (!atomic_load(&is_at_work))
		return false;
	if (!held_lock_try(&lock))
		return true;
	bool answer = settle_copy(false) != 0;

	held_lock_release(&lock);
	return answer;
}

void snapshot_wait(void)
{
	if (!atomic_load(&is_at_work))
		return;
	held_lock_take(&lock);
	(void)settle_copy(true);
	held_lock_release(&lock);
}

static void remember_peak(int result, const char *path)
{
	if (result == 0)
		memcpy(peak_path, path, strlen(path) + 1);
}

int snapshot_take_point(uint32_t trigger, uint64_t value)
{
	char detail[64];
	struct text text;
	struct order order = {.detail = detail, .trigger = trigger, .replace = options.force != 0};

	text_init(&text, detail, sizeof detail);
	if (trigger == SNAPSHOT_AT_GROWTH) {
		order.infix = "growth";
		text_add(&text, "growth=");
		text_add_unsigned(&text, value);
		return take(NULL, &order);
	}
	text_add(&text, "peak");
	if (peak_path[0] != '\0') {
		order.replace = true;
		return take(peak_path, &order);
	}
	order.infix = "peak";
	order.done = remember_peak;
	return take(NULL, &order);
}

/* One whose file is called after its moment. */
static void take_named(const char *moment, uint32_t trigger)
{
	(void)take(NULL, &(struct order){.infix = moment,
			     .detail = moment,
			     .trigger = trigger,
			     .replace = options.force != 0});
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
	(void)take(NULL, &(struct order){.infix = infix,
			     .detail = detail,
			     .trigger = trigger,
			     .replace = options.force != 0});
}

static bool is_due(
    const struct options_point *point, const struct snapshot_iteration *row, uint64_t ended)
{
	switch (point->kind) {
	case POINT_ITERATION:
		return point->value == ended;
	case POINT_EVERY:
		return ended % point->value == 0;
	case POINT_FIRST:
		return !first_is_done && row->benchmark == 0 &&
		       (row->phase != SNAPSHOT_PHASE_WARMUP || row->first >= options.warmup);
	default:
		return false;
	}
}

bool snapshot_is_due(const struct snapshot_iteration *row, uint64_t ended)
{
	for (uint32_t i = 0; i < options.point_count; i++)
		if (is_due(&options.points[i], row, ended))
			return true;
	return false;
}

void snapshot_iteration_ended(const struct snapshot_iteration *row, uint64_t ended)
{
	for (uint32_t i = 0; i < options.point_count; i++) {
		const struct options_point *point = &options.points[i];

		if (!is_due(point, row, ended))
			continue;
		if (point->kind == POINT_ITERATION) {
			take_iteration(SNAPSHOT_AT_ITERATION, "iteration", point->value, ended);
		} else if (point->kind == POINT_EVERY) {
			take_iteration(SNAPSHOT_AT_EVERY, "every", point->value, ended);
		} else {
			first_is_done = true;
			take_named("first", SNAPSHOT_AT_FIRST);
		}
	}
}

void snapshot_process_ends(void)
{
	snapshot_wait();
	if (peak_path[0] != '\0') {
		memcpy(final_path, peak_path, sizeof final_path);
		add_to_manifest();
		snapshot_tell_peak(peak_path);
	}
	if (options_has_point(POINT_LAST) && iteration_ended() > 0)
		take_named("last", SNAPSHOT_AT_LAST);
	if (thread_current != NULL)
		journal_count_deaths(thread_current);
	journal_discard();
	if (options_has_point(POINT_EXIT))
		(void)take(NULL, &(struct order){.detail = "exit",
				     .trigger = SNAPSHOT_AT_EXIT,
				     .replace = options.force != 0});
}
