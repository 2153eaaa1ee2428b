/*
 * The types of the public header, without what it brings to programs: weak references, a constructor, the failure handler.
 */
#ifndef PRELOAD_API_TYPES_H
#define PRELOAD_API_TYPES_H

#define ALLOCSCOPE_IMPLEMENTATION
#include "allocscope/allocscope.h"

#endif
