/* The models that the scenarios use, and the snapshots that go with them. */
#ifndef QUICK_TREE_QT_MODELS_H
#define QUICK_TREE_QT_MODELS_H

#include "engines/quick_tree/quick_tree.h"

enum qt_model_name {
	QT_NAME_EXAMPLE, /* two properties */
	QT_DIVERSE,	 /* 12 instances, an array, a map */
	QT_STATE,	 /* a tree of one type, with references */
	QT_LARGE_ROOT,	 /* 1,436 instances of 10 types */
	QT_MODEL_COUNT
};

extern const char *const qt_model_names[QT_MODEL_COUNT];

/* Registers the model and those that it is made of. */
const struct qt_type *qt_model_register(enum qt_model_name name);
/* The same two properties, under another name. */
const struct qt_type *qt_name_example_register(const char *name);
/* Made once; not of the heap. */
struct value qt_model_snapshot(enum qt_model_name name);

const struct qt_type *qt_large_root_register(void);
/* Made once each. Without parts in its map, 943 references lead nowhere. */
struct value qt_large_root_snapshot(bool with_parts);

#endif
