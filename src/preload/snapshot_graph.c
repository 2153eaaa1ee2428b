#include "preload/snapshot_graph.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "preload/graph_roots.h"
#include "preload/loader.h"
#include "preload/memory_map.h"
#include "preload/options.h"
#include "preload/stop_threads.h"
#include "preload/system.h"
#include "preload/system_tasks.h"
#include "snapshot/format.h"

#define LEARN_NS     10000000000u
#define WAIT_STEP_NS 20000000u
#define WAIT_NS	     60000000000u /* for a copy, and as long again for each 4 GB */
#define WAIT_BYTES   ((uint64_t)4 << 30)
#define SHARED_BYTES 4096u
#define LOOK_CLOSER  1024u /* one look in so many asks the system whether the copy was killed */

/* What copy and parent tell each other. */
struct shared {
	atomic_uint told;		   /* the pause is known */
	atomic_uint ended;		   /* the copy is done */
	uint64_t pause_ns, graph_pause_ns; /* with and without the wait at the gate */
	uint64_t is_approximate;
	/* by the copy */
	int64_t result;
	const char *problem; /* a constant of this library: the same address on both sides */
	uint64_t approximate;
	struct snapshot_totals totals;
	struct snapshot_losses losses;
};
_Static_assert(sizeof(struct shared) <= SHARED_BYTES, "one page");

struct cfi_registers snapshot_graph_caller;
static struct graph graph;
static struct shared *shared;
static const char *problem;
static int copy_id;
static bool is_wanted; /* a graph */
static bool is_reaped;
static uint32_t looks; /* for the end of the copy */
static uint64_t freeze_started_ns;

bool snapshot_graph_prepare(uint32_t trigger)
{
	problem = NULL;
	is_wanted = false;
	memset(&graph, 0, sizeof graph);
	/* a sample of the blocks has holes where the ways to the others were */
	if (options.graph == 0 || options.sample != 0 || trigger == SNAPSHOT_AT_LAST ||
	    trigger == SNAPSHOT_AT_PEAK)
		return false;
	graph_modules_list();
	is_wanted = true;
	return true;
}

bool snapshot_graph_will_copy(void)
{
	return stop_threads_others() > 0;
}

const char *snapshot_graph_problem(void)
{
	return problem;
}

static bool stop(void)
{
	int result = stop_threads();

	if (result != 0) {
		problem = result == -EBUSY
			      ? "the program uses all signals that could stop its threads"
			  : result == -ENOMEM ? "no memory"
					      : "/proc cannot be read";
		return false;
	}
	graph.row.threads = stop_threads_count();
	graph.row.threads_running = stop_threads_running();
	graph.row.interrupted_calls = stop_threads_interrupted();
	graph.row.stop_ns = system_monotonic_ns() - freeze_started_ns;
	graph.row.method = graph.row.threads == 0 ? SNAPSHOT_GRAPH_SINGLE : SNAPSHOT_GRAPH_STOPPED;
	return true;
}

/* On both sides true. */
static bool make_copy(void)
{
	shared = system_map_shared(SHARED_BYTES);
	if (shared == NULL)
		return false;
	is_reaped = false;
	looks = 0;
	copy_id = system_copy_process();
	if (copy_id < 0) {
		system_unmap(shared, SHARED_BYTES);
		shared = NULL;
		return false;
	}
	graph.row.method = SNAPSHOT_GRAPH_FORKED;
	return true;
}

enum snapshot_graph_way snapshot_graph_freeze(bool detached)
{
	freeze_started_ns = system_monotonic_ns();
	is_wanted = is_wanted && stop();
	if (!is_wanted && !detached)
		return GRAPH_NONE;
	if ((detached || graph.row.threads > 0) && make_copy())
		return copy_id == 0 ? GRAPH_IN_COPY : GRAPH_COPIED;
	return is_wanted ? GRAPH_HERE : GRAPH_NONE;
}

void snapshot_graph_release(void)
{
	release_threads();
	graph.row.pause_ns = system_monotonic_ns() - freeze_started_ns;
}

