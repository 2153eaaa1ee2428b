/*
 * `allocscope snapshot -p PID`: asks a running program for a snapshot.
 *
 * The meeting point with the preload (its other side is preload/control.c): a directory
 * /tmp/allocscope-<uid>, ours alone, in the program's view of the file system. We write <pid>.request with
 * the absolute output path (or an empty line: the program's own pattern), then queue the control signal with
 * an agreed value; the preload renames its answer to <pid>.reply: "ok PATH" or "error ERRNO text". One request
 * for a program at a time: whoever makes one holds <pid>.lock. A program that is still writing another snapshot answers
 * EBUSY at once, and is asked again.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd_io.h"
#include "cli/command.h"
#include "cli/fatal.h"
#include "cli/options_shared.h"
#include "report/json_writer.h"

#define CONTROL_SIGNAL_VALUE 0x616c6c6f /* "allo": the handler ignores any other */
#define TIMEOUT_SECONDS	     10
#define POLL_NS		     5000000
#define ROUNDS_PER_SECOND    (1000000000 / POLL_NS)
#define BUSY_ROUNDS	     4 /* until a busy program is asked again */
#define REPLY_BYTES_MAX	     8192

struct snapshot_settings {
	struct general_settings general;
	struct argument_number pid, timeout;
	const char *output;
	bool json;
};

static const struct argument_option snapshot_options[] = {
    {ARGUMENT_COUNT, 'p', "pid", "PID", "The running program. Required.",
	offsetof(struct snapshot_settings, pid), NULL},
    {ARGUMENT_TEXT, 'o', "output", "FILE",
	"Where to; replaced when it exists. Without it the program's own pattern (ALLOCSCOPE_OUTPUT) is used.",
	offsetof(struct snapshot_settings, output), NULL},
    {ARGUMENT_COUNT, 0, "timeout", "SECONDS", "How long to wait for the answer (default 10).",
	offsetof(struct snapshot_settings, timeout), NULL},
    {ARGUMENT_FLAG, 0, "json", NULL, "Write the answer as JSON.",
	offsetof(struct snapshot_settings, json), NULL},
    {.kind = ARGUMENT_END},
};

static const struct argument_group groups[] = {
    {"Options", snapshot_options, 0},
    {"General", general_options, offsetof(struct snapshot_settings, general)},
    {.title = NULL},
};

/* What the request needs to know of the program. */
struct target {
	pid_t pid;    /* as we see it */
	long own_pid; /* as it sees itself: differs in a pid namespace */
	uid_t uid;
	char root[64];	 /* "" or "/proc/PID/root" */
	char *directory; /* the meeting point */
	char *request, *reply, *reply_tmp, *lock;
	uint64_t rounds; /* of POLL_NS, that are left to wait */
};

static FILE *open_proc(pid_t pid, const char *name)
{
	char path[64];

	(void)snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, name);
	return fopen(path, "re");
}

static void require_preload(pid_t pid)
{
	FILE *maps = open_proc(pid, "maps");
	char *line = NULL;
	size_t line_bytes = 0;
	bool found = false;

	if (maps == NULL && errno == ENOENT)
		die(EXIT_USAGE, "there is no process %ld", (long)pid);
	if (maps == NULL)
		die(EXIT_USAGE, "cannot look into process %ld: %s", (long)pid, strerror(errno));
	while (!found && getline(&line, &line_bytes, maps) > 0)
		found = strstr(line, "/liballocscope") != NULL;
	free(line);
	(void)fclose(maps);
	if (!found)
		die(EXIT_USAGE,
		    "process %ld does not run under allocscope (liballocscope.so is not loaded in it); start it "
		    "with `allocscope run`",
		    (long)pid);
}

/* Reads pid namespace, owner and caught signals from /proc/PID/status. */
static void read_status(struct target *target, int signal_number)
{
	FILE *status = open_proc(target->pid, "status");
	char line[512];
	uint64_t caught = 0;
	unsigned uid = 0;

	if (status == NULL)
		die(EXIT_USAGE, "cannot look into process %ld: %s", (long)target->pid,
		    strerror(errno));
	while (fgets(line, sizeof line, status) != NULL) {
		if (strncmp(line, "SigCgt:", 7) == 0)
			caught = strtoull(line + 7, NULL, 16);
		else if (strncmp(line, "Uid:", 4) == 0)
			uid = (unsigned)strtoul(line + 4, NULL, 10);
		else if (strncmp(line, "NSpid:", 6) == 0)
			target->own_pid = strtol(strrchr(line, '\t'), NULL, 10);
	}
	(void)fclose(status);
	target->uid = uid;
	if ((caught >> (signal_number - 1) & 1) == 0)
		die(EXIT_USAGE,
		    "process %ld does not listen: signal %d (SIGRTMAX-3) was taken by the program or recording is not "
		    "enabled",
		    (long)target->pid, signal_number);
}

