/*
 * The kinds of block that the engine makes, one constructor each (ledger.h). The names are those of the ledger that the
 * engine must keep: README.md says how many of each a tree is made of.
 */
#ifndef QUICK_TREE_QT_BLOCKS_H
#define QUICK_TREE_QT_BLOCKS_H

#include "engines/ledger/ledger.h"

/* clang-format off */
#define QT_BLOCKS(ROW)                                                                             \
	/* once per type */                                                                        \
	ROW(qt_books, QT_REGISTRY_TABLE, qt_registry_table_new, "registry.table", NULL)            \
	ROW(qt_books, QT_TYPE, qt_type_new, "type", "qt_type")                                     \
	ROW(qt_books, QT_TYPE_NAME, qt_type_name_new, "type.name", NULL)                           \
	ROW(qt_books, QT_TYPE_PROPS, qt_type_props_new, "type.props", NULL)                        \
	ROW(qt_books, QT_TYPE_PROGRAM, qt_type_program_new, "type.program", NULL)                  \
	ROW(qt_books, QT_TYPE_METADATA, qt_type_metadata_new, "type.metadata", "qt_metadata")      \
	ROW(qt_books, QT_TYPE_GETTERS, qt_type_getters_new, "type.getters", NULL)                  \
	ROW(qt_books, QT_TYPE_ALIASES, qt_type_aliases_new, "type.aliases", NULL)                  \
	ROW(qt_books, QT_TYPENODE, qt_typenode_new, "typenode", "qt_type")                         \
	ROW(qt_books, QT_SEGMENT, qt_segment_new, "segment", NULL)                                 \
	/* once per tree */                                                                        \
	ROW(qt_books, QT_CONTEXT, qt_ctx_new, "ctx", "qt_context")                                 \
	ROW(qt_books, QT_CACHE_HEADER, qt_cache_header_new, "cache.hdr", "omap")                   \
	ROW(qt_books, QT_CACHE_TABLE, qt_cache_table_new, "cache.table", NULL)                     \
	ROW(qt_books, QT_REFS_HEADER, qt_refs_header_new, "refs.hdr", "vec")                       \
	ROW(qt_books, QT_REFS_BACKING, qt_refs_backing_new, "refs.backing", NULL)                  \
	ROW(qt_books, QT_DESCRIPTOR, qt_descriptor_new, "descriptor", "qt_descriptor")             \
	/* nodes and what they hold */                                                             \
	ROW(qt_books, QT_INSTANCE, qt_instance_new, "instance", "qt_instance")                     \
	ROW(qt_books, QT_FIELD_CLOSURE, qt_field_closure_new, "field.closure", NULL)               \
	ROW(qt_books, QT_DATE, qt_date_new, "date", NULL)                                          \
	ROW(qt_books, QT_ARRAY_HEADER, qt_array_header_new, "array.hdr", "qt_array")               \
	ROW(qt_books, QT_ARRAY_ELEMENTS, qt_array_elements_new, "array.elems", NULL)               \
	ROW(qt_books, QT_ARRAY_TEMPORARY, qt_array_temporary_new, "array.temp", NULL)              \
	ROW(qt_books, QT_MAP_HEADER, qt_map_header_new, "map.hdr", "qt_map")                       \
	ROW(qt_books, QT_MAP_TABLE, qt_map_table_new, "map.table", NULL)                           \
	ROW(qt_books, QT_SNAPSHOT, qt_snapshot_new, "snapshot", "qt_plain")                        \
	/* what views and programs make */                                                         \
	ROW(qt_books, QT_STRING_BLOCK, qt_string_new, "string", NULL)                              \
	ROW(qt_books, QT_ITERATOR, qt_iterator_new, "iterator", "qt_iterator")                     \
	ROW(qt_books, QT_KEY_LIST, qt_key_list_new, "keys.temp", NULL)                             \
	ROW(qt_books, QT_OBJECT_BLOCK, qt_object_new, "object", NULL)                              \
	ROW(qt_books, QT_ROOTS, qt_roots_new, "roots", NULL)
/* clang-format on */

enum qt_block { QT_BLOCKS(LEDGER_ENUMERATOR) QT_BLOCK_COUNT };
QT_BLOCKS(LEDGER_DECLARATION)

extern struct ledger_kind qt_books[QT_BLOCK_COUNT];
extern const struct ledger qt_ledger;

static inline void qt_free(enum qt_block kind, void *block, size_t size_bytes)
{
	ledger_free(&qt_books[kind], block, size_bytes);
}

#endif
