/* Rows of call frame information built by hand, expressions, and what damaged tables must not do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "preload/cfi_expression.h"
#include "preload/eh_frame.h"

/* ---- one object: header and table, a common entry, one frame description ---- */

#define SEGMENT_BYTES 512
#define HEADER_BYTES  20     /* the table; frames stand behind it */
#define CODE_START    0x1000 /* relative to the segment */
#define CODE_BYTES    0x100

struct object {
	_Alignas(8) uint8_t bytes[SEGMENT_BYTES];
	size_t used;
	size_t frame_at;
	struct eh_image image;
};

static void add(struct object *object, const void *bytes, size_t count)
{
	assert_true(object->used + count <= SEGMENT_BYTES);
	memcpy(object->bytes + object->used, bytes, count);
	object->used += count;
}

static void add_number(struct object *object, int64_t number, size_t bytes)
{
	add(object, &number, bytes);
}

/* CODE_START as a pc-relative field at the present end. */
static void add_code_start(struct object *object)
{
	add_number(object, CODE_START - (int64_t)object->used, 4);
}

static void set_length(struct object *object, size_t at)
{
	uint32_t length = (uint32_t)(object->used - at - 4);

	memcpy(object->bytes + at, &length, 4);
}

/* Code factor 1, data factor -8, column 16; CFA = rsp + 8, return address at CFA - 8. */
static size_t add_common(struct object *object, const char *letters)
{
	static const uint8_t program[] = {0x0c, 7, 8, 0x90, 1};
	size_t at = object->used;

	add_number(object, 0, 4);
	add_number(object, 0, 4);
	add_number(object, 1, 1);
	add(object, letters, strlen(letters) + 1);
	add_number(object, 1, 1);
	add_number(object, 0x78, 1);
	add_number(object, 16, 1);
	add_number(object, 1, 1);
	add_number(object, 0x1b, 1);
	add(object, program, sizeof program);
	set_length(object, at);
	return at;
}

static void build(
    struct object *object, const char *letters, const uint8_t *program, size_t program_bytes)
{
	static const uint8_t header[] = {1, 0x1b, 0x03, 0x3b};

	memset(object, 0, sizeof *object);
	add(object, header, sizeof header);
	add_number(object, 0, 4); /* where .eh_frame is: not needed */
	add_number(object, 1, 4);
	add_number(object, CODE_START, 4);
	add_number(object, 0, 4);
	size_t common = add_common(object, letters);

	object->frame_at = object->used;
	int32_t relative = (int32_t)object->frame_at;

	memcpy(object->bytes + 16, &relative, 4);
	add_number(object, 0, 4);
	add_number(object, (int64_t)(object->used - common), 4);
	add_code_start(object);
	add_number(object, CODE_BYTES, 4);
	add_number(object, 0, 1);
	add(object, program, program_bytes);
	set_length(object, object->frame_at);
	object->image = (struct eh_image){.header = object->bytes,
	    .segment = object->bytes,
	    .segment_end = object->bytes + object->used};
}

static struct eh_machine machine;

static void copy_row(void *context, const struct eh_row *row)
{
	*(struct eh_row *)context = *row;
}

static enum eh_result row_at(const struct object *object, unsigned offset, struct eh_row *ret_row)
{
	return eh_frame_visit_image(&machine, &object->image,
	    (uintptr_t)object->bytes + CODE_START + offset, copy_row, ret_row);
}

/* ---- rows ---- */

static void test_function_with_frame_pointer(void **state)
{
	/* push %rbp at 1, mov %rsp,%rbp at 4, leave at 0x50 */
	static const uint8_t program[] = {
	    0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6, 0x02, 0x4c, 0x0c, 7, 8, 0xc6};
	struct object object;
	struct eh_row row;

	(void)state;
	build(&object, "zR", program, sizeof program);
	assert_int_equal(row_at(&object, 0, &row), EH_FOUND);
	assert_int_equal(row.cfa_register, EH_SP);
	assert_int_equal(row.cfa_value, 8);
	assert_int_equal(row.kind[EH_FP], EH_SAME);
	assert_int_equal(row.kind[EH_RETURN_ADDRESS], EH_SAVED_AT_OFFSET);
	assert_int_equal(row.value[EH_RETURN_ADDRESS], -8);
	assert_int_equal(row_at(&object, 1, &row), EH_FOUND);
	assert_int_equal(row.cfa_value, 16);
	assert_int_equal(row.kind[EH_FP], EH_SAVED_AT_OFFSET);
	assert_int_equal(row.value[EH_FP], -16);
	assert_int_equal(row_at(&object, 4, &row), EH_FOUND);
	assert_int_equal(row.cfa_register, EH_FP);
	assert_int_equal(row.cfa_value, 16);
	assert_int_equal(row_at(&object, 0x4f, &row), EH_FOUND);
	assert_int_equal(row.cfa_register, EH_FP);
	assert_int_equal(row_at(&object, 0x50, &row), EH_FOUND);
	assert_int_equal(row.cfa_register, EH_SP);
	assert_int_equal(row.kind[EH_FP], EH_SAME);
	assert_false(row.is_signal_frame);
}

