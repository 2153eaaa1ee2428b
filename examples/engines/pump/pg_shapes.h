/* The graphs that benchmarks, scenarios and tests run: executors and flows, made and freed as a whole. */
#ifndef PUMP_PG_SHAPES_H
#define PUMP_PG_SHAPES_H

#include "engines/pump/pump.h"

enum { PG_SHAPE_EXECUTORS_MAX = 64, PG_SHAPE_FLOWS_MAX = 16 };

struct pg_shape {
	struct pg_executor *executors[PG_SHAPE_EXECUTORS_MAX]; /* in the order of their making */
	struct pg_flow *flows[PG_SHAPE_FLOWS_MAX];
	uint32_t executor_count, flow_count;
};

void pg_shape_free(struct pg_shape *shape);
struct pg_executor *pg_shape_last(const struct pg_shape *shape);

/* 42 */
struct pg_shape pg_shape_simple(void);
/* 1, and each the one before it plus 1 */
struct pg_shape pg_shape_chain(uint32_t length);
/* 1, and WIDTH that add 1, 2, ... to it */
struct pg_shape pg_shape_wide(uint32_t width);
/* "base", "base-dependent", "base-dependent-final" */
struct pg_shape pg_shape_texts(void);
/* 0 -> level1, 1 more -> ten on level2; all edges reactive */
struct pg_shape pg_shape_reactive(void);
/* 1; three that add 1, 2, 3; six sums of two of these; their sum: 36 */
struct pg_shape pg_shape_complex(void);
/* 42, and a flow that doubles it */
struct pg_shape pg_shape_flow(void);
/* LENGTH numbers 1, 2, ...; flow 0 doubles the first, flow i adds its number to what flow i - 1 gives: of ten 56 */
struct pg_shape pg_shape_flow_chain(uint32_t length);
/* COUNT texts "exec-NUMBER-0", ... */
struct pg_shape pg_shape_stress(uint32_t number, uint32_t count);
/* 42, and one that returns it: behind ten extensions in the benchmark */
struct pg_shape pg_shape_pair(void);

#endif
