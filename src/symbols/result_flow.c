#include "symbols/result_flow.h"

#include <elf.h>
#include <string.h>

#define REGISTERS 32

/* What is known of a register's content. */
struct content {
	bool is_result, is_loaded, is_global;
	uint32_t base; /* loaded from base + slot, or from the address */
	int64_t slot;
	uint64_t address;
};

struct flow {
	struct content registers[REGISTERS];
	struct result_step *steps;
	size_t count;
};

static void add_step(struct flow *flow, struct result_step step)
{
	if (flow->count < RESULT_STEPS_MAX)
		flow->steps[flow->count++] = step;
}

/* One move: register to register, memory to register, register to memory. */
struct move {
	bool load, store, is_global;
	uint32_t from, to, base; /* registers */
	int64_t displacement;
	uint64_t address;
};

static void follow(struct flow *flow, const struct move *move, uint64_t pc)
{
	const struct content *base = &flow->registers[move->base];

	if (move->load) {
		flow->registers[move->to] = (struct content){.is_loaded = true,
		    .is_global = move->is_global,
		    .base = move->base,
		    .slot = move->displacement,
		    .address = move->address};
		return;
	}
	if (!move->store) {
		flow->registers[move->to] = flow->registers[move->from];
		if (flow->registers[move->to].is_result)
			add_step(flow, (struct result_step){
					   .kind = RESULT_IN_REGISTER, .base = move->to, .pc = pc});
		return;
	}
	if (!flow->registers[move->from].is_result)
		return;
	struct result_step step = {.kind = move->is_global ? RESULT_AT_ADDRESS : RESULT_AT_REGISTER,
	    .base = move->base,
	    .displacement = move->displacement,
	    .address = move->address,
	    .pc = pc};

	if (!move->is_global && base->is_loaded) {
		step.kind = base->is_global ? RESULT_AT_GLOBAL : RESULT_AT_SLOT;
		step.base = base->base;
		step.slot = base->slot;
		step.address = base->address;
	}
	add_step(flow, step);
}

/* ---- x86-64 ---- */

static int64_t little_endian(const unsigned char *bytes, size_t count)
{
	int32_t word = 0;

	if (count == 1)
		return (signed char)bytes[0];
	memcpy(&word, bytes, sizeof word);
	return word;
}

/* Numbers of the instruction set to those of DWARF. */
static uint32_t x86_register(unsigned number)
{
	static const uint32_t low[8] = {0, 2, 1, 3, 7, 6, 4, 5};

	return number < 8 ? low[number] : number;
}

/* The operand of CODE's ModRM byte, the first one. Returns its length with displacement; 0: not followed. */
static size_t x86_operand(const unsigned char *code, size_t count, unsigned rex, uint64_t address,
    struct move *move, bool *ret_is_register)
{
	const unsigned mode = code[0] >> 6, place = code[0] & 7;
	size_t length = 1;
	unsigned base = place;

	*ret_is_register = mode == 3;
	if (mode == 3) {
		move->base = x86_register(place | (rex & 1) << 3);
		return length;
	}
	if (place == 4) {
		if (count < 2 || (code[1] & 0x38) != 0x20 || (rex & 2) != 0)
			return 0; /* with an index: an array element */
		base = code[1] & 7;
		length++;
	}
	size_t wide = mode == 1 ? 1 : mode == 2 || (mode == 0 && place == 5) ? 4 : 0;

	if (length + wide > count || (mode == 0 && place == 4 && base == 5))
		return 0;
	move->displacement = wide != 0 ? little_endian(code + length, wide) : 0;
	length += wide;
	move->base = x86_register(base | (rex & 1) << 3);
	move->is_global = mode == 0 && place == 5;
	if (move->is_global)
		move->address = address + length + (uint64_t)move->displacement;
	return length;
}

/* Length of an instruction that changes no register and no memory that matters: a test, a jump not taken. */
static size_t x86_harmless(const unsigned char *code, size_t count)
{
	if (count >= 3 && (code[0] & 0xf8) == 0x48 && code[1] == 0x85 && code[2] >= 0xc0)
		return 3; /* test register, register */
	if (count >= 2 && (code[0] == 0x74 || code[0] == 0x75))
		return 2; /* je, jne */
	if (count >= 6 && code[0] == 0x0f && (code[1] == 0x84 || code[1] == 0x85))
		return 6;
	return 0;
}

