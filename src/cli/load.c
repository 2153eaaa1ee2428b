#include "cli/load.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "cli/fatal.h"
#include "cli/progress.h"
#include "report/stack_filter.h"

#define TOP_DEFAULT	  20
#define FRAMES_DEFAULT	  6
#define PROBLEMS_TOLD	  3
#define REGEX_ERROR_BYTES 256

int load_exit_code(int status)
{
	if (status == 0)
		return EXIT_CLEAN;
	if (status == STATUS_IO)
		message("cannot write: %s", errno != 0 ? strerror(errno) : "output failed");
	else
		message("%s", status_text(status));
	return EXIT_USAGE;
}

void load_or_die(int status)
{
	if (status != 0)
		exit(load_exit_code(status));
}

/* One file on its way in. Opening it reads and checks every byte, so two are opened at once. */
struct opening {
	const char *path;
	struct snapshot *snapshot;
	struct status_error error;
	int status;
	pthread_t thread;
	bool has_thread;
};

static void *open_file(void *context)
{
	struct opening *opening = context;

	opening->status = snapshot_open(opening->path, &opening->snapshot, &opening->error);
	return NULL;
}

static struct snapshot *opened_or_die(const struct opening *opening)
{
	const struct status_error *error = &opening->error;

	if (opening->status == 0)
		return opening->snapshot;
	if (error->offset != 0)
		message(
		    "%s: %s (at byte %" PRIu64 ")", opening->path, error->sentence, error->offset);
	else
		message("%s: %s", opening->path,
		    error->sentence[0] != '\0' ? error->sentence : status_text(opening->status));
	exit(opening->status == STATUS_NO_MEMORY ? EXIT_USAGE : EXIT_DAMAGED);
}

struct snapshot *load_snapshot(const char *path)
{
	struct opening opening = {.path = path};

	(void)open_file(&opening);
	return opened_or_die(&opening);
}

/* The last file is opened by this thread, and so is one for which there is no other. */
static void open_files(struct loaded_files *files, char **paths)
{
	struct opening openings[sizeof files->files / sizeof files->files[0]] = {0};

	for (size_t i = 0; i < files->count; i++) {
		openings[i].path = paths[i];
		openings[i].has_thread =
		    i + 1 < files->count &&
		    pthread_create(&openings[i].thread, NULL, open_file, &openings[i]) == 0;
	}
	for (size_t i = files->count; i-- > 0;) {
		if (openings[i].has_thread)
			(void)pthread_join(openings[i].thread, NULL);
		else
			(void)open_file(&openings[i]);
	}
	for (size_t i = 0; i < files->count; i++)
		files->files[i].snapshot = opened_or_die(&openings[i]);
}

static struct symbolizer *open_symbolizer(
    struct loaded_files *files, const struct name_settings *settings)
{
	const struct argument_list *directories = &settings->debug_directories;
	struct symbolizer_options options = {
	    .prefix = settings->sysroot,
	    .cache_directory = settings->no_cache ? "" : NULL,
	    .use_debuginfod = true,
	};
	struct symbolizer *symbolizer = NULL;

	if (directories->count != 0) {
		files->debug_directories =
		    xcalloc(directories->count + 1, sizeof *files->debug_directories);
		memcpy(files->debug_directories, directories->texts,
		    directories->count * sizeof *directories->texts);
		options.debug_directories = files->debug_directories;
	}
	symbolizer = symbolizer_new(&options);
	if (symbolizer == NULL)
		die(EXIT_USAGE, "out of memory");
	return symbolizer;
}

static void tell_problems(const struct names *names)
{
	for (size_t i = 0; i < names->problem_count && i < PROBLEMS_TOLD; i++)
		message("no names for %" PRIu64 " %s of %s: %s", names->problems[i].addresses,
		    names->problems[i].addresses == 1 ? "address" : "addresses",
		    names->problems[i].path, names->problems[i].reason);
	if (names->problem_count > PROBLEMS_TOLD)
		message(
		    "no names for parts of %zu more modules", names->problem_count - PROBLEMS_TOLD);
}

static regex_t *compile(const char *option, const char *pattern)
{
	regex_t *regex = NULL;
	char reason[REGEX_ERROR_BYTES];
	int error = 0;

	if (pattern == NULL)
		return NULL;
	regex = xcalloc(1, sizeof *regex);
	error = regcomp(regex, pattern, REG_EXTENDED | REG_NOSUB);
	if (error != 0) {
		(void)regerror(error, regex, reason, sizeof reason);
		die(EXIT_USAGE, "--%s '%s' is not a regular expression: %s", option, pattern,
		    reason);
	}
	return regex;
}

