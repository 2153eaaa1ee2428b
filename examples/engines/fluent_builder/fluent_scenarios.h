/* The rows that the driver runs: what each does, with which switches, and what it must retain and allocate. */
#ifndef ENGINES_FLUENT_SCENARIOS_H
#define ENGINES_FLUENT_SCENARIOS_H

#include "harness/engine_driver.h"

extern const struct driver_engine fluent_engine;

/* fluent_workloads.c: what the rows do. */
extern const struct driver_workload fluent_workload_build;     /* one object of a model */
extern const struct driver_workload fluent_workload_flight;    /* many builders at once */
extern const struct driver_workload fluent_workload_keep;      /* one object, kept */
extern const struct driver_workload fluent_workload_factory;   /* a factory in each iteration */
extern const struct driver_workload fluent_workload_clear;     /* ten pools, emptied now and then */
extern const struct driver_workload fluent_workload_memo;      /* a curried function */
extern const struct driver_workload fluent_workload_cache;     /* the cache of schemas */
extern const struct driver_workload fluent_workload_immutable; /* states */

enum { FLUENT_SWITCH_COUNT = 16 };
extern const struct driver_switch fluent_switches[FLUENT_SWITCH_COUNT];

#endif
