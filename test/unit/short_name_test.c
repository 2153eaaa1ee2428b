/* Names become short and stay recognisable; C names stay as they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "report/short_name.h"

static void expect(const char *name, const char *shortened)
{
	char text[512];

	short_name(name, text, sizeof text);
	assert_string_equal(text, shortened);
}

static void c_names_stay(void **state)
{
	(void)state;
	expect("main", "main");
	expect("__libc_start_call_main", "__libc_start_call_main");
	expect("foo.part.0", "foo.part.0");
	expect("", "");
}

static void parameters_and_arguments_of_templates_go(void **state)
{
	(void)state;
	expect("f(int, char const*)", "f");
	expect("ns::Class::method(std::vector<int> const&) const", "ns::Class::method");
	expect("std::map<int, std::pair<int, A<B> > >::operator[](int const&)",
	    "std::map<>::operator[]");
	expect("Class<(Kind)3>::f()", "Class<>::f");
	expect("f<(1>2)>(int)", "f<>");
}

static void return_types_of_templates_go(void **state)
{
	(void)state;
	expect(
	    "void std::vector<int, std::allocator<int> >::_M_realloc_insert<int const&>(int*, int const&)",
	    "std::vector<>::_M_realloc_insert<>");
	expect("std::unique_ptr<A> std::make_unique<A, int>(int&&)", "std::make_unique<>");
	expect("unsigned long f<int>(int)", "f<>");
}

static void operators_keep_their_signs(void **state)
{
	(void)state;
	expect("operator new(unsigned long)", "operator new");
	expect("operator new[](unsigned long)", "operator new[]");
	expect("A::operator()(int) const", "A::operator()");
	expect("A::operator<(A const&) const", "A::operator<");
	expect("A::operator->() const", "A::operator->");
	expect("A::operator bool() const", "A::operator bool");
	expect("A::operator unsigned long() const", "A::operator unsigned long");
	expect(
	    "std::ostream& std::operator<< <std::char_traits<char> >(std::ostream&, char const*)",
	    "std::operator<< <>");
	expect("std::string std::operator+<char>(char const*)", "std::operator+<>");
	expect("A::operator<=>(A const&) const", "A::operator<=>");
	expect("my_operator(int)", "my_operator");
	expect("operators::f(int)", "operators::f");
}

static void lambdas_and_hidden_namespaces_keep_their_names(void **state)
{
	(void)state;
	expect("(anonymous namespace)::f(int)", "(anonymous namespace)::f");
	expect("main::{lambda(int)#1}::operator()(int) const", "main::{lambda(int)#1}::operator()");
	expect("ns::f(int)::{lambda()#2}::operator()() const", "ns::f()::{lambda()#2}::operator()");
	expect("A::g() const::Local::h(int)", "A::g()::Local::h");
}

static void rust_names_keep_their_traits(void **state)
{
	(void)state;
	expect("<alloc::vec::Vec<T> as core::ops::Drop>::drop",
	    "<alloc::vec::Vec<T> as core::ops::Drop>::drop");
	expect("core::ops::function::FnOnce::call_once{{vtable.shim}}",
	    "core::ops::function::FnOnce::call_once{{vtable.shim}}");
	expect("alloc::vec::Vec<T,A>::push", "alloc::vec::Vec<>::push");
	expect("app::main::{closure#0}", "app::main::{closure#0}");
}

static void strings_are_strings(void **state)
{
	(void)state;
	expect(
	    "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >::_M_append(char const*, "
	    "unsigned long)",
	    "std::string::_M_append");
}

static void broken_names_end(void **state)
{
	char tiny[4];

	(void)state;
	expect("f<int", "f<>");
	expect("g(int", "g");
	expect("h>)}", "h>)}");
	expect("x<a->b>", "x<>");
	short_name("abcdef<int>", tiny, sizeof tiny);
	assert_string_equal(tiny, "abc");
}

static void a_site_keeps_its_place(void **state)
{
	char text[512];

	(void)state;
	short_name_of_site("void A<int>::f(int) (a.cpp:12)", text, sizeof text);
	assert_string_equal(text, "A<>::f (a.cpp:12)");
	short_name_of_site("malloc_like (libc.so.6)", text, sizeof text);
	assert_string_equal(text, "malloc_like (libc.so.6)");
	short_name_of_site("libz.so+0x1234", text, sizeof text);
	assert_string_equal(text, "libz.so+0x1234");
	short_name_of_site("[unknown]", text, sizeof text);
	assert_string_equal(text, "[unknown]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(c_names_stay),
	    cmocka_unit_test(parameters_and_arguments_of_templates_go),
	    cmocka_unit_test(return_types_of_templates_go),
	    cmocka_unit_test(operators_keep_their_signs),
	    cmocka_unit_test(lambdas_and_hidden_namespaces_keep_their_names),
	    cmocka_unit_test(rust_names_keep_their_traits),
	    cmocka_unit_test(strings_are_strings),
	    cmocka_unit_test(broken_names_end),
	    cmocka_unit_test(a_site_keeps_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
