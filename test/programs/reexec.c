/*
 * Under ALLOCSCOPE_REEXEC=1: the arguments, one a line, whether a recording was there from the start, and
 * an assertion that fails if "leak" is the first argument. Compiled in all ways by
 * test/integration/reexec.bats; C11 and C++11.
 */
#include <allocscope/allocscope.h>

void *volatile reexec_kept;

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		printf("[%s]\n", argv[i]);
	printf("%s\n", allocscope_active() ? "active" : "inactive");
	fflush(stdout);
	ALLOCSCOPE_ASSERT_ZERO_RETAINED("reexec")
	{
		reexec_kept = malloc(8);
		if (argc < 2 || argv[1][0] != 'l')
			free(reexec_kept);
	}
	return 3;
}
