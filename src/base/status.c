#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>

const char *status_text(int code)
{
	switch (code) {
#define STATUS_CASE(name, value, text)                                                             \
	case name:                                                                                 \
		return text;
		STATUS_LIST(STATUS_CASE)
#undef STATUS_CASE
	default:
		return "unknown error";
	}
}

int status_set(struct status_error *error, int code, uint64_t offset, const char *format, ...)
{
	if (error != NULL) {
		va_list arguments;

		error->code = code;
		error->offset = offset;
		va_start(arguments, format);
		(void)vsnprintf(error->sentence, sizeof error->sentence, format, arguments);
		va_end(arguments);
	}
	return code;
}
