/* Words for what the compiler should know. */
#ifndef BASE_COMPILER_H
#define BASE_COMPILER_H

#define likely(condition)   __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)
#define EXPORT		    __attribute__((visibility("default")))
#define COLD		    __attribute__((cold, noinline))
/* Never __tls_get_addr: it may allocate. */
#define THREAD_LOCAL _Thread_local __attribute__((tls_model("initial-exec")))

#endif
