#include "preload/eh_frame.h"

#include <link.h>
#include <stdatomic.h>
#include <string.h>

#include "base/compiler.h"
#include "preload/byte_cursor.h"
#include "preload/loader.h"

#define PERMANENT_MAX 512

/* Encodings of pointers (DW_EH_PE_*): the format in the low half, what it is relative to in the high half. */
enum {
	FORMAT_ABSOLUTE = 0x00,
	FORMAT_ULEB = 0x01,
	FORMAT_U2 = 0x02,
	FORMAT_U4 = 0x03,
	FORMAT_U8 = 0x04,
	FORMAT_SLEB = 0x09,
	FORMAT_S2 = 0x0a,
	FORMAT_S4 = 0x0b,
	FORMAT_S8 = 0x0c,
	RELATIVE_TO_FIELD = 0x10,
	RELATIVE_TO_HEADER = 0x30,
	RELATIVE_MASK = 0x70,
	INDIRECT = 0x80,
	OMITTED = 0xff,
	SORTED_TABLE = 0x3b /* signed 4 bytes, relative to the header */
};

static struct eh_image permanent[PERMANENT_MAX]; /* by code_start */
static atomic_uint permanent_count;
static atomic_bool init_begun;

/* ---- the pieces of a frame description ---- */

static uint64_t read_pointer(
    struct byte_cursor *cursor, uint8_t encoding, const struct eh_image *image)
{
	uintptr_t field = (uintptr_t)cursor->at + image->moved;
	uint64_t value = 0;

	if (encoding == OMITTED)
		return 0;
	switch (encoding & 0x0f) {
	case FORMAT_ABSOLUTE:
	case FORMAT_U8:
	case FORMAT_S8:
		value = byte_cursor_number(cursor, 8);
		break;
	case FORMAT_ULEB:
		value = byte_cursor_uleb(cursor);
		break;
	case FORMAT_U2:
		value = byte_cursor_number(cursor, 2);
		break;
	case FORMAT_U4:
		value = byte_cursor_number(cursor, 4);
		break;
	case FORMAT_SLEB:
		value = (uint64_t)byte_cursor_sleb(cursor);
		break;
	case FORMAT_S2:
		value = (uint64_t)byte_cursor_signed(cursor, 2);
		break;
	case FORMAT_S4:
		value = (uint64_t)byte_cursor_signed(cursor, 4);
		break;
	default:
		cursor->failed = true;
	}
	switch (encoding & RELATIVE_MASK) {
	case 0:
		return value;
	case RELATIVE_TO_FIELD:
		return value + field;
	case RELATIVE_TO_HEADER:
		return value + (uintptr_t)image->header;
	default:
		cursor->failed = true;
		return 0;
	}
}

/* The body of the entry at AT: what its length field spans. */
static struct byte_cursor open_entry(const struct eh_image *image, const uint8_t *at)
{
	struct byte_cursor cursor = byte_cursor_over(at, image->segment_end);

	if (at < image->segment) {
		cursor.failed = true;
		return cursor;
	}
	uint64_t bytes = byte_cursor_number(&cursor, 4);

	if (bytes == 0xffffffff)
		bytes = byte_cursor_number(&cursor, 8);
	if (cursor.failed || bytes == 0 || bytes > (uint64_t)(cursor.end - cursor.at))
		cursor.failed = true;
	else
		cursor.end = cursor.at + bytes;
	return cursor;
}

static void read_augmentation(const struct eh_image *image, struct byte_cursor *cursor,
    const char *letters, struct eh_common_entry *entry)
{
	uint64_t bytes = byte_cursor_uleb(cursor);
	struct byte_cursor data = *cursor;

	byte_cursor_skip(cursor, bytes);
	entry->has_augmentation = true;
	for (; *letters != '\0'; letters++) {
		switch (*letters) {
		case 'R':
			entry->pointer_encoding = (uint8_t)byte_cursor_number(&data, 1);
			break;
		case 'P': {
			uint8_t encoding = (uint8_t)byte_cursor_number(&data, 1);

			(void)read_pointer(&data, encoding, image);
			break;
		}
		case 'L':
			byte_cursor_skip(&data, 1);
			break;
		case 'S':
			entry->is_signal_frame = true;
			break;
		case 'B': /* aarch64: with which key return addresses are signed, and tagged memory */
		case 'G':
			break;
		default: /* unknown letters carry no data that we could skip */
			return;
		}
	}
}

