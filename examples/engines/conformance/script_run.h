/*
 * Running a conformance script on an engine: the trace of its log statements.
 *
 * Under RX_OWN_TRACE the collector runs after every statement of the outermost level, where a garbage collector must not
 * be observable; and it is checked that nothing is left when all handles are gone.
 */
#ifndef CONFORMANCE_SCRIPT_RUN_H
#define CONFORMANCE_SCRIPT_RUN_H

#include "engines/conformance/script.h"
#include "engines/engine.h"

struct script_result {
	const char *trace; /* in the arena: the tokens, separated by one space */
	bool
	    books_balance; /* no block of the engine is left behind, but for what its queue holds */
	bool queue_holds;
};

void script_run(struct arena *arena, const struct script_node *program, const struct engine *engine,
    const struct engine_options *options, struct script_result *ret_result);

#endif
