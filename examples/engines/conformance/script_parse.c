/*
 * The parser of the conformance language: recursive descent, one function per rule, no separate lexer.
 *
 * A rule that fails notes what it expected and where, once, and returns NULL; its callers return NULL in turn.
 */
#include "engines/conformance/script.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct parser {
	struct arena *arena;
	const char *source;
	const char *at;
	const char *expected; /* of the first failure */
	const char *failed_at;
};

static struct script_node *parse_expression(struct parser *parser);
static struct script_node *parse_pieces(struct parser *parser);
static struct script_node *parse_block(struct parser *parser);
static struct script_node *parse_statement(struct parser *parser);

static void skip_space(struct parser *parser)
{
	while (isspace((unsigned char)*parser->at))
		parser->at++;
}

static void *fail(struct parser *parser, const char *expected)
{
	if (parser->expected == NULL) {
		parser->expected = expected;
		parser->failed_at = parser->at;
	}
	return NULL;
}

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Takes MARK if it stands next; a mark that ends in a letter must end there. */
static bool take(struct parser *parser, const char *mark)
{
	const size_t length = strlen(mark);

	skip_space(parser);
	if (strncmp(parser->at, mark, length) != 0)
		return false;
	if (is_name_char(mark[length - 1]) && is_name_char(parser->at[length]))
		return false;
	parser->at += length;
	return true;
}

static bool expect(struct parser *parser, const char *mark)
{
	if (take(parser, mark))
		return true;
	fail(parser, mark);
	return false;
}

static struct script_node *new_node(struct parser *parser, enum script_kind kind,
    struct script_node *first, struct script_node *second)
{
	struct script_node *node = arena_new(parser->arena, sizeof(*node));

	node->kind = kind;
	node->first = first;
	node->second = second;
	return node;
}

/* FIRST, and SECOND where the rule has one, were parsed without failure? */
static struct script_node *checked_node(struct parser *parser, enum script_kind kind,
    struct script_node *first, struct script_node *second)
{
	return parser->expected == NULL ? new_node(parser, kind, first, second) : NULL;
}

static const char *parse_word(struct parser *parser)
{
	const char *start = NULL;

	skip_space(parser);
	start = parser->at;
	if (!isalpha((unsigned char)*start) && *start != '_')
		return fail(parser, "a name");
	while (is_name_char(*parser->at))
		parser->at++;
	return arena_text(parser->arena, start, (size_t)(parser->at - start));
}

/* A name, or an indexed one: c, c[i-1]. */
static struct script_node *parse_name(struct parser *parser)
{
	const char *word = parse_word(parser);
	struct script_node *index = NULL;
	struct script_node *name = NULL;

	if (word == NULL)
		return NULL;
	if (*parser->at == '[') {
		parser->at++;
		index = parse_expression(parser);
		if (!expect(parser, "]"))
			return NULL;
	}
	name = checked_node(parser, SCRIPT_NAME, index, NULL);
	if (name != NULL)
		name->text = word;
	return name;
}

static struct script_node *parse_text(struct parser *parser)
{
	const char *end = strchr(parser->at, '\'');
	struct script_node *node = NULL;

	if (end == NULL)
		return fail(parser, "a closing quote");
	node = new_node(parser, SCRIPT_TEXT, NULL, NULL);
	node->text = arena_text(parser->arena, parser->at, (size_t)(end - parser->at));
	parser->at = end + 1;
	return node;
}

static bool at_primary(struct parser *parser)
{
	skip_space(parser);
	return *parser->at == '\'' || *parser->at == '(' || *parser->at == '_' ||
	       isalnum((unsigned char)*parser->at);
}

static struct script_node *parse_integer(struct parser *parser)
{
	struct script_node *node = new_node(parser, SCRIPT_INTEGER, NULL, NULL);
	char *end = NULL;

	node->integer = strtoll(parser->at, &end, 10);
	parser->at = end;
	return node;
}

static struct script_node *parse_primary(struct parser *parser)
{
	struct script_node *inner = NULL;

	skip_space(parser);
	if (isdigit((unsigned char)*parser->at))
		return parse_integer(parser);
	if (take(parser, "'"))
		return parse_text(parser);
	if (take(parser, "(")) {
		inner = parse_pieces(parser);
		return expect(parser, ")") ? inner : NULL;
	}
	if (take(parser, "-"))
		return checked_node(parser, SCRIPT_NEGATE, parse_primary(parser), NULL);
	if (take(parser, "NaN"))
		return new_node(parser, SCRIPT_NAN, NULL, NULL);
	if (take(parser, "UNDEF"))
		return new_node(parser, SCRIPT_UNDEFINED, NULL, NULL);
	if (take(parser, "read"))
		return checked_node(parser, SCRIPT_READ, parse_name(parser), NULL);
	if (take(parser, "peek"))
		return checked_node(parser, SCRIPT_PEEK, parse_name(parser), NULL);
	if (take(parser, "untracked"))
		return checked_node(parser, SCRIPT_UNTRACKED, parse_block(parser), NULL);
	return parse_name(parser);
}

