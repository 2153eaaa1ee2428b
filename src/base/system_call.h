/*
 * Raw system calls: the result is the value or -errno. Unlike the C library's wrappers they neither touch
 * errno nor are cancellation points, so they may stand anywhere in a foreign process.
 */
#ifndef BASE_SYSTEM_CALL_H
#define BASE_SYSTEM_CALL_H

#include <stdint.h>
#include <sys/syscall.h>

#define SYSTEM_CALL_ARGUMENT(value) ((long)(intptr_t)(value))

#if defined(__x86_64__)
static inline long system_call6(long number, long a, long b, long c, long d, long e, long f)
{
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}
#elif defined(__aarch64__)
static inline long system_call6(long number, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}
#else
#	error "allocscope knows the system calls of x86-64 and aarch64 only"
#endif

#define SYSTEM_CALL_PICK(_1, _2, _3, _4, _5, _6, _7, name, ...) name
#define SYSTEM_CALL_1(n)					system_call6((n), 0, 0, 0, 0, 0, 0)
#define SYSTEM_CALL_2(n, a)					system_call6((n), SYSTEM_CALL_ARGUMENT(a), 0, 0, 0, 0, 0)
#define SYSTEM_CALL_3(n, a, b)                                                                     \
	system_call6((n), SYSTEM_CALL_ARGUMENT(a), SYSTEM_CALL_ARGUMENT(b), 0, 0, 0, 0)
#define SYSTEM_CALL_4(n, a, b, c)                                                                  \
	system_call6((n), SYSTEM_CALL_ARGUMENT(a), SYSTEM_CALL_ARGUMENT(b),                        \
	    SYSTEM_CALL_ARGUMENT(c), 0, 0, 0)
#define SYSTEM_CALL_5(n, a, b, c, d)                                                               \
	system_call6((n), SYSTEM_CALL_ARGUMENT(a), SYSTEM_CALL_ARGUMENT(b),                        \
	    SYSTEM_CALL_ARGUMENT(c), SYSTEM_CALL_ARGUMENT(d), 0, 0)
#define SYSTEM_CALL_6(n, a, b, c, d, e)                                                            \
	system_call6((n), SYSTEM_CALL_ARGUMENT(a), SYSTEM_CALL_ARGUMENT(b),                        \
	    SYSTEM_CALL_ARGUMENT(c), SYSTEM_CALL_ARGUMENT(d), SYSTEM_CALL_ARGUMENT(e), 0)
#define SYSTEM_CALL_7(n, a, b, c, d, e, f)                                                         \
	system_call6((n), SYSTEM_CALL_ARGUMENT(a), SYSTEM_CALL_ARGUMENT(b),                        \
	    SYSTEM_CALL_ARGUMENT(c), SYSTEM_CALL_ARGUMENT(d), SYSTEM_CALL_ARGUMENT(e),             \
	    SYSTEM_CALL_ARGUMENT(f))
/* system_call(SYS_xxx, arguments...): at most six arguments. */
#define system_call(...)                                                                           \
	SYSTEM_CALL_PICK(__VA_ARGS__, SYSTEM_CALL_7, SYSTEM_CALL_6, SYSTEM_CALL_5, SYSTEM_CALL_4,  \
	    SYSTEM_CALL_3, SYSTEM_CALL_2, SYSTEM_CALL_1, )                                         \
	(__VA_ARGS__)

#endif
