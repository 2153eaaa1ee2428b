/*
 * 200 pthread keys: pthread_setspecific itself callocs for the high ones. In 5 threads each value
 * is a block of 12 bytes, freed by its key's destructor: 1,000 born in set_all, none live.
 */
#include <pthread.h>

#include "program.h"

static pthread_key_t keys[200];

static void *make_value(void)
{
	return malloc(12);
}

static void *set_all(void *unused)
{
	for (size_t i = 0; i < 200; i++)
		CHECK(pthread_setspecific(keys[i], make_value()) == 0);
	return unused;
}

int main(void)
{
	for (size_t i = 0; i < 200; i++)
		CHECK(pthread_key_create(&keys[i], free) == 0);
	for (int i = 0; i < 5; i++) {
		pthread_t thread;

		CHECK(pthread_create(&thread, NULL, set_all, NULL) == 0);
		CHECK(pthread_join(thread, NULL) == 0);
	}
	say("1000 values");
	return 0;
}
