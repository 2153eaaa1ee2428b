/* Verify finds every breach of a rule, and nothing in a good file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "snapshot/snapshot_verify.h"
#include "support/snapshot_builder.h"
#include "support/snapshot_damage.h"

/* What verify told. */
struct told {
	const char *wanted; /* a rule, or NULL: any */
	size_t sentences;
	char last[256];
};

static void note_finding(void *context, const char *rule, const char *sentence)
{
	struct told *told = context;

	if (told->wanted != NULL && strcmp(told->wanted, rule) != 0)
		return;
	told->sentences++;
	(void)strncpy(told->last, sentence, sizeof told->last - 1);
}

static void print_finding(void *context, const char *rule, const char *sentence)
{
	(void)context;
	print_error("%s: %s\n", rule, sentence);
}

static void good_files_keep_every_rule(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_of_everything();
	struct snapshot *snapshot = snapshot_builder_open(builder);

	(void)state;
	assert_int_equal(snapshot_verify(snapshot, print_finding, NULL), 0);
	assert_true(snapshot_books_are_exact(snapshot));
	snapshot_close(snapshot);
	snapshot_builder_free(builder);

	builder = snapshot_builder_new();
	snapshot = snapshot_builder_open(builder);
	assert_int_equal(snapshot_verify(snapshot, print_finding, NULL), 0);
	snapshot_close(snapshot);
	snapshot_builder_free(builder);
}

static void damage_is_found_by_its_rule(void **state)
{
	const struct snapshot_damage *damage = *state;
	struct snapshot_builder *builder = snapshot_builder_of_everything();
	struct damaged_image image;
	struct snapshot *snapshot = NULL;
	struct status_error error = {0};
	struct told told = {.wanted = damage->says};

	image.bytes = snapshot_builder_image(builder, &image.count);
	snapshot_builder_free(builder);
	assert_true(damage->apply(&image, damage));
	if (snapshot_open_memory(image.bytes, image.count, &snapshot, &error) != 0)
		fail_msg("refused: %s", error.sentence);
	assert_int_not_equal(snapshot_verify(snapshot, note_finding, &told), 0);
	if (told.sentences == 0)
		fail_msg("rule %s found nothing", damage->says);
	snapshot_close(snapshot);
	free(image.bytes);
}

static void every_rule_has_a_damage(void **state)
{
	size_t damage_count;
	const struct snapshot_damage *damages = snapshot_damages(&damage_count);
	const struct snapshot_rule *rule;

	(void)state;
	for (size_t r = 0; (rule = snapshot_verify_rule(r)) != NULL; r++) {
		bool found = false;

		for (size_t i = 0; i < damage_count; i++)
			found = found || (damages[i].status == STATUS_OK &&
					     strcmp(damages[i].says, rule->name) == 0);
		if (!found)
			fail_msg("no damage for rule %s", rule->name);
	}
}

static void many_findings_of_a_rule_are_summed_up(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	struct told told = {.wanted = "temporary"};
	size_t count;

	(void)state;
	for (unsigned i = 0; i < 25; i++) {
		uint64_t pc = 0x1000 + i;

		(void)snapshot_builder_frames(builder, 0, &pc, 1);
	}

	struct snapshot_stack *stacks = snapshot_builder_rows(builder, SNAPSHOT_STACKS, &count);

	assert_int_equal(count, 26);
	for (size_t i = 1; i < count; i++)
		stacks[i].temporary = 1;

	struct snapshot *snapshot = snapshot_builder_open(builder);

	/* 25 of this rule, and the sum of temporary blocks. */
	assert_int_equal(snapshot_verify(snapshot, note_finding, &told), 26);
	assert_int_equal(told.sentences, SNAPSHOT_FINDINGS_PER_RULE + 1);
	assert_string_equal(told.last, "and 15 more of this rule");
	snapshot_close(snapshot);
	snapshot_builder_free(builder);
}

