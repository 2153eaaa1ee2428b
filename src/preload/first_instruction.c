#include "preload/first_instruction.h"

#include <string.h>

/*
 * By opcode, what follows:  N nothing  M an operand (ModRM)  B one byte  Z four bytes  b, z an operand and these
 * I a register's whole constant  G operand; more depends on it  j, J jump by one or four bytes  C call  - refused
 */
static const char one_byte_forms[] =
    "MMMMBZ--MMMMBZ--"	/* add or */
    "MMMMBZ--MMMMBZ--"	/* adc sbb */
    "MMMMBZ--MMMMBZ--"	/* and sub */
    "MMMMBZ--MMMMBZ--"	/* xor cmp */
    "----------------"	/* rex prefixes are not opcodes */
    "NNNNNNNNNNNNNNNN"	/* push pop */
    "---M----ZzBb----"	/* movsxd, push, imul */
    "----------------"	/* jumps on a condition */
    "bz-bMMMMMMMM-M--"	/* test xchg mov lea */
    "N-------NN------"	/* nop, cdqe, cqo */
    "--------BZ------"	/* test */
    "BBBBBBBBIIIIIIII"	/* mov */
    "bb-N--bz-N------"	/* shifts, ret, mov, leave */
    "MMMM------------"	/* shifts */
    "--------CJ-j----"	/* call jmp */
    "------GG------GG"; /* test not neg mul div, inc dec jmp push */
/* After 0f. */
static const char two_byte_forms[] = "----------------"
				     "MMMMMMMM------MM" /* moves; endbr64, nop */
				     "--------MMMMMMMM" /* conversions */
				     "----------------"
				     "MMMMMMMMMMMMMMMM" /* cmov */
				     "MMMMMMMMMMMMMMMM" /* sse */
				     "MMMMMMMMMMMMMMMM"
				     "bbbbMMMN------MM"
				     "----------------" /* jumps on a condition */
				     "MMMMMMMMMMMMMMMM" /* set */
				     "---MbM-----MbM-M" /* bt shld bts shrd imul */
				     "MM-M--MMM-bMMMMM" /* cmpxchg movzx popcnt bsf movsx */
				     "MMbMbbb-NNNNNNNN" /* xadd, sse, bswap */
				     "MMMMMMMMMMMMMMMM"
				     "MMMMMMMMMMMMMMMM"
				     "MMMMMMMMMMMMMMM-";

struct reader {
	const uint8_t *code;
	size_t bytes, at;
	bool is_wide, has_prefix; /* rex.w; 66, f2 or f3, which change what follows */
	bool failed;
};

static uint8_t next_byte(struct reader *reader)
{
	if (reader->at >= reader->bytes) {
		reader->failed = true;
		return 0;
	}
	return reader->code[reader->at++];
}

static int64_t next_signed(struct reader *reader, size_t bytes)
{
	int32_t four = 0;
	int8_t one = 0;

	if (reader->bytes - reader->at < bytes) {
		reader->failed = true;
		return 0;
	}
	memcpy(bytes == 1 ? (void *)&one : (void *)&four, reader->code + reader->at, bytes);
	reader->at += bytes;
	return bytes == 1 ? one : four;
}

static void skip(struct reader *reader, size_t bytes)
{
	if (reader->bytes - reader->at < bytes)
		reader->failed = true;
	else
		reader->at += bytes;
}

/* ModRM and what it brings. Returns it. */
static uint8_t read_operand(struct reader *reader, struct first_instruction *instruction)
{
	uint8_t operand = next_byte(reader);
	unsigned mode = operand >> 6, base = operand & 7;

	if (mode == 3)
		return operand;
	if (mode == 0 && base == 5) {
		instruction->relative_at = (uint32_t)reader->at;
		instruction->relative = next_signed(reader, 4);
		return operand;
	}
	if (base == 4)
		base = next_byte(reader) & 7;
	if (mode == 1)
		skip(reader, 1);
	else if (mode == 2 || base == 5)
		skip(reader, 4);
	return operand;
}

/* Opcodes f6, f7, fe and ff, told apart by the middle of their operand. */
static void read_group(struct reader *reader, uint8_t opcode, struct first_instruction *instruction)
{
	unsigned which = read_operand(reader, instruction) >> 3 & 7;

	if (opcode == 0xf6 && which < 2)
		skip(reader, 1);
	else if (opcode == 0xf7 && which < 2)
		skip(reader, 4);
	else if (opcode == 0xfe)
		reader->failed |= which > 1;
	else if (opcode == 0xff) /* a call by way of memory would return to the other place */
		reader->failed |= which > 1 && which != 4 && which != 6;
}

static void read_form(
    struct reader *reader, char form, uint8_t opcode, struct first_instruction *instruction)
{
	switch (form) {
	case 'N':
		break;
	case 'M':
		(void)read_operand(reader, instruction);
		break;
	case 'b':
		(void)read_operand(reader, instruction);
		skip(reader, 1);
		break;
	case 'z':
		(void)read_operand(reader, instruction);
		skip(reader, 4);
		break;
	case 'B':
		skip(reader, 1);
		break;
	case 'Z':
		skip(reader, 4);
		break;
	case 'I':
		skip(reader, reader->is_wide ? 8 : 4);
		break;
	case 'G':
		read_group(reader, opcode, instruction);
		break;
	case 'j':
	case 'J':
	case 'C':
		instruction->kind = form == 'C' ? FIRST_INSTRUCTION_CALL : FIRST_INSTRUCTION_JUMP;
		instruction->relative = next_signed(reader, form == 'j' ? 1 : 4);
		break;
	default:
		reader->failed = true;
	}
}

