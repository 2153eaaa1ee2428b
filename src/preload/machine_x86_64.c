#include "preload/machine.h"

#if defined(__x86_64__)

#	include <ucontext.h>

bool machine_ends_with_call(const uint8_t code[MACHINE_CODE_BYTES])
{
	/* call rel32 */
	if (code[3] == 0xe8)
		return true;
	/* call r/m64: FF /2, of 2 to 7 bytes */
	for (unsigned bytes = 2; bytes <= 7; bytes++) {
		const uint8_t *at = code + MACHINE_CODE_BYTES - bytes;
		unsigned mode = at[1] >> 6, base = at[1] & 7, length = 2;

		if (at[0] != 0xff || (at[1] >> 3 & 7) != 2)
			continue;
		if (mode != 3 && base == 4)
			length += 1 + (bytes > 2 && mode == 0 && (at[2] & 7) == 5 ? 4u : 0u);
		else if (mode == 0 && base == 5)
			length += 4;
		length += mode == 1 ? 1u : mode == 2 ? 4u : 0u;
		if (length == bytes)
			return true;
	}
	return false;
}

/* Linkers write call frame information for them. */
bool machine_is_stub(const uint8_t code[2 * MACHINE_STUB_BYTES])
{
	(void)code;
	return false;
}

/* mov $15, %rax; syscall */
const uint8_t *machine_signal_return(size_t *ret_bytes)
{
	static const uint8_t code[] = {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05};

	*ret_bytes = sizeof code;
	return code;
}

#	define SAVED(column, register)                                                            \
		{                                                                                  \
			column, offsetof(ucontext_t, uc_mcontext.gregs) +                          \
				    sizeof(greg_t) * (size_t)(register)                            \
		}

const struct machine_saved *machine_signal_frame(size_t *ret_count)
{
	static const struct machine_saved map[EH_REGISTERS] = {SAVED(0, REG_RAX), SAVED(1, REG_RDX),
	    SAVED(2, REG_RCX), SAVED(3, REG_RBX), SAVED(4, REG_RSI), SAVED(5, REG_RDI),
	    SAVED(6, REG_RBP), SAVED(7, REG_RSP), SAVED(8, REG_R8), SAVED(9, REG_R9),
	    SAVED(10, REG_R10), SAVED(11, REG_R11), SAVED(12, REG_R12), SAVED(13, REG_R13),
	    SAVED(14, REG_R14), SAVED(15, REG_R15), SAVED(16, REG_RIP)};

	*ret_count = EH_REGISTERS;
	return map;
}

#endif