static bool is_same_mount_namespace(pid_t pid)
{
	char path[64], own[64], theirs[64];
	ssize_t own_length = readlink("/proc/self/ns/mnt", own, sizeof own);
	ssize_t length = 0;

	(void)snprintf(path, sizeof path, "/proc/%ld/ns/mnt", (long)pid);
	length = readlink(path, theirs, sizeof theirs);
	return length < 0 || (length == own_length && memcmp(own, theirs, (size_t)length) == 0);
}

static void name_files(struct target *target)
{
	if (!is_same_mount_namespace(target->pid))
		(void)snprintf(
		    target->root, sizeof target->root, "/proc/%ld/root", (long)target->pid);
	target->directory = xformat("%s/tmp/allocscope-%u", target->root, (unsigned)target->uid);
	target->request = xformat("%s/%ld.request", target->directory, target->own_pid);
	target->reply = xformat("%s/%ld.reply", target->directory, target->own_pid);
	target->reply_tmp = xformat("%s/%ld.reply.tmp", target->directory, target->own_pid);
	target->lock = xformat("%s/%ld.lock", target->directory, target->own_pid);
}

static void release_names(struct target *target)
{
	free(target->directory);
	free(target->request);
	free(target->reply);
	free(target->reply_tmp);
	free(target->lock);
}

/* The directory must belong to the program's user alone, or anyone could answer in its place. */
static void make_directory(const struct target *target)
{
	struct stat status;

	if (mkdir(target->directory, 0700) == 0) {
		if (geteuid() != target->uid &&
		    chown(target->directory, target->uid, (gid_t)-1) != 0)
			die(EXIT_USAGE, "cannot give %s to its user: %s", target->directory,
			    strerror(errno));
	} else if (errno != EEXIST) {
		die(EXIT_USAGE, "cannot make %s: %s", target->directory, strerror(errno));
	}
	if (lstat(target->directory, &status) != 0)
		die(EXIT_USAGE, "cannot look at %s: %s", target->directory, strerror(errno));
	if (!S_ISDIR(status.st_mode) || status.st_uid != target->uid || (status.st_mode & 077) != 0)
		die(EXIT_USAGE, "%s is not a directory of user %u alone; not using it",
		    target->directory, (unsigned)target->uid);
}

/* False when no time is left. */
static bool wait_a_round(struct target *target)
{
	const struct timespec pause = {.tv_nsec = POLL_NS};

	if (target->rounds == 0)
		return false;
	target->rounds--;
	(void)nanosleep(&pause, NULL);
	return true;
}

/* Whoever held it before may have removed the file that we opened. */
static bool is_at(int fd, const char *path)
{
	struct stat ours, there;

	return fstat(fd, &ours) == 0 && lstat(path, &there) == 0 && ours.st_dev == there.st_dev &&
	       ours.st_ino == there.st_ino;
}

