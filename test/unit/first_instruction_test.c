/* What is read as the first instruction of a function, what is refused, and what is written for another place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "preload/first_instruction.h"

static bool read_bytes(const char *code, size_t bytes, struct first_instruction *ret_instruction)
{
	return first_instruction_read((const uint8_t *)code, bytes, ret_instruction);
}

static void assert_length(const char *code, size_t bytes, uint32_t length)
{
	struct first_instruction instruction;

	assert_true(read_bytes(code, bytes, &instruction));
	assert_int_equal(instruction.length, length);
}
#define ASSERT_LENGTH(code, length) assert_length(code, sizeof(code) - 1, length)

static void assert_refused(const char *code, size_t bytes)
{
	struct first_instruction instruction;

	assert_false(read_bytes(code, bytes, &instruction));
}
#define ASSERT_REFUSED(code) assert_refused(code, sizeof(code) - 1)

static void test_lengths(void **state)
{
	(void)state;
	ASSERT_LENGTH("\xf3\x0f\x1e\xfa\x55", 4);			   /* endbr64 */
	ASSERT_LENGTH("\x55\x48\x89\xe5", 1);				   /* push rbp */
	ASSERT_LENGTH("\x41\x57\x41\x56", 2);				   /* push r15 */
	ASSERT_LENGTH("\x48\x83\xec\x18\x90", 4);			   /* sub rsp, 24 */
	ASSERT_LENGTH("\x48\x81\xec\x18\x01\x00\x00\x90", 7);		   /* sub rsp, 280 */
	ASSERT_LENGTH("\x48\x8b\x84\x24\x00\x01\x00\x00\x90", 8);	   /* mov rax, [rsp+256] */
	ASSERT_LENGTH("\x64\x48\x8b\x04\x25\x28\x00\x00\x00\x90", 9);	   /* mov rax, fs:40 */
	ASSERT_LENGTH("\x48\xb8\x01\x02\x03\x04\x05\x06\x07\x08\x90", 10); /* mov rax, constant */
	ASSERT_LENGTH("\xc5\xf8\x77\x90", 3);				   /* vzeroupper */
	ASSERT_LENGTH("\x66\x0f\x70\xc0\x1b\x90", 5);			   /* pshufd */
	ASSERT_LENGTH("\x66\x83\x3f\x07\x90", 4);			   /* cmp word [rdi], 7 */
	ASSERT_LENGTH("\xc3", 1);					   /* ret */
	ASSERT_LENGTH("\xf6\x05\x01\x00\x00\x00\x07\x90", 7); /* test byte [rip+1], 7 */
}

static void test_what_cannot_be_moved_is_refused(void **state)
{
	(void)state;
	ASSERT_REFUSED("\x74\x05\x90\x90\x90\x90\x90");	    /* je */
	ASSERT_REFUSED("\x0f\x84\x05\x00\x00\x00\x90");	    /* je, far */
	ASSERT_REFUSED("\xe3\x05\x90\x90\x90\x90\x90");	    /* jrcxz */
	ASSERT_REFUSED("\xff\x15\x05\x00\x00\x00\x90");	    /* call [rip+5] */
	ASSERT_REFUSED("\xff\xd0\x90\x90");		    /* call rax */
	ASSERT_REFUSED("\xf0\x48\x0f\xb1\x0f\x90");	    /* lock cmpxchg */
	ASSERT_REFUSED("\xf3\x48\xab\x90");		    /* rep stos */
	ASSERT_REFUSED("\x0f\x05\x90");			    /* syscall */
	ASSERT_REFUSED("\xcc\x90\x90");			    /* int3 */
	ASSERT_REFUSED("\x66\x81\x3f\x34\x12\x90\x90\x90"); /* cmp word [rdi], constant */
	ASSERT_REFUSED("\x62\xf1\x7c\x48\x10\x07\x90");	    /* avx-512 */
}

static void test_nothing_is_read_beyond_the_end(void **state)
{
	static const char code[] = "\x64\x48\x8b\x04\x25\x28\x00\x00\x00";
	struct first_instruction instruction;

	(void)state;
	for (size_t bytes = 0; bytes < sizeof code - 1; bytes++)
		assert_false(read_bytes(code, bytes, &instruction));
	assert_true(read_bytes(code, sizeof code - 1, &instruction));
}

static int32_t word_at(const uint8_t *at)
{
	int32_t word;

	memcpy(&word, at, sizeof word);
	return word;
}

static uint64_t address_at(const uint8_t *at)
{
	uint64_t address;

	memcpy(&address, at, sizeof address);
	return address;
}

static void test_an_operand_beside_the_code_stays_where_it_is(void **state)
{
	static const uint8_t code[] = {
	    0x48, 0x8b, 0x05, 0xf9, 0x0f, 0, 0}; /* mov rax, [rip+0xff9] */
	uint8_t room[FIRST_INSTRUCTION_ROOM];
	struct first_instruction instruction;
	uint64_t from = 0x400000, at = 0x500000;

	(void)state;
	assert_true(first_instruction_read(code, sizeof code, &instruction));
	assert_true(first_instruction_place(&instruction, code, from, at, room));
	assert_int_equal((int64_t)at + 7 + word_at(room + 3), (int64_t)from + 7 + 0xff9);
	assert_int_equal(address_at(room + 7 + 6), from + 7);
	assert_false(
	    first_instruction_place(&instruction, code, from, from + ((uint64_t)3 << 30), room));
}

static void test_jumps_and_calls_keep_their_targets(void **state)
{
	static const uint8_t jump[] = {0xeb, 0xfe - 0x10}, call[] = {0xe8, 0x10, 0, 0, 0};
	uint8_t room[FIRST_INSTRUCTION_ROOM];
	struct first_instruction instruction;

	(void)state;
	assert_true(first_instruction_read(jump, sizeof jump, &instruction));
	assert_true(first_instruction_place(&instruction, jump, 0x1000, 0x7f0000000000, room));
	assert_int_equal(address_at(room + 6), 0x1000 - 0x10);
	assert_true(first_instruction_read(call, sizeof call, &instruction));
	assert_true(first_instruction_place(&instruction, call, 0x1000, 0x7f0000000000, room));
	assert_int_equal(address_at(room + 6 + 6), 0x1015);
	assert_int_equal(address_at(room + 6 + 6 + 8), 0x1005);
	assert_int_equal(word_at(room + 2), 6 + 8); /* pushed from there */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lengths),
	    cmocka_unit_test(test_what_cannot_be_moved_is_refused),
	    cmocka_unit_test(test_nothing_is_read_beyond_the_end),
	    cmocka_unit_test(test_an_operand_beside_the_code_stays_where_it_is),
	    cmocka_unit_test(test_jumps_and_calls_keep_their_targets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
