/*
 * The types of a file by name, and the names of its types.
 *
 * All units are walked once, at the first question. A name stands for the first complete definition that has it:
 * the same type in several units is the same type. Names are qualified with the namespaces and classes around
 * them, as in "app::Leaf". Types inside functions are left out.
 *
 * Debug information is hostile input: see dwarf_index.h.
 */
#ifndef SYMBOLS_TYPE_INDEX_H
#define SYMBOLS_TYPE_INDEX_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>

struct type_index;

/* NULL when memory is short. DWARF must outlive the index. */
struct type_index *type_index_new(Dwarf *dwarf);
void type_index_free(struct type_index *index);
/* The definition of NAME into *RET_DIE. False when there is none. */
bool type_index_find(const struct type_index *index, const char *name, Dwarf_Die *ret_die);
/* What DIE, a type, is called; NULL when it has no name. Lives as long as the index. */
const char *type_index_name(const struct type_index *index, Dwarf_Die *die);

#endif
