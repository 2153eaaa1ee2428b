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
 * COUNT rows of NAMES, ascending by (node, inline_depth), and STRINGS as the strings: STRING_BYTES that begin with the
 * old ones and end in '\0'. NAMES that IN has are replaced. STATUS_BAD_ARGUMENT when names or strings break these rules. */
int snapshot_rewrite_with_names(const struct snapshot *in, const struct snapshot_name *names,
    size_t count, const char *strings, size_t string_bytes, const char *out_path,
    struct status_error *ret_error);

#endif
