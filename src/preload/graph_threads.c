#include "preload/graph_threads.h"

#include <errno.h>
#include <string.h>

#include "preload/arena.h"
#include "preload/graph_roots.h"
#include "preload/lifecycle.h"
#include "preload/memory_map.h"
#include "preload/modules.h"
#include "preload/stop_threads.h"
#include "preload/system.h"
#include "preload/system_tasks.h"
#include "preload/thread_state.h"

#define THREADS_MAX   32769u
#define FRAMES_MAX    ((size_t)1 << 21)
#define FRAMES_OF_ONE 65536u
#define OWN_STEPS     64
#define CONTROL_BYTES                                                                              \
	4096u /* glibc's data about a thread at its thread register: not more than this */
#define CONTROL_STEP 64u

/* A thread as it stood. */
struct thread {
	uint32_t row, tid;
	uintptr_t pointer;
	uintptr_t stack, stack_end; /* of the C library; stack_end 0: not known */
	uintptr_t signal_stack, signal_stack_end;
	bool is_exact;	  /* the pc is the next instruction */
	bool native_seen; /* the walk came to its own stack, not only to others */
};

/* A stretch of stack that is being walked. */
struct stretch {
	uintptr_t low, end;
	size_t first_frame;
};

static struct unwind_walker *walker;
static struct snapshot_stack_frame *frames;
static size_t frame_count;
static struct graph_registers *registers;
static size_t register_count;
static uint32_t libc_module;

int graph_threads_begin(void)
{
	frame_count = register_count = 0;
	walker = arena_map(sizeof *walker, ARENA_BUFFERS);
	frames = arena_map(FRAMES_MAX * sizeof *frames, ARENA_BUFFERS);
	registers = arena_map(THREADS_MAX * sizeof *registers, ARENA_BUFFERS);
	return walker != NULL && frames != NULL && registers != NULL && unwind_rules_init()
		   ? 0
		   : -ENOMEM;
}

void graph_threads_release(void)
{
	arena_unmap(walker, sizeof *walker, ARENA_BUFFERS);
	arena_unmap(frames, FRAMES_MAX * sizeof *frames, ARENA_BUFFERS);
	arena_unmap(registers, THREADS_MAX * sizeof *registers, ARENA_BUFFERS);
	walker = NULL;
	frames = NULL;
	registers = NULL;
	frame_count = register_count = 0;
}

size_t graph_registers_count(void)
{
	return register_count;
}

const struct graph_registers *graph_registers_get(size_t number)
{
	return &registers[number];
}

size_t graph_frames_count(void)
{
	return frame_count;
}

const struct snapshot_stack_frame *graph_frames(void)
{
	return frames;
}

static uint32_t row_of(uint32_t tid)
{
	for (const struct thread_state *state = thread_states_first(); state != NULL;
	     state = state->next)
		if (state->tid == tid && state->level == 0 &&
		    atomic_load_explicit(&state->in_use, memory_order_relaxed) != 0)
			return state->row;
	return UINT32_MAX;
}

/* ---- what the C library keeps of a thread: a block of data at its thread register ---- */

/* It begins with its own address, twice. */
static bool is_control_block(uintptr_t pointer)
{
	uint64_t first, second;

	return pointer != 0 && pointer % 16 == 0 && memory_word(pointer, &first) &&
	       memory_word(pointer + 16, &second) && first == pointer && second == pointer;
}

/* Somewhere in it stand, one after the other, the start of the stack and its bytes; the block lies inside. */
static bool find_stack(uintptr_t pointer, uintptr_t *ret_start, uintptr_t *ret_end)
{
	uint64_t start, bytes;

	for (uintptr_t at = pointer + 256; at < pointer + CONTROL_BYTES; at += 8) {
		if (!memory_word(at, &start) || !memory_word(at + 8, &bytes))
			return false;
		if (start != 0 && start < pointer && bytes < ((uint64_t)1 << 40) &&
		    start + bytes > pointer + 256 && start + bytes <= pointer + CONTROL_BYTES) {
			*ret_start = start;
			*ret_end = start + bytes;
			return true;
		}
	}
	return false;
}

/* The thread whose data stand at POINTER is thread TID, as the C library knows it. */
static bool belongs_to(uintptr_t pointer, uint32_t tid)
{
	uint64_t word;

	for (uintptr_t at = pointer + 256; at < pointer + 1024; at += 8)
		if (memory_word(at, &word) && ((uint32_t)word == tid || word >> 32 == tid))
			return true;
	return false;
}

