/* Finds the program as a shell would, and tells beforehand when the loader will not preload anything into it. */
#ifndef CLI_PROGRAM_CHECK_H
#define CLI_PROGRAM_CHECK_H

/* Path of NAME by PATH (malloc'ed), or NULL with *ret_errno: ENOENT, or EACCES when it cannot be executed. */
char *program_find(const char *name, int *ret_errno);
/* NULL when a preloaded library will be in effect in PATH, else a sentence (malloc'ed) that says why not.
 * Scripts are followed to their interpreter. What cannot be read is given the benefit of the doubt. */
char *program_obstacle(const char *path);

#endif