static void test_remembered_rows_come_back(void **state)
{
	/* offset 32; remember; offset 8 at 0x10; restore at 0x11; rbx saved with a factored offset */
	static const uint8_t program[] = {
	    0x0e, 32, 0x05, 3, 3, 0x0a, 0x50, 0x0e, 8, 0x06, 3, 0x41, 0x0b};
	struct object object;
	struct eh_row row;

	(void)state;
	build(&object, "zR", program, sizeof program);
	assert_int_equal(row_at(&object, 0x10, &row), EH_FOUND);
	assert_int_equal(row.cfa_value, 8);
	assert_int_equal(row.kind[EH_RBX], EH_SAME);
	assert_int_equal(row_at(&object, 0x11, &row), EH_FOUND);
	assert_int_equal(row.cfa_value, 32);
	assert_int_equal(row.kind[EH_RBX], EH_SAVED_AT_OFFSET);
	assert_int_equal(row.value[EH_RBX], -24);
}

static void test_expressions_are_given_by_address(void **state)
{
	/* cfa = *(rbp - 8); rbp at rbp + 0; return address undefined from 1 on */
	static const uint8_t program[] = {
	    0x0f, 3, 0x76, 0x78, 0x06, 0x10, 6, 2, 0x76, 0, 0x41, 0x07, 16};
	struct object object;
	struct eh_row row;

	(void)state;
	build(&object, "zRS", program, sizeof program);
	assert_int_equal(row_at(&object, 0, &row), EH_FOUND);
	assert_true(row.cfa_is_expression);
	assert_true(row.is_signal_frame);
	assert_memory_equal((const uint8_t *)(uintptr_t)row.cfa_value, program + 1, 4);
	assert_int_equal(row.kind[EH_FP], EH_SAVED_EXPRESSION);
	assert_memory_equal((const uint8_t *)(uintptr_t)row.value[EH_FP], program + 7, 3);
	assert_int_equal(row_at(&object, 1, &row), EH_FOUND);
	assert_int_equal(row.kind[EH_RETURN_ADDRESS], EH_UNDEFINED);
}

static void test_addresses_outside_have_no_row(void **state)
{
	static const uint8_t program[] = {0};
	struct object object;
	struct eh_row row;

	(void)state;
	build(&object, "zR", program, sizeof program);
	assert_int_equal(row_at(&object, CODE_BYTES, &row), EH_NO_FRAME);
	assert_int_equal(row_at(&object, (unsigned)-1, &row), EH_NO_FRAME);
	assert_int_equal(row_at(&object, CODE_BYTES - 1, &row), EH_FOUND);
}

/* The frames of OBJECT alone, copied to COPY. */
static struct eh_image copy_frames(const struct object *object, uint8_t *copy)
{
	const uint8_t *frames = object->bytes + HEADER_BYTES;
	size_t bytes = object->used - HEADER_BYTES;

	memcpy(copy, frames, bytes);
	return (struct eh_image){.segment = copy,
	    .segment_end = copy + bytes,
	    .moved = (uintptr_t)frames - (uintptr_t)copy};
}

