/* Two files: identity, rows, and what is said when identity is off. Random histories: diff_property_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/diff.h"
#include "support/heap_fixture.h"

/* Two files of one run: BEFORE cut at epoch 10, AFTER at epoch 30. */
struct pair {
	struct snapshot_builder *builders[2];
	uint32_t stacks[2]; /* of "f@f.c:1;main" in each */
	struct heap_fixture fixtures[2];
	struct diff *diff;
};

static void pair_begin(struct pair *pair)
{
	*pair = (struct pair){.diff = NULL};
	for (size_t side = 0; side < 2; side++) {
		pair->builders[side] = snapshot_builder_new();
		/* Rows of STACKS differ between the files. */
		if (side == 1)
			snapshot_builder_stack(pair->builders[side], "g@g.c:7;main");
		pair->stacks[side] = snapshot_builder_stack(pair->builders[side], "f@f.c:1;main");
		snapshot_builder_run(pair->builders[side])->cut_epoch = side == 0 ? 10 : 30;
	}
}

/* A live block of SIDE (0 before, 1 after), identity address 0: never moved. */
static void pair_block(struct pair *pair, size_t side, uint64_t address, uint64_t bytes,
    uint32_t epoch, uint64_t identity_address)
{
	struct snapshot_builder_block block = {.address = address,
	    .bytes = bytes,
	    .stack = pair->stacks[side],
	    .epoch = epoch,
	    .identity_address = identity_address};

	snapshot_builder_block(pair->builders[side], &block);
}

static const struct diff *pair_compare(struct pair *pair, enum group_by by)
{
	for (size_t side = 0; side < 2; side++)
		heap_fixture_open(&pair->fixtures[side], pair->builders[side]);
	struct group_input inputs[2] = {
	    heap_fixture_input(&pair->fixtures[0]), heap_fixture_input(&pair->fixtures[1])};

	assert_int_equal(diff_open(inputs, by, DIFF_SORT_BYTES, true, &pair->diff), STATUS_OK);
	const struct diff_row *total = &pair->diff->total;

	assert_int_equal(
	    total->before_blocks + total->born_blocks - total->died_blocks, total->after_blocks);
	assert_int_equal(total->before_bytes + total->born_bytes - total->died_bytes +
			     (uint64_t)total->grown_bytes,
	    total->after_bytes);
	return pair->diff;
}

static void pair_end(struct pair *pair)
{
	diff_close(pair->diff);
	for (size_t side = 0; side < 2; side++)
		heap_fixture_close(&pair->fixtures[side]);
}

static void a_file_against_itself_is_all_kept(void **state)
{
	struct pair pair;

	(void)state;
	pair_begin(&pair);
	for (size_t side = 0; side < 2; side++) {
		for (uint64_t i = 1; i < 10; i++)
			pair_block(&pair, side, 0x1000 * i, i, 5, 0);
	}
	const struct diff *diff = pair_compare(&pair, GROUP_BY_SITE);

	assert_int_equal(diff->identity, DIFF_IDENTITY_EXACT);
	assert_int_equal(diff->total.kept_blocks, 9);
	assert_int_equal(diff->total.kept_bytes, 45);
	assert_int_equal(diff->total.born_blocks, 0);
	assert_int_equal(diff->total.died_blocks, 0);
	assert_int_equal(diff->row_count, 1);
	assert_string_equal(diff->grouping->keys[diff->rows[0].key].text, "f (f.c:1)");
	pair_end(&pair);
}

static void an_address_used_again_is_died_and_born(void **state)
{
	struct pair pair;

	(void)state;
	pair_begin(&pair);
	pair_block(&pair, 0, 0x1000, 16, 5, 0);
	pair_block(&pair, 1, 0x1000, 16, 20, 0);
	const struct diff *diff = pair_compare(&pair, GROUP_BY_SITE);

	assert_int_equal(diff->total.born_blocks, 1);
	assert_int_equal(diff->total.died_blocks, 1);
	assert_int_equal(diff->total.kept_blocks, 0);
	assert_int_equal(diff->unexplained_blocks, 0);
	pair_end(&pair);
}

/* x at 1000 and z at 2000 live in BEFORE; z is freed, x is realloc'ed to z's address: kept, not
 * died and born. */
