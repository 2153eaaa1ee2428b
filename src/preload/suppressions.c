#include "preload/suppressions.h"

#include <string.h>

#include "preload/arena.h"

#define BYTES_MAX 65536

/* Weak, because asking the loader by name for what is not there would allocate from the host's heap. */
const char *__lsan_default_suppressions(void) __attribute__((weak, visibility("default")));

static char *text;
static size_t text_bytes;

void suppressions_learn(void)
{
	const char *told =
	    __lsan_default_suppressions != NULL ? __lsan_default_suppressions() : NULL;
	size_t bytes = 0;

	while (told != NULL && bytes < BYTES_MAX && told[bytes] != '\0')
		bytes++;
	/* a copy: the library that it comes from may be closed */
	text = bytes != 0 ? arena_map(bytes, ARENA_OTHER) : NULL;
	if (text == NULL)
		return;
	memcpy(text, told, bytes);
	text_bytes = bytes;
}

const char *suppressions_text(size_t *ret_bytes)
{
	*ret_bytes = text_bytes;
	return text;
}
