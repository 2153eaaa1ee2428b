/*
 * The words of Rust's v0 mangling: characters, numbers, identifiers, back references. The sentences
 * (paths, types, constants) stand in demangle_rust_v0.c. A failure is sticky: everything after it reads
 * and prints nothing.
 */
#ifndef SYMBOLS_DEMANGLE_RUST_PARSER_H
#define SYMBOLS_DEMANGLE_RUST_PARSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbols/demangle_output.h"

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

/* The character at the place, '\0' at the end and after a failure. */
char rust_parser_peek(const struct rust_parser *parser);
/* The same and step over it; a failure at the end. */
char rust_parser_next(struct rust_parser *parser);
/* Step over EXPECTED if it is there. */
bool rust_parser_eat(struct rust_parser *parser, char expected);
/* Put TEXT out, unless muted. */
void rust_parser_print(struct rust_parser *parser, const char *text);

/* Around every production: the bound on nesting and on work. After false, return without leave. */
bool rust_parser_enter(struct rust_parser *parser);
void rust_parser_leave(struct rust_parser *parser);

/* base-62 number: "_" is 0, "0_" is 1, ... */
uint64_t rust_parser_base_62(struct rust_parser *parser);
/* The number behind TAG, plus 1; 0 when TAG is not there. */
uint64_t rust_parser_optional_base_62(struct rust_parser *parser, char tag);
/* {hex digit} _ . Returns the number; *RET_DIGITS how many digits it has, of which only 16 fit. */
uint64_t rust_parser_hex(struct rust_parser *parser, size_t *ret_digits);
struct rust_identifier rust_parser_identifier(struct rust_parser *parser);
void rust_parser_print_identifier(
    struct rust_parser *parser, const struct rust_identifier *identifier);
/* A back reference whose B is eaten: go to where it points. True when the caller shall print what stands
 * there and then set the position to *RET_RESUME. */
bool rust_parser_enter_back_reference(struct rust_parser *parser, size_t *ret_resume);

#endif
