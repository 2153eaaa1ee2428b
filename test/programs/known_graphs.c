/*
 * Heaps whose reference graphs are known: argv[1] names one. Each is built in a call of its own, whose stack is
 * wiped afterwards, so that only what the case says holds a block; then one snapshot goes to g.snap.
 *
 *   list        g_list -> item -> item -> item                          10 items of 32 bytes
 *   lost_list   the same, and g_list forgotten: one lost directly, 9 behind it
 *   tree        g_tree -> branch (left, right), 3 levels                7 branches of 48 bytes
 *   ring        doubly linked, 5 links of 40 bytes, held from outside by g_ring
 *   lost_ring   the same, forgotten: a cycle that keeps itself alive
 *   table       g_table -> bucket array of 16 -> chains                 40 entries of 24 bytes
 *   hidden      an XOR list: only its two ends are pointers             6 nodes of 32 bytes, 4 hidden
 *   tagged      pointers with low bits set: 3 blocks of 64 bytes behind g_tagged
 *   interior    g_inside points 16 bytes into a block of 100
 *   union       a union holds a pointer in one block and a number in another
 *   shared      two owners hold one block of 200 bytes: neither retains it, the directory of both does
 */
#include <allocscope/allocscope.h>

#include "program.h"

#define NOINLINE __attribute__((noinline))

/* ---- list ---- */

struct item {
	struct item *next;
	long payload[3];
};
struct item *g_list;

NOINLINE struct item *new_item(void)
{
	return calloc(1, sizeof(struct item));
}

NOINLINE static void build_list(void)
{
	for (int i = 0; i < 10; i++) {
		struct item *item = new_item();

		item->next = g_list;
		g_list = item;
	}
}

NOINLINE static void build_lost_list(void)
{
	build_list();
	g_list = NULL;
}

/* ---- tree ---- */

struct branch {
	struct branch *left, *right;
	long payload[4];
};
struct branch *g_tree;

NOINLINE struct branch *new_branch(void)
{
	return calloc(1, sizeof(struct branch));
}

NOINLINE static struct branch *grow(int levels)
{
	struct branch *branch = new_branch();

	if (levels > 1) {
		branch->left = grow(levels - 1);
		branch->right = grow(levels - 1);
	}
	return branch;
}

NOINLINE static void build_tree(void)
{
	g_tree = grow(3);
}

/* ---- ring ---- */

struct link {
	struct link *next, *previous;
	long payload[3];
};
struct link *g_ring;

NOINLINE struct link *new_link(void)
{
	return calloc(1, sizeof(struct link));
}

NOINLINE static void build_ring(void)
{
	struct link *first = new_link();

	first->next = first->previous = first;
	for (int i = 1; i < 5; i++) {
		struct link *link = new_link();

		link->next = first;
		link->previous = first->previous;
		first->previous->next = link;
		first->previous = link;
	}
	g_ring = first;
}

NOINLINE static void build_lost_ring(void)
{
	build_ring();
	g_ring = NULL;
}

/* ---- hash table ---- */

struct entry {
	struct entry *chain;
	long key, value;
};
struct table {
	long count;
	struct entry **buckets;
};
struct table g_table;

NOINLINE struct entry **new_buckets(size_t count)
{
	return calloc(count, sizeof(struct entry *));
}

NOINLINE struct entry *new_entry(void)
{
	return calloc(1, sizeof(struct entry));
}

NOINLINE static void build_table(void)
{
	g_table.buckets = new_buckets(16);
	for (long key = 0; key < 40; key++) {
		struct entry *entry = new_entry();

		entry->key = key;
		entry->chain = g_table.buckets[key % 16];
		g_table.buckets[key % 16] = entry;
		g_table.count++;
	}
}

/* ---- hidden pointers ---- */

struct mixed {
	uintptr_t both; /* address of the one before XOR address of the one behind */
	long payload[3];
};
struct mixed *g_first, *g_last;

NOINLINE struct mixed *new_mixed(void)
{
	return calloc(1, sizeof(struct mixed));
}

NOINLINE static void build_hidden(void)
{
	struct mixed *nodes[6];

	for (int i = 0; i < 6; i++)
		nodes[i] = new_mixed();
	for (int i = 0; i < 6; i++)
		nodes[i]->both =
		    (i > 0 ? (uintptr_t)nodes[i - 1] : 0) ^ (i < 5 ? (uintptr_t)nodes[i + 1] : 0);
	/* at the ends one side is 0, so the other would stand there as it is: mix both with a constant */
	nodes[0]->both ^= 0x5555555555555555;
	nodes[5]->both ^= 0x5555555555555555;
	g_first = nodes[0];
	g_last = nodes[5];
}

/* ---- tagged pointers ---- */

uintptr_t g_tagged[3];

NOINLINE void *new_tagged(void)
{
	return calloc(1, 64);
}

NOINLINE static void build_tagged(void)
{
	for (uintptr_t tag = 1; tag <= 3; tag++)
		g_tagged[tag - 1] = (uintptr_t)new_tagged() | tag;
}

/* ---- interior ---- */

char *g_inside;

NOINLINE char *new_buffer(void)
{
	return calloc(1, 100);
}

NOINLINE static void build_interior(void)
{
	g_inside = new_buffer() + 16;
}

/* ---- union ---- */

union value {
	long number;
	void *pointer;
};
struct cell {
	long kind;
	union value value;
};
struct cell *g_cells[2];

NOINLINE struct cell *new_cell(void)
{
	return calloc(1, sizeof(struct cell));
}

NOINLINE void *new_pointed(void)
{
	return calloc(1, 72);
}

NOINLINE static void build_union(void)
{
	g_cells[0] = new_cell();
	g_cells[1] = new_cell();
	g_cells[0]->value.pointer = new_pointed();
	g_cells[1]->kind = 1;
	g_cells[1]->value.number = 4711;
}

/* ---- two owners ---- */

struct owner {
	void *shared;
};
struct directory {
	struct owner *first, *second;
};
struct directory *g_directory;

NOINLINE void *new_shared(void)
{
	return calloc(1, 200);
}

NOINLINE struct owner *new_owner(void)
{
	return calloc(1, 40);
}

NOINLINE struct directory *new_directory(void)
{
	return calloc(1, sizeof(struct directory));
}

NOINLINE static void build_shared(void)
{
	g_directory = new_directory();
	g_directory->first = new_owner();
	g_directory->second = new_owner();
	g_directory->first->shared = g_directory->second->shared = new_shared();
}

/* Old frames are gone, and registers hold nothing that a case made. */
NOINLINE static void wipe_stack(void)
{
	volatile char bytes[16384];

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*build)(void);
	} cases[] = {{"list", build_list}, {"lost_list", build_lost_list}, {"tree", build_tree},
	    {"ring", build_ring}, {"lost_ring", build_lost_ring}, {"table", build_table},
	    {"hidden", build_hidden}, {"tagged", build_tagged}, {"interior", build_interior},
	    {"union", build_union}, {"shared", build_shared}};

	CHECK(argc == 2);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if (strcmp(cases[i].name, argv[1]) == 0)
			cases[i].build();
	wipe_stack();
	CHECK(allocscope_snapshot("g.snap") == (allocscope_active() ? 0 : -ENOSYS));
	say("built");
	return 0;
}
