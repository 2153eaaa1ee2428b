#include "preload/mark_lines.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "preload/held_lock.h"
#include "preload/iteration.h"
#include "preload/lifecycle.h"
#include "preload/message.h"
#include "preload/options.h"
#include "preload/snapshot_take.h"
#include "preload/system.h"
#include "preload/system_lines.h"
#include "snapshot/format.h"

#define CAPACITY     ((size_t)256 << 20) /* address space; memory only for what waits */
#define LINE_BYTES   OPTIONS_PATH_BYTES	 /* a longer line is cut, and none of ours */
#define PAGE_BYTES   4096u		 /* the smallest there is */
#define FORGET_BYTES ((size_t)1 << 20)

/* What a line asks for that cannot be done under the lock. */
enum line_rest { REST_NOTHING, REST_ITERATION_ENDED, REST_SNAPSHOT };

static struct spin_lock lock; /* all below */
static const char *bytes;
static atomic_size_t
    position; /* of the first byte that was not read; others look without the lock */
static char snapshot_path[OPTIONS_PATH_BYTES];
static bool path_is_in_use; /* until then the next lines wait */
static bool told_unknown, told_full;

void mark_lines_lock(void)
{
	held_lock_take(&lock);
}

void mark_lines_unlock(void)
{
	held_lock_release(&lock);
}

static bool are_on(void)
{
	return (atomic_load_explicit(&gate_word, memory_order_relaxed) & GATE_HAS_LINES) != 0;
}

static void tell_failure(int error)
{
	char number[24];
	struct text text;

	text_init(&text, number, sizeof number);
	text_add_signed(&text, options.mark_fd);
	if (error == -EEXIST)
		message_warn(
		    "ALLOCSCOPE_MARK_FD: this descriptor is open already, and left alone (close "
		    "it for the program: N>&-); no marks by lines",
		    number);
	else
		message_warn(
		    "ALLOCSCOPE_MARK_FD: cannot make this descriptor; no marks by lines", number);
}

static void open_lines(void)
{
	int result = system_lines_open(options.mark_fd, CAPACITY, &bytes);

	if (result != 0) {
		tell_failure(result);
		return;
	}
	atomic_store_explicit(&position, SYSTEM_LINES_START, memory_order_relaxed);
	atomic_fetch_or_explicit(&gate_word, GATE_HAS_LINES, memory_order_relaxed);
}

void mark_lines_init(void)
{
	if (options.mark_fd < 0)
		return;
	if (options.thread_scope)
		message_warn(
		    "ALLOCSCOPE_MARK_FD is ignored with scope=thread: a line does not tell "
		    "whose it is",
		    NULL);
	else
		open_lines();
}

void mark_lines_after_fork(bool follows)
{
	if (!are_on())
		return;
	atomic_fetch_and_explicit(&gate_word, ~(unsigned)GATE_HAS_LINES, memory_order_relaxed);
	system_unmap((void *)(uintptr_t)bytes, CAPACITY);
	path_is_in_use = false;
	if (follows)
		open_lines();
	else
		system_lines_discard(options.mark_fd);
}

/* The byte there, 0 when there is none yet. From the start of a page to its end all can be read once the first can. */
static char byte_at(size_t at)
{
	if (at >= CAPACITY || (at % PAGE_BYTES == 0 && !system_lines_can_read(bytes + at)))
		return '\0';
	return *(const volatile char *)(bytes + at);
}

bool mark_lines_wait(void)
{
	return byte_at(atomic_load_explicit(&position, memory_order_relaxed)) != '\0';
}

/* The length of the line that begins AT, without its end; -1 while it has none, if it NEEDS one. */
static long line_length(size_t at, bool needs_end)
{
	for (size_t length = 0; length < LINE_BYTES; length++) {
		char byte = byte_at(at + length);

		if (byte == '\n' || (byte == '\0' && !needs_end && length > 0))
			return (long)length;
		if (byte == '\0')
			return -1;
	}
	return LINE_BYTES;
}

/* ---- one line ---- */

struct words {
	const char *at;
	size_t count;
};

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r';
}

static void trim(struct words *words)
{
	while (words->count > 0 && is_blank(words->at[0])) {
		words->at++;
		words->count--;
	}
	while (words->count > 0 && is_blank(words->at[words->count - 1]))
		words->count--;
}

/* WORDS begins with WORD: the rest without it. */
static bool take_first(struct words *words, const char *word)
{
	size_t length = strlen(word);

	if (words->count < length || memcmp(words->at, word, length) != 0 ||
	    (words->count > length && !is_blank(words->at[length])))
		return false;
	words->at += length;
	words->count -= length;
	trim(words);
	return true;
}

/* WORDS ends with WORD, behind something else: the rest without it. */
static bool take_last(struct words *words, const char *word)
{
	size_t length = strlen(word);

	if (words->count < length + 2 ||
	    memcmp(words->at + words->count - length, word, length) != 0 ||
	    !is_blank(words->at[words->count - length - 1]))
		return false;
	words->count -= length;
	trim(words);
	return true;
}

