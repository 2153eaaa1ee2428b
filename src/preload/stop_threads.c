#include "preload/stop_threads.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>

#include "base/compiler.h"
#include "base/system_call.h"
#include "preload/arena.h"
#include "preload/control.h"
#include "preload/options.h"
#include "preload/system.h"

#define SLOTS_MAX	   32768u
#define WAIT_NS		   500000000u	/* for threads that the kernel can wake */
#define WAIT_ASLEEP_NS	   50000000u	/* for those that it cannot, or that block the signal */
#define STAND_NS	   10000000000u /* longest stand of a thread */
#define ROUNDS_MAX	   16		/* over the list of threads */
#define SIGNALS_TO_TRY	   8
#define SIGNAL_BIT(number) ((uint64_t)1 << ((number)-1))

/* The state of a slot names its round, so that a handler that comes late can't take it for the present one. */
#define STATE(round, kind) ((round) << 2 | (kind))

static struct stopped_thread *slots;
static uint32_t caller, slot_count, running_count, interrupted_count, fresh_count;
static atomic_uint
    present_round;	     /* odd: threads stand; the number rises with each stop and release */
static atomic_uint standing; /* in this round; a word to wait for */
static atomic_bool overslept;
static int signal_number; /* 0: not chosen yet */
static bool is_installed;

/* ---- the handler ---- */

#if defined(__x86_64__)
static bool is_call(uintptr_t pc)
{
	const uint8_t *code = (const uint8_t *)pc; // NOLINT(performance-no-int-to-ptr)

	return code[0] == 0x0f && code[1] == 0x05;
}
#endif

/* The kernel steps back to the call that it will make again, or the call has failed with EINTR. */
static bool was_in_call(const struct stopped_thread *slot)
{
#if defined(__x86_64__)
	uintptr_t pc = slot->registers[EH_PC];

	return is_call(pc) || (slot->registers[EH_RAX] == (uintptr_t)-EINTR && is_call(pc - 2));
#else
	(void)slot;
	return false;
#endif
}

#if defined(__x86_64__)
/*
 * Whether the call, which failed with EINTR, means the same when it is made again: it waits for ever, until a fixed
 * time, or the kernel has written down how much time is left. *RET_SLEEP: it goes on with that.
 */
static bool can_be_made_again(const struct system_thread_call *call, bool *ret_sleep)
{
	const int forever = -1;

	*ret_sleep = false;
	switch (call->number) {
	case SYS_pause:
	case SYS_rt_sigsuspend:
	case SYS_ppoll:
	case SYS_pselect6:
	case SYS_select:
	case SYS_semop:
	case SYS_msgrcv:
	case SYS_msgsnd:
		return true;
	case SYS_poll:
		return (int)call->arguments[2] == forever;
	case SYS_epoll_wait:
	case SYS_epoll_pwait:
		return (int)call->arguments[3] == forever;
	case SYS_rt_sigtimedwait:
		return call->arguments[2] == 0;
	case SYS_nanosleep:
		*ret_sleep = true;
		return call->arguments[1] != 0;
	case SYS_clock_nanosleep:
		*ret_sleep = call->arguments[1] == 0;
		return !*ret_sleep || call->arguments[3] != 0;
	default:
		return false;
	}
}

/* The thread was in the call that we know of, and the kernel would let it fail. */
static void restart_call(const struct stopped_thread *slot, ucontext_t *context)
{
	static const int arguments[SYSTEM_CALL_ARGUMENTS] = {
	    REG_RDI, REG_RSI, REG_RDX, REG_R10, REG_R8, REG_R9};
	greg_t *registers = context->uc_mcontext.gregs;
	const struct system_thread_call *call = &slot->call;
	bool sleeps;

	if (call->number < 0 || registers[REG_RAX] != -EINTR ||
	    (uintptr_t)registers[REG_RIP] != call->pc ||
	    (uintptr_t)registers[REG_RSP] != call->sp || !is_call(call->pc - 2) ||
	    !can_be_made_again(call, &sleeps))
		return;
	for (unsigned i = 0; i < SYSTEM_CALL_ARGUMENTS; i++)
		if ((uintptr_t)registers[arguments[i]] != call->arguments[i])
			return;
	/* what is left of a sleep is the sleep to come */
	if (sleeps && call->number == SYS_nanosleep)
		registers[REG_RDI] = registers[REG_RSI];
	else if (sleeps)
		registers[REG_RDX] = registers[REG_R10];
	registers[REG_RAX] = call->number;
	registers[REG_RIP] -= 2;
}
#else
static void restart_call(const struct stopped_thread *slot, ucontext_t *context)
{
	(void)slot;
	(void)context;
}
#endif

