#include "preload/graph_classes.h"

#include <errno.h>
#include <string.h>

#include "base/compiler.h"
#include "preload/arena.h"
#include "preload/memory_map.h"
#include "preload/modules.h"

#ifdef ALLOCSCOPE_STRESS
#	define SLOTS_FIRST 4u
#else
#	define SLOTS_FIRST 1024u
#endif
#define WORD_BYTES 8u
#define HASH_RATIO 0x9e3779b97f4a7c15u /* Fibonacci hashing: 2^64 by the golden ratio */

/* An address that was asked for: its table, or 0 when it is none. */
struct slot {
	uint64_t address; /* 0: free */
	uint32_t table, reserved;
};

uint64_t graph_class_regions[LIVE_REGIONS / 64];
static struct slot *slots;
static size_t slot_count, slots_used;
static struct snapshot_virtual_table *tables; /* row 0 stays empty; half as many as slots */
static size_t table_count;
static uint32_t *of_blocks; /* by block */
static size_t block_count;
static bool is_short; /* of memory */

static bool is_constant(const struct memory_area *area)
{
	return (area->flags & (MEMORY_READABLE | MEMORY_WRITABLE | MEMORY_SHARED | MEMORY_DEVICE |
				  MEMORY_SPECIAL)) == MEMORY_READABLE;
}

static void note_regions(void)
{
	memset(graph_class_regions, 0, sizeof graph_class_regions);
	for (size_t i = 0; i < memory_map_count(); i++) {
		const struct memory_area *area = memory_map_get(i);

		if (!is_constant(area))
			continue;
		for (uintptr_t region = area->start >> LIVE_REGION_BITS;
		     region <= (area->end - 1) >> LIVE_REGION_BITS && region < LIVE_REGIONS;
		     region++)
			graph_class_regions[region / 64] |= (uint64_t)1 << region % 64;
	}
}

static struct slot *slot_of(struct slot *table, size_t count, uint64_t address)
{
	size_t at = (size_t)(address * HASH_RATIO >> 32) & (count - 1);

	while (table[at].address != 0 && table[at].address != address)
		at = (at + 1) & (count - 1);
	return &table[at];
}

static bool grow(void)
{
	size_t count = slot_count == 0 ? SLOTS_FIRST : 2 * slot_count;
	struct slot *larger = arena_map(count * sizeof *larger, ARENA_BUFFERS);
	struct snapshot_virtual_table *rows = arena_map(count / 2 * sizeof *rows, ARENA_BUFFERS);

	if (larger == NULL || rows == NULL) {
		arena_unmap(larger, count * sizeof *larger, ARENA_BUFFERS);
		arena_unmap(rows, count / 2 * sizeof *rows, ARENA_BUFFERS);
		return false;
	}
	for (size_t i = 0; i < slot_count; i++)
		if (slots[i].address != 0)
			*slot_of(larger, count, slots[i].address) = slots[i];
	if (tables != NULL)
		memcpy(rows, tables, table_count * sizeof *rows);
	arena_unmap(slots, slot_count * sizeof *slots, ARENA_BUFFERS);
	arena_unmap(tables, slot_count / 2 * sizeof *tables, ARENA_BUFFERS);
	slots = larger;
	tables = rows;
	slot_count = count;
	return true;
}

int graph_classes_begin(size_t blocks)
{
	note_regions();
	is_short = false;
	slots_used = 0;
	table_count = 1;
	block_count = blocks;
	of_blocks = arena_map((blocks + 1) * sizeof *of_blocks, ARENA_BUFFERS);
	return of_blocks != NULL && grow() ? 0 : -ENOMEM;
}

void graph_classes_release(void)
{
	arena_unmap(slots, slot_count * sizeof *slots, ARENA_BUFFERS);
	arena_unmap(tables, slot_count / 2 * sizeof *tables, ARENA_BUFFERS);
	arena_unmap(of_blocks, (block_count + 1) * sizeof *of_blocks, ARENA_BUFFERS);
	slots = NULL;
	tables = NULL;
	of_blocks = NULL;
	slot_count = table_count = block_count = 0;
}

/* The row of the module whose virtual table begins at ADDRESS in AREA, 0 when none seems to. */
static uint32_t module_of_table(const struct memory_area *area, uint64_t address)
{
	uint64_t to_start, type;

	if (address - area->start < 2 * WORD_BYTES || area->end - address < WORD_BYTES)
		return 0;
	uint32_t module = modules_find(address);

	if (module == 0 || !memory_word(address - 2 * WORD_BYTES, &to_start) ||
	    !memory_word(address - WORD_BYTES, &type))
		return 0;
	return to_start == 0 && (type == 0 || modules_find(type) != 0) ? module : 0;
}

/* An address that is new: its table, or 0. */
COLD static uint32_t ask(uint64_t address)
{
	const struct memory_area *area = memory_map_find(address);

	/* a heap may share the region; its addresses are too many to be kept */
	if (area == NULL || !is_constant(area))
		return 0;
	/* one slot is always free, and so is a row */
	if (slots_used + 1 >= slot_count / 2 && !grow()) {
		is_short = true;
		return 0;
	}
	struct slot *slot = slot_of(slots, slot_count, address);
	uint32_t module = module_of_table(area, address);

	*slot = (struct slot){.address = address};
	slots_used++;
	if (module == 0)
		return 0;
	tables[table_count] = (struct snapshot_virtual_table){.address = address, .module = module};
	slot->table = (uint32_t)table_count++;
	return slot->table;
}

void graph_classes_note(size_t row, uint64_t word)
{
	const struct slot *slot = slot_of(slots, slot_count, word);

	of_blocks[row] = slot->address != 0 ? slot->table : ask(word);
}

bool graph_classes_are_all(void)
{
	return !is_short;
}

const struct snapshot_virtual_table *graph_classes_get(
    size_t *ret_count, const uint32_t **ret_of_blocks)
{
	if (table_count <= 1)
		return NULL;
	*ret_count = table_count;
	*ret_of_blocks = of_blocks;
	return tables;
}