static void test_copied_frames_need_no_table(void **state)
{
	static const uint8_t program[] = {0x41, 0x0e, 16};
	struct object object;
	uint8_t copy[SEGMENT_BYTES];
	struct eh_row row;

	(void)state;
	build(&object, "zR", program, sizeof program);
	const uintptr_t code = (uintptr_t)object.bytes + CODE_START;
	struct eh_image image = copy_frames(&object, copy);

	eh_frame_find_code(&image);
	assert_int_equal(image.code_start, code);
	assert_int_equal(image.code_end, code + CODE_BYTES);
	assert_int_equal(eh_frame_visit_image(&machine, &image, code, copy_row, &row), EH_FOUND);
	assert_int_equal(row.cfa_value, 8);
	assert_int_equal(
	    eh_frame_visit_image(&machine, &image, code + 1, copy_row, &row), EH_FOUND);
	assert_int_equal(row.cfa_value, 16);
	assert_int_equal(
	    eh_frame_visit_image(&machine, &image, code + CODE_BYTES, copy_row, &row), EH_NO_FRAME);
	for (; image.segment_end > image.segment; image.segment_end--) {
		eh_frame_find_code(&image);
		assert_true(
		    image.code_end == 0 || image.segment_end == copy + object.used - HEADER_BYTES);
	}
	eh_frame_find_code(&image);
	assert_int_equal(image.code_end, 0);
}

/* Any byte may be wrong: nothing outside the segment is read (sanitizers and the guard bytes see to it). */
static void test_damaged_bytes_are_survived(void **state)
{
	static const uint8_t program[] = {0x41, 0x0e, 16, 0x86, 2, 0x0a, 0x43, 0x0d, 6, 0x0b};
	struct object object;
	struct eh_row row;
	unsigned found = 0;

	(void)state;
	build(&object, "zR", program, sizeof program);
	for (size_t at = 0; at < object.used; at++)
		for (unsigned value = 0; value < 256; value += 5) {
			uint8_t kept = object.bytes[at];

			object.bytes[at] = (uint8_t)value;
			found += row_at(&object, 8, &row) == EH_FOUND;
			object.bytes[at] = kept;
		}
	assert_true(found > 0);
	for (size_t bytes = 0; bytes < object.used; bytes++) {
		object.image.segment_end = object.bytes + bytes;
		assert_int_equal(row_at(&object, 8, &row), EH_NO_FRAME);
	}
}

static void test_too_many_remembered_rows_are_refused(void **state)
{
	uint8_t program[EH_REMEMBERED_MAX + 1];
	struct object object;
	struct eh_row row;

	(void)state;
	memset(program, 0x0a, sizeof program);
	build(&object, "zR", program, sizeof program - 1);
	assert_int_equal(row_at(&object, 0, &row), EH_FOUND);
	build(&object, "zR", program, sizeof program);
	assert_int_equal(row_at(&object, 0, &row), EH_NO_FRAME);
}

/* This very function, as the compiler described it. */
static void test_own_code_is_found(void **state)
{
	struct eh_row row;
	bool is_later;
	uintptr_t here = (uintptr_t)&test_own_code_is_found;

	(void)state;
	assert_int_equal(eh_frame_visit(&machine, here, copy_row, &row, &is_later), EH_FOUND);
	assert_true(is_later); /* the list of objects that stay is not made yet */
	assert_int_equal(row.cfa_register, EH_SP);
	assert_int_equal(row.cfa_value, 8);
	eh_frame_init();
	assert_int_equal(eh_frame_visit(&machine, here, copy_row, &row, &is_later), EH_FOUND);
	assert_false(is_later);
	assert_int_equal(row.cfa_value, 8);
	assert_int_equal(
	    eh_frame_visit(&machine, (uintptr_t)&row, copy_row, &row, &is_later), EH_NO_OBJECT);
}

/* ---- expressions ---- */

static bool read_fake(void *context, uintptr_t address, size_t bytes, uint64_t *ret_value)
{
	(void)context;
	if (address < 0x1000 || address >= 0x2000)
		return false;
	*ret_value = address * 3;
	if (bytes < 8)
		*ret_value &= ((uint64_t)1 << 8 * bytes) - 1;
	return true;
}

static bool lost;

static bool evaluate(
    const uint8_t *code, size_t bytes, const uint64_t *initial, uint64_t *ret_value)
{
	struct cfi_registers registers = {.known = 1u << EH_SP | 1u << EH_FP};
	const struct cfi_environment environment = {
	    .registers = &registers, .read = read_fake, .needs_lost_register = &lost};
	uint8_t block[64];

	registers.value[EH_SP] = 0x1100;
	registers.value[EH_FP] = 0x1200;
	lost = false;
	assert_true(bytes < sizeof block - 1);
	block[0] = (uint8_t)bytes;
	memcpy(block + 1, code, bytes);
	return cfi_expression_value(&environment, block, initial, ret_value);
}

