/* Random graphs beside a model of the original's rules. */
#ifndef PUMP_PG_RANDOM_TEST_H
#define PUMP_PG_RANDOM_TEST_H

/* COUNT graphs, each with operations drawn by lot, in every mode. Adds to the counts. */
void pg_run_random(unsigned count, unsigned *passed, unsigned *failed);

#endif