/* Two more allocations than there are blocks: wrong in an exact file, allowed where the file says why. */
static uint64_t findings_of_unbalanced(uint32_t flags, uint64_t replaced)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t stack = snapshot_builder_stack(builder, "make;main");

	if ((flags & SNAPSHOT_RUN_SAMPLED) != 0)
		snapshot_builder_sampled(builder, 512);
	snapshot_builder_run(builder)->flags = flags;
	snapshot_builder_run(builder)->losses.replaced = replaced;
	(void)snapshot_builder_blocks(builder, stack, 3, 10, 0);

	struct snapshot_stack *stacks = snapshot_builder_rows(builder, SNAPSHOT_STACKS, NULL);

	stacks[stack].allocs += 2;
	snapshot_builder_run(builder)->totals.allocs += 2;

	struct snapshot *snapshot = snapshot_builder_open(builder);
	struct told told = {.wanted = NULL};
	uint64_t findings = snapshot_verify(snapshot, note_finding, &told);

	assert_int_equal(findings, told.sentences);
	snapshot_close(snapshot);
	snapshot_builder_free(builder);
	return findings;
}

static void books_are_judged_only_where_they_can_balance(void **state)
{
	(void)state;
	assert_int_equal(
	    findings_of_unbalanced(0, 0), 3); /* stack-books, total-books, thread-sums */
	/* without thread-sums, which goes on to the moment of writing */
	assert_int_equal(findings_of_unbalanced(SNAPSHOT_RUN_JOURNALLED, 0), 2);
	/* estimates balance like counts */
	assert_int_equal(findings_of_unbalanced(SNAPSHOT_RUN_SAMPLED, 0), 3);
	assert_int_equal(findings_of_unbalanced(SNAPSHOT_RUN_APPROXIMATE, 0), 0);
	assert_int_equal(findings_of_unbalanced(0, 2), 0);
}

static void blocks_of_pools_may_lie_inside_others(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t stack = snapshot_builder_stack(builder, "make;main");
	uint32_t pool = snapshot_builder_pool(builder, 0x5000, "arena");
	struct snapshot_builder_block outer = {.address = 0x5000, .bytes = 4096, .stack = stack};
	struct snapshot_builder_block inner = {
	    .address = 0x5100, .bytes = 64, .stack = stack, .pool = pool + 1};

	struct snapshot_builder_block first = {.address = 0x5000,
	    .bytes = 8,
	    .stack = stack,
	    .identity_address = (uint64_t)1 << 63 | 0x5000,
	    .pool = pool + 1};

	(void)state;
	(void)snapshot_builder_block(builder, &outer);
	(void)snapshot_builder_block(builder, &inner);
	(void)snapshot_builder_block(builder, &first);

	struct snapshot_pool *pools = snapshot_builder_rows(builder, SNAPSHOT_POOLS, NULL);

	pools[pool].allocs = 2;
	pools[pool].bytes = 72;

	struct snapshot *snapshot = snapshot_builder_open(builder);

	assert_int_equal(snapshot_verify(snapshot, print_finding, NULL), 0);
	snapshot_close(snapshot);
	snapshot_builder_free(builder);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good_files_keep_every_rule),
	    cmocka_unit_test(every_rule_has_a_damage),
	    cmocka_unit_test(many_findings_of_a_rule_are_summed_up),
	    cmocka_unit_test(books_are_judged_only_where_they_can_balance),
	    cmocka_unit_test(blocks_of_pools_may_lie_inside_others),
	};
	static struct CMUnitTest damage_tests[256];
	size_t damage_count;
	const struct snapshot_damage *damages = snapshot_damages(&damage_count);
	size_t count = 0;

	for (size_t i = 0; i < damage_count; i++)
		if (damages[i].status == STATUS_OK &&
		    count < sizeof damage_tests / sizeof damage_tests[0])
			damage_tests[count++] = (struct CMUnitTest){.name = damages[i].name,
			    .test_func = damage_is_found_by_its_rule,
			    .initial_state = (void *)(uintptr_t)&damages[i]};

	int failed = cmocka_run_group_tests_name("snapshot_verify", tests, NULL, NULL);

	failed += _cmocka_run_group_tests("snapshot_verify finds", damage_tests, count, NULL, NULL);
	return failed;
}
