#include "preload/modules.h"

#include <elf.h>
#include <link.h>
#include <string.h>

#include "base/spin_lock.h"
#include "base/system_call.h"
#include "preload/arena.h"
#include "preload/loader.h"
#include "preload/system.h"
#include "preload/unwind_rules.h"

atomic_bool modules_reused;
atomic_uint modules_generation;

static struct module *_Atomic rows[MODULES_MAX]; /* row 0 stays NULL */
static atomic_uint row_count = 1;
static struct spin_lock
    refresh_lock; /* only tried, never waited for: it is held while the loader is asked */
static atomic_uint_least64_t seen_adds, seen_subs;
static uint32_t last_serial;
static uintptr_t self_start, self_end;
/* All addresses where something was unloaded lie in [unloaded_low, unloaded_high). */
static atomic_uintptr_t unloaded_low = UINTPTR_MAX, unloaded_high;

uint32_t modules_count(void)
{
	return atomic_load_explicit(&row_count, memory_order_acquire);
}

const struct module *modules_get(uint32_t row)
{
	return atomic_load_explicit(&rows[row], memory_order_acquire);
}

const char *modules_own_path(void)
{
	for (uint32_t row = 1; row < modules_count(); row++)
		if (modules_get(row)->is_self)
			return modules_get(row)->path;
	return "";
}

bool modules_is_self(uintptr_t address)
{
	return address - self_start < self_end - self_start;
}

static void read_build_id(const struct dl_phdr_info *info, struct module *module)
{
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];

		if (segment->p_type != PT_NOTE)
			continue;
		const char *at =
		    (const char *)(info->dlpi_addr +
				   segment->p_vaddr); // NOLINT(performance-no-int-to-ptr): ELF
		const char *end = at + segment->p_memsz;

		while (end - at >= (ptrdiff_t)sizeof(ElfW(Nhdr))) {
			ElfW(Nhdr) note;

			memcpy(&note, at, sizeof note);
			const char *name = at + sizeof note;
			const char *text = name + ((note.n_namesz + 3) & ~3u);

			if (text + note.n_descsz > end)
				break;
			if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
			    memcmp(name, "GNU", 4) == 0 && note.n_descsz <= MODULE_BUILD_ID_BYTES) {
				memcpy(module->build_id, text, note.n_descsz);
				module->build_id_bytes = note.n_descsz;
				return;
			}
			at = text + ((note.n_descsz + 3) & ~3u);
		}
	}
}

static void read_path(const struct dl_phdr_info *info, struct module *module)
{
	const char *name = info->dlpi_name;

	if (name != NULL && name[0] != '\0') {
		size_t bytes = strlen(name);

		if (bytes >= MODULE_PATH_BYTES)
			bytes = MODULE_PATH_BYTES - 1;
		memcpy(module->path, name, bytes);
		return;
	}
	if (!module->is_main)
		return;
	long length = system_call(SYS_readlinkat, -100 /* AT_FDCWD */, "/proc/self/exe",
	    module->path, MODULE_PATH_BYTES - 1);

	if (length < 0)
		module->path[0] = '\0';
}

static void read_range(const struct dl_phdr_info *info, uintptr_t *ret_start, uintptr_t *ret_end)
{
	*ret_start = UINTPTR_MAX;
	*ret_end = 0;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];

		if (segment->p_type != PT_LOAD)
			continue;
		uintptr_t start = info->dlpi_addr + segment->p_vaddr;

		if (start < *ret_start)
			*ret_start = start;
		if (start + segment->p_memsz > *ret_end)
			*ret_end = start + segment->p_memsz;
	}
}

static bool same_module(const struct module *a, const struct module *b)
{
	return a->start == b->start && a->end == b->end && a->build_id_bytes == b->build_id_bytes &&
	       memcmp(a->build_id, b->build_id, a->build_id_bytes) == 0 &&
	       strcmp(a->path, b->path) == 0;
}

