/*
 * Closes what the first argument names (standard, all, stderr) before it ends; keep holds 6 blocks
 * of 66 bytes.
 */
#include "program.h"

static void *kept[6];

static void keep(void)
{
	for (size_t i = 0; i < 6; i++)
		kept[i] = malloc(66);
}

static void close_stderr(void)
{
	close(STDERR_FILENO);
}

int main(int argc, char **argv)
{
	CHECK(argc == 2);
	say("closing");
	if (strcmp(argv[1], "standard") == 0) {
		for (int fd = 0; fd <= 2; fd++)
			CHECK(close(fd) == 0);
	} else if (strcmp(argv[1], "all") == 0) {
		closefrom(0);
	} else {
		CHECK(atexit(close_stderr) == 0);
	}
	keep();
	return kept[5] != NULL ? 5 : 6;
}
