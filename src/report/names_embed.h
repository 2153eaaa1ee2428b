/* Puts the names of a snapshot's addresses into the file, so that it can be read without the binaries. */
#ifndef REPORT_NAMES_EMBED_H
#define REPORT_NAMES_EMBED_H

#include "base/status.h"
#include "report/names.h"

/* Write SNAPSHOT again to OUT_PATH (may be its own) with NAMES. Returns 0 or a negative status. */
int names_embed(const struct snapshot *snapshot, const struct names *names, const char *out_path,
    struct status_error *ret_error);

#endif