/* Length of an instruction of a function's end: leave, pop, stack pointer back. */
static size_t x86_leaving(const unsigned char *code, size_t count)
{
	if (count >= 1 && (code[0] == 0xc9 || (code[0] & 0xf8) == 0x58))
		return code[0] == 0x58 ? 0 : 1; /* not into rax */
	if (count >= 2 && code[0] == 0x41 && (code[1] & 0xf8) == 0x58)
		return 2;
	if (count >= 4 && code[0] == 0x48 && code[1] == 0x83 && code[2] == 0xc4)
		return 4;
	if (count >= 7 && code[0] == 0x48 && code[1] == 0x81 && code[2] == 0xc4)
		return 7;
	return 0;
}

/* One instruction. Returns its length; 0: no further. */
static size_t x86_step(struct flow *flow, const unsigned char *code, size_t count, uint64_t address)
{
	struct move move = {0};
	size_t length = x86_harmless(code, count);
	bool is_register;

	if (length == 0)
		length = x86_leaving(code, count);
	if (length != 0)
		return length;
	if (count >= 1 && code[0] == 0xc3 && flow->registers[0].is_result && flow->count == 1)
		add_step(flow, (struct result_step){.kind = RESULT_RETURNED, .pc = address});
	if (count < 3 || (code[0] & 0xf8) != 0x48 || (code[1] != 0x89 && code[1] != 0x8b))
		return 0;
	length = x86_operand(code + 2, count - 2, code[0] & 7, address + 2, &move, &is_register);
	if (length == 0)
		return 0;
	const uint32_t named = x86_register((code[2] >> 3 & 7) | (code[0] & 4) << 1);
	const bool to_named = code[1] == 0x8b;

	move.from = to_named && is_register ? move.base : named;
	move.to = to_named || !is_register ? named : move.base;
	move.load = to_named && !is_register;
	move.store = !to_named && !is_register;
	follow(flow, &move, address + 2 + length);
	return 2 + length;
}

/* ---- aarch64 ---- */

static size_t arm_step(struct flow *flow, const unsigned char *code, size_t count, uint64_t address)
{
	uint32_t word;
	struct move move = {0};

	if (count < 4)
		return 0;
	memcpy(&word, code, sizeof word);
	if ((word & 0xffc07fffu) == 0xa8c07bfdu)
		return 4; /* ldp x29, x30, [sp], #n */
	if (word == 0xd65f03c0u && flow->registers[0].is_result && flow->count == 1) {
		add_step(flow, (struct result_step){.kind = RESULT_RETURNED, .pc = address});
		return 0;
	}
	if ((word & 0x7f000000u) == 0x34000000u || (word & 0x7f000000u) == 0x35000000u)
		return 4;			   /* cbz, cbnz: not taken */
	if ((word & 0xffe0ffe0u) == 0xaa0003e0u) { /* mov xd, xm */
		move.from = word >> 16 & 31;
		move.to = word & 31;
	} else if ((word & 0xff800000u) == 0xf9000000u) { /* str, ldr with an unsigned offset */
		move.load = (word & 0x00400000u) != 0;
		move.store = !move.load;
		move.from = move.to = word & 31;
		move.base = word >> 5 & 31;
		move.displacement = (int64_t)(word >> 10 & 0xfff) * 8;
	} else {
		return 0;
	}
	follow(flow, &move, address + 4);
	return 4;
}

size_t result_flow(unsigned machine, const unsigned char *code, size_t count, uint64_t address,
    struct result_step ret_steps[RESULT_STEPS_MAX])
{
	struct flow flow = {.steps = ret_steps};

	if (machine != EM_X86_64 && machine != EM_AARCH64)
		return 0;
	flow.registers[0].is_result = true; /* rax, x0 */
	add_step(&flow, (struct result_step){.kind = RESULT_IN_REGISTER, .base = 0, .pc = address});
	for (size_t at = 0; at < count;) {
		const size_t length = machine == EM_X86_64
					  ? x86_step(&flow, code + at, count - at, address + at)
					  : arm_step(&flow, code + at, count - at, address + at);

		if (length == 0)
			break;
		at += length;
	}
	return flow.count;
}
