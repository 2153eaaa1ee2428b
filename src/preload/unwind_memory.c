#include "preload/unwind_memory.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/uio.h>

#include "base/system_call.h"
#include "preload/machine.h"
#include "preload/system.h"

#define PAGE_BYTES    4096u /* the smallest page: a larger one is asked for several times */
#define PROBE_BYTES   8u    /* what the kernel reads: a signal set */
#define STACK_PAGES   4096u /* most that are asked for to find or widen a stack: 16 MB */
#define FRAME_PAGES   64u   /* most between two frames on a stack that is not known */
#define TRIES_MAX     64u   /* to find it: a thread may allocate first on another stack */
#define ADDRESS_MAX   ((uintptr_t)1 << MACHINE_ADDRESS_BITS)
#define PAGE(address) ((address) & ~(uintptr_t)(PAGE_BYTES - 1))
#define NO_SUCH_HOW   0x7fffffff
#define DISTANCE_MAX  ((uintptr_t)STACK_PAGES * PAGE_BYTES)

static atomic_uintptr_t main_stack_high; /* the kernel's data above the first thread's frames */

/* rt_sigprocmask reads the set first and then finds that HOW means nothing: EFAULT or EINVAL, no other effect. */
static bool is_readable(uintptr_t address)
{
	return address < ADDRESS_MAX &&
	       system_call(SYS_rt_sigprocmask, NO_SUCH_HOW, address, NULL, PROBE_BYTES) == -EINVAL;
}

bool unwind_memory_init(void)
{
	static const char readable[PROBE_BYTES];

	atomic_store_explicit(&main_stack_high, getauxval(AT_RANDOM), memory_order_relaxed);
	return is_readable((uintptr_t)readable) && !is_readable(0);
}

void unwind_memory_reset(struct unwind_memory *memory)
{
	memory->own_high = 0;
	memory->own_low = memory->own_floor = 0;
	memory->tries = 0;
	unwind_memory_begin(memory);
}

/* All pages of [low, high); from the top, so that a guard page is met at once. */
static bool are_readable(uintptr_t low, uintptr_t high, uintptr_t *ret_unreadable)
{
	for (uintptr_t page = PAGE(high - 1);; page -= PAGE_BYTES) {
		if (!is_readable(page)) {
			*ret_unreadable = page;
			return false;
		}
		if (page <= low)
			return true;
	}
}

/*
 * The end of the calling thread's stack, if SP may lie in it. The C library puts a thread's control block, to
 * which the thread register points, at the end of its stack; above the first thread's frames lie the arguments.
 */
static uintptr_t high_end(uintptr_t sp)
{
	uintptr_t high = system_thread_id() == system_process_id()
			     ? atomic_load_explicit(&main_stack_high, memory_order_relaxed)
			     : (uintptr_t)__builtin_thread_pointer();

	return high > sp && high - sp <= DISTANCE_MAX ? high & ~(uintptr_t)7 : 0;
}

static bool find(struct unwind_memory *memory, uintptr_t sp)
{
	uintptr_t unreadable;
	uintptr_t high;

	if (memory->tries == TRIES_MAX)
		return false;
	memory->tries++;
	high = high_end(sp);
	if (high == 0 || !are_readable(PAGE(sp), high, &unreadable))
		return false;
	memory->own_floor = high - DISTANCE_MAX;
	memory->own_low = PAGE(sp);
	/* last: a signal handler that finds it finds the rest too */
	atomic_signal_fence(memory_order_seq_cst);
	memory->own_high = high;
	return true;
}

COLD bool unwind_memory_own_slow(struct unwind_memory *memory, uintptr_t sp)
{
	uintptr_t unreadable;

	if (memory->own_high == 0)
		return find(memory, sp);
	if (sp >= memory->own_low || sp < memory->own_floor)
		return false;
	if (!are_readable(PAGE(sp), memory->own_low, &unreadable)) {
		memory->own_floor = unreadable + PAGE_BYTES; /* a guard page: they stay */
		return false;
	}
	memory->own_low = PAGE(sp);
	return true;
}

static bool ask_page(struct unwind_memory *memory, uintptr_t page)
{
	if (page - memory->window_low < memory->window_high - memory->window_low)
		return true;
	if (!is_readable(page))
		return false;
	if (page == memory->window_high) {
		memory->window_high += PAGE_BYTES;
	} else {
		memory->window_low = page;
		memory->window_high = page + PAGE_BYTES;
	}
	return true;
}

COLD bool unwind_memory_ask(struct unwind_memory *memory, uintptr_t address, size_t bytes)
{
	uintptr_t last = address + bytes - 1;

	if (address >= ADDRESS_MAX)
		return false;
	for (uintptr_t page = PAGE(address); page <= last; page += PAGE_BYTES)
		if (!(unwind_memory_is_own(memory, page) &&
			memory->own_high - page >= PAGE_BYTES) &&
		    !ask_page(memory, page))
			return false;
	return true;
}

bool unwind_memory_is_one_stack(struct unwind_memory *memory, uintptr_t low, uintptr_t high)
{
	bool is_own = unwind_memory_is_own(memory, low);

	if (is_own || unwind_memory_is_own(memory, high))
		return is_own && unwind_memory_is_own(memory, high);
	return low <= high && high - low <= FRAME_PAGES * PAGE_BYTES &&
	       unwind_memory_ask(memory, low, high - low + 1);
}

/* Where there is no process_vm_readv (emulated kernels): what is readable now is taken to stay so. */
static bool copy_readable(uintptr_t address, void *buffer, size_t bytes)
{
	if (!is_readable(address) || !is_readable(address + bytes - 1))
		return false;
	memcpy(buffer, (const void *)address, bytes); // NOLINT(performance-no-int-to-ptr): code
	return true;
}

bool unwind_memory_copy(uintptr_t address, void *buffer, size_t bytes)
{
	struct iovec local = {.iov_base = buffer, .iov_len = bytes};
	struct iovec remote = {
	    .iov_base = (void *)address, // NOLINT(performance-no-int-to-ptr): not ours to own
	    .iov_len = bytes,
	};

	if (address >= ADDRESS_MAX)
		return false;
	long copied =
	    system_call(SYS_process_vm_readv, system_process_id(), &local, 1, &remote, 1, 0);

	return copied == -ENOSYS ? copy_readable(address, buffer, bytes) : copied == (long)bytes;
}
