/* A recursive parser; an object's fields are counted by a first pass over its text. */
#include "engines/quick_tree/qt_text.h"

#include <stdarg.h>

struct parsing {
	struct qt_arena *arena;
	const char *text, *next;
};

static struct value parse_value(struct parsing *parsing);

void *qt_arena_take(struct qt_arena *arena, size_t size_bytes)
{
	void *place = arena->bytes + arena->used;

	arena->used += (size_bytes + 7) / 8 * 8;
	if (arena->used > arena->size) {
		fputs("quick_tree: the arena of fixtures is too small\n", stderr);
		abort();
	}
	return place;
}

const char *qt_arena_print(struct qt_arena *arena, const char *format, ...)
{
	char text[64];
	va_list arguments;
	char *copy = NULL;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	copy = qt_arena_take(arena, strlen(text) + 1);
	memcpy(copy, text, strlen(text) + 1);
	return copy;
}

struct qt_plain *qt_arena_plain(struct qt_arena *arena, bool is_array, uint64_t count)
{
	struct qt_plain *plain = qt_arena_take(arena, qt_plain_bytes(count));

	memset(plain, 0, qt_plain_bytes(count));
	plain->kind = QT_PLAIN;
	plain->is_array = is_array;
	plain->count = count;
	return plain;
}

static void wrong(const struct parsing *parsing)
{
	fprintf(stderr, "quick_tree: not understood at \"%.20s\" of %s\n", parsing->next,
	    parsing->text);
	abort();
}

static void skip_blanks(struct parsing *parsing)
{
	parsing->next += strspn(parsing->next, " \t\n");
}

static bool take(struct parsing *parsing, const char *word)
{
	skip_blanks(parsing);
	if (strncmp(parsing->next, word, strlen(word)) != 0)
		return false;
	parsing->next += strlen(word);
	return true;
}

static const char *parse_string(struct parsing *parsing)
{
	size_t length = 0;
	char *copy = NULL;

	if (!take(parsing, "\""))
		wrong(parsing);
	length = strcspn(parsing->next, "\"");
	copy = qt_arena_take(parsing->arena, length + 1);
	memcpy(copy, parsing->next, length);
	copy[length] = '\0';
	parsing->next += length;
	if (!take(parsing, "\""))
		wrong(parsing);
	return copy;
}

/* From behind the bracket: the fields up to the one that closes it. */
static uint64_t count_fields(const struct parsing *parsing)
{
	const char *c = parsing->next + strspn(parsing->next, " \t\n");
	uint64_t count = *c == '}' || *c == ']' ? 0 : 1;
	bool in_string = false;
	int depth = 0;

	for (; *c != '\0' && depth >= 0; c++) {
		in_string ^= *c == '"';
		if (in_string)
			continue;
		depth += (*c == '{' || *c == '[') - (*c == '}' || *c == ']');
		count += *c == ',' && depth == 0;
	}
	return count;
}

static struct value parse_plain(struct parsing *parsing, bool is_array)
{
	struct qt_plain *plain = qt_arena_plain(parsing->arena, is_array, count_fields(parsing));

	for (uint64_t i = 0; i < plain->count; i++) {
		if (!is_array)
			plain->fields[i].key = parse_string(parsing);
		if (!is_array && !take(parsing, ":"))
			wrong(parsing);
		plain->fields[i].value = parse_value(parsing);
		if (i + 1 < plain->count && !take(parsing, ","))
			wrong(parsing);
	}
	if (!take(parsing, is_array ? "]" : "}"))
		wrong(parsing);
	return value_object(plain);
}

static struct value parse_number(struct parsing *parsing)
{
	const size_t length = strspn(parsing->next, "+-.0123456789eE");
	const bool whole = strcspn(parsing->next, ".eE") >= length;
	struct value number = whole ? value_integer(strtoll(parsing->next, NULL, 10))
				    : value_number(strtod(parsing->next, NULL));

	if (length == 0)
		wrong(parsing);
	parsing->next += length;
	return number;
}

static struct value parse_value(struct parsing *parsing)
{
	skip_blanks(parsing);
	if (*parsing->next == '"')
		return value_string(parse_string(parsing));
	if (take(parsing, "{"))
		return parse_plain(parsing, false);
	if (take(parsing, "["))
		return parse_plain(parsing, true);
	if (take(parsing, "true"))
		return value_boolean(true);
	if (take(parsing, "false"))
		return value_boolean(false);
	if (take(parsing, "null"))
		return value_null();
	if (take(parsing, "undefined"))
		return value_undefined();
	return parse_number(parsing);
}

struct value qt_parse(struct qt_arena *arena, const char *text)
{
	struct parsing parsing = {.arena = arena, .text = text, .next = text};

	return parse_value(&parsing);
}
