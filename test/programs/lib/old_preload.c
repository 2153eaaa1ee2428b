/*
 * A recording library of the first version, as far as <allocscope/allocscope.h> sees it: its table ends with
 * assert_retained. What was called is said on stdout.
 */
#include <allocscope/allocscope.h>

static void mark_now(struct allocscope_mark *ret_mark)
{
	ret_mark->epoch = 7;
}

static uint64_t assert_retained(
    struct allocscope_mark mark, bool process, const char *name, const char *file, int line)
{
	(void)file;
	printf("assert_retained %u %d %s %s\n", mark.epoch, process, name, line > 0 ? "line" : "");
	fflush(stdout);
	return 3;
}

extern struct allocscope_functions allocscope_functions_1;
struct allocscope_functions allocscope_functions_1 = {
    .size = offsetof(struct allocscope_functions, scope_round),
    .mark_now = mark_now,
    .assert_retained = assert_retained,
    /* what lies behind the table of an old library is anything */
    .scope_round = (void (*)(struct allocscope_scope *))(uintptr_t)1,
    .scope_end = (uint64_t(*)(const struct allocscope_scope *))(uintptr_t)1,
    .failure_slot = (allocscope_failure_handler *)(uintptr_t)1,
};
