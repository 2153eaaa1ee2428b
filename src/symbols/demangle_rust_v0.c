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
#include "symbols/demangle_output.h"

#define DEPTH_MAX 200
#define STEPS_MAX 100000

struct rust_parser {
	const char *text; /* behind _R */
	size_t length, position;
	struct demangle_output output;
	unsigned int muted; /* > 0: parse, but print nothing */
	unsigned int depth, steps;
	uint64_t bound_lifetimes; /* declared by the binders around this place */
	bool failed;
};

struct rust_identifier {
	const char *text;
	size_t length;
	bool is_punycode;
};

static void print_path(struct rust_parser *parser, bool in_value);
static void print_type(struct rust_parser *parser);
static void print_const(struct rust_parser *parser);

static char peek(const struct rust_parser *parser)
{
	return parser->failed || parser->position >= parser->length
		   ? '\0'
		   : parser->text[parser->position];
}

static char next(struct rust_parser *parser)
{
	const char c = peek(parser);

	if (c == '\0')
		parser->failed = true;
	else
		parser->position++;
	return c;
}

static bool eat(struct rust_parser *parser, char expected)
{
	if (peek(parser) != expected)
		return false;
	parser->position++;
	return true;
}

static void print(struct rust_parser *parser, const char *text)
{
	if (parser->muted == 0 && !parser->failed)
		demangle_output_text(&parser->output, text);
}

/* Every production passes here: the bound on nesting and on work. */
static bool enter(struct rust_parser *parser)
{
	if (++parser->depth > DEPTH_MAX || ++parser->steps > STEPS_MAX || parser->output.failed)
		parser->failed = true;
	return !parser->failed;
}

static void leave(struct rust_parser *parser)
{
	parser->depth--;
}

