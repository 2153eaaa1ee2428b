/*
 * app::parse is left 20 times by an exception, two calls of app::Reader::read between them and the handler; each time 1
 * block of 16 bytes stays. It has an overload, which is called once at the end.
 */
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

static void *kept[21];
static int calls;

namespace app
{

__attribute__((noinline)) int parse(int levels)
{
	if (levels > 0)
		return parse(levels - 1) + 1;
	kept[calls++] = std::malloc(16);
	throw std::runtime_error("parsed");
}

__attribute__((noinline)) int parse(const char *)
{
	return 7;
}

struct Reader {
	int read(int levels) const;
};

__attribute__((noinline)) int Reader::read(int levels) const
{
	return parse(levels) + 1;
}

} // namespace app

int main()
{
	const app::Reader reader;
	int caught = 0;

	for (int i = 0; i < 20; i++) {
		try {
			caught += reader.read(i % 4);
		} catch (const std::runtime_error &) {
			caught++;
		}
	}
	std::printf("%d caught, %d\n", caught, app::parse("text"));
	return 0;
}
