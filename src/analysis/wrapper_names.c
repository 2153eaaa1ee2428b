#include "analysis/wrapper_names.h"

#include <stdlib.h>
#include <string.h>

/* Ascending by strcmp (a test checks it): searched by halves. */
static const char *const exact_names[] = {
    "CRYPTO_malloc",
    "CRYPTO_realloc",
    "CRYPTO_strdup",
    "CRYPTO_zalloc",
    "PyMem_Malloc",
    "PyMem_RawCalloc",
    "PyMem_RawMalloc",
    "PyMem_RawRealloc",
    "PyMem_Realloc",
    "PyObject_Calloc",
    "PyObject_Malloc",
    "PyObject_Realloc",
    "_PyMem_RawCalloc",
    "_PyMem_RawMalloc",
    "_PyMem_RawRealloc",
    "_Znaj",
    "_ZnajRKSt9nothrow_t",
    "_ZnajSt11align_val_t",
    "_ZnajSt11align_val_tRKSt9nothrow_t",
    "_Znam",
    "_ZnamRKSt9nothrow_t",
    "_ZnamSt11align_val_t",
    "_ZnamSt11align_val_tRKSt9nothrow_t",
    "_Znwj",
    "_ZnwjRKSt9nothrow_t",
    "_ZnwjSt11align_val_t",
    "_ZnwjSt11align_val_tRKSt9nothrow_t",
    "_Znwm",
    "_ZnwmRKSt9nothrow_t",
    "_ZnwmSt11align_val_t",
    "_ZnwmSt11align_val_tRKSt9nothrow_t",
    "__asprintf",
    "__asprintf_chk",
    "__libc_calloc",
    "__libc_malloc",
    "__libc_memalign",
    "__libc_pvalloc",
    "__libc_realloc",
    "__libc_reallocarray",
    "__libc_valloc",
    "__posix_memalign",
    "__rdl_alloc",
    "__rdl_alloc_zeroed",
    "__rdl_realloc",
    "__rg_alloc",
    "__rg_alloc_zeroed",
    "__rg_realloc",
    "__rust_alloc",
    "__rust_alloc_zeroed",
    "__rust_realloc",
    "__strdup",
    "__strndup",
    "__vasprintf",
    "__vasprintf_chk",
    "_int_malloc",
    "_int_memalign",
    "_int_realloc",
    "aligned_alloc",
    "alloc::alloc::Global::alloc_impl",
    "alloc::alloc::Global::grow_impl",
    "alloc::alloc::alloc",
    "alloc::alloc::alloc_zeroed",
    "alloc::alloc::exchange_malloc",
    "alloc::alloc::realloc",
    "asprintf",
    "calloc",
    "g_malloc",
    "g_malloc0",
    "g_malloc0_n",
    "g_malloc_n",
    "g_memdup",
    "g_memdup2",
    "g_realloc",
    "g_realloc_n",
    "g_slice_alloc",
    "g_slice_alloc0",
    "g_slice_copy",
    "g_strdup",
    "g_strndup",
    "g_try_malloc",
    "g_try_malloc0",
    "g_try_malloc0_n",
    "g_try_malloc_n",
    "g_try_realloc",
    "g_try_realloc_n",
    "malloc",
    "memalign",
    "memdup",
    "operator new",
    "operator new[]",
    "posix_memalign",
    "pvalloc",
    "realloc",
    "reallocarray",
    "reallocf",
    "safe_calloc",
    "safe_malloc",
    "safe_realloc",
    "std::_Deque_base::_M_allocate_map",
    "std::_Deque_base::_M_allocate_node",
    "std::_Fwd_list_base::_M_get_node",
    "std::_Rb_tree::_M_get_node",
    "std::_Vector_base::_M_allocate",
    "std::__allocate_guarded",
    "std::__cxx11::_List_base::_M_get_node",
    "std::__detail::_Hashtable_alloc::_M_allocate_buckets",
    "std::__detail::_Hashtable_alloc::_M_allocate_node",
    "std::__new_allocator::allocate",
    "std::allocator::allocate",
    "std::allocator_traits::allocate",
    "std::pmr::memory_resource::allocate",
    "std::pmr::polymorphic_allocator::allocate",
    "strdup",
    "strndup",
    "valloc",
    "vasprintf",
    "wcsdup",
    "xasprintf",
    "xcalloc",
    "xmalloc",
    "xmemdup",
    "xmemdup0",
    "xmemdupz",
    "xnmalloc",
    "xnrealloc",
    "xrealloc",
    "xreallocarray",
    "xstrdup",
    "xstrndup",
    "xvasprintf",
    "xzalloc",
    "zcalloc",
    "zmalloc",
    "zrealloc",
    "zstrdup",
    "ztrymalloc",
};

