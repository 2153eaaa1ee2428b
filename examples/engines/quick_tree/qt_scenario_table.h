/* Between the scenarios' functions and their table. */
#ifndef QUICK_TREE_QT_SCENARIO_TABLE_H
#define QUICK_TREE_QT_SCENARIO_TABLE_H

#include "engines/quick_tree/qt_models.h"
#include "engines/quick_tree/qt_scenarios.h"

enum { QT_ROOTS_FIRST_CAPACITY = 16 };

extern uint32_t qt_scenario_model; /* enum qt_model_name */

extern const struct driver_workload qt_create_and_release, qt_create_and_keep, qt_create_and_lose,
    qt_keep_leaf, qt_keep_name, qt_keep_snapshot, qt_read_hot, qt_read_memos, qt_context_alone,
    qt_descriptors_alone, qt_fail_and_undo, qt_fail_and_lose, qt_register_new, qt_register_once;

#endif
