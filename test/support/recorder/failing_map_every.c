/*
 * Stands in for system_map in a recorder that only its test preloads: FAILING_MAP=SKIP,STEP in the environment makes
 * SKIP mappings, then refuses every STEP-th. Any part of the recorder asks for some, from any thread and handler.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "preload/system.h"

void *__real_system_map(size_t bytes, const char *name);
void *__wrap_system_map(size_t bytes, const char *name);

static atomic_uint asked;
static atomic_uint_least64_t first, step;

static void read_environment(void)
{
	static const char variable[] = "FAILING_MAP=";
	uint64_t number = 0;

	for (char **entry = environ; *entry != NULL; entry++) {
		const char *value = *entry + sizeof variable - 1;

		if (strncmp(*entry, variable, sizeof variable - 1) != 0)
			continue;
		value += text_parse_unsigned(value, strlen(value), &number);
		atomic_store(&first, number);
		number = 0;
		(void)text_parse_unsigned(value + 1, strlen(value + 1), &number);
		atomic_store(&step, number);
	}
}

/* Before the C library has set `environ` nothing is refused. */
static bool is_refused(void)
{
	if (atomic_load(&step) == 0 && environ != NULL)
		read_environment();
	uint64_t every = atomic_load(&step);
	uint64_t number = atomic_fetch_add(&asked, 1);

	return every != 0 && number >= atomic_load(&first) &&
	       (number - atomic_load(&first) + 1) % every == 0;
}

void *__wrap_system_map(size_t bytes, const char *name)
{
	return is_refused() ? NULL : __real_system_map(bytes, name);
}
