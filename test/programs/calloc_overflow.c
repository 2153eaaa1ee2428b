/* A product that overflows: NULL, ENOMEM, nothing recorded. */
#include "program.h"

static void overflow(void)
{
	errno = 0;
	CHECK(calloc(huge_size(), 3) == NULL);
	CHECK(errno == ENOMEM);
}

int main(void)
{
	overflow();
	say("refused");
	return 0;
}
