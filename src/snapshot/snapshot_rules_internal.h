/* What the files of the reader's rules share: snapshot_rules.c calls its own checks and those of
 * snapshot_rules_sampling.c and snapshot_rules_graph.c one after the other. */
#ifndef SNAPSHOT_SNAPSHOT_RULES_INTERNAL_H
#define SNAPSHOT_SNAPSHOT_RULES_INTERNAL_H

#include <inttypes.h>

#include "base/compiler.h"
#include "base/status.h"
#include "snapshot/snapshot_reader.h"

/* What every rule needs: the snapshot, where to put the sentence, and whose rows are being looked at. */
struct rules {
	const struct snapshot *snapshot;
	struct status_error *error;
	uint32_t section;
};

/* ROW of the section that is looked at breaks a rule: fill the error. Returns STATUS_DAMAGED. */
int rules_refuse(const struct rules *rules, size_t row, const char *format, ...)
    __attribute__((format(printf, 3, 4), cold));

/* A member that names a row of another section, which has COUNT. */
static inline int rules_check_reference(
    const struct rules *rules, size_t row, const char *member, uint64_t value, uint64_t count)
{
	if (likely(value < count))
		return 0;
	return rules_refuse(
	    rules, row, "%s is %" PRIu64 ", but there are only %" PRIu64, member, value, count);
}

static inline int rules_check_string(
    const struct rules *rules, size_t row, const char *member, uint32_t offset)
{
	if (likely(offset < rules->snapshot->string_bytes))
		return 0;
	return rules_refuse(rules, row, "%s is at %" PRIu32 ", beyond the %zu bytes of STRINGS",
	    member, offset, rules->snapshot->string_bytes);
}

/* snapshot_rules_sampling.c: weights and variances. */
int rules_check_sampling(struct rules *rules);
/* snapshot_rules_graph.c: the reference graph as a whole. */
int rules_check_graph(struct rules *rules);
/* snapshot_rules_graph.c: the virtual tables of blocks. */
int rules_check_virtual_tables(struct rules *rules);

#endif
