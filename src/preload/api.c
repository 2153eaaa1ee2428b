/*
 * The functions of <allocscope/allocscope.h>, exported by name (for foreign-function interfaces) and as one table
 * (for the header, which looks it up once). Each runs with the caller's block marked busy, so that nothing that
 * happens inside is recorded; snapshots are taken outside.
 */
#include "preload/api_types.h"

#include <errno.h>

#include "base/compiler.h"
#include "preload/annotations.h"
#include "preload/assertion.h"
#include "preload/counters.h"
#include "preload/epoch.h"
#include "preload/guard.h"
#include "preload/iteration.h"
#include "preload/lifecycle.h"
#include "preload/machine.h"
#include "preload/mark_lines.h"
#include "preload/snapshot_take.h"
#include "preload/survivors.h"
#include "snapshot/format.h"

EXPORT bool allocscope_active(void);
EXPORT void allocscope_iteration_begin(const char *benchmark);
EXPORT void allocscope_iteration_begin_phase(const char *benchmark, enum allocscope_phase phase);
EXPORT void allocscope_iteration_end(void);
EXPORT int allocscope_snapshot(const char *path);
EXPORT void allocscope_label(const void *block, const char *type);
EXPORT void allocscope_root(const void *start, size_t bytes, const char *name);
EXPORT void allocscope_ignore(const void *block);
EXPORT void allocscope_pause(void);
EXPORT void allocscope_resume(void);
EXPORT struct allocscope_stats allocscope_stats_now(void);
EXPORT struct allocscope_mark allocscope_mark_now(void);
EXPORT struct allocscope_retained allocscope_retained_since(struct allocscope_mark mark);
EXPORT struct allocscope_retained allocscope_retained_since_process(struct allocscope_mark mark);
EXPORT void allocscope_pool_create(const void *pool, const char *name);
EXPORT void allocscope_pool_alloc(const void *pool, const void *block, size_t bytes);
EXPORT void allocscope_pool_free(const void *pool, const void *block);
EXPORT void allocscope_pool_reset(const void *pool);
EXPORT void allocscope_pool_destroy(const void *pool);

/* The calling thread's block, or NULL when nothing is recorded in this process. */
static struct thread_state *caller(void)
{
	if (!lifecycle_is_recording() || !lifecycle_is_own_process())
		return NULL;
	mark_lines_look();
	return thread_state_attach();
}

EXPORT bool allocscope_active(void)
{
	return lifecycle_is_recording();
}

EXPORT void allocscope_iteration_begin(const char *benchmark)
{
	struct thread_state *state = caller();

	if (state != NULL)
		iteration_begin(state, benchmark, 0);
}

EXPORT void allocscope_iteration_begin_phase(const char *benchmark, enum allocscope_phase phase)
{
	struct thread_state *state = caller();

	if (state != NULL)
		iteration_begin(state, benchmark,
		    phase == ALLOCSCOPE_WARMUP ? SNAPSHOT_PHASE_WARMUP : SNAPSHOT_PHASE_COUNTED);
}

EXPORT void allocscope_iteration_end(void)
{
	struct thread_state *state = caller();
	int saved_errno = errno;

	if (state != NULL)
		iteration_end(state);
	errno = saved_errno;
}

EXPORT int allocscope_snapshot(const char *path)
{
	int saved_errno = errno;

	if (caller() == NULL)
		return -ENOSYS;
	int result = snapshot_take(path, SNAPSHOT_BY_API, "");

	errno = saved_errno;
	return result;
}

EXPORT void allocscope_label(const void *block, const char *type)
{
	struct thread_state *state = guard_enter();

	if (state == NULL)
		return;
	annotation_label(state, block, type);
	guard_leave(state);
}

EXPORT void allocscope_root(const void *start, size_t bytes, const char *name)
{
	if (caller() != NULL)
		annotation_root(start, bytes, name);
}

EXPORT void allocscope_ignore(const void *block)
{
	struct thread_state *state = guard_enter();

	if (state == NULL)
		return;
	annotation_ignore(state, block);
	guard_leave(state);
}

EXPORT void allocscope_pause(void)
{
	struct thread_state *state = caller();

	if (state != NULL)
		thread_state_pause(state, state->paused + 1);
}

EXPORT void allocscope_resume(void)
{
	struct thread_state *state = caller();

	if (state != NULL && state->paused > 0)
		thread_state_pause(state, state->paused - 1);
}

static void fill_counts(struct allocscope_counts *counts, const struct thread_totals *totals)
{
	counts->allocs = totals->allocs;
	counts->bytes = totals->bytes;
	counts->frees = totals->frees;
	counts->freed_bytes = totals->freed_bytes;
	counts->live_blocks = totals->allocs - totals->frees;
	counts->live_bytes = totals->bytes - totals->freed_bytes;
}

