/*
 * allocscope-snapshot(5) describes the structs of format.h member by member, so that others can write a reader:
 * each offset and size in the page is compared with the compiler's, and every rule of verify is listed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/format.h"
#include "snapshot/section_kinds.h"
#include "snapshot/snapshot_verify.h"

#define PAGE "man/allocscope-snapshot.5"

static const struct {
	const char *type, *name;
	size_t offset, bytes;
} members[] = {
#define MEMBER(type_, member_)                                                                     \
	{                                                                                          \
#		type_, #		member_, offsetof(struct snapshot_##type_, member_),      \
		    sizeof(((struct snapshot_##type_ *)NULL)->member_)                             \
	}
    MEMBER(file_header, magic),
    MEMBER(file_header, version),
    MEMBER(file_header, header_bytes),
    MEMBER(file_header, file_bytes),
    MEMBER(file_header, table_offset),
    MEMBER(file_header, section_count),
    MEMBER(file_header, flags),
    MEMBER(file_header, table_checksum),
    MEMBER(file_header, header_checksum),
    MEMBER(section, id),
    MEMBER(section, flags),
    MEMBER(section, offset),
    MEMBER(section, bytes),
    MEMBER(section, row_bytes),
    MEMBER(section, reserved),
    MEMBER(section, checksum),
    MEMBER(run, run_id),
    MEMBER(run, parent_run_id),
    MEMBER(run, start_time_ns),
    MEMBER(run, time_ns),
    MEMBER(run, elapsed_ns),
    MEMBER(run, pause_ns),
    MEMBER(run, pid),
    MEMBER(run, parent_pid),
    MEMBER(run, trigger),
    MEMBER(run, flags),
    MEMBER(run, cut_epoch),
    MEMBER(run, inherited_epoch),
    MEMBER(run, generation),
    MEMBER(run, renumberings),
    MEMBER(run, granule_bytes),
    MEMBER(run, max_frames),
    MEMBER(run, warmup),
    MEMBER(run, page_bytes),
    MEMBER(run, program),
    MEMBER(run, executable),
    MEMBER(run, arguments),
    MEMBER(run, host),
    MEMBER(run, version),
    MEMBER(run, trigger_detail),
    MEMBER(run, directory),
    MEMBER(run, thread_count),
    MEMBER(run, rss_bytes),
    MEMBER(run, mapped_bytes),
    MEMBER(run, sample_bytes),
    MEMBER(run, iterations_ended),
    MEMBER(run, iterations_counted),
    MEMBER(run, inherited_blocks),
    MEMBER(run, inherited_bytes),
    MEMBER(run, ignored_blocks),
    MEMBER(run, ignored_bytes),
    MEMBER(run, totals.allocs),
    MEMBER(run, totals.bytes),
    MEMBER(run, totals.frees),
    MEMBER(run, totals.freed_bytes),
    MEMBER(run, totals.reallocs),
    MEMBER(run, totals.temporary),
    MEMBER(run, totals.temporary_bytes),
    MEMBER(run, totals.live_blocks),
    MEMBER(run, totals.live_bytes),
    MEMBER(run, totals.peak_bytes),
    MEMBER(run, totals.peak_error_bytes),
    MEMBER(run, totals.peak_generation),
    MEMBER(run, losses.blocks),
    MEMBER(run, losses.stacks),
    MEMBER(run, losses.frames_cut),
    MEMBER(run, losses.series),
    MEMBER(run, losses.survival),
    MEMBER(run, losses.iterations),
    MEMBER(run, losses.deferred),
    MEMBER(run, losses.replaced),
    MEMBER(run, losses.unknown_frees),
    MEMBER(run, losses.nested),
    MEMBER(run, losses.ignored_marks),
    MEMBER(run, losses.journal),
    MEMBER(run, losses.threads),
    MEMBER(run, losses.paused),
    MEMBER(run, costs.live_table),
    MEMBER(run, costs.large_table),
    MEMBER(run, costs.stack_index),
    MEMBER(run, costs.nodes),
    MEMBER(run, costs.stacks),
    MEMBER(run, costs.counters),
    MEMBER(run, costs.survival),
    MEMBER(run, costs.iterations),
    MEMBER(run, costs.threads),
    MEMBER(run, costs.other),
    MEMBER(module, start),
    MEMBER(module, end),
    MEMBER(module, bias),
    MEMBER(module, path),
    MEMBER(module, build_id),
    MEMBER(module, load_serial),
    MEMBER(module, flags),
    MEMBER(node, pc),
    MEMBER(node, parent),
    MEMBER(node, module),
    MEMBER(stack, leaf),
    MEMBER(stack, flags),
    MEMBER(stack, allocs),
    MEMBER(stack, bytes),
    MEMBER(stack, frees),
    MEMBER(stack, freed_bytes),
    MEMBER(stack, temporary),
    MEMBER(stack, temporary_bytes),
    MEMBER(stack, reallocs),
    MEMBER(stack, peak_bytes),
    MEMBER(thread, allocs),
    MEMBER(thread, bytes),
    MEMBER(thread, frees),
    MEMBER(thread, freed_bytes),
    MEMBER(thread, tid),
    MEMBER(thread, uses),
    MEMBER(thread, name),
    MEMBER(thread, flags),
    MEMBER(benchmark, name),
    MEMBER(benchmark, reserved),
    MEMBER(benchmark, iterations),
    MEMBER(benchmark, counted),
    MEMBER(iteration, benchmark),
    MEMBER(iteration, phase),
    MEMBER(iteration, first_generation),
    MEMBER(iteration, last_generation),
    MEMBER(iteration, first),
    MEMBER(iteration, count),
    MEMBER(iteration, allocs),
    MEMBER(iteration, bytes),
    MEMBER(iteration, frees),
    MEMBER(iteration, freed_bytes),
    MEMBER(iteration, temporary),
    MEMBER(iteration, temporary_bytes),
    MEMBER(iteration, reallocs),
    MEMBER(iteration, survived_blocks),
    MEMBER(iteration, survived_bytes),
    MEMBER(iteration, live_blocks),
    MEMBER(iteration, live_bytes),
    MEMBER(iteration, peak_bytes),
    MEMBER(iteration, ns),
    MEMBER(iteration, maximum_allocs),
    MEMBER(iteration, maximum_bytes),
    MEMBER(iteration, maximum_survived_blocks),
    MEMBER(iteration, maximum_survived_bytes),
    MEMBER(iteration, thread),
    MEMBER(iteration, flags),
    MEMBER(block_extra, block),
    MEMBER(block_extra, identity_address),
    MEMBER(block_extra, flags),
    MEMBER(block_extra, resize_stack),
    MEMBER(block_extra, label),
    MEMBER(block_extra, pool),
    MEMBER(born_range, epoch),
    MEMBER(born_range, first_generation),
    MEMBER(born_range, last_generation),
    MEMBER(born_range, reserved),
    MEMBER(sample, generation),
    MEMBER(sample, benchmark),
    MEMBER(sample, phase),
    MEMBER(sample, reserved),
    MEMBER(sample, live_blocks),
    MEMBER(sample, live_bytes),
    MEMBER(series_point, stack),
    MEMBER(series_point, sample),
    MEMBER(series_point, live_blocks),
    MEMBER(series_point, live_bytes),
    MEMBER(deaths, stack),
    MEMBER(deaths, reserved),
    MEMBER(deaths, by_age),
    MEMBER(survival, stack),
    MEMBER(survival, width),
    MEMBER(survival, born_first),
    MEMBER(survival, died_first),
    MEMBER(survival, blocks),
    MEMBER(root, start),
    MEMBER(root, bytes),
    MEMBER(root, name),
    MEMBER(root, reserved),
    MEMBER(pool, address),
    MEMBER(pool, name),
    MEMBER(pool, flags),
    MEMBER(pool, allocs),
    MEMBER(pool, bytes),
    MEMBER(pool, frees),
    MEMBER(pool, freed_bytes),
    MEMBER(pool, resets),
    MEMBER(sampling, allocs),
    MEMBER(sampling, bytes),
    MEMBER(sampling, frees),
    MEMBER(sampling, sampled_allocs),
    MEMBER(stack_variance, allocs),
    MEMBER(stack_variance, bytes),
    MEMBER(stack_variance, temporary),
    MEMBER(stack_variance, temporary_bytes),
    MEMBER(name, node),
    MEMBER(name, inline_depth),
    MEMBER(name, function),
    MEMBER(name, file),
    MEMBER(name, line),
    MEMBER(name, column),
    MEMBER(symbol, address),
    MEMBER(symbol, bytes),
    MEMBER(symbol, kind),
    MEMBER(symbol, module),
    MEMBER(symbol, name),
    MEMBER(symbol, reserved),
    MEMBER(graph, method),
    MEMBER(graph, threads),
    MEMBER(graph, threads_running),
    MEMBER(graph, interrupted_calls),
    MEMBER(graph, stop_ns),
    MEMBER(graph, pause_ns),
    MEMBER(graph, scan_ns),
    MEMBER(graph, scanned_bytes),
    MEMBER(graph, absent_bytes),
    MEMBER(graph, unreadable_bytes),
    MEMBER(graph, lost_edges),
    MEMBER(root_range, start),
    MEMBER(root_range, end),
    MEMBER(root_range, kind),
    MEMBER(root_range, module),
    MEMBER(root_range, thread),
    MEMBER(root_range, tid),
    MEMBER(root_range, name),
    MEMBER(root_range, reserved),
    MEMBER(root_edge, address),
    MEMBER(root_edge, range),
    MEMBER(root_edge, target),
    MEMBER(root_edge, into),
    MEMBER(root_edge, reserved),
    MEMBER(stack_frame, low),
    MEMBER(stack_frame, pc),
    MEMBER(stack_frame, range),
    MEMBER(stack_frame, module),
    MEMBER(stack_frame, flags),
    MEMBER(stack_frame, reserved),
    MEMBER(own_memory, table),
    MEMBER(own_memory, reserved),
    MEMBER(own_memory, resident_bytes),
    MEMBER(own_memory, mapped_bytes),
    MEMBER(gate, closings),
    MEMBER(gate, longest_wait_ns),
    MEMBER(gate, longest_stand_ns),
    MEMBER(virtual_table, address),
    MEMBER(virtual_table, module),
    MEMBER(virtual_table, reserved),
};
#define MEMBER_COUNT (sizeof members / sizeof members[0])

static const struct {
	const char *type;
	size_t bytes;
} types[] = {
#define TYPE(type_)                                                                                \
	{                                                                                          \
#		type_, sizeof(struct snapshot_##type_)                                            \
	}
    TYPE(file_header),
    TYPE(section),
    TYPE(run),
    TYPE(module),
    TYPE(node),
    TYPE(stack),
    TYPE(thread),
    TYPE(benchmark),
    TYPE(iteration),
    TYPE(block_extra),
    TYPE(born_range),
    TYPE(sample),
    TYPE(series_point),
    TYPE(deaths),
    TYPE(survival),
    TYPE(root),
    TYPE(pool),
    TYPE(sampling),
    TYPE(stack_variance),
    TYPE(name),
    TYPE(symbol),
    TYPE(graph),
    TYPE(root_range),
    TYPE(root_edge),
    TYPE(stack_frame),
    TYPE(own_memory),
    TYPE(gate),
    TYPE(virtual_table),
};
#define TYPE_COUNT (sizeof types / sizeof types[0])

static char *page;

static int read_page(void **state)
{
	FILE *file = fopen(PAGE, "re");
	size_t room = 1 << 20;

	(void)state;
	page = calloc(1, room);
	if (file == NULL || page == NULL) {
		print_error("%s cannot be read: run the tests in the top folder\n", PAGE);
		return -1;
	}
	(void)!fread(page, 1, room - 1, file);
	(void)fclose(file);
	return 0;
}

static int free_page(void **state)
{
	(void)state;
	free(page);
	return 0;
}

static size_t type_bytes(const char *type)
{
	if (strcmp(type, "u32") == 0)
		return 4;
	if (strcmp(type, "u64") == 0 || strcmp(type, "i64") == 0 || strcmp(type, "f64") == 0)
		return 8;
	if (strcmp(type, "bytes16") == 0)
		return 16;
	if (strcmp(type, "u64x16") == 0)
		return 128;
	return 0;
}

/* The table of TYPE: from its comment up to the sentence with the size. */
static const char *table_of(const char *type, const char **ret_end)
{
	char mark[64];

	(void)snprintf(mark, sizeof mark, ".\\\" struct snapshot_%s\n", type);

	const char *start = strstr(page, mark);

	if (start == NULL)
		fail_msg("%s has no table for struct snapshot_%s", PAGE, type);
	*ret_end = strstr(start, "\n.El\n");
	assert_non_null(*ret_end);
	return start;
}

