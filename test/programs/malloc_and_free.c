/* keep: 3 blocks, 60 bytes live. churn: 5 blocks of 7 bytes, none live. Churn is not retention. */
#include "program.h"

static void *kept[3];

static void keep(void)
{
	for (size_t i = 0; i < 3; i++)
		kept[i] = malloc(10 * (i + 1));
}

static void churn(void)
{
	for (int i = 0; i < 5; i++)
		free(malloc(7));
}

int main(void)
{
	keep();
	churn();
	CHECK(kept[0] != NULL && kept[1] != NULL && kept[2] != NULL);
	say("done");
	return 0;
}