/* ---- thread-local data ---- */

static void add_tls_range(
    const struct thread *thread, uint32_t module, uintptr_t start, size_t bytes)
{
	if (module == 0)
		return;
	graph_roots_add(&(struct graph_range){.start = start,
	    .end = start + bytes,
	    .kind = SNAPSHOT_ROOT_TLS,
	    .module = module,
	    .thread = thread->row,
	    .tid = thread->tid,
	    .name = ""});
}

/* The C library's table of a thread: entry 0 its generation, entry -1 its length, then where each module's copy is. */
static uintptr_t tls_of(uintptr_t pointer, const struct graph_module_tls *tls)
{
	uint64_t table, length, entry;

	if (memory_word(pointer + 8, &table) && table % 16 == 0 &&
	    memory_word(table - 16, &length) && tls->number <= length &&
	    memory_word(table + 16 * tls->number, &entry) && entry != 0 && entry != UINT64_MAX)
		return entry;
	return tls->below_pointer != 0 ? pointer - tls->below_pointer : 0;
}

static void add_tls(const struct thread *thread)
{
	uintptr_t end = thread->stack_end;

	if (!is_control_block(thread->pointer))
		return;
	for (size_t i = 0; i < graph_module_tls_count(); i++) {
		const struct graph_module_tls *tls = graph_module_tls(i);
		uintptr_t start = tls_of(thread->pointer, tls);

		if (start != 0)
			add_tls_range(thread, tls->module, start, tls->bytes);
	}
	if (end == 0) {
		const struct memory_area *area = memory_map_find(thread->pointer);

		end = area != NULL && area->end - thread->pointer < CONTROL_BYTES
			  ? area->end
			  : thread->pointer + CONTROL_BYTES;
	}
	add_tls_range(thread, libc_module, thread->pointer, end - thread->pointer);
}

/* ---- stacks ---- */

static void add_frame(uintptr_t low, uintptr_t pc, bool is_exact)
{
	uint32_t module = modules_find(is_exact ? pc : pc - 1);

	if (frame_count == FRAMES_MAX)
		return;
	frames[frame_count++] = (struct snapshot_stack_frame){
	    .low = low, .pc = pc, .module = module, .flags = is_exact};
}

/* Where the stack that SP lies in ends: what we know of the thread, the block that holds it, or its mapping. */
static uintptr_t end_of_stack(struct thread *thread, uintptr_t sp, const struct block_index *index)
{
	const struct memory_area *area = memory_map_find(sp);
	uint64_t into;

	if (sp - thread->signal_stack < thread->signal_stack_end - thread->signal_stack)
		return thread->signal_stack_end;
	if (sp - thread->stack < thread->stack_end - thread->stack) {
		thread->native_seen = true;
		return thread->pointer;
	}
	if (area == NULL)
		return 0;
	if ((area->flags & MEMORY_SPECIAL) != 0)
		thread->native_seen = true;
	if ((area->flags & MEMORY_SPECIAL) == 0) {
		uint32_t row = block_index_find(index, sp, &into);

		if (row != BLOCK_NONE && into < index->blocks[row].size)
			return index->blocks[row].address + index->blocks[row].size;
	}
	return area->end;
}

/* The stretch is complete: a range, and its frames know it. */
static void close_stretch(const struct thread *thread, const struct stretch *stretch)
{
	size_t first = graph_roots_count();
	size_t kept = stretch->first_frame;

	graph_roots_add(&(struct graph_range){.start = stretch->low,
	    .end = stretch->end,
	    .kind = SNAPSHOT_ROOT_STACK,
	    .thread = thread->row,
	    .tid = thread->tid,
	    .name = ""});
	/* other claims may have cut it to pieces */
	for (size_t range = first; range < graph_roots_count(); range++) {
		const struct graph_range *piece = graph_roots_get(range);
		struct snapshot_stack_frame frame;

		for (size_t i = kept; i < frame_count; i++) {
			bool begins_before =
			    frames[i].low <= piece->start &&
			    (i + 1 == frame_count || frames[i + 1].low > piece->start);

			frame = frames[i];
			if (begins_before)
				frame.low = piece->start;
			if (frame.low < piece->start || frame.low >= piece->end)
				continue;
			frame.range = (uint32_t)range;
			frames[kept++] = frame;
		}
	}
	frame_count = kept;
}

