// C++ linked with another allocator, which brings operators of its own. keep: 500 blocks, 10,000
// bytes live; churn: containers that come and go; hand_over: 100 times new[] in one thread,
// delete[] in another.
#include <list>
#include <map>
#include <string>
#include <thread>

#include "program.h"

static void *kept[500];
static char *handed[100];

static void keep()
{
	for (size_t i = 0; i < 500; i++)
		kept[i] = i % 2 == 0 ? ::operator new(20) : new char[20];
}

static void churn()
{
	std::map<int, std::string> words;

	for (int i = 0; i < 2000; i++)
		words[i % 100] = std::string(static_cast<size_t>(i % 200), 'x');
	std::list<int> numbers(500, 1);
	CHECK(words.size() == 100 && numbers.size() == 500);
}

static void hand_over()
{
	for (char *&block : handed)
		block = new char[33];
}

static void cross()
{
	std::thread(hand_over).join();
	for (char *block : handed)
		delete[] block;
}

int main()
{
	keep();
	churn();
	cross();
	CHECK(kept[499] != nullptr);
	say("done");
	return 0;
}
