/*
 * Functions that begin with all kinds of instructions (x86-64), each called 10 times: the results must be the same when its
 * first instruction is moved, and must be taken from where the function stands.
 */
#include "program.h"

#if defined(__x86_64__)

int begins_with_load(int);
int begins_with_compare(int);
int begins_with_address(int);
int begins_with_call(int);
int begins_with_jump(int);
int begins_with_short_jump(int);
int begins_with_constant(int);
int begins_with_store(int);
int begins_with_jump_through_memory(int);
int begins_with_vector(int);
int begins_with_push(int);
int begins_with_mark(int);
int begins_with_return_of_it(int);
int begins_with_test(int);
int begins_with_loop(int);

__asm__(".data\n"
	"numbers: .int 1000, 2000, 3000, 4000\n"
	"stored: .int 0, 0\n"
	"pointer: .quad add_100\n"
	".text\n"
	"add_100: lea 100(%rdi), %eax\n ret\n"
#	define FUNCTION(name)                                                                     \
		".globl " #name "\n.type " #name ", @function\n" #name ": .cfi_startproc\n"
#	define END(name) "ret\n.cfi_endproc\n.size " #	      name ", .-" #	   name "\n"
    FUNCTION(begins_with_load) "movl numbers+4(%rip), %eax\n addl %edi, %eax\n" END(begins_with_load) FUNCTION(
	begins_with_compare) "cmpl $1000, numbers(%rip)\n sete %al\n movzbl %al, %eax\n" END(begins_with_compare)
	FUNCTION(begins_with_address) "leaq numbers(%rip), %rax\n movl 8(%rax), %eax\n" END(
	    begins_with_address) FUNCTION(begins_with_call) "call add_100\n addl $1, %eax\n" END(begins_with_call)
	    FUNCTION(begins_with_jump) ".byte 0xe9\n.int add_100 - . - 4\n" END(begins_with_jump) FUNCTION(
		begins_with_short_jump) "jmp 1f\n ud2\n1: movl %edi, %eax\n" END(begins_with_short_jump)
		FUNCTION(begins_with_constant) "movabs $0x1122334455667788, %rax\n shr $32, %rax\n" END(
		    begins_with_constant)
		    FUNCTION(begins_with_store) "movl $77, stored(%rip)\n movl stored(%rip), %eax\n" END(
			begins_with_store)
			FUNCTION(begins_with_jump_through_memory) "jmp *pointer(%rip)\n" END(
			    begins_with_jump_through_memory)
			    FUNCTION(begins_with_vector) "movdqu numbers(%rip), %xmm0\n movd %xmm0, %eax\n" END(
				begins_with_vector)
				FUNCTION(begins_with_push) "push $55\n pop %rax\n" END(
				    begins_with_push)
				    FUNCTION(begins_with_mark) "endbr64\n movl $5, %eax\n" END(
					begins_with_mark)
					FUNCTION(begins_with_return_of_it) "ret\n" END(
					    begins_with_return_of_it)
					    FUNCTION(begins_with_test) "testb $1, %dil\n setne %al\n movzbl %al, %eax\n" END(
						begins_with_test)
						FUNCTION(begins_with_loop) "jrcxz 1f\n1: movl $9, %eax\n" END(
						    begins_with_loop));

static int (*const functions[])(int) = {begins_with_load, begins_with_compare, begins_with_address,
    begins_with_call, begins_with_jump, begins_with_short_jump, begins_with_constant,
    begins_with_store, begins_with_jump_through_memory, begins_with_vector, begins_with_push,
    begins_with_mark, begins_with_test, begins_with_loop};

int main(void)
{
	for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
		for (int number = 0; number < 10; number++)
			printf("%d ", functions[i](number));
	for (int number = 0; number < 10; number++)
		(void)begins_with_return_of_it(number);
	printf("\n");
	return 0;
}

#else

int main(void)
{
	return 0;
}

#endif