/* The unwound registers stand on another stack than the stretch: begin one there. */
static bool open_stretch(struct thread *thread, uintptr_t sp, const struct block_index *index,
    struct stretch *ret_stretch)
{
	uintptr_t end = end_of_stack(thread, sp, index);

	if (end <= sp)
		return false;
	*ret_stretch = (struct stretch){.low = sp, .end = end, .first_frame = frame_count};
	return true;
}

static void walk(struct thread *thread, struct cfi_registers *now, const struct block_index *index)
{
	struct unwind_step step;
	struct stretch stretch;
	bool exact = thread->is_exact;
	uintptr_t last = now->value[EH_SP];

	if (!open_stretch(thread, last, index, &stretch))
		return;
	add_frame(stretch.low, now->value[EH_PC], exact);
	for (unsigned count = 0; count < FRAMES_OF_ONE; count++) {
		if (unwind_step_general(walker, now, &exact, &step) != UNWIND_NEXT)
			break;
		uintptr_t sp = now->value[EH_SP];

		if (sp > last && sp < stretch.end) {
			add_frame(sp, now->value[EH_PC], exact);
		} else {
			/* a handler on a stack of its own; whoever it interrupted stands on another one */
			if (!exact || (sp > stretch.low && sp < stretch.end))
				break;
			close_stretch(thread, &stretch);
			if (!open_stretch(thread, sp, index, &stretch))
				return;
			add_frame(stretch.low, now->value[EH_PC], exact);
		}
		last = sp;
	}
	close_stretch(thread, &stretch);
}

/* A thread of which we know no more than where its stack is. */
static void add_whole_stack(const struct thread *thread, uintptr_t low, uintptr_t end)
{
	struct stretch stretch = {.low = low, .end = end, .first_frame = frame_count};

	close_stretch(thread, &stretch);
}

static void add_registers(
    const struct thread *thread, const struct cfi_registers *now, const uint64_t *vectors)
{
	struct graph_registers *entry = &registers[register_count];

	if (register_count == THREADS_MAX)
		return;
	graph_roots_add_registers(thread->row, thread->tid);
	entry->range = (uint32_t)graph_roots_count() - 1;
	entry->known = now->known & ~(CFI_BIT(EH_SP) | CFI_BIT(EH_PC));
	entry->vectors = vectors;
	memcpy(entry->value, now->value, sizeof entry->value);
	register_count++;
}

static const struct memory_area *first_stack(void)
{
	for (size_t i = 0; i < memory_map_count(); i++)
		if (strcmp(memory_map_get(i)->name, "[stack]") == 0)
			return memory_map_get(i);
	return NULL;
}

/* Below the stack pointer nothing counts; a stack that the thread left for another one counts as a whole. */
static void finish_stack(const struct thread *thread)
{
	const struct memory_area *first = first_stack();

	if (thread->stack_end != 0) {
		if (!thread->native_seen)
			add_whole_stack(thread, thread->stack, thread->pointer);
		graph_roots_exclude(thread->stack, thread->stack_end);
	} else if (first != NULL && thread->tid == (uint32_t)lifecycle_process_id()) {
		if (!thread->native_seen)
			add_whole_stack(thread, first->start, first->end);
		graph_roots_exclude(first->start, first->end);
	}
	if (thread->signal_stack_end > thread->signal_stack)
		graph_roots_exclude(thread->signal_stack, thread->signal_stack_end);
}

static void add_stopped(const struct stopped_thread *stopped, const struct block_index *index)
{
	struct thread thread = {.row = row_of(stopped->tid),
	    .tid = stopped->tid,
	    .pointer = stopped->pointer,
	    .signal_stack = stopped->signal_stack,
	    .signal_stack_end = stopped->signal_stack_end,
	    .is_exact = true};
	struct cfi_registers *now = &walker->registers;

	(void)(is_control_block(thread.pointer) &&
	       find_stack(thread.pointer, &thread.stack, &thread.stack_end));
	memcpy(now->value, stopped->registers, sizeof now->value);
	now->known = CFI_BIT(EH_REGISTERS) - 1;
	add_registers(&thread, now, stopped->vectors);
	add_tls(&thread);
	walk(&thread, now, index);
	finish_stack(&thread);
}

