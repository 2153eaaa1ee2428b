#include "engines/pump/pg_shapes.h"

enum { ANSWER = 42, REACTIVE_WIDTH = 10, COMPLEX_FIRST_LEVEL = 3, COMPLEX_SECOND_LEVEL = 6 };

/* --- factories --- */

static struct value answer(struct pg_call *call)
{
	(void)call;
	return value_integer(ANSWER);
}

static struct value zero(struct pg_call *call)
{
	(void)call;
	return value_integer(0);
}

static struct value one(struct pg_call *call)
{
	(void)call;
	return value_integer(1);
}

static int64_t captured(const struct pg_call *call)
{
	return *(const int64_t *)call->captured;
}

static int64_t get(struct pg_call *call, uint32_t number)
{
	return pg_call_get(call, number).as.integer;
}

static struct value the_captured(struct pg_call *call)
{
	return value_integer(captured(call));
}

static struct value the_first(struct pg_call *call)
{
	return pg_call_get(call, 0);
}

static struct value first_plus_one(struct pg_call *call)
{
	return value_integer(get(call, 0) + 1);
}

static struct value first_plus_captured(struct pg_call *call)
{
	return value_integer(get(call, 0) + captured(call));
}

static struct value sum_of_all(struct pg_call *call)
{
	int64_t sum = 0;

	for (uint32_t i = 0; i < call->controller_count; i++)
		sum += get(call, i);
	return value_integer(sum);
}

static struct value twice_the_first(struct pg_call *call)
{
	return value_integer(2 * get(call, 0));
}

static struct value base_text(struct pg_call *call)
{
	(void)call;
	return value_string("base");
}

static struct value longer_text(struct pg_call *call, const char *suffix)
{
	const struct value first = pg_call_get(call, 0);
	struct value text = value_undefined();

	if (!call->failed)
		text = pg_string("%s-%s", first.as.string, suffix);
	pg_value_release(first);
	return text;
}

static struct value dependent_text(struct pg_call *call)
{
	return longer_text(call, "dependent");
}

static struct value final_text(struct pg_call *call)
{
	return longer_text(call, "final");
}

struct stress_place {
	uint32_t number, executor;
};

static struct value stress_text(struct pg_call *call)
{
	const struct stress_place *place = call->captured;

	return pg_string("exec-%u-%u", place->number, place->executor);
}

/* Captures the flow that it executes. */
static struct value first_plus_flow(struct pg_call *call)
{
	struct pg_flow *const *flow = call->captured;
	struct value value = value_undefined();
	struct pg_error error;

	if (!pg_exec_sub(call->execution, *flow, &value, NULL, &error))
		return pg_call_fail(call, "%.160s", error.message);
	return value_integer(get(call, 0) + value.as.integer);
}

/* --- shapes --- */

static void add_provided(struct pg_shape *shape, pg_function run)
{
	shape->executors[shape->executor_count++] = pg_provide((struct pg_factory){.run = run});
}

static void add_number(struct pg_shape *shape, int64_t number)
{
	shape->executors[shape->executor_count++] = pg_provide((struct pg_factory){
	    .run = the_captured, .captured = &number, .captured_bytes = sizeof(number)});
}

static void add_derived(struct pg_shape *shape, struct pg_dependency dependency, pg_function run)
{
	shape->executors[shape->executor_count++] =
	    pg_derive(&dependency, 1, (struct pg_factory){.run = run});
}

static void add_sum_with(struct pg_shape *shape, struct pg_dependency dependency, int64_t number)
{
	shape->executors[shape->executor_count++] = pg_derive(&dependency, 1,
	    (struct pg_factory){
		.run = first_plus_captured, .captured = &number, .captured_bytes = sizeof(number)});
}

static void add_sum(
    struct pg_shape *shape, const struct pg_dependency *dependencies, uint32_t count)
{
	shape->executors[shape->executor_count++] =
	    pg_derive(dependencies, count, (struct pg_factory){.run = sum_of_all});
}

static struct pg_dependency on(const struct pg_shape *shape, uint32_t place)
{
	return pg_static(shape->executors[place]);
}

struct pg_executor *pg_shape_last(const struct pg_shape *shape)
{
	return shape->executors[shape->executor_count - 1];
}

