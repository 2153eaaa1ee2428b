// Every form of new keeps one block and gives one back; sizes tell them apart
// (preload_cplusplus.bats). An aligned new of 64 bytes asks malloc for a multiple of its
// alignment, 128.
#include <new>

#include "program.h"

struct alignas(64) aligned_line {
	char bytes[128];
};

static void *kept[6];
static volatile bool sink;

static void plain()
{
	kept[0] = new char;
	delete new int;
}
static void array()
{
	kept[1] = new char[10];
	delete[] new int[10];
}
static void no_throw()
{
	kept[2] = new (std::nothrow) short;
	delete new (std::nothrow) int;
	kept[3] = new (std::nothrow) char[7];
	delete[] new (std::nothrow) char[9];
}
static void aligned()
{
	aligned_line *line = new aligned_line;
	CHECK(address_of(line) % 64 == 0);
	kept[4] = line;
	delete new aligned_line;
	aligned_line *lines = new aligned_line[3];
	CHECK(address_of(lines) % 64 == 0);
	delete[] lines;
}
static void sized()
{
	kept[5] = ::operator new(31);
	::operator delete(::operator new(32), static_cast<std::size_t>(32));
	::operator delete[](::operator new[](33), static_cast<std::size_t>(33));
	::operator delete(::operator new(64, std::align_val_t(128)), static_cast<std::size_t>(64),
	    std::align_val_t(128));
}

int main()
{
	plain();
	array();
	no_throw();
	aligned();
	sized();
	for (void *block : kept)
		CHECK(block != nullptr);
	sink = true;
	say("done");
	return 0;
}
