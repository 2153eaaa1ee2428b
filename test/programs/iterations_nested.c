/* A begin while an iteration is open is ignored, and so is an end without a begin: 3 iterations of "outer", none of
 * "inner", 4 ignored marks. */
#include <allocscope/allocscope.h>

#include "program.h"

int main(void)
{
	allocscope_iteration_end();
	for (int i = 0; i < 3; i++) {
		allocscope_iteration_begin("outer");
		allocscope_iteration_begin("inner");
		free(malloc(5));
		allocscope_iteration_end();
	}
	say("3 iterations");
	return 0;
}
