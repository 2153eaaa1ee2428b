/*
 * Born, died, kept and grown against an oracle that knows every block by a serial number: thousands of random
 * histories of malloc, free and realloc over few addresses (so that they are reused at once, also by moving blocks),
 * with iteration marks and cuts at random moments. What the snapshots hold is computed as the preload computes it:
 * id = (identity address, epoch); a move takes the identity address along unless a cut has fallen since birth.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/diff.h"
#include "support/heap_fixture.h"

#define ADDRESSES 24
#define SITES	  4
#define CUTS	  3
#define HISTORIES 3000

struct live_block {
	uint64_t serial; /* 0: the address is free */
	uint64_t bytes, identity_address;
	uint32_t site, epoch, born;
	bool ignored;
	int label; /* 0 none */
};

struct history {
	uint64_t random;
	struct live_block at[ADDRESSES];
	uint64_t serials;
	uint32_t epoch, generation, last_cut_epoch;
	uint64_t ended, counted;
	bool open;
};

/* What the oracle remembers of a cut. */
struct cut {
	struct live_block at[ADDRESSES];
	struct heap_fixture fixture;
	uint64_t ended;
};

static uint64_t next_random(struct history *history)
{
	history->random ^= history->random << 13;
	history->random ^= history->random >> 7;
	history->random ^= history->random << 17;
	return history->random >> 11;
}

static uint64_t address_of(size_t place)
{
	return 0x10000000u + 64 * place;
}

static void allocate(struct history *history)
{
	size_t place = next_random(history) % ADDRESSES;

	if (history->at[place].serial != 0)
		return;
	history->at[place] = (struct live_block){
	    .serial = ++history->serials,
	    .bytes = 1 + next_random(history) % 64,
	    .identity_address = address_of(place),
	    .site = (uint32_t)(next_random(history) % SITES),
	    .epoch = history->epoch,
	    .born = history->open ? history->generation : 0,
	};
}

static void resize(struct history *history)
{
	size_t from = next_random(history) % ADDRESSES;
	size_t to = next_random(history) % ADDRESSES;
	struct live_block *block = &history->at[from];

	if (block->serial == 0)
		return;
	block->bytes = 1 + next_random(history) % 64;
	if (history->at[to].serial != 0 || to == from)
		return;
	if (block->epoch > history->last_cut_epoch)
		block->identity_address = address_of(to);
	history->at[to] = *block;
	block->serial = 0;
}

static void mark_iteration(struct history *history)
{
	history->epoch++;
	if (history->open) {
		history->ended++;
		history->counted += history->generation > 2;
	} else {
		history->generation++;
	}
	history->open = !history->open;
}

static void step(struct history *history)
{
	size_t place = next_random(history) % ADDRESSES;

	switch (next_random(history) % 16) {
	case 0:
		mark_iteration(history);
		break;
	case 1:
		history->at[place].ignored = next_random(history) % 4 == 0;
		break;
	case 2:
		history->at[place].label = (int)(next_random(history) % 3);
		break;
	case 3:
	case 4:
	case 5:
	case 6:
		history->at[place].serial = 0;
		break;
	case 7:
	case 8:
	case 9:
		resize(history);
		break;
	default:
		allocate(history);
		break;
	}
}

static void add_iterations(struct snapshot_builder *builder, const struct history *history)
{
	uint32_t benchmark = snapshot_builder_benchmark(builder, "random");

	for (uint32_t generation = 1; generation <= history->generation; generation++) {
		struct snapshot_iteration row = {
		    .benchmark = benchmark,
		    .phase = generation <= 2 ? SNAPSHOT_PHASE_WARMUP : SNAPSHOT_PHASE_COUNTED,
		    .first_generation = generation,
		    .last_generation = generation,
		    .first = generation,
		    .count = 1,
		    .flags = history->open && generation == history->generation,
		};

		snapshot_builder_iteration(builder, &row);
	}
}

