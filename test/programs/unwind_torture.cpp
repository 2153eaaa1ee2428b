/*
 * Everything that makes the stack of one allocation differ from what the last one leads to expect: exceptions and
 * rethrows, longjmp, coroutines whose stacks are unmapped and mapped again (smaller too), signals on an alternate
 * stack, variable and over-aligned frames, tail calls, a library that is unloaded and another one loaded in its
 * place, generated code without call frame information, recursion beyond what is kept. Deterministic: each thread
 * has its own pseudo-random numbers. Built by the tests at several levels of optimisation.
 *
 *   unwind_torture [ROUNDS [LIBRARY-A LIBRARY-B]]    the libraries: lib/same_place_{a,b}
 */
#include <alloca.h>
#include <csetjmp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <pthread.h>
#include <stdexcept>
#include <string>
#include <sys/mman.h>
#include <ucontext.h>

#if defined(__clang__)
#	define APART __attribute__((noinline))
#else
#	define APART __attribute__((noinline, noclone))
#endif
/* Two calls stay two calls: no merging of equal code, no tail call. */
#define SITE() __asm__ volatile("" ::: "memory")

static thread_local unsigned random_state = 1;
static thread_local jmp_buf escape;
static thread_local bool may_escape; /* `escape` is of a frame that is still there */
static thread_local volatile int sink;

static unsigned any(unsigned below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state % below;
}

APART static void leaf()
{
	void *volatile block = malloc(any(200) + 1);
	free(block);
	SITE();
}

/* ---- frames of all kinds, calling each other ---- */

APART static void variable_frame(int depth);
APART static void catching_frame(int depth);
APART static void aligned_frame(int depth);
APART static void large_frame(int depth);
APART static void tail_caller(int depth);

APART static void any_frame(int depth)
{
	switch (any(6)) {
	case 0:
		variable_frame(depth);
		SITE();
		break;
	case 1:
		catching_frame(depth);
		SITE();
		break;
	case 2:
		aligned_frame(depth);
		SITE();
		break;
	case 3:
		large_frame(depth);
		SITE();
		break;
	case 4:
		tail_caller(depth);
		SITE();
		break;
	default:
		leaf();
	}
}

APART static void leave_early()
{
	if (may_escape && any(8) == 0)
		longjmp(escape, 1);
	if (any(8) == 0)
		throw std::runtime_error("on purpose");
}

APART static void variable_frame(int depth)
{
	volatile char *room = static_cast<volatile char *>(alloca(16 + any(4) * 16));

	room[0] = 1;
	leaf();
	if (depth > 0) {
		any_frame(depth - 1);
		SITE();
		leaf();
		SITE();
		any_frame(depth - 1);
	} else {
		leave_early();
	}
	SITE();
	leaf();
	sink += room[0];
}

APART static void catching_frame(int depth)
{
	volatile int room[7];

	room[2] = depth;
	try {
		if (depth > 0) {
			any_frame(depth - 1);
			SITE();
		}
	} catch (std::exception &) {
		std::string text(40, 'a');

		leaf();
		SITE();
		if (any(2) == 0)
			throw;
	}
	leaf();
	sink += room[2];
}

APART static void aligned_frame(int depth)
{
	alignas(64) volatile char room[64];

	room[0] = static_cast<char>(depth);
	leaf();
	if (depth > 0) {
		any_frame(depth - 1);
		SITE();
		variable_frame(depth - 1);
		SITE();
	}
	sink += room[0];
}

/* Aligned and variable at once: gcc finds the frame through a saved argument pointer. */
APART static void aligned_variable_frame(int depth)
{
	alignas(128) volatile char room[128];
	volatile char *more = static_cast<volatile char *>(alloca(16 + any(8) * 16));

	room[0] = more[0] = static_cast<char>(depth);
	leaf();
	SITE();
	any_frame(depth - 1);
	SITE();
	sink += room[0] + more[0];
}

APART static void large_frame(int depth)
{
	volatile char room[20000];

	room[100] = 1;
	leaf();
	if (depth > 0) {
		aligned_variable_frame(depth - 1);
		SITE();
	}
	sink += room[100];
}

APART static void tail_callee(int depth)
{
	leaf();
	if (depth > 0)
		any_frame(depth - 1);
	SITE();
}

APART static void tail_caller(int depth)
{
	leaf();
	return tail_callee(depth);
}