static void a_block_moved_onto_the_address_of_another_is_kept(void **state)
{
	struct pair pair;

	(void)state;
	pair_begin(&pair);
	pair_block(&pair, 0, 0x1000, 16, 5, 0);
	pair_block(&pair, 0, 0x2000, 32, 5, 0);
	pair_block(&pair, 1, 0x2000, 64, 5, 0x1000);
	pair_block(&pair, 1, 0x1000, 8, 21, 0);
	const struct diff *diff = pair_compare(&pair, GROUP_BY_SITE);

	assert_int_equal(diff->total.kept_blocks, 1);
	assert_int_equal(diff->total.kept_bytes, 16);
	assert_int_equal(diff->total.grown_bytes, 48);
	assert_int_equal(diff->total.grown_blocks, 1);
	assert_int_equal(diff->total.died_blocks, 1);
	assert_int_equal(diff->total.died_bytes, 32);
	assert_int_equal(diff->total.born_blocks, 1);
	assert_int_equal(diff->total.born_bytes, 8);
	pair_end(&pair);
}

static void two_blocks_that_swapped_addresses_are_kept(void **state)
{
	struct pair pair;

	(void)state;
	pair_begin(&pair);
	pair_block(&pair, 0, 0x1000, 10, 5, 0);
	pair_block(&pair, 0, 0x2000, 20, 5, 0);
	pair_block(&pair, 1, 0x1000, 20, 5, 0x2000);
	pair_block(&pair, 1, 0x2000, 10, 5, 0x1000);
	const struct diff *diff = pair_compare(&pair, GROUP_BY_SITE);

	assert_int_equal(diff->total.kept_blocks, 2);
	assert_int_equal(diff->total.grown_bytes, 0);
	pair_end(&pair);
}

static void a_buffer_that_shrank_has_negative_growth(void **state)
{
	struct pair pair;

	(void)state;
	pair_begin(&pair);
	pair_block(&pair, 0, 0x1000, 100, 5, 0);
	pair_block(&pair, 1, 0x1000, 40, 5, 0);
	const struct diff *diff = pair_compare(&pair, GROUP_BY_SITE);

	assert_int_equal(diff->total.grown_bytes, -60);
	assert_int_equal(diff->total.after_bytes, 40);
	pair_end(&pair);
}

static void rates_are_per_iteration_between_the_cuts(void **state)
{
	struct pair pair;

	(void)state;
	pair_begin(&pair);
	for (size_t side = 0; side < 2; side++) {
		uint32_t benchmark = snapshot_builder_benchmark(pair.builders[side], "parse");

		snapshot_builder_iterations(pair.builders[side], benchmark, 2, side == 0 ? 3 : 23);
	}
	for (uint32_t i = 0; i < 40; i++)
		snapshot_builder_block(
		    pair.builders[1], &(struct snapshot_builder_block){.bytes = 8,
					  .stack = pair.stacks[1],
					  .born = 6 + i / 2,
					  .epoch = 11 + i / 4});
	const struct diff *diff = pair_compare(&pair, GROUP_BY_SITE);

	assert_int_equal(diff->iterations_between, 20);
	assert_int_equal(diff->iterations_counted, 20);
	assert_true(diff->rows[0].blocks_per_iteration == 2.0);
	assert_true(diff->rows[0].bytes_per_iteration == 16.0);
	assert_int_equal(diff->rows[0].retained_blocks, 40);
	pair_end(&pair);
}

static void ignored_blocks_are_counted_apart(void **state)
{
	struct pair pair;

	(void)state;
	pair_begin(&pair);
	for (size_t side = 0; side < 2; side++) {
		/* Ignored in both, and ignored only later: then BEFORE leaves it out as well. */
		for (uint64_t i = 0; i < 2; i++)
			snapshot_builder_block(pair.builders[side],
			    &(struct snapshot_builder_block){.address = 0x1000 + 0x1000 * i,
				.bytes = 10,
				.stack = pair.stacks[side],
				.epoch = 5,
				.flags = i == 0 || side == 1 ? SNAPSHOT_BLOCK_IGNORED : 0});
		pair_block(&pair, side, 0x9000, 1, 5, 0);
	}
	snapshot_builder_block(pair.builders[1], &(struct snapshot_builder_block){.address = 0x8000,
						     .bytes = 5,
						     .stack = pair.stacks[1],
						     .epoch = 25,
						     .flags = SNAPSHOT_BLOCK_IGNORED});
	const struct diff *diff = pair_compare(&pair, GROUP_BY_SITE);

	assert_int_equal(diff->ignored_blocks, 3);
	assert_int_equal(diff->ignored_bytes, 25);
	assert_int_equal(diff->total.kept_blocks, 1);
	assert_int_equal(diff->total.born_blocks, 0);
	pair_end(&pair);
}

