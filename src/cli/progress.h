/* A bar on stderr for work that takes longer than a second, on a terminal only. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <time.h>

#include "report/names.h"

struct progress {
	struct timespec start;
	bool is_terminal;
	bool is_shown;
};

void progress_start(struct progress *progress);
/* For report_progress: context is a struct progress. */
void progress_tick(void *context, const char *what, uint64_t done, uint64_t total);
/* Take the bar away. */
void progress_end(struct progress *progress);

#endif