/* Deeper than the frames that are kept, up and down and up again. */
APART static void deep(int depth)
{
	if (depth % 64 == 0)
		leaf();
	if (depth > 0) {
		deep(depth - 1);
		SITE();
	}
	if (depth % 97 == 0) {
		leaf();
		SITE();
	}
}

/* The same function, called in two frames of different size, so that its own frame lies at one place and the old
 * return address stays readable in dead space. */
APART static void variable_of(long bytes)
{
	volatile char *room = static_cast<volatile char *>(alloca(static_cast<size_t>(bytes)));

	room[0] = 1;
	leaf();
	sink += room[0];
}

extern "C" {
void torture_small_frame(void (*function)(long));
void torture_large_frame(void (*function)(long));
}
#if defined(__x86_64__)
__asm__(
    ".text\n"
    "torture_large_frame:\n\t.cfi_startproc\n\tsub $40, %rsp\n\t.cfi_adjust_cfa_offset 40\n"
    "\tmov %rdi, %rax\n\tmov $32, %edi\n\tcall *%rax\n\tadd $40, %rsp\n\t.cfi_adjust_cfa_offset -40\n"
    "\tret\n\t.cfi_endproc\n"
    "torture_small_frame:\n\t.cfi_startproc\n\tsub $8, %rsp\n\t.cfi_adjust_cfa_offset 8\n"
    "\tmov %rdi, %rax\n\tmov $64, %edi\n\tcall *%rax\n\tadd $8, %rsp\n\t.cfi_adjust_cfa_offset -8\n"
    "\tret\n\t.cfi_endproc\n");
#else
#	define FRAME(name, frame, room)                                                           \
		name ":\n\t.cfi_startproc\n\tstp x29, x30, [sp, -" frame                          \
		     "]!\n\t.cfi_def_cfa_offset " frame                                            \
		     "\n\t.cfi_rel_offset 29, 0\n\t.cfi_rel_offset 30, 8\n"                       \
		     "\tmov x1, x0\n\tmov x0, " room "\n\tblr x1\n\tldp x29, x30, [sp], " frame     \
		     "\n\t.cfi_def_cfa_offset 0\n\tret\n\t.cfi_endproc\n"
__asm__(
    ".pushsection .text\n" FRAME("torture_large_frame", "64", "32")
	FRAME("torture_small_frame", "32", "64") ".popsection\n");
#endif

APART static void dead_return_addresses()
{
	for (int i = 0; i < 20; i++)
		(i % 2 == 0 ? torture_large_frame : torture_small_frame)(variable_of);
}

/* ---- callers without call frame information ---- */

using caller_function = void (*)(void (*)());

static unsigned char *code_page;

#define CODE_APART 4 /* bytes between two callers, for each of `room` */

static void generate_caller(unsigned char room)
{
#if defined(__x86_64__)
	/* push %rbp; mov %rsp,%rbp; sub $n,%rsp; call *%rdi; leave; ret */
	const unsigned char code[] = {
	    0x55, 0x48, 0x89, 0xe5, 0x48, 0x83, 0xec, room, 0xff, 0xd7, 0xc9, 0xc3};
#else
	/* stp x29, x30, [sp, -n]!; mov x29, sp; blr x0; ldp x29, x30, [sp], n; ret */
	const unsigned words = room / 8;
	const unsigned code[] = {0xa9807bfd | (128 - words) << 15, 0x910003fd, 0xd63f0000,
	    0xa8c07bfd | words << 15, 0xd65f03c0};
#endif
	unsigned char *at = code_page + room * CODE_APART;

	memcpy(at, code, sizeof code);
	__builtin___clear_cache(
	    reinterpret_cast<char *>(at), reinterpret_cast<char *>(at) + sizeof code);
}

