/* Reads the cases line by line; the scripts are parsed by script_parse.c. */
#include "engines/conformance/case_file.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_CHARS = 1024 };

static const char *trimmed(struct arena *arena, const char *text)
{
	size_t length = 0;

	while (isspace((unsigned char)*text))
		text++;
	length = strlen(text);
	while (length > 0 && isspace((unsigned char)text[length - 1]))
		length--;
	return arena_text(arena, text, length);
}

/* "case 10 B title": the letter is the group of the case. */
static struct conformance_case *new_case(
    struct arena *arena, const char *line, unsigned line_number)
{
	struct conformance_case *test = arena_new(arena, sizeof(*test));
	const char *number = line + strlen("case ");
	char *group = NULL;

	test->number = (unsigned)strtoul(number, &group, 10);
	if (group == number || group[0] != ' ' || !isupper((unsigned char)group[1]) ||
	    group[2] != ' ')
		return NULL;
	test->title = trimmed(arena, group + 3);
	test->line = line_number;
	test->script = "";
	return test;
}

/* "L+P: trace" */
static bool add_expectation(struct arena *arena, struct conformance_case *test, const char *text)
{
	const char *colon = strchr(text, ':');
	struct expectation *expectation = arena_new(arena, sizeof(*expectation));

	if (colon == NULL)
		return false;
	expectation->columns = arena_text(arena, text, (size_t)(colon - text));
	expectation->trace = trimmed(arena, colon + 1);
	expectation->next = test->expectations;
	test->expectations = expectation;
	return true;
}

static void add_script(struct arena *arena, struct conformance_case *test, const char *line)
{
	const size_t size_bytes = strlen(test->script) + strlen(line) + 1;
	char *script = arena_new(arena, size_bytes);

	snprintf(script, size_bytes, "%s%s", test->script, line);
	test->script = script;
}

struct conformance_case *case_file_read(struct arena *arena, FILE *file, const char *path)
{
	struct conformance_case *first = NULL;
	struct conformance_case *test = NULL;
	struct conformance_case **last = &first;
	char line[LINE_CHARS];

	for (unsigned number = 1; fgets(line, sizeof(line), file) != NULL; number++) {
		const char *text = trimmed(arena, line);
		bool ok = true;

		if (text[0] == '#' || text[0] == '\0')
			continue;
		if (strncmp(text, "case ", 5) == 0) {
			test = new_case(arena, text, number);
			ok = test != NULL;
			if (ok) {
				*last = test;
				last = &test->next;
			}
		} else if (test == NULL) {
			ok = false;
		} else if (strncmp(text, "=> ", 3) == 0) {
			ok = add_expectation(arena, test, text + 3);
		} else {
			add_script(arena, test, line);
		}
		if (!ok) {
			fprintf(stderr, "%s:%u: cannot read: %s\n", path, number, text);
			return NULL;
		}
	}
	if (first == NULL)
		fprintf(stderr, "%s: no case\n", path);
	return first;
}

static bool names_column(const char *columns, const char *column)
{
	const size_t length = strlen(column);

	for (const char *at = columns; *at != '\0'; at += strcspn(at, "+"), at += *at == '+') {
		const size_t part = strcspn(at, "+");

		if (part == length && strncmp(at, column, length) == 0)
			return true;
	}
	return false;
}

const char *case_expected(const struct conformance_case *test, const char *const *columns)
{
	for (; *columns != NULL; columns++)
		for (const struct expectation *expectation = test->expectations;
		     expectation != NULL; expectation = expectation->next)
			if (names_column(expectation->columns, *columns))
				return expectation->trace;
	return NULL;
}
