// One object of each kind of class with virtual functions, each held by a variable of its own, and each holding a
// block of 40 bytes in a field; and blocks of 70 bytes whose first word points elsewhere into modules. The argument
// is a library whose class nobody else knows; the second, if any, names a snapshot without that.
#include <allocscope/allocscope.h>
#include <dlfcn.h>

#include "program.h"

namespace app
{
struct Node {
	virtual ~Node() = default;
	void *payload = malloc(40);
};
struct Leaf : Node {
	long weight = 1;
	void *leaf_payload = malloc(40);
};
struct First {
	virtual ~First() = default;
	void *first_payload = malloc(40);
};
struct Second {
	virtual ~Second() = default;
	void *second_payload = malloc(40);
};
struct Both : First, Second {
	void *both_payload = malloc(40);
};
struct Base {
	virtual ~Base() = default;
	void *base_payload = malloc(40);
};
struct Virtual : virtual Base {
	void *virtual_payload = malloc(40);
};
template <typename T, unsigned long N> struct Ring {
	virtual ~Ring() = default;
	T *items = static_cast<T *>(malloc(40));
	long count = N;
};
struct Plain {
	const void *first;
	void *plain_payload;
};
} // namespace app

namespace
{
struct Hidden {
	virtual ~Hidden() = default;
	void *hidden_payload = malloc(40);
};
} // namespace

static long counter = 1;
static const long constants[4] = {0, 0, 3, 4};
static void *objects[8];
static app::Plain *to_data, *to_constants, *to_code, *to_block;
void *kept_library, *from_library;

static app::Plain *plain(const void *first)
{
	return new app::Plain{first, malloc(70)};
}

int main(int count, char **arguments)
{
	CHECK(count >= 2);
	objects[0] = new app::Node;
	objects[1] = new app::Leaf;
	objects[2] = static_cast<app::Second *>(new app::Both);
	objects[3] = new app::Virtual;
	objects[4] = new app::Ring<int, 3>;
	objects[5] = new app::Ring<unsigned long, 5>;
	objects[6] = new Hidden;
	if (count > 2)
		CHECK(allocscope_snapshot(arguments[2]) == 0);
	kept_library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
	CHECK(kept_library != nullptr);
	from_library = reinterpret_cast<void *(*)()>(dlsym(kept_library, "make_plugin"))();
	to_data = plain(&counter);
	to_constants = plain(&constants[2]);
	to_code = plain(reinterpret_cast<const void *>(&main));
	to_block = plain(to_data);
	say("held");
	return 0;
}