void snapshot_graph_tell_pause(uint64_t pause_ns, bool is_approximate)
{
	if (shared == NULL)
		return;
	shared->pause_ns = pause_ns;
	shared->is_approximate = is_approximate || stop_threads_overslept();
	shared->graph_pause_ns = graph.row.pause_ns;
	atomic_store_explicit(&shared->told, 1, memory_order_release);
	system_wake_all_shared(&shared->told);
}

/* ---- reading ---- */

const struct graph *snapshot_graph_read(struct snapshot_cut *cut, enum snapshot_graph_way way)
{
	bool lock_was_suspect = loader_lock_is_suspect();
	int result;

	if (!is_wanted)
		return NULL;
	/* a thread that stands may hold the loader's lock, and so may one that is not in the copy */
	if (way == GRAPH_IN_COPY || graph.row.threads > 0)
		loader_after_fork();
	result = graph_scan(&graph, cut, &snapshot_graph_caller, way == GRAPH_IN_COPY);
	if (way != GRAPH_IN_COPY && !lock_was_suspect)
		loader_lock_is_free();
	if (result == 0)
		return &graph;
	problem = result == -ENOMEM ? "no memory" : "/proc cannot be read";
	graph_release(&graph);
	return NULL;
}

/* ---- the copy ---- */

void snapshot_graph_settle(int fd, int other, bool detached)
{
	system_copy_settle(fd, other, memory_unreadable);
	if (!detached)
		system_copy_die_with_maker();
}

void snapshot_graph_learn_pause(struct snapshot_cut *cut)
{
	uint64_t start = system_monotonic_ns();

	while (atomic_load_explicit(&shared->told, memory_order_acquire) == 0 &&
	       system_monotonic_ns() - start < LEARN_NS)
		system_wait_while_shared(&shared->told, 0, WAIT_STEP_NS);
	cut->pause_ns = shared->pause_ns;
	cut->approximate = cut->approximate || shared->is_approximate != 0;
	graph.row.pause_ns = shared->graph_pause_ns;
}

void snapshot_graph_end(const struct snapshot_cut *cut, int result)
{
	shared->result = result;
	shared->problem = problem;
	shared->approximate = cut->approximate;
	shared->totals = cut->totals;
	shared->losses = cut->losses;
	atomic_store_explicit(&shared->ended, 1, memory_order_release);
	system_wake_all_shared(&shared->ended);
	system_copy_end(0);
}

/* ---- the parent ---- */

/* It is gone: by itself, killed, or somebody else waited for it. */
static bool reap(bool wait)
{
	int status;

	is_reaped = is_reaped || system_copy_ended(copy_id, wait, &status) != 0;
	return is_reaped;
}

bool snapshot_graph_has_ended(void)
{
	if (atomic_load_explicit(&shared->ended, memory_order_acquire) == 0 &&
	    ++looks % LOOK_CLOSER != 0)
		return false;
	return reap(false);
}

/* The copy has ended, by itself or by our hand. */
static void wait_for_end(uint64_t rss_bytes)
{
	uint64_t start = system_monotonic_ns();
	uint64_t limit = WAIT_NS * (1 + rss_bytes / WAIT_BYTES);

	while (atomic_load_explicit(&shared->ended, memory_order_acquire) == 0) {
		if (reap(false))
			return;
		if (system_monotonic_ns() - start > limit) {
			problem = "the copy of the process that reads it took too long";
			system_copy_kill(copy_id);
			break;
		}
		system_wait_while_shared(&shared->ended, 0, WAIT_STEP_NS);
	}
	(void)reap(true);
}

int snapshot_graph_wait(struct snapshot_cut *cut)
{
	wait_for_end(cut->rss_bytes);
	bool has_ended = atomic_load_explicit(&shared->ended, memory_order_acquire) != 0;
	int result = has_ended ? (int)shared->result : -ECHILD;

	if (has_ended) {
		problem = shared->problem;
		cut->approximate = shared->approximate != 0;
		cut->totals = shared->totals;
		cut->losses = shared->losses;
	} else if (problem == NULL) {
		problem = "the copy of the process that reads it was killed";
	}
	return result;
}

void snapshot_graph_forget(void)
{
	graph_release(&graph);
	if (shared != NULL)
		system_unmap(shared, SHARED_BYTES);
	shared = NULL;
}
