/*
 * Rust's v0 mangling (RFC 2603): a grammar of paths, types and constants.
 *
 *   _RNvMs_NtCsab_5alloc3vecINtB4_3VechE4push
 *    N v            nested, in the value namespace: the last identifier is a function
 *      M s_ ...     inherent impl: <type>
 *        I ... E    generic arguments
 *        B4_        as at byte 4 behind _R: back references keep names short and can blow up on
 *                   reading, so that work is counted and depth is bounded
 *
 * Hashes of crates are left out. Identifiers in punycode are shown as they stand. Constants of other
 * types than integers, bool, char and str don't occur in stable Rust: such a name stays mangled.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "symbols/demangle.h"
#include "symbols/demangle_rust_parser.h"

static void print_path(struct rust_parser *parser, bool in_value);
static void print_type(struct rust_parser *parser);
static void print_const(struct rust_parser *parser);

static void print_lifetime(struct rust_parser *parser, uint64_t index)
{
	uint64_t depth;
	char name[32];

	if (index == 0) {
		rust_parser_print(parser, "'_");
		return;
	}
	if (index > parser->bound_lifetimes) {
		parser->failed = true;
		return;
	}
	depth = parser->bound_lifetimes - index;
	if (depth < 26)
		(void)snprintf(name, sizeof name, "'%c", (char)('a' + (int)depth));
	else
		(void)snprintf(name, sizeof name, "'_%" PRIu64, depth);
	rust_parser_print(parser, name);
}

static void print_generic_argument(struct rust_parser *parser)
{
	if (rust_parser_eat(parser, 'L'))
		print_lifetime(parser, rust_parser_base_62(parser));
	else if (rust_parser_eat(parser, 'K'))
		print_const(parser);
	else
		print_type(parser);
}

/* Arguments up to and with E. Returns how many. */
static size_t print_list(struct rust_parser *parser, void (*print_item)(struct rust_parser *))
{
	size_t count = 0;

	while (!parser->failed && !rust_parser_eat(parser, 'E')) {
		if (count++ > 0)
			rust_parser_print(parser, ", ");
		print_item(parser);
	}
	return count;
}

/* "for<'a, 'b> ". Returns the lifetimes it declares, which the caller takes back. */
static uint64_t print_binder(struct rust_parser *parser)
{
	const uint64_t count = rust_parser_optional_base_62(parser, 'G');

	if (count > parser->length) { /* more than a name could use */
		parser->failed = true;
		return 0;
	}
	if (count == 0)
		return 0;
	rust_parser_print(parser, "for<");
	for (uint64_t i = 0; i < count && !parser->failed; i++) {
		if (i > 0)
			rust_parser_print(parser, ", ");
		parser->bound_lifetimes++;
		print_lifetime(parser, 1);
	}
	rust_parser_print(parser, "> ");
	return count;
}

static void print_nested_path(struct rust_parser *parser, bool in_value)
{
	const char space = rust_parser_next(parser);
	struct rust_identifier identifier;
	uint64_t disambiguator;

	if (!isalpha((unsigned char)space))
		parser->failed = true;
	print_path(parser, in_value);
	disambiguator = rust_parser_optional_base_62(parser, 's');
	identifier = rust_parser_identifier(parser);
	if (isupper((unsigned char)space)) { /* made by the compiler: closures, shims */
		char number[32];
		const char kind[2] = {space, '\0'};

		rust_parser_print(parser, "::{");
		rust_parser_print(parser, space == 'C' ? "closure" : space == 'S' ? "shim" : kind);
		if (identifier.length > 0) {
			rust_parser_print(parser, ":");
			rust_parser_print_identifier(parser, &identifier);
		}
		(void)snprintf(number, sizeof number, "#%" PRIu64 "}", disambiguator);
		rust_parser_print(parser, number);
	} else if (identifier.length > 0) {
		rust_parser_print(parser, "::");
		rust_parser_print_identifier(parser, &identifier);
	}
}

/* M: <type>; X and Y: <type as trait>. Where the impl stands is of no interest to readers. */
static void print_impl(struct rust_parser *parser, char tag)
{
	if (tag != 'Y') {
		(void)rust_parser_optional_base_62(parser, 's');
		parser->muted++;
		print_path(parser, false);
		parser->muted--;
	}
	rust_parser_print(parser, "<");
	print_type(parser);
	if (tag != 'M') {
		rust_parser_print(parser, " as ");
		print_path(parser, false);
	}
	rust_parser_print(parser, ">");
}

