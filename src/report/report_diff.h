/* `allocscope diff`: what was born after BEFORE and is alive in AFTER, what died, what grew; by rows. */
#ifndef REPORT_REPORT_DIFF_H
#define REPORT_REPORT_DIFF_H

#include "analysis/diff.h"
#include "report/report_row.h"

/* RETAINED: rows show only those of the born that outlived a counted iteration. Both return 0,
 * STATUS_NO_MEMORY or STATUS_IO. */
int report_diff_text(
    FILE *out, const struct diff *diff, const struct report_options *options, bool retained);
int report_diff_json(
    FILE *out, const struct diff *diff, const struct report_options *options, bool retained);

#endif
