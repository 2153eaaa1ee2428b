/*
 * Other threads of this process, and a child that is a copy of it: what a snapshot with a graph needs of the system.
 * Like system.h: 0 or a value on success, -errno on failure; nothing touches errno, allocates from the host's heap
 * or is a cancellation point; all are async-signal-safe. Linux: system_tasks_linux.c.
 */
#ifndef PRELOAD_SYSTEM_TASKS_H
#define PRELOAD_SYSTEM_TASKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Call VISIT for each thread but the calling one. Returns their number, or -errno without /proc. */
int system_each_thread(void (*visit)(void *context, uint32_t tid), void *context);

struct system_thread_status {
	char state;	  /* as in proc(5): R, S, D, T, t, Z, X; 0: gone */
	uint64_t blocked; /* signal set */
};
void system_thread_status(uint32_t tid, struct system_thread_status *ret_status);
/* The system call that a thread sleeps in, and where it stands. False when it runs, or it is not told. */
#define SYSTEM_CALL_ARGUMENTS 6
struct system_thread_call {
	int64_t number; /* -1: in the kernel, but in no call */
	uintptr_t arguments[SYSTEM_CALL_ARGUMENTS];
	uintptr_t sp, pc; /* behind the call */
};
bool system_thread_call(uint32_t tid, struct system_thread_call *ret_call);

/* HANDLER (NUMBER, siginfo_t *, ucontext_t *) for a signal: with all other signals blocked, on the alternate stack if
 * there is one, restarting calls that can be restarted. */
typedef void system_signal_handler(int number, void *info, void *context);
int system_signal_install(int number, system_signal_handler *handler);
/* The same for a trap: no signal is blocked meanwhile, not even its own; RESTART as SA_RESTART. */
int system_signal_install_trap(int number, system_signal_handler *handler, bool restart);
/* The default action again. */
int system_signal_reset(int number);
void system_signal_block(uint64_t set);
void system_signal_unblock(uint64_t set);
/* The signal has its default action, or HANDLER already. */
bool system_signal_is_free(int number, system_signal_handler *handler);
/* Send NUMBER to a thread with VALUE; the handler reads it back from INFO, false when somebody else sent it. */
int system_signal_thread(uint32_t tid, int number, uintptr_t value);
bool system_signal_value(const void *info, uintptr_t *ret_value);
/* The thread register, for threads that may have none: it is asked of the kernel. */
uintptr_t system_thread_pointer(void);

/*
 * A copy of the process with the calling thread alone, by the bare system call: no fork handler runs, no signal tells
 * of its end, wait(2) of the program does not see it, a debugger is not told. 0 in the copy.
 */
int system_copy_process(void);
/* In the copy: it is the first to go when memory is short, has no descriptor but FD and OTHER (-1: none), and no signal
 * reaches it; UNREADABLE is the handler for memory that cannot be read. */
void system_copy_settle(
    int fd, int other, void (*unreadable)(int number, void *info, void *context));
/* Close all descriptors from FIRST to LAST. */
void system_close_range(unsigned first, unsigned last);
/* In the copy: it dies with the thread that made it. */
void system_copy_die_with_maker(void);
/* In the handler: where. */
uintptr_t system_fault_address(const void *info);
/* Put a page of zeros at ADDRESS. */
int system_map_zeros(uintptr_t address, size_t bytes);
__attribute__((noreturn)) void system_copy_end(int status);
/* In the parent: 1 and its status when it has ended, 0 while it runs, -errno. WAIT: until it has. */
int system_copy_ended(int pid, bool wait, int *ret_status);
void system_copy_kill(int pid);

/*
 * Another program, as the child of such a copy: neither it nor its end is seen by the program. Its output and its
 * errors come through OUTPUT; it has no input and no other descriptor, and signals do what they do by default.
 */
struct system_program {
	int copy;   /* process */
	int output; /* descriptor */
	bool has_ended;
	int status; /* then: as exit(3) has it, 128 + a signal */
};
/* Start the first of PATHS (NULL at the end) that can be executed. 0, or -errno. */
int system_program_start(const char *const *paths, const char *const *arguments,
    const char *const *environment, struct system_program *ret_program);
/* Some of the output: bytes, 0 at its end, -EAGAIN after NS without any, -errno. */
ssize_t system_program_read(
    struct system_program *program, char *buffer, size_t capacity, uint64_t ns);
/* Wait for its end, having killed it if KILL. Its exit status; SYSTEM_PROGRAM_ABSENT: none of PATHS can be executed. */
#define SYSTEM_PROGRAM_ABSENT 127
int system_program_end(struct system_program *program, bool kill);

/* Fewer and larger pages for memory that will be used all over: a hint. */
void system_prefer_large_pages(void *start, size_t bytes);
/* Memory that both sides of a copy see. NULL on failure; give back with system_unmap. */
void *system_map_shared(size_t bytes);
/* As system_wait_while and system_wake_all, in such memory. */
void system_wait_while_shared(const void *word, uint32_t value, uint64_t ns);
void system_wake_all_shared(const void *word);
int system_truncate(int fd, uint64_t bytes);

#endif
