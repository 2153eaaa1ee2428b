/* The error list of the code outside the profiled process, and an error with a sentence for a person. */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#include <stdint.h>

#define STATUS_LIST(ROW)                                                                           \
	ROW(STATUS_OK, 0, "no error")                                                              \
	ROW(STATUS_IO, -1, "input or output failed")                                               \
	ROW(STATUS_NO_MEMORY, -2, "out of memory")                                                 \
	ROW(STATUS_NOT_A_SNAPSHOT, -3, "not an allocscope snapshot")                               \
	ROW(STATUS_DAMAGED, -4, "the file is damaged")                                             \
	ROW(STATUS_CUT, -5, "the file was cut short")                                              \
	ROW(STATUS_UNSUPPORTED, -6, "the file needs a newer allocscope")                           \
	ROW(STATUS_NOT_FOUND, -7, "not found")                                                     \
	ROW(STATUS_BAD_ARGUMENT, -8, "bad argument")

enum status {
#define STATUS_ENUM(name, value, text) name = (value),
	STATUS_LIST(STATUS_ENUM)
#undef STATUS_ENUM
};

struct status_error {
	int code;	    /* enum status */
	uint64_t offset;    /* byte of the file where it was found; 0 when it has no place */
	char sentence[256]; /* for a person, without a final period */
};

const char *status_text(int code);
/* Fill *ERROR (may be NULL) and return CODE. */
int status_set(struct status_error *error, int code, uint64_t offset, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
