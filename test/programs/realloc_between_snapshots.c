/*
 * Between two snapshots: stays grows in place 100 -> 104; moves goes 1,000 -> 200,000 and gets
 * another address; onto goes 100 -> 5,000 and lands on the address of leaves, which the first
 * snapshot also holds and which died. Kept: 3 blocks, which grew by 4 + 199,000 + 4,900 bytes;
 * died: 1 of 5,000; born: 0.
 */
#include <allocscope/allocscope.h>

#include "program.h"

static void *stays;
static void *moves;
static void *leaves;
static void *onto;
static void *guards[4]; /* keep neighbours from growing in place or merging */

static void make(void)
{
	stays = malloc(100);
	moves = malloc(1000);
	guards[0] = malloc(24);
	leaves = malloc(5000);
	guards[1] = malloc(24);
	onto = malloc(100);
	guards[2] = malloc(24);
}

static void change(void)
{
	uintptr_t stays_at = address_of(stays);
	uintptr_t moves_at = address_of(moves);
	uintptr_t leaves_at = address_of(leaves);

	stays = realloc(stays, 104);
	CHECK(address_of(stays) == stays_at);
	moves = realloc(moves, 200000);
	CHECK(address_of(moves) != moves_at);
	free(leaves);
	onto = realloc(onto, 5000);
	CHECK(address_of(onto) == leaves_at);
}

int main(int argc, char **argv)
{
	CHECK(argc == 3);
	make();
	(void)allocscope_snapshot(argv[1]);
	change();
	(void)allocscope_snapshot(argv[2]);
	say("changed");
	return 0;
}
