/*
 * Runs a command and says what it took.
 *
 *   meter REPORT COMMAND ARGUMENT...
 *
 * Writes status=, cpu_seconds=, wall_seconds= and peak_bytes= to the file REPORT: of the command and of those of
 * its children that it waited for. A small program does it because the largest resident set that the system
 * reports of a process includes that of its parent at the fork. The status is the exit code, or minus the signal.
 */
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench_clock.h"

static double seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int main(int argument_count, char **arguments)
{
	struct rusage usage;
	int status = 0;

	if (argument_count < 3) {
		(void)fprintf(stderr, "usage: %s REPORT COMMAND ARGUMENT...\n", arguments[0]);
		return 2;
	}
	uint64_t begin_ns = bench_clock_wall_ns();
	pid_t child = fork();

	if (child == 0) {
		(void)execvp(arguments[2], arguments + 2);
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &usage) != child)
		return 2;

	uint64_t wall_ns = bench_clock_wall_ns() - begin_ns;
	FILE *report = fopen(arguments[1], "w");

	if (report == NULL)
		return 2;
	(void)fprintf(report, "status=%d\ncpu_seconds=%.6f\nwall_seconds=%.6f\npeak_bytes=%llu\n",
	    WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status),
	    seconds(usage.ru_utime) + seconds(usage.ru_stime), (double)wall_ns / 1e9,
	    (unsigned long long)usage.ru_maxrss * 1024);
	return fclose(report) == 0 ? 0 : 2;
}
