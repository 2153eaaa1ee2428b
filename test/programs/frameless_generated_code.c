/*
 * Generated code that leaves the frame pointer of its caller alone, so that following it would leave the caller out.
 * Its frames are registered by __register_frame_info. first_outer calls keep through it 50 times, 19 bytes each; then
 * other code, with a larger frame, stands in its place: second_outer keeps 30 blocks of 23 bytes. Ends with 77 where
 * the code would have to be written for another machine.
 */
#include <sys/mman.h>

#include "program.h"

#if defined(__x86_64__)
extern void __register_frame_info(const void *frames, void *object);
extern void *__deregister_frame_info(const void *frames);

typedef void (*caller)(void (*function)(size_t), size_t bytes);

static unsigned char *page; /* the code; its frames lie in the next one */
static void *kept[80];
static size_t used;

static void keep(size_t bytes)
{
	kept[used++] = malloc(bytes);
}

static caller generated(void)
{
	caller function;
	void *start = page;

	memcpy(&function, &start, sizeof function);
	return function;
}

static void first_outer(int times)
{
	while (times-- > 0)
		generated()(keep, 19);
}

static void second_outer(int times)
{
	volatile char room[200];

	for (room[0] = 0; times-- > 0; room[0]++)
		generated()(keep, 23);
}

/* Code with a frame of ROOM bytes, and what a compiler would say of it. Returns the frames. */
static void *generate(unsigned char room)
{
	/* sub $room,%rsp; mov %rdi,%rax; mov %rsi,%rdi; call *%rax; add $room,%rsp; ret */
	const unsigned char code[] = {0x48, 0x83, 0xec, room, 0x48, 0x89, 0xf8, 0x48, 0x89, 0xf7,
	    0xff, 0xd0, 0x48, 0x83, 0xc4, room, 0xc3};
	/* common: version 1, "zR", code 1, data -8, return address 16, pointers relative to
	 * themselves in 4 bytes; cfa = rsp + 8, return address at cfa - 8 */
	unsigned char frames[] = {20, 0, 0, 0, 0, 0, 0, 0, 1, 'z', 'R', 0, 1, 0x78, 16, 1, 0x1b,
	    0x0c, 7, 8, 0x90, 1, 0, 0,
	    /* the function: after 4 bytes cfa = rsp + 8 + room */
	    20, 0, 0, 0, 28, 0, 0, 0, 0, 0, 0, 0, sizeof code, 0, 0, 0, 0, 0x44, 0x0e,
	    (unsigned char)(8 + room), 0, 0, 0, 0,
	    /* the end */
	    0, 0, 0, 0};
	unsigned char *place = page + 4096;
	int distance = (int)(page - (place + 32));

	memcpy(page, code, sizeof code);
	memcpy(frames + 32, &distance, sizeof distance);
	memcpy(place, frames, sizeof frames);
	return place;
}

static void use(unsigned char room, void (*outer)(int), int times)
{
	static void *object[8]; /* libgcc's */
	void *frames = generate(room);

	__register_frame_info(frames, object);
	outer(times);
	CHECK(__deregister_frame_info(frames) == object);
	memset(page, 0xcc, 8192);
}

int main(void)
{
	page = mmap(
	    NULL, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(page != MAP_FAILED);
	use(24, first_outer, 50);
	use(104, second_outer, 30);
	CHECK(munmap(page, 8192) == 0 && used == 80);
	say("80 calls");
	return 0;
}
#else
int main(void)
{
	return 77;
}
#endif