/* The registers of the program where it called us, or where a handler of ours interrupted it. */
static bool leave_own_frames(struct cfi_registers *now, bool *ret_exact)
{
	struct unwind_step step;
	bool exact = true;

	for (unsigned steps = 0; modules_is_self(now->value[EH_PC]); steps++)
		if (steps == OWN_STEPS ||
		    unwind_step_general(walker, now, &exact, &step) != UNWIND_NEXT)
			return false;
	if (unwind_is_signal_return(now->value[EH_PC]) &&
	    unwind_step_general(walker, now, &exact, &step) != UNWIND_NEXT)
		return false;
	*ret_exact = exact;
	return true;
}

static void add_caller(const struct cfi_registers *caller, const struct block_index *index)
{
	uint32_t tid = (uint32_t)stop_threads_caller();
	struct thread thread = {
	    .row = row_of(tid), .tid = tid, .pointer = (uintptr_t)__builtin_thread_pointer()};
	struct cfi_registers *now = &walker->registers;

	(void)(is_control_block(thread.pointer) &&
	       find_stack(thread.pointer, &thread.stack, &thread.stack_end));
	memcpy(now, caller, sizeof *now);
	add_tls(&thread);
	if (leave_own_frames(now, &thread.is_exact))
		add_registers(&thread, now, NULL);
	else
		memcpy(now, caller, sizeof *now);
	walk(&thread, now, index);
	finish_stack(&thread);
}

/* ---- stacks without a thread that stands ---- */

static const struct stopped_thread *running_owner(uintptr_t pointer)
{
	for (uint32_t i = 0; i < stop_threads_count(); i++) {
		const struct stopped_thread *stopped = stop_threads_get(i);

		if (stop_threads_state(stopped) == STOPPED_RUNS &&
		    belongs_to(pointer, stopped->tid))
			return stopped;
	}
	return NULL;
}

/* Kept by the C library for the next thread, or the stack of one that did not stop: that one counts. */
static void add_other_stack(uintptr_t pointer, uintptr_t start, uintptr_t end)
{
	const struct stopped_thread *owner = running_owner(pointer);

	if (owner != NULL) {
		struct thread thread = {.row = row_of(owner->tid),
		    .tid = owner->tid,
		    .pointer = pointer,
		    .stack = start,
		    .stack_end = end};
		uintptr_t sp = owner->registers[EH_SP];

		add_tls(&thread);
		add_whole_stack(&thread, sp - start < end - start ? sp : start, pointer);
	} else if (libc_module != 0) {
		/* its own data about a thread that is not there any more */
		graph_roots_add(&(struct graph_range){.start = pointer,
		    .end = end,
		    .kind = SNAPSHOT_ROOT_DATA,
		    .module = libc_module,
		    .thread = UINT32_MAX,
		    .name = ""});
	}
	graph_roots_exclude(start, end);
}

/* From the top of a mapping down: glibc puts a thread's data at the end of its stack. */
static void find_stacks_in(const struct memory_area *area)
{
	uintptr_t end = area->end, start = 0, stack_end = 0;

	for (uintptr_t top = end; top > area->start;) {
		uintptr_t low =
		    top - area->start > CONTROL_BYTES ? top - CONTROL_BYTES : area->start;
		uintptr_t pointer = (top - CONTROL_STEP) & ~(uintptr_t)(CONTROL_STEP - 1);

		while (pointer >= low && !is_control_block(pointer))
			pointer -= CONTROL_STEP;
		if (pointer < low || !find_stack(pointer, &start, &stack_end) || start >= top)
			return;
		add_other_stack(pointer, start, stack_end);
		top = start;
	}
}

static void add_other_stacks(void)
{
	const uint32_t stack_flags = MEMORY_READABLE | MEMORY_WRITABLE;

	for (size_t i = 0; i < memory_map_count(); i++) {
		const struct memory_area *area = memory_map_get(i);

		if (area->flags == stack_flags && memory_is_used(area->end - 4096, area->end))
			find_stacks_in(area);
	}
}

void graph_threads_add(const struct cfi_registers *caller, const struct block_index *index)
{
	libc_module = graph_module_of_libc();
	unwind_memory_reset(&walker->memory);
	walker->memory.tries =
	    UINT32_MAX; /* no stack is this thread's own: each page is asked for */
	add_caller(caller, index);
	for (uint32_t i = 0; i < stop_threads_count(); i++)
		if (stop_threads_state(stop_threads_get(i)) == STOPPED_STANDS)
			add_stopped(stop_threads_get(i), index);
	add_other_stacks();
}
