#include "preload/breakpoint.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "preload/first_instruction.h"
#include "preload/machine.h"
#include "preload/system.h"

#if defined(__x86_64__)

#	include <ucontext.h>

#	define INT3 0xcc

struct breakpoint {
	atomic_uintptr_t address; /* 0: free */
	uintptr_t moved;	  /* where it goes on */
	breakpoint_handler *handler;
};

static struct breakpoint breakpoints[BREAKPOINTS_MAX];

static struct breakpoint *find(uintptr_t address)
{
	for (unsigned i = 0; i < BREAKPOINTS_MAX; i++)
		if (atomic_load_explicit(&breakpoints[i].address, memory_order_acquire) == address)
			return &breakpoints[i];
	return NULL;
}

static const uint8_t *code_at(uintptr_t address)
{
	return (const uint8_t *)address; // NOLINT(performance-no-int-to-ptr): code
}

/* The page that takes the instruction, or NULL. */
static uint8_t *move(uintptr_t address, const struct first_instruction *instruction)
{
	size_t page = system_page_bytes();
	uint8_t *room = system_map_near(address, page);

	if (room == NULL)
		return NULL;
	if (first_instruction_place(
		instruction, code_at(address), address, (uintptr_t)room, room) &&
	    system_make_code(room, page) == 0)
		return room;
	system_unmap(room, page);
	return NULL;
}

int breakpoint_set(uintptr_t address, size_t bytes, breakpoint_handler *handler)
{
	struct first_instruction instruction;
	struct breakpoint *free_one = find(0);

	if (free_one == NULL)
		return -ENOMEM;
	if (!first_instruction_read(code_at(address), bytes, &instruction))
		return -EILSEQ;
	uint8_t *room = move(address, &instruction);

	if (room == NULL)
		return -ENOMEM;
	free_one->moved = (uintptr_t)room;
	free_one->handler = handler;
	atomic_store_explicit(&free_one->address, address, memory_order_release);
	int result = system_write_code(address, INT3);

	if (result != 0)
		breakpoint_forget(address);
	return result;
}

void breakpoint_forget(uintptr_t address)
{
	struct breakpoint *breakpoint = find(address);

	if (breakpoint == NULL)
		return;
	atomic_store_explicit(&breakpoint->address, 0, memory_order_relaxed);
	system_unmap((void *)breakpoint->moved, // NOLINT(performance-no-int-to-ptr): a page of ours
	    system_page_bytes());
}

/* The return address lies where the stack pointer points to. */
static void read_caller(const void *context, struct cfi_registers *ret_caller)
{
	size_t count;
	const struct machine_saved *saved = machine_signal_frame(&count);

	for (size_t i = 0; i < count; i++) {
		memcpy(&ret_caller->value[saved[i].column], (const char *)context + saved[i].offset,
		    sizeof(uintptr_t));
		ret_caller->known |= CFI_BIT(saved[i].column);
	}
	memcpy(&ret_caller->value[EH_PC], code_at(ret_caller->value[EH_SP]), sizeof(uintptr_t));
	ret_caller->value[EH_SP] += sizeof(uintptr_t);
}

bool breakpoint_hit(void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
	uintptr_t address = (uintptr_t)registers[REG_RIP] - 1;
	const struct breakpoint *breakpoint = find(address);

	if (breakpoint == NULL)
		return false;
	struct breakpoint_entry entry = {.address = address};

	read_caller(context, &entry.caller);
	/* where the function stands, for those who walk the stack meanwhile */
	registers[REG_RIP] = (greg_t)address;
	breakpoint->handler(&entry);
	registers[REG_RIP] = (greg_t)breakpoint->moved;
	return true;
}

#else

int breakpoint_set(uintptr_t address, size_t bytes, breakpoint_handler *handler)
{
	(void)address;
	(void)bytes;
	(void)handler;
	return -ENOTSUP;
}

void breakpoint_forget(uintptr_t address)
{
	(void)address;
}

bool breakpoint_hit(void *context)
{
	(void)context;
	return false;
}

#endif
