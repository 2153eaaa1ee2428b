#include "preload/registered_frames.h"

#include <stdatomic.h>

#include "base/system_call.h"
#include "preload/arena.h"
#include "preload/modules.h"
#include "preload/unwind_memory.h"
#include "preload/unwind_rules.h"

#ifdef ALLOCSCOPE_STRESS
#	define SECTIONS_MAX 8u
#else
#	define SECTIONS_MAX 4096u
#endif
#define SECTION_BYTES_MAX ((size_t)4 << 20)
#define ROOM_BYTES_MIN	  256u
#define CLAIM_ROUNDS	  1000u

enum { UNUSED, CHANGING, USED };

struct section {
	atomic_uint state;
	const void *begin; /* as registered */
	struct eh_image image;
	uint8_t *room; /* kept for the next one */
	size_t room_bytes;
};
static struct section sections[SECTIONS_MAX];
static atomic_uint section_count; /* ever used */
static atomic_uint readers;

/* ---- taking a copy ---- */

/* The body of the entry at AT is *RET_BYTES long. Read as memory that may not be there. */
static bool read_length(uintptr_t at, size_t *ret_header_bytes, uint64_t *ret_bytes)
{
	uint32_t usual;

	if (!unwind_memory_copy(at, &usual, sizeof usual))
		return false;
	*ret_header_bytes = usual == UINT32_MAX ? 12 : 4;
	*ret_bytes = usual;
	return usual != UINT32_MAX || unwind_memory_copy(at + 4, ret_bytes, sizeof *ret_bytes);
}

/* 0: not a section that can be kept. */
static size_t section_bytes(uintptr_t begin)
{
	size_t header_bytes, all = 0;
	uint64_t bytes;

	while (read_length(begin + all, &header_bytes, &bytes)) {
		if (bytes == 0)
			return all;
		if (bytes > SECTION_BYTES_MAX || all > SECTION_BYTES_MAX)
			return 0;
		all += header_bytes + bytes;
	}
	return 0;
}

static bool make_room(struct section *section, size_t bytes)
{
	size_t room_bytes = ROOM_BYTES_MIN;

	if (section->room_bytes >= bytes)
		return true;
	while (room_bytes < bytes)
		room_bytes *= 2;
	uint8_t *room = arena_small(room_bytes, ARENA_OTHER);

	if (room == NULL)
		return false;
	section->room = room; /* a smaller one is given up: it is less than half of this one */
	section->room_bytes = room_bytes;
	return true;
}

static bool copy_section(struct section *section, const void *begin)
{
	size_t bytes = section_bytes((uintptr_t)begin);

	if (bytes == 0 || !make_room(section, bytes) ||
	    !unwind_memory_copy((uintptr_t)begin, section->room, bytes))
		return false;
	section->begin = begin;
	section->image = (struct eh_image){.segment = section->room,
	    .segment_end = section->room + bytes,
	    .moved = (uintptr_t)begin - (uintptr_t)section->room};
	eh_frame_find_code(&section->image);
	return section->image.code_end != 0;
}

/* ---- sections that come and go ---- */

static bool change(struct section *section, unsigned from, unsigned to)
{
	return atomic_compare_exchange_strong(&section->state, &from, to);
}

/* An unused section, made ours; NULL when there is none, or when somebody may still be reading. */
static struct section *try_claim(void)
{
	unsigned count = atomic_load(&section_count);

	for (unsigned i = 0; i < count && i < SECTIONS_MAX; i++) {
		if (!change(&sections[i], UNUSED, CHANGING))
			continue;
		if (atomic_load(&readers) == 0)
			return &sections[i];
		atomic_store(&sections[i].state, UNUSED);
		break;
	}
	while (count < SECTIONS_MAX)
		if (atomic_compare_exchange_weak(&section_count, &count, count + 1))
			return change(&sections[count], UNUSED, CHANGING) ? &sections[count] : NULL;
	return NULL;
}

/* Readers are gone in a moment; after a fork, one that was reading in the parent never is. */
static struct section *claim(void)
{
	struct section *section = try_claim();

	for (unsigned round = 0; section == NULL && round < CLAIM_ROUNDS; round++) {
		(void)system_call(SYS_sched_yield);
		section = try_claim();
	}
	return section;
}

/* What was found out about this code holds no longer. */
static void forget_code(const struct eh_image *image)
{
	unwind_rules_forget(image->code_start, image->code_end);
	atomic_fetch_add_explicit(&modules_generation, 1, memory_order_release);
}

void registered_frames_add(const void *begin)
{
	struct section *section = claim();

	if (section == NULL)
		return;
	if (!copy_section(section, begin)) {
		atomic_store(&section->state, UNUSED);
		return;
	}
	const struct eh_image image = section->image;

	atomic_store(&section->state, USED);
	forget_code(&image);
}

void registered_frames_remove(const void *begin)
{
	unsigned count = atomic_load(&section_count);

	for (unsigned i = 0; i < count && i < SECTIONS_MAX; i++) {
		struct section *section = &sections[i];

		if (atomic_load(&section->state) != USED || section->begin != begin ||
		    !change(section, USED, CHANGING))
			continue;
		const struct eh_image image = section->image;

		atomic_store(&section->state, UNUSED);
		forget_code(&image);
		return;
	}
}

/* ---- looking up ---- */

static bool visit_all(
    struct eh_machine *machine, uintptr_t address, eh_visitor *visit, void *context)
{
	unsigned count = atomic_load(&section_count);

	for (unsigned i = 0; i < count && i < SECTIONS_MAX; i++) {
		const struct eh_image *image = &sections[i].image;

		if (atomic_load(&sections[i].state) == USED &&
		    address - image->code_start < image->code_end - image->code_start &&
		    eh_frame_visit_image(machine, image, address, visit, context) == EH_FOUND)
			return true;
	}
	return false;
}

bool registered_frames_visit(
    struct eh_machine *machine, uintptr_t address, eh_visitor *visit, void *context)
{
	if (atomic_load(&section_count) == 0)
		return false;
	atomic_fetch_add(&readers, 1);
	bool found = visit_all(machine, address, visit, context);

	atomic_fetch_sub(&readers, 1);
	return found;
}
