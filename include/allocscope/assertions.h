/*
 * Assertions about what a part of the program leaves behind or allocates. Included by <allocscope/allocscope.h>.
 *
 *     ALLOCSCOPE_ASSERT_ZERO_RETAINED("request") { handle(request); }
 *     ALLOCSCOPE_ASSERT_ZERO_RETAINED_ROUNDS("request", 2, 100) { handle(request); }
 *     ALLOCSCOPE_ASSERT_BUDGET("frame", allocscope_max_allocs(0)) { draw(frame); }
 *
 * A scope is two loops: the outer one begins it and judges it, the inner one runs the body, once or in rounds. So
 * `continue` ends a round and `break` the rounds. A scope that is left by return or goto is judged there. One that is left
 * by an exception is not, and says so: the exception itself is allocated. longjmp and exit are not seen. Scopes nest: the
 * outer one counts what the inner ones leave, too.
 */
#ifndef ALLOCSCOPE_ASSERTIONS_H
#define ALLOCSCOPE_ASSERTIONS_H

#include <allocscope/allocscope.h>
#include <allocscope/reexec.h>

#ifdef __cplusplus
#	include <exception>
#	if __cplusplus >= 201703L
#		define ALLOCSCOPE_EXCEPTIONS() std::uncaught_exceptions()
#	else
#		define ALLOCSCOPE_EXCEPTIONS() static_cast<int>(std::uncaught_exception())
#	endif
extern "C" {
#else
#	define ALLOCSCOPE_EXCEPTIONS() 0
#endif

/* ---- failing ---- */

/* One handler for all files of the program. Weak, so that each file may define it; with the preload its slot serves,
 * which dlopened libraries share too. */
extern allocscope_failure_handler allocscope_failure_handler_now;
__attribute__((weak, visibility("default")))
allocscope_failure_handler allocscope_failure_handler_now = NULL;

static inline allocscope_failure_handler *allocscope_failure_slot(void)
{
	const struct allocscope_functions *f = allocscope_functions_or_null();

	return f != NULL && ALLOCSCOPE_OFFERS(f, failure_slot) ? f->failure_slot
							       : &allocscope_failure_handler_now;
}
/* Call HANDLER instead of abort(); NULL: abort() again. Returns the old one. When a handler returns the program goes on. */
static inline allocscope_failure_handler allocscope_on_failure(allocscope_failure_handler handler)
{
	allocscope_failure_handler *slot = allocscope_failure_slot();
	allocscope_failure_handler old = __atomic_exchange_n(slot, handler, __ATOMIC_ACQ_REL);

	/* for a forked child in which the preload is switched off */
	__atomic_store_n(&allocscope_failure_handler_now, handler, __ATOMIC_RELEASE);
	return old;
}
static inline void allocscope_fail(const char *name, uint64_t survivors)
{
	allocscope_failure_handler handler =
	    __atomic_load_n(allocscope_failure_slot(), __ATOMIC_ACQUIRE);

	if (handler == NULL)
		abort();
	handler(name, survivors);
}
/* A check that cannot see must not pass, unless the user says so. */
static inline void allocscope_fail_unseen(const struct allocscope_scope *scope, const char *why)
{
	const char *optional = getenv("ALLOCSCOPE_OPTIONAL");

	if (optional != NULL && optional[0] == '1')
		return;
	fprintf(stderr,
	    "allocscope: assertion \"%s\" at %s:%d cannot be checked: %s, or set ALLOCSCOPE_OPTIONAL=1 to skip it.\n",
	    scope->name, scope->file, scope->line, why);
	allocscope_fail(scope->name, 0);
}

/* ---- limits ---- */

enum allocscope_limit_kind {
	ALLOCSCOPE_LIMIT_NONE, /* ends a list */
	ALLOCSCOPE_LIMIT_RETAINED_BLOCKS,
	ALLOCSCOPE_LIMIT_RETAINED_BYTES,
	ALLOCSCOPE_LIMIT_ALLOCS,
	ALLOCSCOPE_LIMIT_BYTES
};
struct allocscope_limit {
	enum allocscope_limit_kind kind;
	uint64_t most;
};
static inline struct allocscope_limit allocscope_limit_make(
    enum allocscope_limit_kind kind, uint64_t most)
{
	struct allocscope_limit limit;

	limit.kind = kind;
	limit.most = most;
	return limit;
}
/* At most so many blocks, or bytes, that are born in the scope may be alive at its end. */
static inline struct allocscope_limit allocscope_max_retained_blocks(uint64_t most)
{
	return allocscope_limit_make(ALLOCSCOPE_LIMIT_RETAINED_BLOCKS, most);
}
static inline struct allocscope_limit allocscope_max_retained_bytes(uint64_t most)
{
	return allocscope_limit_make(ALLOCSCOPE_LIMIT_RETAINED_BYTES, most);
}
/* At most so many allocations, freed again or not. realloc of a block is none. */
static inline struct allocscope_limit allocscope_max_allocs(uint64_t most)
{
	return allocscope_limit_make(ALLOCSCOPE_LIMIT_ALLOCS, most);
}
/* At most so many bytes allocated, with those by which realloc makes blocks larger. */
static inline struct allocscope_limit allocscope_max_bytes(uint64_t most)
{
	return allocscope_limit_make(ALLOCSCOPE_LIMIT_BYTES, most);
}

/* ---- the scope ---- */

/* For fixtures, which cannot be one block: make, next, and end where the scope ends. NAME and FILE must outlive it. */
static inline struct allocscope_scope allocscope_scope_make(
    const char *name, const char *file, int line, bool process)
{
	static struct allocscope_scope zero;
	struct allocscope_scope scope = zero;

	scope.size = sizeof scope;
	scope.name = name;
	scope.file = file;
	scope.line = line;
	scope.process = process;
	scope.is_open = true;
	scope.exceptions = ALLOCSCOPE_EXCEPTIONS();
	scope.limits.allocs = ALLOCSCOPE_UNLIMITED;
	scope.limits.bytes = ALLOCSCOPE_UNLIMITED;
	scope.rounds = 1;
	return scope;
}
static inline struct allocscope_scope allocscope_scope_make_rounds(
    const char *name, const char *file, int line, bool process, uint64_t warmup, uint64_t rounds)
{
	struct allocscope_scope scope = allocscope_scope_make(name, file, line, process);

	scope.warmup = warmup;
	scope.rounds = rounds;
	return scope;
}
static inline void allocscope_scope_limit(
    struct allocscope_scope *scope, struct allocscope_limit limit)
{
	switch (limit.kind) {
	case ALLOCSCOPE_LIMIT_RETAINED_BLOCKS:
		scope->limits.retained_blocks = limit.most;
		break;
	case ALLOCSCOPE_LIMIT_RETAINED_BYTES:
		scope->limits.retained_bytes = limit.most;
		break;
	case ALLOCSCOPE_LIMIT_ALLOCS:
		scope->limits.allocs = limit.most;
		break;
	case ALLOCSCOPE_LIMIT_BYTES:
		scope->limits.bytes = limit.most;
		break;
	case ALLOCSCOPE_LIMIT_NONE:
		break;
	}
}
/* COUNT LIMITS; what none of them names is unlimited. */
static inline struct allocscope_scope allocscope_scope_make_budget(const char *name,
    const char *file, int line, bool process, const struct allocscope_limit *limits, size_t count)
{
	struct allocscope_scope scope = allocscope_scope_make(name, file, line, process);

	scope.limits.retained_blocks = ALLOCSCOPE_UNLIMITED;
	scope.limits.retained_bytes = ALLOCSCOPE_UNLIMITED;
	for (size_t i = 0; i < count; i++)
		allocscope_scope_limit(&scope, limits[i]);
	return scope;
}
/* The next round begins, and the body runs now, if true. */
static inline bool allocscope_scope_next(struct allocscope_scope *scope)
{
	const struct allocscope_functions *f = allocscope_functions_or_null();

	if (scope->round - scope->warmup == scope->rounds)
		return false;
	if (f != NULL && ALLOCSCOPE_OFFERS(f, scope_round))
		f->scope_round(scope);
	else if (f != NULL && scope->round == scope->warmup)
		f->mark_now(&scope->mark);
	scope->round++;
	return true;
}
/* Judge. */
static inline void allocscope_scope_end(struct allocscope_scope *scope)
{
	const struct allocscope_functions *f = allocscope_functions_or_null();
	uint64_t found = 0;

	scope->is_open = false;
	if (f == NULL || f->size == 0) {
		allocscope_fail_unseen(scope,
		    "the preload is absent. Run under `allocscope run` or LD_PRELOAD=liballocscope.so, set ALLOCSCOPE_REEXEC=1 to let the program do so");
	} else if (scope->round <= scope->warmup) {
		allocscope_fail_unseen(scope, "no counted round ran. Give it some");
	} else if (ALLOCSCOPE_OFFERS(f, scope_end)) {
		found = f->scope_end(scope);
	} else if (scope->limits.retained_blocks == 0) {
		found = f->assert_retained(
		    scope->mark, scope->process, scope->name, scope->file, scope->line);
	} else {
		allocscope_fail_unseen(scope,
		    "the preload is older than the header and knows no budgets. Use a newer one");
	}
	if (found != 0)
		allocscope_fail(scope->name, found);
}

/* However the block is left. */
static inline void allocscope_scope_leave(struct allocscope_scope *scope)
{
	if (!scope->is_open)
		return;
	if (ALLOCSCOPE_EXCEPTIONS() > scope->exceptions)
		fprintf(stderr,
		    "allocscope: assertion \"%s\" at %s:%d was left by an exception and is not judged\n",
		    scope->name, scope->file, scope->line);
	else
		allocscope_scope_end(scope);
}

#define ALLOCSCOPE_SCOPE_(scope, make)                                                             \
	for (struct allocscope_scope scope                                                         \
	     __attribute__((cleanup(allocscope_scope_leave))) = make;                              \
	     scope.is_open; allocscope_scope_end(&scope))                                          \
		while (allocscope_scope_next(&scope))
#define ALLOCSCOPE_SCOPE ALLOCSCOPE_JOIN(allocscope_scope_, __LINE__)

/* Nothing that the calling thread allocates in the block may be alive at its end. */
#define ALLOCSCOPE_ASSERT_ZERO_RETAINED(name)                                                      \
	ALLOCSCOPE_SCOPE_(ALLOCSCOPE_SCOPE, allocscope_scope_make(name, __FILE__, __LINE__, false))
/* The same for all threads. */
#define ALLOCSCOPE_ASSERT_ZERO_RETAINED_PROCESS(name)                                              \
	ALLOCSCOPE_SCOPE_(ALLOCSCOPE_SCOPE, allocscope_scope_make(name, __FILE__, __LINE__, true))

/* The block runs WARMUP + ROUNDS times. Nothing that it allocates in the last ROUNDS may be alive after them. */
#define ALLOCSCOPE_ASSERT_ZERO_RETAINED_ROUNDS(name, warmup, rounds)                               \
	ALLOCSCOPE_SCOPE_(ALLOCSCOPE_SCOPE,                                                        \
	    allocscope_scope_make_rounds(name, __FILE__, __LINE__, false, warmup, rounds))
#define ALLOCSCOPE_ASSERT_ZERO_RETAINED_ROUNDS_PROCESS(name, warmup, rounds)                       \
	ALLOCSCOPE_SCOPE_(ALLOCSCOPE_SCOPE,                                                        \
	    allocscope_scope_make_rounds(name, __FILE__, __LINE__, true, warmup, rounds))

/* What the calling thread does in the block keeps to the limits that follow NAME: allocscope_max_retained_blocks(N),
 * allocscope_max_retained_bytes(N), allocscope_max_allocs(N), allocscope_max_bytes(N). */
#define ALLOCSCOPE_ASSERT_BUDGET_(scope, limits, name, process, ...)                               \
	for (struct allocscope_limit limits[] = {__VA_ARGS__, {ALLOCSCOPE_LIMIT_NONE, 1}};         \
	     limits[sizeof limits / sizeof limits[0] - 1].most != 0;                               \
	     limits[sizeof limits / sizeof limits[0] - 1].most = 0)                                \
	ALLOCSCOPE_SCOPE_(scope, allocscope_scope_make_budget(name, __FILE__, __LINE__, process,   \
				     limits, sizeof limits / sizeof limits[0]))
#define ALLOCSCOPE_ASSERT_BUDGET(name, ...)                                                        \
	ALLOCSCOPE_ASSERT_BUDGET_(ALLOCSCOPE_SCOPE, ALLOCSCOPE_JOIN(allocscope_limits_, __LINE__), \
	    name, false, __VA_ARGS__)
#define ALLOCSCOPE_ASSERT_BUDGET_PROCESS(name, ...)                                                \
	ALLOCSCOPE_ASSERT_BUDGET_(ALLOCSCOPE_SCOPE, ALLOCSCOPE_JOIN(allocscope_limits_, __LINE__), \
	    name, true, __VA_ARGS__)

#ifdef __cplusplus
}
#endif

#endif
