#include "preload/options.h"

#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "preload/edit_distance.h"
#include "preload/machine.h"
#include "preload/message.h"
#include "preload/sampler.h"

#define PROBLEMS_MAX  8
#define PROBLEM_BYTES 256

struct options options = {
    .enabled = 1,
    .graph = 1,
    .follow_fork = 1,
    .follow_exec = 1,
    .max_frames = 512,
    .unwinder = UNWINDER_VALIDATED,
    .warmup = 2,
    .mark_fd = -1,
    .point_count = 1, /* exit */
    .output = "allocscope.%e.%p.snap",
};

static char problems[PROBLEMS_MAX][PROBLEM_BYTES];
static unsigned problem_count;

enum option_type {
	OPTION_FLAG,
	OPTION_NUMBER,
	OPTION_SCOPE,
	OPTION_UNWINDER,
	OPTION_POINTS,
	OPTION_PATH,
	OPTION_FUNCTION,
	OPTION_SIGNAL,
	OPTION_EVERY,
	OPTION_LATER
};

/* One row per key; the man page allocscope-preload(7) lists the same. */
struct option_row {
	const char *key;
	enum option_type type;
	size_t offset; /* of the member in struct options */
	uint64_t least, most;
};

#define MEMBER(name) offsetof(struct options, name)
static const struct option_row rows[] = {
    {"enabled", OPTION_FLAG, MEMBER(enabled), 0, 1},
    {"force", OPTION_FLAG, MEMBER(force), 0, 1},
    {"quiet", OPTION_FLAG, MEMBER(quiet), 0, 1},
    {"max_frames", OPTION_NUMBER, MEMBER(max_frames), 1, OPTIONS_FRAMES_MAX},
    {"snapshot_at", OPTION_POINTS, 0, 0, 0},
    {"iterate_on", OPTION_FUNCTION, 0, 0, 0},
    {"warmup", OPTION_NUMBER, MEMBER(warmup), 0, UINT32_MAX},
    {"graph", OPTION_FLAG, MEMBER(graph), 0, 1},
    {"follow_fork", OPTION_FLAG, MEMBER(follow_fork), 0, 1},
    {"follow_exec", OPTION_FLAG, MEMBER(follow_exec), 0, 1},
    {"sample", OPTION_NUMBER, MEMBER(sample), 0, SAMPLER_MEAN_MAX},
    {"track_mmap", OPTION_LATER, 0, 0, 0},
    {"symbols", OPTION_FLAG, MEMBER(symbols), 0, 1},
    {"scope", OPTION_SCOPE, 0, 0, 0},
    {"unwinder", OPTION_UNWINDER, 0, 0, 0},
    {"iterate_on_signal", OPTION_SIGNAL, MEMBER(iterate_on_signal), 0, 0},
    {"iterate_every", OPTION_EVERY, 0, 0, 0},
    {"directory", OPTION_PATH, MEMBER(directory), 0, 0},
};
#define ROW_COUNT (sizeof rows / sizeof rows[0])

static void problem(const char *what, const char *detail, size_t detail_bytes, const char *hint)
{
	struct text text;

	if (problem_count == PROBLEMS_MAX)
		return;
	text_init(&text, problems[problem_count++], PROBLEM_BYTES);
	text_add(&text, what);
	text_add(&text, " \"");
	text_add_bytes(&text, detail, detail_bytes < 100 ? detail_bytes : 100);
	text_add(&text, "\"");
	text_add(&text, hint);
}

static void unknown_key(const char *key, size_t key_bytes)
{
	unsigned best = 99;
	const char *nearest = rows[0].key;
	char hint[128];
	struct text text;

	for (size_t i = 0; i < ROW_COUNT; i++) {
		unsigned d = edit_distance(key, key_bytes, rows[i].key, strlen(rows[i].key));

		if (d < best) {
			best = d;
			nearest = rows[i].key;
		}
	}
	text_init(&text, hint, sizeof hint);
	text_add(&text, " in ALLOCSCOPE_OPTIONS is ignored; the nearest key is \"");
	text_add(&text, nearest);
	text_add(&text, "\"");
	problem("unknown key", key, key_bytes, hint);
}

static bool equals(const char *bytes, size_t count, const char *word)
{
	return strlen(word) == count && memcmp(bytes, word, count) == 0;
}

/* A number with an optional K, M or G. */
static bool parse_size(const char *value, size_t count, uint64_t *ret_number)
{
	uint64_t number = 0;
	size_t used = text_parse_unsigned(value, count, &number);
	unsigned shift = 0;

	if (used == 0)
		return false;
	if (used + 1 == count) {
		switch (value[used]) {
		case 'K':
			shift = 10;
			break;
		case 'M':
			shift = 20;
			break;
		case 'G':
			shift = 30;
			break;
		default:
			return false;
		}
	} else if (used != count) {
		return false;
	}
	if (number > UINT64_MAX >> shift)
		return false;
	*ret_number = number << shift;
	return true;
}

