/* The functions of an ELF file; a damaged one is never read beyond its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "preload/elf_functions.h"
#include "preload/system.h"

struct seen {
	size_t functions, bytes_of_names;
	uint64_t address; /* of this program's main */
};

static void look(void *context, const struct elf_function *function)
{
	struct seen *seen = context;

	seen->functions++;
	seen->bytes_of_names += strlen(function->name);
	if (strcmp(function->name, "main") == 0)
		seen->address = function->address;
}

/* A copy of this program, whose bytes end where its memory does for the sanitizer. */
static unsigned char *read_self(size_t *ret_bytes)
{
	const void *file = system_map_file("/proc/self/exe", ret_bytes);
	unsigned char *copy = malloc(*ret_bytes);

	assert_non_null(file);
	assert_non_null(copy);
	memcpy(copy, file, *ret_bytes);
	system_unmap((void *)(uintptr_t)file, *ret_bytes);
	return copy;
}

static void test_functions_of_this_program(void **state)
{
	struct seen seen = {0}, exported = {0};
	size_t bytes;
	unsigned char *file = read_self(&bytes);

	(void)state;
	assert_true(elf_functions_each(file, bytes, ELF_ALL_FUNCTIONS, look, &seen));
	assert_true(seen.functions > 10 && seen.address != 0);
	assert_true(elf_functions_each(file, bytes, ELF_EXPORTED_FUNCTIONS, look, &exported));
	assert_true(exported.functions < seen.functions);
	free(file);
}

static void test_every_length_is_refused_or_read_within_it(void **state)
{
	size_t bytes;
	unsigned char *file = read_self(&bytes);
	struct seen seen = {0};

	(void)state;
	for (size_t cut = 0; cut < bytes; cut += 1 + cut / 16) {
		unsigned char *part = malloc(cut != 0 ? cut : 1);

		assert_non_null(part);
		memcpy(part, file, cut);
		(void)elf_functions_each(part, cut, ELF_ALL_FUNCTIONS, look, &seen);
		free(part);
	}
	free(file);
}

static void damage(unsigned char *at, size_t bytes, uint32_t *random)
{
	for (unsigned changes = 0; changes < 3; changes++) {
		*random = *random * 1664525u + 1013904223u;
		at[(*random >> 8) % bytes] = (unsigned char)(*random >> 24);
	}
}

/* In the header, and in the table of sections at the end. */
static void test_damaged_bytes_are_refused_or_read_within_the_file(void **state)
{
	size_t bytes;
	unsigned char *file = read_self(&bytes);
	unsigned char *copy = malloc(bytes);
	struct seen seen = {0};
	uint32_t random = 7;

	(void)state;
	assert_non_null(copy);
	for (unsigned round = 0; round < 300; round++) {
		memcpy(copy, file, bytes);
		damage(copy, 64, &random);
		(void)elf_functions_each(copy, bytes, ELF_ALL_FUNCTIONS, look, &seen);
		memcpy(copy, file, bytes);
		damage(copy + bytes - 2048, 2048, &random);
		(void)elf_functions_each(copy, bytes, ELF_ALL_FUNCTIONS, look, &seen);
	}
	free(copy);
	free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_functions_of_this_program),
	    cmocka_unit_test(test_every_length_is_refused_or_read_within_it),
	    cmocka_unit_test(test_damaged_bytes_are_refused_or_read_within_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
