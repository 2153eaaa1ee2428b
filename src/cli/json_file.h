/* Small JSON files that people write (budgets) or keep (baselines), read whole with jansson. What is wrong with one ends the
 * process with exit code 2 and a sentence that names the file. */
#ifndef CLI_JSON_FILE_H
#define CLI_JSON_FILE_H

#include <jansson.h>

/* The object in the file at PATH. It must say "version": 1. */
json_t *json_file_read(const char *path);
/* Die: PATH is not what it should be. */
_Noreturn void json_file_refuse(const char *path, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