static const struct {
	const char *word;
	enum options_point_kind kind;
	bool has_value;
} point_words[] = {
    {"exit", POINT_EXIT, false},
    {"first", POINT_FIRST, false},
    {"last", POINT_LAST, false},
    {"iteration", POINT_ITERATION, true},
    {"every", POINT_EVERY, true},
    {"peak", POINT_PEAK, false},
    {"growth", POINT_GROWTH, true},
};

static bool parse_point(const char *word, size_t count, struct options_point *ret_point)
{
	const char *equal = memchr(word, '=', count);
	size_t name_bytes = equal != NULL ? (size_t)(equal - word) : count;

	for (size_t i = 0; i < sizeof point_words / sizeof point_words[0]; i++) {
		if (!equals(word, name_bytes, point_words[i].word) ||
		    (equal != NULL) != point_words[i].has_value)
			continue;
		*ret_point = (struct options_point){.kind = point_words[i].kind};
		return equal == NULL ||
		       (parse_size(equal + 1, count - name_bytes - 1, &ret_point->value) &&
			   ret_point->value > 0);
	}
	return false;
}

/* Points that cannot be used are told; when none is left the default stays. Nothing at all is no point. */
static void set_points(const char *value, size_t count)
{
	const char *end = value + count;
	uint32_t used = 0;

	while (value < end) {
		const char *comma = memchr(value, ',', (size_t)(end - value));
		size_t bytes = (size_t)((comma != NULL ? comma : end) - value);
		struct options_point point;

		if (!parse_point(value, bytes, &point))
			problem("snapshot_at: cannot use", value, bytes,
			    "; it takes exit, first, last, iteration=N, every=N, peak, growth=BYTES");
		else if (used < OPTIONS_POINTS_MAX)
			options.points[used++] = point;
		value += bytes + 1;
	}
	if (used > 0 || count == 0)
		options.point_count = used;
}

static void set_text(char *to, size_t capacity, const char *value, size_t count, const char *name)
{
	if (count >= capacity) {
		problem(name, value, count, " is too long and ignored");
		return;
	}
	memcpy(to, value, count);
	to[count] = '\0';
}

static void set_path(char *path, const char *value, size_t count, const char *name)
{
	set_text(path, OPTIONS_PATH_BYTES, value, count, name);
}

/* A number of allocations, or of milliseconds with "ms" behind it. */
static void set_every(const char *value, size_t count)
{
	bool is_time = count > 2 && memcmp(value + count - 2, "ms", 2) == 0;
	uint64_t most = is_time ? OPTIONS_EVERY_MS_MAX : UINT64_MAX;
	uint64_t number;

	if (!parse_size(value, count - (is_time ? 2 : 0), &number) || number > most) {
		problem("bad value: ", value, count,
		    " is no value for iterate_every; it takes a number of allocations, or of milliseconds "
		    "as in 100ms");
		return;
	}
	options.iterate_every_allocs = is_time ? 0 : number;
	options.iterate_every_ns = is_time ? number * 1000000u : 0;
}

static void set_mark_fd(const char *value)
{
	uint64_t number;

	if (value[0] == '\0')
		return;
	if (text_parse_unsigned(value, strlen(value), &number) == strlen(value) &&
	    number <= INT32_MAX)
		options.mark_fd = (int)number;
	else
		problem("bad value: ", value, strlen(value),
		    " is no value for ALLOCSCOPE_MARK_FD; it takes the number of a descriptor");
}

static void set_number(const struct option_row *row, const char *value, size_t count)
{
	uint64_t number;
	char hint[96];
	struct text text;

	if (parse_size(value, count, &number) && number >= row->least && number <= row->most) {
		memcpy((char *)&options + row->offset, &number, sizeof number);
		return;
	}
	text_init(&text, hint, sizeof hint);
	text_add(&text, " is no value for ");
	text_add(&text, row->key);
	text_add(&text, "; it takes ");
	text_add_unsigned(&text, row->least);
	text_add(&text, row->type == OPTION_FLAG ? " or " : " to ");
	text_add_unsigned(&text, row->most);
	problem("bad value: ", value, count, hint);
}

