/*
 * One pass over the name with a little state: how deep we are in brackets, and whether the brackets are kept.
 * Kept are those that are a name themselves: (anonymous namespace), {lambda(int)#1}, <T as Trait> of Rust, and
 * the signs of operators.
 */
#include "report/short_name.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct shortening {
	const char *at; /* what is left of the name */
	char *text;
	size_t bytes, length;
	size_t
	    last_space; /* behind the last blank outside of brackets, where a return type may end */
	bool fixed;	/* no return type can follow: an operator was met */
};

static void put(struct shortening *s, const char *bytes, size_t count)
{
	for (size_t i = 0; i < count && s->length + 1 < s->bytes; i++)
		s->text[s->length++] = bytes[i];
	s->text[s->length] = '\0';
}

/* Bytes of a bracket of one kind from its opener at TEXT up to its partner, both included; all when it has none. */
static size_t plain_bracket_length(const char *text, char closer)
{
	size_t depth = 0;

	for (size_t i = 0; text[i] != '\0'; i++) {
		depth += text[i] == text[0];
		if (text[i] == closer && --depth == 0)
			return i + 1;
	}
	return strlen(text);
}

/* The same for any bracket. Between < and > an expression in parentheses may hold both signs, and "->" closes
 * nothing. */
static size_t bracket_length(const char *text)
{
	size_t depth = 0;

	if (text[0] != '<')
		return plain_bracket_length(text, text[0] == '('   ? ')'
						  : text[0] == '{' ? '}'
								   : ']');
	for (size_t i = 0; text[i] != '\0'; i++) {
		if (text[i] == '(' || text[i] == '{')
			i += bracket_length(text + i) - 1;
		else if (text[i] == '<')
			depth++;
		else if (text[i] == '>' && text[i - 1] != '-' && --depth == 0)
			return i + 1;
	}
	return strlen(text);
}

static bool is_word(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9') || byte == '_' || byte == '$';
}

/* Bytes of the sign of an operator, the longest that fits. Demanglers put a blank before arguments of a template
 * where they could be taken for a sign. */
static size_t sign_length(const char *text)
{
	static const char *const signs[] = {"<=>", "->*", "<<=", ">>=", "->", "<<", ">>",
	    "<=", ">=", "==", "!=", "&&", "||", "++", "--",
	    "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "[]"};

	for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
		if (strncmp(text, signs[i], strlen(signs[i])) == 0)
			return strlen(signs[i]);
	}
	return text[0] != '\0' && strchr("<>=!+-*/%&|^~,", text[0]) != NULL ? 1 : 0;
}

/* "operator" and the signs or the type that belong to it; false when the name has no operator here. */
static bool take_operator(struct shortening *s)
{
	static const char word[] = "operator";
	size_t count = sizeof word - 1;

	if (strncmp(s->at, word, count) != 0 || is_word(s->at[count]) ||
	    (s->length > 0 && is_word(s->text[s->length - 1])))
		return false;
	if (strncmp(s->at + count, "()", 2) == 0)
		count += 2;
	else if (s->at[count] == ' ') /* operator new[], operator bool, operator unsigned long */
		count += strcspn(s->at + count, "(<");
	else
		count += sign_length(s->at + count);
	put(s, s->at, count);
	s->at += count;
	s->fixed = true;
	return true;
}

/* A bracket: kept, emptied, or the end of the name (its parameters). False ends the name. */
static bool take_bracket(struct shortening *s)
{
	size_t count = bracket_length(s->at);
	bool is_lambda = s->at[0] == '{' || s->at[0] == '[';
	bool is_anonymous = strncmp(s->at, "(anonymous", 10) == 0;

	if (is_lambda || is_anonymous) {
		put(s, s->at, count);
	} else if (s->at[0] == '<') {
		put(s, s->length == 0 ? s->at : "<>", s->length == 0 ? count : 2);
	} else { /* parameters: of a function around a local one they are marked, else the name is over */
		if (strstr(s->at + count, "::") == NULL)
			return false;
		put(s, "()", 2);
		count += strcspn(s->at + count, ":"); /* " const" of a member function */
	}
	s->at += count;
	return true;
}

/* BY is never longer than PART. */
static void replace_all(char *text, const char *part, const char *by)
{
	size_t part_length = strlen(part);
	char *out = text;

	for (const char *at = text; *at != '\0';) {
		if (strncmp(at, part, part_length) != 0) {
			*out++ = *at++;
			continue;
		}
		for (const char *letter = by; *letter != '\0'; letter++)
			*out++ = *letter;
		at += part_length;
	}
	*out = '\0';
}

void short_name(const char *name, char *text, size_t bytes)
{
	struct shortening s = {.at = name, .text = text, .bytes = bytes};

	text[0] = '\0';
	if (strpbrk(name, "<({") == NULL) { /* C, and most of what is not a template */
		(void)snprintf(text, bytes, "%s", name);
		return;
	}
	while (*s.at != '\0') {
		if (*s.at == 'o' && take_operator(&s))
			continue;
		if (strchr("<({[", *s.at) != NULL) {
			if (!take_bracket(&s))
				break;
			continue;
		}
		put(&s, s.at, 1);
		if (*s.at == ' ' && !s.fixed)
			s.last_space = s.length;
		s.at++;
	}
	if (s.last_space != 0 && s.last_space < s.length)
		memmove(text, text + s.last_space, s.length - s.last_space + 1);
	replace_all(text, "__cxx11::", "");
	replace_all(text, "basic_string<>", "string");
}

void short_name_of_site(const char *site, char *text, size_t bytes)
{
	const char *end = NULL;
	char name[4096];

	for (const char *found = strstr(site, " ("); found != NULL; found = strstr(found + 1, " ("))
		end = found;
	if (end == NULL || site[strlen(site) - 1] != ')') {
		short_name(site, text, bytes);
		return;
	}
	(void)snprintf(name, sizeof name, "%.*s", (int)(end - site), site);
	short_name(name, text, bytes);
	(void)snprintf(text + strlen(text), bytes - strlen(text), "%s", end);
}

void short_name_with_place(const struct short_name_place *place, char *text, size_t bytes)
{
	const char *slash = place->file != NULL ? strrchr(place->file, '/') : NULL;
	const char *file = slash != NULL ? slash + 1 : place->file;
	size_t length = 0;

	short_name(place->function, text, bytes);
	length = strlen(text);
	if (file != NULL && place->line != 0)
		(void)snprintf(text + length, bytes - length, " (%s:%u)", file, place->line);
	else if (place->module != NULL && place->module[0] != '\0')
		(void)snprintf(text + length, bytes - length, " (%s)", place->module);
}
