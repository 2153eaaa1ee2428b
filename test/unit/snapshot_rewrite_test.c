/* Names are added to a file without changing anything else in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "snapshot/snapshot_rewrite.h"
#include "snapshot/snapshot_verify.h"
#include "support/snapshot_builder.h"
#include "support/snapshot_damage.h"

struct fixture {
	char path[64];
	struct snapshot_builder *builder;
	struct snapshot *in;
	char *strings; /* the old ones and "\0added\0" */
	size_t string_bytes;
	struct snapshot_name names[3];
	struct snapshot_symbol symbols[2];
};

static int make_fixture(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	static const char added[] = "added";

	(void)snprintf(fixture->path, sizeof fixture->path, "/tmp/snapshot_rewrite_test.XXXXXX");
	if (close(mkstemp(fixture->path)) != 0)
		return -1;
	fixture->builder = snapshot_builder_of_everything();
	snapshot_builder_widen(fixture->builder, SNAPSHOT_STACKS, 8);
	snapshot_builder_section(fixture->builder, 90, 0, 4, "unknown.", 8);
	snapshot_builder_write(fixture->builder, fixture->path);

	struct status_error error;

	if (snapshot_open(fixture->path, &fixture->in, &error) != 0)
		return -1;
	fixture->string_bytes = fixture->in->string_bytes + sizeof added;
	fixture->strings = malloc(fixture->string_bytes);
	memcpy(fixture->strings, fixture->in->strings, fixture->in->string_bytes);
	memcpy(fixture->strings + fixture->in->string_bytes, added, sizeof added);
	fixture->names[0] = (struct snapshot_name){
	    .node = 2, .function = (uint32_t)fixture->in->string_bytes, .line = 17};
	fixture->names[1] =
	    (struct snapshot_name){.node = 3, .function = fixture->in->run->program};
	fixture->names[2] = (struct snapshot_name){.node = 3, .inline_depth = 1};
	fixture->symbols[0] = (struct snapshot_symbol){.address = 64,
	    .bytes = 8,
	    .kind = SNAPSHOT_SYMBOL_VARIABLE,
	    .module = 1,
	    .name = (uint32_t)fixture->in->string_bytes};
	fixture->symbols[1] = fixture->symbols[0];
	fixture->symbols[1].kind = SNAPSHOT_SYMBOL_CLASS;
	*state = fixture;
	return 0;
}

static int free_fixture(void **state)
{
	struct fixture *fixture = *state;

	snapshot_close(fixture->in);
	snapshot_builder_free(fixture->builder);
	(void)unlink(fixture->path);
	free(fixture->strings);
	free(fixture);
	return 0;
}

static const struct snapshot_section *section_of(const struct snapshot *snapshot, uint32_t id)
{
	for (uint32_t i = 0; i < snapshot->section_count; i++)
		if (snapshot->sections[i].id == id)
			return &snapshot->sections[i];
	return NULL;
}

static void fail_on_finding(void *context, const char *rule, const char *sentence)
{
	(void)context;
	fail_msg("%s: %s", rule, sentence);
}

static int rewrite(const struct fixture *fixture, size_t string_bytes, const char *path,
    struct status_error *error)
{
	const struct snapshot_additions additions = {.names = fixture->names,
	    .name_count = 3,
	    .symbols = fixture->symbols,
	    .symbol_count = 2,
	    .strings = fixture->strings,
	    .string_bytes = string_bytes};

	return snapshot_rewrite_with_names(fixture->in, &additions, path, error);
}

static void names_are_added_and_the_rest_is_kept(void **state)
{
	struct fixture *fixture = *state;
	struct status_error error = {0};
	struct snapshot *out = NULL;
	struct stat file;

	/* Over the file that is still mapped. */
	assert_int_equal(rewrite(fixture, fixture->string_bytes, fixture->path, &error), 0);
	assert_int_equal(stat(fixture->path, &file), 0);
	assert_int_equal(file.st_mode & 07777, 0600);
	assert_int_equal(snapshot_open(fixture->path, &out, &error), 0);
	assert_int_equal(snapshot_verify(out, fail_on_finding, NULL), 0);
	assert_int_equal(out->name_count, 3);
	assert_memory_equal(out->names, fixture->names, sizeof fixture->names);
	assert_string_equal(snapshot_string(out, out->names[0].function), "added");
	assert_int_equal(out->symbol_count, 2);
	assert_memory_equal(out->symbols, fixture->symbols, sizeof fixture->symbols);
	assert_int_equal(out->section_count, fixture->in->section_count);
	for (uint32_t i = 0; i < fixture->in->section_count; i++) {
		const struct snapshot_section *before = &fixture->in->sections[i];
		const struct snapshot_section *after = section_of(out, before->id);

		assert_non_null(after);
		assert_int_equal(before->row_bytes, after->row_bytes);
		assert_int_equal(before->flags, after->flags);
		if (before->id == SNAPSHOT_NAMES || before->id == SNAPSHOT_SYMBOLS ||
		    before->id == SNAPSHOT_STRINGS)
			continue;
		assert_int_equal(before->bytes, after->bytes);
		assert_memory_equal(
		    fixture->in->bytes + before->offset, out->bytes + after->offset, before->bytes);
	}
	snapshot_close(out);
}

