/*
 * The library's constructor keeps 3 blocks of 90 bytes before main; its destructor frees and
 * allocates after.
 */
#include "program.h"

extern int constructed_blocks(void);

int main(void)
{
	CHECK(constructed_blocks() == 3);
	say("constructed");
	return 0;
}