static void regex_free(regex_t *regex)
{
	if (regex != NULL)
		regfree(regex);
	free(regex);
}

static uint32_t at_most_32(uint64_t number)
{
	return number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
}

static void apply_filters(struct loaded_file *file, const struct filter_settings *settings)
{
	regex_t *focus = compile("focus", settings->focus);
	regex_t *hide = compile("hide", settings->hide);
	struct stack_filter filter = {.focus = focus,
	    .hide = hide,
	    .thread_pattern = settings->thread,
	    .module_pattern = settings->module};

	if (focus != NULL || hide != NULL || settings->thread != NULL || settings->module != NULL) {
		load_or_die(stack_filter_apply(&filter, &file->input, &file->stack_hidden));
		file->filter.stack_hidden = file->stack_hidden;
	}
	file->filter.born_limited = settings->born.given;
	file->filter.born_first = at_most_32(settings->born.first);
	file->filter.born_last = at_most_32(settings->born.last);
	file->filter.epoch_limited = settings->epochs.given;
	file->filter.epoch_first = at_most_32(settings->epochs.first);
	file->filter.epoch_last = at_most_32(settings->epochs.last);
	regex_free(focus);
	regex_free(hide);
}

static void load_one(struct loaded_files *files, struct loaded_file *file,
    const struct name_settings *names, const struct filter_settings *filters)
{
	struct progress progress;
	struct report_progress report = {progress_tick, &progress};
	int status = heap_open(file->snapshot, &file->heap);

	load_or_die(status);
	progress_start(&progress);
	status = names_open(files->symbolizer, file->snapshot, &report, &file->names);
	progress_end(&progress);
	load_or_die(status);
	tell_problems(file->names);
	file->rules = (struct site_rules){.skip = (const char *const *)names->skip.texts,
	    .skip_count = names->skip.count,
	    .show_all_frames = names->show_all_frames};
	file->input = (struct group_input){.heap = file->heap,
	    .names = &file->names->frames,
	    .rules = &file->rules,
	    .filter = &file->filter};
	if (filters != NULL)
		apply_filters(file, filters);
}

void load_files(struct loaded_files *files, char **paths, size_t count,
    const struct name_settings *names, const struct filter_settings *filters)
{
	*files = (struct loaded_files){.count = count};
	open_files(files, paths); /* one that cannot be read is told before long work begins */
	files->symbolizer = open_symbolizer(files, names);
	for (size_t i = 0; i < count; i++)
		load_one(files, &files->files[i], names, filters);
}

void load_graph(struct loaded_files *files)
{
	struct loaded_file *last = &files->files[files->count - 1];

	if (hold_unseen(last->snapshot) != NULL)
		return;
	load_or_die(graph_view_open(&last->input, files->symbolizer, &files->view));
	last->input.reach = files->view->reach;
}

void load_objects(struct loaded_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		load_or_die(object_names_open(
		    files->files[i].snapshot, files->symbolizer, &files->files[i].objects));
}

void load_types(struct loaded_files *files, enum group_by by)
{
	if (by == GROUP_BY_TYPE)
		load_objects(files);
	for (size_t i = 0; by == GROUP_BY_TYPE && i < files->count; i++) {
		struct loaded_file *file = &files->files[i];

		load_or_die(block_types_open(&file->input, file->objects, &file->types));
		file->input.types = block_types_names(file->types);
	}
}

void load_files_release(struct loaded_files *files)
{
	graph_view_close(files->view);
	for (size_t i = 0; i < files->count; i++) {
		block_types_close(files->files[i].types);
		object_names_close(files->files[i].objects);
		names_close(files->files[i].names);
		heap_close(files->files[i].heap);
		snapshot_close(files->files[i].snapshot);
		free(files->files[i].stack_hidden);
	}
	symbolizer_free(files->symbolizer);
	free(files->debug_directories);
}

struct report_options load_report_options(const struct general_settings *general, bool json,
    const struct name_settings *names, const struct filter_settings *filters)
{
	bool all = json || names->show_all_frames;
	struct report_options options = {
	    .style = style_for(general, stdout),
	    .json = json,
	    .full_names = names->full_names,
	    .top = all ? 0 : TOP_DEFAULT,
	    .frames = names->show_all_frames ? SIZE_MAX : FRAMES_DEFAULT,
	};

	if (names->frames.given)
		options.frames = (size_t)names->frames.value;
	if (filters != NULL && filters->top.given)
		options.top = filters->top.value;
	if (filters != NULL && filters->min_bytes.given)
		options.min_bytes = filters->min_bytes.value;
	return options;
}
