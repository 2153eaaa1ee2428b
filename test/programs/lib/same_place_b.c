/* Calls back from a large frame; same_place_a does so from a small one, at the same address. */
void same_place_call(void (*function)(void));

__attribute__((noinline)) static void inner(void (*function)(void))
{
	volatile char room[120];

	room[0] = 1;
	function();
	room[1] = room[0];
}

void same_place_call(void (*function)(void))
{
	inner(function);
	__asm__ volatile("" ::: "memory");
}
