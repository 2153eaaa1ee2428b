/*
 * The one lock, and the border to the user's functions: they run without it, and a panic ends there.
 *
 * Each run of a factory is a frame. A panic jumps to the innermost frame of its thread, so the engine's blocks between
 * two frames are freed by the engine on its way out; pg_call_get raises the panic again for the factory that asked.
 */
#include "engines/pump/pg_internal.h"

#include <pthread.h>
#include <stdarg.h>

enum { STACK_BYTES = 256 };

struct frame {
	jmp_buf target;
	struct frame *outer;
	const char *name;
	struct pg_call *call;
};

static pthread_mutex_t the_lock = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local unsigned depth; /* how often this thread has taken it */
static _Thread_local struct frame *innermost;
static _Thread_local char panic_stack[STACK_BYTES];

void pg_enter(void)
{
	if (depth++ == 0)
		pthread_mutex_lock(&the_lock);
}

void pg_leave(void)
{
	if (--depth == 0)
		pthread_mutex_unlock(&the_lock);
}

unsigned pg_leave_all(void)
{
	const unsigned taken = depth;

	depth = 0;
	if (taken > 0)
		pthread_mutex_unlock(&the_lock);
	return taken;
}

void pg_enter_again(unsigned taken)
{
	if (taken > 0)
		pthread_mutex_lock(&the_lock);
	depth = taken;
}

bool pg_run_user(pg_function run, struct pg_call *call, const char *name, struct value *ret_value)
{
	struct frame frame = {.outer = innermost, .name = name, .call = call};
	const unsigned taken = pg_leave_all();
	struct value value;

	innermost = &frame;
	if (setjmp(frame.target) == 0) {
		value = run(call);
		if (call->failed)
			pg_value_release(value);
		else
			*ret_value = value;
	}
	innermost = frame.outer;
	pg_enter_again(taken);
	return !call->failed;
}

static void write_stack(void)
{
	size_t length = 0;

	panic_stack[0] = '\0';
	for (const struct frame *frame = innermost; frame != NULL; frame = frame->outer) {
		const int written = snprintf(panic_stack + length, STACK_BYTES - length, "%s%s",
		    length > 0 ? " < " : "", frame->name);

		length += written > 0 ? (size_t)written : 0;
		if (length >= STACK_BYTES)
			return;
	}
}

const char *pg_panic_stack(void)
{
	return panic_stack;
}

/* To the innermost frame; the stack was written when the panic began. */
static _Noreturn void unwind(const char *message)
{
	struct frame *frame = innermost;

	if (frame == NULL) {
		fprintf(stderr, "pump: panic outside of a factory: %s\n", message);
		abort();
	}
	frame->call->failed = true;
	frame->call->error.panicked = true;
	(void)snprintf(frame->call->error.message, PG_MESSAGE_BYTES, "%s", message);
	longjmp(frame->target, 1);
}

void pg_panic(const char *message)
{
	write_stack();
	unwind(message);
}

struct value pg_call_get(struct pg_call *call, uint32_t number)
{
	struct value value = value_undefined();
	struct pg_error error = {.message = "no such dependency"};

	if (number < call->controller_count &&
	    pg_controller_get(*call->controllers[number], &value, &error))
		return value;
	if (error.panicked)
		unwind(error.message);
	call->failed = true;
	call->error = error;
	return value_undefined();
}

struct value pg_call_fail(struct pg_call *call, const char *format, ...)
{
	va_list arguments;

	call->failed = true;
	call->error.constant = NULL;
	call->error.panicked = false;
	va_start(arguments, format);
	(void)vsnprintf(call->error.message, PG_MESSAGE_BYTES, format, arguments);
	va_end(arguments);
	return value_undefined();
}

bool pg_fail(struct pg_error *ret_error, const char *format, ...)
{
	va_list arguments;

	if (ret_error == NULL)
		return false;
	ret_error->constant = NULL;
	ret_error->panicked = false;
	va_start(arguments, format);
	(void)vsnprintf(ret_error->message, PG_MESSAGE_BYTES, format, arguments);
	va_end(arguments);
	return false;
}

bool pg_fail_constant(struct pg_error *ret_error, const char *constant)
{
	(void)pg_fail(ret_error, "%s", constant);
	if (ret_error != NULL)
		ret_error->constant = constant;
	return false;
}
