// Throws through frames and catches, for a host that knows nothing of C++.
#include <stdexcept>
#include <string>

extern "C" int throw_and_catch(int times);

static void thrower(int levels)
{
	std::string held(100, 'h');

	if (levels == 0)
		throw std::runtime_error(held);
	thrower(levels - 1);
}

int throw_and_catch(int times)
{
	int caught = 0;

	for (int i = 0; i < times; i++) {
		try {
			thrower(5);
		} catch (const std::runtime_error &) {
			caught++;
		}
	}
	return caught;
}
