/*
 * Closes every descriptor from 3 on (ours among them) and opens 40 files of its own in their
 * place: nobody else may write into them.
 */
#include <fcntl.h>

#include "program.h"

int main(void)
{
	char name[] = "own-00.txt";

	closefrom(3);
	for (int i = 0; i < 40; i++) {
		name[4] = (char)('0' + i / 10);
		name[5] = (char)('0' + i % 10);
		int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);

		CHECK(fd >= 0 && write(fd, "mine\n", 5) == 5);
	}
	free(malloc(100));
	say("40 files");
	return 0;
}
