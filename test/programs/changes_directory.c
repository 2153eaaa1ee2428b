/* Ends in another directory than it started in. */
#include "program.h"

int main(void)
{
	CHECK(chdir("/") == 0);
	free(malloc(10));
	say("moved");
	return 0;
}
