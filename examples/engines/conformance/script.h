/*
 * The language of the conformance cases: its syntax tree and its parser. README.md describes it.
 *
 * A tree lives in an arena that is freed as a whole; strings in it (names, literals) live as long.
 */
#ifndef CONFORMANCE_SCRIPT_H
#define CONFORMANCE_SCRIPT_H

#include <stddef.h>
#include <stdint.h>

struct arena_chunk;
struct arena {
	struct arena_chunk *first;
};

/* Zeroed memory that lives until arena_release(). Ends the program when there is none. */
void *arena_new(struct arena *arena, size_t size_bytes);
const char *arena_text(struct arena *arena, const char *start, size_t length);
void arena_release(struct arena *arena);

enum script_kind {
	/* expressions */
	SCRIPT_INTEGER, /* integer */
	SCRIPT_TEXT,	/* text */
	SCRIPT_NAN,
	SCRIPT_UNDEFINED,
	SCRIPT_NAME,	  /* text, and an index or NULL as first: a variable, or a tracked read */
	SCRIPT_NEGATE,	  /* first */
	SCRIPT_BINARY,	  /* integer = operator, first, second */
	SCRIPT_CHOOSE,	  /* first ? second : third */
	SCRIPT_JOIN,	  /* pieces from first on, joined to one text */
	SCRIPT_READ,	  /* first */
	SCRIPT_PEEK,	  /* first, a name */
	SCRIPT_UNTRACKED, /* first, a block */
	/* statements */
	SCRIPT_BLOCK,	  /* statements from first on */
	SCRIPT_SIGNAL,	  /* context, first = name, second = value */
	SCRIPT_COMPUTED,  /* context, first = name, second = block */
	SCRIPT_EFFECT,	  /* context, first = name or NULL, second = block */
	SCRIPT_SUBSCRIBE, /* first = source, text = parameter, second = block */
	SCRIPT_CONTEXT,	  /* text */
	SCRIPT_OBJECT,	  /* text */
	SCRIPT_LOG,	  /* first */
	SCRIPT_WRITE,	  /* first = name, second = value */
	SCRIPT_ASSIGN,	  /* first = name, second = value */
	SCRIPT_DISPOSE,	  /* first, a name */
	SCRIPT_DROP,	  /* first, a name */
	SCRIPT_CLEANUP,	  /* first, a block */
	SCRIPT_TRY,	  /* first, a block; second: the block for an error, or NULL: log it */
	SCRIPT_THROW,	  /* text */
	SCRIPT_IF,	  /* first, second */
	SCRIPT_FOR,	  /* text; first..second; third, a block */
	SCRIPT_WHILE,	  /* first, second */
	SCRIPT_BATCH	  /* first, a block */
};

enum script_operator {
	SCRIPT_ADD,
	SCRIPT_SUBTRACT,
	SCRIPT_MULTIPLY,
	SCRIPT_REMAINDER,
	SCRIPT_EQUAL,
	SCRIPT_LESS,
	SCRIPT_GREATER,
	SCRIPT_AND
};

struct script_node {
	enum script_kind kind;
	int64_t integer;
	const char *text;
	const char *context; /* NULL: the default one */
	struct script_node *first, *second, *third;
	struct script_node *next; /* in a block or a join */
};

struct script_error {
	size_t offset; /* into the source */
	const char *expected;
};

/* A block of SOURCE's statements, or NULL with *ret_error set. */
struct script_node *script_parse(
    struct arena *arena, const char *source, struct script_error *ret_error);

#endif
