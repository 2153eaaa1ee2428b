/*
 * Linked with another allocator than the C library's. keep: 1,000 blocks, 24,000 bytes live
 * (malloc, calloc and realloc); keep_aligned: 50 blocks of 100 bytes, aligned to 128; churn:
 * 20,000 blocks in 4 threads, none live.
 */
#include <pthread.h>

#include "program.h"

static void *kept[1000];
static void *aligned[50];

static void keep(void)
{
	for (size_t i = 0; i < 1000; i++) {
		switch (i % 3) {
		case 0:
			kept[i] = malloc(24);
			break;
		case 1:
			kept[i] = calloc(2, 12);
			break;
		default:
			kept[i] = realloc(malloc(8), 24);
		}
		CHECK(kept[i] != NULL);
	}
}

static void keep_aligned(void)
{
	for (size_t i = 0; i < 50; i++) {
		CHECK(posix_memalign(&aligned[i], 128, 100) == 0);
		CHECK(address_of(aligned[i]) % 128 == 0);
	}
}

static void *churn(void *unused)
{
	for (size_t i = 0; i < 5000; i++) {
		char *block = malloc(1 + i % 3000);

		CHECK(block != NULL);
		block[0] = 1;
		free(block);
	}
	return unused;
}

int main(void)
{
	pthread_t threads[4];

	keep();
	keep_aligned();
	for (size_t i = 0; i < 4; i++)
		CHECK(pthread_create(&threads[i], NULL, churn, NULL) == 0);
	for (size_t i = 0; i < 4; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	say("done");
	return 0;
}
