#include "support/interleave/interleave.h"

#include <stddef.h>
#include <stdio.h>
#include <ucontext.h>

#define STACK_BYTES (64u * 1024)
#define STEPS_MAX   1000u /* of one order: more is a body that never ends */

struct body {
	ucontext_t context;
	bool has_ended, waits;
	const volatile void *word; /* what it is about to do */
	bool writes;
	_Alignas(16) char stack[STACK_BYTES];
};

/* One step of an order. Bodies are bits. */
struct step {
	uint8_t taken; /* number of the body that ran */
	uint8_t possible;
	uint8_t asleep; /* tried here already, or no other order than one that was */
};

static struct body bodies[INTERLEAVE_BODIES_MAX];
static ucontext_t scheduler;
static const struct interleave *current;
static uint32_t body_count, running;
static bool is_running;
static struct step steps[STEPS_MAX];
static uint32_t step_count;
static const char *objection;

static void run_body(void)
{
	current->bodies[running]();
	bodies[running].has_ended = true;
}

void *interleave_at(const volatile void *word, bool writes)
{
	if (is_running) {
		bodies[running].word = word;
		bodies[running].writes = writes;
		(void)swapcontext(&bodies[running].context, &scheduler);
	}
	return (void *)(uintptr_t)word; /* NOLINT(performance-no-int-to-ptr) */
}

void interleave_wait(void)
{
	bodies[running].waits = true;
	(void)interleave_at(NULL, true);
}

void interleave_object(const char *what)
{
	if (objection == NULL)
		objection = what;
}

/* To its next atomic operation, or its end. */
static void let_run(uint32_t number)
{
	running = number;
	is_running = true;
	(void)swapcontext(&scheduler, &bodies[number].context);
	is_running = false;
}

static void start_body(uint32_t number)
{
	struct body *body = &bodies[number];

	body->has_ended = false;
	body->waits = false;
	(void)getcontext(&body->context);
	body->context.uc_stack.ss_sp = body->stack;
	body->context.uc_stack.ss_size = STACK_BYTES;
	body->context.uc_link = &scheduler;
	makecontext(&body->context, run_body, 0);
	let_run(number);
}

/* Does it make a difference which of the two goes first? */
static bool depend(const struct body *a, const struct body *b)
{
	return a->word == NULL || b->word == NULL ||
	       (a->word == b->word && (a->writes || b->writes));
}

/* Of the bodies ASLEEP before NUMBER takes its step, those that still are after it. */
static uint8_t still_asleep(uint8_t asleep, uint32_t number)
{
	for (uint32_t i = 0; i < body_count; i++)
		if (depend(&bodies[i], &bodies[number]))
			asleep &= (uint8_t) ~(1u << i);
	return asleep;
}

static uint8_t find_possible(bool *ret_all_ended)
{
	uint8_t possible = 0;

	*ret_all_ended = true;
	for (uint32_t i = 0; i < body_count; i++) {
		*ret_all_ended = *ret_all_ended && bodies[i].has_ended;
		if (!bodies[i].has_ended && !bodies[i].waits)
			possible |= (uint8_t)(1u << i);
	}
	return possible;
}

static void take_step(uint32_t number)
{
	let_run(number);
	for (uint32_t i = 0; i < body_count; i++)
		if (i != number)
			bodies[i].waits = false;
}

/* The first awake body takes the step. False when there is none. */
static bool choose(struct step *step)
{
	unsigned awake = step->possible & ~(unsigned)step->asleep;

	if (awake != 0)
		step->taken = (uint8_t)__builtin_ctz(awake);
	return awake != 0;
}

/* The first DECIDED steps as they stand, the others as they come. False when it is no new order. */
static bool run_order(uint32_t decided)
{
	uint8_t asleep = 0;
	bool all_ended;

	current->prepare();
	for (uint32_t i = 0; i < body_count; i++)
		start_body(i);
	for (step_count = 0;; step_count++) {
		struct step *step = &steps[step_count];
		uint8_t possible = find_possible(&all_ended);

		if (all_ended)
			return true;
		if (possible == 0 || step_count + 1 == STEPS_MAX) {
			interleave_object(
			    possible == 0 ? "all bodies wait" : "a body does not end");
			return true;
		}
		if (step_count < decided && possible != step->possible) {
			interleave_object("the same order went another way");
			return true;
		}
		if (step_count >= decided) {
			*step = (struct step){.possible = possible, .asleep = asleep};
			if (!choose(step))
				return false;
		}
		asleep = still_asleep(step->asleep, step->taken);
		take_step(step->taken);
	}
}

/* Let another body take the last step where one is awake. Returns how many steps are decided; 0: there is none. */
static uint32_t next_order(void)
{
	for (uint32_t i = step_count; i-- > 0;) {
		steps[i].asleep |= (uint8_t)(1u << steps[i].taken);
		if (choose(&steps[i]))
			return i + 1;
	}
	return 0;
}

static void tell(void)
{
	(void)fprintf(stderr, "# %s, when they run as ", objection);
	for (uint32_t i = 0; i < step_count; i++)
		(void)fputc('a' + steps[i].taken, stderr);
	(void)fputc('\n', stderr);
}

uint64_t interleave_all(const struct interleave *interleave)
{
	uint64_t orders = 0;
	uint32_t decided = 0;

	current = interleave;
	objection = NULL;
	body_count = 0;
	while (body_count < INTERLEAVE_BODIES_MAX && interleave->bodies[body_count] != NULL)
		body_count++;
	do {
		if (run_order(decided)) {
			const char *judgement = objection == NULL ? interleave->judge() : NULL;

			if (judgement != NULL)
				interleave_object(judgement);
			orders++;
		}
		if (objection != NULL) {
			tell();
			return 0;
		}
	} while ((decided = next_order()) != 0);
	(void)fprintf(stderr, "# %lu orders\n", orders);
	return orders;
}
