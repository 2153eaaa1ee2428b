/* The journal of snapshot_at=last: what has no room is counted, what was not written is not read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "preload/journal.c" /* NOLINT(bugprone-suspicious-include): its counter cannot be brought near 2^32 */

static _Alignas(64) char memory[CHUNK_ROWS * sizeof(struct journal_row)];
static bool memory_is_short;
static unsigned late_deaths;

/* ---- what the journal stands on ---- */

void *arena_map(size_t bytes, enum arena_use use)
{
	(void)use;
	return !memory_is_short && bytes == sizeof memory ? memory : NULL;
}

void arena_unmap(void *start, size_t bytes, enum arena_use use)
{
	(void)start;
	(void)bytes;
	(void)use;
}

bool options_has_point(enum options_point_kind kind)
{
	return kind == POINT_LAST;
}

uint32_t iteration_last_end_epoch(void)
{
	return 5;
}

uint32_t epoch_first_generation(uint32_t epoch)
{
	return epoch;
}

uint32_t epoch_last_generation(uint32_t epoch)
{
	return epoch;
}

void counters_late_death(
    struct thread_state *state, uint32_t stack, uint32_t born, uint32_t now, uint32_t weight)
{
	(void)state;
	assert_int_equal(stack, 7);
	assert_int_equal(born, 3);
	assert_int_equal(now, 6);
	assert_int_equal(weight, 1);
	late_deaths++;
}

/* ---- tests ---- */

static struct live_block block_at(uintptr_t address)
{
	return (struct live_block){.address = address, .size = 8, .stack = 7, .epoch = 3};
}

static int begin(void **state)
{
	(void)state;
	memory_is_short = false;
	late_deaths = 0;
	chunks[0] = NULL;
	journal_start();
	return 0;
}

static void deaths_count_when_the_next_iteration_begins(void **state)
{
	struct live_block freed = block_at(32), resized = block_at(64);

	(void)state;
	journal_add(&freed, true);
	journal_add(&resized, false);
	assert_true(journal_holds_death(&freed));
	assert_int_equal(journal_count(), 2);
	assert_int_equal(journal_get(0)->address, 32);
	assert_int_equal(journal_get(1)->address, 64);
	journal_count_deaths(NULL);
	assert_int_equal(late_deaths, 1);
	assert_int_equal(journal_lost(), 0);
}

static void without_memory_the_loss_is_counted_and_the_death_at_once(void **state)
{
	struct live_block block = block_at(32);

	(void)state;
	memory_is_short = true;
	journal_add(&block, true);
	assert_int_equal(journal_lost(), 1);
	assert_false(journal_holds_death(&block));
	for (uint32_t i = 0; i < journal_count(); i++)
		assert_null(journal_get(i));
	journal_count_deaths(NULL);
	assert_int_equal(late_deaths, 0);
}

static void a_full_journal_never_comes_round(void **state)
{
	struct live_block first = block_at(32);

	(void)state;
	journal_add(&first, true);
	for (unsigned i = 0; i < 3; i++) {
		struct live_block late = block_at(64);

		atomic_store(&count, i == 0 ? ROWS_MAX : UINT32_MAX);
		journal_add(&late, true);
		assert_int_equal(journal_lost(), i + 1);
	}
	assert_int_equal(journal_count(), ROWS_MAX);
	assert_int_equal(journal_get(0)->address, 32);
}

static void rows_of_an_earlier_iteration_are_not_read(void **state)
{
	struct live_block block = block_at(32);

	(void)state;
	journal_add(&block, true);
	journal_start();
	(void)row_new(); /* a thread that does not come back to write it */
	assert_int_equal(journal_count(), 1);
	assert_null(journal_get(0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(deaths_count_when_the_next_iteration_begins, begin),
	    cmocka_unit_test_setup(without_memory_the_loss_is_counted_and_the_death_at_once, begin),
	    cmocka_unit_test_setup(a_full_journal_never_comes_round, begin),
	    cmocka_unit_test_setup(rows_of_an_earlier_iteration_are_not_read, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
