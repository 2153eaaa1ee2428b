/*
 * Running the command line tool on a snapshot that this process wrote, as a child that the program does not see
 * (system_tasks.h), without us and without what else is preloaded. What it prints goes to our descriptor, indented. Called
 * by the program, outside all hooks; the wait is bounded.
 *
 * The tool is looked for beside this library, as built and as installed, then in PATH; ALLOCSCOPE_TOOL names another.
 */
#ifndef PRELOAD_TOOL_RUN_H
#define PRELOAD_TOOL_RUN_H

enum tool_result {
	TOOL_DONE,
	TOOL_UNWANTED, /* ALLOCSCOPE_TOOL is empty */
	TOOL_ABSENT,
	TOOL_FAILED, /* the user was told */
};
/* ARGUMENTS: the name, what follows it, NULL. */
enum tool_result tool_run(const char *const *arguments);

#endif
