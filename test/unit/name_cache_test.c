/* The file of names per build-id: what is stored comes back, what is damaged is ignored, writers at the
 * same moment leave one whole file. */
#include "symbols/name_cache.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/checksum.h"
#include "base/status.h"
#include "support/symbol_fixture.h"
#include "symbols/name_cache_format.h"

#define BUILD_ID  "00112233445566778899aabbccddeeff00112233"
#define FILE_NAME "names/" BUILD_ID ".names"

static struct string_pool *pool;
static struct name_table table;
static char directory[2048];

static int begin(void **state)
{
	(void)state;
	pool = string_pool_new();
	assert_non_null(pool);
	name_table_init(&table, pool);
	(void)snprintf(directory, sizeof directory, "%s", symbol_fixture_path("names"));
	assert_true(symbol_fixture_run("rm -rf names"));
	return 0;
}

static int end(void **state)
{
	(void)state;
	name_table_release(&table);
	string_pool_free(pool);
	return 0;
}

static int clean_up(void **state)
{
	(void)state;
	symbol_fixture_remove();
	return 0;
}

static void add(uint64_t address, const char *function, uint32_t line)
{
	const struct symbol_frame frames[] = {
	    {.function = function,
		.linkage_name = "_Z1iv",
		.file = "in.h",
		.line = line,
		.column = 7,
		.inlined = true},
	    {.function = "outer", .linkage_name = "", .file = "out.c", .line = line + 1},
	};

	assert_int_equal(
	    name_table_add(&table, address, (struct symbol_frames){frames, 2}), STATUS_OK);
}

static void store(enum name_level level)
{
	assert_int_equal(name_cache_store(directory, BUILD_ID, &table, level), STATUS_OK);
}

/* Load into an empty table. */
static int reload(enum name_level level_min, enum name_level *ret_level)
{
	name_table_clear(&table);
	return name_cache_load(directory, BUILD_ID, &table, level_min, ret_level);
}

static void expect(uint64_t address, const char *function, uint32_t line)
{
	struct symbol_frames found;

	assert_true(name_table_find(&table, address, &found));
	assert_int_equal(found.count, 2);
	assert_string_equal(found.frames[0].function, function);
	assert_string_equal(found.frames[0].linkage_name, "_Z1iv");
	assert_string_equal(found.frames[0].file, "in.h");
	assert_int_equal(found.frames[0].line, line);
	assert_int_equal(found.frames[0].column, 7);
	assert_true(found.frames[0].inlined);
	assert_string_equal(found.frames[1].function, "outer");
	assert_string_equal(found.frames[1].linkage_name, "");
	assert_int_equal(found.frames[1].line, line + 1);
	assert_false(found.frames[1].inlined);
}

