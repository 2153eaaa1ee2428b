/* What is a character: reports write text from files, which may hold anything. */
#ifndef REPORT_UTF8_H
#define REPORT_UTF8_H

#include <stdint.h>

/* Bytes of the character at TEXT (1 to 4) and its code point, or 0 when the bytes are not UTF-8: overlong,
 * surrogate, cut. TEXT ends in '\0'. */
int utf8_decode(const char *text, uint32_t *ret_point);

#endif
