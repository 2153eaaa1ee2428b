/*
 * A block that is held in one place only, by the first argument; the snapshot goes to the second. The block has the
 * place's name as its label, 1000 + n bytes (n: how many made before), and the program itself knows it only in
 * disguise. What no place holds any more is labelled "gone".
 */
#include <allocscope/allocscope.h>
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>

#include "program.h"

#define KEY 0x5a5a5a5a5a5a5a5aUL

static const char *path;
static uintptr_t disguised; /* the block ^ KEY */
static volatile int standing, leaving;
static void *in_data = &in_data;
static void *in_bss;
static _Thread_local void *in_thread_local;

/* Makes a block and leaves no trace of it but the disguise. */
__attribute__((noinline)) static void make(const char *label)
{
	void *block = malloc(1001);

	CHECK(block != NULL);
	memset(block, 0, 1001);
	allocscope_label(block, label);
	disguised = (uintptr_t)block ^ KEY;
}

/* Whatever lies below the caller's frame is overwritten. */
__attribute__((noinline)) static void scrub(void)
{
	volatile char area[16384];

	for (size_t i = 0; i < sizeof area; i++)
		area[i] = 1;
}

__attribute__((noinline)) static void snap(void)
{
	CHECK(allocscope_snapshot(path) == 0);
}

static void put_data(void)
{
	make("data");
	in_data = (void *)(disguised ^ KEY);
	make("bss");
	in_bss = (void *)(disguised ^ KEY);
	make("thread-local");
	in_thread_local = (void *)(disguised ^ KEY);
	scrub();
	snap();
}

static void put_nowhere(void)
{
	make("gone");
	scrub();
	snap();
}