static void what_is_stored_comes_back(void **state)
{
	enum name_level level;
	struct stat status;

	(void)state;
	for (uint64_t i = 0; i < 1000; i++)
		add(0x1000 + i * 7, i % 2 == 0 ? "even" : "odd", (uint32_t)i);
	store(NAMES_FROM_DWARF);
	assert_int_equal(stat(symbol_fixture_path(FILE_NAME), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(reload(NAMES_FROM_DWARF, &level), STATUS_OK);
	assert_int_equal(level, NAMES_FROM_DWARF);
	assert_int_equal(table.entry_count, 1000);
	for (uint64_t i = 0; i < 1000; i++)
		expect(0x1000 + i * 7, i % 2 == 0 ? "even" : "odd", (uint32_t)i);
	/* No temporary is left. */
	assert_true(symbol_fixture_run("test \"$(ls -A names)\" = " BUILD_ID ".names"));
}

static void no_file_is_not_found(void **state)
{
	enum name_level level;

	(void)state;
	assert_int_equal(reload(NAMES_NONE, &level), STATUS_NOT_FOUND);
}

static void a_store_keeps_what_the_file_had(void **state)
{
	enum name_level level;

	(void)state;
	add(1, "first", 10);
	store(NAMES_FROM_DWARF);
	name_table_clear(&table);
	add(2, "second", 20);
	store(NAMES_FROM_DWARF);
	assert_int_equal(reload(NAMES_NONE, &level), STATUS_OK);
	assert_int_equal(table.entry_count, 2);
	expect(1, "first", 10);
	expect(2, "second", 20);
}

static void better_names_replace_worse_ones(void **state)
{
	enum name_level level;

	(void)state;
	add(1, "symbol", 0);
	store(NAMES_FROM_SYMBOLS);
	/* Who wants debug information is told the level and gets none of the lesser names. */
	assert_int_equal(reload(NAMES_FROM_DWARF, &level), STATUS_OK);
	assert_int_equal(level, NAMES_FROM_SYMBOLS);
	assert_int_equal(table.entry_count, 0);
	add(2, "dwarf", 5);
	store(NAMES_FROM_DWARF);
	assert_int_equal(reload(NAMES_NONE, &level), STATUS_OK);
	assert_int_equal(level, NAMES_FROM_DWARF);
	assert_int_equal(table.entry_count, 1);
	expect(2, "dwarf", 5);
	/* The other way round the file is left alone. */
	name_table_clear(&table);
	add(3, "symbol", 0);
	store(NAMES_FROM_SYMBOLS);
	assert_int_equal(reload(NAMES_NONE, &level), STATUS_OK);
	assert_int_equal(level, NAMES_FROM_DWARF);
	assert_int_equal(table.entry_count, 1);
}

static void sign(unsigned char *bytes, size_t size)
{
	struct name_cache_header *header = (struct name_cache_header *)bytes;

	header->checksum = 0;
	header->checksum = checksum_of(bytes, size);
}

enum { ENTRIES = 3, FRAMES = 6 };

/* A file of three addresses with two frames each; CHANGE is applied and the checksum made good. */
static int load_changed(
    void (*change)(struct name_cache_header *header, struct name_cache_entry *entries,
	struct name_cache_frame *frames, char *strings),
    size_t cut)
{
	enum name_level level;
	unsigned char *bytes;
	size_t size;
	int result;

	begin(NULL);
	for (uint64_t i = 0; i < ENTRIES; i++)
		add(0x1000 + i, "inner", (uint32_t)i);
	store(NAMES_FROM_DWARF);
	bytes = symbol_fixture_read(FILE_NAME, &size);
	if (change != NULL) {
		struct name_cache_header *header = (struct name_cache_header *)bytes;
		struct name_cache_entry *entries = (struct name_cache_entry *)(header + 1);
		struct name_cache_frame *frames = (struct name_cache_frame *)(entries + ENTRIES);

		assert_int_equal(header->entry_count, ENTRIES);
		assert_int_equal(header->frame_count, FRAMES);
		change(header, entries, frames, (char *)(frames + FRAMES));
		sign(bytes, size);
	}
	symbol_fixture_write(FILE_NAME, bytes, size - cut);
	free(bytes);
	result = reload(NAMES_NONE, &level);
	assert_int_equal(table.entry_count, result == STATUS_OK ? ENTRIES : 0);
	end(NULL);
	return result;
}

#define CHANGE(name, statement)                                                                    \
	static void name(struct name_cache_header *header, struct name_cache_entry *entries,       \
	    struct name_cache_frame *frames, char *strings)                                        \
	{                                                                                          \
		(void)header;                                                                      \
		(void)entries;                                                                     \
		(void)frames;                                                                      \
		(void)strings;                                                                     \
		statement;                                                                         \
	}

CHANGE(change_nothing, (void)0)
CHANGE(change_magic, header->magic[0] ^= 1)
CHANGE(change_version, header->version++)
CHANGE(change_level_low, header->level = 0)
CHANGE(change_level_high, header->level = 3)
CHANGE(change_file_bytes, header->file_bytes++)
CHANGE(change_entry_count, header->entry_count++)
CHANGE(change_entry_count_huge, header->entry_count = UINT64_MAX / 16)
CHANGE(change_frame_count, header->frame_count--)
CHANGE(change_frame_count_huge, header->frame_count = UINT64_MAX / 24 + 2)
CHANGE(change_string_bytes, header->string_bytes--)
CHANGE(change_build_id, header->build_id[3] = 'f')
CHANGE(change_order, entries[1].address = entries[0].address)
CHANGE(change_first_frame, entries[2].first_frame = FRAMES - 1)
CHANGE(change_first_frame_huge, entries[0].first_frame = UINT32_MAX)
CHANGE(change_no_frames, entries[0].frame_count = 0)
CHANGE(change_many_frames, entries[0].frame_count = UINT32_MAX)
CHANGE(change_function, frames[0].function = (uint32_t)header->string_bytes)
CHANGE(change_linkage_name, frames[1].linkage_name = UINT32_MAX)
CHANGE(change_file, frames[5].file = (uint32_t)header->string_bytes + 1)
CHANGE(change_inlined, frames[2].inlined = 2)
CHANGE(change_last_string, strings[header->string_bytes - 1] = 'x')

static void each_broken_rule_is_found(void **state)
{
	static void (*const changes[])(struct name_cache_header *, struct name_cache_entry *,
	    struct name_cache_frame *, char *) = {change_magic, change_version, change_level_low,
	    change_level_high, change_file_bytes, change_entry_count, change_entry_count_huge,
	    change_frame_count, change_frame_count_huge, change_string_bytes, change_build_id,
	    change_order, change_first_frame, change_first_frame_huge, change_no_frames,
	    change_many_frames, change_function, change_linkage_name, change_file, change_inlined,
	    change_last_string};

	(void)state;
	/* The ground under the cases: a file that was only signed again is good. */
	assert_int_equal(load_changed(change_nothing, 0), STATUS_OK);
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
		if (load_changed(changes[i], 0) != STATUS_DAMAGED)
			fail_msg("change %zu was not found", i);
}

static void a_cut_file_is_damaged(void **state)
{
	(void)state;
	for (size_t cut = 1; cut < 300; cut += 13)
		assert_int_equal(load_changed(NULL, cut), STATUS_DAMAGED);
}

static void every_changed_byte_is_found(void **state)
{
	enum name_level level;
	unsigned char *bytes;
	size_t size;

	(void)state;
	add(1, "inner", 1);
	store(NAMES_FROM_DWARF);
	bytes = symbol_fixture_read(FILE_NAME, &size);
	for (size_t i = 0; i < size; i++) {
		bytes[i] ^= 0x41;
		symbol_fixture_write(FILE_NAME, bytes, size);
		assert_int_equal(reload(NAMES_NONE, &level), STATUS_DAMAGED);
		bytes[i] ^= 0x41;
	}
	free(bytes);
}

static void a_damaged_file_is_written_anew(void **state)
{
	enum name_level level;

	(void)state;
	add(1, "lost", 1);
	store(NAMES_FROM_DWARF);
	symbol_fixture_write(FILE_NAME, "rubbish", 7);
	name_table_clear(&table);
	add(2, "found", 2);
	store(NAMES_FROM_DWARF);
	assert_int_equal(reload(NAMES_NONE, &level), STATUS_OK);
	assert_int_equal(table.entry_count, 1);
	expect(2, "found", 2);
}

static void a_directory_that_cannot_be_is_an_error_and_no_more(void **state)
{
	(void)state;
	symbol_fixture_write("plain", "", 0);
	(void)snprintf(directory, sizeof directory, "%s", symbol_fixture_path("plain/below"));
	add(1, "name", 1);
	assert_int_equal(
	    name_cache_store(directory, BUILD_ID, &table, NAMES_FROM_DWARF), STATUS_IO);
}

/* Eight processes write to one file, twenty times each, while this one reads: it never sees a broken
 * file, and what stays is whole and not empty. */
static void writers_at_the_same_moment_leave_a_whole_file(void **state)
{
	enum { WRITERS = 8, ROUNDS = 20 };
	pid_t writers[WRITERS];
	enum name_level level;
	int running = WRITERS;

	(void)state;
	for (int i = 0; i < WRITERS; i++) {
		writers[i] = fork();
		assert_true(writers[i] >= 0);
		if (writers[i] > 0)
			continue;
		for (int round = 0; round < ROUNDS; round++) {
			name_table_clear(&table);
			add((uint64_t)i * ROUNDS + (uint64_t)round, "written", 1);
			if (name_cache_store(directory, BUILD_ID, &table, NAMES_FROM_DWARF) != 0)
				_exit(1);
		}
		_exit(0);
	}
	while (running > 0) {
		int status, result = reload(NAMES_NONE, &level);
		pid_t ended;

		assert_true(result == STATUS_OK || result == STATUS_NOT_FOUND);
		while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
			assert_int_equal(status, 0);
			running--;
		}
	}
	assert_int_equal(reload(NAMES_NONE, &level), STATUS_OK);
	assert_true(table.entry_count >= ROUNDS);
	assert_true(symbol_fixture_run("test \"$(ls -A names)\" = " BUILD_ID ".names"));
}

static void the_oldest_files_go_first(void **state)
{
	(void)state;
	assert_true(symbol_fixture_run(
	    "mkdir names && cd names && for i in 1 2 3 4; do head -c 1000 /dev/zero > a$i.names; "
	    "touch -d 2001-01-0$i a$i.names; done && touch -d 2000-01-01 other && "
	    "head -c 1000 /dev/zero > .names-stale && touch -d 2001-01-01T12:00 .names-stale"));
	name_cache_prune(directory, 5000);
	assert_true(symbol_fixture_run("test \"$(ls -A names | wc -l)\" = 6"));
	name_cache_prune(directory, 2500);
	assert_true(symbol_fixture_run(
	    "cd names && test -e a3.names -a -e a4.names -a -e other && test $(ls -A | wc -l) = 3"));
}

static void the_directory_follows_the_environment(void **state)
{
	static const struct {
		const char *option, *xdg, *home, *expected;
	} cases[] = {
	    {"/given", "/xdg", "/home/u", "/given"},
	    {"", "/xdg", "/home/u", NULL},
	    {NULL, "/xdg", "/home/u", "/xdg/allocscope"},
	    {NULL, "relative", "/home/u", "/home/u/.cache/allocscope"},
	    {NULL, NULL, "/home/u", "/home/u/.cache/allocscope"},
	    {NULL, NULL, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *found;

		unsetenv("XDG_CACHE_HOME");
		unsetenv("HOME");
		if (cases[i].xdg != NULL)
			assert_int_equal(setenv("XDG_CACHE_HOME", cases[i].xdg, 1), 0);
		if (cases[i].home != NULL)
			assert_int_equal(setenv("HOME", cases[i].home, 1), 0);
		found = name_cache_directory(cases[i].option);
		if (cases[i].expected == NULL)
			assert_null(found);
		else
			assert_string_equal(found, cases[i].expected);
		free(found);
	}
}

static void control_characters_do_not_reach_the_terminal(void **state)
{
	const char *cleaned = string_pool_intern(pool, "a\033[31mb\nc\177");

	(void)state;
	assert_string_equal(cleaned, "a?[31mb?c?");
	assert_ptr_equal(string_pool_intern(pool, "a\033[31mb\nc\177"), cleaned);
	assert_string_equal(string_pool_intern(pool, "\xc3\xa9"), "\xc3\xa9");
	assert_ptr_equal(string_pool_intern(pool, "same"), string_pool_intern(pool, "same"));
	assert_string_equal(string_pool_intern(pool, NULL), "");
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
	    TEST(what_is_stored_comes_back),
	    TEST(no_file_is_not_found),
	    TEST(a_store_keeps_what_the_file_had),
	    TEST(better_names_replace_worse_ones),
	    cmocka_unit_test(each_broken_rule_is_found),
	    cmocka_unit_test(a_cut_file_is_damaged),
	    TEST(every_changed_byte_is_found),
	    TEST(a_damaged_file_is_written_anew),
	    TEST(a_directory_that_cannot_be_is_an_error_and_no_more),
	    TEST(writers_at_the_same_moment_leave_a_whole_file),
	    TEST(the_oldest_files_go_first),
	    TEST(the_directory_follows_the_environment),
	    TEST(control_characters_do_not_reach_the_terminal),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, clean_up);
}