struct binary_operator {
	const char *mark;
	enum script_operator operation;
	int level; /* binds tighter the higher it is */
};

static const struct binary_operator operators[] = {
    {"&&", SCRIPT_AND, 0},
    {"==", SCRIPT_EQUAL, 1},
    {"<", SCRIPT_LESS, 1},
    {">", SCRIPT_GREATER, 1},
    {"+", SCRIPT_ADD, 2},
    {"-", SCRIPT_SUBTRACT, 2},
    {"*", SCRIPT_MULTIPLY, 3},
    {"%", SCRIPT_REMAINDER, 3},
};
enum { OPERATOR_LEVELS = 4 };

static const struct binary_operator *take_operator(struct parser *parser, int level)
{
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
		if (operators[i].level == level && take(parser, operators[i].mark))
			return &operators[i];
	return NULL;
}

static struct script_node *parse_binary(struct parser *parser, int level)
{
	const struct binary_operator *operator= NULL;
	struct script_node *left = NULL;

	if (level == OPERATOR_LEVELS)
		return parse_primary(parser);
	left = parse_binary(parser, level + 1);
	while (left != NULL && (operator= take_operator(parser, level)) != NULL) {
		left = checked_node(parser, SCRIPT_BINARY, left, parse_binary(parser, level + 1));
		if (left != NULL)
			left->integer = operator->operation;
	}
	return left;
}

static struct script_node *parse_expression(struct parser *parser)
{
	struct script_node *condition = parse_binary(parser, 0);
	struct script_node *choice = NULL;

	if (condition == NULL || !take(parser, "?"))
		return condition;
	choice = new_node(parser, SCRIPT_CHOOSE, condition, parse_expression(parser));
	if (!expect(parser, ":"))
		return NULL;
	choice->third = parse_expression(parser);
	return parser->expected == NULL ? choice : NULL;
}

/* One expression, or several side by side that are joined to one text. */
static struct script_node *parse_pieces(struct parser *parser)
{
	struct script_node *first = parse_expression(parser);
	struct script_node *last = first;

	if (first == NULL || !at_primary(parser))
		return first;
	while (last != NULL && at_primary(parser)) {
		last->next = parse_expression(parser);
		last = last->next;
	}
	return checked_node(parser, SCRIPT_JOIN, first, NULL);
}

static struct script_node *parse_statements(struct parser *parser, char end)
{
	struct script_node *block = new_node(parser, SCRIPT_BLOCK, NULL, NULL);
	struct script_node **last = &block->first;

	for (skip_space(parser); *parser->at != end; skip_space(parser)) {
		*last = parse_statement(parser);
		if (*last == NULL)
			return NULL;
		last = &(*last)->next;
		skip_space(parser);
		if (*parser->at != end && !expect(parser, ";"))
			return NULL;
	}
	return block;
}

static struct script_node *parse_block(struct parser *parser)
{
	struct script_node *block = NULL;

	if (!expect(parser, "{"))
		return NULL;
	block = parse_statements(parser, '}');
	return block != NULL && expect(parser, "}") ? block : NULL;
}

static struct script_node *parse_effect(struct parser *parser)
{
	struct script_node *name = NULL;

	skip_space(parser);
	if (*parser->at != '{')
		name = parse_name(parser);
	return checked_node(parser, SCRIPT_EFFECT, name, parse_block(parser));
}

static struct script_node *parse_definition(struct parser *parser, const char *context)
{
	struct script_node *name = NULL;
	struct script_node *node = NULL;

	if (take(parser, "S")) {
		name = parse_name(parser);
		if (!expect(parser, "="))
			return NULL;
		node = checked_node(parser, SCRIPT_SIGNAL, name, parse_expression(parser));
	} else if (take(parser, "C")) {
		name = parse_name(parser);
		node = checked_node(parser, SCRIPT_COMPUTED, name, parse_block(parser));
	} else if (expect(parser, "E")) {
		node = parse_effect(parser);
	}
	if (node != NULL)
		node->context = context;
	return node;
}

/* for i in FIRST..LAST {...} */
static struct script_node *parse_for(struct parser *parser)
{
	const char *name = parse_word(parser);
	struct script_node *first = NULL;
	struct script_node *node = NULL;

	if (name == NULL || !expect(parser, "in"))
		return NULL;
	first = parse_expression(parser);
	if (!expect(parser, ".."))
		return NULL;
	node = new_node(parser, SCRIPT_FOR, first, parse_expression(parser));
	node->text = name;
	node->third = parse_block(parser);
	return parser->expected == NULL ? node : NULL;
}

