/*
 * Puts the names of a snapshot's addresses into the file, so that it can be read without the binaries: functions and
 * lines of calls, and what holds and what is held: variables, frames, classes, types. Fields of types are not among
 * them; without the binaries they are offsets.
 */
#ifndef REPORT_NAMES_EMBED_H
#define REPORT_NAMES_EMBED_H

#include "analysis/group.h"
#include "base/status.h"
#include "report/names.h"
#include "report/object_names.h"

/* Write SNAPSHOT again to OUT_PATH (may be its own) with NAMES, and with what OBJECTS recorded (NULL: nothing). Returns 0
 * or a negative status. */
int names_embed(const struct snapshot *snapshot, const struct names *names,
    struct object_names *objects, const char *out_path, struct status_error *ret_error);
/* Have OBJECTS record what reports of INPUT will ask them. Returns 0 or STATUS_NO_MEMORY. */
int names_survey(const struct group_input *input, struct object_names *objects);

#endif
