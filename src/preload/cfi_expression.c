#include "preload/cfi_expression.h"

#include "preload/byte_cursor.h"

#define DEPTH_MAX      12
#define OPERATIONS_MAX 256
#define BLOCK_MAX      4096u /* no compiler writes a longer one */

struct machine {
	const struct cfi_environment *environment;
	struct byte_cursor code;
	const uint8_t *start;
	uint64_t stack[DEPTH_MAX];
	unsigned depth;
	bool failed;
};

static void push(struct machine *machine, uint64_t value)
{
	if (machine->depth == DEPTH_MAX)
		machine->failed = true;
	else
		machine->stack[machine->depth++] = value;
}

static uint64_t pop(struct machine *machine)
{
	if (machine->depth == 0) {
		machine->failed = true;
		return 0;
	}
	return machine->stack[--machine->depth];
}

/* The value INDEX below the top. */
static uint64_t peek(struct machine *machine, uint64_t index)
{
	if (index >= machine->depth) {
		machine->failed = true;
		return 0;
	}
	return machine->stack[machine->depth - 1 - index];
}

static uint64_t register_value(struct machine *machine, uint64_t column)
{
	const struct cfi_registers *registers = machine->environment->registers;

	if (column < EH_REGISTERS && (registers->known >> column & 1) != 0)
		return registers->value[column];
	if (machine->environment->needs_lost_register != NULL)
		*machine->environment->needs_lost_register = true;
	machine->failed = true;
	return 0;
}

static void push_memory(struct machine *machine, size_t bytes)
{
	uint64_t value = 0;

	if (bytes == 0 || bytes > 8 ||
	    !machine->environment->read(machine->environment->context, pop(machine), bytes, &value))
		machine->failed = true;
	push(machine, value);
}

static void jump(struct machine *machine, int64_t distance)
{
	int64_t here = machine->code.at - machine->start;
	int64_t end = machine->code.end - machine->start;

	if (here + distance < 0 || here + distance > end)
		machine->failed = true;
	else
		machine->code.at += distance;
}

/* Constants and registers. False: another operation. */
static bool run_push(struct machine *machine, uint8_t code)
{
	struct byte_cursor *operands = &machine->code;

	if (code >= 0x30 && code <= 0x4f) { /* lit0 to lit31 */
		push(machine, code - 0x30u);
	} else if (code >= 0x70 && code <= 0x8f) { /* breg0 to breg31 */
		uint64_t base = register_value(machine, code - 0x70u);

		push(machine, base + (uint64_t)byte_cursor_sleb(operands));
	} else {
		switch (code) {
		case 0x92: { /* bregx */
			uint64_t base = register_value(machine, byte_cursor_uleb(operands));

			push(machine, base + (uint64_t)byte_cursor_sleb(operands));
			break;
		}
		case 0x03: /* addr */
		case 0x0e: /* const8u */
		case 0x0f: /* const8s */
			push(machine, byte_cursor_number(operands, 8));
			break;
		case 0x08: /* const1u, const2u, const4u */
		case 0x0a:
		case 0x0c:
			push(machine, byte_cursor_number(operands, (size_t)1 << (code - 0x08) / 2));
			break;
		case 0x09: /* const1s, const2s, const4s */
		case 0x0b:
		case 0x0d:
			push(machine,
			    (uint64_t)byte_cursor_signed(operands, (size_t)1 << (code - 0x09) / 2));
			break;
		case 0x10: /* constu */
			push(machine, byte_cursor_uleb(operands));
			break;
		case 0x11: /* consts */
			push(machine, (uint64_t)byte_cursor_sleb(operands));
			break;
		default:
			return false;
		}
	}
	return true;
}

