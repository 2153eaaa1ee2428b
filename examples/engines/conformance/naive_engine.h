/*
 * An engine that caches nothing: a read of a computed runs it. What it says is right, and nothing else about it is good.
 *
 * The oracle for values. It has signals and computeds, no effects, batches that are plain calls, and no ownership: its
 * nodes go with the API.
 */
#ifndef CONFORMANCE_NAIVE_ENGINE_H
#define CONFORMANCE_NAIVE_ENGINE_H

#include "engines/engine.h"

extern const struct engine engine_naive;

#endif
