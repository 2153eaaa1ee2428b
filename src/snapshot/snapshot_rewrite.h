/*
 * Writes an open snapshot again with names for its addresses, so that it can be read on a machine without
 * the binaries. Every other section is copied byte for byte, also those this version does not know.
 */
#ifndef SNAPSHOT_SNAPSHOT_REWRITE_H
#define SNAPSHOT_SNAPSHOT_REWRITE_H

#include <stddef.h>

#include "base/status.h"
#include "snapshot/snapshot_reader.h"

/* Write IN to OUT_PATH (by way of OUT_PATH.tmp and rename(2), mode 0600; may be the file IN was opened from) with
 * ADDITIONS. NAMES and SYMBOLS that IN has are replaced. STATUS_BAD_ARGUMENT when the additions break their rules. */
struct snapshot_additions {
	const struct snapshot_name *names; /* ascending (node, inline_depth) */
	size_t name_count;
	const struct snapshot_symbol *symbols; /* ascending (kind, module, address) */
	size_t symbol_count;		       /* 0: there will be no such section */
	const char *strings;		       /* they begin with the old ones and end in '\0' */
	size_t string_bytes;
};
int snapshot_rewrite_with_names(const struct snapshot *in,
    const struct snapshot_additions *additions, const char *out_path,
    struct status_error *ret_error);

#endif
