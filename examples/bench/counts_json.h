/* An engine's books as JSON: one object per constructor, for comparison with a profiler's sites. */
#ifndef BENCH_COUNTS_JSON_H
#define BENCH_COUNTS_JSON_H

#include "engines/engine.h"

/*
 * {"engine":s,"moment":s,"constructors":[{"function":s,"allocs":n,"bytes":n,"frees":n,"freed_bytes":n,
 * "live_blocks":n,"live_bytes":n},...]}; constructors that never ran are left out. The user's closures of bench/ are
 * among them. 0, or -1 with errno set.
 */
int counts_json_write(const char *path, const struct engine *engine, const char *moment);

#endif