static void save(struct stopped_thread *slot, const ucontext_t *context)
{
	size_t count;
	const struct machine_saved *saved = machine_signal_frame(&count);

	for (size_t i = 0; i < count; i++)
		memcpy(&slot->registers[saved[i].column], (const char *)context + saved[i].offset,
		    sizeof(uintptr_t));
#if defined(__x86_64__)
	if (context->uc_mcontext.fpregs != NULL)
		memcpy(slot->vectors, context->uc_mcontext.fpregs->_xmm, sizeof slot->vectors);
#endif
	slot->pointer = system_thread_pointer();
	slot->signal_stack = 0;
	slot->signal_stack_end = 0;
	if ((context->uc_stack.ss_flags & SS_DISABLE) == 0) {
		slot->signal_stack = (uintptr_t)context->uc_stack.ss_sp;
		slot->signal_stack_end = slot->signal_stack + context->uc_stack.ss_size;
	}
	slot->in_call = was_in_call(slot);
}

/* Touches no thread-local memory: there are threads without any. */
static void on_stop(int number, void *info, void *context)
{
	uintptr_t value;
	uint64_t start;

	(void)number;
	if (!system_signal_value(info, &value))
		return;
	unsigned round = (unsigned)(value >> 32);
	unsigned asked = STATE(round, STOPPED_ASKED);
	struct stopped_thread *slot = &slots[(uint32_t)value];

	if (atomic_load_explicit(&present_round, memory_order_acquire) != round ||
	    atomic_load_explicit(&slot->state, memory_order_relaxed) != asked)
		return; /* late: nobody waits any more */
	save(slot, context);
	restart_call(slot, context);
	if (!atomic_compare_exchange_strong_explicit(&slot->state, &asked,
		STATE(round, STOPPED_STANDS), memory_order_release, memory_order_relaxed))
		return;
	atomic_fetch_add_explicit(&standing, 1, memory_order_release);
	system_wake_all(&standing);
	start = system_monotonic_ns();
	while (atomic_load_explicit(&present_round, memory_order_acquire) == round) {
		system_wait_while(&present_round, round, STAND_NS);
		if (system_monotonic_ns() - start >= STAND_NS) {
			atomic_store_explicit(&overslept, true, memory_order_relaxed);
			return;
		}
	}
}

/* ---- the signal ---- */

int stop_threads_signal(void)
{
	int number = __atomic_load_n(&signal_number, __ATOMIC_RELAXED);

	if (options.graph == 0)
		return 0;
	return number > 0 ? number : CONTROL_SIGNAL - 1;
}

bool stop_threads_allows_reset(int number)
{
	return !__atomic_load_n(&is_installed, __ATOMIC_RELAXED) || number != signal_number;
}

/* Once installed the handler stays: a signal that comes late must not meet the default action, which kills. */
static bool install(void)
{
	for (int i = 0; i < SIGNALS_TO_TRY; i++) {
		int number = CONTROL_SIGNAL - 1 - i;

		if (is_installed && number > signal_number)
			continue; /* the program took that one over */
		if (!system_signal_is_free(number, on_stop) ||
		    system_signal_install(number, on_stop) != 0)
			continue;
		__atomic_store_n(&signal_number, number, __ATOMIC_RELAXED);
		__atomic_store_n(&is_installed, true, __ATOMIC_RELAXED);
		return true;
	}
	return false;
}

/* ---- stop ---- */

enum stopped_state stop_threads_state(const struct stopped_thread *slot)
{
	return atomic_load_explicit(&slot->state, memory_order_acquire) & 3;
}

/* From asked to KIND, unless the thread has come. */
static void settle(struct stopped_thread *slot, enum stopped_state kind)
{
	unsigned now = atomic_load_explicit(&slot->state, memory_order_acquire);

	if ((now & 3) == STOPPED_ASKED)
		(void)atomic_compare_exchange_strong(&slot->state, &now, (now & ~3u) | kind);
}

static void count_thread(void *context, uint32_t tid)
{
	(void)context;
	(void)tid;
}

int stop_threads_others(void)
{
	return system_each_thread(count_thread, NULL);
}

static bool is_known(uint32_t tid)
{
	for (uint32_t i = 0; i < slot_count; i++)
		if (slots[i].tid == tid)
			return true;
	return false;
}