static void print_path(struct rust_parser *parser, bool in_value)
{
	struct rust_identifier identifier;
	const char tag = rust_parser_next(parser);
	size_t resume;

	if (!rust_parser_enter(parser))
		return;
	switch (tag) {
	case 'C':
		(void)rust_parser_optional_base_62(parser, 's');
		identifier = rust_parser_identifier(parser);
		rust_parser_print_identifier(parser, &identifier);
		break;
	case 'N':
		print_nested_path(parser, in_value);
		break;
	case 'M':
	case 'X':
	case 'Y':
		print_impl(parser, tag);
		break;
	case 'I':
		print_path(parser, in_value);
		rust_parser_print(parser, in_value ? "::<" : "<");
		(void)print_list(parser, print_generic_argument);
		rust_parser_print(parser, ">");
		break;
	case 'B':
		if (rust_parser_enter_back_reference(parser, &resume)) {
			print_path(parser, in_value);
			parser->position = resume;
		}
		break;
	default:
		parser->failed = true;
	}
	rust_parser_leave(parser);
}

static const char *basic_type(char tag)
{
	static const char *const names[26] = {"i8", "bool", "char", "f64", "str", "f32", NULL, "u8",
	    "isize", "usize", NULL, "i32", "u32", "i128", "u128", "_", NULL, NULL, "i16", "u16",
	    "()", "...", NULL, "i64", "u64", "!"};

	return tag >= 'a' && tag <= 'z' ? names[tag - 'a'] : NULL;
}

/* [binder] [U] [K abi] {type} E type */
static void print_function_type(struct rust_parser *parser)
{
	const uint64_t bound = print_binder(parser);

	if (rust_parser_eat(parser, 'U'))
		rust_parser_print(parser, "unsafe ");
	if (rust_parser_eat(parser, 'K')) {
		rust_parser_print(parser, "extern \"");
		if (rust_parser_eat(parser, 'C')) {
			rust_parser_print(parser, "C");
		} else {
			struct rust_identifier abi = rust_parser_identifier(parser);

			for (size_t i = 0; i < abi.length; i++) { /* "_" stands for "-" */
				const char c[2] = {abi.text[i] == '_' ? '-' : abi.text[i], '\0'};

				rust_parser_print(parser, c);
			}
		}
		rust_parser_print(parser, "\" ");
	}
	rust_parser_print(parser, "fn(");
	(void)print_list(parser, print_type);
	rust_parser_print(parser, ")");
	if (!rust_parser_eat(parser, 'u')) { /* the unit type is not written */
		rust_parser_print(parser, " -> ");
		print_type(parser);
	}
	parser->bound_lifetimes -= bound;
}

/* A path whose generic arguments stay open, so that associated types can follow. True if they do. */
static bool print_open_path(struct rust_parser *parser)
{
	bool is_open = false;
	size_t resume;

	if (!rust_parser_enter(parser))
		return false;
	if (rust_parser_eat(parser, 'B')) {
		if (rust_parser_enter_back_reference(parser, &resume)) {
			is_open = print_open_path(parser);
			parser->position = resume;
		}
	} else if (rust_parser_eat(parser, 'I')) {
		print_path(parser, false);
		rust_parser_print(parser, "<");
		(void)print_list(parser, print_generic_argument);
		is_open = true;
	} else {
		print_path(parser, false);
	}
	rust_parser_leave(parser);
	return is_open;
}

/* path {p name type} */
static void print_dyn_trait(struct rust_parser *parser)
{
	bool is_open = print_open_path(parser);

	while (rust_parser_eat(parser, 'p')) {
		struct rust_identifier name;

		rust_parser_print(parser, is_open ? ", " : "<");
		is_open = true;
		name = rust_parser_identifier(parser);
		rust_parser_print_identifier(parser, &name);
		rust_parser_print(parser, " = ");
		print_type(parser);
	}
	if (is_open)
		rust_parser_print(parser, ">");
}

/* [binder] {dyn-trait} E lifetime */
static void print_dyn_type(struct rust_parser *parser)
{
	uint64_t bound, lifetime;
	size_t count = 0;

	rust_parser_print(parser, "dyn ");
	bound = print_binder(parser);
	while (!parser->failed && !rust_parser_eat(parser, 'E')) {
		if (count++ > 0)
			rust_parser_print(parser, " + ");
		print_dyn_trait(parser);
	}
	parser->bound_lifetimes -= bound;
	if (!rust_parser_eat(parser, 'L'))
		parser->failed = true;
	lifetime = rust_parser_base_62(parser);
	if (lifetime != 0) {
		rust_parser_print(parser, " + ");
		print_lifetime(parser, lifetime);
	}
}

static void print_reference_type(struct rust_parser *parser, bool is_mutable)
{
	rust_parser_print(parser, "&");
	if (rust_parser_eat(parser, 'L')) {
		const uint64_t lifetime = rust_parser_base_62(parser);

		if (lifetime != 0) {
			print_lifetime(parser, lifetime);
			rust_parser_print(parser, " ");
		}
	}
	if (is_mutable)
		rust_parser_print(parser, "mut ");
	print_type(parser);
}

