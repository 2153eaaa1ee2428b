/* Mangled names and what they mean; the pairs were read off with c++filt and from RFC 2603. */
#include "symbols/demangle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct pair {
	const char *mangled;
	const char *expected; /* NULL: not mangled, or not readable */
};

static void expect_pairs(const struct pair *pairs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *name = demangle(pairs[i].mangled);

		if (pairs[i].expected == NULL) {
			if (name != NULL)
				fail_msg("%s became %s", pairs[i].mangled, name);
		} else {
			if (name == NULL)
				fail_msg("%s was not read", pairs[i].mangled);
			assert_string_equal(name, pairs[i].expected);
		}
		free(name);
	}
}

#define EXPECT_PAIRS(pairs) expect_pairs(pairs, sizeof(pairs) / sizeof *(pairs))

static void plain_names_stay(void **state)
{
	static const struct pair pairs[] = {
	    {"", NULL},
	    {"malloc", NULL},
	    {"_", NULL},
	    {"_Z", NULL},
	    {"_R", NULL},
	    {"_Zx", NULL},
	    {"_start", NULL},
	    {"_Runtime", NULL},
	    {"main.cold", NULL},
	};

	(void)state;
	EXPECT_PAIRS(pairs);
}

static void cxx_names(void **state)
{
	static const struct pair pairs[] = {
	    {"_Znwm", "operator new(unsigned long)"},
	    {"_ZdlPv", "operator delete(void*)"},
	    {"_ZN4deep3boxIiE4fillEi", "deep::box<int>::fill(int)"},
	    {"_ZNKSt6vectorIiSaIiEE4sizeEv",
		"std::vector<int, std::allocator<int> >::size() const"},
	    {"_ZZ4mainENKUliE_clEi", "main::{lambda(int)#1}::operator()(int) const"},
	    {"_ZN12_GLOBAL__N_16hiddenEi", "(anonymous namespace)::hidden(int)"},
	    {"_ZN4deep3boxIiE4fillEi.cold", "deep::box<int>::fill(int)"},
	    {"_ZN4deep3boxIiE4fillEi.constprop.0.isra.0", "deep::box<int>::fill(int)"},
	};
	char *name = demangle("_Znwm");

	(void)state;
	if (name == NULL) {
		print_message("no C++ runtime here: names stay mangled\n");
		skip();
	}
	free(name);
	EXPECT_PAIRS(pairs);
}

static void rust_legacy_names(void **state)
{
	static const struct pair pairs[] = {
	    {"_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE", "core::fmt::Write::write_fmt"},
	    {"_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE.llvm.1234567890",
		"core::fmt::Write::write_fmt"},
	    {"_ZN4core3ptr42drop_in_place$LT$alloc..string..String$GT$17h0123456789abcdefE",
		"core::ptr::drop_in_place<alloc::string::String>"},
	    {"_ZN60_$LT$alloc..string..String$u20$as$u20$core..fmt..Display$GT$3fmt"
	     "17h0123456789abcdefE",
		"<alloc::string::String as core::fmt::Display>::fmt"},
	    {"_ZN4main4main28_$u7b$$u7b$closure$u7d$$u7d$17h0123456789abcdefE",
		"main::main::{{closure}}"},
	    {"_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$3bar"
	     "17h930b740aa94f1d3aE",
		"<Test + 'static as foo::Bar<Test>>::bar"},
	    {"_ZN3foo17h05af221e174051e9E", "foo"},
	    {"_ZN12$RF$mut$u20$a..b3foo17h05af221e174051e9E", NULL}, /* lengths don't fit */
	};

	(void)state;
	EXPECT_PAIRS(pairs);
}

static void rust_legacy_needs_its_hash(void **state)
{
	static const char *const names[] = {
	    "_ZN4core3fmt5Write9write_fmtE",
	    "_ZN4core3fmt17h0123456789abcdeE",
	    "_ZN4core3fmt17h0123456789abcdeg1E",
	    "_ZN4core3fmt17h0123456789abcdef",
	    "_ZN99999999999999999999core17h0123456789abcdefE",
	    "_ZN17h0123456789abcdef4coreE",
	};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		assert_null(demangle_rust_legacy(names[i], strlen(names[i])));
}

