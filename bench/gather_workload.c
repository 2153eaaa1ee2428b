/*
 * Would vector gathers compare the words of a known stack faster than unwind_words_hold does?
 *
 *   gather_workload
 *
 * For stacks of 8, 24 and 64 words the nanoseconds of one comparison that finds all equal, the least of many rounds
 * that take turns: as the recorder does it, with AVX2 and with AVX-512 gathers, where the processor has them.
 * ARCHITECTURE.md says what came of it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench/bench_clock.h"
#include "preload/unwind_top.h"

#define WORDS_MAX   64
#define FRAME_WORDS 24 /* at most */
#define ROUNDS	    60
#define COMPARISONS 200000

typedef bool comparison(const struct unwind_word *first, const struct unwind_word *end);

__attribute__((noinline)) static bool one_by_one(
    const struct unwind_word *first, const struct unwind_word *end)
{
	return unwind_words_hold(first, end);
}

#if defined(__x86_64__)
#	include <immintrin.h>

__attribute__((noinline, target("avx2"))) static bool by_four(
    const struct unwind_word *first, const struct unwind_word *end)
{
	for (; end > first; end -= 4) {
		__m256i low = _mm256_loadu_si256((const void *)(end - 4));
		__m256i high = _mm256_loadu_si256((const void *)(end - 2));
		__m256i now = _mm256_i64gather_epi64(NULL, _mm256_unpacklo_epi64(low, high), 1);
		__m256i changed = _mm256_xor_si256(now, _mm256_unpackhi_epi64(low, high));

		if (unlikely(!_mm256_testz_si256(changed, changed)))
			return false;
	}
	return true;
}

__attribute__((noinline, target("avx512f"))) static bool by_eight(
    const struct unwind_word *first, const struct unwind_word *end)
{
	for (; end > first; end -= 8) {
		__m512i low = _mm512_loadu_si512(end - 8);
		__m512i high = _mm512_loadu_si512(end - 4);
		__m512i now = _mm512_i64gather_epi64(_mm512_unpacklo_epi64(low, high), NULL, 1);

		if (unlikely(_mm512_cmpneq_epi64_mask(now, _mm512_unpackhi_epi64(low, high)) != 0))
			return false;
	}
	return true;
}
#endif

static uintptr_t stack[WORDS_MAX * FRAME_WORDS];
static struct unwind_word words[WORDS_MAX];

/* COUNT return addresses in frames of different sizes. */
static void make_stack(unsigned count)
{
	size_t at = 0;

	for (unsigned i = count; i-- > 0;) {
		at += 4 + (size_t)rand() % (FRAME_WORDS - 4);
		stack[at] = (uintptr_t)rand();
		words[i] =
		    (struct unwind_word){.address = (uintptr_t)&stack[at], .value = stack[at]};
	}
}

static double nanoseconds(comparison *compare, unsigned count)
{
	uint64_t start = bench_clock_thread_ns();

	for (int i = 0; i < COMPARISONS; i++) {
		if (!compare(words, words + count))
			abort();
		__asm__ volatile("" ::: "memory");
	}
	return (double)(bench_clock_thread_ns() - start) / COMPARISONS;
}

int main(void)
{
	struct {
		const char *name;
		comparison *compare;
		double least;
	} ways[3] = {{.name = "one by one", .compare = one_by_one}};
	unsigned way_count = 1;

#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2"))
		ways[way_count].name = "AVX2", ways[way_count++].compare = by_four;
	if (__builtin_cpu_supports("avx512f"))
		ways[way_count].name = "AVX-512", ways[way_count++].compare = by_eight;
#endif
	for (unsigned count = 8; count <= WORDS_MAX; count = count == 8 ? 24 : count + 40) {
		make_stack(count);
		for (unsigned i = 0; i < way_count; i++)
			ways[i].least = nanoseconds(ways[i].compare, count);
		for (int round = 1; round < ROUNDS; round++)
			for (unsigned i = 0; i < way_count; i++) {
				double now = nanoseconds(ways[i].compare, count);

				if (now < ways[i].least)
					ways[i].least = now;
			}
		printf("%2u words:", count);
		for (unsigned i = 0; i < way_count; i++)
			printf("  %s %.1f ns", ways[i].name, ways[i].least);
		putchar('\n');
	}
	return 0;
}
