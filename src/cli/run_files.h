/* The snapshots that a run left behind: finds them, gives them names, packs them, tells what they hold. */
#ifndef CLI_RUN_FILES_H
#define CLI_RUN_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/load.h"

struct run_file {
	char *path;
	char *program;
	bool is_readable;
	uint32_t pid, trigger;
	uint64_t time_ns;
	uint8_t run_id[16];
	uint64_t blocks, bytes;
	uint64_t retained_blocks, retained_bytes;
	uint64_t mean; /* bytes between samples; 0 exact */
	struct spread spread, retained_spread;
	uint64_t iterations_ended, iterations_counted;
};

struct run_files {
	struct run_file *files; /* in the order of writing, each path once */
	size_t count;
};

/* A new empty file in which the shared object lists what it writes; free() the name. */
char *run_files_new_manifest(void);
/* Read and remove MANIFEST, look into each file that it names. */
void run_files_collect(struct run_files *files, const char *manifest);
void run_files_release(struct run_files *files);
/* Embed names in all files. */
void run_files_embed_names(const struct run_files *files, const struct name_settings *names);
/* Compress all files. */
void run_files_compress(const struct run_files *files, int level);
/* What each file holds, and the next command, to stderr. ROOT_PID is the process that was started. */
void run_files_tell(const struct run_files *files, uint32_t root_pid);
/* The files that a gate judges: of each process the last moment of its iterations, preferring processes that
 * had iterations. Returns how many; indices go to INDICES (room for files->count). */
size_t run_files_to_judge(const struct run_files *files, uint32_t root_pid, size_t *indices);

#endif
