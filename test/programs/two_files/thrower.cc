/*
 * A scope that an exception leaves, past a destructor whose own scope is judged. Compiled by
 * test/integration/preload_assertions.bats.
 */
#include <allocscope/allocscope.h>
#include <stdexcept>

static void *volatile kept;

static void note(const char *name, uint64_t survivors)
{
	printf("handler %s %llu\n", name, static_cast<unsigned long long>(survivors));
	fflush(stdout);
}

struct careful {
	~careful()
	{
		ALLOCSCOPE_ASSERT_ZERO_RETAINED("unwinding")
		{
			kept = malloc(8);
		}
	}
};

int main()
{
	allocscope_on_failure(note);
	try {
		ALLOCSCOPE_ASSERT_ZERO_RETAINED("thrown")
		{
			careful cleanup;

			throw std::runtime_error("meant");
		}
	} catch (const std::runtime_error &) {
		printf("caught\n");
	}
	return 0;
}