static void a_label_given_later_moves_the_block_to_its_row(void **state)
{
	struct pair pair;

	(void)state;
	pair_begin(&pair);
	pair_block(&pair, 0, 0x1000, 10, 5, 0);
	snapshot_builder_block(pair.builders[1], &(struct snapshot_builder_block){.address = 0x1000,
						     .bytes = 15,
						     .stack = pair.stacks[1],
						     .epoch = 5,
						     .label = "node"});
	const struct diff *diff = pair_compare(&pair, GROUP_BY_TYPE);

	assert_int_equal(diff->row_count, 1);
	assert_string_equal(diff->grouping->keys[diff->rows[0].key].text, "node");
	assert_int_equal(diff->rows[0].kept_blocks, 1);
	assert_int_equal(diff->rows[0].grown_bytes, 5);
	pair_end(&pair);
}

static void files_in_the_wrong_order_are_noticed(void **state)
{
	struct pair pair;

	(void)state;
	pair_begin(&pair);
	snapshot_builder_run(pair.builders[0])->cut_epoch = 50;
	pair_block(&pair, 0, 0x1000, 10, 45, 0);
	pair_block(&pair, 1, 0x2000, 10, 5, 0);
	const struct diff *diff = pair_compare(&pair, GROUP_BY_SITE);

	assert_true(diff->reversed);
	assert_int_equal(diff->unexplained_blocks, 1);
	assert_int_equal(diff->total.born_blocks, 1);
	pair_end(&pair);
}

static void a_forked_child_continues_its_parent(void **state)
{
	struct pair pair;

	(void)state;
	pair_begin(&pair);
	struct snapshot_run *parent = snapshot_builder_run(pair.builders[0]);
	struct snapshot_run *child = snapshot_builder_run(pair.builders[1]);

	memcpy(child->parent_run_id, parent->run_id, sizeof(child->parent_run_id));
	child->run_id[0] ^= 0xff;
	child->flags |= SNAPSHOT_RUN_FORKED;
	child->inherited_epoch = 12;
	pair_block(&pair, 0, 0x1000, 10, 5, 0);
	pair_block(&pair, 1, 0x1000, 10, 5, 0);
	pair_block(&pair, 1, 0x2000, 10, 11, 0);
	const struct diff *diff = pair_compare(&pair, GROUP_BY_SITE);

	assert_int_equal(diff->identity, DIFF_IDENTITY_EXACT);
	assert_int_equal(diff->total.kept_blocks, 1);
	assert_int_equal(diff->total.born_blocks, 1);
	pair_end(&pair);
}

/* Another run and another build: line and place of the module differ, function names match. */
static void different_runs_are_matched_by_normalised_sites(void **state)
{
	struct pair pair = {.diff = NULL};

	(void)state;
	for (size_t side = 0; side < 2; side++) {
		struct snapshot_builder *builder = pair.builders[side] = snapshot_builder_new();

		snapshot_builder_run(builder)->run_id[3] ^= (uint8_t)side;
		snapshot_builder_iterations(
		    builder, snapshot_builder_benchmark(builder, "parse"), 2, side == 0 ? 10 : 20);
		if (side == 1)
			snapshot_builder_stack(builder, "first;main");
		uint32_t f =
		    snapshot_builder_stack(builder, side == 0 ? "f@f.c:1;main" : "f@f.c:3;main");
		uint32_t g = snapshot_builder_stack(builder, "g;main");

		snapshot_builder_blocks(builder, f, side == 0 ? 10 : 30, 8, 5);
		snapshot_builder_blocks(builder, g, side == 0 ? 9 : 4, 100, 0);
	}
	const struct diff *diff = pair_compare(&pair, GROUP_BY_SITE);

	assert_int_equal(diff->identity, DIFF_IDENTITY_OFF_RUNS);
	assert_false(diff->reversed);
	assert_int_equal(diff->row_count, 2);
	assert_int_equal(diff->iterations_between, 22);
	const struct diff_row *f = &diff->rows[0];
	const struct diff_row *g = &diff->rows[1];

	assert_string_equal(diff->grouping->keys[f->key].text, "f");
	assert_int_equal(f->born_blocks, 20);
	assert_int_equal(f->born_bytes, 160);
	assert_int_equal(f->kept_blocks, 10);
	assert_int_equal(f->retained_blocks, 20);
	assert_int_equal(f->died_blocks, 0);
	assert_int_equal(g->died_blocks, 5);
	assert_int_equal(g->died_bytes, 500);
	assert_int_equal(g->born_blocks, 0);
	assert_int_equal(g->grown_bytes, 0);
	pair_end(&pair);
}

