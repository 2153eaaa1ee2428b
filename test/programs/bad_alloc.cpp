// A new that can't be served throws bad_alloc (nothrow: nullptr) and records nothing; the
// new_handler is asked once.
#include <new>

#include "program.h"

static int handler_calls;

static void handler()
{
	handler_calls++;
	std::set_new_handler(nullptr);
}

static void ask_too_much()
{
	std::set_new_handler(handler);
	bool thrown = false;

	try {
		CHECK(::operator new(huge_size()) == nullptr);
	} catch (const std::bad_alloc &) {
		thrown = true;
	}
	CHECK(thrown && handler_calls == 1);
	CHECK(::operator new(huge_size(), std::nothrow) == nullptr);
}

int main()
{
	ask_too_much();
	say("bad_alloc caught");
	return 0;
}
