/*
 * Named damages to a snapshot file: one for each rule of the format, and what the reader or verify must say
 * of it. The unit tests walk the table; corrupt_snapshot.c applies one row to a file for the integration tests.
 */
#ifndef TEST_SUPPORT_SNAPSHOT_DAMAGE_H
#define TEST_SUPPORT_SNAPSHOT_DAMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* A file in memory (malloc), changed in place. */
struct damaged_image {
	unsigned char *bytes;
	size_t count;
};

struct snapshot_damage {
	const char *name;
	int status; /* enum status of snapshot_open; STATUS_OK: it opens and verify finds the rule `says` */
	const char *says; /* part of the sentence, or the rule */
	/* Applies the damage; false when the file has no such place (an empty section). */
	bool (*apply)(struct damaged_image *image, const struct snapshot_damage *damage);
	uint32_t section; /* arguments of apply */
	uint64_t row, offset, bytes, value;
};

/* The table, and its length. */
const struct snapshot_damage *snapshot_damages(size_t *ret_count);
/* The row NAME, or NULL. */
const struct snapshot_damage *snapshot_damage_named(const char *name);

struct snapshot_builder;
/* A builder with rows in every section, in a consistent snapshot: the good file to damage. */
struct snapshot_builder *snapshot_builder_of_everything(void);

#endif
