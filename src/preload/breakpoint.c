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
	uintptr_t address, moved; /* where it goes on */
	breakpoint_handler *handler;
};

static struct breakpoint breakpoints[BREAKPOINTS_MAX];
static atomic_uint breakpoint_count;

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
	unsigned number = atomic_load_explicit(&breakpoint_count, memory_order_relaxed);

	if (number == BREAKPOINTS_MAX)
		return -ENOMEM;
	if (!first_instruction_read(code_at(address), bytes, &instruction))
		return -EILSEQ;
	uint8_t *room = move(address, &instruction);

	if (room == NULL)
		return -ENOMEM;
	breakpoints[number] = (struct breakpoint){address, (uintptr_t)room, handler};
	atomic_store_explicit(&breakpoint_count, number + 1, memory_order_release);
	int result = system_write_code(address, INT3);

	if (result != 0) {
		atomic_store_explicit(&breakpoint_count, number, memory_order_relaxed);
		system_unmap(room, system_page_bytes());
	}
	return result;
}

/* The latest of this address: another library may have been loaded where one was. */
static const struct breakpoint *find(uintptr_t address)
{
	for (unsigned i = atomic_load_explicit(&breakpoint_count, memory_order_acquire); i-- > 0;)
		if (breakpoints[i].address == address)
			return &breakpoints[i];
	return NULL;
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
	const struct breakpoint *breakpoint = find((uintptr_t)registers[REG_RIP] - 1);

	if (breakpoint == NULL)
		return false;
	struct breakpoint_entry entry = {.address = breakpoint->address};

	read_caller(context, &entry.caller);
	/* where the function stands, for those who walk the stack meanwhile */
	registers[REG_RIP] = (greg_t)breakpoint->address;
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

bool breakpoint_hit(void *context)
{
	(void)context;
	return false;
}

#endif
