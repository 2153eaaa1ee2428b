/*
 * From a path to what reports need: the snapshot, its indexes, its names, and what the user's filters leave.
 * Dies with a sentence: exit code 3 for a file that cannot be read, 2 for wrong use.
 */
#ifndef CLI_LOAD_H
#define CLI_LOAD_H

#include "analysis/group.h"
#include "cli/options_shared.h"
#include "report/graph_view.h"
#include "report/names.h"
#include "report/report_row.h"

/* Open PATH or die. */
struct snapshot *load_snapshot(const char *path);

struct loaded_file {
	struct snapshot *snapshot;
	struct heap *heap;
	struct names *names;
	uint8_t *stack_hidden;
	struct object_names *objects; /* NULL until load_objects */
	struct block_types *types;    /* NULL until load_types */
	struct site_rules rules;
	struct heap_filter filter;
	struct group_input input; /* of the members above; must not move */
};

/* The files of one command, which share a symbolizer. */
struct loaded_files {
	struct symbolizer *symbolizer;
	const char **debug_directories;
	size_t count;
	struct graph_view *view; /* of the last file; NULL until load_graph */
	struct loaded_file files[2];
};

/* Load COUNT (1 or 2) files of PATHS. FILTERS may be NULL. */
void load_files(struct loaded_files *files, char **paths, size_t count,
    const struct name_settings *names, const struct filter_settings *filters);
/* Who holds what in the last file, if its snapshot tells: before anything is grouped. */
void load_graph(struct loaded_files *files);
/* Names of what is no call. */
void load_objects(struct loaded_files *files);
/* What blocks are, if rows stand for types: before anything is grouped. */
void load_types(struct loaded_files *files, enum group_by by);
void load_files_release(struct loaded_files *files);

/* What the settings mean for the reports; TOP_DEFAULT rows when text and --top is not given. */
struct report_options load_report_options(const struct general_settings *general, bool json,
    const struct name_settings *names, const struct filter_settings *filters);

/* 0, or the exit code after a message: for what reports and analysis return. */
int load_exit_code(int status);
/* The same, but dies unless STATUS is 0. */
void load_or_die(int status);

#endif
