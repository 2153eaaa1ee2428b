#include "cli/arguments.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/fatal.h"
#include "cli/nearest.h"

static bool number_of(const char *text, uint64_t *ret_value, const char **ret_rest)
{
	char *rest = NULL;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	*ret_value = strtoull(text, &rest, 10);
	*ret_rest = rest;
	return errno == 0;
}

bool arguments_size_of(const char *text, bool blocks_allowed, struct argument_number *ret_number)
{
	static const char units[] = "KMGT";
	struct argument_number number = {.given = true};
	const char *rest = NULL;

	if (!number_of(text, &number.value, &rest))
		return false;
	if (blocks_allowed && (strcmp(rest, "blocks") == 0 || strcmp(rest, "block") == 0)) {
		number.is_blocks = true;
	} else if (rest[0] != '\0') {
		const char *unit = strchr(units, toupper((unsigned char)rest[0]));
		int shift = unit != NULL ? 10 * (int)(unit - units + 1) : 0;

		if (unit == NULL || rest[1] != '\0' || number.value > UINT64_MAX >> shift)
			return false;
		number.value <<= shift;
	}
	*ret_number = number;
	return true;
}

bool arguments_range_of(const char *text, struct argument_range *ret_range)
{
	struct argument_range range = {.last = UINT64_MAX, .given = true};
	const char *rest = text;

	if (strcmp(text, "..") == 0)
		return false;
	if (strncmp(text, "..", 2) != 0 && !number_of(text, &range.first, &rest))
		return false;
	if (rest[0] == '\0') {
		range.last = range.first;
	} else {
		if (strncmp(rest, "..", 2) != 0)
			return false;
		rest += 2;
		if (rest[0] != '\0' && (!number_of(rest, &range.last, &rest) || rest[0] != '\0'))
			return false;
	}
	if (range.last < range.first)
		return false;
	*ret_range = range;
	return true;
}

/* Index of WORD in "a|b|c", or -1. */
static int choice_of(const char *choices, const char *word)
{
	size_t length = strlen(word);
	const char *start = choices;

	for (int i = 0; start != NULL; i++) {
		const char *bar = strchr(start, '|');
		size_t bytes = bar != NULL ? (size_t)(bar - start) : strlen(start);

		if (bytes == length && memcmp(start, word, length) == 0)
			return i;
		start = bar != NULL ? bar + 1 : NULL;
	}
	return -1;
}

static bool switch_of(const char *value, enum argument_switch *ret_switch)
{
	static const char *const on[] = {"1", "on", "yes", "true"};
	static const char *const off[] = {"0", "off", "no", "false"};

	for (size_t i = 0; i < sizeof on / sizeof on[0]; i++) {
		if (strcmp(value, on[i]) == 0) {
			*ret_switch = ARGUMENT_ON;
			return true;
		}
		if (strcmp(value, off[i]) == 0) {
			*ret_switch = ARGUMENT_OFF;
			return true;
		}
	}
	return false;
}

static void list_add(struct argument_list *list, const char *text)
{
	list->texts = xrealloc(list->texts, (list->count + 1) * sizeof list->texts[0]);
	list->texts[list->count++] = text;
}

static const char *expected(const struct argument_option *option)
{
	switch (option->kind) {
	case ARGUMENT_COUNT:
		return "a whole number";
	case ARGUMENT_BYTES:
		return "bytes as N, NK, NM or NG";
	case ARGUMENT_LIMIT:
		return "bytes as N, NK, NM or NG, or Nblocks";
	case ARGUMENT_RANGE:
		return "a range as N, A.., ..B or A..B";
	case ARGUMENT_SWITCH:
		return "on or off";
	default:
		return option->value;
	}
}

static bool store(const struct argument_option *option, void *target, const char *value)
{
	struct argument_number *number = target;
	const char *rest = NULL;
	int choice = 0;

	switch (option->kind) {
	case ARGUMENT_FLAG:
		*(bool *)target = true;
		return true;
	case ARGUMENT_SWITCH:
		return switch_of(value, target);
	case ARGUMENT_TEXT:
		*(const char **)target = value;
		return true;
	case ARGUMENT_LIST:
		list_add(target, value);
		return true;
	case ARGUMENT_COUNT:
		number->given = true;
		return number_of(value, &number->value, &rest) && rest[0] == '\0';
	case ARGUMENT_BYTES:
		return arguments_size_of(value, false, number);
	case ARGUMENT_LIMIT:
		return arguments_size_of(value, true, number);
	case ARGUMENT_RANGE:
		return arguments_range_of(value, target);
	case ARGUMENT_CHOICE:
		choice = choice_of(option->value, value);
		if (choice >= 0)
			*(int *)target = choice;
		return choice >= 0;
	case ARGUMENT_END:
		break;
	}
	return false;
}

