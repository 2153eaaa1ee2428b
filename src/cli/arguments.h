/*
 * Options of a command as one table: it is parsed from, and --help is written from the same rows, so an
 * option is documented once and none can exist undocumented.
 *
 * A table is a list of groups, each with rows whose offsets point into a struct of the group; the groups'
 * structs lie in the command's settings. Groups that several commands share (filters, output) are written
 * once, in options_shared.c.
 *
 * Wrong use ends the process with exit code 2 and a sentence that names the nearest option.
 */
#ifndef CLI_ARGUMENTS_H
#define CLI_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum argument_kind {
	ARGUMENT_END,	 /* closes a table */
	ARGUMENT_FLAG,	 /* bool */
	ARGUMENT_SWITCH, /* enum argument_switch: --name, --no-name, --name=on|off */
	ARGUMENT_TEXT,	 /* const char *, NULL when absent */
	ARGUMENT_LIST,	 /* struct argument_list: may be given several times */
	ARGUMENT_COUNT,	 /* struct argument_number: whole number */
	ARGUMENT_BYTES,	 /* struct argument_number: N, NK, NM, NG */
	ARGUMENT_LIMIT,	 /* struct argument_number: bytes as above, or Nblocks */
	ARGUMENT_RANGE,	 /* struct argument_range: N, A..B, A.., ..B */
	ARGUMENT_CHOICE, /* int: index of the word in `choices`; starts as the settings' initial value */
};

enum argument_switch { ARGUMENT_UNSET = 0, ARGUMENT_ON, ARGUMENT_OFF };

struct argument_number {
	uint64_t value;
	bool given;
	bool is_blocks; /* ARGUMENT_LIMIT: "Nblocks" */
};

struct argument_range {
	uint64_t first, last; /* inclusive */
	bool given;
};

struct argument_list {
	const char **texts;
	size_t count;
};

struct argument_option {
	enum argument_kind kind;
	char short_name; /* 0 none */
	const char *name;
	const char *value;   /* what --help calls the value; for CHOICE the words, "a|b|c" */
	const char *help;    /* one or more sentences; --help wraps them */
	size_t offset;	     /* in the group's struct */
	const char *implied; /* not NULL: the value may be left out and is then this */
};

struct argument_group {
	const char *title;
	const struct argument_option *options; /* closed by ARGUMENT_END */
	size_t offset;			       /* of the group's struct in the settings */
};

/* The words of a command that arguments.c needs for parsing and for --help. */
struct argument_syntax {
	const char *command;		     /* "diff" */
	const char *operands;		     /* "BEFORE AFTER" */
	const char *summary;		     /* one line */
	const char *description;	     /* paragraphs below the usage line */
	const struct argument_group *groups; /* closed by title NULL */
	bool stops_at_operand;		     /* `run`: what follows the program belongs to it */
};

/* Fill SETTINGS from ARGUMENTS[0..COUNT). Operands are moved to the front; returns their number.
 * Dies on wrong use; --help is an option like others and does nothing by itself. */
int arguments_parse(
    const struct argument_syntax *syntax, void *settings, int count, char **arguments);
/* Free what parsing put into SETTINGS (not SETTINGS itself). */
void arguments_release(const struct argument_syntax *syntax, void *settings);
void arguments_print_help(const struct argument_syntax *syntax, FILE *out);
/* Die with exit code 2 and the usage line of the command. */
_Noreturn void arguments_die(const struct argument_syntax *syntax, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* N, NK, NM, NG (powers of 1024), with blocks allowed also Nblocks. False: not such a thing, or too large. */
bool arguments_size_of(const char *text, bool blocks_allowed, struct argument_number *ret_number);
bool arguments_range_of(const char *text, struct argument_range *ret_range);

#endif
