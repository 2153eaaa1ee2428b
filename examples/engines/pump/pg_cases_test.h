/* The cases of behaviour: a file of scripts, each run in every mode of the engine. */
#ifndef PUMP_PG_CASES_TEST_H
#define PUMP_PG_CASES_TEST_H

/* Adds to the counts. A file that cannot be read is a failure. */
void pg_run_cases(const char *path, unsigned *passed, unsigned *failed);

#endif