#define CODE(...) ((const uint8_t[]){__VA_ARGS__}), sizeof((const uint8_t[]){__VA_ARGS__})

static void test_expression_values(void **state)
{
	const uint64_t seven = 7;
	uint64_t value;

	(void)state;
	assert_true(evaluate(CODE(0x76, 0x78, 0x06), NULL, &value)); /* *(rbp - 8) */
	assert_int_equal(value, (0x1200 - 8) * 3);
	assert_true(evaluate(CODE(0x77, 0x10), NULL, &value)); /* rsp + 16 */
	assert_int_equal(value, 0x1110);
	assert_true(evaluate(CODE(0x35), &seven, &value)); /* lit5 above the initial value */
	assert_int_equal(value, 5);
	assert_true(evaluate(CODE(0x23, 0x80, 0x01), &seven, &value)); /* + 128 */
	assert_int_equal(value, 135);
	assert_true(evaluate(CODE(0x3a, 0x33, 0x1b), NULL, &value)); /* 10 / 3 */
	assert_int_equal(value, 3);
	assert_true(evaluate(CODE(0x09, 0xf0, 0x32, 0x26), NULL, &value)); /* -16 >> 2 */
	assert_int_equal((int64_t)value, -4);
	assert_true(evaluate(CODE(0x31, 0x32, 0x16, 0x1c), NULL, &value)); /* 1 2 swap - */
	assert_int_equal(value, 1);
	assert_true(evaluate(CODE(0x31, 0x32, 0x33, 0x17), NULL, &value)); /* 1 2 3 rot */
	assert_int_equal(value, 2);
	assert_true(evaluate(CODE(0x0a, 0x08, 0x10, 0x94, 1), NULL, &value)); /* one byte there */
	assert_int_equal(value, 0x18);
}

/* What a lazy binding stub says: rsp + 8 + ((rip & 15) >= 11) << 3. */
static void test_expression_of_a_stub(void **state)
{
	uint64_t value;

	(void)state;
	assert_true(
	    evaluate(CODE(0x77, 8, 0x3b, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22), NULL, &value));
	assert_int_equal(value, 0x1110);
}

static void test_expression_jumps(void **state)
{
	uint64_t value;

	(void)state;
	/* lit1 bra +1 [lit2] lit3 */
	assert_true(evaluate(CODE(0x31, 0x28, 1, 0, 0x32, 0x33), NULL, &value));
	assert_int_equal(value, 3);
	/* a loop without end is left */
	assert_false(evaluate(CODE(0x31, 0x2f, 0xfd, 0xff), NULL, &value));
}

static void test_expressions_that_fail(void **state)
{
	uint64_t value;

	(void)state;
	assert_false(evaluate(CODE(0x06), NULL, &value));	      /* nothing to load */
	assert_false(evaluate(CODE(0x30, 0x06), NULL, &value));	      /* no memory there */
	assert_false(evaluate(CODE(0x31, 0x30, 0x1b), NULL, &value)); /* 1 / 0 */
	assert_false(evaluate(CODE(0x2f, 0x10, 0x00), NULL, &value)); /* out of the block */
	assert_false(evaluate(CODE(0x0e, 1, 2), NULL, &value));	      /* cut */
	assert_false(evaluate(CODE(0xff), NULL, &value));	      /* unknown */
	assert_false(lost);
	assert_false(evaluate(CODE(0x73, 0), NULL, &value)); /* rbx */
	assert_true(lost);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_function_with_frame_pointer),
	    cmocka_unit_test(test_remembered_rows_come_back),
	    cmocka_unit_test(test_expressions_are_given_by_address),
	    cmocka_unit_test(test_addresses_outside_have_no_row),
	    cmocka_unit_test(test_copied_frames_need_no_table),
	    cmocka_unit_test(test_damaged_bytes_are_survived),
	    cmocka_unit_test(test_too_many_remembered_rows_are_refused),
	    cmocka_unit_test(test_own_code_is_found),
	    cmocka_unit_test(test_expression_values),
	    cmocka_unit_test(test_expression_of_a_stub),
	    cmocka_unit_test(test_expression_jumps),
	    cmocka_unit_test(test_expressions_that_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
