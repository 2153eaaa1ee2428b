/*
 * The objects loaded into the process, past and present: a frame keeps the row of the module that was there
 * when its stack was first seen, whatever is loaded at that address later. Rows are never removed.
 */
#ifndef PRELOAD_MODULES_H
#define PRELOAD_MODULES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODULES_MAX	      8192
#define MODULE_PATH_BYTES     512
#define MODULE_BUILD_ID_BYTES 32

struct module {
	uintptr_t start, end, bias;
	uint32_t load_serial;
	atomic_bool unloaded;
	bool is_main, is_self;
	uint8_t build_id[MODULE_BUILD_ID_BYTES];
	uint32_t build_id_bytes;
	char path[MODULE_PATH_BYTES];
};

/* Set when a module was loaded over the addresses of another, unloaded one: equal addresses no longer mean equal
 * code, and cached unwind rules no longer hold. */
extern atomic_bool modules_reused;
/* Rises after code went away, or came where other code may have been seen: kept stacks no longer hold. The rules of
 * unwind_rules.h for these addresses are gone by then. */
extern atomic_uint modules_generation;

/* Compare the list with what is loaded now. Takes the loader's list lock for a moment and none of ours. */
void modules_refresh(void);
/*
 * In a forked child: whoever was refreshing is not in this process. PARENT_WAS_THREADED: another thread may have
 * held the loader's lock, which nobody gives back here: newcomers are asked for one by one (loader.h).
 */
void modules_after_fork(bool parent_was_threaded);
/* The same as modules_refresh, if the loader's counters say that anything changed. */
void modules_refresh_if_changed(void);
/* Row of the module that holds ADDRESS now, 0 when none. Row 0 is reserved. */
uint32_t modules_find(uintptr_t address);
/* Some address of FRAMES lies where a module was unloaded: the list must be refreshed before they are named. */
bool modules_any_unloaded(const uintptr_t *frames, size_t count);
/* ADDRESS, marked with the load serial of its module when that module stands where another one stood. */
uint64_t modules_distinguish(uintptr_t address);
/* True for code of this library. */
bool modules_is_self(uintptr_t address);
/* Where this library was loaded from, or "". */
const char *modules_own_path(void);

uint32_t modules_count(void); /* rows, row 0 included */
const struct module *modules_get(uint32_t row);

#endif
