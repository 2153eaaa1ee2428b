/*
 * All other threads stand still, and what was in their registers is known: for a snapshot with a graph. Each gets a
 * real-time signal of ours; its handler writes the interrupted registers into a slot and waits. Between the gate, which
 * keeps threads out of the hooks, and the copy of the process.
 *
 *   stop_threads      a slot and a signal for each thread of /proc/self/task, until no new one is found
 *   (the copy)
 *   release_threads
 *
 * Every wait is bounded: a thread that blocks the signal (interpose_signals.c keeps it from that, raw system calls
 * escape), or that the kernel does not wake, goes on and is counted. Nothing here takes a lock, allocates from the
 * heap, or touches errno. The kernel restarts most calls (SA_RESTART); of the others, those that wait without a limit,
 * or that were told how much of it is left, are made again (restart_call): pause(2) must not return because of us.
 */
#ifndef PRELOAD_STOP_THREADS_H
#define PRELOAD_STOP_THREADS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "preload/machine.h"
#include "preload/system_tasks.h"

#define STOPPED_VECTORS 16 /* vector registers, 16 bytes of each */

struct stopped_thread {
	atomic_uint state; /* stop_threads_state */
	uint32_t tid;
	bool in_call;			/* interrupted inside a system call */
	struct system_thread_call call; /* that it was in when it was asked; number -1: none */
	uintptr_t
	    registers[EH_REGISTERS]; /* by DWARF number; of a thread that runs: SP only, or 0 */
	uint64_t vectors[2 * STOPPED_VECTORS];
	uintptr_t pointer; /* thread register */
	uintptr_t signal_stack, signal_stack_end;
};

enum stopped_state { STOPPED_ASKED, STOPPED_STANDS, STOPPED_RUNS, STOPPED_GONE };

/* How many other threads there are; -errno without /proc. */
int stop_threads_others(void);
/* Under the snapshot lock, the gate closed. Returns 0, or -errno: nobody stands then. Nothing is done in a process with
 * one thread. */
int stop_threads(void);
void release_threads(void);
/* Some thread stood so long that it went on by itself. */
bool stop_threads_overslept(void);

/* Until the next stop, in the copy too. */
uint32_t stop_threads_caller(void); /* tid of the thread that stopped the others */
uint32_t stop_threads_count(void);
const struct stopped_thread *stop_threads_get(uint32_t number);
enum stopped_state stop_threads_state(const struct stopped_thread *thread);
uint32_t stop_threads_running(void); /* of them those that could not be stopped */
uint32_t stop_threads_interrupted(void);

/* The signal that stops threads, which nobody may block: 0 with graph=0. */
int stop_threads_signal(void);
/* The program sets the action of NUMBER to its default or to be ignored: false when it is ours and must stay. */
bool stop_threads_allows_reset(int number);

#endif
