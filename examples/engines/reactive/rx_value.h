/*
 * The words that the reactive engines share: values, the user's functions, and how an error travels.
 *
 * Holds no engine: each engine (lattice/, preact_signals/) includes this file and libc alone. A function of the
 * user returns 0, or a code other than 0 with the error in its result. A user's function brings an environment,
 * the block in which it keeps what it captured; the engine owns it from the moment the function is handed over.
 */
#ifndef ENGINES_RX_VALUE_H
#define ENGINES_RX_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rx_tag { RX_UNDEFINED, RX_INTEGER, RX_NUMBER, RX_POINTER, RX_ERROR };

struct rx_value {
	uint32_t tag;
	int32_t code; /* of an error, never 0 */
	union {
		int64_t integer;
		double number;
		const void *pointer;
		const char *message; /* of an error; a string that outlives the engine */
	} as;
};

static inline struct rx_value rx_undefined(void)
{
	return (struct rx_value){.tag = RX_UNDEFINED};
}

static inline struct rx_value rx_integer(int64_t integer)
{
	return (struct rx_value){.tag = RX_INTEGER, .as.integer = integer};
}

static inline struct rx_value rx_number(double number)
{
	return (struct rx_value){.tag = RX_NUMBER, .as.number = number};
}

static inline struct rx_value rx_pointer(const void *pointer)
{
	return (struct rx_value){.tag = RX_POINTER, .as.pointer = pointer};
}

static inline struct rx_value rx_error(int32_t code, const char *message)
{
	return (struct rx_value){.tag = RX_ERROR, .code = code, .as.message = message};
}

static inline double rx_to_number(struct rx_value value)
{
	return value.tag == RX_INTEGER ? (double)value.as.integer : value.as.number;
}

/* Identity: a pointer is itself, NaN differs from NaN, +0 equals -0, an integer equals the same number. */
static inline bool rx_same(struct rx_value left, struct rx_value right)
{
	const bool left_is_number = left.tag == RX_INTEGER || left.tag == RX_NUMBER;
	const bool right_is_number = right.tag == RX_INTEGER || right.tag == RX_NUMBER;

	if (left.tag == RX_INTEGER && right.tag == RX_INTEGER)
		return left.as.integer == right.as.integer;
	if (left_is_number && right_is_number)
		return rx_to_number(left) == rx_to_number(right);
	if (left.tag != right.tag)
		return false;
	return left.tag == RX_UNDEFINED || left.as.pointer == right.as.pointer;
}

/* How a collector walks over what a user's function captured: visit() is called for each handle. */
struct rx_tracer {
	void (*visit)(struct rx_tracer *tracer, void *handle);
};

/* What the engine must know of an environment; a NULL type means that the environment is borrowed. */
struct rx_environment_type {
	void (*trace)(
	    void *environment, struct rx_tracer *tracer); /* may be NULL: captures no handle */
	void (*destroy)(void *environment);
};

typedef int (*rx_compute_function)(void *environment, struct rx_value *ret_value);
typedef int (*rx_cleanup_function)(void *environment, struct rx_value *ret_error);

/* Registered by a run of an effect; its environment stays the property of the effect's function. */
struct rx_cleanup {
	rx_cleanup_function run; /* NULL: none */
	void *environment;
};

typedef int (*rx_effect_function)(
    void *environment, struct rx_cleanup *ret_cleanup, struct rx_value *ret_error);
typedef int (*rx_callback_function)(
    void *environment, struct rx_value value, struct rx_value *ret_error);

struct rx_computation {
	rx_compute_function run;
	void *environment;
	const struct rx_environment_type *type;
};

struct rx_reaction {
	rx_effect_function run;
	void *environment;
	const struct rx_environment_type *type;
};

struct rx_callback {
	rx_callback_function run;
	void *environment;
	const struct rx_environment_type *type;
};

static inline void rx_environment_trace(
    void *environment, const struct rx_environment_type *type, struct rx_tracer *tracer)
{
	if (environment != NULL && type != NULL && type->trace != NULL)
		type->trace(environment, tracer);
}

static inline void rx_environment_destroy(void *environment, const struct rx_environment_type *type)
{
	if (environment != NULL && type != NULL)
		type->destroy(environment);
}

/*
 * Who frees a node, in a language without a garbage collector:
 * RX_OWN_TRACE   handles are roots; dropping one frees nothing, collect() frees what no root reaches (as a
 *		  JavaScript engine does).
 * RX_OWN_CALLER  a signal or computed is freed when it was released and no edge leads to it any more; an effect
 *		  when it was disposed and released. What is dropped without a release is leaked.
 * RX_OWN_CTX     the engine's instance keeps every node until it is freed itself; a release frees nothing. Not how
 *		  any of the originals behaves: the model of a context that accumulates its nodes.
 */
enum rx_ownership { RX_OWN_TRACE, RX_OWN_CALLER, RX_OWN_CTX };

#endif
