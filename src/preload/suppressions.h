/*
 * Leaks that the program itself declares to be meant, as LeakSanitizer asks for them:
 *
 *	extern "C" const char *__lsan_default_suppressions(void);
 *
 * They go into each snapshot as text; the tool's gates leave out what they name.
 */
#ifndef PRELOAD_SUPPRESSIONS_H
#define PRELOAD_SUPPRESSIONS_H

#include <stddef.h>

/* Ask the program, if it exports the function. Once, when its code can run. */
void suppressions_learn(void);
/* Its lines, not ended by '\0'; *RET_BYTES is 0 when there are none. Stays valid. */
const char *suppressions_text(size_t *ret_bytes);

#endif
