/*
 * A pthread key destructor frees the thread's value and allocates on every of its 3 rounds: in 10
 * threads it makes 30 blocks of 40 bytes and keeps 10; store's 10 blocks of 32 bytes are all
 * freed.
 */
#include <pthread.h>

#include "program.h"

static pthread_key_t key;
static void *kept[10];

struct state {
	size_t thread;
	int rounds;
};

static void destructor(void *value)
{
	struct state *state = value;
	void *block = malloc(40);

	if (++state->rounds < 3) {
		free(block);
		CHECK(pthread_setspecific(key, state) == 0); /* asks for another round */
		return;
	}
	kept[state->thread] = block;
	free(state);
}

static void *store(void *argument)
{
	struct state *state = malloc(32);

	CHECK(state != NULL);
	state->thread = (size_t)(uintptr_t)argument;
	state->rounds = 0;
	CHECK(pthread_setspecific(key, state) == 0);
	return NULL;
}

int main(void)
{
	CHECK(pthread_key_create(&key, destructor) == 0);
	for (uintptr_t i = 0; i < 10; i++) {
		pthread_t thread;

		CHECK(pthread_create(&thread, NULL, store, (void *)i) == 0);
		CHECK(pthread_join(thread, NULL) == 0);
		CHECK(kept[i] != NULL);
	}
	say("destroyed");
	return 0;
}