/* Opcodes of three bytes and of VEX: MAP 1 is that of 0f, 2 has operands, 3 a byte behind them. */
static void read_map(struct reader *reader, unsigned map, struct first_instruction *instruction)
{
	uint8_t opcode = next_byte(reader);
	char form = map == 1 ? two_byte_forms[opcode] : map == 2 ? 'M' : map == 3 ? 'b' : '-';

	read_form(reader, form, opcode, instruction);
}

static void read_two_byte(struct reader *reader, struct first_instruction *instruction)
{
	uint8_t second = reader->at < reader->bytes ? reader->code[reader->at] : 0;
	bool is_longer = second == 0x38 || second == 0x3a;

	reader->at += is_longer;
	read_map(reader, !is_longer ? 1 : second == 0x38 ? 2 : 3, instruction);
}

static uint8_t read_prefixes(struct reader *reader)
{
	uint8_t byte = next_byte(reader);

	for (; byte == 0x66 || byte == 0xf2 || byte == 0xf3 || byte == 0x64 || byte == 0x65;
	     byte = next_byte(reader))
		reader->has_prefix |= byte != 0x64 && byte != 0x65;
	if ((byte & 0xf0) == 0x40) {
		reader->is_wide = (byte & 8) != 0;
		byte = next_byte(reader);
	}
	return byte;
}

/* Operands of two bytes: of these forms no constant gets shorter. */
static bool is_same_with_prefix(uint8_t first, char form)
{
	return first == 0x66 && (form == 'M' || form == 'b' || form == 'B' || form == 'N');
}

bool first_instruction_read(
    const uint8_t *code, size_t bytes, struct first_instruction *ret_instruction)
{
	struct reader reader = {
	    .code = code,
	    .bytes = bytes < FIRST_INSTRUCTION_BYTES ? bytes : FIRST_INSTRUCTION_BYTES,
	};
	struct first_instruction instruction = {.kind = FIRST_INSTRUCTION_PLAIN};
	uint8_t opcode = read_prefixes(&reader);
	char form = one_byte_forms[opcode];

	if (opcode == 0x0f) {
		read_two_byte(&reader, &instruction);
	} else if (opcode == 0xc5) {
		(void)next_byte(&reader);
		read_map(&reader, 1, &instruction);
	} else if (opcode == 0xc4) {
		unsigned map = next_byte(&reader) & 0x1f;

		(void)next_byte(&reader);
		read_map(&reader, map, &instruction);
	} else if (reader.has_prefix && !is_same_with_prefix(code[0], form)) {
		return false; /* constants of two bytes, repetition */
	} else {
		read_form(&reader, form, opcode, &instruction);
	}
	instruction.length = (uint32_t)reader.at;
	*ret_instruction = instruction;
	return !reader.failed;
}

/* jmp *0(%rip) and the target behind it: goes anywhere and changes nothing. */
static uint8_t *put_jump(uint8_t *to, uint64_t target)
{
	static const uint8_t jump[] = {0xff, 0x25, 0, 0, 0, 0};

	memcpy(to, jump, sizeof jump);
	memcpy(to + sizeof jump, &target, sizeof target);
	return to + sizeof jump + sizeof target;
}

/* push 14(%rip), which is the word behind the jump. */
static void put_call(uint8_t *to, uint64_t target, uint64_t back)
{
	static const uint8_t push[] = {0xff, 0x35, 14, 0, 0, 0};

	memcpy(to, push, sizeof push);
	memcpy(put_jump(to + sizeof push, target), &back, sizeof back);
}

static bool set_relative(
    const struct first_instruction *instruction, uint64_t from, uint64_t at, uint8_t *room)
{
	int64_t distance = instruction->relative + (int64_t)(from - at);
	int32_t four = (int32_t)distance;

	memcpy(room + instruction->relative_at, &four, sizeof four);
	return four == distance;
}

bool first_instruction_place(const struct first_instruction *instruction, const uint8_t *code,
    uint64_t from, uint64_t at, uint8_t ret_room[FIRST_INSTRUCTION_ROOM])
{
	uint64_t behind = from + instruction->length;
	uint64_t target = behind + (uint64_t)instruction->relative;

	memset(ret_room, 0xcc, FIRST_INSTRUCTION_ROOM);
	switch (instruction->kind) {
	case FIRST_INSTRUCTION_JUMP:
		(void)put_jump(ret_room, target);
		return true;
	case FIRST_INSTRUCTION_CALL:
		put_call(ret_room, target, behind);
		return true;
	default:
		memcpy(ret_room, code, instruction->length);
		(void)put_jump(ret_room + instruction->length, behind);
		return instruction->relative_at == 0 ||
		       set_relative(instruction, from, at, ret_room);
	}
}
