#include "preload/unwind_validated.h"

#include "preload/arena.h"
#include "preload/modules.h"
#include "preload/options.h"
#include "preload/stack_table.h"
#include "preload/unwind_chain.h"
#include "preload/unwind_rules.h"

/* Between the program and where a walk may start, at most; thread_state.c has room for more. */
#define OWN_FRAMES 8
#define OWN_STEPS  64
#define RESTARTS   2

struct unwinder {
	struct unwind_chain chain; /* of a thread's own block only */
	struct unwind_walker walker;
	struct unwind_state honest; /* of an honest walk: not on the host's stack */
	struct unwind_step step;
	struct thread_state *state;
};

/* Of the block that belongs to this thread, while no handler has another one. */
static THREAD_LOCAL struct unwinder *own_unwinder;

/* ---- blocks ---- */

static struct unwinder *unwinder_of(struct thread_state *state)
{
	struct unwinder *unwinder = state->unwinder;

	if (likely(unwinder != NULL))
		return unwinder;
	if (!unwind_rules_init())
		return NULL;
	unwinder = arena_map(sizeof *unwinder, ARENA_THREADS);
	if (unwinder != NULL)
		unwinder->state = state;
	state->unwinder = unwinder;
	return unwinder;
}

/* UNWINDER serves the calling thread's own block: with a chain, if there is memory for one. */
COLD static bool take_over(struct unwinder *unwinder)
{
	if (unwinder->chain.limit == 0 && !unwind_chain_init(&unwinder->chain,
					      (uint32_t)options.max_frames, &unwinder->state->top))
		return false;
	unwind_chain_clear(&unwinder->chain);
	unwind_memory_reset(&unwinder->walker.memory);
	own_unwinder = unwinder;
	return true;
}

/* A block for handlers, or one that threads share: it knows no stack but what the thread's own block knows. */
static void borrow_stack(struct unwind_memory *memory)
{
	const struct unwinder *own = own_unwinder;

	unwind_memory_reset(memory);
	memory->tries = UINT32_MAX;
	/* a thread that ended shares a block, and its own one may serve another by now */
	if (own == NULL || own->state != thread_current || own->walker.memory.own_high == 0)
		return;
	memory->own_low = own->walker.memory.own_low;
	memory->own_high = own->walker.memory.own_high;
	memory->own_floor = memory->own_low;
}

/* ---- honest walks ---- */

/* With all registers, from here: through our own frames by the same rules. */
__attribute__((noinline, cold)) static size_t walk_all_registers(
    struct unwinder *unwinder, uintptr_t *ret_frames, size_t capacity)
{
	struct cfi_registers *registers = &unwinder->walker.registers;
	struct unwind_step *step = &unwinder->step;
	size_t count = 0;
	bool exact = true;

	MACHINE_CAPTURE(registers);
	registers->known = MACHINE_KEPT | CFI_BIT(EH_PC);
	(void)unwind_memory_own(&unwinder->walker.memory, registers->value[EH_SP]);
	for (unsigned steps = 0; modules_is_self(registers->value[EH_PC]); steps++)
		if (steps == OWN_STEPS ||
		    unwind_step_general(&unwinder->walker, registers, &exact, step) != UNWIND_NEXT)
			return 0;
	while (count < capacity) {
		ret_frames[count++] = registers->value[EH_PC];
		if (unwind_step_general(&unwinder->walker, registers, &exact, step) != UNWIND_NEXT)
			break;
	}
	return count;
}

static struct unwind_state state_of_caller(const void *hook_frame)
{
	struct unwind_state state = {.is_exact = false};

	machine_caller(hook_frame, &state.pc, &state.sp, &state.fp);
	return state;
}

static size_t walk_honestly(
    struct unwinder *unwinder, const void *hook_frame, uintptr_t *ret_frames, size_t capacity)
{
	struct unwind_state *state = &unwinder->honest;
	size_t count = 0;

	unwind_memory_begin(&unwinder->walker.memory);
	if (hook_frame == NULL)
		return walk_all_registers(unwinder, ret_frames, capacity);
	*state = state_of_caller(hook_frame);
	(void)unwind_memory_own(&unwinder->walker.memory, state->sp);
	while (count < capacity) {
		ret_frames[count++] = state->pc;
		switch (unwind_step(&unwinder->walker, state, &unwinder->step)) {
		case UNWIND_NEXT:
			break;
		case UNWIND_END:
			return count;
		case UNWIND_NEEDS_REGISTERS:
			return walk_all_registers(unwinder, ret_frames, capacity);
		}
	}
	return count;
}

/* Our own frames, if the program came to the hook through them, are not the program's. */
static size_t own_frames(const uintptr_t *frames, size_t count)
{
	size_t own = 0;

	while (own < count && modules_is_self(frames[own]))
		own++;
	return own;
}

__attribute__((noinline)) static uint32_t intern_honestly(
    struct unwinder *unwinder, struct thread_state *state, const void *hook_frame, bool *ret_cut)
{
	size_t capacity = options.max_frames + OWN_FRAMES + 1;
	size_t count = walk_honestly(unwinder, hook_frame, state->frames, capacity);
	size_t own = own_frames(state->frames, count);

	*ret_cut = count - own > options.max_frames;
	count = *ret_cut ? options.max_frames : count - own;
	return stack_table_intern(state->frames + own, count, state->row, *ret_cut);
}

/* ---- with the chain ---- */