/* Allocators that a program brings along put a prefix before the usual names. */
static const char *const prefixes[] = {
    "__GI_",
    "__GI___libc_",
    "__interceptor_",
    "__wrap_",
    "__real_",
    "je_",
    "jemalloc_",
    "mi_",
    "tc_",
    "tcmalloc::",
    "rpmalloc_",
    "sn_",
    "hm_",
    "h_",
    "scudo_",
    "valgrind_",
};
static const char *const prefixed_names[] = {
    "aligned_alloc",
    "calloc",
    "malloc",
    "memalign",
    "new",
    "newarray",
    "posix_memalign",
    "pvalloc",
    "realloc",
    "reallocarray",
    "strdup",
    "strndup",
    "valloc",
    "zalloc",
};

static const char *const patterns[] = {
    "__gnu_cxx::*allocator::allocate",
    "__gnu_cxx::__alloc_traits::allocate",
    "std::__1::__allocate_at_least",
    "std::__1::__libcpp_allocate",
    "std::__1::__libcpp_operator_new",
    "std::__1::allocator::allocate*",
    "std::__1::allocator_traits::allocate*",
    "* as core::alloc::*Allocator>::allocate*",
    "* as core::alloc::*Allocator>::grow*",
    "* as core::alloc::global::GlobalAlloc>::*alloc*",
};

static int compare_name(const void *key, const void *row)
{
	return strcmp(key, *(const char *const *)row);
}

bool wrapper_names_match(const char *pattern, const char *text)
{
	const char *star = NULL; /* the last '*' seen, and where in TEXT its run ends so far */
	const char *run_end = NULL;

	while (*text != '\0') {
		if (*pattern == '*') {
			star = pattern++;
			run_end = text;
		} else if (*pattern == '?' || *pattern == *text) {
			pattern++;
			text++;
		} else if (star != NULL) {
			pattern = star + 1;
			text = ++run_end;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

static bool is_prefixed_name(const char *bare)
{
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		size_t length = strlen(prefixes[i]);

		if (strncmp(bare, prefixes[i], length) != 0)
			continue;
		for (size_t k = 0; k < sizeof(prefixed_names) / sizeof(prefixed_names[0]); k++) {
			if (strcmp(bare + length, prefixed_names[k]) == 0)
				return true;
		}
	}
	return false;
}

bool wrapper_names_hold(const char *bare)
{
	if (bsearch(bare, exact_names, sizeof(exact_names) / sizeof(exact_names[0]),
		sizeof(exact_names[0]), compare_name) != NULL ||
	    is_prefixed_name(bare))
		return true;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		if (wrapper_names_match(patterns[i], bare))
			return true;
	}
	return false;
}

bool wrapper_names_are_sorted(void)
{
	for (size_t i = 1; i < sizeof(exact_names) / sizeof(exact_names[0]); i++) {
		if (strcmp(exact_names[i - 1], exact_names[i]) >= 0)
			return false;
	}
	return true;
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

/* Length of an operator's signs after the word "operator" at TEXT, or 0: they may be < > ( ) and
 * no brackets. */
static size_t operator_signs(const char *name, const char *text)
{
	static const char *const signs[] = {
	    "()", "<<=", ">>=", "<=>", "->*", "<<", ">>", "<=", ">=", "->", "<", ">"};

	if (text - name < 8 || strncmp(text - 8, "operator", 8) != 0 ||
	    (text - name > 8 && is_word(text[-9])))
		return 0;
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		if (strncmp(text, signs[i], strlen(signs[i])) == 0)
			return strlen(signs[i]);
	}
	return 0;
}

/* Length of what stands at TEXT and is copied whole though it holds brackets; 0 nothing. */
static size_t whole_part(const char *name, const char *text)
{
	static const char anonymous[] = "(anonymous namespace)";
	size_t signs = operator_signs(name, text);

	if (signs == 0 && strncmp(text, anonymous, sizeof(anonymous) - 1) == 0)
		signs = sizeof(anonymous) - 1;
	return signs;
}

/* Length of BARE after a space: what stood before it was the return type, unless the space
 * belongs to the operator's name or stands before template arguments. */
static size_t length_after_space(char *bare, size_t length, char next)
{
	if (length >= 8 && strncmp(bare + length - 8, "operator", 8) == 0) {
		bare[length] = ' ';
		return length + 1;
	}
	return next == '<' ? length : 0;
}

void wrapper_names_bare(const char *function, char *bare, size_t bytes)
{
	size_t length = 0;
	size_t depth = 0;
	/* Rust: <Type as Trait>::method is a name, not arguments. */
	bool is_type_name = function[0] == '<';

	for (const char *p = function; *p != '\0' && length + 1 < bytes; p++) {
		size_t whole = depth == 0 ? whole_part(function, p) : 0;

		if (whole != 0) {
			size_t part = whole < bytes - 1 - length ? whole : bytes - 1 - length;

			memcpy(bare + length, p, part);
			length += part;
			p += whole - 1;
		} else if (*p == '(' && depth == 0) {
			break;
		} else if (*p == '<' && !is_type_name) {
			depth++;
		} else if (*p == '>' && depth != 0) {
			depth--;
		} else if (*p == ' ' && depth == 0 && !is_type_name) {
			length = length_after_space(bare, length, p[1]);
		} else if (depth == 0) {
			bare[length++] = *p;
		}
	}
	bare[length] = '\0';
}