void arguments_die(const struct argument_syntax *syntax, const char *format, ...)
{
	va_list list;
	char *text = NULL;

	va_start(list, format);
	if (vasprintf(&text, format, list) < 0)
		text = NULL;
	va_end(list);
	message("%s: %s", syntax->command, text != NULL ? text : "wrong use");
	free(text);
	die(EXIT_USAGE,
	    "usage: allocscope %s [options] %s; `allocscope %s --help` lists the options",
	    syntax->command, syntax->operands, syntax->command);
}

struct found_option {
	const struct argument_option *option; /* NULL: none */
	void *target;
	bool negated; /* --no-name of a switch */
};

static bool is_named(
    const struct argument_option *option, const char *name, size_t length, bool *ret_negated)
{
	*ret_negated = false;
	if (strlen(option->name) == length && memcmp(option->name, name, length) == 0)
		return true;
	*ret_negated = option->kind == ARGUMENT_SWITCH && length > 3 &&
		       memcmp(name, "no-", 3) == 0 && strlen(option->name) == length - 3 &&
		       memcmp(option->name, name + 3, length - 3) == 0;
	return *ret_negated;
}

static struct found_option find(const struct argument_syntax *syntax, void *settings,
    const char *name, size_t length, char short_name)
{
	for (const struct argument_group *group = syntax->groups; group->title != NULL; group++) {
		for (const struct argument_option *o = group->options; o->kind != ARGUMENT_END;
		     o++) {
			char *target = (char *)settings + group->offset + o->offset;
			bool negated = false;

			if (name != NULL ? is_named(o, name, length, &negated)
					 : o->short_name != 0 && o->short_name == short_name)
				return (struct found_option){o, target, negated};
		}
	}
	return (struct found_option){NULL, NULL, false};
}

_Noreturn static void die_unknown(
    const struct argument_syntax *syntax, const char *name, size_t length)
{
	const char *best = NULL;
	size_t best_distance = SIZE_MAX;
	char *typed = xformat("%.*s", (int)length, name);

	for (const struct argument_group *group = syntax->groups; group->title != NULL; group++) {
		for (const struct argument_option *o = group->options; o->kind != ARGUMENT_END;
		     o++) {
			size_t distance = nearest_distance(typed, o->name);

			if (distance < best_distance) {
				best_distance = distance;
				best = o->name;
			}
		}
	}
	if (best != NULL && nearest_is_useful(typed, best_distance))
		arguments_die(syntax, "unknown option --%s; did you mean --%s?", typed, best);
	arguments_die(syntax, "unknown option --%s", typed);
}

static void store_or_die(
    const struct argument_syntax *syntax, struct found_option found, const char *value)
{
	if (!store(found.option, found.target, value))
		arguments_die(syntax, "--%s takes %s, not '%s'", found.option->name,
		    expected(found.option), value);
}

/* One --name, --name=value or --name value. Returns how many arguments it used. */
static int parse_long(
    const struct argument_syntax *syntax, void *settings, char **arguments, int left)
{
	const char *name = arguments[0] + 2;
	const char *equals = strchr(name, '=');
	size_t length = equals != NULL ? (size_t)(equals - name) : strlen(name);
	struct found_option found = find(syntax, settings, name, length, 0);

	if (found.option == NULL)
		die_unknown(syntax, name, length);
	if (equals != NULL) {
		if (found.option->kind == ARGUMENT_FLAG || found.negated)
			arguments_die(syntax, "--%.*s takes no value", (int)length, name);
		store_or_die(syntax, found, equals + 1);
		return 1;
	}
	if (found.option->kind == ARGUMENT_FLAG || found.option->kind == ARGUMENT_SWITCH) {
		store_or_die(syntax, found, found.negated ? "off" : "on");
		return 1;
	}
	if (found.option->implied != NULL) {
		store_or_die(syntax, found, found.option->implied);
		return 1;
	}
	if (left < 2)
		arguments_die(
		    syntax, "--%s needs a value: %s", found.option->name, expected(found.option));
	store_or_die(syntax, found, arguments[1]);
	return 2;
}

