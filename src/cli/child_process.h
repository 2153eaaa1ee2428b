/* Runs the profiled program and waits for it: `allocscope run`. */
#ifndef CLI_CHILD_PROCESS_H
#define CLI_CHILD_PROCESS_H

#include <sys/types.h>

struct child_result {
	pid_t pid;
	int exec_errno; /* not 0: the program did not start */
	int exit_code;	/* the program's own, or 128 + signal */
	int signal;	/* that ended it, or 0 */
};

/* Start PATH with ARGUMENTS (closed by NULL) in this process's environment, wait for its end. The terminal's
 * signals reach the program itself; SIGTERM and SIGHUP sent to us are passed on. The program starts without descriptor CLOSED (-1:
 * none). Dies only when fork fails. */
struct child_result child_run(const char *path, char **arguments, int closed);

#endif
