/* A failed realloc keeps the block: 1 block of 48 bytes live; freed blocks are told from it. */
#include "program.h"

static char *keep(void)
{
	char *block = malloc(48);

	CHECK(block != NULL);
	block[47] = 'k';
	return block;
}

int main(void)
{
	char *volatile block = keep();

	errno = 0;
	CHECK(realloc(block, huge_size()) == NULL);
	CHECK(errno == ENOMEM && block[47] == 'k');
	say("kept");
	return 0;
}
