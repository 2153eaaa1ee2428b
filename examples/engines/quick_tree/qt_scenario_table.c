/*
 * The table: each scenario, its switches, and the numbers that it must give. They are the ledger of README.md; the
 * engine's books, the profiler and this table must agree.
 */
#include "engines/quick_tree/qt_scenario_table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define FLAT(count)                                                                                \
	{                                                                                          \
		.first_allocs = (count), .allocs = (count), .shape = "transient"                   \
	}
#define ONE_TIME(blocks, first, later, root)                                                       \
	{                                                                                          \
		.base = (blocks), .first_allocs = (first), .allocs = (later), .shape = "one-off",  \
		.holder = (root)                                                                   \
	}
/* The blocks of a stale tree die one iteration later: to the profiler that is "deferred". */
#define STALE(blocks, tree, first, later)                                                          \
	{                                                                                          \
		.base = (blocks) + (tree), .first_allocs = (first), .allocs = (later),             \
		.shape = "one-off deferred", .holder = "qt_context_pool"                           \
	}
#define LINEAR(blocks, count, root)                                                                \
	{                                                                                          \
		.per_iteration = (blocks), .first_allocs = (count), .allocs = (count),             \
		.shape = "linear", .holder = (root)                                                \
	}
/* And an entry in a list, or in a table that grows as one. */
#define LISTED(blocks, count, root, capacity)                                                      \
	{                                                                                          \
		.per_iteration = (blocks), .first_allocs = (count), .allocs = (count),             \
		.list_pushes = 1, .list_first_capacity = (capacity), .shape = "linear",            \
		.holder = (root)                                                                   \
	}
#define KEPT(blocks, count) LISTED(blocks, count, "g_retained_roots", QT_ROOTS_FIRST_CAPACITY)

