/* Sites: wrappers are skipped, inlined frames count, texts name what a person looks for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/site.h"
#include "analysis/wrapper_names.h"
#include "support/heap_fixture.h"

/* The text of the site of STACK (builder notation). */
static void assert_site(const char *stack, const struct site_rules *rules, const char *expected)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t row = snapshot_builder_stack(builder, stack);
	struct heap_fixture fixture;
	struct site_frame frame;
	char text[256];

	heap_fixture_open(&fixture, builder);
	site_of_stack(fixture.heap, &fixture.names, rules, fixture.heap->stack_of_row[row], &frame);
	site_text(fixture.heap, &frame, text, sizeof(text));
	assert_string_equal(text, expected);

	struct site_finder finder;

	assert_int_equal(site_finder_open(fixture.heap, &fixture.names, rules, &finder), STATUS_OK);
	for (int again = 0; again < 2; again++) {
		site_finder_find(&finder, fixture.heap->stack_of_row[row], &frame);
		site_text(fixture.heap, &frame, text, sizeof(text));
		assert_string_equal(text, expected);
	}
	site_finder_release(&finder);
	heap_fixture_close(&fixture);
}

static void the_innermost_frame_is_the_site(void **state)
{
	(void)state;
	assert_site("node_new@lattice.c:41;run@run.c:7;main", NULL, "node_new (lattice.c:41)");
	assert_site("node_new@/src/deep/lattice.c:41;main", NULL, "node_new (lattice.c:41)");
	assert_site("node_new@lattice.c;main", NULL, "node_new (lattice.c)");
	assert_site("node_new;main", NULL, "node_new (bench)");
}

static void wrappers_are_skipped(void **state)
{
	(void)state;
	assert_site("malloc;xmalloc@x.c:3;strdup;f@f.c:1;main", NULL, "f (f.c:1)");
	assert_site("operator new(unsigned long);g@g.cpp:2;main", NULL, "g (g.cpp:2)");
	assert_site("libc.so.6!__GI___libc_malloc;libc.so.6!getline;main@m.c:1", NULL,
	    "getline (libc.so.6)");
	assert_site("my_alloc@a.c:1;f@f.c:1;main", NULL, "my_alloc (a.c:1)");
}

static void patterns_of_the_user_are_skipped(void **state)
{
	static const char *const skip[] = {"my_*", "arena::?et"};
	const struct site_rules rules = {.skip = skip, .skip_count = 2};

	(void)state;
	assert_site("my_alloc@a.c:1;f@f.c:1;main", &rules, "f (f.c:1)");
	assert_site("void* arena::get<int>(int)@a.cc:1;f@f.c:1;main", &rules, "f (f.c:1)");
	assert_site("arena::gets(int)@a.cc:1;f@f.c:1;main", &rules, "arena::gets(int) (a.cc:1)");
}

static void inlined_frames_count_as_frames(void **state)
{
	(void)state;
	assert_site(
	    "std::allocator<int>::allocate(unsigned long)@al.h:9|push@v.h:7|fill@fill.cc:3;main",
	    NULL, "push (v.h:7)");
	assert_site("xmalloc@x.h:1|f@f.c:2;main", NULL, "f (f.c:2)");
}

static void a_stack_of_wrappers_alone_keeps_its_innermost(void **state)
{
	(void)state;
	assert_site("malloc;xmalloc", NULL, "malloc (bench)");
}

static void all_frames_can_be_shown(void **state)
{
	const struct site_rules rules = {.show_all_frames = true};

	(void)state;
	assert_site("malloc;xmalloc@x.c:3;f;main", &rules, "malloc (bench)");
}

static void frames_without_names_show_module_and_offset(void **state)
{
	(void)state;
	assert_site("libfoo.so+0x12ab;main", NULL, "libfoo.so+0x12ab");
}

static void frames_of_the_preload_are_never_shown(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	struct heap_fixture fixture;
	struct site_frame frames[8];
	struct site_frame site;
	const struct site_rules rules = {.show_all_frames = true};

	(void)state;
	snapshot_builder_module(builder, 0x60000000, 0x60010000, 0x60000000,
	    "/lib/liballocscope.so", "", SNAPSHOT_MODULE_SELF);
	snapshot_builder_module(builder, 0x61000000, 0x61010000, 0x61000000, "/bin/prog", "", 0);
	uint32_t row = snapshot_builder_frames(
	    builder, 0, (uint64_t[]){0x60000010, 0x61000020, 0x61000030}, 3);

	heap_fixture_open(&fixture, builder);
	uint32_t stack = fixture.heap->stack_of_row[row];

	assert_int_equal(site_frames(fixture.heap, NULL, &rules, stack, frames, 8), 2);
	assert_int_equal(frames[0].offset, 0x20);
	assert_int_equal(frames[1].offset, 0x30);
	assert_int_equal(site_frames(fixture.heap, NULL, &rules, stack, frames, 1), 2);
	assert_true(site_of_stack(fixture.heap, NULL, &rules, stack, &site));
	assert_int_equal(site.offset, 0x20);
	assert_false(site_of_stack(fixture.heap, NULL, NULL, 0, &site));
	heap_fixture_close(&fixture);
}

