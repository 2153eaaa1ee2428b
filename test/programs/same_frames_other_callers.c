/*
 * Two callers reach the same function through one pointer with frames that add up to the same
 * height: the stack pointer of the innermost frames and the return address found there are equal,
 * the callers are not. 1,000 calls in turn: caller_one's 500 blocks have 10 bytes, caller_two's
 * 500 have 20.
 */
#include <alloca.h>

#include "program.h"

#if defined(__x86_64__) || defined(__aarch64__)
extern void caller_one(void);
extern void caller_two(void);

static void *kept[1000];
static size_t used;

static __attribute__((noinline)) void keep(size_t bytes)
{
	kept[used++] = malloc(bytes);
}

__attribute__((used, noinline)) static void shared(long room_bytes, size_t bytes)
{
	volatile char *room = alloca((size_t)room_bytes);

	room[0] = 1;
	keep(bytes);
	room[1] = 2;
}

#	if defined(__x86_64__)
__asm__(".text\n"
	".type caller_one,@function\n"
	"caller_one:\n"
	".cfi_startproc\n"
	"	sub $40,%rsp\n"
	".cfi_adjust_cfa_offset 40\n"
	"	mov $32,%edi\n"
	"	mov $10,%esi\n"
	"	call shared\n"
	"	add $40,%rsp\n"
	".cfi_adjust_cfa_offset -40\n"
	"	ret\n"
	".cfi_endproc\n"
	".size caller_one,.-caller_one\n"
	".type caller_two,@function\n"
	"caller_two:\n"
	".cfi_startproc\n"
	"	sub $8,%rsp\n"
	".cfi_adjust_cfa_offset 8\n"
	"	mov $64,%edi\n"
	"	mov $20,%esi\n"
	"	call shared\n"
	"	add $8,%rsp\n"
	".cfi_adjust_cfa_offset -8\n"
	"	ret\n"
	".cfi_endproc\n"
	".size caller_two,.-caller_two\n");
#	else
#		define CALLER(name, frame, room, bytes)                                           \
			".globl " name "\n.type " name ",%function\n" name ":\n"                   \
			".cfi_startproc\n"                                                         \
			"	stp x29, x30, [sp, -" frame "]!\n"                                 \
			".cfi_def_cfa_offset " frame "\n"                                          \
			".cfi_rel_offset 29, 0\n"                                                  \
			".cfi_rel_offset 30, 8\n"                                                  \
			"	mov x0, " room "\n"                                                \
			"	mov x1, " bytes "\n"                                               \
			"	bl shared\n"                                                             \
			"	ldp x29, x30, [sp], " frame "\n"                                   \
			".cfi_def_cfa_offset 0\n"                                                  \
			"	ret\n"                                                                   \
			".cfi_endproc\n"                                                           \
			".size " name ",.-" name "\n"
__asm__(".pushsection .text\n" CALLER("caller_one", "64", "32", "10")
	CALLER("caller_two", "32", "64", "20") ".popsection\n");
#	endif

int main(void)
{
	void (*volatile const callers[2])(void) = {caller_one, caller_two};

	for (size_t i = 0; i < 1000; i++)
		callers[i & 1]();
	CHECK(used == 1000);
	say("1000 calls");
	return 0;
}
#else
int main(void)
{
	return 77;
}
#endif
