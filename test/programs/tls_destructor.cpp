// A thread_local object allocates 2 blocks in its destructor and keeps 1: 10 threads keep 10
// blocks of 25 bytes.
#include <thread>

#include "program.h"

static void *kept[10];

struct local {
	void **slot = nullptr;
	~local()
	{
		if (slot != nullptr)
			at_thread_end();
	}
	void at_thread_end() const
	{
		*slot = malloc(25);
		free(malloc(26));
	}
};

static thread_local local object;

int main()
{
	for (void *&slot : kept) {
		std::thread([&slot] { object.slot = &slot; }).join();
		CHECK(slot != nullptr);
	}
	say("destroyed");
	return 0;
}
