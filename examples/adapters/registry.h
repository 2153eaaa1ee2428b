/* What the examples test: names are looked up, and may be kept for good, which a test should notice. C and C++. */
#ifndef EXAMPLES_ADAPTERS_REGISTRY_H
#define EXAMPLES_ADAPTERS_REGISTRY_H

#include <stdlib.h>
#include <string.h>

#define REGISTRY_MAX 64

static char *registry_kept[REGISTRY_MAX];
static int registry_count;

static inline char *registry_copy(const char *name)
{
	size_t bytes = strlen(name) + 1;
	char *copy = (char *)malloc(bytes);

	if (copy == NULL)
		abort();
	memcpy(copy, name, bytes);
	return copy;
}

/* How many characters NAME has. Allocates, and gives it back. */
static inline size_t registry_measure(const char *name)
{
	char *copy = registry_copy(name);
	size_t length = strlen(copy);

	free(copy);
	return length;
}

/* Keeps a copy of NAME; nobody ever gives it back. */
static inline void registry_keep(const char *name)
{
	registry_kept[registry_count++ % REGISTRY_MAX] = registry_copy(name);
}

#endif