static void stacks_are_normalised_from_the_site_outwards(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t row = snapshot_builder_stack(
	    builder, "malloc;get@m.h:3|f@f.c:2;lib.so+0x10;xmalloc@x.c:9;main@m.c:1");
	struct heap_fixture fixture;
	char text[64];

	(void)state;
	heap_fixture_open(&fixture, builder);
	size_t length = site_stack_text_normalised(fixture.heap, &fixture.names, NULL,
	    fixture.heap->stack_of_row[row], text, sizeof(text));

	assert_string_equal(text, "get;f;lib.so+0x10;xmalloc;main");
	assert_int_equal(length, strlen(text));
	/* Cut to fit, always ended, the whole length told. */
	assert_int_equal(site_stack_text_normalised(fixture.heap, &fixture.names, NULL,
			     fixture.heap->stack_of_row[row], text, 6),
	    length);
	assert_string_equal(text, "get;f");
	heap_fixture_close(&fixture);
}

static void assert_bare(const char *function, const char *expected)
{
	char bare[128];

	wrapper_names_bare(function, bare, sizeof(bare));
	assert_string_equal(bare, expected);
}

static void names_are_compared_bare(void **state)
{
	(void)state;
	assert_bare("f", "f");
	assert_bare("f(int, char const*)", "f");
	assert_bare("void* ns::f<std::pair<int, int> >(int) const", "ns::f");
	assert_bare("operator new(unsigned long)", "operator new");
	assert_bare("operator new[](unsigned long, std::nothrow_t const&)", "operator new[]");
	assert_bare("std::vector<int, std::allocator<int> >::operator[](unsigned long)",
	    "std::vector::operator[]");
	assert_bare("a::operator<(a const&)", "a::operator<");
	assert_bare("std::ostream& operator<< <char>(std::ostream&)", "operator<<");
	assert_bare("a::operator()(int)", "a::operator()");
	assert_bare("(anonymous namespace)::f(int)", "(anonymous namespace)::f");
	assert_bare("<alloc::alloc::Global as core::alloc::Allocator>::allocate",
	    "<alloc::alloc::Global as core::alloc::Allocator>::allocate");
	assert_bare("", "");
	assert_bare("<<<<", "<<<<");
	assert_bare("a<b<c", "a");
}

static void patterns_match_as_in_a_shell(void **state)
{
	(void)state;
	assert_true(wrapper_names_match("", ""));
	assert_true(wrapper_names_match("*", ""));
	assert_true(wrapper_names_match("a*c", "abbbc"));
	assert_true(wrapper_names_match("*a*b*", "xxaxxbxx"));
	assert_true(wrapper_names_match("*aab", "aaaab"));
	assert_true(wrapper_names_match("a?c", "abc"));
	assert_false(wrapper_names_match("a?c", "ac"));
	assert_false(wrapper_names_match("a*", "ba"));
	assert_false(wrapper_names_match("", "a"));
	assert_false(wrapper_names_match("a", ""));
}

static void the_list_holds_what_it_promises(void **state)
{
	static const char *const wrappers[] = {"malloc", "calloc", "realloc", "reallocarray",
	    "posix_memalign", "aligned_alloc", "memalign", "valloc", "pvalloc", "__libc_malloc",
	    "__GI___libc_malloc", "je_malloc", "mi_calloc", "tc_new", "operator new(unsigned long)",
	    "operator new[](unsigned long, std::align_val_t)", "_Znwm", "_ZnamRKSt9nothrow_t",
	    "strdup", "__strdup", "strndup", "asprintf", "xmalloc", "xcalloc", "xrealloc",
	    "xstrdup", "g_malloc0", "g_strdup",
	    "std::__new_allocator<Node>::allocate(unsigned long, void const*)",
	    "__gnu_cxx::new_allocator<Node>::allocate(unsigned long, void const*)",
	    "std::allocator_traits<std::allocator<Node> >::allocate(std::allocator<Node>&, unsigned long)",
	    "std::_Vector_base<int, std::allocator<int> >::_M_allocate(unsigned long)",
	    "__rust_alloc", "<alloc::alloc::Global as core::alloc::Allocator>::allocate",
	    "alloc::alloc::exchange_malloc"};
	static const char *const others[] = {"main", "getline", "malloc_node", "my_malloc",
	    "xml_alloc", "newton", "std::vector<int>::push_back(int const&)",
	    "std::make_shared<int>()", "operator delete(void*)", "allocate", ""};

	(void)state;
	for (size_t i = 0; i < sizeof(wrappers) / sizeof(wrappers[0]); i++) {
		if (!site_is_wrapper(NULL, wrappers[i]))
			fail_msg("%s is not skipped", wrappers[i]);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (site_is_wrapper(NULL, others[i]))
			fail_msg("%s is skipped", others[i]);
	}
	assert_false(site_is_wrapper(NULL, NULL));
	assert_true(wrapper_names_are_sorted());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_innermost_frame_is_the_site),
	    cmocka_unit_test(wrappers_are_skipped),
	    cmocka_unit_test(patterns_of_the_user_are_skipped),
	    cmocka_unit_test(inlined_frames_count_as_frames),
	    cmocka_unit_test(a_stack_of_wrappers_alone_keeps_its_innermost),
	    cmocka_unit_test(all_frames_can_be_shown),
	    cmocka_unit_test(frames_without_names_show_module_and_offset),
	    cmocka_unit_test(frames_of_the_preload_are_never_shown),
	    cmocka_unit_test(stacks_are_normalised_from_the_site_outwards),
	    cmocka_unit_test(names_are_compared_bare),
	    cmocka_unit_test(patterns_match_as_in_a_shell),
	    cmocka_unit_test(the_list_holds_what_it_promises),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
