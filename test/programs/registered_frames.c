/*
 * Code made at run time, whose frame pointer points nowhere, calls allocate 100 times for each of: code that nobody
 * described, the same with its frames registered, other code at the same place (larger frames) with others
 * registered, and code that nobody describes any more. So 400 blocks of 27 bytes; 100 under with_small_frame, 100
 * under with_large_frame. With an argument: 4 threads map, describe, call and unmap such code 300 times each, in
 * turn with small and with large frames, wherever the other threads' code was before: 6000 blocks under each of the
 * two, freed at once. Ends with 77 where the code would have to be written for another machine.
 */
#include <pthread.h>
#include <sys/mman.h>

#include "program.h"

#define SECTION_AT 2048 /* in the page */
#define CODE_BYTES 24

extern void __register_frame(void *begin);
extern void __deregister_frame(void *begin);
extern const void *_Unwind_Find_FDE(void *address, void *ret_bases[3]);

#define THREADS 4
#define ROUNDS	300

static void *kept[400];
static size_t used;
static bool keeps;
static _Thread_local uint8_t *page;

static void allocate(void)
{
	void *block = malloc(27);

	if (keeps)
		kept[used++] = block;
	else
		free(block);
}

static void call_code(int times)
{
	void (*code)(void (*)(void));

	memcpy(&code, &page, sizeof code);
	for (int i = 0; i < times; i++)
		code(allocate);
}

/* push %rbp; mov $0x1234567,%ebp; sub $room,%rsp; call *%rdi; add $room,%rsp; pop %rbp; ret */
static void write_code(uint8_t room)
{
	const uint8_t code[] = {0x55, 0xbd, 0x67, 0x45, 0x23, 0x01, 0x48, 0x83, 0xec, room, 0xff,
	    0xd7, 0x48, 0x83, 0xc4, room, 0x5d, 0xc3};

	memcpy(page, code, sizeof code);
}

/* A common entry and the description of the code, relative to where it stands; then the end. */
static void *write_section(uint8_t room)
{
	const uint8_t common[] = {20, 0, 0, 0, 0, 0, 0, 0, 1, 'z', 'R', 0, 1, 0x78, 16, 1, 0x1b,
	    0x0c, 7, 8, 0x90, 1, 0, 0};
	/* after push: CFA = rsp + 16, rbp at CFA - 16; after sub: CFA = rsp + 16 + room */
	const uint8_t frame[] = {28, 0, 0, 0, 28, 0, 0, 0, 0, 0, 0, 0, CODE_BYTES, 0, 0, 0, 0, 0x41,
	    0x0e, 16, 0x86, 2, 0x49, 0x0e, (uint8_t)(16 + room), 0x46, 0x0e, 16, 0x41, 0x0e, 8, 0};
	uint8_t *section = page + SECTION_AT;
	int32_t start = -(int32_t)(SECTION_AT + sizeof common + 8);

	memcpy(section, common, sizeof common);
	memcpy(section + sizeof common, frame, sizeof frame);
	memcpy(section + sizeof common + 8, &start, sizeof start);
	memset(section + sizeof common + sizeof frame, 0, 4);
	return section;
}

static void map_page(void)
{
	page = mmap(
	    NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(page != MAP_FAILED);
}

/* The program's own unwinder knows the code. */
static bool is_known(void)
{
	void *bases[3];

	return _Unwind_Find_FDE(page + 12, bases) != NULL;
}

static void begin_code(uint8_t room)
{
	write_code(room);
	__register_frame(write_section(room));
	CHECK(is_known());
}

static void end_code(void)
{
	__deregister_frame(page + SECTION_AT);
	CHECK(!is_known());
}

static void without_information(void)
{
	call_code(100);
}

static void with_small_frame(int times)
{
	call_code(times);
}

static void with_large_frame(int times)
{
	call_code(times);
}

static void replace_code(void)
{
	keeps = true;
	map_page();
	write_code(32);
	without_information();
	begin_code(32);
	with_small_frame(100);
	end_code();
	begin_code(96);
	with_large_frame(100);
	end_code();
	without_information();
	CHECK(kept[399] != NULL);
}

static void *make_code(void *number)
{
	for (size_t round = (size_t)number; round < ROUNDS + (size_t)number; round++) {
		bool is_small = round % 2 == 0;

		map_page();
		begin_code(is_small ? 32 : 96);
		(is_small ? with_small_frame : with_large_frame)(10);
		end_code();
		CHECK(munmap(page, 4096) == 0);
	}
	return NULL;
}

static void make_code_in_threads(void)
{
	pthread_t threads[THREADS];

	for (size_t i = 0; i < THREADS; i++)
		CHECK(pthread_create(&threads[i], NULL, make_code, (void *)i) == 0);
	for (size_t i = 0; i < THREADS; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
}

int main(int argc, char **argv)
{
	(void)argv;
#if !defined(__x86_64__)
	return 77;
#endif
	if (argc > 1)
		make_code_in_threads();
	else
		replace_code();
	say("called");
	return 0;
}
