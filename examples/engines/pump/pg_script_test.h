/*
 * The language of the cases of behaviour, and its interpreter. README.md describes it.
 *
 * A script is text that is run as it is read; the body of a factory is run again each time the engine calls the factory.
 */
#ifndef PUMP_PG_SCRIPT_TEST_H
#define PUMP_PG_SCRIPT_TEST_H

#include <stdbool.h>

/* Runs a script in a world of its own, with pg_options as they are, and frees that world. Returns the trace, words with
 * blanks between them, in static storage. */
const char *pg_script_run(const char *script);

#endif