static void print_array_type(struct rust_parser *parser, bool has_length)
{
	rust_parser_print(parser, "[");
	print_type(parser);
	if (has_length) {
		rust_parser_print(parser, "; ");
		print_const(parser);
	}
	rust_parser_print(parser, "]");
}

static void print_compound_type(struct rust_parser *parser, char tag)
{
	size_t resume;

	switch (tag) {
	case 'R':
	case 'Q':
		print_reference_type(parser, tag == 'Q');
		break;
	case 'P':
	case 'O':
		rust_parser_print(parser, tag == 'P' ? "*const " : "*mut ");
		print_type(parser);
		break;
	case 'A':
	case 'S':
		print_array_type(parser, tag == 'A');
		break;
	case 'T':
		rust_parser_print(parser, "(");
		if (print_list(parser, print_type) == 1)
			rust_parser_print(parser, ",");
		rust_parser_print(parser, ")");
		break;
	case 'F':
		print_function_type(parser);
		break;
	case 'D':
		print_dyn_type(parser);
		break;
	case 'B':
		if (rust_parser_enter_back_reference(parser, &resume)) {
			print_type(parser);
			parser->position = resume;
		}
		break;
	default: /* a path, whose tag is read again */
		parser->position--;
		print_path(parser, false);
	}
}

static void print_type(struct rust_parser *parser)
{
	const char tag = rust_parser_next(parser);
	const char *name = basic_type(tag);

	if (!rust_parser_enter(parser))
		return;
	if (name != NULL)
		rust_parser_print(parser, name);
	else
		print_compound_type(parser, tag);
	rust_parser_leave(parser);
}

static void print_integer(struct rust_parser *parser)
{
	const size_t start = parser->position;
	size_t digits;
	const uint64_t value = rust_parser_hex(parser, &digits);

	if (parser->muted > 0 || parser->failed)
		return;
	if (digits <= 16) {
		demangle_output_number(&parser->output, value);
	} else {
		demangle_output_text(&parser->output, "0x");
		demangle_output_bytes(&parser->output, parser->text + start, digits);
	}
}

static void print_character(struct rust_parser *parser)
{
	size_t digits;
	const uint64_t value = rust_parser_hex(parser, &digits);

	rust_parser_print(parser, "'");
	if (parser->muted == 0 && !parser->failed &&
	    (digits > 8 || !demangle_output_character(&parser->output, (uint32_t)value)))
		parser->failed = true;
	rust_parser_print(parser, "'");
}

/* A str: two hex digits per byte. */
static void print_string(struct rust_parser *parser)
{
	const size_t start = parser->position;
	size_t digits;

	(void)rust_parser_hex(parser, &digits);
	if (digits % 2 != 0)
		parser->failed = true;
	rust_parser_print(parser, "\"");
	for (size_t i = 0; i < digits && !parser->failed; i += 2) {
		char hex[3] = {parser->text[start + i], parser->text[start + i + 1], '\0'};
		const char byte[2] = {(char)strtoul(hex, NULL, 16), '\0'};

		rust_parser_print(parser, byte);
	}
	rust_parser_print(parser, "\"");
}

static void print_const(struct rust_parser *parser)
{
	const char tag = rust_parser_next(parser);
	size_t resume, digits;

	if (!rust_parser_enter(parser))
		return;
	if (tag == 'p') {
		rust_parser_print(parser, "_");
	} else if (tag == 'B') {
		if (rust_parser_enter_back_reference(parser, &resume)) {
			print_const(parser);
			parser->position = resume;
		}
	} else if (strchr("htmyoj", tag) != NULL) {
		print_integer(parser);
	} else if (strchr("aslxni", tag) != NULL) {
		if (rust_parser_eat(parser, 'n'))
			rust_parser_print(parser, "-");
		print_integer(parser);
	} else if (tag == 'b') {
		rust_parser_print(parser, rust_parser_hex(parser, &digits) != 0 ? "true" : "false");
	} else if (tag == 'c') {
		print_character(parser);
	} else if (tag == 'R' && rust_parser_eat(parser, 'e')) {
		print_string(parser);
	} else {
		parser->failed = true;
	}
	rust_parser_leave(parser);
}

char *demangle_rust_v0(const char *name, size_t length)
{
	struct rust_parser parser = {.text = name + 2, .length = length - 2};

	/* A digit would be the version of a grammar that doesn't exist yet. */
	if (length < 3 || !isupper((unsigned char)name[2]))
		return NULL;
	print_path(&parser, true);
	if (parser.position < parser.length && !parser.failed && rust_parser_peek(&parser) != '.') {
		parser.muted++; /* the crate that instantiated it */
		print_path(&parser, false);
	}
	if (parser.failed || (parser.position < parser.length && rust_parser_peek(&parser) != '.'))
		parser.output.failed = true;
	return demangle_output_take(&parser.output);
}
