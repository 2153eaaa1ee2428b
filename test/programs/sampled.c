/* What sampling has to get right, with known numbers: churn, blocks of all sizes that stay, an empty block, a vector
 * that doubles, blocks that grow and shrink, threads, a pool, a child. Prints nothing. */
#include <allocscope/allocscope.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ITERATIONS 50

static void *kept[200000];
static size_t kept_count;

static void keep_small(size_t count)
{
	for (size_t i = 0; i < count; i++)
		kept[kept_count++] = malloc(48);
}

static void keep_empty(size_t count)
{
	for (size_t i = 0; i < count; i++)
		kept[kept_count++] = malloc(0);
}

static void keep_large(void)
{
	kept[kept_count++] = calloc(1000, 1000);
}

static void keep_aligned(size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (posix_memalign(&kept[kept_count++], 256, 1000) != 0)
			abort();
}

static void churn(size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *volatile block = malloc(100 + i % 900);

		free(block);
	}
}

/* Blocks that grow from 32 to 4000 bytes in two steps, then shrink to 3000. */
static void keep_grown(size_t count)
{
	for (size_t i = 0; i < count; i++) {
		void *block = malloc(32);

		block = realloc(block, 500);
		block = realloc(block, 4000);
		kept[kept_count++] = realloc(block, 3000);
	}
}

static void *work(void *unused)
{
	(void)unused;
	churn(20000);
	return NULL;
}

static char arena[64 * 1024];

static void use_pool(void)
{
	allocscope_pool_create(arena, "arena");
	for (size_t i = 0; i < 1000; i++)
		allocscope_pool_alloc(arena, arena + i * 64, 64);
	for (size_t i = 0; i < 500; i++)
		allocscope_pool_free(arena, arena + i * 64);
}

static void iterate(void)
{
	for (int i = 0; i < ITERATIONS; i++)
		ALLOCSCOPE_ITERATION("round")
		{
			keep_small(1000);
			keep_empty(2);
			keep_aligned(20);
			keep_grown(40);
			churn(2000);
		}
}

int main(int argc, char **argv)
{
	pthread_t threads[2];

	for (int i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, work, NULL) != 0)
			return 1;
	for (int i = 0; i < 2; i++)
		(void)pthread_join(threads[i], NULL);
	iterate();
	keep_large();
	use_pool();
	allocscope_pause();
	keep_small(1000);
	allocscope_resume();
	if (argc > 1 && strcmp(argv[1], "fork") == 0) {
		pid_t child = fork();

		if (child == 0) {
			churn(1000);
			exit(0);
		}
		if (child < 0 || waitpid(child, NULL, 0) != child)
			return 1;
	}
	return 0;
}