/* Epochs after the cut are newer than cut_epoch. */
static void take_cut(struct history *history, struct cut *cut)
{
	static const char *const sites[SITES] = {
	    "a@a.c:1;main", "b@b.c:2;main", "malloc;b@b.c:3;main", "c;a@a.c:9;main"};
	static const char *const labels[3] = {NULL, "node", "edge"};
	struct snapshot_builder *builder = snapshot_builder_new();

	memcpy(cut->at, history->at, sizeof(cut->at));
	cut->ended = history->ended;
	add_iterations(builder, history);
	for (size_t place = 0; place < ADDRESSES; place++) {
		const struct live_block *live = &history->at[place];

		if (live->serial == 0)
			continue;
		struct snapshot_builder_block block = {
		    .address = address_of(place),
		    .bytes = live->bytes,
		    .stack = snapshot_builder_stack(builder, sites[live->site]),
		    .born = live->born,
		    .epoch = live->epoch,
		    .flags = live->ignored ? SNAPSHOT_BLOCK_IGNORED : 0,
		    .identity_address = live->identity_address,
		    .label = labels[live->label],
		};

		snapshot_builder_block(builder, &block);
	}
	snapshot_builder_run(builder)->cut_epoch = history->epoch;
	snapshot_builder_run(builder)->generation = history->generation;
	heap_fixture_open(&cut->fixture, builder);
	history->last_cut_epoch = history->epoch++;
}

/* --- the oracle --- */

static const struct live_block *find_serial(const struct cut *cut, uint64_t serial)
{
	for (size_t place = 0; place < ADDRESSES; place++) {
		if (cut->at[place].serial == serial)
			return &cut->at[place];
	}
	return NULL;
}

static const char *key_text(enum group_by by, const struct live_block *block)
{
	static const char *const sites[SITES] = {
	    "a (a.c:1)", "b (b.c:2)", "b (b.c:3)", "c (bench)"};
	static const char *const types[3] = {"[no type]", "node", "edge"};

	return by == GROUP_BY_TYPE ? types[block->label] : sites[block->site];
}

/* Rows that the oracle expects, by key of GROUPING. */
static void expect_rows(const struct cut *before, const struct cut *after,
    const struct grouping *grouping, struct diff_row *rows)
{
	for (size_t place = 0; place < ADDRESSES; place++) {
		const struct live_block *old = &before->at[place];

		if (old->serial == 0 || old->ignored || find_serial(after, old->serial) != NULL)
			continue;
		struct diff_row *row =
		    &rows[heap_fixture_key(grouping, key_text(grouping->by, old))];

		row->before_blocks++;
		row->before_bytes += old->bytes;
		row->died_blocks++;
		row->died_bytes += old->bytes;
	}
	for (size_t place = 0; place < ADDRESSES; place++) {
		const struct live_block *new = &after->at[place];

		if (new->serial == 0 || new->ignored)
			continue;
		const struct live_block *old = find_serial(before, new->serial);
		struct diff_row *row =
		    &rows[heap_fixture_key(grouping, key_text(grouping->by, new))];

		if (old != NULL && old->ignored)
			continue;
		row->after_blocks++;
		row->after_bytes += new->bytes;
		if (old == NULL) {
			bool retained =
			    new->born > 2 &&
			    !(after->fixture.snapshot->iterations[new->born - 1].flags & 1);

			row->born_blocks++;
			row->born_bytes += new->bytes;
			row->retained_blocks += retained;
			row->retained_bytes += retained ? new->bytes : 0;
			continue;
		}
		row->before_blocks++;
		row->before_bytes += old->bytes;
		row->kept_blocks++;
		row->kept_bytes += old->bytes;
		row->grown_bytes += (int64_t)(new->bytes - old->bytes);
		row->grown_blocks += new->bytes != old->bytes;
	}
}