/* The cursors stand in ENTRY, in the thread's block: here and below they need no room on the host's stack. */
static bool read_common_entry(
    const struct eh_image *image, const uint8_t *at, struct eh_common_entry *entry)
{
	struct byte_cursor *cursor = &entry->program;

	memset(entry, 0, sizeof *entry);
	*cursor = open_entry(image, at);
	if (byte_cursor_number(cursor, 4) != 0)
		return false;
	uint64_t version = byte_cursor_number(cursor, 1);

	if (cursor->failed || (version != 1 && version != 3))
		return false;
	const char *letters = (const char *)cursor->at;
	const uint8_t *zero = memchr(cursor->at, '\0', (size_t)(cursor->end - cursor->at));

	if (zero == NULL)
		return false;
	cursor->at = zero + 1;
	entry->code_factor = byte_cursor_uleb(cursor);
	entry->data_factor = byte_cursor_sleb(cursor);
	uint64_t return_column =
	    version == 1 ? byte_cursor_number(cursor, 1) : byte_cursor_uleb(cursor);

	if (letters[0] == 'z')
		read_augmentation(image, cursor, letters + 1, entry);
	else if (letters[0] != '\0')
		return false;
	return !cursor->failed && return_column == EH_RETURN_ADDRESS &&
	       (entry->pointer_encoding & INDIRECT) == 0;
}

/* not inlined: what it needs of the host's stack is free again while the program runs */
__attribute__((noinline)) static bool read_frame_entry(const struct eh_image *image,
    const uint8_t *at, struct eh_common_entry *common, struct eh_frame_entry *entry)
{
	struct byte_cursor *cursor = &entry->program;

	*cursor = open_entry(image, at);
	const uint8_t *field = cursor->at;
	uint64_t back = byte_cursor_number(cursor, 4);

	if (cursor->failed || back == 0 || back > (uint64_t)(field - image->segment) ||
	    !read_common_entry(image, field - back, common))
		return false;
	entry->start = read_pointer(cursor, common->pointer_encoding, image);
	entry->end = entry->start + read_pointer(cursor, common->pointer_encoding & 0x0f, image);
	if (common->has_augmentation)
		byte_cursor_skip(cursor, byte_cursor_uleb(cursor));
	return !cursor->failed;
}

/* ---- the program that makes a row ---- */

static void set_rule(struct eh_row *row, uint64_t column, enum eh_rule_kind kind, int64_t value)
{
	if (column >= EH_REGISTERS)
		return; /* vector registers: nobody's frame depends on them */
	row->kind[column] = (uint8_t)kind;
	row->value[column] = value;
}

static void restore_rule(struct eh_machine *machine, uint64_t column)
{
	if (column < EH_REGISTERS)
		set_rule(&machine->row, column, machine->initial.kind[column],
		    machine->initial.value[column]);
}

/* The address of the block at the cursor, which is skipped. */
static int64_t read_block(struct byte_cursor *cursor)
{
	const uint8_t *block = cursor->at;

	byte_cursor_skip(cursor, byte_cursor_uleb(cursor));
	return (int64_t)(uintptr_t)block;
}

static void set_cfa(struct eh_row *row, uint64_t column, int64_t offset)
{
	row->cfa_is_expression = false;
	row->cfa_register = column < EH_REGISTERS ? (uint8_t)column : EH_PC;
	row->cfa_value = offset;
}

/* Instructions that define the CFA. False: not one of them. */
static bool run_cfa(
    struct eh_row *row, uint8_t code, struct byte_cursor *program, int64_t data_factor)
{
	switch (code) {
	case 0x0c: { /* def_cfa */
		uint64_t column = byte_cursor_uleb(program);

		set_cfa(row, column, (int64_t)byte_cursor_uleb(program));
		return true;
	}
	case 0x12: { /* def_cfa_sf */
		uint64_t column = byte_cursor_uleb(program);

		set_cfa(row, column, byte_cursor_sleb(program) * data_factor);
		return true;
	}
	case 0x0d: /* def_cfa_register */
		set_cfa(row, byte_cursor_uleb(program), row->cfa_value);
		return true;
	case 0x0e: /* def_cfa_offset */
		row->cfa_value = (int64_t)byte_cursor_uleb(program);
		return true;
	case 0x13: /* def_cfa_offset_sf */
		row->cfa_value = byte_cursor_sleb(program) * data_factor;
		return true;
	case 0x0f: /* def_cfa_expression */
		row->cfa_is_expression = true;
		row->cfa_value = read_block(program);
		return true;
	default:
		return false;
	}
}