/* base-62 number: "_" is 0, "0_" is 1, ... */
static uint64_t read_base_62(struct rust_parser *parser)
{
	uint64_t value = 0;

	if (eat(parser, '_'))
		return 0;
	while (!parser->failed && !eat(parser, '_')) {
		const char c = next(parser);
		uint64_t digit;

		if (c >= '0' && c <= '9')
			digit = (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'z')
			digit = (uint64_t)(c - 'a') + 10;
		else if (c >= 'A' && c <= 'Z')
			digit = (uint64_t)(c - 'A') + 36;
		else
			digit = UINT64_MAX;
		if (digit == UINT64_MAX || __builtin_mul_overflow(value, 62, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			parser->failed = true;
	}
	if (value == UINT64_MAX)
		parser->failed = true;
	return value + 1;
}

/* The number behind TAG; 0 when TAG is not there. */
static uint64_t read_optional_base_62(struct rust_parser *parser, char tag)
{
	uint64_t value;

	if (!eat(parser, tag))
		return 0;
	value = read_base_62(parser);
	if (value == UINT64_MAX)
		parser->failed = true;
	return value + 1;
}

static struct rust_identifier read_identifier(struct rust_parser *parser)
{
	struct rust_identifier identifier = {.text = "", .is_punycode = eat(parser, 'u')};
	size_t length = 0;

	if (!isdigit((unsigned char)peek(parser)))
		parser->failed = true;
	if (eat(parser, '0')) {
		(void)eat(parser, '_');
		return identifier;
	}
	while (isdigit((unsigned char)peek(parser)) && length <= parser->length)
		length = length * 10 + (size_t)(next(parser) - '0');
	(void)eat(parser, '_');
	if (parser->failed || length > parser->length - parser->position) {
		parser->failed = true;
		return identifier;
	}
	identifier.text = parser->text + parser->position;
	identifier.length = length;
	parser->position += length;
	return identifier;
}

static void print_identifier(struct rust_parser *parser, const struct rust_identifier *identifier)
{
	if (parser->muted > 0 || parser->failed)
		return;
	if (identifier->is_punycode)
		demangle_output_text(&parser->output, "punycode{");
	demangle_output_bytes(&parser->output, identifier->text, identifier->length);
	if (identifier->is_punycode)
		demangle_output_text(&parser->output, "}");
}

/* A back reference whose B is eaten: go to where it points. True when the caller shall print what stands
 * there and then set the position to *RET_RESUME. */
static bool enter_back_reference(struct rust_parser *parser, size_t *ret_resume)
{
	const size_t own_position = parser->position - 1;
	const uint64_t target = read_base_62(parser);

	if (target >= own_position) /* only backwards: no loops */
		parser->failed = true;
	if (parser->failed || parser->muted > 0)
		return false;
	*ret_resume = parser->position;
	parser->position = (size_t)target;
	return true;
}

static void print_lifetime(struct rust_parser *parser, uint64_t index)
{
	uint64_t depth;
	char name[32];

	if (index == 0) {
		print(parser, "'_");
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
	print(parser, name);
}

static void print_generic_argument(struct rust_parser *parser)
{
	if (eat(parser, 'L'))
		print_lifetime(parser, read_base_62(parser));
	else if (eat(parser, 'K'))
		print_const(parser);
	else
		print_type(parser);
}

/* Arguments up to and with E. Returns how many. */
static size_t print_list(struct rust_parser *parser, void (*print_item)(struct rust_parser *))
{
	size_t count = 0;

	while (!parser->failed && !eat(parser, 'E')) {
		if (count++ > 0)
			print(parser, ", ");
		print_item(parser);
	}
	return count;
}

/* "for<'a, 'b> ". Returns the lifetimes it declares, which the caller takes back. */
static uint64_t print_binder(struct rust_parser *parser)
{
	const uint64_t count = read_optional_base_62(parser, 'G');

	if (count > parser->length) { /* more than a name could use */
		parser->failed = true;
		return 0;
	}
	if (count == 0)
		return 0;
	print(parser, "for<");
	for (uint64_t i = 0; i < count && !parser->failed; i++) {
		if (i > 0)
			print(parser, ", ");
		parser->bound_lifetimes++;
		print_lifetime(parser, 1);
	}
	print(parser, "> ");
	return count;
}

static void print_nested_path(struct rust_parser *parser, bool in_value)
{
	const char space = next(parser);
	struct rust_identifier identifier;
	uint64_t disambiguator;

	if (!isalpha((unsigned char)space))
		parser->failed = true;
	print_path(parser, in_value);
	disambiguator = read_optional_base_62(parser, 's');
	identifier = read_identifier(parser);
	if (isupper((unsigned char)space)) { /* made by the compiler: closures, shims */
		char number[32];
		const char kind[2] = {space, '\0'};

		print(parser, "::{");
		print(parser, space == 'C' ? "closure" : space == 'S' ? "shim" : kind);
		if (identifier.length > 0) {
			print(parser, ":");
			print_identifier(parser, &identifier);
		}
		(void)snprintf(number, sizeof number, "#%" PRIu64 "}", disambiguator);
		print(parser, number);
	} else if (identifier.length > 0) {
		print(parser, "::");
		print_identifier(parser, &identifier);
	}
}

/* M: <type>; X and Y: <type as trait>. Where the impl stands is of no interest to readers. */
static void print_impl(struct rust_parser *parser, char tag)
{
	if (tag != 'Y') {
		(void)read_optional_base_62(parser, 's');
		parser->muted++;
		print_path(parser, false);
		parser->muted--;
	}
	print(parser, "<");
	print_type(parser);
	if (tag != 'M') {
		print(parser, " as ");
		print_path(parser, false);
	}
	print(parser, ">");
}

static void print_path(struct rust_parser *parser, bool in_value)
{
	struct rust_identifier identifier;
	const char tag = next(parser);
	size_t resume;

	if (!enter(parser))
		return;
	switch (tag) {
	case 'C':
		(void)read_optional_base_62(parser, 's');
		identifier = read_identifier(parser);
		print_identifier(parser, &identifier);
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
		print(parser, in_value ? "::<" : "<");
		(void)print_list(parser, print_generic_argument);
		print(parser, ">");
		break;
	case 'B':
		if (enter_back_reference(parser, &resume)) {
			print_path(parser, in_value);
			parser->position = resume;
		}
		break;
	default:
		parser->failed = true;
	}
	leave(parser);
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

	if (eat(parser, 'U'))
		print(parser, "unsafe ");
	if (eat(parser, 'K')) {
		print(parser, "extern \"");
		if (eat(parser, 'C')) {
			print(parser, "C");
		} else {
			struct rust_identifier abi = read_identifier(parser);

			for (size_t i = 0; i < abi.length; i++) { /* "_" stands for "-" */
				const char c[2] = {abi.text[i] == '_' ? '-' : abi.text[i], '\0'};

				print(parser, c);
			}
		}
		print(parser, "\" ");
	}
	print(parser, "fn(");
	(void)print_list(parser, print_type);
	print(parser, ")");
	if (!eat(parser, 'u')) { /* the unit type is not written */
		print(parser, " -> ");
		print_type(parser);
	}
	parser->bound_lifetimes -= bound;
}

/* A path whose generic arguments stay open, so that associated types can follow. True if they do. */
static bool print_open_path(struct rust_parser *parser)
{
	bool is_open = false;
	size_t resume;

	if (!enter(parser))
		return false;
	if (eat(parser, 'B')) {
		if (enter_back_reference(parser, &resume)) {
			is_open = print_open_path(parser);
			parser->position = resume;
		}
	} else if (eat(parser, 'I')) {
		print_path(parser, false);
		print(parser, "<");
		(void)print_list(parser, print_generic_argument);
		is_open = true;
	} else {
		print_path(parser, false);
	}
	leave(parser);
	return is_open;
}

/* path {p name type} */
static void print_dyn_trait(struct rust_parser *parser)
{
	bool is_open = print_open_path(parser);

	while (eat(parser, 'p')) {
		struct rust_identifier name;

		print(parser, is_open ? ", " : "<");
		is_open = true;
		name = read_identifier(parser);
		print_identifier(parser, &name);
		print(parser, " = ");
		print_type(parser);
	}
	if (is_open)
		print(parser, ">");
}

/* [binder] {dyn-trait} E lifetime */
static void print_dyn_type(struct rust_parser *parser)
{
	uint64_t bound, lifetime;
	size_t count = 0;

	print(parser, "dyn ");
	bound = print_binder(parser);
	while (!parser->failed && !eat(parser, 'E')) {
		if (count++ > 0)
			print(parser, " + ");
		print_dyn_trait(parser);
	}
	parser->bound_lifetimes -= bound;
	if (!eat(parser, 'L'))
		parser->failed = true;
	lifetime = read_base_62(parser);
	if (lifetime != 0) {
		print(parser, " + ");
		print_lifetime(parser, lifetime);
	}
}

static void print_reference_type(struct rust_parser *parser, bool is_mutable)
{
	print(parser, "&");
	if (eat(parser, 'L')) {
		const uint64_t lifetime = read_base_62(parser);

		if (lifetime != 0) {
			print_lifetime(parser, lifetime);
			print(parser, " ");
		}
	}
	if (is_mutable)
		print(parser, "mut ");
	print_type(parser);
}

static void print_array_type(struct rust_parser *parser, bool has_length)
{
	print(parser, "[");
	print_type(parser);
	if (has_length) {
		print(parser, "; ");
		print_const(parser);
	}
	print(parser, "]");
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
		print(parser, tag == 'P' ? "*const " : "*mut ");
		print_type(parser);
		break;
	case 'A':
	case 'S':
		print_array_type(parser, tag == 'A');
		break;
	case 'T':
		print(parser, "(");
		if (print_list(parser, print_type) == 1)
			print(parser, ",");
		print(parser, ")");
		break;
	case 'F':
		print_function_type(parser);
		break;
	case 'D':
		print_dyn_type(parser);
		break;
	case 'B':
		if (enter_back_reference(parser, &resume)) {
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
	const char tag = next(parser);
	const char *name = basic_type(tag);

	if (!enter(parser))
		return;
	if (name != NULL)
		print(parser, name);
	else
		print_compound_type(parser, tag);
	leave(parser);
}

/* {hex digit} _ . Returns the number; *RET_DIGITS how many digits it has, of which only 16 fit. */
static uint64_t read_hex(struct rust_parser *parser, size_t *ret_digits)
{
	uint64_t value = 0;
	size_t digits = 0;

	while (!parser->failed && !eat(parser, '_')) {
		const char c = next(parser);

		if (!isdigit((unsigned char)c) && !(c >= 'a' && c <= 'f'))
			parser->failed = true;
		value = value * 16 + (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
		digits++;
	}
	*ret_digits = digits;
	return value;
}

static void print_integer(struct rust_parser *parser)
{
	const size_t start = parser->position;
	size_t digits;
	const uint64_t value = read_hex(parser, &digits);

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
	const uint64_t value = read_hex(parser, &digits);

	print(parser, "'");
	if (parser->muted == 0 && !parser->failed &&
	    (digits > 8 || !demangle_output_character(&parser->output, (uint32_t)value)))
		parser->failed = true;
	print(parser, "'");
}

/* A str: two hex digits per byte. */
static void print_string(struct rust_parser *parser)
{
	const size_t start = parser->position;
	size_t digits;

	(void)read_hex(parser, &digits);
	if (digits % 2 != 0)
		parser->failed = true;
	print(parser, "\"");
	for (size_t i = 0; i < digits && !parser->failed; i += 2) {
		char hex[3] = {parser->text[start + i], parser->text[start + i + 1], '\0'};
		const char byte[2] = {(char)strtoul(hex, NULL, 16), '\0'};

		print(parser, byte);
	}
	print(parser, "\"");
}

static void print_const(struct rust_parser *parser)
{
	const char tag = next(parser);
	size_t resume, digits;

	if (!enter(parser))
		return;
	if (tag == 'p') {
		print(parser, "_");
	} else if (tag == 'B') {
		if (enter_back_reference(parser, &resume)) {
			print_const(parser);
			parser->position = resume;
		}
	} else if (strchr("htmyoj", tag) != NULL) {
		print_integer(parser);
	} else if (strchr("aslxni", tag) != NULL) {
		if (eat(parser, 'n'))
			print(parser, "-");
		print_integer(parser);
	} else if (tag == 'b') {
		print(parser, read_hex(parser, &digits) != 0 ? "true" : "false");
	} else if (tag == 'c') {
		print_character(parser);
	} else if (tag == 'R' && eat(parser, 'e')) {
		print_string(parser);
	} else {
		parser->failed = true;
	}
	leave(parser);
}

char *demangle_rust_v0(const char *name, size_t length)
{
	struct rust_parser parser = {.text = name + 2, .length = length - 2};

	/* A digit would be the version of a grammar that doesn't exist yet. */
	if (length < 3 || !isupper((unsigned char)name[2]))
		return NULL;
	print_path(&parser, true);
	if (parser.position < parser.length && !parser.failed && peek(&parser) != '.') {
		parser.muted++; /* the crate that instantiated it */
		print_path(&parser, false);
	}
	if (parser.failed || (parser.position < parser.length && peek(&parser) != '.'))
		parser.output.failed = true;
	return demangle_output_take(&parser.output);
}
