#include "symbols/demangle_rust_parser.h"

#include <ctype.h>

#define DEPTH_MAX 200
#define STEPS_MAX 100000

char rust_parser_peek(const struct rust_parser *parser)
{
	return parser->failed || parser->position >= parser->length
		   ? '\0'
		   : parser->text[parser->position];
}

char rust_parser_next(struct rust_parser *parser)
{
	const char c = rust_parser_peek(parser);

	if (c == '\0')
		parser->failed = true;
	else
		parser->position++;
	return c;
}

bool rust_parser_eat(struct rust_parser *parser, char expected)
{
	if (rust_parser_peek(parser) != expected)
		return false;
	parser->position++;
	return true;
}

void rust_parser_print(struct rust_parser *parser, const char *text)
{
	if (parser->muted == 0 && !parser->failed)
		demangle_output_text(&parser->output, text);
}

bool rust_parser_enter(struct rust_parser *parser)
{
	if (++parser->depth > DEPTH_MAX || ++parser->steps > STEPS_MAX || parser->output.failed)
		parser->failed = true;
	return !parser->failed;
}

void rust_parser_leave(struct rust_parser *parser)
{
	parser->depth--;
}

uint64_t rust_parser_base_62(struct rust_parser *parser)
{
	uint64_t value = 0;

	if (rust_parser_eat(parser, '_'))
		return 0;
	while (!parser->failed && !rust_parser_eat(parser, '_')) {
		const char c = rust_parser_next(parser);
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

uint64_t rust_parser_optional_base_62(struct rust_parser *parser, char tag)
{
	uint64_t value;

	if (!rust_parser_eat(parser, tag))
		return 0;
	value = rust_parser_base_62(parser);
	if (value == UINT64_MAX)
		parser->failed = true;
	return value + 1;
}

struct rust_identifier rust_parser_identifier(struct rust_parser *parser)
{
	struct rust_identifier identifier = {
	    .text = "", .is_punycode = rust_parser_eat(parser, 'u')};
	size_t length = 0;

	if (!isdigit((unsigned char)rust_parser_peek(parser)))
		parser->failed = true;
	if (rust_parser_eat(parser, '0')) {
		(void)rust_parser_eat(parser, '_');
		return identifier;
	}
	while (isdigit((unsigned char)rust_parser_peek(parser)) && length <= parser->length)
		length = length * 10 + (size_t)(rust_parser_next(parser) - '0');
	(void)rust_parser_eat(parser, '_');
	if (parser->failed || length > parser->length - parser->position) {
		parser->failed = true;
		return identifier;
	}
	identifier.text = parser->text + parser->position;
	identifier.length = length;
	parser->position += length;
	return identifier;
}

void rust_parser_print_identifier(
    struct rust_parser *parser, const struct rust_identifier *identifier)
{
	if (parser->muted > 0 || parser->failed)
		return;
	if (identifier->is_punycode)
		demangle_output_text(&parser->output, "punycode{");
	demangle_output_bytes(&parser->output, identifier->text, identifier->length);
	if (identifier->is_punycode)
		demangle_output_text(&parser->output, "}");
}

bool rust_parser_enter_back_reference(struct rust_parser *parser, size_t *ret_resume)
{
	const size_t own_position = parser->position - 1;
	const uint64_t target = rust_parser_base_62(parser);

	if (target >= own_position) /* only backwards: no loops */
		parser->failed = true;
	if (parser->failed || parser->muted > 0)
		return false;
	*ret_resume = parser->position;
	parser->position = (size_t)target;
	return true;
}

uint64_t rust_parser_hex(struct rust_parser *parser, size_t *ret_digits)
{
	uint64_t value = 0;
	size_t digits = 0;

	while (!parser->failed && !rust_parser_eat(parser, '_')) {
		const char c = rust_parser_next(parser);

		if (!isdigit((unsigned char)c) && !(c >= 'a' && c <= 'f'))
			parser->failed = true;
		value = value * 16 + (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
		digits++;
	}
	*ret_digits = digits;
	return value;
}