/* Instructions that name a register in an operand. False: unknown. */
static bool run_register(
    struct eh_machine *machine, uint8_t code, struct byte_cursor *program, int64_t data_factor)
{
	struct eh_row *row = &machine->row;
	uint64_t column = byte_cursor_uleb(program);

	switch (code) {
	case 0x05: /* offset_extended */
		set_rule(row, column, EH_SAVED_AT_OFFSET,
		    (int64_t)byte_cursor_uleb(program) * data_factor);
		return true;
	case 0x11: /* offset_extended_sf */
		set_rule(row, column, EH_SAVED_AT_OFFSET, byte_cursor_sleb(program) * data_factor);
		return true;
	case 0x2f: /* GNU_negative_offset_extended */
		set_rule(row, column, EH_SAVED_AT_OFFSET,
		    -((int64_t)byte_cursor_uleb(program) * data_factor));
		return true;
	case 0x06: /* restore_extended */
		restore_rule(machine, column);
		return true;
	case 0x07: /* undefined */
		set_rule(row, column, EH_UNDEFINED, 0);
		return true;
	case 0x08: /* same_value */
		set_rule(row, column, EH_SAME, 0);
		return true;
	case 0x09: /* register */
		set_rule(row, column, EH_IN_REGISTER, (int64_t)byte_cursor_uleb(program));
		return true;
	case 0x10: /* expression */
		set_rule(row, column, EH_SAVED_EXPRESSION, read_block(program));
		return true;
	case 0x16: /* val_expression */
		set_rule(row, column, EH_IS_EXPRESSION, read_block(program));
		return true;
	case 0x14: /* val_offset */
		set_rule(
		    row, column, EH_IS_OFFSET, (int64_t)byte_cursor_uleb(program) * data_factor);
		return true;
	case 0x15: /* val_offset_sf */
		set_rule(row, column, EH_IS_OFFSET, byte_cursor_sleb(program) * data_factor);
		return true;
	default:
		return false;
	}
}

/* Instructions that stand for themselves. False: not one of them, or out of room. */
static bool run_state(struct eh_machine *machine, uint8_t code, struct byte_cursor *program)
{
	switch (code) {
	case 0x00: /* nop */
	case 0x2c: /* AARCH64_negate_ra_state, with pc and without: the signature is taken off anyhow */
	case 0x2d: /* and GNU_window_save, another machine's */
		return true;
	case 0x2e: /* GNU_args_size: outgoing arguments, only of interest when landing */
		(void)byte_cursor_uleb(program);
		return true;
	case 0x0a: /* remember_state */
		if (machine->remembered_count == EH_REMEMBERED_MAX)
			return false;
		machine->remembered[machine->remembered_count++] = machine->row;
		return true;
	case 0x0b: /* restore_state */
		if (machine->remembered_count == 0)
			return false;
		machine->row = machine->remembered[--machine->remembered_count];
		return true;
	default:
		return false;
	}
}

/* Instructions that move on in the code. False: not one of them. */
static bool run_advance(const struct eh_common_entry *common, uint8_t code,
    struct byte_cursor *program, const struct eh_image *image, uintptr_t *location)
{
	switch (code) {
	case 0x01: /* set_loc */
		*location = read_pointer(program, common->pointer_encoding, image);
		return true;
	case 0x02: /* advance_loc1, 2, 4 */
	case 0x03:
	case 0x04:
		*location +=
		    byte_cursor_number(program, (size_t)1 << (code - 2)) * common->code_factor;
		return true;
	default:
		return false;
	}
}

/* Run PROGRAM from LOCATION until the row for ADDRESS stands. */
static bool run_program(struct eh_machine *machine, const struct eh_common_entry *common,
    struct byte_cursor *program, const struct eh_image *image, uintptr_t location,
    uintptr_t address)
{
	while (program->at < program->end && !program->failed) {
		uint8_t code = (uint8_t)byte_cursor_number(program, 1);
		uint8_t operand = code & 0x3f;

		switch (code >> 6) {
		case 1: /* advance_loc */
			location += operand * common->code_factor;
			break;
		case 2: /* offset */
			set_rule(&machine->row, operand, EH_SAVED_AT_OFFSET,
			    (int64_t)byte_cursor_uleb(program) * common->data_factor);
			continue;
		case 3: /* restore */
			restore_rule(machine, operand);
			continue;
		default:
			if (run_advance(common, code, program, image, &location))
				break;
			if (run_state(machine, code, program) ||
			    run_cfa(&machine->row, code, program, common->data_factor) ||
			    run_register(machine, code, program, common->data_factor))
				continue;
			return false;
		}
		if (location > address)
			return !program->failed;
	}
	return !program->failed;
}

