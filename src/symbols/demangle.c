#include "symbols/demangle.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* abi::__cxa_demangle of the C++ ABI. */
typedef char *cxx_demangle_function(const char *name, char *buffer, size_t *length, int *status);

/* Without a C++ runtime on this machine C++ names stay mangled; linking it would make the whole tool
 * depend on what only C++ users need. */
static cxx_demangle_function *find_cxx_demangler(void)
{
	static const char *const libraries[] = {"libstdc++.so.6", "libc++abi.so.1", "libc++.so.1"};
	static cxx_demangle_function *found;
	static bool searched;

	for (size_t i = 0; !searched && found == NULL && i < sizeof libraries / sizeof *libraries;
	     i++) {
		void *library = dlopen(libraries[i], RTLD_NOW | RTLD_LOCAL);
		void *address = library == NULL ? NULL : dlsym(library, "__cxa_demangle");

		memcpy(&found, &address, sizeof found);
	}
	searched = true;
	return found;
}

static char *demangle_cxx(const char *name, size_t length)
{
	cxx_demangle_function *cxx_demangle = find_cxx_demangler();
	char *copy, *result;
	int status = 0;

	if (cxx_demangle == NULL)
		return NULL;
	copy = strndup(name, length);
	if (copy == NULL)
		return NULL;
	result = cxx_demangle(copy, NULL, NULL, &status);
	free(copy);
	if (status != 0 || (result != NULL && strlen(result) > DEMANGLE_BYTES_MAX)) {
		free(result);
		return NULL;
	}
	return result;
}

/* A word that compilers put behind a dot in the name of a copy or a piece of a function. */
static size_t suffix_word_length(const char *text)
{
	static const char *const words[] = {"cold", "part", "constprop", "isra", "lto_priv", "llvm",
	    "localalias", "clone", "warm", "hot", "unlikely"};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		size_t length = strlen(words[i]);

		if (strncmp(text, words[i], length) == 0 &&
		    (text[length] == '\0' || text[length] == '.'))
			return length;
	}
	return 0;
}

/* TEXT, from a dot on, is nothing but such words and numbers. */
static bool is_copy_suffix(const char *text)
{
	bool has_word = false;

	while (*text == '.') {
		size_t length = suffix_word_length(text + 1);

		has_word = has_word || length > 0;
		if (length == 0) /* a hash of ThinLTO has hex digits */
			length = strspn(text + 1, "0123456789abcdefABCDEF");
		if (length == 0)
			return false;
		text += 1 + length;
	}
	return *text == '\0' && has_word;
}

size_t demangle_base_length(const char *linkage_name)
{
	const char *version = strchr(linkage_name + (linkage_name[0] != '\0'), '@');
	const char *dot = linkage_name;

	if (version != NULL) /* name@@VERSION of .symtab */
		return (size_t)(version - linkage_name);
	while (*dot != '\0' && (dot = strchr(dot + 1, '.')) != NULL)
		if (is_copy_suffix(dot))
			return (size_t)(dot - linkage_name);
	return strlen(linkage_name);
}

char *demangle(const char *linkage_name)
{
	const size_t length = demangle_base_length(linkage_name);
	char *result;

	if (strncmp(linkage_name, "_R", 2) == 0)
		return demangle_rust_v0(linkage_name, length);
	if (strncmp(linkage_name, "_Z", 2) != 0)
		return NULL;
	result = demangle_rust_legacy(linkage_name, length);
	return result != NULL ? result : demangle_cxx(linkage_name, length);
}