static void make_code_page()
{
	void *page = mmap(
	    nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		abort();
	code_page = static_cast<unsigned char *>(page);
	for (unsigned char room = 16; room <= 112; room = static_cast<unsigned char>(room + 16))
		generate_caller(room);
}

[[maybe_unused]] APART static void through_generated_code()
{
	unsigned room = 16 + 16 * any(7);
	unsigned char *at = code_page + room * CODE_APART;
	caller_function function;

	memcpy(&function, &at, sizeof function);
	function(leaf);
	SITE();
}

/* ---- coroutines ---- */

struct coroutine {
	ucontext_t context, back;
	void *stack;
	size_t bytes;
	bool done;
};

static thread_local coroutine *current;

APART static void run_coroutine_step()
{
	if (setjmp(escape) == 0) {
		may_escape = true;
		try {
			any_frame(static_cast<int>(any(5)));
		} catch (std::exception &) {
			leaf();
		}
	}
	may_escape = false;
}

static void coroutine_main()
{
	coroutine *me = current;

	for (int step = 0; step < 6; step++) {
		run_coroutine_step();
		swapcontext(&me->context, &me->back);
	}
	me->done = true;
	swapcontext(&me->context, &me->back);
}

static void open_coroutine(coroutine *routine)
{
	routine->bytes = any(2) == 0 ? 524288 : 1048576;
	routine->stack = mmap(
	    nullptr, routine->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	routine->done = false;
	if (routine->stack == MAP_FAILED || getcontext(&routine->context) != 0)
		abort();
	routine->context.uc_stack.ss_sp = routine->stack;
	routine->context.uc_stack.ss_size = routine->bytes;
	routine->context.uc_link = nullptr;
	makecontext(&routine->context, coroutine_main, 0);
}

static void run_coroutines()
{
	static thread_local coroutine routines[3];
	int left = 3;

	for (coroutine &routine : routines)
		open_coroutine(&routine);
	while (left > 0) {
		coroutine *next = &routines[any(3)];

		if (next->done)
			continue;
		current = next;
		swapcontext(&next->back, &next->context);
		leaf();
		if (next->done) {
			munmap(next->stack, next->bytes);
			left--;
		}
	}
}

/* ---- signals ---- */

static void on_signal(int)
{
	for (int i = 0; i < 3; i++)
		leaf();
}

APART static void interrupted(int depth)
{
	volatile char room[48];

	room[3] = 1;
	if (depth > 0)
		interrupted(depth - 1);
	else
		raise(SIGUSR1);
	leaf();
	sink += room[3];
}

/* ---- libraries at one place ---- */

static const char *library_paths[2];

static void use_library(const char *path)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (library == nullptr) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	void *symbol = dlsym(library, "same_place_call");
	caller_function function;

	memcpy(&function, &symbol, sizeof function);
	for (int i = 0; i < 5; i++) {
		function(leaf);
		SITE();
	}
	dlclose(library);
}

/* ---- all of it ---- */

static void one_round(int round)
{
	if (setjmp(escape) == 0) {
		may_escape = true;
		try {
			any_frame(static_cast<int>(any(7)));
		} catch (std::exception &) {
			leaf();
		}
	}
	may_escape = false;
#ifndef WITHOUT_GENERATED_CODE
	through_generated_code();
#endif
	dead_return_addresses();
	if (any(16) == 0)
		interrupted(static_cast<int>(any(4)));
	if (any(8) == 0)
		run_coroutines();
	if (any(64) == 0)
		deep(static_cast<int>(400 + any(1200)));
	if (library_paths[0] != nullptr && any(64) == 0)
		use_library(library_paths[round % 2]);
}

static int rounds = 400;

static void *run_thread(void *argument)
{
	stack_t alternate = {};

	random_state = static_cast<unsigned>(reinterpret_cast<size_t>(argument)) * 7919 + 1;
	alternate.ss_size = 65536;
	alternate.ss_sp = malloc(alternate.ss_size);
	sigaltstack(&alternate, nullptr);
	for (int round = 0; round < rounds; round++)
		one_round(round);
	alternate.ss_flags = SS_DISABLE;
	sigaltstack(&alternate, nullptr);
	free(alternate.ss_sp);
	return nullptr;
}

int main(int argc, char **argv)
{
	struct sigaction action = {};
	pthread_t threads[4];

	if (argc > 1)
		rounds = atoi(argv[1]);
	if (argc > 3) {
		library_paths[0] = argv[2];
		library_paths[1] = argv[3];
	}
	action.sa_handler = on_signal;
	action.sa_flags = SA_ONSTACK;
	sigaction(SIGUSR1, &action, nullptr);
	make_code_page();
	for (size_t wave = 0; wave < 3; wave++) {
		for (size_t i = 0; i < 4; i++)
			pthread_create(&threads[i], nullptr, run_thread,
			    reinterpret_cast<void *>(wave * 4 + i + 1));
		for (pthread_t &thread : threads)
			pthread_join(thread, nullptr);
	}
	run_thread(reinterpret_cast<void *>(99));
	puts("tortured");
	return 0;
}
