/*
 * Code made at run time, whose frame pointer points nowhere, calls allocate 100 times for each of: code that nobody
 * described, the same with its frames registered, other code at the same place (larger frames) with others
 * registered, and code that nobody describes any more. So 400 blocks of 27 bytes; 100 under with_small_frame, 100
 * under with_large_frame. Ends with 77 where the code would have to be written for another machine.
 */
#include <sys/mman.h>

#include "program.h"

#define SECTION_AT 2048 /* in the page */
#define CODE_BYTES 24

extern void __register_frame(void *begin);
extern void __deregister_frame(void *begin);
extern const void *_Unwind_Find_FDE(void *address, void *ret_bases[3]);

static void *kept[400];
static size_t used;
static uint8_t *page;

static void allocate(void)
{
	kept[used++] = malloc(27);
}

static void call_code(void)
{
	void (*code)(void (*)(void));

	memcpy(&code, &page, sizeof code);
	for (int i = 0; i < 100; i++)
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

/* The program's own unwinder knows the code. */
static bool is_known(void)
{
	void *bases[3];

	return _Unwind_Find_FDE(page + 12, bases) != NULL;
}

static void without_information(void)
{
	CHECK(!is_known());
	call_code();
}

static void with_small_frame(void)
{
	void *section = write_section(32);

	__register_frame(section);
	CHECK(is_known());
	call_code();
	__deregister_frame(section);
}

static void with_large_frame(void)
{
	void *section = write_section(96);

	write_code(96);
	__register_frame(section);
	CHECK(is_known());
	call_code();
	__deregister_frame(section);
}

int main(void)
{
#if !defined(__x86_64__)
	return 77;
#endif
	page = mmap(
	    NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(page != MAP_FAILED);
	write_code(32);
	without_information();
	with_small_frame();
	with_large_frame();
	without_information();
	CHECK(kept[399] != NULL);
	say("400 calls");
	return 0;
}