static void ask(void *context, uint32_t tid)
{
	unsigned round = atomic_load_explicit(&present_round, memory_order_relaxed);
	struct system_thread_status status;
	struct stopped_thread *slot;

	(void)context;
	if (slot_count == SLOTS_MAX || is_known(tid))
		return;
	slot = &slots[slot_count];
	memset(slot, 0, sizeof *slot);
	slot->tid = tid;
	/* a signal that waits behind a mask cannot be called back */
	system_thread_status(tid, &status);
	bool is_gone = status.state == 0 || status.state == 'Z' || status.state == 'X';
	if (!system_thread_call(tid, &slot->call))
		slot->call.number = -1;
	bool is_blocked = (status.blocked & SIGNAL_BIT(signal_number)) != 0;

	atomic_store_explicit(&slot->state,
	    STATE(round, is_gone      ? STOPPED_GONE
			 : is_blocked ? STOPPED_RUNS
				      : STOPPED_ASKED),
	    memory_order_release);
	slot_count++;
	fresh_count++;
	if (!is_gone && !is_blocked &&
	    system_signal_thread(tid, signal_number, (uintptr_t)round << 32 | (slot_count - 1)) !=
		0)
		settle(slot, STOPPED_GONE);
}

/* Whether it is worth waiting for the thread of SLOT; it may have ended. */
static bool can_come(struct stopped_thread *slot)
{
	struct system_thread_status status;

	system_thread_status(slot->tid, &status);
	if (status.state == 0 || status.state == 'Z' || status.state == 'X') {
		settle(slot, STOPPED_GONE);
		return false;
	}
	return status.state == 'R' || status.state == 'S';
}

static uint32_t count_asked(void)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < slot_count; i++)
		count += stop_threads_state(&slots[i]) == STOPPED_ASKED;
	return count;
}

static bool any_can_come(void)
{
	bool any = false;

	for (uint32_t i = 0; i < slot_count; i++)
		if (stop_threads_state(&slots[i]) == STOPPED_ASKED)
			any = can_come(&slots[i]) || any;
	return any;
}

static void wait_for_all(uint64_t start)
{
	bool hope = true;

	for (;;) {
		unsigned seen = atomic_load_explicit(&standing, memory_order_acquire);
		uint64_t waited = system_monotonic_ns() - start;

		if (count_asked() == 0 || waited > (hope ? WAIT_NS : WAIT_ASLEEP_NS))
			return;
		if (waited > WAIT_ASLEEP_NS / 4)
			hope = any_can_come();
		system_wait_while(&standing, seen, 5000000);
	}
}

/* A new round of threads that were not asked yet: a thread may have started another one meanwhile. */
static int ask_new_ones(void)
{
	fresh_count = 0;
	int result = system_each_thread(ask, NULL);

	return result < 0 ? result : (int)fresh_count;
}

/* Those that did not come go on running. If they sleep in the kernel we know at least where their stack is. */
static void give_up(void)
{
	for (uint32_t i = 0; i < slot_count; i++) {
		struct stopped_thread *slot = &slots[i];

		settle(slot, STOPPED_RUNS);
		if (stop_threads_state(slot) == STOPPED_RUNS) {
			memset(slot->registers, 0, sizeof slot->registers);
			(void)system_thread_call(slot->tid, &slot->call);
			slot->registers[EH_SP] = slot->call.sp;
			running_count++;
		} else if (stop_threads_state(slot) == STOPPED_STANDS) {
			interrupted_count += slot->in_call;
		}
	}
}

int stop_threads(void)
{
	int others = stop_threads_others();

	caller = (uint32_t)system_thread_id();
	slot_count = running_count = interrupted_count = 0;
	if (others <= 0)
		return others;
	if (slots == NULL)
		slots = arena_map(SLOTS_MAX * sizeof *slots, ARENA_BUFFERS);
	if (slots == NULL)
		return -ENOMEM;
	if (!install())
		return -EBUSY;
	atomic_store(&overslept, false);
	atomic_store(&standing, 0);
	atomic_fetch_add(&present_round, 1);
	uint64_t start = system_monotonic_ns();
	int fresh = 1;

	for (unsigned i = 0; i < ROUNDS_MAX && fresh > 0; i++) {
		fresh = ask_new_ones();
		wait_for_all(start);
	}
	if (fresh < 0) {
		release_threads();
		return fresh;
	}
	give_up();
	return 0;
}

void release_threads(void)
{
	if (slot_count == 0)
		return;
	atomic_fetch_add(&present_round, 1);
	system_wake_all(&present_round);
}

bool stop_threads_overslept(void)
{
	return atomic_load(&overslept);
}

uint32_t stop_threads_caller(void)
{
	return caller;
}

uint32_t stop_threads_count(void)
{
	return slot_count;
}

const struct stopped_thread *stop_threads_get(uint32_t number)
{
	return &slots[number];
}

uint32_t stop_threads_running(void)
{
	return running_count;
}

uint32_t stop_threads_interrupted(void)
{
	return interrupted_count;
}
