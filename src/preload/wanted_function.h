/*
 * A function by its name, exported or local, in what is loaded: its entries, and the code that belongs to it. The first
 * object in load order that has it counts, the program before its libraries. All functions are looked at that the file, or
 * its debug file by build-id, tells of (.symtab), and for a stripped one those that it exports.
 *
 * One name may stand for several entries: a local function of several files, copies that the compiler made (parse.isra.0,
 * parse.constprop.0), overloads. C++ functions go by their mangled name, or by their qualified name without parameters
 * (app::parse). Parts that are never entered (parse.cold, parse.part.0) belong to the code.
 */
#ifndef PRELOAD_WANTED_FUNCTION_H
#define PRELOAD_WANTED_FUNCTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WANTED_ENTRIES_MAX 8
#define WANTED_RANGES_MAX  32
#define WANTED_NAME_BYTES  64

struct wanted_range {
	uintptr_t start, end;
};

struct wanted_function {
	struct wanted_range entries[WANTED_ENTRIES_MAX]; /* end: of its code */
	struct wanted_range ranges[WANTED_RANGES_MAX];	 /* all of its code */
	uint32_t entry_count, range_count;
	uint32_t left_out;		 /* that had no room */
	bool is_chosen_late;		 /* it stands for another one, which is chosen at load */
	char nearest[WANTED_NAME_BYTES]; /* a name that is much like it, or "" */
};

/* Search the modules from row FIRST on; *RET_NEXT: the row after the last. False: none of them has NAME. */
bool wanted_function_find(
    const char *name, uint32_t first, struct wanted_function *ret_function, uint32_t *ret_next);

/* A call that returns to ADDRESS was made by the function. */
static inline bool wanted_function_called(const struct wanted_function *function, uintptr_t address)
{
	for (uint32_t i = 0; i < function->range_count; i++)
		if (address > function->ranges[i].start && address <= function->ranges[i].end)
			return true;
	return false;
}

#endif
