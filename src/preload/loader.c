#include "preload/loader.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "base/compiler.h"

static atomic_bool lock_is_suspect;
/* The lock is recursive, but not for a handler that interrupts its taking: it is taken then, and nobody's. */
static THREAD_LOCAL volatile sig_atomic_t is_inside;

/* glibc 2.35 and later; takes no lock. */
extern int _dl_find_object(void *address, struct dl_find_object *result) __attribute__((weak));

bool loader_lock_is_suspect(void)
{
	return unlikely(atomic_load_explicit(&lock_is_suspect, memory_order_relaxed));
}

void loader_after_fork(void)
{
	atomic_store_explicit(&lock_is_suspect, true, memory_order_relaxed);
}

void loader_lock_is_free(void)
{
	atomic_store_explicit(&lock_is_suspect, false, memory_order_relaxed);
}

void loader_was_left(void)
{
	is_inside = 0;
}

bool loader_visit_all(loader_visitor *visit, void *context)
{
	if (loader_lock_is_suspect() || is_inside)
		return false;
	is_inside = 1;
	(void)dl_iterate_phdr(visit, context);
	is_inside = 0;
	return true;
}

/* As dl_iterate_phdr would describe the object; its counters are left out. */
COLD static void visit_without_lock(uintptr_t address, loader_visitor *visit, void *context)
{
	struct dl_find_object found;
	struct dl_phdr_info info;
	void *pointer = (void *)address; // NOLINT(performance-no-int-to-ptr): a code address

	if (_dl_find_object == NULL || _dl_find_object(pointer, &found) != 0)
		return;
	const ElfW(Ehdr) *header = found.dlfo_map_start;

	if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
		return;
	memset(&info, 0, sizeof info);
	info.dlpi_addr = found.dlfo_link_map->l_addr;
	info.dlpi_name = found.dlfo_link_map->l_name;
	info.dlpi_phdr = (const ElfW(
	    Phdr) *)((uintptr_t)header + header->e_phoff); // NOLINT(performance-no-int-to-ptr): ELF
	info.dlpi_phnum = header->e_phnum;
	(void)visit(&info, offsetof(struct dl_phdr_info, dlpi_adds), context);
}

void loader_visit_for(uintptr_t address, loader_visitor *visit, void *context)
{
	if (!loader_visit_all(visit, context))
		visit_without_lock(address, visit, context);
}
