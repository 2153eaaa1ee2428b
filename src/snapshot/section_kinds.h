/*
 * The sections this version knows, as one table: id, name, size of a row, whether a reader can do without,
 * and which members of struct snapshot receive it. Neighbours: format.h, snapshot_reader.c.
 */
#ifndef SNAPSHOT_SECTION_KINDS_H
#define SNAPSHOT_SECTION_KINDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct section_kind {
	uint32_t id;	     /* enum snapshot_section_id */
	uint32_t row_bytes;  /* of this version */
	bool required;	     /* a file without it is refused */
	bool fixed;	     /* rows are single numbers or bytes: row_bytes never grows */
	const char *name;    /* as in format.h, without the prefix */
	size_t rows_member;  /* offset of the pointer in struct snapshot */
	size_t count_member; /* offset of the number of rows; 0: has none */
};

/* What this version knows of section ID, or NULL. */
const struct section_kind *section_kind(uint32_t id);
/* All of them, ascending by id. */
const struct section_kind *section_kinds(size_t *ret_count);
/* The name of section ID, or "unknown". */
const char *section_name(uint32_t id);

#endif
