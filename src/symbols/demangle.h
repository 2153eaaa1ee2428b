/*
 * Linkage names -> names as people write them. C++ (Itanium) by the C++ runtime's own demangler, which
 * is loaded when the first such name is met; Rust, both manglings, by demangle_rust*.c.
 * Names come out of hostile files: recursion, work and output are bounded, what doesn't parse stays as
 * it is.
 */
#ifndef SYMBOLS_DEMANGLE_H
#define SYMBOLS_DEMANGLE_H

#include <stddef.h>

#define DEMANGLE_BYTES_MAX 32768 /* of a result; what would be longer is not demangled */

/* The demangled form of LINKAGE_NAME (free it), or NULL when it is not mangled or can't be read. A
 * suffix that the compiler gave a copy of the function is not part of the result. */
char *demangle(const char *linkage_name);

/* Length of LINKAGE_NAME without the suffix of a compiler-made copy: "f.part.0", "f.cold" and
 * "f.constprop.1" are pieces of f, and a site should be the same whichever piece the call is in. */
size_t demangle_base_length(const char *linkage_name);

/* For demangle.c and tests: LENGTH bytes of NAME, without suffix. Results as demangle(). */
char *demangle_rust_legacy(const char *name, size_t length);
char *demangle_rust_v0(const char *name, size_t length);

#endif
