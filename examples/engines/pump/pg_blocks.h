/*
 * The kinds of block that the engine makes, one constructor each (ledger.h). README.md says how many of each a scope, an
 * executor, a resolution, an execution is made of.
 *
 * The books are global and not atomic: every constructor is called under the engine's lock (pg_internal.h).
 */
#ifndef PUMP_PG_BLOCKS_H
#define PUMP_PG_BLOCKS_H

#include "engines/ledger/omap.h"
#include "engines/ledger/vec.h"

/* clang-format off */
#define PG_BLOCKS(ROW)                                                                             \
	/* a scope: the first seven at once, the rest as it fills */                               \
	ROW(pg_books, PG_SCOPE, pg_scope_new, "scope", "pg_scope")                                 \
	ROW(pg_books, PG_EXECTREE, pg_exectree_new, "exectree", "pg_tree")                         \
	ROW(pg_books, PG_DOWNSTREAM_HEADER, pg_downstream_header_new, "downstream.hdr", "omap")    \
	ROW(pg_books, PG_PRESETS_HEADER, pg_presets_header_new, "presets.hdr", "omap")             \
	ROW(pg_books, PG_REGISTRY_HEADER, pg_registry_header_new, "registry.hdr", "omap")          \
	ROW(pg_books, PG_NODES_HEADER, pg_nodes_header_new, "nodes.hdr", "omap")                   \
	ROW(pg_books, PG_BY_PARENT_HEADER, pg_by_parent_header_new, "byparent.hdr", "omap")        \
	ROW(pg_books, PG_CACHE_TABLE, pg_cache_table_new, "cache.table", NULL)                     \
	ROW(pg_books, PG_CACHE_ENTRY, pg_cache_entry_new, "cache.entry", "pg_entry")               \
	ROW(pg_books, PG_TAGS_TABLE, pg_tags_table_new, "tags.table", NULL)                        \
	ROW(pg_books, PG_TAG_ENTRY, pg_tag_entry_new, "tag.entry", "pg_entry")                     \
	ROW(pg_books, PG_DOWNSTREAM_TABLE, pg_downstream_table_new, "downstream.table", NULL)      \
	ROW(pg_books, PG_EDGE, pg_edge_new, "edge", "pg_edge")                                     \
	ROW(pg_books, PG_PRESETS_TABLE, pg_presets_table_new, "presets.table", NULL)               \
	ROW(pg_books, PG_PRESET_BLOCK, pg_preset_new, "preset", "pg_preset")                       \
	ROW(pg_books, PG_REGISTRY_TABLE, pg_registry_table_new, "registry.table", NULL)            \
	ROW(pg_books, PG_CLEANUPS, pg_cleanups_new, "cleanups", NULL)                              \
	ROW(pg_books, PG_EXTENSIONS, pg_extensions_new, "extensions", NULL)                        \
	ROW(pg_books, PG_EXTENSIONS_COPY, pg_exts_copy_new, "exts.copy", NULL)                     \
	/* executors and flows */                                                                  \
	ROW(pg_books, PG_EXECUTOR, pg_executor_new, "executor", "pg_executor")                     \
	ROW(pg_books, PG_EXECUTOR_TAGS_HEADER, pg_executor_tags_header_new, "executor.tags.hdr",   \
	    "omap")                                                                                \
	ROW(pg_books, PG_EXECUTOR_TAGS_TABLE, pg_executor_tags_table_new, "executor.tags.table",   \
	    NULL)                                                                                  \
	ROW(pg_books, PG_FLOW, pg_flow_new, "flow", "pg_flow")                                     \
	ROW(pg_books, PG_FLOW_CONFIG, pg_flow_config_new, "flow.cfg", NULL)                        \
	ROW(pg_books, PG_FLOW_TAGS_HEADER, pg_flow_tags_header_new, "flow.tags.hdr", "omap")       \
	ROW(pg_books, PG_FLOW_TAGS_TABLE, pg_flow_tags_table_new, "flow.tags.table", NULL)         \
	ROW(pg_books, PG_DEPENDENCIES, pg_dependencies_new, "deps", NULL)                          \
	ROW(pg_books, PG_WRAPPER, pg_wrapper_new, "depwrap", "pg_wrapper")                         \
	ROW(pg_books, PG_CLOSURE, pg_closure_new, "closure", "pg_closure")                         \
	ROW(pg_books, PG_USER_ENV, pg_user_env_new, "user.env", NULL)                              \
	/* a resolution, an update */                                                              \
	ROW(pg_books, PG_OPERATION, pg_operation_new, "operation", NULL)                           \
	ROW(pg_books, PG_NEXT, pg_next_new, "next", NULL)                                          \
	ROW(pg_books, PG_WRAP, pg_wrap_new, "wrap", NULL)                                          \
	ROW(pg_books, PG_RESOLVE_CONTEXT, pg_resolvectx_new, "resolvectx", "pg_resolve_context")   \
	ROW(pg_books, PG_CONTROLLER, pg_controller_new, "controller", NULL)                        \
	ROW(pg_books, PG_VISITED_TABLE, pg_visited_table_new, "visited.table", NULL)               \
	ROW(pg_books, PG_DEPENDENTS, pg_dependents_new, "dependents", NULL)                        \
	/* an execution, its node in the tree */                                                   \
	ROW(pg_books, PG_EXECUTION_ID, pg_execution_id_new, "exec.id", NULL)                       \
	ROW(pg_books, PG_EXECUTION, pg_execctx_new, "execctx", "pg_execution")                     \
	ROW(pg_books, PG_DATA_HEADER, pg_data_header_new, "data.hdr", "omap")                      \
	ROW(pg_books, PG_DATA_TABLE, pg_data_table_new, "data.table", NULL)                        \
	ROW(pg_books, PG_RESULT_SLOT, pg_result_slot_new, "result.slot", NULL)                     \
	ROW(pg_books, PG_NODE, pg_node_new, "node", "pg_node")                                     \
	ROW(pg_books, PG_NODE_TAGS_HEADER, pg_node_tags_header_new, "node.tags.hdr", "omap")       \
	ROW(pg_books, PG_NODE_TAGS_TABLE, pg_node_tags_table_new, "node.tags.table", NULL)         \
	ROW(pg_books, PG_NODE_PARENT, pg_node_parent_new, "node.parent", NULL)                     \
	ROW(pg_books, PG_NODES_TABLE, pg_nodes_table_new, "nodes.table", NULL)                     \
	ROW(pg_books, PG_BY_PARENT_TABLE, pg_by_parent_table_new, "byparent.table", NULL)          \
	ROW(pg_books, PG_BY_PARENT_KEY, pg_by_parent_key_new, "byparent.key", NULL)                \
	ROW(pg_books, PG_CHILDREN, pg_children_new, "children", NULL)                              \
	ROW(pg_books, PG_ROOTS, pg_roots_new, "roots", NULL)                                       \
	/* what factories make */                                                                  \
	ROW(pg_books, PG_STRING_BLOCK, pg_string_new, "user.string", NULL)                         \
	ROW(pg_books, PG_USER_RESOURCE, pg_user_resource_new, "user.resource", NULL)
/* clang-format on */

enum pg_block { PG_BLOCKS(LEDGER_ENUMERATOR) PG_BLOCK_COUNT };
PG_BLOCKS(LEDGER_DECLARATION)

extern struct ledger_kind pg_books[PG_BLOCK_COUNT];
extern const struct ledger pg_ledger;

static inline void pg_free(enum pg_block kind, void *block, size_t size_bytes)
{
	ledger_free(&pg_books[kind], block, size_bytes);
}

#endif
