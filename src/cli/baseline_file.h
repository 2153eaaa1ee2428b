/* Baselines as files: what `allocscope baseline` writes and `check --baseline` reads. */
#ifndef CLI_BASELINE_FILE_H
#define CLI_BASELINE_FILE_H

#include "report/baseline.h"

/* Dies when there is none that can be read. */
void baseline_file_read(const char *path, struct baseline *ret_baseline);
/* Writes it beside PATH and puts it in its place; PATH NULL or "-": to standard output. Dies when that fails. */
void baseline_file_write(const char *path, const struct baseline *baseline);

#endif
