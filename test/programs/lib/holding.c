/* A library whose data hold what a program puts there. */
void *holding_word; /* .bss */
void *holding_filled = &holding_word;
__thread void *holding_thread_local;

void holding_put(void *block)
{
	holding_word = block;
}

void holding_put_thread_local(void *block)
{
	holding_thread_local = block;
}
