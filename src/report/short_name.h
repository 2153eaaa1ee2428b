/*
 * C++ and Rust names for people: what was instantiated with what, the parameters and the return type fill a screen
 * and rarely matter where file and line stand beside the name.
 *
 *   void std::vector<int, std::allocator<int> >::_M_realloc_insert<int const&>(int*, int const&)
 *   -> std::vector<>::_M_realloc_insert<>
 *
 * JSON, filters and --full-names keep the whole name. Rows are never merged by short names; trees of text are.
 */
#ifndef REPORT_SHORT_NAME_H
#define REPORT_SHORT_NAME_H

#include <stddef.h>
#include <stdint.h>

/* The short form of a demangled NAME, cut to fit and always ended. C names come out as they are. */
void short_name(const char *name, char *text, size_t bytes);
/* The same for "name (file:line)" or "name (module)": what stands in the last parentheses stays. */
void short_name_of_site(const char *site, char *text, size_t bytes);

/* The short form with where it stands: "name (file:line)", or "name (module)" without a line. */
struct short_name_place {
	const char *function;
	const char *file, *module; /* NULL unknown; of a file the base name is shown */
	uint32_t line;		   /* 0 unknown */
};
void short_name_with_place(const struct short_name_place *place, char *text, size_t bytes);

#endif