/* A cluster of short options, -fq or -oFILE or -o FILE. Returns how many arguments it used. */
static int parse_short(
    const struct argument_syntax *syntax, void *settings, char **arguments, int left)
{
	for (const char *letter = arguments[0] + 1; *letter != '\0'; letter++) {
		struct found_option found = find(syntax, settings, NULL, 0, *letter);

		if (found.option == NULL)
			arguments_die(syntax, "unknown option -%c", *letter);
		if (found.option->kind == ARGUMENT_FLAG || found.option->kind == ARGUMENT_SWITCH) {
			store_or_die(syntax, found, "on");
		} else if (letter[1] != '\0') {
			store_or_die(syntax, found, letter + 1);
			return 1;
		} else {
			if (left < 2)
				arguments_die(syntax, "-%c needs a value: %s", *letter,
				    expected(found.option));
			store_or_die(syntax, found, arguments[1]);
			return 2;
		}
	}
	return 1;
}

int arguments_parse(
    const struct argument_syntax *syntax, void *settings, int count, char **arguments)
{
	int operands = 0;
	int i = 0;

	while (i < count) {
		char *word = arguments[i];

		if (strcmp(word, "--") == 0) {
			i++;
			break;
		}
		if (word[0] == '-' && word[1] == '-') {
			i += parse_long(syntax, settings, arguments + i, count - i);
		} else if (word[0] == '-' && word[1] != '\0') {
			i += parse_short(syntax, settings, arguments + i, count - i);
		} else {
			if (syntax->stops_at_operand)
				break;
			arguments[operands++] = word;
			i++;
		}
	}
	while (i < count)
		arguments[operands++] = arguments[i++];
	return operands;
}

void arguments_release(const struct argument_syntax *syntax, void *settings)
{
	for (const struct argument_group *group = syntax->groups; group->title != NULL; group++) {
		for (const struct argument_option *o = group->options; o->kind != ARGUMENT_END;
		     o++) {
			struct argument_list *list =
			    (struct argument_list *)((char *)settings + group->offset + o->offset);

			if (o->kind == ARGUMENT_LIST)
				free(list->texts);
		}
	}
}

#define HELP_COLUMNS	78
#define HELP_TEXT_START 30

/* TEXT wrapped to HELP_COLUMNS, each further line starting at column INDENT; the cursor stands at COLUMN. */
static void print_wrapped(FILE *out, const char *text, int indent, int column)
{
	bool first = true;

	while (*text != '\0') {
		int length = (int)strcspn(text, " \n");
		bool breaks = text[length] == '\n';

		if (!first && column + 1 + length > HELP_COLUMNS) {
			fprintf(out, "\n%*s", indent, "");
			column = indent;
			first = true;
		}
		fprintf(out, "%s%.*s", first ? "" : " ", length, text);
		column += length + !first;
		first = false;
		text += length + (text[length] != '\0');
		if (breaks) {
			fprintf(out, "\n%*s", indent, "");
			column = indent;
			first = true;
		}
	}
	fputc('\n', out);
}

static void print_option(FILE *out, const struct argument_option *option)
{
	char left[128];
	int length = 0;
	const char *no = option->kind == ARGUMENT_SWITCH ? "[no-]" : "";
	const char *before = option->value == NULL ? "" : option->implied != NULL ? "[=" : " ";
	const char *after = option->value != NULL && option->implied != NULL ? "]" : "";

	if (option->short_name != 0)
		length = snprintf(left, sizeof left, "  -%c, --%s%s%s%s%s", option->short_name, no,
		    option->name, before, option->value != NULL ? option->value : "", after);
	else
		length = snprintf(left, sizeof left, "      --%s%s%s%s%s", no, option->name, before,
		    option->value != NULL ? option->value : "", after);
	if (length + 2 > HELP_TEXT_START)
		fprintf(out, "%s\n%*s", left, HELP_TEXT_START, "");
	else
		fprintf(out, "%-*s", HELP_TEXT_START, left);
	print_wrapped(out, option->help, HELP_TEXT_START, HELP_TEXT_START);
}

void arguments_print_help(const struct argument_syntax *syntax, FILE *out)
{
	fprintf(out, "Usage: allocscope %s [options] %s\n", syntax->command, syntax->operands);
	fputc('\n', out);
	print_wrapped(out, syntax->description, 0, 0);
	for (const struct argument_group *group = syntax->groups; group->title != NULL; group++) {
		fprintf(out, "\n%s:\n", group->title);
		for (const struct argument_option *o = group->options; o->kind != ARGUMENT_END; o++)
			print_option(out, o);
	}
}