/* ---- finding ---- */

/* The frame description that may hold ADDRESS, or NULL. */
static const uint8_t *search_table(const struct eh_image *image, uintptr_t address)
{
	struct byte_cursor cursor = byte_cursor_over(image->header, image->segment_end);
	uint64_t version = byte_cursor_number(&cursor, 1);
	uint8_t frames_encoding = (uint8_t)byte_cursor_number(&cursor, 1);
	uint8_t count_encoding = (uint8_t)byte_cursor_number(&cursor, 1);
	uint64_t table_encoding = byte_cursor_number(&cursor, 1);

	(void)read_pointer(&cursor, frames_encoding, image);
	uint64_t count = read_pointer(&cursor, count_encoding, image);

	if (cursor.failed || version != 1 || count_encoding == OMITTED ||
	    table_encoding != SORTED_TABLE || count == 0 ||
	    count > (uint64_t)(cursor.end - cursor.at) / 8)
		return NULL;
	const uint8_t *table = cursor.at;
	int64_t wanted = (int64_t)(address - (uintptr_t)image->header);
	uint64_t low = 0, high = count;
	int32_t pair[2];

	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;

		memcpy(pair, table + middle * sizeof pair, sizeof pair);
		if (pair[0] <= wanted)
			low = middle;
		else
			high = middle;
	}
	memcpy(pair, table + low * sizeof pair, sizeof pair);
	return pair[0] <= wanted ? image->header + pair[1] : NULL;
}

/* AT begins an entry: where the next one begins, NULL behind the last one. */
static const uint8_t *next_entry(const struct eh_image *image, const uint8_t *at)
{
	struct byte_cursor body = open_entry(image, at);

	return body.failed ? NULL : body.end;
}

/* The same without a table: one description after the other. */
static const uint8_t *search_all(
    struct eh_machine *machine, const struct eh_image *image, uintptr_t address)
{
	const struct eh_frame_entry *frame = &machine->frame;

	for (const uint8_t *at = image->segment; at != NULL; at = next_entry(image, at))
		if (read_frame_entry(image, at, &machine->common, &machine->frame) &&
		    address - frame->start < frame->end - frame->start)
			return at;
	return NULL;
}

void eh_frame_find_code(struct eh_image *image)
{
	struct eh_common_entry common;
	struct eh_frame_entry frame;

	image->code_start = UINTPTR_MAX;
	image->code_end = 0;
	for (const uint8_t *at = image->segment; at != NULL; at = next_entry(image, at)) {
		if (!read_frame_entry(image, at, &common, &frame) || frame.start >= frame.end)
			continue;
		if (frame.start < image->code_start)
			image->code_start = frame.start;
		if (frame.end > image->code_end)
			image->code_end = frame.end;
	}
}

/* Not inlined: what it needs of the host's stack is free again when the row is visited. */
__attribute__((noinline)) static bool make_row(
    struct eh_machine *machine, const struct eh_image *image, uintptr_t address)
{
	struct eh_common_entry *common = &machine->common;
	struct eh_frame_entry *frame = &machine->frame;
	const uint8_t *at = image->header != NULL ? search_table(image, address)
						  : search_all(machine, image, address);

	if (at == NULL || !read_frame_entry(image, at, common, frame) ||
	    address - frame->start >= frame->end - frame->start)
		return false;
	memset(&machine->row, 0, sizeof machine->row);
	machine->row.kind[EH_RETURN_ADDRESS] = EH_RETURN_ADDRESS_UNTOLD;
	machine->row.cfa_register = EH_PC; /* none yet */
	machine->remembered_count = 0;
	machine->row.is_signal_frame = common->is_signal_frame;
	if (!run_program(machine, common, &common->program, image, 0, UINTPTR_MAX))
		return false;
	machine->initial = machine->row;
	return run_program(machine, common, &frame->program, image, frame->start, address);
}

enum eh_result eh_frame_visit_image(struct eh_machine *machine, const struct eh_image *image,
    uintptr_t address, eh_visitor *visit, void *context)
{
	if (!make_row(machine, image, address))
		return EH_NO_FRAME;
	visit(context, &machine->row);
	return EH_FOUND;
}

