#include "preload/machine.h"

#if defined(__aarch64__)

#	include <signal.h>
#	include <string.h>
#	include <ucontext.h>

bool machine_ends_with_call(const uint8_t code[MACHINE_CODE_BYTES])
{
	uint32_t last;

	memcpy(&last, code + MACHINE_CODE_BYTES - sizeof last, sizeof last);
	return (last & 0xfc000000) == 0x94000000 || /* bl */
	       (last & 0xfffffc1f) == 0xd63f0000 || /* blr */
	       (last & 0xfffff81f) == 0xd63f081f || /* blraaz, blrabz */
	       (last & 0xfffff800) == 0xd73f0800;   /* blraa, blrab */
}

static uint32_t instruction_at(const uint8_t *code, size_t number)
{
	uint32_t word;

	memcpy(&word, code + number * sizeof word, sizeof word);
	return word;
}

/* [bti c]; adrp x16, page; ldr x17, [x16, n]; add x16, x16, n; [autia1716]; br x17 */
bool machine_is_stub(const uint8_t code[2 * MACHINE_STUB_BYTES])
{
	const size_t pc = MACHINE_STUB_BYTES / 4, end = 2 * pc;
	size_t at = pc;

	if (instruction_at(code, at) == 0xd503245f)
		at++;
	/* back to its first word, if that is not where we stand */
	while (at > pc - 5 && (instruction_at(code, at) & 0x9f00001f) != 0x90000010)
		at--;
	if (at + 5 > end || (instruction_at(code, at) & 0x9f00001f) != 0x90000010 ||
	    (instruction_at(code, at + 1) & 0xffc003ff) != 0xf9400211 ||
	    (instruction_at(code, at + 2) & 0xff8003ff) != 0x91000210)
		return false;
	at += 3;
	if (instruction_at(code, at) == 0xd503219f)
		at++;
	return instruction_at(code, at) == 0xd61f0220 && at >= pc;
}

/* mov x8, 139; svc 0 */
const uint8_t *machine_signal_return(size_t *ret_bytes)
{
	static const uint8_t code[] = {0x68, 0x11, 0x80, 0xd2, 0x01, 0, 0, 0xd4};

	*ret_bytes = sizeof code;
	return code;
}

_Static_assert(sizeof(siginfo_t) == MACHINE_CONTEXT_OFFSET, "the signal frame of the kernel");
#	define PLACE(member) (uint16_t) offsetof(ucontext_t, uc_mcontext.member)

/* x0 to x30, sp and pc follow each other. */
const struct machine_saved *machine_signal_frame(size_t *ret_count)
{
#	define SAVED(column)                                                                      \
		{                                                                                  \
			column, PLACE(regs) + 8 * (column)                                         \
		}
#	define SAVED4(column)                                                                     \
		SAVED(column), SAVED((column) + 1), SAVED((column) + 2), SAVED((column) + 3)
	static const struct machine_saved map[] = {SAVED4(0), SAVED4(4), SAVED4(8), SAVED4(12),
	    SAVED4(16), SAVED4(20), SAVED4(24), SAVED(28), SAVED(EH_FP), SAVED(EH_RETURN_ADDRESS),
	    {EH_SP, PLACE(sp)}, {EH_PC, PLACE(pc)}};

	_Static_assert(sizeof map / sizeof map[0] == EH_REGISTERS, "each register once");
	*ret_count = sizeof map / sizeof map[0];
	return map;
}

#endif