/* Memory, order on the stack, jumps. False: another operation. */
static bool run_move(struct machine *machine, uint8_t code)
{
	uint64_t a, b, c;

	switch (code) {
	case 0x96: /* nop */
		break;
	case 0x06: /* deref */
		push_memory(machine, 8);
		break;
	case 0x94: /* deref_size */
		push_memory(machine, (size_t)byte_cursor_number(&machine->code, 1));
		break;
	case 0x12: /* dup */
		push(machine, peek(machine, 0));
		break;
	case 0x13: /* drop */
		(void)pop(machine);
		break;
	case 0x14: /* over */
		push(machine, peek(machine, 1));
		break;
	case 0x15: /* pick */
		push(machine, peek(machine, byte_cursor_number(&machine->code, 1)));
		break;
	case 0x16: /* swap */
		a = pop(machine);
		b = pop(machine);
		push(machine, a);
		push(machine, b);
		break;
	case 0x17: /* rot */
		a = pop(machine);
		b = pop(machine);
		c = pop(machine);
		push(machine, a);
		push(machine, c);
		push(machine, b);
		break;
	case 0x2f: /* skip */
		jump(machine, byte_cursor_signed(&machine->code, 2));
		break;
	case 0x28: { /* bra */
		int64_t distance = byte_cursor_signed(&machine->code, 2);

		if (pop(machine) != 0)
			jump(machine, distance);
		break;
	}
	default:
		return false;
	}
	return true;
}

/* One operand. False: another operation. */
static bool run_unary(struct machine *machine, uint8_t code)
{
	uint64_t a;

	switch (code) {
	case 0x19: /* abs */
		a = pop(machine);
		push(machine, (int64_t)a < 0 ? 0 - a : a);
		return true;
	case 0x1f: /* neg */
		push(machine, 0 - pop(machine));
		return true;
	case 0x20: /* not */
		push(machine, ~pop(machine));
		return true;
	case 0x23: /* plus_uconst */
		a = pop(machine);
		push(machine, a + byte_cursor_uleb(&machine->code));
		return true;
	default:
		return false;
	}
}

static uint64_t shift_right_signed(uint64_t value, uint64_t count)
{
	int64_t number = (int64_t)value;

	return (uint64_t)(number >> (count < 64 ? count : 63));
}

/* Two operands: B below, A on top. */
static uint64_t combine(struct machine *machine, uint8_t code, uint64_t b, uint64_t a)
{
	switch (code) {
	case 0x1a: /* and */
		return b & a;
	case 0x1b: /* div, signed */
		if (a == 0 || (a == UINT64_MAX && b == (uint64_t)1 << 63))
			break;
		return (uint64_t)((int64_t)b / (int64_t)a);
	case 0x1c: /* minus */
		return b - a;
	case 0x1d: /* mod */
		if (a == 0)
			break;
		return b % a;
	case 0x1e: /* mul */
		return b * a;
	case 0x21: /* or */
		return b | a;
	case 0x22: /* plus */
		return b + a;
	case 0x24: /* shl */
		return a < 64 ? b << a : 0;
	case 0x25: /* shr */
		return a < 64 ? b >> a : 0;
	case 0x26: /* shra */
		return shift_right_signed(b, a);
	case 0x27: /* xor */
		return b ^ a;
	case 0x29: /* eq */
		return b == a;
	case 0x2a: /* ge */
		return (int64_t)b >= (int64_t)a;
	case 0x2b: /* gt */
		return (int64_t)b > (int64_t)a;
	case 0x2c: /* le */
		return (int64_t)b <= (int64_t)a;
	case 0x2d: /* lt */
		return (int64_t)b < (int64_t)a;
	case 0x2e: /* ne */
		return b != a;
	default:
		break;
	}
	machine->failed = true;
	return 0;
}

bool cfi_expression_value(const struct cfi_environment *environment, const uint8_t *block,
    const uint64_t *initial, uint64_t *ret_value)
{
	struct byte_cursor code = byte_cursor_over(block, block + BLOCK_MAX);
	uint64_t bytes = byte_cursor_uleb(&code);
	struct machine machine = {.environment = environment, .code = code, .start = code.at};

	if (bytes > (uint64_t)(code.end - code.at))
		return false;
	machine.code.end = code.at + bytes;
	if (initial != NULL)
		push(&machine, *initial);
	for (unsigned count = 0; machine.code.at < machine.code.end; count++) {
		if (machine.failed || machine.code.failed || count == OPERATIONS_MAX)
			return false;
		uint8_t operation = (uint8_t)byte_cursor_number(&machine.code, 1);

		if (run_push(&machine, operation) || run_move(&machine, operation) ||
		    run_unary(&machine, operation))
			continue;
		uint64_t a = pop(&machine);
		uint64_t b = pop(&machine);

		push(&machine, combine(&machine, operation, b, a));
	}
	uint64_t value = pop(&machine);

	if (machine.failed || machine.code.failed)
		return false;
	*ret_value = value;
	return true;
}