/* ---- objects ---- */

/* Describe INFO's object; false when it has no code. */
static bool read_image(const struct dl_phdr_info *info, struct eh_image *image)
{
	uintptr_t header = 0;

	memset(image, 0, sizeof *image);
	image->start = image->code_start = UINTPTR_MAX;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + segment->p_vaddr;

		if (segment->p_type == PT_GNU_EH_FRAME)
			header = start;
		if (segment->p_type != PT_LOAD)
			continue;
		if (start < image->start)
			image->start = start;
		if (start + segment->p_memsz > image->end)
			image->end = start + segment->p_memsz;
		if ((segment->p_flags & PF_X) == 0)
			continue;
		if (start < image->code_start)
			image->code_start = start;
		if (start + segment->p_memsz > image->code_end)
			image->code_end = start + segment->p_memsz;
	}
	for (size_t i = 0; i < info->dlpi_phnum && header != 0; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + segment->p_vaddr;

		if (segment->p_type != PT_LOAD || (segment->p_flags & PF_R) == 0 ||
		    header - start >= segment->p_filesz)
			continue;
		image->header = (const uint8_t *)header; // NOLINT(performance-no-int-to-ptr): ELF
		image->segment = (const uint8_t *)start; // NOLINT(performance-no-int-to-ptr): ELF
		image->segment_end = image->segment + segment->p_filesz;
	}
	return image->code_end != 0;
}

static int add_permanent(struct dl_phdr_info *info, size_t bytes, void *context)
{
	unsigned *count = context;
	struct eh_image image;
	unsigned at = *count;

	(void)bytes;
	if (*count == PERMANENT_MAX)
		return 1;
	if (!read_image(info, &image))
		return 0;
	for (; at > 0 && permanent[at - 1].code_start > image.code_start; at--)
		permanent[at] = permanent[at - 1];
	permanent[at] = image;
	(*count)++;
	return 0;
}

void eh_frame_init(void)
{
	unsigned count = 0;

	if (atomic_exchange_explicit(&init_begun, true, memory_order_acquire))
		return;
	(void)dl_iterate_phdr(add_permanent, &count);
	atomic_store_explicit(&permanent_count, count, memory_order_release);
}

static const struct eh_image *find_permanent(uintptr_t address)
{
	unsigned low = 0;
	unsigned high = atomic_load_explicit(&permanent_count, memory_order_acquire);

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (address < permanent[middle].code_start)
			high = middle;
		else if (address >= permanent[middle].code_end)
			low = middle + 1;
		else
			return &permanent[middle];
	}
	return NULL;
}

bool eh_frame_is_data(uintptr_t address)
{
	unsigned count = atomic_load_explicit(&permanent_count, memory_order_acquire);

	for (unsigned i = 0; i < count; i++)
		if (address - permanent[i].start < permanent[i].end - permanent[i].start)
			return address - permanent[i].code_start >=
			       permanent[i].code_end - permanent[i].code_start;
	return false;
}

struct later_search {
	struct eh_machine *machine;
	eh_visitor *visit;
	void *context;
	uintptr_t address;
	enum eh_result result;
};

static int search_later(struct dl_phdr_info *info, size_t bytes, void *context)
{
	struct later_search *search = context;
	struct eh_image image;

	(void)bytes;
	if (!read_image(info, &image) ||
	    search->address - image.code_start >= image.code_end - image.code_start)
		return 0;
	search->result = eh_frame_visit_image(
	    search->machine, &image, search->address, search->visit, search->context);
	return 1;
}

COLD static enum eh_result visit_later(struct eh_machine *machine, uintptr_t address,
    eh_visitor *visit, void *context, bool *ret_in_later_object)
{
	struct later_search search = {.machine = machine,
	    .visit = visit,
	    .context = context,
	    .address = address,
	    .result = EH_NO_OBJECT};

	loader_visit_for(address, search_later, &search);
	*ret_in_later_object = search.result != EH_NO_OBJECT;
	return search.result;
}

enum eh_result eh_frame_visit(struct eh_machine *machine, uintptr_t address, eh_visitor *visit,
    void *context, bool *ret_in_later_object)
{
	const struct eh_image *image = find_permanent(address);

	*ret_in_later_object = false;
	if (likely(image != NULL))
		return eh_frame_visit_image(machine, image, address, visit, context);
	return visit_later(machine, address, visit, context, ret_in_later_object);
}