void pg_shape_free(struct pg_shape *shape)
{
	for (uint32_t i = 0; i < shape->flow_count; i++)
		pg_flow_free(shape->flows[i]);
	for (uint32_t i = 0; i < shape->executor_count; i++)
		pg_executor_free(shape->executors[i]);
	*shape = (struct pg_shape){0};
}

struct pg_shape pg_shape_simple(void)
{
	struct pg_shape shape = {0};

	add_provided(&shape, answer);
	return shape;
}

struct pg_shape pg_shape_pair(void)
{
	struct pg_shape shape = pg_shape_simple();

	add_derived(&shape, on(&shape, 0), the_first);
	return shape;
}

struct pg_shape pg_shape_chain(uint32_t length)
{
	struct pg_shape shape = {0};

	add_provided(&shape, one);
	for (uint32_t i = 1; i < length; i++)
		add_derived(&shape, on(&shape, i - 1), first_plus_one);
	return shape;
}

struct pg_shape pg_shape_wide(uint32_t width)
{
	struct pg_shape shape = {0};

	add_provided(&shape, one);
	for (uint32_t i = 0; i < width; i++)
		add_sum_with(&shape, on(&shape, 0), i + 1);
	return shape;
}

struct pg_shape pg_shape_texts(void)
{
	struct pg_shape shape = {0};

	add_provided(&shape, base_text);
	add_derived(&shape, on(&shape, 0), dependent_text);
	add_derived(&shape, on(&shape, 1), final_text);
	return shape;
}

struct pg_shape pg_shape_reactive(void)
{
	struct pg_shape shape = {0};

	add_provided(&shape, zero);
	add_derived(&shape, pg_reactive(shape.executors[0]), first_plus_one);
	for (uint32_t i = 0; i < REACTIVE_WIDTH; i++)
		add_sum_with(&shape, pg_reactive(shape.executors[1]), i + 1);
	return shape;
}

struct pg_shape pg_shape_complex(void)
{
	struct pg_shape shape = pg_shape_wide(COMPLEX_FIRST_LEVEL);
	struct pg_dependency second_level[COMPLEX_SECOND_LEVEL];

	for (uint32_t i = 0; i < COMPLEX_SECOND_LEVEL; i++) {
		const struct pg_dependency two[] = {on(&shape, 1 + i % COMPLEX_FIRST_LEVEL),
		    on(&shape, 1 + (i + 1) % COMPLEX_FIRST_LEVEL)};

		add_sum(&shape, two, 2);
		second_level[i] = pg_static(pg_shape_last(&shape));
	}
	add_sum(&shape, second_level, COMPLEX_SECOND_LEVEL);
	return shape;
}

struct pg_shape pg_shape_flow(void)
{
	struct pg_shape shape = pg_shape_simple();
	const struct pg_dependency dependency = on(&shape, 0);

	shape.flows[shape.flow_count++] =
	    pg_flow_create(&dependency, 1, (struct pg_factory){.run = twice_the_first});
	return shape;
}

struct pg_shape pg_shape_flow_chain(uint32_t length)
{
	struct pg_shape shape = {0};

	for (uint32_t i = 0; i < length; i++) {
		struct pg_flow *const *before = i > 0 ? &shape.flows[i - 1] : NULL;
		struct pg_dependency dependency;

		if (i == 0)
			add_provided(&shape, one);
		else
			add_number(&shape, i + 1);
		dependency = on(&shape, i);
		shape.flows[shape.flow_count++] = pg_flow_create(&dependency, 1,
		    (struct pg_factory){.run = i == 0 ? twice_the_first : first_plus_flow,
			.captured = before,
			.captured_bytes = before != NULL ? sizeof(void *) : 0});
	}
	return shape;
}

struct pg_shape pg_shape_stress(uint32_t number, uint32_t count)
{
	struct pg_shape shape = {0};

	for (uint32_t i = 0; i < count; i++) {
		const struct stress_place place = {number, i};

		shape.executors[shape.executor_count++] = pg_provide((struct pg_factory){
		    .run = stress_text, .captured = &place, .captured_bytes = sizeof(place)});
	}
	return shape;
}
