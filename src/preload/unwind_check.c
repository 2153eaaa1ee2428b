#include "preload/unwind_check.h"

#include <stdatomic.h>
#include <string.h>

#include "preload/message.h"
#include "preload/modules.h"
#include "preload/options.h"
#include "preload/stack_table.h"
#include "preload/unwind.h"
#include "preload/unwind_validated.h"

#define PRINTED_MAX 24 /* differences; the rest is only counted */
#define OWN_FRAMES  8

enum comparison { EQUAL, OTHER_FRAME, TOO_SHORT, TOO_LONG };

static atomic_uint_least64_t honest_compared, honest_different;
static atomic_uint_least64_t libunwind_compared, libunwind_frame, libunwind_short, libunwind_long;
static atomic_uint printed;

static void count(atomic_uint_least64_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* ---- comparing ---- */

/* The frames of STACK in the tree with FRAMES, innermost first; *RET_AT is the first that differs. */
static enum comparison compare(
    uint32_t stack, const uintptr_t *frames, size_t frame_count, size_t *ret_at)
{
	const struct node_row *node = stack_table_node(stack_table_get(stack)->leaf);
	size_t at = 0;

	for (; node != NULL && node->parent != 0; at++) {
		*ret_at = at;
		if (at == frame_count)
			return TOO_SHORT;
		if (node->pc != frames[at])
			return OTHER_FRAME;
		node = stack_table_node(node->parent);
	}
	*ret_at = at;
	return at < frame_count ? TOO_LONG : EQUAL;
}

/* FRAMES as a stack: without our own, and not more than are kept. */
static const uintptr_t *trim(const uintptr_t *frames, size_t *frame_count)
{
	while (*frame_count > 0 && modules_is_self(frames[0])) {
		frames++;
		--*frame_count;
	}
	if (*frame_count > options.max_frames)
		*frame_count = options.max_frames;
	return frames;
}

/* ---- printing ---- */

static void add_place(struct text *text, uintptr_t pc)
{
	uint32_t row = modules_find(pc);
	const char *path = row != 0 ? modules_get(row)->path : "";
	const char *name = strrchr(path, '/');

	text_add(text, name != NULL ? name + 1 : path);
	text_add(text, "+0x");
	text_add_hex(text, row != 0 ? pc - modules_get(row)->bias : pc);
}

/* The frame of STACK at AT, and the one inside it. */
static void print_difference(
    const char *what, uint32_t stack, const uintptr_t *frames, size_t frame_count, size_t at)
{
	const struct node_row *node = stack_table_node(stack_table_get(stack)->leaf);
	char buffer[MESSAGE_BYTES];
	struct text text;

	if (atomic_fetch_add_explicit(&printed, 1, memory_order_relaxed) >= PRINTED_MAX)
		return;
	for (size_t i = 0; i < at && node->parent != 0; i++)
		node = stack_table_node(node->parent);
	message_begin(&text, buffer);
	text_add(&text, "unwinder=check: ");
	text_add(&text, what);
	text_add(&text, ": frame ");
	text_add_unsigned(&text, at);
	text_add(&text, " ours ");
	if (node->parent != 0)
		add_place(&text, node->pc);
	else
		text_add(&text, "none");
	text_add(&text, " theirs ");
	if (at < frame_count)
		add_place(&text, frames[at]);
	else
		text_add(&text, "none");
	text_add(&text, " of ");
	text_add_unsigned(&text, frame_count);
	text_add(&text, " frames, inside ");
	for (size_t i = at < frame_count ? at : frame_count, inner = 0; i-- > 0 && inner < 3;
	     inner++) {
		add_place(&text, frames[i]);
		text_add(&text, " ");
	}
	message_end_always(&text);
}

/* ---- the judge ---- */

static void compare_with_libunwind(struct thread_state *state, uint32_t stack)
{
	size_t frame_count =
	    unwind_capture(state->frames, options.max_frames + OWN_FRAMES + 1, false);
	const uintptr_t *frames = trim(state->frames, &frame_count);
	size_t at;

	/* where a coroutine begins, libunwind may show the place twice */
	if (frame_count >= 2 && frame_count < options.max_frames &&
	    frames[frame_count - 1] == frames[frame_count - 2])
		frame_count--;
	count(&libunwind_compared);
	switch (compare(stack, frames, frame_count, &at)) {
	case EQUAL:
		return;
	case OTHER_FRAME:
		count(&libunwind_frame);
		break;
	case TOO_SHORT:
		count(&libunwind_short);
		break;
	case TOO_LONG:
		count(&libunwind_long);
		break;
	}
	print_difference("libunwind differs", stack, frames, frame_count, at);
}

uint32_t unwind_checked_stack(struct thread_state *state, const void *hook_frame, bool *ret_cut)
{
	unsigned generation = atomic_load_explicit(&modules_generation, memory_order_acquire);
	uint32_t stack = unwind_validated_stack(state, hook_frame, ret_cut);
	size_t at, frame_count;

	if (stack == 0 || stack == UNWIND_UNAVAILABLE)
		return stack;
	frame_count = unwind_honest_frames(
	    state, hook_frame, state->frames, options.max_frames + OWN_FRAMES + 1);
	if (atomic_load_explicit(&modules_generation, memory_order_acquire) != generation)
		return stack; /* code changed in between */
	const uintptr_t *frames = trim(state->frames, &frame_count);
	uint64_t number = atomic_fetch_add_explicit(&honest_compared, 1, memory_order_relaxed);

	if (compare(stack, frames, frame_count, &at) != EQUAL) {
		count(&honest_different);
		print_difference("an honest walk differs", stack, frames, frame_count, at);
	} else if (number % UNWIND_CHECK_EVERY == 0) {
		compare_with_libunwind(state, stack);
	}
	return stack;
}

void unwind_check_report(void)
{
	char buffer[MESSAGE_BYTES];
	struct text text;

	if (atomic_load_explicit(&honest_compared, memory_order_relaxed) == 0)
		return;
	message_begin(&text, buffer);
	text_add(&text, "unwinder=check: ");
	text_add_unsigned(&text, atomic_load(&honest_compared));
	text_add(&text, " stacks, ");
	text_add_unsigned(&text, atomic_load(&honest_different));
	text_add(&text, " differ from an honest walk; ");
	text_add_unsigned(&text, atomic_load(&libunwind_compared));
	text_add(&text, " compared with libunwind: ");
	text_add_unsigned(&text, atomic_load(&libunwind_frame));
	text_add(&text, " other frames, ");
	text_add_unsigned(&text, atomic_load(&libunwind_short));
	text_add(&text, " shorter, ");
	text_add_unsigned(&text, atomic_load(&libunwind_long));
	text_add(&text, " longer there");
	message_end_always(&text);
}
