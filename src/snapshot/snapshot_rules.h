/*
 * The rules between and inside sections without which indexing would be unsafe: references in bounds,
 * strings that end, orders that searches rely on. Called once by snapshot_reader.c, before anyone else
 * sees the snapshot. Bookkeeping (what is wrong but harmless to read) is snapshot_verify.h's.
 */
#ifndef SNAPSHOT_SNAPSHOT_RULES_H
#define SNAPSHOT_SNAPSHOT_RULES_H

#include "base/status.h"
#include "snapshot/snapshot_reader.h"

/* 0, or STATUS_DAMAGED with a sentence that names section, row and rule of the first violation. */
int snapshot_rules_check(const struct snapshot *snapshot, struct status_error *ret_error);

#endif
