/* What the engines' common face needs besides the engines: finding one, words for ownership. */
#include "engines/engine.h"

#include <string.h>

static const struct engine *const engines[] = {&engine_lattice, &engine_preact, &engine_alien};
static const char *const ownership_names[] = {
    [RX_OWN_TRACE] = "trace", [RX_OWN_CALLER] = "caller", [RX_OWN_CTX] = "ctx"};

const struct engine *engine_find(const char *name)
{
	for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++)
		if (strcmp(engines[i]->name, name) == 0)
			return engines[i];
	return NULL;
}

const struct engine *engine_at(size_t i)
{
	return i < sizeof(engines) / sizeof(engines[0]) ? engines[i] : NULL;
}

bool engine_parse_ownership(const char *text, enum rx_ownership *ret_ownership)
{
	for (size_t i = 0; i < sizeof(ownership_names) / sizeof(ownership_names[0]); i++)
		if (strcmp(ownership_names[i], text) == 0) {
			*ret_ownership = (enum rx_ownership)i;
			return true;
		}
	return false;
}

const char *engine_ownership_name(enum rx_ownership ownership)
{
	return ownership_names[ownership];
}

uint64_t engine_live_blocks(const struct engine *engine)
{
	size_t count = 0;
	const struct rx_block_count *rows = engine->block_counts(&count);
	uint64_t live = 0;

	for (size_t i = 0; i < count; i++)
		live += rx_blocks_live(&rows[i]);
	return live;
}
