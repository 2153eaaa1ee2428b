/* Every kind of block the fluent builders make: its constructor, its name in the books, its struct. */
#ifndef ENGINES_FLUENT_BLOCKS_H
#define ENGINES_FLUENT_BLOCKS_H

#include "engines/ledger/ledger.h"

#define FLUENT_BLOCKS(ROW)                                                                         \
	/* a factory, and what its key set shares */                                               \
	ROW(fluent_books, FLUENT_CONFIG, fluent_new_config, "config", "fluent_config")             \
	ROW(fluent_books, FLUENT_KEYS, fluent_new_keys, "keys", NULL)                              \
	ROW(fluent_books, FLUENT_KEY_STRING, fluent_new_key_string, "key.string", NULL)            \
	ROW(fluent_books, FLUENT_POOL, fluent_new_pool, "pool", "fluent_pool")                     \
	ROW(fluent_books, FLUENT_FACTORY, fluent_new_factory, "factory", "fluent_factory")         \
	ROW(fluent_books, FLUENT_REGISTRY_TABLE, fluent_new_registry_table, "registry.table",      \
	    NULL)                                                                                  \
	ROW(fluent_books, FLUENT_POOL_BACKING, fluent_new_pool_backing, "pool.backing", NULL)      \
	/* a builder: six blocks, as in the original's host */                                     \
	ROW(fluent_books, FLUENT_BUILDER, fluent_new_builder, "builder", "fluent_builder")         \
	ROW(fluent_books, FLUENT_DATA, fluent_new_data, "data", "fluent_object")                   \
	ROW(fluent_books, FLUENT_PROXY, fluent_new_proxy, "proxy", "fluent_proxy")                 \
	ROW(fluent_books, FLUENT_HANDLER, fluent_new_handler, "handler", "fluent_handler")         \
	ROW(fluent_books, FLUENT_GETTER, fluent_new_getter, "getter", "fluent_getter")             \
	ROW(fluent_books, FLUENT_CONTEXT, fluent_new_context, "context", "fluent_context")         \
	/* a call of withKey(value) */                                                             \
	ROW(fluent_books, FLUENT_WITH_KEY, fluent_new_with_key, "with.key", NULL)                  \
	ROW(fluent_books, FLUENT_SETTER, fluent_new_setter, "setter", NULL)                        \
	/* what is built, and what fields are made of */                                           \
	ROW(fluent_books, FLUENT_RESULT, fluent_new_result, "result", "fluent_object")             \
	ROW(fluent_books, FLUENT_RECORD, fluent_new_record, "record", "fluent_object")             \
	ROW(fluent_books, FLUENT_LIST, fluent_new_list, "list", "fluent_object")                   \
	ROW(fluent_books, FLUENT_DATE, fluent_new_date, "date", "fluent_date")                     \
	ROW(fluent_books, FLUENT_STRING, fluent_new_string, "string", NULL)                        \
	/* a parse by schema, and its failure */                                                   \
	ROW(fluent_books, FLUENT_PARSE_CONTEXT, fluent_new_parse_context, "parse.context", NULL)   \
	ROW(fluent_books, FLUENT_PARSE_PAYLOAD, fluent_new_parse_payload, "parse.payload", NULL)   \
	ROW(fluent_books, FLUENT_ERROR, fluent_new_error, "error", "fluent_error")                 \
	ROW(fluent_books, FLUENT_ISSUES, fluent_new_issues, "error.issues", NULL)                  \
	ROW(fluent_books, FLUENT_ISSUE, fluent_new_issue, "issue", "fluent_issue")                 \
	ROW(fluent_books, FLUENT_PROMISE, fluent_new_promise, "promise", "fluent_promise")         \
	ROW(fluent_books, FLUENT_JOB, fluent_new_job, "job", "fluent_job")                         \
	/* the immutable builder */                                                                \
	ROW(fluent_books, FLUENT_STATE, fluent_new_state, "state", "fluent_object")                \
	ROW(fluent_books, FLUENT_STATE_SETTER, fluent_new_state_setter, "state.setter", NULL)      \
	/* caches */                                                                               \
	ROW(fluent_books, FLUENT_MEMO_TABLE, fluent_new_memo_table, "memo.table", NULL)            \
	ROW(fluent_books, FLUENT_MEMO_CURRIED, fluent_new_memo_curried, "memo.curried",            \
	    "fluent_memo_curried")                                                                 \
	ROW(fluent_books, FLUENT_MEMO_CURRIED_TABLE, fluent_new_memo_curried_table,                \
	    "memo.curried.table", NULL)                                                            \
	ROW(fluent_books, FLUENT_CACHED_SCHEMA, fluent_new_cached_schema, "cached.schema",         \
	    "fluent_cached_schema")                                                                \
	ROW(fluent_books, FLUENT_CACHED_KEY, fluent_new_cached_key, "cached.key", NULL)            \
	ROW(fluent_books, FLUENT_SCHEMA_TABLE, fluent_new_schema_table, "schema.table", NULL)      \
	/* what the scenarios keep */                                                              \
	ROW(fluent_books, FLUENT_KEPT, fluent_new_kept, "kept", NULL)

enum fluent_block { FLUENT_BLOCKS(LEDGER_ENUMERATOR) FLUENT_BLOCK_COUNT };
FLUENT_BLOCKS(LEDGER_DECLARATION)

extern struct ledger_kind fluent_books[FLUENT_BLOCK_COUNT];
extern const struct ledger fluent_ledger;

static inline void fluent_free(enum fluent_block kind, void *block, size_t size_bytes)
{
	ledger_free(&fluent_books[kind], block, size_bytes);
}

#endif