static void page_gives_every_member_at_its_offset(void **state)
{
	(void)state;
	for (size_t i = 0; i < MEMBER_COUNT; i++) {
		const char *end;
		const char *start = table_of(members[i].type, &end);
		char row[128];
		const char *found = NULL;

		for (const char *type = "u32\0u64\0i64\0f64\0bytes16\0u64x16\0";
		     found == NULL && *type != '\0'; type += strlen(type) + 1) {
			(void)snprintf(row, sizeof row, "\n.It %zu Ta %s Ta %s Ta ",
			    members[i].offset, type, members[i].name);
			found = type_bytes(type) == members[i].bytes ? strstr(start, row) : NULL;
			if (found != NULL && found > end)
				found = NULL; /* another struct's */
		}
		if (found == NULL)
			fail_msg("%s: struct snapshot_%s has no row for %s (%zu bytes at %zu)",
			    PAGE, members[i].type, members[i].name, members[i].bytes,
			    members[i].offset);
	}
}

static void members_fill_their_structs(void **state)
{
	(void)state;
	for (size_t t = 0; t < TYPE_COUNT; t++) {
		size_t next = 0;

		for (size_t i = 0; i < MEMBER_COUNT; i++) {
			if (strcmp(members[i].type, types[t].type) != 0)
				continue;
			assert_int_equal(members[i].offset, next);
			next += members[i].bytes;
		}
		if (next != types[t].bytes)
			fail_msg("struct snapshot_%s has %zu bytes, %zu are described",
			    types[t].type, types[t].bytes, next);
	}
}