static uint64_t seen[MODULES_MAX / 64]; /* rows met in this refresh; under refresh_lock */
static bool is_first_object;
static struct module candidate; /* large: not on the host's stack; under refresh_lock */

/* MODULE stands, partly, where another one stood that is gone. */
static bool overlaps_unloaded(const struct module *module, uint32_t count)
{
	for (uint32_t row = 1; row < count; row++) {
		const struct module *old = modules_get(row);

		if (atomic_load_explicit(&old->unloaded, memory_order_relaxed) &&
		    old->start < module->end && module->start < old->end)
			return true;
	}
	return false;
}

static void add_candidate(uint32_t count)
{
	if (count == MODULES_MAX)
		return;
	struct module *fresh = arena_small(sizeof *fresh, ARENA_MODULES);

	if (fresh == NULL)
		return;
	candidate.load_serial = ++last_serial;
	memcpy(fresh, &candidate, sizeof candidate);
	seen[count / 64] |= (uint64_t)1 << count % 64;
	atomic_store_explicit(&rows[count], fresh, memory_order_release);
	atomic_store_explicit(&row_count, count + 1, memory_order_release);
}

static int visit(struct dl_phdr_info *info, size_t bytes, void *context)
{
	uint32_t count = modules_count();

	(void)context;
	if (bytes >= offsetof(struct dl_phdr_info, dlpi_subs) + sizeof info->dlpi_subs) {
		atomic_store_explicit(&seen_adds, info->dlpi_adds, memory_order_relaxed);
		atomic_store_explicit(&seen_subs, info->dlpi_subs, memory_order_relaxed);
	}
	memset(&candidate, 0, sizeof candidate);
	candidate.is_main = is_first_object;
	is_first_object = false;
	candidate.bias = info->dlpi_addr;
	read_range(info, &candidate.start, &candidate.end);
	if (candidate.end == 0)
		return 0;
	read_path(info, &candidate);
	read_build_id(info, &candidate);
	candidate.is_self =
	    (uintptr_t)&modules_refresh - candidate.start < candidate.end - candidate.start;
	if (candidate.is_self) {
		self_start = candidate.start;
		self_end = candidate.end;
	}
	/* the newest row with this range wins; an unloaded one that came back is the same module again */
	for (uint32_t row = count; row-- > 1;) {
		struct module *known = atomic_load_explicit(&rows[row], memory_order_relaxed);

		if (!same_module(known, &candidate))
			continue;
		bool newest = true;

		for (uint32_t later = row + 1; later < count; later++) {
			const struct module *other = modules_get(later);

			newest =
			    newest && (other->end <= known->start || known->end <= other->start);
		}
		if (!newest)
			break;
		atomic_store_explicit(&known->unloaded, false, memory_order_relaxed);
		seen[row / 64] |= (uint64_t)1 << row % 64;
		return 0;
	}
	add_candidate(count);
	return 0;
}

static void note_unloaded(struct module *module)
{
	unwind_rules_forget(module->start, module->end);
	atomic_fetch_add_explicit(&modules_generation, 1, memory_order_release);
	atomic_store_explicit(&module->unloaded, true, memory_order_relaxed);
	if (module->start < atomic_load_explicit(&unloaded_low, memory_order_relaxed))
		atomic_store_explicit(&unloaded_low, module->start, memory_order_relaxed);
	if (module->end > atomic_load_explicit(&unloaded_high, memory_order_relaxed))
		atomic_store_explicit(&unloaded_high, module->end, memory_order_release);
}

/* Rows below BEFORE that the loader did not name. */
static void note_all_unloaded(uint32_t before)
{
	for (uint32_t row = 1; row < before; row++) {
		struct module *module = atomic_load_explicit(&rows[row], memory_order_relaxed);

		if ((seen[row / 64] >> row % 64 & 1) == 0 &&
		    !atomic_load_explicit(&module->unloaded, memory_order_relaxed))
			note_unloaded(module);
	}
}

