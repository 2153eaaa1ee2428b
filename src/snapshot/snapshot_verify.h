/*
 * Judges an opened snapshot by every rule that snapshot_reader.h does not need for safety: do the books
 * balance, do the sums agree, does each part say the same as the others? Pure: no output, no files.
 *
 * The books (allocations minus frees = live blocks) are only checked where they can balance: not in files
 * that are sampled or approximate, nor in ones that count losses; see snapshot_books_are_exact. In journalled
 * files threads and deaths go on to the moment of writing and are not compared with the rest.

 */
#ifndef SNAPSHOT_SNAPSHOT_VERIFY_H
#define SNAPSHOT_SNAPSHOT_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot/snapshot_reader.h"

/* Of one rule the first findings are told one by one, the rest as a number in one more sentence. */
#define SNAPSHOT_FINDINGS_PER_RULE 10

/* Told of each finding: RULE is a short stable word ("stack-books"), SENTENCE for a person, both valid
 * during the call only. */
typedef void snapshot_finding(void *context, const char *rule, const char *sentence);

/* A rule: its word, and what it demands. */
struct snapshot_rule {
	const char *name, *demand;
};

/* Check all rules and REPORT each finding. Returns how many there are; 0 = the file keeps every rule.
 * A rule that could not be checked for want of memory counts as a finding: what cannot see must not pass. */
uint64_t snapshot_verify(const struct snapshot *snapshot, snapshot_finding *report, void *context);

/* Rule NUMBER from 0, in the order of checking; NULL after the last. */
const struct snapshot_rule *snapshot_verify_rule(size_t number);

/* Must allocations minus frees equal what is alive? */
bool snapshot_books_are_exact(const struct snapshot *snapshot);

#endif