EXPORT struct allocscope_stats allocscope_stats_now(void)
{
	struct allocscope_stats stats = {{0}, {0}, 0};
	struct thread_state *state = caller();

	if (state == NULL)
		return stats;
	struct thread_totals process = counters_sum();

	fill_counts(&stats.process, &process);
	fill_counts(&stats.thread, &state->totals);
	stats.process.peak_bytes = counters_peak();
	if (stats.process.peak_bytes < stats.process.live_bytes)
		stats.process.peak_bytes = stats.process.live_bytes;
	stats.iteration_peak_bytes = counters_iteration_peak();
	if (stats.iteration_peak_bytes < stats.process.live_bytes)
		stats.iteration_peak_bytes = stats.process.live_bytes;
	return stats;
}

EXPORT struct allocscope_mark allocscope_mark_now(void)
{
	struct allocscope_mark mark = {0, 0, 0};
	struct thread_state *state = caller();

	if (state == NULL)
		return mark;
	mark.epoch = survivors_cut();
	mark.thread = state->row;
	mark.allocs = state->totals.allocs;
	return mark;
}

static struct allocscope_retained retained_since(struct allocscope_mark mark, bool process)
{
	return caller() != NULL ? survivors_count(mark, process)
				: (struct allocscope_retained){0, 0};
}

EXPORT struct allocscope_retained allocscope_retained_since(struct allocscope_mark mark)
{
	return retained_since(mark, false);
}

EXPORT struct allocscope_retained allocscope_retained_since_process(struct allocscope_mark mark)
{
	return retained_since(mark, true);
}

EXPORT void allocscope_pool_create(const void *pool, const char *name)
{
	if (caller() != NULL)
		annotation_pool_create(pool, name);
}

EXPORT void allocscope_pool_alloc(const void *pool, const void *block, size_t bytes)
{
	struct thread_state *state = guard_enter();

	if (state == NULL)
		return;
	annotation_pool_alloc(state, pool, block, bytes, MACHINE_HOOK_FRAME);
	guard_leave(state);
}

EXPORT void allocscope_pool_free(const void *pool, const void *block)
{
	struct thread_state *state = guard_enter();

	if (state == NULL)
		return;
	annotation_pool_free(state, pool, block);
	guard_leave(state);
}

static void pool_reset(const void *pool, bool destroy)
{
	struct thread_state *state = guard_enter();

	if (state == NULL)
		return;
	annotation_pool_reset(state, pool, destroy);
	guard_leave(state);
}

EXPORT void allocscope_pool_reset(const void *pool)
{
	pool_reset(pool, false);
}

EXPORT void allocscope_pool_destroy(const void *pool)
{
	pool_reset(pool, true);
}

/* ---- the table ---- */

static void table_stats_now(struct allocscope_stats *ret_stats)
{
	*ret_stats = allocscope_stats_now();
}

static void table_mark_now(struct allocscope_mark *ret_mark)
{
	*ret_mark = allocscope_mark_now();
}

static void table_retained_since(
    struct allocscope_mark mark, bool process, struct allocscope_retained *ret_retained)
{
	*ret_retained = retained_since(mark, process);
}

static uint64_t table_assert_retained(
    struct allocscope_mark mark, bool process, const char *name, const char *file, int line)
{
	/* the header of the first version: no counters, no rounds */
	const struct allocscope_scope scope = {.size = sizeof scope,
	    .name = name,
	    .file = file,
	    .line = line,
	    .process = process,
	    .limits = {.allocs = ALLOCSCOPE_UNLIMITED, .bytes = ALLOCSCOPE_UNLIMITED},
	    .rounds = 1,
	    .round = 1,
	    .mark = mark,
	    .renumberings = epoch_renumberings()};

	return assertion_judge(caller(), &scope);
}

static void table_scope_round(struct allocscope_scope *scope)
{
	struct thread_state *state = caller();

	if (state != NULL)
		assertion_round(state, scope);
}

static uint64_t table_scope_end(const struct allocscope_scope *scope)
{
	return assertion_judge(caller(), scope);
}

static allocscope_failure_handler failure_handler;

EXPORT struct allocscope_functions allocscope_functions_1 = {
    .size = sizeof(struct allocscope_functions),
    .iteration_begin = allocscope_iteration_begin,
    .iteration_begin_phase = allocscope_iteration_begin_phase,
    .iteration_end = allocscope_iteration_end,
    .snapshot = allocscope_snapshot,
    .label = allocscope_label,
    .root = allocscope_root,
    .ignore = allocscope_ignore,
    .pause = allocscope_pause,
    .resume = allocscope_resume,
    .stats_now = table_stats_now,
    .mark_now = table_mark_now,
    .retained_since = table_retained_since,
    .pool_create = allocscope_pool_create,
    .pool_alloc = allocscope_pool_alloc,
    .pool_free = allocscope_pool_free,
    .pool_reset = allocscope_pool_reset,
    .pool_destroy = allocscope_pool_destroy,
    .assert_retained = table_assert_retained,
    .scope_round = table_scope_round,
    .scope_end = table_scope_end,
    .failure_slot = &failure_handler,
};

void annotations_switch_off(void)
{
	allocscope_functions_1.size = 0;
}