/* Held until we end, whatever the end is. */
static void take_lock(struct target *target)
{
	for (;;) {
		int fd = open(target->lock, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

		if (fd < 0)
			die(EXIT_USAGE, "cannot open %s: %s", target->lock, strerror(errno));
		while (flock(fd, LOCK_EX | LOCK_NB) != 0)
			if (!wait_a_round(target))
				die(EXIT_USAGE,
				    "somebody else has been waiting for a snapshot of process %ld all this "
				    "time",
				    (long)target->pid);
		if (is_at(fd, target->lock))
			return;
		(void)close(fd);
	}
}

static char *absolute_path(const char *path)
{
	char directory[PATH_MAX];

	if (path == NULL)
		return xstrdup("");
	if (strchr(path, '\n') != NULL)
		die(EXIT_USAGE, "a file name with a line break cannot be sent");
	if (path[0] == '/')
		return xstrdup(path);
	if (getcwd(directory, sizeof directory) == NULL)
		die(EXIT_USAGE, "the working directory has no name: %s", strerror(errno));
	return xformat("%s/%s", directory, path);
}

static void write_request(const struct target *target, const char *output)
{
	char *line = xformat("%s\n", output);
	int fd = 0;
	int error = 0;

	(void)unlink(target->reply);
	(void)unlink(target->request);
	fd = open(target->request, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		die(EXIT_USAGE, "cannot write %s: %s", target->request, strerror(errno));
	if (geteuid() != target->uid && fchown(fd, target->uid, (gid_t)-1) != 0)
		error = -errno;
	if (error == 0)
		error = fd_write_full(fd, line, strlen(line));
	(void)close(fd);
	free(line);
	if (error != 0)
		die(EXIT_USAGE, "cannot write %s: %s", target->request, strerror(-error));
}

/* True when the answer stands in TEXT. */
static bool read_reply(const struct target *target, char *text, size_t text_bytes)
{
	int fd = open(target->reply, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t length = 0;

	if (fd < 0)
		return false;
	length = fd_read_full(fd, text, text_bytes - 1);
	(void)close(fd);
	text[length > 0 ? length : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return length > 0;
}

static bool wait_for_reply(struct target *target, char *text, size_t text_bytes)
{
	do {
		if (read_reply(target, text, text_bytes))
			return true;
		if (kill(target->pid, 0) != 0 && errno == ESRCH)
			die(EXIT_USAGE, "process %ld ended before it answered", (long)target->pid);
	} while (wait_a_round(target));
	return false;
}

/* "error ERRNO text" */
static int tell_error(const struct target *target, const char *reply)
{
	char *text = NULL;
	long error = strncmp(reply, "error ", 6) == 0 ? strtol(reply + 6, &text, 10) : 0;

	if (text == NULL || text == reply + 6)
		message(
		    "process %ld answered what cannot be understood: %s", (long)target->pid, reply);
	else
		message("process %ld: %s%s%s", (long)target->pid, text + strspn(text, " "),
		    error != 0 ? ": " : "", error != 0 ? strerror((int)error) : "");
	return EXIT_USAGE;
}

static int show_reply(const struct target *target, const char *reply, bool json)
{
	const char *path = strncmp(reply, "ok ", 3) == 0 ? reply + 3 : NULL;
	struct json_writer writer;

	if (path == NULL)
		return tell_error(target, reply);
	if (json) {
		json_begin_document(&writer, stdout);
		json_unsigned(&writer, "version", 1);
		json_text(&writer, "command", "snapshot");
		json_unsigned(&writer, "pid", (uint64_t)target->pid);
		json_text(&writer, "path", path);
		return json_end_document(&writer) == 0 ? EXIT_CLEAN : EXIT_USAGE;
	}
	printf("%s\n", path);
	message("next: allocscope report %s", path);
	return EXIT_CLEAN;
}

static void send_signal(const struct target *target, int signal_number)
{
	union sigval value = {.sival_int = CONTROL_SIGNAL_VALUE};

	if (sigqueue(target->pid, signal_number, value) != 0) {
		int error = errno;

		(void)unlink(target->request);
		die(EXIT_USAGE, "cannot signal process %ld: %s", (long)target->pid,
		    strerror(error));
	}
}

static bool is_busy(const char *reply)
{
	return strncmp(reply, "error ", 6) == 0 && strtol(reply + 6, NULL, 10) == EBUSY;
}

/* False when there is no answer in time. */
static bool ask(
    struct target *target, const char *output, int signal_number, char *reply, size_t reply_bytes)
{
	bool again = true, was_busy = false;

	while (again) {
		write_request(target, output);
		send_signal(target, signal_number);
		if (!wait_for_reply(target, reply, reply_bytes))
			return was_busy; /* the answer before stands */
		again = was_busy = is_busy(reply);
		for (int i = 0; again && i < BUSY_ROUNDS; i++)
			again = wait_a_round(target);
	}
	return true;
}

static int snapshot_run(const struct command *self, void *settings_void, int count, char **operands)
{
	const struct snapshot_settings *settings = settings_void;
	const int signal_number = SIGRTMAX - 3;
	struct target target = {.pid = (pid_t)settings->pid.value};
	uint64_t seconds = settings->timeout.given ? settings->timeout.value : TIMEOUT_SECONDS;
	char reply[REPLY_BYTES_MAX];
	char *output = NULL;
	bool answered = false;

	(void)count;
	(void)operands;
	if (!settings->pid.given || target.pid <= 0 || (uint64_t)target.pid != settings->pid.value)
		arguments_die(&self->syntax, "which process? -p PID is required");
	if (seconds > 86400)
		arguments_die(&self->syntax, "--timeout takes at most a day, 86400 seconds");
	require_preload(target.pid);
	read_status(&target, signal_number);
	name_files(&target);
	make_directory(&target);
	output = absolute_path(settings->output);
	target.rounds = seconds * ROUNDS_PER_SECOND;
	take_lock(&target);
	answered = ask(&target, output, signal_number, reply, sizeof reply);
	free(output);
	(void)unlink(target.lock);
	(void)unlink(target.request);
	(void)unlink(target.reply);
	(void)unlink(target.reply_tmp);
	if (!answered)
		die(EXIT_USAGE,
		    "process %ld did not answer within %" PRIu64
		    " s: it may be stopped, or all its threads block the "
		    "signal",
		    (long)target.pid, seconds);
	release_names(&target);
	return show_reply(&target, reply, settings->json);
}

const struct command cmd_snapshot = {
    .syntax = {.command = "snapshot",
	.operands = "-p PID",
	.summary = "ask a running program for a snapshot",
	.description =
	    "Asks the program PID, which was started under liballocscope.so, to write a snapshot now, and "
	    "prints its file name.",
	.groups = groups},
    .settings_bytes = sizeof(struct snapshot_settings),
    .operands_max = 0,
    .run = snapshot_run,
};
