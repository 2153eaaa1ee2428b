/* A string that grows up to DEMANGLE_BYTES_MAX; after a failure it stays failed. */
#ifndef SYMBOLS_DEMANGLE_OUTPUT_H
#define SYMBOLS_DEMANGLE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct demangle_output {
	char *text; /* not terminated before demangle_output_take */
	size_t length, capacity;
	bool failed; /* too long, or out of memory */
};

void demangle_output_bytes(struct demangle_output *output, const char *bytes, size_t count);
void demangle_output_text(struct demangle_output *output, const char *text);
void demangle_output_number(struct demangle_output *output, uint64_t number);
/* CODE_POINT as UTF-8. False when it is none. */
bool demangle_output_character(struct demangle_output *output, uint32_t code_point);
/* The finished string (free it), or NULL after a failure. OUTPUT is empty afterwards. */
char *demangle_output_take(struct demangle_output *output);

#endif