static int rewrite_status(const struct fixture *fixture, size_t string_bytes)
{
	struct status_error error = {0};
	int status =
	    rewrite(fixture, string_bytes, "/tmp/snapshot_rewrite_test.must-not-exist", &error);

	assert_int_equal(access("/tmp/snapshot_rewrite_test.must-not-exist", F_OK), -1);
	assert_int_not_equal(strlen(error.sentence), 0);
	return status;
}

static void names_that_break_the_rules_are_refused(void **state)
{
	struct fixture *fixture = *state;
	struct snapshot_name good = fixture->names[1];

	fixture->names[1].node = 1;
	assert_int_equal(rewrite_status(fixture, fixture->string_bytes), STATUS_BAD_ARGUMENT);
	fixture->names[1].node = (uint32_t)fixture->in->node_count;
	assert_int_equal(rewrite_status(fixture, fixture->string_bytes), STATUS_BAD_ARGUMENT);
	fixture->names[1] = good;
	fixture->names[1].function = (uint32_t)fixture->string_bytes;
	assert_int_equal(rewrite_status(fixture, fixture->string_bytes), STATUS_BAD_ARGUMENT);
	fixture->names[1] = good;
	fixture->names[1].file = UINT32_MAX;
	assert_int_equal(rewrite_status(fixture, fixture->string_bytes), STATUS_BAD_ARGUMENT);
}

static void symbols_that_break_the_rules_are_refused(void **state)
{
	struct fixture *fixture = *state;
	struct snapshot_symbol good = fixture->symbols[1];

	fixture->symbols[1] = fixture->symbols[0];
	assert_int_equal(rewrite_status(fixture, fixture->string_bytes), STATUS_BAD_ARGUMENT);
	fixture->symbols[1] = good;
	fixture->symbols[1].module = (uint32_t)fixture->in->module_count;
	assert_int_equal(rewrite_status(fixture, fixture->string_bytes), STATUS_BAD_ARGUMENT);
	fixture->symbols[1] = good;
	fixture->symbols[1].name = (uint32_t)fixture->string_bytes;
	assert_int_equal(rewrite_status(fixture, fixture->string_bytes), STATUS_BAD_ARGUMENT);
}

static void strings_that_do_not_continue_the_old_are_refused(void **state)
{
	struct fixture *fixture = *state;

	fixture->names[0].function = 0;
	assert_int_equal(rewrite_status(fixture, fixture->string_bytes - 1), STATUS_BAD_ARGUMENT);
	assert_int_equal(
	    rewrite_status(fixture, fixture->in->string_bytes - 1), STATUS_BAD_ARGUMENT);
	fixture->strings[1] ^= 1;
	assert_int_equal(rewrite_status(fixture, fixture->string_bytes), STATUS_BAD_ARGUMENT);
}

static void folder_that_is_not_there_is_an_error(void **state)
{
	struct fixture *fixture = *state;
	struct status_error error = {0};

	assert_int_equal(
	    rewrite(fixture, fixture->string_bytes, "/no/such/folder/a.snap", &error), STATUS_IO);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		names_are_added_and_the_rest_is_kept, make_fixture, free_fixture),
	    cmocka_unit_test_setup_teardown(
		names_that_break_the_rules_are_refused, make_fixture, free_fixture),
	    cmocka_unit_test_setup_teardown(
		symbols_that_break_the_rules_are_refused, make_fixture, free_fixture),
	    cmocka_unit_test_setup_teardown(
		strings_that_do_not_continue_the_old_are_refused, make_fixture, free_fixture),
	    cmocka_unit_test_setup_teardown(
		folder_that_is_not_there_is_an_error, make_fixture, free_fixture),
	};

	return cmocka_run_group_tests_name("snapshot_rewrite", tests, NULL, NULL);
}
