/*
 * Which functions are the allocator's own or trivial wrappers around it: the built-in list,
 * patterns, and the form in which a name is compared (without parameters, template arguments and
 * return type).
 */
#ifndef ANALYSIS_WRAPPER_NAMES_H
#define ANALYSIS_WRAPPER_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* "T* std::f<T>(int) const" -> "std::f"; cut to fit. Operators keep their signs. */
void wrapper_names_bare(const char *function, char *bare, size_t bytes);
/* '*' any run of characters, '?' any character. */
bool wrapper_names_match(const char *pattern, const char *text);
/* True when the built-in list holds FUNCTION in its bare form. */
bool wrapper_names_hold(const char *bare);
/* The list is searched by halves; for the test that keeps it in order. */
bool wrapper_names_are_sorted(void);

#endif
