/* The loader is asked under its lock, and never by what may have interrupted the taking of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "preload/loader.h"

static int count(struct dl_phdr_info *info, size_t bytes, void *context)
{
	(void)info;
	(void)bytes;
	++*(unsigned *)context;
	return 0;
}

static int find_this_program(struct dl_phdr_info *info, size_t bytes, void *context)
{
	(void)bytes;
	*(uintptr_t *)context = (uintptr_t)info->dlpi_phdr;
	return 1;
}

struct interruption {
	unsigned all_visited, one_visited;
	bool asked;
};

/* Where a signal handler may be: between the beginning and the end of a visit. */
static int interrupt(struct dl_phdr_info *info, size_t bytes, void *context)
{
	struct interruption *here = context;

	(void)info;
	(void)bytes;
	here->asked = loader_visit_all(count, &here->all_visited);
	loader_visit_for((uintptr_t)&interrupt, count, &here->one_visited);
	return 1;
}

static void all_objects_are_visited(void **state)
{
	unsigned objects = 0;

	(void)state;
	assert_true(loader_visit_all(count, &objects));
	assert_true(objects > 2);
}

static void a_handler_inside_a_visit_goes_without_the_lock(void **state)
{
	struct interruption here = {0, 0, true};
	unsigned objects = 0;

	(void)state;
	assert_true(loader_visit_all(interrupt, &here));
	assert_false(here.asked);
	assert_int_equal(here.all_visited, 0);
	assert_true(here.one_visited <=
		    1); /* the one asked for, where the C library tells it without its lock */
	assert_true(loader_visit_all(count, &objects));
	assert_true(objects > 2);
}

static jmp_buf outside;

static int leave(struct dl_phdr_info *info, size_t bytes, void *context)
{
	(void)info;
	(void)bytes;
	(void)context;
	longjmp(outside, 1);
}

static void a_visit_that_was_left_is_over(void **state)
{
	uintptr_t headers = 0;

	(void)state;
	if (setjmp(outside) == 0)
		(void)loader_visit_all(leave, NULL);
	assert_false(loader_visit_all(find_this_program, &headers));
	loader_was_left();
	assert_true(loader_visit_all(find_this_program, &headers));
	assert_true(headers != 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_objects_are_visited),
	    cmocka_unit_test(a_handler_inside_a_visit_goes_without_the_lock),
	    cmocka_unit_test(a_visit_that_was_left_is_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
