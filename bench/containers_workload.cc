// A program of C++ containers: maps of strings to vectors, lists, closures, a regular expression.
//
//   containers_workload ROUNDS
//
// Prints a sum over everything that it built, so that two runs can be compared.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <regex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace
{

using index_of_words = std::map<std::string, std::vector<std::uint64_t>>;

struct tree {
	std::unique_ptr<tree> left, right;
	std::uint64_t key = 0;
};

void insert(std::unique_ptr<tree> &place, std::uint64_t key)
{
	if (!place) {
		place = std::make_unique<tree>();
		place->key = key;
		return;
	}
	insert(key < place->key ? place->left : place->right, key);
}

std::uint64_t sum_of(const std::unique_ptr<tree> &place)
{
	return place ? place->key + sum_of(place->left) + sum_of(place->right) : 0;
}

std::uint64_t count_words(std::uint64_t round)
{
	index_of_words index;
	std::unordered_map<std::string, std::list<std::string>> lists;

	for (std::uint64_t i = 0; i < 20000; i++) {
		std::string word = "a word of the index, number " + std::to_string(i * i % 997);

		index[word].push_back(i + round);
		lists[word].push_back(word + "!");
	}
	std::uint64_t sum = 0;

	for (const auto &entry : index)
		sum += entry.first.size() + entry.second.back() + lists[entry.first].size();
	return sum;
}

std::uint64_t grow_tree(std::uint64_t round)
{
	std::unique_ptr<tree> root;
	std::set<std::uint64_t> keys;
	std::uint64_t key = round + 1;

	for (int i = 0; i < 10000; i++) {
		key = key * 6364136223846793005U + 1442695040888963407U;
		insert(root, key >> 40);
		keys.insert(key >> 48);
	}
	return sum_of(root) + keys.size();
}

std::uint64_t match_words(std::uint64_t round)
{
	const std::regex pattern("([a-z]+)-([0-9]+)(x|y)*");
	std::vector<std::function<std::uint64_t()>> later;

	for (std::uint64_t i = 0; i < 300; i++) {
		std::string word = "value-" + std::to_string(i + round) + (i % 3 == 0 ? "xyx" : "");

		later.emplace_back([word, &pattern] {
			std::smatch match;

			return std::regex_match(word, match, pattern) ? match[2].str().size() : 0;
		});
	}
	std::uint64_t sum = 0;

	for (const auto &closure : later)
		sum += closure();
	return sum;
}

} // namespace

int main(int argument_count, char **arguments)
{
	const std::uint64_t rounds =
	    argument_count > 1 ? std::strtoull(arguments[1], nullptr, 10) : 1;
	std::uint64_t sum = 0;

	for (std::uint64_t round = 0; round < rounds; round++)
		sum += count_words(round) + grow_tree(round) + match_words(round);
	std::printf("%llu\n", static_cast<unsigned long long>(sum));
	return 0;
}