static void rust_v0_names(void **state)
{
	static const struct pair pairs[] = {
	    {"_RNvC6_123foo3bar", "123foo::bar"},
	    {"_RNvC8mycrate_7example", "mycrate_::example"},
	    {"_RNvNtCs1234_7mycrate3foo3bar", "mycrate::foo::bar"},
	    {"_RNCNvCsi_5crate4main0B3_", "crate::main::{closure#0}"},
	    {"_RNCNvCsi_5crate4mains_0B3_", "crate::main::{closure#1}"},
	    {"_RNSNvC5crate4main6vtable", "crate::main::{shim:vtable#0}"},
	    {"_RINvC5crate3fooNtC5crate3BarE", "crate::foo::<crate::Bar>"},
	    {"_RINvC5crate3fooTlmEE", "crate::foo::<(i32, u32)>"},
	    {"_RINvC5crate3fooThEE", "crate::foo::<(u8,)>"},
	    {"_RINvC5crate3fooReE", "crate::foo::<&str>"},
	    {"_RINvC5crate3fooQShE", "crate::foo::<&mut [u8]>"},
	    {"_RINvC5crate3fooPhOaE", "crate::foo::<*const u8, *mut i8>"},
	    {"_RINvC5crate3fooAhj10_E", "crate::foo::<[u8; 16]>"},
	    {"_RINvC5crate3fooKjff_Kinff_Kb1_Kc41_KpE", "crate::foo::<255, -255, true, 'A', _>"},
	    {"_RINvC5crate3fooKoffffffffffffffffff_E", "crate::foo::<0xffffffffffffffffff>"},
	    {"_RINvC5crate3fooKRe616263_E", "crate::foo::<\"abc\">"},
	    {"_RNvMs_C5crateNtC5crate3Bar3baz", "<crate::Bar>::baz"},
	    {"_RNvXC5crateNtC5crate3BarNtC5crate5Trait3baz", "<crate::Bar as crate::Trait>::baz"},
	    {"_RNvYNtC5crate3BarNtC5crate5Trait3baz", "<crate::Bar as crate::Trait>::baz"},
	    {"_RINvC5crate3fooFUKClEuE", "crate::foo::<unsafe extern \"C\" fn(i32)>"},
	    {"_RINvC5crate3fooFEhE", "crate::foo::<fn() -> u8>"},
	    {"_RINvC5crate3fooFG_RL0_hERL0_hE", "crate::foo::<for<'a> fn(&'a u8) -> &'a u8>"},
	    {"_RINvC5crate3fooDNtC5crate5TraitEL_E", "crate::foo::<dyn crate::Trait>"},
	    {"_RINvC5crate3fooDNtC5crate4Iterp4ItemhEL_E",
		"crate::foo::<dyn crate::Iter<Item = u8>>"},
	    {"_RINvC5crate3fooDINtC5crate4IterhEp4ItemhEL_E",
		"crate::foo::<dyn crate::Iter<u8, Item = u8>>"},
	    {"_RINvC5crate3fooNtB2_3BarE", "crate::foo::<crate::Bar>"},
	    {"_RNvC5crateu8gdel_5qa", "crate::punycode{gdel_5qa}"},
	    {"_RNvNtCs1234_7mycrate3foo3barCs5678_5other", "mycrate::foo::bar"},
	    {"_RNvNtCs1234_7mycrate3foo3bar.llvm.123", "mycrate::foo::bar"},
	};

	(void)state;
	EXPECT_PAIRS(pairs);
}

static void rust_v0_refuses_what_does_not_parse(void **state)
{
	static const struct pair pairs[] = {
	    {"_RN", NULL},
	    {"_RNvC5crate", NULL},
	    {"_RNvC9crate3bar", NULL},
	    {"_RNvC5crate3barZ", NULL},
	    {"_RB_", NULL},	  /* points at itself */
	    {"_RNvB_3foo", NULL}, /* goes in a circle */
	    {"_R0NvC5crate3bar", NULL},
	    {"_RINvC5crate3fooRL0_hE", NULL}, /* a lifetime that nothing bound */
	    {"_RINvC5crate3fooFGzzzzzzzz_EuE", NULL},
	    {"_RNvC99999999999999999999999crate3bar", NULL},
	    {"_RNvCszzzzzzzzzzzzzzzzzzzzzzzzz_5crate3bar", NULL},
	    {"_RINvC5crate3fooKcffffffff_E", NULL},
	};

	(void)state;
	EXPECT_PAIRS(pairs);
}

static void append(char *text, size_t size, const char *piece)
{
	const size_t length = strlen(text);

	assert_true(length + strlen(piece) < size);
	(void)snprintf(text + length, size - length, "%s", piece);
}

