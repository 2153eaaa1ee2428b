/*
 * The links of an engine's list of all its nodes.
 *
 * A context that owns its nodes (RX_OWN_CTX) holds them: its links are plain pointers, as any heap analysis should see
 * them. A collector's list holds nothing: in the original's host it is no part of the program's heap, so its links are
 * stored complemented, and no scan of memory takes them for references. Callers who free nodes themselves
 * (RX_OWN_CALLER) need no list, and have none.
 */
#ifndef ENGINES_RX_REGISTRY_H
#define ENGINES_RX_REGISTRY_H

#include "engines/reactive/rx_value.h"

#include <stddef.h>
#include <stdint.h>

typedef uintptr_t rx_link; /* 0: the end of the list */

static inline rx_link rx_link_to(const void *node, enum rx_ownership ownership)
{
	const uintptr_t address = (uintptr_t)node;

	return node != NULL && ownership == RX_OWN_TRACE ? ~address : address;
}

static inline void *rx_linked(rx_link link, enum rx_ownership ownership)
{
	return (void *)(link != 0 && ownership == RX_OWN_TRACE ? ~link : link);
}

#endif