/* Rows from BEFORE on. */
static void note_newcomers(uint32_t before)
{
	/* a newcomer may stand where something went in the meantime */
	for (uint32_t fresh = before; fresh < modules_count(); fresh++)
		if (overlaps_unloaded(modules_get(fresh), before))
			atomic_store_explicit(&modules_reused, true, memory_order_release);
	for (uint32_t fresh = before; fresh < modules_count(); fresh++)
		if (unwind_rules_replace(modules_get(fresh)->start, modules_get(fresh)->end))
			atomic_fetch_add_explicit(&modules_generation, 1, memory_order_release);
}

/*
 * dl_iterate_phdr takes the loader's list lock; whoever holds that one never waits for us. A handler that
 * interrupted a refresh finds the lock taken and does without.
 */
void modules_refresh(void)
{
	if (!spin_lock_try(&refresh_lock))
		return;
	memset(seen, 0, sizeof seen);
	is_first_object = true;
	uint32_t before = modules_count();

	if (loader_visit_all(visit, NULL)) {
		note_all_unloaded(before);
		note_newcomers(before);
	}
	spin_lock_release(&refresh_lock);
}

void modules_after_fork(bool parent_was_threaded)
{
	if (parent_was_threaded)
		loader_after_fork();
	spin_lock_release(&refresh_lock);
}

static int first_only(struct dl_phdr_info *info, size_t bytes, void *context)
{
	uint64_t *counts = context;

	if (bytes >= offsetof(struct dl_phdr_info, dlpi_subs) + sizeof info->dlpi_subs) {
		counts[0] = info->dlpi_adds;
		counts[1] = info->dlpi_subs;
	}
	return 1;
}

void modules_refresh_if_changed(void)
{
	uint64_t counts[2] = {0, 0};

	if (!loader_visit_all(first_only, counts))
		return;
	if (counts[0] != atomic_load_explicit(&seen_adds, memory_order_relaxed) ||
	    counts[1] != atomic_load_explicit(&seen_subs, memory_order_relaxed))
		modules_refresh();
}

static bool holds(uint32_t row, uintptr_t address)
{
	const struct module *module = modules_get(row);

	return address - module->start < module->end - module->start &&
	       !atomic_load_explicit(&module->unloaded, memory_order_relaxed);
}

static uint32_t find_known(uintptr_t address)
{
	static atomic_uint last_found; /* frames come in runs of one module */
	uint32_t last = atomic_load_explicit(&last_found, memory_order_relaxed);

	if (last != 0 && holds(last, address))
		return last;
	for (uint32_t row = modules_count(); row-- > 1;) {
		if (!holds(row, address))
			continue;
		atomic_store_explicit(&last_found, row, memory_order_relaxed);
		return row;
	}
	return 0;
}

uint32_t modules_find(uintptr_t address)
{
	uint32_t row = find_known(address);

	/* a forked child cannot ask for the whole list, so it asks for each newcomer */
	if (row != 0 || !loader_lock_is_suspect() || !spin_lock_try(&refresh_lock))
		return row;
	is_first_object = false;
	loader_visit_for(address, visit, NULL);
	spin_lock_release(&refresh_lock);
	return find_known(address);
}

bool modules_any_unloaded(const uintptr_t *frames, size_t count)
{
	uintptr_t high = atomic_load_explicit(&unloaded_high, memory_order_acquire);
	uintptr_t low = atomic_load_explicit(&unloaded_low, memory_order_relaxed);

	if (high == 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (frames[i] - low >= high - low)
			continue;
		uint32_t row = modules_find(frames[i]);

		if (row == 0)
			return true;
	}
	return false;
}

uint64_t modules_distinguish(uintptr_t address)
{
	uint32_t row = modules_find(address);

	if (row == 0)
		return address;
	const struct module *module = modules_get(row);

	for (uint32_t older = 1; older < row; older++) {
		const struct module *old = modules_get(older);

		if (old->start < module->end && module->start < old->end)
			return address | (uint64_t)module->load_serial << 48;
	}
	return address;
}