static void set_option(const struct option_row *row, const char *value, size_t count)
{
	switch (row->type) {
	case OPTION_FLAG:
	case OPTION_NUMBER:
		set_number(row, value, count);
		break;
	case OPTION_SCOPE:
		if (equals(value, count, "thread"))
			options.thread_scope = true;
		else if (!equals(value, count, "process"))
			problem("bad value: ", value, count,
			    " is no value for scope; it takes process or thread");
		break;
	case OPTION_UNWINDER:
		if (equals(value, count, "validated"))
			options.unwinder = UNWINDER_VALIDATED;
		else if (equals(value, count, "libunwind"))
			options.unwinder = UNWINDER_LIBUNWIND;
		else if (equals(value, count, "check"))
			options.unwinder = UNWINDER_CHECK;
		else
			problem("bad value: ", value, count,
			    " is no value for unwinder; it takes validated or libunwind");
		break;
	case OPTION_POINTS:
		set_points(value, count);
		break;
	case OPTION_PATH:
		set_path((char *)&options + row->offset, value, count, row->key);
		break;
	case OPTION_FUNCTION:
		set_text(options.iterate_on, sizeof options.iterate_on, value, count, row->key);
		break;
	case OPTION_SIGNAL:
		set_text(
		    (char *)&options + row->offset, OPTIONS_SIGNAL_BYTES, value, count, row->key);
		break;
	case OPTION_EVERY:
		set_every(value, count);
		break;
	case OPTION_LATER:
		if (!equals(value, count, "0"))
			problem("key", row->key, strlen(row->key),
			    " is not in this version and ignored");
		break;
	}
}

static void read_pair(const char *pair, size_t count)
{
	const char *equal = memchr(pair, '=', count);
	size_t key_bytes = equal != NULL ? (size_t)(equal - pair) : count;

	if (count == 0)
		return;
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (!equals(pair, key_bytes, rows[i].key))
			continue;
		if (equal == NULL)
			problem("key", pair, key_bytes,
			    " in ALLOCSCOPE_OPTIONS has no value (key=value)");
		else
			set_option(&rows[i], equal + 1, count - key_bytes - 1);
		return;
	}
	unknown_key(pair, key_bytes);
}

/* How far a pair goes: to the next colon, but two of them belong to the name of a function of C++. */
static size_t pair_bytes(const char *pair)
{
	static const char key[] = "iterate_on=";
	size_t bytes = strcspn(pair, ":");

	if (strncmp(pair, key, sizeof key - 1) != 0)
		return bytes;
	while (pair[bytes] == ':' && pair[bytes + 1] == ':')
		bytes += 2 + strcspn(pair + bytes + 2, ":");
	return bytes;
}

static void read_options(const char *value)
{
	for (;;) {
		size_t bytes = pair_bytes(value);

		read_pair(value, bytes);
		if (value[bytes] == '\0')
			return;
		value += bytes + 1;
	}
}

/* The value behind NAME= in one environment string, or NULL. */
static const char *value_of(const char *string, const char *name)
{
	size_t bytes = strlen(name);

	return strncmp(string, name, bytes) == 0 && string[bytes] == '=' ? string + bytes + 1
									 : NULL;
}

/* Who points to whom tells little when most blocks are unknown, and nothing where registers cannot be read. */
static void settle(void)
{
	if (options.sample != 0 || !MACHINE_READS_GRAPHS)
		options.graph = 0;
	if (options.sample != 0 && options.iterate_every_allocs != 0) {
		problem("key", "iterate_every", strlen("iterate_every"),
		    " is ignored with sample=BYTES, which does not see every allocation; give it "
		    "milliseconds");
		options.iterate_every_allocs = 0;
	}
}

void options_read(char *const *environment)
{
	const char *value;

	for (; environment != NULL && *environment != NULL; environment++) {
		if ((value = value_of(*environment, "ALLOCSCOPE_OPTIONS")) != NULL)
			read_options(value);
		else if ((value = value_of(*environment, "ALLOCSCOPE_OUTPUT")) != NULL &&
			 value[0] != '\0')
			set_path(options.output, value, strlen(value), "ALLOCSCOPE_OUTPUT");
		else if ((value = value_of(*environment, "ALLOCSCOPE_MANIFEST")) != NULL)
			set_path(options.manifest, value, strlen(value), "ALLOCSCOPE_MANIFEST");
		else if ((value = value_of(*environment, "ALLOCSCOPE_TOOL")) != NULL) {
			set_path(options.tool, value, strlen(value), "ALLOCSCOPE_TOOL");
			options.no_tool = value[0] == '\0';
		} else if ((value = value_of(*environment, "ALLOCSCOPE_OPTIONAL")) != NULL)
			options.optional = value[0] == '1';
		else if ((value = value_of(*environment, "ALLOCSCOPE_MARK_FD")) != NULL)
			set_mark_fd(value);
		else if ((value = value_of(*environment, "ALLOCSCOPE_SIGNAL")) != NULL)
			if (strlen(value) < sizeof options.signal)
				memcpy(options.signal, value, strlen(value) + 1);
	}
	settle();
}

void options_report(void)
{
	for (unsigned i = 0; i < problem_count; i++)
		message_warn(problems[i], NULL);
	problem_count = 0;
}

bool options_has_point(enum options_point_kind kind)
{
	for (uint32_t i = 0; i < options.point_count; i++)
		if (options.points[i].kind == kind)
			return true;
	return false;
}
