/*
 * A begin while an iteration is open is ignored together with its end, and so is an end without
 * any begin: 3 iterations of "outer" with 1 block each in and after the inner pair, none of
 * "inner", 4 ignored marks.
 */
#include <allocscope/allocscope.h>

#include "program.h"

int main(void)
{
	allocscope_iteration_end();
	for (int i = 0; i < 3; i++) {
		allocscope_iteration_begin("outer");
		ALLOCSCOPE_ITERATION("inner")
		{
			free(malloc(5));
		}
		free(malloc(6));
		allocscope_iteration_end();
	}
	say("3 iterations");
	return 0;
}
