/*
 * allocscope: what survives my iterations? This header is for the program that is profiled.
 *
 *     #include <allocscope/allocscope.h>
 *     for (int i = 0; i < n; i++)
 *             ALLOCSCOPE_ITERATION("parse") { parse(input); }
 *
 * C11 and C++11; nothing to link. Without the preload (LD_PRELOAD=liballocscope.so, or `allocscope run`)
 * every call is a no-op and allocscope_active() is false. The functions are found once, with dlsym, because
 * a weak reference alone is folded to 0 in programs linked -no-pie; in a static program there is no dlsym
 * and no preload, and the calls stay no-ops.
 *
 * Threads: every function may be called from any thread. Signals: none is async-signal-safe unless stated.
 * errno is left as it was. Units: bytes are requested bytes, as passed to malloc.
 */
#ifndef ALLOCSCOPE_ALLOCSCOPE_H
#define ALLOCSCOPE_ALLOCSCOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#ifdef ALLOCSCOPE_PROBES
#	include <sys/sdt.h>
#endif

#define ALLOCSCOPE_VERSION "0.1.0"

#ifdef __cplusplus
extern "C" {
#endif

enum allocscope_phase {
	ALLOCSCOPE_WARMUP = 1, /* lazy initialisation belongs here; left out of every judgement */
	ALLOCSCOPE_COUNTED = 2
};

struct allocscope_counts {
	uint64_t allocs, bytes;	     /* realloc growth adds to bytes only */
	uint64_t frees, freed_bytes; /* realloc shrinkage adds to freed_bytes only */
	uint64_t live_blocks,
	    live_bytes;	     /* of a thread: allocated minus freed by it; may wrap below 0 */
	uint64_t peak_bytes; /* process only */
};
struct allocscope_stats {
	struct allocscope_counts process; /* all threads */
	struct allocscope_counts thread;  /* the calling thread */
	/* most bytes of the process alive at once since the last iteration began; with several threads as inexact as
	 * peak_bytes */
	uint64_t iteration_peak_bytes;
};
struct allocscope_mark {
	uint32_t epoch;	 /* opaque */
	uint32_t thread; /* opaque */
	uint64_t allocs; /* opaque */
};
struct allocscope_retained {
	uint64_t blocks, bytes;
};

/* Assertions: <allocscope/assertions.h>, which is included below. */
#define ALLOCSCOPE_UNLIMITED UINT64_MAX
struct allocscope_limits { /* of what a scope retains and allocates */
	uint64_t retained_blocks, retained_bytes, allocs, bytes;
};
struct allocscope_scope {
	size_t size; /* of this struct, as the program was compiled */
	const char *name, *file;
	int line;
	bool process; /* of all threads */
	bool is_open;
	int exceptions; /* C++: in flight when it began */
	struct allocscope_limits limits;
	uint64_t warmup, rounds;     /* how often the body is to run; only the second counts */
	uint64_t round;		     /* rounds begun */
	struct allocscope_mark mark; /* the first counted round's begin */
	/* the preload's: counters at the mark, and the last epochs of the counted rounds, STRIDE at a time */
	uint64_t allocs, bytes, renumberings;
	uint32_t stride, end_count, ends[16];
};
/* Called when an assertion fails, after everything was printed; default: abort(). SURVIVORS are the blocks that are
 * retained; of a budget that only allocations broke, their number or bytes; 0 without the preload; UINT64_MAX when it
 * could not tell. */
typedef void (*allocscope_failure_handler)(const char *name, uint64_t survivors);

/* What the preload offers, found once by name. Members are only ever added at the end; size tells which are there. */
struct allocscope_functions {
	size_t size;
	void (*iteration_begin)(const char *benchmark);
	void (*iteration_begin_phase)(const char *benchmark, enum allocscope_phase phase);
	void (*iteration_end)(void);
	int (*snapshot)(const char *path);
	void (*label)(const void *block, const char *type);
	void (*root)(const void *start, size_t bytes, const char *name);
	void (*ignore)(const void *block);
	void (*pause)(void);
	void (*resume)(void);
	void (*stats_now)(struct allocscope_stats *ret_stats);
	void (*mark_now)(struct allocscope_mark *ret_mark);
	void (*retained_since)(
	    struct allocscope_mark mark, bool process, struct allocscope_retained *ret_retained);
	void (*pool_create)(const void *pool, const char *name);
	void (*pool_alloc)(const void *pool, const void *block, size_t bytes);
	void (*pool_free)(const void *pool, const void *block);
	void (*pool_reset)(const void *pool);
	void (*pool_destroy)(const void *pool);
	/* Returns the number of survivors; 0 = passed. On failure it has told the user everything. */
	uint64_t (*assert_retained)(struct allocscope_mark mark, bool process, const char *name,
	    const char *file, int line);
	/* since 0.1.0: a program may meet a preload that ends above; see ALLOCSCOPE_OFFERS */
	void (*scope_round)(struct allocscope_scope *scope);	     /* the next round begins */
	uint64_t (*scope_end)(const struct allocscope_scope *scope); /* as assert_retained */
	allocscope_failure_handler *failure_slot; /* shared by all objects of the process */
};

/* The table F, of whatever version, has MEMBER. */
#define ALLOCSCOPE_OFFERS(f, member)                                                               \
	((f)->size >= offsetof(struct allocscope_functions, member) + sizeof((f)->member))

/* In C++ the C library's own declaration says that it throws nothing, and both must say the same. */
#ifdef __THROW
extern void *dlsym(void *handle, const char *name) __THROW __attribute__((weak));
#else
extern void *dlsym(void *handle, const char *name) __attribute__((weak));
#endif

/* The preload's functions, or NULL. One relaxed load after the first call. */
static inline const struct allocscope_functions *allocscope_functions_or_null(void)
{
	static const struct allocscope_functions *found;
	static int searched;

	if (__builtin_expect(__atomic_load_n(&searched, __ATOMIC_ACQUIRE) == 0, 0)) {
		if (dlsym != NULL) {
			const struct allocscope_functions *table =
			    (const struct allocscope_functions *)dlsym(
				NULL, "allocscope_functions_1");

			/* size 0: the preload is there but switched off */
			if (table != NULL && table->size != 0)
				__atomic_store_n(&found, table, __ATOMIC_RELAXED);
		}
		__atomic_store_n(&searched, 1, __ATOMIC_RELEASE);
	}
	return __atomic_load_n(&found, __ATOMIC_RELAXED);
}

#define ALLOCSCOPE_CALL(member, arguments)                                                         \
	do {                                                                                       \
		const struct allocscope_functions *allocscope_f_ = allocscope_functions_or_null(); \
		if (allocscope_f_ != NULL)                                                         \
			allocscope_f_->member arguments;                                           \
	} while (0)

#ifndef ALLOCSCOPE_IMPLEMENTATION /* the preload defines the same names as exported functions */

/*
 * With ALLOCSCOPE_PROBES defined before the header is included, tracers see iterations, with the preload and without: the static
 * probes allocscope:iteration_begin (benchmark, a string; phase, 0 when it is not given) and allocscope:iteration_end. Each
 * is one instruction that does nothing. Needs <sys/sdt.h> of SystemTap.
 */
#	ifdef ALLOCSCOPE_PROBES
#		define ALLOCSCOPE_PROBE_BEGIN(benchmark, phase)                                   \
			DTRACE_PROBE2(allocscope, iteration_begin, benchmark, phase)
#		define ALLOCSCOPE_PROBE_END() DTRACE_PROBE(allocscope, iteration_end)
#	else
#		define ALLOCSCOPE_PROBE_BEGIN(benchmark, phase) ((void)0)
#		define ALLOCSCOPE_PROBE_END()			 ((void)0)
#	endif

/* True when the preload records this program. */
static inline bool allocscope_active(void)
{
	return allocscope_functions_or_null() != NULL;
}
/* Begin the next iteration of BENCHMARK (any string; copied). The first `warmup` ones (default 2) are warm-up.
 * Ignored, and reported once, while an iteration is open. */
static inline void allocscope_iteration_begin(const char *benchmark)
{
	ALLOCSCOPE_PROBE_BEGIN(benchmark, 0);
	ALLOCSCOPE_CALL(iteration_begin, (benchmark));
}
/* The same with an explicit phase. */
static inline void allocscope_iteration_begin_phase(
    const char *benchmark, enum allocscope_phase phase)
{
	ALLOCSCOPE_PROBE_BEGIN(benchmark, (int)phase);
	ALLOCSCOPE_CALL(iteration_begin_phase, (benchmark, phase));
}
static inline void allocscope_iteration_end(void)
{
	ALLOCSCOPE_CALL(iteration_end, ());
	ALLOCSCOPE_PROBE_END();
}
/* Write a snapshot to PATH (NULL: the pattern of ALLOCSCOPE_OUTPUT). 0, or -errno; -ENOSYS without the preload. */
static inline int allocscope_snapshot(const char *path)
{
	const struct allocscope_functions *f = allocscope_functions_or_null();

	return f != NULL ? f->snapshot(path) : -38;
}
/* Name the type of a live block: "computed", "edge", ... Copied; at most 65,535 distinct names. */
static inline void allocscope_label(const void *block, const char *type)
{
	ALLOCSCOPE_CALL(label, (block, type));
}
/* A further range from which blocks count as reachable. */
static inline void allocscope_root(const void *start, size_t bytes, const char *name)
{
	ALLOCSCOPE_CALL(root, (start, bytes, name));
}
/* This live block is intended to stay: left out of check and diff, counted apart. */
static inline void allocscope_ignore(const void *block)
{
	ALLOCSCOPE_CALL(ignore, (block));
}
/* The calling thread's allocations are not recorded between pause and resume (nestable); frees always are. */
static inline void allocscope_pause(void)
{
	ALLOCSCOPE_CALL(pause, ());
}
static inline void allocscope_resume(void)
{
	ALLOCSCOPE_CALL(resume, ());
}
/* Exact counters, estimates when the recording samples; all 0 without the preload. */
static inline struct allocscope_stats allocscope_stats_now(void)
{
	struct allocscope_stats stats = {{0, 0, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0, 0}, 0};

	ALLOCSCOPE_CALL(stats_now, (&stats));
	return stats;
}
/* Remember this moment; see allocscope_retained_since. */
static inline struct allocscope_mark allocscope_mark_now(void)
{
	struct allocscope_mark mark = {0, 0, 0};

	ALLOCSCOPE_CALL(mark_now, (&mark));
	return mark;
}
/* Blocks and bytes that the calling thread allocated since MARK and that are alive now. */
static inline struct allocscope_retained allocscope_retained_since(struct allocscope_mark mark)
{
	struct allocscope_retained retained = {0, 0};

	ALLOCSCOPE_CALL(retained_since, (mark, false, &retained));
	return retained;
}
/* The same over all threads. */
static inline struct allocscope_retained allocscope_retained_since_process(
    struct allocscope_mark mark)
{
	struct allocscope_retained retained = {0, 0};

	ALLOCSCOPE_CALL(retained_since, (mark, true, &retained));
	return retained;
}

/* Custom allocators: blocks that live inside a block of malloc or a mapping. POOL is any address that names the pool. */
static inline void allocscope_pool_create(const void *pool, const char *name)
{
	ALLOCSCOPE_CALL(pool_create, (pool, name));
}
static inline void allocscope_pool_alloc(const void *pool, const void *block, size_t bytes)
{
	ALLOCSCOPE_CALL(pool_alloc, (pool, block, bytes));
}
static inline void allocscope_pool_free(const void *pool, const void *block)
{
	ALLOCSCOPE_CALL(pool_free, (pool, block));
}
/* All blocks of the pool are freed at once. */
static inline void allocscope_pool_reset(const void *pool)
{
	ALLOCSCOPE_CALL(pool_reset, (pool));
}
static inline void allocscope_pool_destroy(const void *pool)
{
	ALLOCSCOPE_CALL(pool_destroy, (pool));
}

/* Block macros. Leaving the block by break, return, goto or longjmp skips the end: don't. */
#	define ALLOCSCOPE_JOIN_(a, b) a##b
#	define ALLOCSCOPE_JOIN(a, b)  ALLOCSCOPE_JOIN_(a, b)
#	define ALLOCSCOPE_ITERATION(benchmark)                                                    \
		for (int ALLOCSCOPE_JOIN(allocscope_once_, __LINE__) =                             \
			 (allocscope_iteration_begin(benchmark), 1);                               \
		     ALLOCSCOPE_JOIN(allocscope_once_, __LINE__) != 0;                             \
		     ALLOCSCOPE_JOIN(allocscope_once_, __LINE__) =                                 \
			 (allocscope_iteration_end(), 0))

#endif /* ALLOCSCOPE_IMPLEMENTATION */

#ifdef __cplusplus
}
#endif

#ifndef ALLOCSCOPE_IMPLEMENTATION
#	include <allocscope/assertions.h>
#endif

#endif
