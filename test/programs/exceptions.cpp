// 1,000 exceptions thrown through frames that hold blocks: destructors run, nothing under
// throw_deep stays live.
#include <stdexcept>
#include <string>
#include <vector>

#include "program.h"

static int depth_reached;

static void throw_deep(int levels)
{
	std::vector<char> held(100);

	if (levels == 0) {
		depth_reached++;
		throw std::runtime_error(std::string(50, 'x'));
	}
	throw_deep(levels - 1);
}

int main()
{
	int caught = 0;

	for (int i = 0; i < 1000; i++) {
		try {
			throw_deep(9);
		} catch (const std::exception &error) {
			if (std::string(error.what()).size() == 50)
				caught++;
		}
	}
	CHECK(caught == 1000 && depth_reached == 1000);
	say("1000 caught");
	return 0;
}