static void tell_unknown(const struct words *words)
{
	char detail[80];
	struct text text;

	if (told_unknown)
		return;
	told_unknown = true;
	text_init(&text, detail, sizeof detail);
	text_add_bytes(&text, words->at, words->count);
	for (size_t i = 0; i < text.length; i++)
		if ((unsigned char)detail[i] < ' ')
			detail[i] = '?';
	message_warn(
	    "ALLOCSCOPE_MARK_FD: not begin NAME [warmup|counted], end or snapshot [PATH]; such "
	    "lines are ignored",
	    detail);
}

static void begin(struct thread_state *state, struct words *name)
{
	char copy[sizeof((struct benchmark *)0)->name];
	struct text text;
	uint32_t phase = take_last(name, "warmup")    ? SNAPSHOT_PHASE_WARMUP
			 : take_last(name, "counted") ? SNAPSHOT_PHASE_COUNTED
						      : 0;

	text_init(&text, copy, sizeof copy);
	text_add_bytes(&text, name->at, name->count);
	iteration_begin(state, copy, phase);
}

static void keep_path(const struct words *path)
{
	memcpy(snapshot_path, path->at, path->count);
	snapshot_path[path->count] = '\0';
	path_is_in_use = true;
}

static enum line_rest obey(
    struct thread_state *state, struct words words, struct snapshot_iteration *ret_row)
{
	struct words line = words;

	trim(&words);
	if (words.count == 0 || words.at[0] == '#')
		return REST_NOTHING;
	if (line.count == LINE_BYTES) {
		tell_unknown(&line);
	} else if (take_first(&words, "begin") && words.count > 0) {
		begin(state, &words);
	} else if (take_first(&words, "end") && words.count == 0) {
		return iteration_end_row(state, ret_row) ? REST_ITERATION_ENDED : REST_NOTHING;
	} else if (take_first(&words, "snapshot")) {
		keep_path(&words);
		return REST_SNAPSHOT;
	} else {
		trim(&line);
		tell_unknown(&line);
	}
	return REST_NOTHING;
}

/* ---- all that wait ---- */

/* Nothing of the file is read again before TO; the first pages stay, for the processes that inherit it. */
static void move_to(size_t to)
{
	size_t before = atomic_load_explicit(&position, memory_order_relaxed) / FORGET_BYTES;

	atomic_store_explicit(&position, to, memory_order_relaxed);
	if (to / FORGET_BYTES > before && before > 0)
		system_lines_forget(bytes + before * FORGET_BYTES, FORGET_BYTES);
	if (to + LINE_BYTES >= CAPACITY && !told_full) {
		told_full = true;
		message_warn("ALLOCSCOPE_MARK_FD: 256 MiB of lines were written; the next ones are "
			     "not read",
		    NULL);
	}
}

/* Take one line, if there is one. */
static bool take_line(struct thread_state *state, bool needs_end, enum line_rest *ret_rest,
    struct snapshot_iteration *ret_row)
{
	size_t at = atomic_load_explicit(&position, memory_order_relaxed);
	long length =
	    path_is_in_use || at + LINE_BYTES >= CAPACITY ? -1 : line_length(at, needs_end);

	if (length < 0)
		return false;
	*ret_rest = obey(state, (struct words){bytes + at, (size_t)length}, ret_row);
	move_to(at + (size_t)length + (length < LINE_BYTES));
	return true;
}

static void take_snapshot(void)
{
	(void)snapshot_take(snapshot_path[0] != '\0' ? snapshot_path : NULL, SNAPSHOT_BY_API, "");
	held_lock_take(&lock);
	path_is_in_use = false;
	held_lock_release(&lock);
}

/* A snapshot takes its time, and locks of a lower rank: others go on meanwhile. */
static void take_all(struct thread_state *state, bool needs_end)
{
	struct snapshot_iteration row;
	enum line_rest rest = REST_NOTHING;
	bool took = true;

	while (took) {
		held_lock_take(&lock);
		took = take_line(state, needs_end, &rest, &row);
		held_lock_release(&lock);
		if (took && rest == REST_ITERATION_ENDED)
			snapshot_iteration_ended(&row, iteration_ended());
		else if (took && rest == REST_SNAPSHOT)
			take_snapshot();
	}
}

void mark_lines_take(struct thread_state *state)
{
	int saved_errno = errno;

	if (lifecycle_is_own_process()) /* no child of vfork */
		take_all(state, true);
	errno = saved_errno;
}

bool mark_lines_may_take(const struct thread_state *state)
{
	return state == thread_current && state->level == 0 && state->locks_held == 0;
}

static bool is_outside(const struct thread_state *state)
{
	return mark_lines_may_take(state) &&
	       atomic_load_explicit(&state->busy, memory_order_relaxed) == 0;
}

COLD void mark_lines_look_slow(void)
{
	struct thread_state *state = thread_state_attach();

	if (state != NULL && mark_lines_wait() && is_outside(state))
		mark_lines_take(state);
}

/* Where nobody writes any more, a byte of 0 with something behind it is no end of the file. */
static void tell_stop(void)
{
	size_t at = atomic_load_explicit(&position, memory_order_relaxed);

	if (byte_at(at) == '\0' && byte_at(at + 1) != '\0')
		message_warn(
		    "ALLOCSCOPE_MARK_FD: a byte of 0 was written; what came after it was not read",
		    NULL);
}

void mark_lines_process_ends(void)
{
	struct thread_state *state = are_on() ? thread_state_attach() : NULL;

	if (state != NULL && is_outside(state)) {
		take_all(state, false);
		tell_stop();
	}
}
