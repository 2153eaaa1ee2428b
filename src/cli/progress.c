#include "cli/progress.h"

#include <stdio.h>
#include <unistd.h>

#define BAR_COLUMNS 40

void progress_start(struct progress *progress)
{
	*progress = (struct progress){.is_terminal = isatty(STDERR_FILENO) == 1};
	(void)clock_gettime(CLOCK_MONOTONIC, &progress->start);
}

void progress_tick(void *context, const char *what, uint64_t done, uint64_t total)
{
	struct progress *progress = context;
	struct timespec now;
	int filled = total != 0 ? (int)(BAR_COLUMNS * (done < total ? done : total) / total) : 0;

	if (!progress->is_terminal || clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return;
	if (now.tv_sec - progress->start.tv_sec < 1 ||
	    (now.tv_sec - progress->start.tv_sec == 1 && now.tv_nsec < progress->start.tv_nsec))
		return;
	fprintf(stderr, "\rallocscope: %s [", what);
	for (int i = 0; i < BAR_COLUMNS; i++)
		putc(i < filled ? '#' : '.', stderr);
	fprintf(stderr, "] %3u %%",
	    total != 0 ? (unsigned)(100 * (done < total ? done : total) / total) : 0);
	fflush(stderr);
	progress->is_shown = true;
}

void progress_end(struct progress *progress)
{
	if (progress->is_shown)
		fputs("\r\033[K", stderr);
	progress->is_shown = false;
}