static void renumbered_epochs_turn_identity_off(void **state)
{
	struct pair pair;

	(void)state;
	pair_begin(&pair);
	snapshot_builder_run(pair.builders[1])->renumberings = 1;
	pair_block(&pair, 0, 0x1000, 10, 5, 0);
	pair_block(&pair, 1, 0x1000, 10, 3, 0);
	pair_block(&pair, 1, 0x2000, 10, 3, 0);
	const struct diff *diff = pair_compare(&pair, GROUP_BY_SITE);

	assert_int_equal(diff->identity, DIFF_IDENTITY_OFF_RENUMBERED);
	assert_int_equal(diff->total.born_blocks, 1);
	assert_int_equal(diff->total.kept_blocks, 1);
	pair_end(&pair);
}

static void inexact_files_are_said_to_be(void **state)
{
	struct pair pair;

	(void)state;
	pair_begin(&pair);
	snapshot_builder_run(pair.builders[0])->flags |= SNAPSHOT_RUN_APPROXIMATE;
	assert_true(pair_compare(&pair, GROUP_BY_SITE)->approximate);
	pair_end(&pair);
}

static void by_born_the_later_file_names_the_iterations(void **state)
{
	struct pair pair;

	(void)state;
	pair_begin(&pair);
	snapshot_builder_iterations(
	    pair.builders[0], snapshot_builder_benchmark(pair.builders[0], "parse"), 0, 3);
	struct snapshot_iteration merged = {
	    .benchmark = snapshot_builder_benchmark(pair.builders[1], "parse"),
	    .phase = SNAPSHOT_PHASE_COUNTED,
	    .first_generation = 1,
	    .last_generation = 4,
	    .first = 1,
	    .count = 4};

	snapshot_builder_iteration(pair.builders[1], &merged);
	for (size_t side = 0; side < 2; side++) {
		for (uint32_t born = 1; born <= 3 + side; born++)
			snapshot_builder_block(pair.builders[side],
			    &(struct snapshot_builder_block){.address = 0x1000 * born,
				.bytes = 10,
				.stack = pair.stacks[side],
				.born = born,
				.epoch = born < 4 ? born : 20});
	}
	const struct diff *diff = pair_compare(&pair, GROUP_BY_BORN);

	assert_int_equal(diff->row_count, 1);
	assert_string_equal(diff->grouping->keys[diff->rows[0].key].text, "parse #1-4");
	assert_int_equal(diff->rows[0].kept_blocks, 3);
	assert_int_equal(diff->rows[0].born_blocks, 1);
	pair_end(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_file_against_itself_is_all_kept),
	    cmocka_unit_test(an_address_used_again_is_died_and_born),
	    cmocka_unit_test(a_block_moved_onto_the_address_of_another_is_kept),
	    cmocka_unit_test(two_blocks_that_swapped_addresses_are_kept),
	    cmocka_unit_test(a_buffer_that_shrank_has_negative_growth),
	    cmocka_unit_test(rates_are_per_iteration_between_the_cuts),
	    cmocka_unit_test(ignored_blocks_are_counted_apart),
	    cmocka_unit_test(a_label_given_later_moves_the_block_to_its_row),
	    cmocka_unit_test(files_in_the_wrong_order_are_noticed),
	    cmocka_unit_test(a_forked_child_continues_its_parent),
	    cmocka_unit_test(different_runs_are_matched_by_normalised_sites),
	    cmocka_unit_test(renumbered_epochs_turn_identity_off),
	    cmocka_unit_test(inexact_files_are_said_to_be),
	    cmocka_unit_test(by_born_the_later_file_names_the_iterations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