static void page_gives_the_size_of_every_row(void **state)
{
	(void)state;
	for (size_t t = 0; t < TYPE_COUNT; t++) {
		const char *end;
		char sentence[64];

		(void)table_of(types[t].type, &end);
		(void)snprintf(sentence, sizeof sentence, "\n.El\n.Pp\nA row has %zu bytes.\n",
		    types[t].bytes);
		if (strncmp(end, sentence, strlen(sentence)) != 0)
			fail_msg("%s: struct snapshot_%s has %zu bytes", PAGE, types[t].type,
			    types[t].bytes);
	}
}

static void page_lists_every_section(void **state)
{
	size_t count;
	const struct section_kind *kinds = section_kinds(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		char row[128];

		(void)snprintf(row, sizeof row, "\n.It %u Ta %s Ta %s Ta", kinds[i].id,
		    kinds[i].name, kinds[i].required ? "yes" : "no");
		if (strstr(page, row) == NULL)
			fail_msg("%s does not list section %s", PAGE, kinds[i].name);
	}
}

static void page_lists_every_rule_of_verify(void **state)
{
	const struct snapshot_rule *rule;

	(void)state;
	for (size_t i = 0; (rule = snapshot_verify_rule(i)) != NULL; i++) {
		char row[256];

		(void)snprintf(row, sizeof row, "\n.It %s\n%s\n", rule->name, rule->demand);
		if (strstr(page, row) == NULL)
			fail_msg("%s does not say '%s: %s'", PAGE, rule->name, rule->demand);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(page_gives_every_member_at_its_offset),
	    cmocka_unit_test(members_fill_their_structs),
	    cmocka_unit_test(page_gives_the_size_of_every_row),
	    cmocka_unit_test(page_lists_every_section),
	    cmocka_unit_test(page_lists_every_rule_of_verify),
	};

	return cmocka_run_group_tests_name("snapshot_format", tests, read_page, free_page);
}