static const struct driver_scenario scenarios[] = {
    {"A1/NameExample", DRIVER_DISPOSED, "model=NameExample", "create, release",
	&qt_create_and_release, FLAT(5)},
    {"A1/Diverse", DRIVER_DISPOSED, "model=Diverse", "create, release", &qt_create_and_release,
	FLAT(24)},
    {"A1/State", DRIVER_DISPOSED, "model=State", "create, release", &qt_create_and_release,
	FLAT(18)},
    {"A1/LargeRoot", DRIVER_DISPOSED, "model=LargeRoot", "create, release", &qt_create_and_release,
	FLAT(4605)},
    {"A1l/NameExample", DRIVER_DISPOSED, "model=NameExample compile=lazy",
	"the first creation compiles the type", &qt_create_and_release,
	ONE_TIME(4, 13, 5, "qt_registry")},
    {"A2/NameExample", DRIVER_LEAKY, "model=NameExample", "create, keep the root",
	&qt_create_and_keep, KEPT(4, 5)},
    {"A2/Diverse", DRIVER_LEAKY, "model=Diverse", "create, keep the root", &qt_create_and_keep,
	KEPT(19, 24)},
    {"A2/State", DRIVER_LEAKY, "model=State", "create, keep the root", &qt_create_and_keep,
	KEPT(12, 18)},
    {"A2/LargeRoot", DRIVER_LEAKY, "model=LargeRoot", "create, keep the root", &qt_create_and_keep,
	KEPT(3420, 4605)},
    {"A3", DRIVER_LEAKY, "model=Diverse", "create, keep one leaf, release the root", &qt_keep_leaf,
	KEPT(19, 24)},
    {"A3f", DRIVER_FIXED, "model=Diverse clear-cache", "the same without the cache of references",
	&qt_keep_leaf, KEPT(17, 24)},
    {"A3x", DRIVER_FIXED, "model=Diverse", "keep a copy of the leaf's name only", &qt_keep_name,
	LISTED(1, 25, "g_retained_names", QT_ROOTS_FIRST_CAPACITY)},
    {"A4/NameExample", DRIVER_POOLED, "model=NameExample pool-ctx", "create, release",
	&qt_create_and_release, ONE_TIME(4, 5, 1, "qt_context_pool")},
    {"A4/Diverse", DRIVER_POOLED, "model=Diverse pool-ctx", "create, release",
	&qt_create_and_release, ONE_TIME(4, 24, 18, "qt_context_pool")},
    {"A4/State", DRIVER_POOLED, "model=State pool-ctx", "create, release", &qt_create_and_release,
	ONE_TIME(5, 18, 13, "qt_context_pool")},
    {"A4/LargeRoot", DRIVER_POOLED, "model=LargeRoot pool-ctx", "create, release",
	&qt_create_and_release, ONE_TIME(5, 4605, 4587, "qt_context_pool")},
    {"A5/NameExample", DRIVER_POOLED, "model=NameExample pool-ctx pool-stale",
	"the pool keeps the last tree", &qt_create_and_release, STALE(4, 1, 5, 1)},
    {"A5/Diverse", DRIVER_POOLED, "model=Diverse pool-ctx pool-stale",
	"the pool keeps the last tree", &qt_create_and_release, STALE(4, 16, 24, 18)},
    {"A5/State", DRIVER_POOLED, "model=State pool-ctx pool-stale", "the pool keeps the last tree",
	&qt_create_and_release, STALE(5, 9, 18, 13)},
    {"A6/NameExample", DRIVER_LEAKY, "model=NameExample strong-parent",
	"create, release: handles in circles", &qt_create_and_lose, LINEAR(4, 5, "nothing")},
    {"A6/Diverse", DRIVER_LEAKY, "model=Diverse strong-parent",
	"create, release: handles in circles", &qt_create_and_lose, LINEAR(19, 24, "nothing")},
    {"A6/State", DRIVER_LEAKY, "model=State strong-parent", "create, release: handles in circles",
	&qt_create_and_lose, LINEAR(12, 18, "nothing")},
    {"A6/LargeRoot", DRIVER_LEAKY, "model=LargeRoot strong-parent",
	"create, release: handles in circles", &qt_create_and_lose, LINEAR(3420, 4605, "nothing")},
    {"A7", DRIVER_LEAKY, "model=NameExample", "register a new type, make and release one instance",
	&qt_register_new, LISTED(7, 11 + 5, "qt_registry", 4)},
    {"A7f", DRIVER_FIXED, "model=NameExample", "register once", &qt_register_once,
	ONE_TIME(8, 11 + 1 + 5, 5, "qt_registry")},
    {"A8", DRIVER_BASELINE, "model=Diverse", "read 10 trees", &qt_read_hot, FLAT(0)},
    {"A9", DRIVER_BASELINE, "model=LargeRoot", "read memoised views", &qt_read_memos,
	ONE_TIME(1, 2, 0, "world_trees")},
    {"A10", DRIVER_DISPOSED, "", "a context alone", &qt_context_alone, FLAT(7)},
    {"A11", DRIVER_DISPOSED, "", "five descriptors alone", &qt_descriptors_alone, FLAT(22)},
    {"A12", DRIVER_DISPOSED, "model=LargeRoot", "a creation that fails", &qt_fail_and_undo,
	FLAT(4542)},
    {"A12l", DRIVER_LEAKY, "model=LargeRoot leak-on-error", "a creation that fails, nothing undone",
	&qt_fail_and_lose, LINEAR(4305, 4542, "nothing")},
    {"A13", DRIVER_LEAKY, "model=Diverse", "keep the snapshot, release the tree", &qt_keep_snapshot,
	LISTED(14, 24 + 14, "g_retained_snapshots", QT_ROOTS_FIRST_CAPACITY)},
};

static const struct driver_switch switches[] = {
    {"model", "NameExample|Diverse|State|LargeRoot", &qt_scenario_model, QT_NAME_EXAMPLE,
	"what is created"},
    {"compile", "eager|lazy", &qt_options.compile_lazily, 0,
	"a type's program: when it is registered, or at its first instance"},
    {"clear-cache", NULL, &qt_options.clear_cache, 0,
	"free the cache of references when a tree is made"},
    {"pool-ctx", NULL, &qt_options.pool_contexts, 0, "use contexts again"},
    {"pool-stale", NULL, &qt_options.pool_stale, 0,
	"with pool-ctx: the pool keeps the last tree until its context is used again"},
    {"inline-desc", NULL, &qt_options.inline_descriptors, 0,
	"descriptors of references stand in their list"},
    {"class-field-actions", "off|on", &qt_options.class_field_actions, 0,
	"a closure per instance for each action that is a field of its class"},
    {"strong-parent", NULL, &qt_options.strong_parents, 0,
	"defect: parents and children hold each other"},
    {"leak-on-error", NULL, &qt_options.leak_on_error, 0,
	"defect: a creation that fails undoes nothing"},
};

const struct driver_engine qt_engine = {
    .ledger = &qt_ledger,
    .scenarios = scenarios,
    .scenario_count = COUNT(scenarios),
    .switches = switches,
    .switch_count = COUNT(switches),
};