/* False: this stack is not one that can be kept. */
static bool walk_chain(struct unwinder *unwinder, struct thread_state *state,
    const void *hook_frame, uint32_t *ret_stack, bool *ret_cut)
{
	struct unwind_state caller = state_of_caller(hook_frame);

	if (!MACHINE_KEEPS_CHAINS || modules_is_self(caller.pc) ||
	    !unwind_memory_own(&unwinder->walker.memory, caller.sp))
		return false;
	unwind_memory_begin(&unwinder->walker.memory);
	return unwind_chain_walk(
	    &unwinder->chain, &unwinder->walker, &caller, state, ret_stack, ret_cut);
}

__attribute__((noinline)) static uint32_t stack_slow(
    struct thread_state *state, const void *hook_frame, bool *ret_cut)
{
	struct unwinder *unwinder = unwinder_of(state);
	bool is_own = unwinder != NULL && state == thread_current &&
		      (unwinder == own_unwinder || take_over(unwinder));
	uint32_t stack = 0;

	if (unwinder == NULL)
		return UNWIND_UNAVAILABLE;
	if (!is_own)
		borrow_stack(&unwinder->walker.memory);
	for (unsigned round = 0; round <= RESTARTS; round++) {
		unsigned generation =
		    atomic_load_explicit(&modules_generation, memory_order_acquire);

		if (is_own && unwinder->chain.generation != generation) {
			unwind_chain_clear(&unwinder->chain);
			unwinder->chain.generation = generation;
		}
		if (!is_own || hook_frame == NULL ||
		    !walk_chain(unwinder, state, hook_frame, &stack, ret_cut))
			stack = intern_honestly(unwinder, state, hook_frame, ret_cut);
		/* code came or went while we walked: the names of these addresses may be others now */
		if (likely(generation ==
			   atomic_load_explicit(&modules_generation, memory_order_acquire)))
			break;
	}
	return stack;
}

uint32_t unwind_validated_other(struct thread_state *state, const void *hook_frame, bool *ret_cut)
{
	struct unwinder *unwinder = own_unwinder;
	uintptr_t pc, sp, fp;
	uint32_t stack;

	if (unlikely(!MACHINE_KEEPS_CHAINS || unwinder == NULL || unwinder->state != state ||
		     hook_frame == NULL ||
		     unwinder->chain.generation !=
			 atomic_load_explicit(&modules_generation, memory_order_relaxed)))
		return stack_slow(state, hook_frame, ret_cut);
	machine_caller(hook_frame, &pc, &sp, &fp);
	stack = unwind_chain_recall(&unwinder->chain, UNWIND_SLOT(sp), fp);
	return likely(stack != 0) ? stack : stack_slow(state, hook_frame, ret_cut);
}

uint32_t unwind_validated_stack(struct thread_state *state, const void *hook_frame, bool *ret_cut)
{
	uintptr_t pc, sp, fp;

	if (likely(hook_frame != NULL)) {
		machine_caller(hook_frame, &pc, &sp, &fp);
		if (unwind_top_holds(&state->top, UNWIND_SLOT(sp), fp))
			return state->top.stack;
	}
	return unwind_validated_other(state, hook_frame, ret_cut);
}

size_t unwind_honest_frames(
    struct thread_state *state, const void *hook_frame, uintptr_t *ret_frames, size_t capacity)
{
	struct unwinder *unwinder = unwinder_of(state);

	return unwinder != NULL ? walk_honestly(unwinder, hook_frame, ret_frames, capacity) : 0;
}

/* ---- from a given frame ---- */

static bool find_with_all_registers(struct unwinder *unwinder, const struct cfi_registers *caller,
    bool (*is_it)(uintptr_t return_address), size_t most)
{
	struct cfi_registers *registers = &unwinder->walker.registers;
	bool exact = false;

	*registers = *caller;
	for (size_t count = 0; count < most; count++) {
		if (is_it(registers->value[EH_PC]))
			return true;
		if (unwind_step_general(&unwinder->walker, registers, &exact, &unwinder->step) !=
		    UNWIND_NEXT)
			break;
	}
	return false;
}

static bool find_from(struct unwinder *unwinder, const struct cfi_registers *caller,
    bool (*is_it)(uintptr_t return_address), size_t most)
{
	struct unwind_state *state = &unwinder->honest;

	*state = (struct unwind_state){
	    .pc = caller->value[EH_PC], .sp = caller->value[EH_SP], .fp = caller->value[EH_FP]};
	for (size_t count = 0; count < most; count++) {
		if (is_it(state->pc))
			return true;
		switch (unwind_step(&unwinder->walker, state, &unwinder->step)) {
		case UNWIND_NEXT:
			break;
		case UNWIND_END:
			return false;
		case UNWIND_NEEDS_REGISTERS:
			return find_with_all_registers(unwinder, caller, is_it, most);
		}
	}
	return false;
}

bool unwind_finds_caller(struct thread_state *state, const struct cfi_registers *caller,
    bool (*is_it)(uintptr_t return_address), size_t most)
{
	struct unwinder *unwinder = unwinder_of(state);
	bool is_own = unwinder != NULL && state == thread_current &&
		      (unwinder == own_unwinder || take_over(unwinder));

	if (unwinder == NULL)
		return false;
	if (!is_own)
		borrow_stack(&unwinder->walker.memory);
	unwind_memory_begin(&unwinder->walker.memory);
	(void)unwind_memory_own(&unwinder->walker.memory, caller->value[EH_SP]);
	return find_from(unwinder, caller, is_it, most);
}