static void assert_books_balance(const struct diff_row *row)
{
	assert_int_equal(
	    row->before_blocks + row->born_blocks - row->died_blocks, row->after_blocks);
	assert_int_equal(
	    row->before_bytes + row->born_bytes - row->died_bytes + (uint64_t)row->grown_bytes,
	    row->after_bytes);
	assert_int_equal(row->kept_blocks + row->died_blocks, row->before_blocks);
	assert_int_equal(row->kept_bytes + row->died_bytes, row->before_bytes);
}

static void assert_rows_equal(const struct diff_row *actual, const struct diff_row *expected)
{
	assert_int_equal(actual->born_blocks, expected->born_blocks);
	assert_int_equal(actual->born_bytes, expected->born_bytes);
	assert_int_equal(actual->died_blocks, expected->died_blocks);
	assert_int_equal(actual->died_bytes, expected->died_bytes);
	assert_int_equal(actual->kept_blocks, expected->kept_blocks);
	assert_int_equal(actual->kept_bytes, expected->kept_bytes);
	assert_int_equal(actual->grown_bytes, expected->grown_bytes);
	assert_int_equal(actual->grown_blocks, expected->grown_blocks);
	assert_int_equal(actual->retained_blocks, expected->retained_blocks);
	assert_int_equal(actual->retained_bytes, expected->retained_bytes);
	assert_int_equal(actual->before_bytes, expected->before_bytes);
	assert_int_equal(actual->after_bytes, expected->after_bytes);
}

static void compare(struct cut *before, struct cut *after, enum group_by by)
{
	struct group_input inputs[2] = {
	    heap_fixture_input(&before->fixture), heap_fixture_input(&after->fixture)};
	struct diff_row expected[16] = {0};
	struct diff *diff;
	size_t seen = 0;
	uint64_t moved_blocks = 0;

	assert_int_equal(diff_open(inputs, by, DIFF_SORT_BYTES, false, &diff), STATUS_OK);
	assert_int_equal(diff->identity, DIFF_IDENTITY_EXACT);
	assert_false(diff->reversed);
	assert_int_equal(diff->unexplained_blocks, 0);
	assert_int_equal(diff->iterations_between, after->ended - before->ended);
	assert_true(diff->grouping->key_count <= 16);
	expect_rows(before, after, diff->grouping, expected);
	for (size_t row = 0; row < diff->row_count; row++) {
		assert_rows_equal(&diff->rows[row], &expected[diff->rows[row].key]);
		assert_books_balance(&diff->rows[row]);
		moved_blocks += diff->rows[row].kept_blocks;
	}
	for (size_t key = 0; key < diff->grouping->key_count; key++)
		seen += expected[key].before_blocks != 0 || expected[key].after_blocks != 0;
	assert_int_equal(seen, diff->row_count);
	assert_int_equal(moved_blocks, diff->total.kept_blocks);
	assert_books_balance(&diff->total);
	diff_close(diff);
}

static void run_history(uint64_t seed)
{
	struct history history = {.random = (seed + 1) * 0x9e3779b97f4a7c15u, .epoch = 1};
	struct cut cuts[CUTS];

	for (size_t cut = 0; cut < CUTS; cut++) {
		uint64_t steps = next_random(&history) % 200;

		for (uint64_t i = 0; i < steps; i++)
			step(&history);
		take_cut(&history, &cuts[cut]);
	}
	for (size_t before = 0; before < CUTS; before++) {
		for (size_t after = before + 1; after < CUTS; after++) {
			compare(&cuts[before], &cuts[after], GROUP_BY_SITE);
			compare(&cuts[before], &cuts[after], GROUP_BY_TYPE);
		}
	}
	for (size_t cut = 0; cut < CUTS; cut++)
		heap_fixture_close(&cuts[cut].fixture);
}

static void born_died_kept_and_grown_equal_the_oracle(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < HISTORIES; seed++)
		run_history(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(born_died_kept_and_grown_equal_the_oracle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
