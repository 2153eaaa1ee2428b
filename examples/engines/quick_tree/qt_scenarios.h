/* The scenarios of the engine, for its driver and its test. */
#ifndef QUICK_TREE_QT_SCENARIOS_H
#define QUICK_TREE_QT_SCENARIOS_H

#include "harness/engine_driver.h"

extern const struct driver_engine qt_engine;

/* Frees what the last scenario left reachable, types included: for who runs several in one process. */
void qt_scenarios_forget(void);

#endif