/* subscribe NAME(PARAMETER) {...} */
static struct script_node *parse_subscribe(struct parser *parser)
{
	struct script_node *node = new_node(parser, SCRIPT_SUBSCRIBE, parse_name(parser), NULL);

	if (!expect(parser, "("))
		return NULL;
	node->text = parse_word(parser);
	if (!expect(parser, ")"))
		return NULL;
	node->second = parse_block(parser);
	return parser->expected == NULL ? node : NULL;
}

static struct script_node *parse_try(struct parser *parser)
{
	struct script_node *body = parse_block(parser);
	struct script_node *handler = NULL;

	if (body != NULL && take(parser, "else"))
		handler = parse_block(parser);
	return checked_node(parser, SCRIPT_TRY, body, handler);
}

static struct script_node *parse_worded(struct parser *parser, enum script_kind kind)
{
	struct script_node *node = new_node(parser, kind, NULL, NULL);

	node->text = parse_word(parser);
	return node->text != NULL ? node : NULL;
}

/* NAME := VALUE, NAME = VALUE, NAME += VALUE, NAME ++; or nothing of the kind. */
static struct script_node *parse_assignment(struct parser *parser)
{
	const char *start = parser->at;
	struct script_node *name = NULL;
	struct script_node *value = NULL;

	if (!isalpha((unsigned char)*start))
		return NULL;
	name = parse_name(parser);
	if (name != NULL && take(parser, ":="))
		return checked_node(parser, SCRIPT_WRITE, name, parse_expression(parser));
	if (name != NULL && take(parser, "++")) {
		value = new_node(parser, SCRIPT_INTEGER, NULL, NULL);
		value->integer = 1;
	} else if (name != NULL && take(parser, "+=")) {
		value = parse_expression(parser);
	} else if (name != NULL && strncmp(parser->at, "==", 2) != 0 && take(parser, "=")) {
		return checked_node(parser, SCRIPT_ASSIGN, name, parse_expression(parser));
	} else {
		parser->at = start;
		return NULL;
	}
	value = checked_node(parser, SCRIPT_BINARY, name, value);
	return checked_node(parser, SCRIPT_ASSIGN, name, value);
}

static bool at_definition(struct parser *parser)
{
	const char *at = parser->at;

	return (at[0] == 'S' || at[0] == 'C' || at[0] == 'E') &&
	       (at[1] == ' ' || (at[0] == 'E' && at[1] == '{'));
}

static struct script_node *parse_plain_statement(struct parser *parser)
{
	const char *start = parser->at;
	struct script_node *node = NULL;

	if (at_definition(parser))
		return parse_definition(parser, NULL);
	/* A definition in another context: X.E{...} */
	if (isupper((unsigned char)*start) && start[1] == '.') {
		parser->at += 2;
		return parse_definition(parser, arena_text(parser->arena, start, 1));
	}
	node = parse_assignment(parser);
	if (node != NULL || parser->expected != NULL)
		return node;
	return parse_pieces(parser);
}

static struct script_node *parse_statement(struct parser *parser)
{
	struct script_node *condition = NULL;

	skip_space(parser);
	if (take(parser, "log"))
		return checked_node(parser, SCRIPT_LOG, parse_pieces(parser), NULL);
	if (take(parser, "dispose"))
		return checked_node(parser, SCRIPT_DISPOSE, parse_name(parser), NULL);
	if (take(parser, "drop"))
		return checked_node(parser, SCRIPT_DROP, parse_name(parser), NULL);
	if (take(parser, "cleanup"))
		return checked_node(parser, SCRIPT_CLEANUP, parse_block(parser), NULL);
	if (take(parser, "batch"))
		return checked_node(parser, SCRIPT_BATCH, parse_block(parser), NULL);
	if (take(parser, "try"))
		return parse_try(parser);
	if (take(parser, "throw"))
		return parse_worded(parser, SCRIPT_THROW);
	if (take(parser, "context"))
		return parse_worded(parser, SCRIPT_CONTEXT);
	if (take(parser, "object"))
		return parse_worded(parser, SCRIPT_OBJECT);
	if (take(parser, "subscribe"))
		return parse_subscribe(parser);
	if (take(parser, "for"))
		return parse_for(parser);
	if (take(parser, "if")) {
		condition = parse_expression(parser);
		return checked_node(parser, SCRIPT_IF, condition, parse_block(parser));
	}
	if (take(parser, "while")) {
		condition = parse_expression(parser);
		return checked_node(parser, SCRIPT_WHILE, condition, parse_block(parser));
	}
	return parse_plain_statement(parser);
}

struct script_node *script_parse(
    struct arena *arena, const char *source, struct script_error *ret_error)
{
	struct parser parser = {.arena = arena, .source = source, .at = source};
	struct script_node *block = parse_statements(&parser, '\0');

	if (block == NULL) {
		ret_error->offset = (size_t)(parser.failed_at - source);
		ret_error->expected = parser.expected;
	}
	return block;
}
