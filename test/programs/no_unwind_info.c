/*
 * Code without unwind information, with a frame pointer that points nowhere, calls allocate 100
 * times: the stack may end there, the host must not. 100 blocks of 27 bytes.
 */
#include "program.h"

static void *kept[100];
static size_t used;

__attribute__((used)) static void allocate(void)
{
	kept[used++] = malloc(27);
}

extern void generated_code(void);
#if defined(__x86_64__)
__asm__(".text\n"
	"generated_code:\n"
	"	push %rbp\n"
	"	mov $0x1234567, %ebp\n"
	"	sub $48, %rsp\n"
	"	call allocate\n"
	"	add $48, %rsp\n"
	"	pop %rbp\n"
	"	ret\n");
#elif defined(__aarch64__)
__asm__(".pushsection .text\n"
	"generated_code:\n"
	"	stp x29, x30, [sp, -64]!\n"
	"	mov x29, 0x4567\n"
	"	movk x29, 0x123, lsl 16\n"
	"	bl allocate\n"
	"	ldp x29, x30, [sp], 64\n"
	"	ret\n"
	".popsection\n");
#else
void generated_code(void)
{
	allocate();
}
#endif

int main(void)
{
	for (int i = 0; i < 100; i++)
		generated_code();
	CHECK(kept[99] != NULL);
	say("100 calls");
	return 0;
}