/* VALUE as base 62: "_" is 0, "0_" is 1. */
static void format_base_62(size_t value, char ret_text[16])
{
	static const char digits[] =
	    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t at = 15;

	ret_text[at] = '\0';
	ret_text[--at] = '_';
	if (value > 0) {
		value--;
		do {
			ret_text[--at] = digits[value % 62];
			value /= 62;
		} while (value > 0);
	}
	memmove(ret_text, ret_text + at, 16 - at);
}

/* Forty types, each a pair of the one before by back reference: 2^40 from 400 characters. */
static void rust_v0_bounds_its_work(void **state)
{
	char name[4096] = "_RINvC1a1b";
	size_t previous = 0;

	(void)state;
	for (int i = 0; i < 40; i++) {
		const size_t here = strlen(name) - 2;
		char reference[16], piece[64];

		format_base_62(previous, reference);
		if (i == 0)
			(void)snprintf(piece, sizeof piece, "ThhE");
		else
			(void)snprintf(piece, sizeof piece, "TB%sB%sE", reference, reference);
		append(name, sizeof name, piece);
		previous = here;
		if (i == 3) { /* sound so far: only the size is the trouble */
			char whole[256] = "";
			char *result;

			append(whole, sizeof whole, name);
			append(whole, sizeof whole, "E");
			result = demangle(whole);
			assert_non_null(result);
			assert_non_null(
			    strstr(result, "((((u8, u8), (u8, u8)), ((u8, u8), (u8, u8))), "));
			free(result);
		}
	}
	append(name, sizeof name, "E");
	assert_null(demangle(name));
}

static void rust_v0_bounds_its_depth(void **state)
{
	char name[20000] = "_RINvC1a1b";

	(void)state;
	memset(name + strlen(name), 'R', 15000);
	append(name, sizeof name, "hE");
	assert_null(demangle(name));
}

static void copies_of_a_function_have_its_name(void **state)
{
	static const struct {
		const char *name;
		size_t length;
	} cases[] = {{"f", 1}, {"f.cold", 1}, {"f.part.0", 1}, {"f.constprop.0.isra.1", 1},
	    {"f.llvm.123456789", 1}, {"f.lto_priv.0", 1}, {"f.localalias", 1}, {"a.b", 3},
	    {"f.1", 3}, {"f.colder", 8}, {".cold", 5}, {"realpath@@GLIBC_2.3", 8}, {"", 0},
	    {"@x", 2}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(demangle_base_length(cases[i].name), cases[i].length);
}

/* Nothing but a crash or a sanitizer's word fails here. */
static void damaged_names_never_crash(void **state)
{
	static const char *const seeds[] = {
	    "_RINvNtCsgEmfK2I1SDS_4core3ptr13drop_in_placeINtNtCslNYArtu3iFV_5alloc5boxed3BoxDG0_"
	    "INtNtNtB4_3ops8function2FnTRL1_INtNtCsjrHSEGnQ3l9_3std5panic13PanicHookInfoL0_EEEp6"
	    "OutputuNtNtB4_6marker4SyncNtB2N_4SendEL_EEB1T_",
	    "_RINvC5crate3fooKjff_Kinff_Kb1_Kc41_KpFG_RL0_hERL0_hDINtC5crate4IterhEp4ItemhEL_E",
	    "_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$3bar"
	    "17h930b740aa94f1d3aE",
	};
	uint32_t seed = 7;

	(void)state;
	for (int round = 0; round < 60000; round++) {
		char name[512];
		size_t length;

		(void)snprintf(name, sizeof name, "%s", seeds[round % 3]);
		length = strlen(name);
		for (int change = 0; change <= round % 4; change++) {
			seed = seed * 1664525u + 1013904223u;
			name[(seed >> 8) % length] = (char)(0x20 + (seed >> 20) % 0x60);
		}
		if (round % 16 == 0)
			name[(seed >> 9) % length] = '\0';
		if (round % 3 == 2)
			free(demangle_rust_legacy(name, strlen(name)));
		else if (strncmp(name, "_R", 2) == 0)
			free(demangle(name));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plain_names_stay),
	    cmocka_unit_test(cxx_names),
	    cmocka_unit_test(rust_legacy_names),
	    cmocka_unit_test(rust_legacy_needs_its_hash),
	    cmocka_unit_test(rust_v0_names),
	    cmocka_unit_test(rust_v0_refuses_what_does_not_parse),
	    cmocka_unit_test(rust_v0_bounds_its_work),
	    cmocka_unit_test(rust_v0_bounds_its_depth),
	    cmocka_unit_test(copies_of_a_function_have_its_name),
	    cmocka_unit_test(damaged_names_never_crash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
