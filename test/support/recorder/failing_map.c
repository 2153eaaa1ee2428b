#include "support/recorder/failing_map.h"

#include <stdatomic.h>
#include <stddef.h>

void *__real_system_map(size_t bytes, const char *name);
void *__wrap_system_map(size_t bytes, const char *name);

static atomic_uint asked, refuse_from, refuse_count;

void failing_map_refuse(uint32_t skip, uint32_t count)
{
	atomic_store(&asked, 0);
	atomic_store(&refuse_from, skip);
	atomic_store(&refuse_count, count);
}

uint32_t failing_map_asked(void)
{
	return atomic_load(&asked);
}

void *__wrap_system_map(size_t bytes, const char *name)
{
	uint32_t number = atomic_fetch_add(&asked, 1);

	if (number >= atomic_load(&refuse_from) &&
	    number - atomic_load(&refuse_from) < atomic_load(&refuse_count))
		return NULL;
	return __real_system_map(bytes, name);
}
