/* `allocscope info` and `allocscope verify`: the file itself, not what is in it. */
#ifndef REPORT_REPORT_INFO_H
#define REPORT_REPORT_INFO_H

#include "report/text_table.h"
#include "snapshot/snapshot_reader.h"

/* All return 0, STATUS_NO_MEMORY or STATUS_IO. */
int report_info_text(FILE *out, const struct snapshot *snapshot, const struct text_style *style);
int report_info_json(FILE *out, const struct snapshot *snapshot);

/* Check every rule and report as it goes; *ret_findings is their number. */
int report_verify_text(FILE *out, const struct snapshot *snapshot, const struct text_style *style,
    uint64_t *ret_findings);
int report_verify_json(FILE *out, const struct snapshot *snapshot, uint64_t *ret_findings);

#endif
