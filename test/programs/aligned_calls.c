/*
 * Each aligned call keeps one block, with the alignment asked for; see aligned_calls in
 * preload_entry_points.bats.
 */
#include <malloc.h>

#include "program.h"

static void *kept[5];

static bool is_aligned(const void *block, size_t alignment)
{
	return block != NULL && address_of(block) % alignment == 0;
}

static void call_posix_memalign(void)
{
	CHECK(posix_memalign(&kept[0], 256, 11) == 0);
	CHECK(is_aligned(kept[0], 256));
}

static void call_posix_memalign_wrongly(void)
{
	void *untouched = kept;
	volatile size_t not_a_power_of_two = 24;

	CHECK(posix_memalign(&untouched, not_a_power_of_two, 11) == EINVAL);
	CHECK(posix_memalign(&untouched, 64, huge_size()) == ENOMEM);
	CHECK(untouched == kept);
}

static void call_aligned_alloc(void)
{
	kept[1] = aligned_alloc(512, 1024);
	CHECK(is_aligned(kept[1], 512));
}

static void call_memalign(void)
{
	kept[2] = memalign(4096, 33);
	CHECK(is_aligned(kept[2], 4096));
}

static void call_valloc(void)
{
	kept[3] = valloc(44);
	CHECK(is_aligned(kept[3], (size_t)sysconf(_SC_PAGESIZE)));
}

static void call_pvalloc(void)
{
	kept[4] = pvalloc(55);
	CHECK(is_aligned(kept[4], (size_t)sysconf(_SC_PAGESIZE)));
	memset(kept[4], 1, (size_t)sysconf(_SC_PAGESIZE)); /* it rounds up to a page */
}

int main(void)
{
	call_posix_memalign();
	call_posix_memalign_wrongly();
	call_aligned_alloc();
	call_memalign();
	call_valloc();
	call_pvalloc();
	say("aligned");
	return 0;
}