/* In a register that a call leaves alone. */
static void put_kept_register(void)
{
	make("kept-register");
	scrub();
#if defined(__x86_64__)
	uintptr_t hidden = disguised, key = KEY;

	__asm__ volatile(
	    "movq %0, %%rbx\n\t"
	    "xorq %1, %%rbx\n\t"
	    "call *%2\n\t"
	    "xorl %%ebx, %%ebx"
	    :
	    : "r"(hidden), "r"(key), "r"(snap)
	    : "rbx", "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "cc");
#endif
}

/* A thread that has the block in a register that no call keeps, and nowhere else. */
static void *hold_in_register(void *unused)
{
	(void)unused;
#if defined(__x86_64__)
	__asm__ volatile("movq %0, %%r9\n\t"
			 "xorq %3, %%r9\n\t"
			 "movl $1, %1\n"
			 "1:\tpause\n\t"
			 "cmpl $0, %2\n\t"
			 "je 1b\n\t"
			 "xorl %%r9d, %%r9d"
			 :
			 : "m"(disguised), "m"(standing), "m"(leaving), "r"(KEY)
			 : "r9", "memory", "cc");
#endif
	return NULL;
}

static void *hold_in_vector(void *unused)
{
	(void)unused;
#if defined(__x86_64__)
	__asm__ volatile("movq %0, %%r9\n\t"
			 "xorq %3, %%r9\n\t"
			 "movq %%r9, %%xmm9\n\t"
			 "xorl %%r9d, %%r9d\n\t"
			 "movl $1, %1\n"
			 "1:\tpause\n\t"
			 "cmpl $0, %2\n\t"
			 "je 1b\n\t"
			 "pxor %%xmm9, %%xmm9"
			 :
			 : "m"(disguised), "m"(standing), "m"(leaving), "r"(KEY)
			 : "r9", "xmm9", "memory", "cc");
#endif
	return NULL;
}

/* Reads from a pipe meanwhile: it is stopped inside a system call. */
static int waiting[2];
__attribute__((noinline)) static void wait_in_call(void)
{
	char byte;

	standing = 1;
	CHECK(read(waiting[0], &byte, 1) == 1);
}

static void *hold_on_stack(void *unused)
{
	void *volatile block = (void *)(disguised ^ KEY);

	(void)unused;
	wait_in_call();
	block = NULL;
	(void)block;
	return NULL;
}

static void *hold_thread_local(void *unused)
{
	(void)unused;
	in_thread_local = (void *)(disguised ^ KEY);
	scrub();
	wait_in_call();
	in_thread_local = NULL;
	return NULL;
}

/* Deep down, and back: what lies below the stack pointer is no place. */
__attribute__((noinline)) static void leave_trace(void)
{
	void *volatile trace[512];

	for (size_t i = 0; i < 512; i++)
		trace[i] = (void *)(disguised ^ KEY);
	(void)trace;
}

static void *hold_below_stack(void *unused)
{
	(void)unused;
	leave_trace();
#if defined(__x86_64__)
	__asm__ volatile("xorl %%eax, %%eax\n\t"
			 "xorl %%edx, %%edx\n\t"
			 "movl $1, %0\n"
			 "1:\tpause\n\t"
			 "cmpl $0, %1\n\t"
			 "je 1b"
			 :
			 : "m"(standing), "m"(leaving)
			 : "rax", "rdx", "memory", "cc");
#endif
	return NULL;
}

static void with_thread(const char *label, void *(*hold)(void *))
{
	pthread_t thread;

	CHECK(pipe(waiting) == 0);
	make(label);
	scrub();
	CHECK(pthread_create(&thread, NULL, hold, NULL) == 0);
	while (standing == 0)
		CHECK(sched_yield() == 0);
	usleep(20000); /* into the call */
	snap();
	leaving = 1;
	CHECK(write(waiting[1], "x", 1) == 1);
	CHECK(pthread_join(thread, NULL) == 0);
}

/* The stack of a thread that has ended is kept by the C library. */
static void *leave_and_end(void *unused)
{
	(void)unused;
	leave_trace();
	return NULL;
}

static void put_ended_stack(void)
{
	pthread_t thread;

	make("gone");
	scrub();
	CHECK(pthread_create(&thread, NULL, leave_and_end, NULL) == 0);
	CHECK(pthread_join(thread, NULL) == 0);
	snap();
}

static void put_library(const char *library_path)
{
	void *library = dlopen(library_path, RTLD_NOW | RTLD_LOCAL);

	CHECK(library != NULL);
	void (*put)(void *) = (void (*)(void *))dlsym(library, "holding_put");
	void (*put_local)(void *) = (void (*)(void *))dlsym(library, "holding_put_thread_local");

	CHECK(put != NULL && put_local != NULL);
	make("library-bss");
	put((void *)(disguised ^ KEY));
	make("library-thread-local");
	put_local((void *)(disguised ^ KEY));
	scrub();
	snap();
}

static void put_mappings(void)
{
	const size_t bytes = 1 << 20;
	uintptr_t *anonymous =
	    mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uintptr_t *shared =
	    mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	CHECK(anonymous != MAP_FAILED && shared != MAP_FAILED);
	make("mapping");
	anonymous[70000] = disguised ^ KEY;
	make("shared-mapping");
	shared[70000] = disguised ^ KEY;
	/* read-only by now: it holds all the same */
	CHECK(mprotect(anonymous, bytes, PROT_READ) == 0);
	scrub();
	snap();
}

/* A freed block holds nothing; a large one had a mapping of its own. */
static void put_freed(void)
{
	uintptr_t *small = malloc(512), *large = malloc(1 << 20), *middle = malloc(60000);

	CHECK(small != NULL && large != NULL && middle != NULL);
	make("gone");
	small[40] = large[40] = middle[3000] = disguised ^ KEY;
	free(small);
	free(large);
	free(middle);
	small = large = middle = NULL;
	scrub();
	snap();
}

/* Edges of every kind out of one block, whose only holder is in_bss. */
static void put_edges(void)
{
	make("holder");
	uintptr_t *holder = (uintptr_t *)(disguised ^ KEY);

	in_bss = holder;
	make("start");
	holder[1] = disguised ^ KEY;
	make("interior");
	holder[2] = (disguised ^ KEY) + 500;
	make("past-end");
	holder[3] = (disguised ^ KEY) + 1001;
	make("in-slack");
	CHECK(malloc_usable_size((void *)(disguised ^ KEY)) > 1002);
	holder[4] = (disguised ^ KEY) + 1002;
	make("from-slack");
	holder[125] = disguised ^ KEY; /* bytes 1000 to 1007 */
	make("tagged");
	holder[5] = (disguised ^ KEY) | 1;
	holder = NULL;
	scrub();
	snap();
}

static void *table[4];
static void put_given(void)
{
	allocscope_root(table, sizeof table, "the table");
	make("given");
	table[2] = (void *)(disguised ^ KEY);
	scrub();
	snap();
}

/* A snapshot that a signal asks for, while the block is in a register of the interrupted function only. */
static void put_interrupted(void)
{
	make("interrupted-register");
	scrub();
#if defined(__x86_64__)
	__asm__ volatile("movq %0, %%r15\n\t"
			 "xorq %1, %%r15\n\t"
			 "syscall\n\t"
			 "xorl %%r15d, %%r15d"
			 :
			 : "m"(disguised), "r"(KEY), "a"(200 /* tkill */), "D"((long)gettid()),
			 "S"((long)SIGUSR2)
			 : "r15", "rcx", "r11", "memory", "cc");
#endif
}

static const struct {
	const char *name;
	void (*put)(void);
} places[] = {
    {"data", put_data},
    {"nowhere", put_nowhere},
    {"kept-register", put_kept_register},
    {"ended-stack", put_ended_stack},
    {"mappings", put_mappings},
    {"freed", put_freed},
    {"edges", put_edges},
    {"given", put_given},
    {"interrupted", put_interrupted},
};

static const struct {
	const char *name;
	const char *label;
	void *(*hold)(void *);
} threads[] = {
    {"thread-register", "thread-register", hold_in_register},
    {"thread-vector", "thread-vector", hold_in_vector},
    {"thread-stack", "thread-stack", hold_on_stack},
    {"thread-local", "thread-local-of-thread", hold_thread_local},
    {"below-stack", "gone", hold_below_stack},
};

int main(int count, char **arguments)
{
	CHECK(count >= 3);
	path = arguments[2];
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		if (strcmp(places[i].name, arguments[1]) == 0)
			places[i].put();
	for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++)
		if (strcmp(threads[i].name, arguments[1]) == 0)
			with_thread(threads[i].label, threads[i].hold);
	if (strcmp(arguments[1], "library") == 0)
		put_library(arguments[3]);
	say("done");
	return 0;
}
