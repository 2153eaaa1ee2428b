/* calloc of recycled memory: 1 block of 3 * 500 bytes live, all zero. */
#include "program.h"

static void soil(void)
{
	char *block = malloc(1500);

	CHECK(block != NULL);
	memset(block, 0xff, 1500);
	free(block);
}

static char *clean(void)
{
	return calloc(3, 500);
}

int main(void)
{
	soil();
	char *block = clean();

	CHECK(block != NULL);
	for (int i = 0; i < 1500; i++)
		CHECK(block[i] == 0);
	say("zeroed");
	return 0;
}
