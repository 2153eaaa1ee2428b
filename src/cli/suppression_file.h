/* Where suppressions come from: files, the built-in list, the profiled program itself. */
#ifndef CLI_SUPPRESSION_FILE_H
#define CLI_SUPPRESSION_FILE_H

#include "cli/arguments.h"
#include "report/suppression.h"

/* Read FILES into LIST; then, unless SNAPSHOT is NULL, what its program suppresses and what is built in. Dies when a
 * file cannot be read or a line is not understood. */
void suppression_files_read(struct suppression_list *list, const struct argument_list *files,
    const struct snapshot *snapshot);

#endif
