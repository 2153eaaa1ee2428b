#include "preload/tool_run.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/fd_io.h"
#include "base/text.h"
#include "preload/arena.h"
#include "preload/message.h"
#include "preload/modules.h"
#include "preload/options.h"
#include "preload/system.h"
#include "preload/system_tasks.h"

#define WAIT_NS		30000000000u
#define PATHS_MAX	32
#define PATHS_BYTES	(64u * 1024)
#define ENVIRONMENT_MAX 8192
#define LINE_BYTES	4096
#define CHUNK_BYTES	4096

static const char name[] = "allocscope";
static const char indent[] = "allocscope:     ";

/* Mapped: too much for the stack of a thread that may be small. */
struct run {
	const char *paths[PATHS_MAX + 1];
	const char *environment[ENVIRONMENT_MAX + 1];
	size_t path_count;
	struct text text; /* of the paths */
	struct text line; /* of the output, so far */
	char path_text[PATHS_BYTES];
	char line_text[LINE_BYTES];
	char chunk[CHUNK_BYTES];
};

/* ---- where it is ---- */

/* DIRECTORY (COUNT bytes), BELOW it, and the name. What does not fit is no candidate. */
static void add_path(struct run *run, const char *directory, size_t count, const char *below)
{
	struct text *text = &run->text;
	const char *start = text->start + text->length;

	if (run->path_count == PATHS_MAX)
		return;
	text_add_bytes(text, directory, count);
	text_add(text, below);
	text_add(text, name);
	text_add_bytes(text, "", 1);
	if (!text->cut)
		run->paths[run->path_count++] = start;
}

static void add_paths_beside_us(struct run *run)
{
	const char *own = modules_own_path();
	const char *slash = strrchr(own, '/');
	size_t count = slash != NULL ? (size_t)(slash - own) : 0;

	if (slash == NULL)
		return;
	add_path(run, own, count, "/");		  /* as built */
	add_path(run, own, count, "/../bin/");	  /* lib */
	add_path(run, own, count, "/../../bin/"); /* lib/x86_64-linux-gnu */
}

static void add_paths_of(struct run *run, const char *list)
{
	while (*list != '\0') {
		size_t count = strcspn(list, ":");

		if (count != 0)
			add_path(run, list, count, "/");
		list += count;
		list += *list == ':';
	}
}

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/* The environment but for what would change the tool, and PATH. */
static void read_environment(struct run *run)
{
	size_t count = 0;

	for (char **at = environ; at != NULL && *at != NULL && count < ENVIRONMENT_MAX; at++) {
		if (starts_with(*at, "PATH=") && options.tool[0] == '\0')
			add_paths_of(run, *at + strlen("PATH="));
		if (!starts_with(*at, "LD_PRELOAD=") && !starts_with(*at, "LD_AUDIT=") &&
		    !starts_with(*at, "ALLOCSCOPE_"))
			run->environment[count++] = *at;
	}
}

/* ---- what it says ---- */

static void end_line(struct run *run)
{
	int fd = message_descriptor();

	if (fd >= 0 && run->line.length > sizeof indent - 1) {
		text_add_bytes(&run->line, "\n", 1);
		(void)fd_write_full(fd, run->line.start, run->line.length);
	}
	text_init(&run->line, run->line_text, sizeof run->line_text);
	text_add(&run->line, indent);
}

static void pass_on(struct run *run, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		if (run->chunk[i] == '\n' || run->line.length + 2 >= run->line.capacity)
			end_line(run);
		if (run->chunk[i] != '\n')
			text_add_bytes(&run->line, &run->chunk[i], 1);
	}
}

static ssize_t read_all(struct run *run, struct system_program *program)
{
	uint64_t start = system_monotonic_ns();
	ssize_t bytes = -EAGAIN;

	end_line(run);
	for (uint64_t spent = 0; spent < WAIT_NS; spent = system_monotonic_ns() - start) {
		bytes =
		    system_program_read(program, run->chunk, sizeof run->chunk, WAIT_NS - spent);
		if (bytes <= 0)
			break;
		pass_on(run, (size_t)bytes);
	}
	end_line(run);
	return bytes;
}

static enum tool_result run_in(struct run *run, const char *const *arguments)
{
	struct system_program program;

	text_init(&run->text, run->path_text, sizeof run->path_text);
	if (options.tool[0] != '\0')
		run->paths[run->path_count++] = options.tool;
	else
		add_paths_beside_us(run);
	read_environment(run);
	if (system_program_start(run->paths, arguments, run->environment, &program) != 0) {
		message_warn("  the tool could not be started", NULL);
		return TOOL_FAILED;
	}
	bool is_late = read_all(run, &program) != 0;
	int status = system_program_end(&program, is_late);

	if (is_late)
		message_warn("  the tool took too long and was ended", NULL);
	else if (status == SYSTEM_PROGRAM_ABSENT)
		return TOOL_ABSENT;
	else if (status != 0)
		message_warn("  the tool failed", NULL);
	return status == 0 ? TOOL_DONE : TOOL_FAILED;
}

enum tool_result tool_run(const char *const *arguments)
{
	if (options.no_tool)
		return TOOL_UNWANTED;
	struct run *run = arena_map(sizeof *run, ARENA_BUFFERS);

	if (run == NULL)
		return TOOL_FAILED;
	enum tool_result result = run_in(run, arguments);

	arena_unmap(run, sizeof *run, ARENA_BUFFERS);
	return result;
}
