/* Names for addresses, against what the fixture's source says and against binutils' addr2line. */
#include "symbols/symbolizer.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/symbol_fixture.h"

#define CALLS_MAX 512

/* Line numbers below are those of this text. */
static const char c_source[] = /* line 1 */
    "#include <stdlib.h>\n"
    "void *volatile keep;\n"
    "__attribute__((noinline)) void *plain(size_t size)\n"
    "{\n"
    "	void *block = malloc(size);\n" /* 5 */
    "	keep = block;\n"
    "	return block;\n"
    "}\n"
    "static inline __attribute__((always_inline)) void leaf(size_t size)\n"
    "{\n" /* 10 */
    "	keep = malloc(size + 1);\n"
    "}\n"
    "static inline __attribute__((always_inline)) void middle(size_t size)\n"
    "{\n"
    "	if (size > 3)\n" /* 15 */
    "		leaf(size * 2);\n"
    "	leaf(size);\n"
    "}\n"
    "__attribute__((noinline)) void outer(size_t size)\n"
    "{\n" /* 20 */
    "	middle(size);\n"
    "	keep = plain(size);\n"
    "}\n"
    "__attribute__((noinline, noreturn)) static void last(void)\n"
    "{\n" /* 25 */
    "	exit((int)(size_t)keep);\n"
    "}\n"
    "int main(int count, char **words)\n"
    "{\n"
    "	(void)words;\n" /* 30 */
    "	outer((size_t)count);\n"
    "	last();\n"
    "}\n";

static const char cxx_source[] =
    "#include <cstdlib>\n"
    "#include <string>\n"
    "#include <vector>\n"
    "namespace deep {\n"
    "template <class T> struct box {\n" /* 5 */
    "	T *items;\n"
    "	__attribute__((noinline)) void fill(int count)\n"
    "	{\n"
    "		items = new T[count];\n"
    "	}\n" /* 10 */
    "};\n"
    "namespace {\n"
    "inline __attribute__((always_inline)) void *hidden(int size)\n"
    "{\n"
    "	return malloc(size);\n" /* 15 */
    "}\n"
    "}\n"
    "}\n"
    "int main(int count, char **)\n"
    "{\n" /* 20 */
    "	deep::box<int> numbers;\n"
    "	deep::box<std::string> words;\n"
    "	numbers.fill(count);\n"
    "	words.fill(count);\n"
    "	std::vector<void *> all;\n" /* 25 */
    "	all.push_back(deep::hidden(count));\n"
    "	auto make = [&](int size) { return malloc(size + all.size()); };\n"
    "	all.push_back(make(count));\n"
    "	return all.size() == 2;\n"
    "}\n";

static struct symbolizer *open_plain(void)
{
	const struct symbolizer_options options = {.cache_directory = ""};
	struct symbolizer *symbolizer = symbolizer_new(&options);

	assert_non_null(symbolizer);
	return symbolizer;
}

static const char *last_component(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

static const char *name_for_oracle(const struct symbol_frame *frame)
{
	return frame->linkage_name[0] != '\0' ? frame->linkage_name : frame->function;
}

/* A C++ function without linkage name is called "ns::f" by us; where it is inlined addr2line gives it the
 * name of the symbol that the address lies in, which is the function around it (binutils 2.40). */
static bool is_same_function(const struct symbol_frame *frame, const struct oracle_frame *oracle,
    const struct oracle_frame *outermost)
{
	if (strcmp(name_for_oracle(frame), oracle->function) == 0)
		return true;
	return frame->inlined && frame->linkage_name[0] == '\0' &&
	       strstr(frame->function, "::") != NULL &&
	       strcmp(oracle->function, outermost->function) == 0;
}

static bool is_header(const char *file)
{
	const size_t length = strlen(file);

	return length > 2 && strcmp(file + length - 2, ".h") == 0;
}

/* For an address in a header's function addr2line 2.40 sometimes names the unit's own file, or
 * "<artificial>" with link-time optimisation, beside the header's line (DWARF 5, file 0 and 1);
 * llvm-symbolizer names the header, as we do. */
static bool is_same_file(const struct symbol_frame *frame, const struct oracle_frame *oracle)
{
	if (strcmp(last_component(frame->file), oracle->file) == 0)
		return true;
	return (is_header(frame->file) && !is_header(oracle->file)) ||
	       (strcmp(oracle->file, "<artificial>") == 0 && frame->file[0] != '\0');
}

static bool is_same(const struct symbol_frames *frames, const struct oracle_answer *answer)
{
	if (frames->count != answer->count)
		return false;
	for (size_t i = 0; i < frames->count; i++) {
		const struct symbol_frame *frame = &frames->frames[i];

		if (!is_same_function(
			frame, &answer->frames[i], &answer->frames[answer->count - 1]) ||
		    !is_same_file(frame, &answer->frames[i]) ||
		    frame->line != answer->frames[i].line ||
		    frame->inlined != (i + 1 < frames->count))
			return false;
	}
	return true;
}

static void print_difference(
    uint64_t address, const struct symbol_frames *frames, const struct oracle_answer *answer)
{
	print_error("address 0x%" PRIx64 ", ours:\n", address);
	for (size_t i = 0; i < frames->count; i++)
		print_error("    %s at %s:%u\n", name_for_oracle(&frames->frames[i]),
		    frames->frames[i].file, frames->frames[i].line);
	print_error("  addr2line:\n");
	for (size_t i = 0; i < answer->count; i++)
		print_error("    %s at %s:%u\n", answer->frames[i].function, answer->frames[i].file,
		    answer->frames[i].line);
}

/* Every call in the text of PATH that addr2line finds a line for. Code of the C runtime's start files
 * has none: for it addr2line names the nearest symbol's source file, we say nothing. Returns how many
 * calls were compared. */
static size_t compare_calls(const char *path)
{
	uint64_t addresses[CALLS_MAX];
	const size_t count = symbol_fixture_calls(path, addresses, CALLS_MAX);
	struct oracle_answer *answers = symbol_fixture_ask_oracle(path, addresses, count);
	struct symbolizer *symbolizer = open_plain();
	const int module = symbolizer_add_module(symbolizer, path, "", 0);
	size_t compared = 0, different = 0;

	assert_int_equal(symbolizer_prefetch(symbolizer, module, addresses, count), 0);
	for (size_t i = 0; i < count; i++) {
		struct symbol_frames frames;

		symbolizer_lookup(symbolizer, module, addresses[i], &frames);
		if (answers[i].frames[0].line == 0) {
			assert_string_equal(
			    name_for_oracle(&frames.frames[0]), answers[i].frames[0].function);
			continue;
		}
		compared++;
		if (!is_same(&frames, &answers[i])) {
			different++;
			print_difference(addresses[i], &frames, &answers[i]);
		}
	}
	symbolizer_free(symbolizer);
	free(answers);
	assert_int_equal(different, 0);
	return compared;
}

/* The call to malloc on LINE that was inlined into outer through middle, called there on MIDDLE_LINE. */
static void expect_chain(
    struct symbolizer *symbolizer, int module, const char *path, uint32_t middle_line)
{
	uint64_t addresses[CALLS_MAX];
	const size_t count = symbol_fixture_calls(path, addresses, CALLS_MAX);
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		struct symbol_frames frames;
		const struct symbol_frame *frame;

		symbolizer_lookup(symbolizer, module, addresses[i], &frames);
		frame = frames.frames;
		if (frames.count != 3 || frame[1].line != middle_line)
			continue;
		found++;
		assert_string_equal(frame[0].function, "leaf");
		assert_string_equal(last_component(frame[0].file), "fixture.c");
		assert_int_equal(frame[0].line, 11);
		assert_true(frame[0].inlined);
		assert_string_equal(frame[1].function, "middle");
		assert_string_equal(last_component(frame[1].file), "fixture.c");
		assert_true(frame[1].inlined);
		assert_string_equal(frame[2].function, "outer");
		assert_string_equal(last_component(frame[2].file), "fixture.c");
		assert_int_equal(frame[2].line, 21);
		assert_false(frame[2].inlined);
	}
	assert_int_equal(found, 1);
}

/* The call on LINE in the function that is not inlined, such as main's call to outer. */
static void expect_call(struct symbolizer *symbolizer, int module, const char *path,
    const char *function, uint32_t line)
{
	uint64_t addresses[CALLS_MAX];
	const size_t count = symbol_fixture_calls(path, addresses, CALLS_MAX);
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		struct symbol_frames frames;

		symbolizer_lookup(symbolizer, module, addresses[i], &frames);
		if (frames.count == 1 && strcmp(frames.frames[0].function, function) == 0 &&
		    frames.frames[0].line == line)
			found++;
	}
	assert_int_equal(found, 1);
}

static void expect_fixture(const char *path)
{
	struct symbolizer *symbolizer = open_plain();
	const int module = symbolizer_add_module(symbolizer, path, "", 0);

	expect_chain(symbolizer, module, path, 16);
	expect_chain(symbolizer, module, path, 17);
	expect_call(symbolizer, module, path, "plain", 5);
	expect_call(symbolizer, module, path, "outer", 22);
	expect_call(symbolizer, module, path, "main", 31);
	symbolizer_free(symbolizer);
}

static void build_c(const char *name, const char *compiler, const char *flags)
{
	symbol_fixture_write("fixture.c", c_source, strlen(c_source));
	if (!symbol_fixture_run("%s %s -o %s fixture.c", compiler, flags, name))
		fail_msg("%s %s failed", compiler, flags);
}

static void test_c(const char *compiler, const char *flags)
{
	const char *path;

	if (!symbol_fixture_run("%s --version", compiler)) {
		print_message("no %s here\n", compiler);
		skip();
	}
	build_c("fixture", compiler, flags);
	path = symbol_fixture_path("fixture");
	expect_fixture(path);
	assert_true(compare_calls(path) >= 5);
}

#define C_TEST(test, compiler, flags)                                                              \
	static void test(void **state)                                                             \
	{                                                                                          \
		(void)state;                                                                       \
		test_c(compiler, flags);                                                           \
	}

C_TEST(gcc_dwarf_4_optimised, "gcc", "-O2 -gdwarf-4")
C_TEST(gcc_dwarf_5_optimised, "gcc", "-O2 -gdwarf-5")
C_TEST(gcc_without_optimisation, "gcc", "-O0 -g")
C_TEST(gcc_at_a_fixed_address, "gcc", "-O2 -g -no-pie")
C_TEST(gcc_sections_collected, "gcc", "-O2 -g -ffunction-sections -Wl,--gc-sections")
C_TEST(gcc_compressed_sections, "gcc", "-O2 -g -gz")
C_TEST(gcc_link_time_optimisation, "gcc", "-O2 -g -flto")
C_TEST(clang_dwarf_5, "clang", "-O2 -gdwarf-5")
C_TEST(clang_dwarf_4_without_aranges, "clang", "-O2 -gdwarf-4 -gno-pubnames")

/* addr2line 2.40 does not read .dwo files: the fixture's text alone is the measure. */
static void gcc_split_dwarf_5(void **state)
{
	(void)state;
	build_c("split5", "gcc", "-O2 -gdwarf-5 -gsplit-dwarf");
	expect_fixture(symbol_fixture_path("split5"));
}

static void gcc_split_dwarf_4(void **state)
{
	(void)state;
	build_c("split4", "gcc", "-O2 -gdwarf-4 -gsplit-dwarf");
	expect_fixture(symbol_fixture_path("split4"));
}

static void build_cxx(const char *name, const char *flags)
{
	symbol_fixture_write("fixture.cpp", cxx_source, strlen(cxx_source));
	if (!symbol_fixture_run("g++ --version"))
		skip();
	if (!symbol_fixture_run("g++ %s -o %s fixture.cpp", flags, name))
		fail_msg("g++ %s failed", flags);
}

static bool has_frame(struct symbolizer *symbolizer, int module, const char *path,
    const char *function, uint32_t line)
{
	uint64_t addresses[CALLS_MAX];
	const size_t count = symbol_fixture_calls(path, addresses, CALLS_MAX);

	for (size_t i = 0; i < count; i++) {
		struct symbol_frames frames;

		symbolizer_lookup(symbolizer, module, addresses[i], &frames);
		for (size_t k = 0; k < frames.count; k++)
			if (strcmp(frames.frames[k].function, function) == 0 &&
			    frames.frames[k].line == line &&
			    strcmp(last_component(frames.frames[k].file), "fixture.cpp") == 0)
				return true;
	}
	return false;
}

/* Names with a linkage name are demangled. Functions of one unit have none: they are put together from
 * their surroundings, and are called the same inlined (-O2) or not (-O0). */
static void expect_cxx_names(const char *path)
{
	struct symbolizer *symbolizer = open_plain();
	const int module = symbolizer_add_module(symbolizer, path, "", 0);

	assert_true(has_frame(symbolizer, module, path, "deep::box<int>::fill(int)", 9));
	assert_true(has_frame(symbolizer, module, path, "deep::(anonymous namespace)::hidden", 15));
	assert_true(has_frame(symbolizer, module, path, "main::{lambda}::operator()", 27));
	assert_true(has_frame(symbolizer, module, path, "main", 23));
	symbolizer_free(symbolizer);
}

static void test_cxx(const char *name, const char *flags, size_t calls_min)
{
	const char *path;

	build_cxx(name, flags);
	path = symbol_fixture_path(name);
	assert_true(compare_calls(path) >= calls_min);
	expect_cxx_names(path);
}

static void cxx_optimised(void **state)
{
	(void)state;
	test_cxx("cxx_optimised", "-O2 -g", 8);
}

static void cxx_without_optimisation(void **state)
{
	(void)state;
	test_cxx("cxx_without_optimisation", "-O0 -gdwarf-4", 50);
}

/* Code and declaration stand in different units. */
static void cxx_link_time_optimisation(void **state)
{
	(void)state;
	build_cxx("cxx_lto", "-O2 -g -flto");
	expect_cxx_names(symbol_fixture_path("cxx_lto"));
}

/* Distributions let several programs share what their debug files have in common. */
static void cxx_with_a_shared_debug_file(void **state)
{
	(void)state;
	if (!symbol_fixture_run("dwz --version")) {
		print_message("no dwz here\n");
		skip();
	}
	build_cxx("cxx_first", "-O2 -gdwarf-4");
	assert_true(symbol_fixture_run("cp cxx_first cxx_second && "
				       "dwz -m cxx_shared.dwz cxx_first cxx_second && "
				       "test -s cxx_shared.dwz"));
	expect_cxx_names(symbol_fixture_path("cxx_first"));
}

/* This test program itself: the whole tool is in it. 300 calls from all over its text. */
static void a_large_real_program_agrees_with_addr2line(void **state)
{
	enum { CAPACITY = 200000, SAMPLES = 300 };
	char self[2048];
	ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
	uint64_t *addresses = calloc(CAPACITY, sizeof *addresses);
	struct oracle_answer *answers;
	struct symbolizer *symbolizer;
	size_t count, compared = 0, different = 0;
	int module;

	(void)state;
	assert_true(length > 0);
	assert_non_null(addresses);
	self[length] = '\0';
	count = symbol_fixture_calls(self, addresses, CAPACITY);
	assert_true(count >= SAMPLES);
	for (size_t i = 0; i < SAMPLES; i++)
		addresses[i] = addresses[i * count / SAMPLES];
	answers = symbol_fixture_ask_oracle(self, addresses, SAMPLES);
	symbolizer = open_plain();
	module = symbolizer_add_module(symbolizer, self, "", 0);
	for (size_t i = 0; i < SAMPLES; i++) {
		struct symbol_frames frames;

		symbolizer_lookup(symbolizer, module, addresses[i], &frames);
		compared += answers[i].frames[0].line != 0;
		if (answers[i].frames[0].line != 0 && !is_same(&frames, &answers[i])) {
			different++;
			print_difference(addresses[i], &frames, &answers[i]);
		}
	}
	symbolizer_free(symbolizer);
	free(answers);
	free(addresses);
	assert_true(compared >= 200);
	assert_int_equal(different, 0);
}

/* The names that a reader knows, and the same ones whether the C library's debug package is there or
 * not: sites of two machines are compared by name. */
static void the_c_library_has_its_public_names(void **state)
{
	static const char *const functions[] = {"strdup", "getline", "qsort", "realpath", "puts",
	    "fopen", "setlocale", "regcomp", "vasprintf"};
	static const char *const nowhere[] = {"/nonexistent", NULL};
	struct symbolizer_options options = {.cache_directory = ""};
	void *library = dlopen("libc.so.6", RTLD_NOW);

	(void)state;
	if (library == NULL)
		skip();
	for (int round = 0; round < 2; round++) {
		struct symbolizer *symbolizer = symbolizer_new(&options);

		for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
			const uintptr_t address = (uintptr_t)dlsym(library, functions[i]);
			struct symbol_frames frames;
			Dl_info info;
			int module;

			assert_true(dladdr((const void *)address, &info) != 0);
			module = symbolizer_add_module(
			    symbolizer, info.dli_fname, "", (uintptr_t)info.dli_fbase);
			symbolizer_lookup(symbolizer, module,
			    symbolizer_elf_address(symbolizer, module, address + 1), &frames);
			assert_string_equal(frames.frames[frames.count - 1].function, functions[i]);
		}
		symbolizer_free(symbolizer);
		options.debug_directories = nowhere;
	}
	(void)dlclose(library);
}

static void separate_file_by_debug_link(void **state)
{
	struct symbolizer *symbolizer;
	int module;

	(void)state;
	build_c("linked", "gcc", "-O2 -g");
	assert_true(symbol_fixture_run("cp linked original && mkdir -p .debug && "
				       "objcopy --only-keep-debug linked .debug/linked.debug && "
				       "strip linked && cd .debug && "
				       "objcopy --add-gnu-debuglink=linked.debug ../linked"));
	expect_fixture(symbol_fixture_path("linked"));

	/* Debug information of another build: refused, though the name fits. */
	assert_true(symbol_fixture_run("gcc -O1 -g -DOTHER -o other fixture.c && "
				       "objcopy --only-keep-debug other .debug/linked.debug"));
	symbolizer = open_plain();
	module = symbolizer_add_module(symbolizer, symbol_fixture_path("linked"), "", 0);
	assert_int_equal(symbolizer_module_status(symbolizer, module), SYMBOLIZER_NO_SYMBOLS);
	symbolizer_free(symbolizer);
}

static void separate_file_by_debug_link_checksum(void **state)
{
	struct symbolizer *symbolizer;
	int module;

	(void)state;
	build_c("nobuildid", "gcc", "-O2 -g -Wl,--build-id=none");
	assert_true(symbol_fixture_run("objcopy --only-keep-debug nobuildid nobuildid.debug && "
				       "strip nobuildid && "
				       "objcopy --add-gnu-debuglink=nobuildid.debug nobuildid"));
	expect_fixture(symbol_fixture_path("nobuildid"));
	assert_true(symbol_fixture_run("printf x >> nobuildid.debug"));
	symbolizer = open_plain();
	module = symbolizer_add_module(symbolizer, symbol_fixture_path("nobuildid"), "", 0);
	assert_int_equal(symbolizer_module_status(symbolizer, module), SYMBOLIZER_NO_SYMBOLS);
	symbolizer_free(symbolizer);
}

static void separate_file_by_build_id(void **state)
{
	const char *directories[2] = {NULL, NULL};
	struct symbolizer_options options = {.cache_directory = ""};
	struct symbolizer *symbolizer;
	char build_id[256], debug_directory[2048];
	const char *path;
	int module;

	(void)state;
	build_c("byid", "gcc", "-O2 -g -Wl,--build-id");
	(void)snprintf(build_id, sizeof build_id, "%s", symbol_fixture_build_id("byid"));
	assert_true(symbol_fixture_run("mkdir -p dbg/.build-id/%.2s && "
				       "objcopy --only-keep-debug byid dbg/.build-id/%.2s/%s.debug",
	    build_id, build_id, build_id + 2));
	/* The calls are read before the strip: addresses stay. */
	assert_true(symbol_fixture_run("strip byid"));
	(void)snprintf(debug_directory, sizeof debug_directory, "%s", symbol_fixture_path("dbg"));
	directories[0] = debug_directory;
	options.debug_directories = directories;
	path = symbol_fixture_path("byid");
	symbolizer = symbolizer_new(&options);
	module = symbolizer_add_module(symbolizer, path, build_id, 0);
	assert_int_equal(symbolizer_module_status(symbolizer, module), SYMBOLIZER_OK);
	expect_chain(symbolizer, module, path, 17);

	/* The build-id proves the file even when the module itself is gone. */
	module = symbolizer_add_module(symbolizer, "/nowhere/byid", build_id, 0);
	assert_int_equal(symbolizer_module_status(symbolizer, module), SYMBOLIZER_OK);
	expect_chain(symbolizer, module, path, 16);
	symbolizer_free(symbolizer);
}

/* A server of the kind file://, as the client library allows. */
static void debug_servers_are_asked_only_on_wish(void **state)
{
	struct symbolizer_options options = {.cache_directory = ""};
	char build_id[256], url[2048];
	const char *path;
	void *library = dlopen("libdebuginfod.so.1", RTLD_NOW);

	(void)state;
	if (library == NULL) {
		print_message("no libdebuginfod here\n");
		skip();
	}
	build_c("served", "gcc", "-O2 -g -Wl,--build-id");
	(void)snprintf(build_id, sizeof build_id, "%s", symbol_fixture_build_id("served"));
	assert_true(
	    symbol_fixture_run("mkdir -p server/buildid/%s && "
			       "objcopy --only-keep-debug served server/buildid/%s/debuginfo && "
			       "strip served",
		build_id, build_id));
	path = symbol_fixture_path("served");
	(void)snprintf(url, sizeof url, "file://%s", symbol_fixture_path("server"));
	assert_int_equal(setenv("DEBUGINFOD_CACHE_PATH", symbol_fixture_path("client"), 1), 0);
	for (int round = 0; round < 3; round++) {
		const bool has_servers = round != 0, is_wanted = round != 1;
		struct symbolizer *symbolizer;
		int module;

		unsetenv("DEBUGINFOD_URLS");
		if (has_servers)
			assert_int_equal(setenv("DEBUGINFOD_URLS", url, 1), 0);
		options.use_debuginfod = is_wanted;
		symbolizer = symbolizer_new(&options);
		module = symbolizer_add_module(symbolizer, path, build_id, 0);
		assert_int_equal(symbolizer_module_status(symbolizer, module),
		    has_servers && is_wanted ? SYMBOLIZER_OK : SYMBOLIZER_NO_SYMBOLS);
		assert_true(symbol_fixture_run("test -e client") == (has_servers && is_wanted));
		if (has_servers && is_wanted)
			expect_chain(symbolizer, module, path, 17);
		symbolizer_free(symbolizer);
	}
	unsetenv("DEBUGINFOD_URLS");
}

static void stripped_code_is_module_and_address(void **state)
{
	struct symbolizer *symbolizer = open_plain();
	struct symbol_frames frames;
	uint64_t address;
	char text[64];
	int module;

	(void)state;
	build_c("stripped", "gcc", "-O2 -g");
	address = symbol_fixture_symbol("stripped", "outer") + 4;
	assert_true(symbol_fixture_run("strip stripped"));
	module = symbolizer_add_module(symbolizer, symbol_fixture_path("stripped"), "", 0);
	assert_int_equal(symbolizer_module_status(symbolizer, module), SYMBOLIZER_NO_SYMBOLS);
	symbolizer_lookup(symbolizer, module, address, &frames);
	assert_int_equal(frames.count, 1);
	assert_string_equal(frames.frames[0].function, "");
	assert_string_equal(frames.frames[0].file, "");
	assert_int_equal(frames.frames[0].line, 0);
	assert_string_equal(
	    symbolizer_format_unknown(symbolizer, module, 0x1234, text, sizeof text),
	    "stripped+0x1234");
	assert_string_equal(
	    symbolizer_format_unknown(symbolizer, -1, 0x1234, text, sizeof text), "0x1234");
	assert_string_equal(
	    symbolizer_format_unknown(symbolizer, module, 0x1234, text, 6), "strip");
	symbolizer_lookup(symbolizer, -1, address, &frames);
	assert_int_equal(frames.count, 1);
	assert_string_equal(frames.frames[0].function, "");
	symbolizer_free(symbolizer);
}

static void exported_symbols_name_only_their_own_code(void **state)
{
	struct symbolizer *symbolizer = open_plain();
	struct symbol_frames frames;
	uint64_t outer, last, main_function;
	int module;

	(void)state;
	build_c("libexported.so", "gcc", "-O2 -shared -fPIC");
	outer = symbol_fixture_symbol("libexported.so", "outer");
	last = symbol_fixture_symbol("libexported.so", "last");
	main_function = symbol_fixture_symbol("libexported.so", "main");
	assert_true(symbol_fixture_run("strip libexported.so"));
	module = symbolizer_add_module(symbolizer, symbol_fixture_path("libexported.so"), "", 0);
	assert_int_equal(symbolizer_module_status(symbolizer, module), SYMBOLIZER_UNVERIFIED);
	symbolizer_lookup(symbolizer, module, outer + 8, &frames);
	assert_string_equal(frames.frames[0].function, "outer");
	assert_string_equal(frames.frames[0].linkage_name, "outer");
	assert_int_equal(frames.frames[0].line, 0);
	symbolizer_lookup(symbolizer, module, main_function, &frames);
	assert_string_equal(frames.frames[0].function, "main");
	/* A static function is nobody's, least of all its neighbour's. */
	symbolizer_lookup(symbolizer, module, last, &frames);
	assert_string_equal(frames.frames[0].function, "");
	symbolizer_free(symbolizer);
}

static void symbols_inside_the_stripped_file(void **state)
{
	struct symbolizer *symbolizer;
	struct symbol_frames frames;
	uint64_t last;
	int module;

	(void)state;
	if (!symbol_fixture_run("xz --version"))
		skip();
	build_c("mini", "gcc", "-O2");
	last = symbol_fixture_symbol("mini", "last");
	assert_true(symbol_fixture_run("objcopy --only-keep-debug mini mini.debug && strip mini && "
				       "xz mini.debug && "
				       "objcopy --add-section .gnu_debugdata=mini.debug.xz mini"));
	symbolizer = open_plain();
	module = symbolizer_add_module(symbolizer, symbol_fixture_path("mini"), "", 0);
	assert_int_equal(symbolizer_module_status(symbolizer, module), SYMBOLIZER_UNVERIFIED);
	symbolizer_lookup(symbolizer, module, last + 1, &frames);
	assert_string_equal(frames.frames[0].function, "last");
	symbolizer_free(symbolizer);
}

static void another_build_gives_no_names(void **state)
{
	struct symbolizer *symbolizer = open_plain();
	struct symbol_frames frames;
	int good, bad;
	uint64_t outer;

	(void)state;
	build_c("rebuilt", "gcc", "-O2 -g -Wl,--build-id");
	outer = symbol_fixture_symbol("rebuilt", "outer");
	good = symbolizer_add_module(
	    symbolizer, symbol_fixture_path("rebuilt"), symbol_fixture_build_id("rebuilt"), 0);
	bad = symbolizer_add_module(symbolizer, symbol_fixture_path("rebuilt"),
	    "0123456789abcdef0123456789abcdef01234567", 0);
	assert_int_not_equal(good, bad);
	assert_int_equal(symbolizer_module_status(symbolizer, good), SYMBOLIZER_OK);
	assert_int_equal(symbolizer_module_status(symbolizer, bad), SYMBOLIZER_BUILD_ID_DIFFERS);
	assert_string_equal(
	    symbolizer_status_text(SYMBOLIZER_BUILD_ID_DIFFERS), "build-id differs");
	symbolizer_lookup(symbolizer, good, outer, &frames);
	assert_string_equal(frames.frames[frames.count - 1].function, "outer");
	symbolizer_lookup(symbolizer, bad, outer, &frames);
	assert_string_equal(frames.frames[0].function, "");
	symbolizer_free(symbolizer);
}

static void what_is_no_module_is_said(void **state)
{
	struct symbolizer *symbolizer = open_plain();
	struct symbol_frames frames;

	(void)state;
	symbol_fixture_write("text", "hello", 5);
	assert_true(symbol_fixture_run("mkfifo pipe"));
	static const struct {
		const char *name;
		enum symbolizer_status expected;
	} cases[] = {{"absent", SYMBOLIZER_FILE_MISSING}, {".", SYMBOLIZER_FILE_MISSING},
	    {"pipe", SYMBOLIZER_FILE_MISSING}, {"text", SYMBOLIZER_NOT_ELF}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int module =
		    symbolizer_add_module(symbolizer, symbol_fixture_path(cases[i].name), "", 0);

		assert_int_equal(symbolizer_module_status(symbolizer, module), cases[i].expected);
		symbolizer_lookup(symbolizer, module, 0x1000, &frames);
		assert_string_equal(frames.frames[0].function, "");
	}
	symbolizer_free(symbolizer);
}

static void modules_are_told_apart_by_path_build_id_and_bias(void **state)
{
	struct symbolizer *symbolizer = open_plain();
	const int first = symbolizer_add_module(symbolizer, "/a", "ab12", 0x1000);

	(void)state;
	assert_int_equal(symbolizer_add_module(symbolizer, "/a", "ab12", 0x1000), first);
	assert_int_not_equal(symbolizer_add_module(symbolizer, "/a", "ab12", 0x2000), first);
	assert_int_not_equal(symbolizer_add_module(symbolizer, "/a", "ab13", 0x1000), first);
	assert_int_not_equal(symbolizer_add_module(symbolizer, "/b", "ab12", 0x1000), first);
	assert_int_equal(symbolizer_elf_address(symbolizer, first, 0x1235), 0x234);
	assert_int_equal(symbolizer_elf_address(symbolizer, -1, 0x1235), 0x1234);
	symbolizer_free(symbolizer);
}

static void a_prefix_stands_before_the_path(void **state)
{
	struct symbolizer_options options = {.cache_directory = ""};
	struct symbolizer *symbolizer;
	int module;

	(void)state;
	build_c("prefixed", "gcc", "-O2 -g");
	assert_true(symbol_fixture_run("mkdir -p root/usr/bin && cp prefixed root/usr/bin"));
	options.prefix = symbol_fixture_path("root");
	symbolizer = symbolizer_new(&options);
	module = symbolizer_add_module(symbolizer, "/usr/bin/prefixed", "", 0);
	assert_int_equal(symbolizer_module_status(symbolizer, module), SYMBOLIZER_UNVERIFIED);
	expect_chain(symbolizer, module, symbol_fixture_path("prefixed"), 17);
	symbolizer_free(symbolizer);
}

static struct symbolizer *open_cached(void)
{
	struct symbolizer_options options = {.cache_directory = symbol_fixture_path("cache")};
	struct symbolizer *symbolizer = symbolizer_new(&options);

	assert_non_null(symbolizer);
	return symbolizer;
}

static void a_second_report_needs_no_file(void **state)
{
	struct symbolizer *symbolizer = open_cached();
	struct symbol_frames frames;
	char build_id[256], path[2048];
	uint64_t addresses[CALLS_MAX];
	size_t count;
	int module;

	(void)state;
	build_c("cached", "gcc", "-O2 -g -Wl,--build-id");
	(void)snprintf(build_id, sizeof build_id, "%s", symbol_fixture_build_id("cached"));
	(void)snprintf(path, sizeof path, "%s", symbol_fixture_path("cached"));
	count = symbol_fixture_calls(path, addresses, CALLS_MAX);
	module = symbolizer_add_module(symbolizer, path, build_id, 0);
	assert_int_equal(symbolizer_prefetch(symbolizer, module, addresses, count), 0);
	symbolizer_free(symbolizer);
	assert_true(symbol_fixture_run("test \"$(stat -c %%a cache/%s.names)\" = 600", build_id));

	assert_true(symbol_fixture_run("mv cached moved"));
	symbolizer = open_cached();
	module = symbolizer_add_module(symbolizer, path, build_id, 0);
	assert_int_equal(symbolizer_module_status(symbolizer, module), SYMBOLIZER_FILE_MISSING);
	expect_chain(symbolizer, module, symbol_fixture_path("moved"), 16);
	expect_chain(symbolizer, module, symbol_fixture_path("moved"), 17);
	/* What no earlier run asked for stays unknown, and does not get into the cache. */
	symbolizer_lookup(symbolizer, module, addresses[0] - 1, &frames);
	assert_string_equal(frames.frames[0].function, "");
	symbolizer_free(symbolizer);
	assert_true(symbol_fixture_run("mv moved cached"));
	symbolizer = open_cached();
	module = symbolizer_add_module(symbolizer, path, build_id, 0);
	symbolizer_lookup(symbolizer, module, addresses[0] - 1, &frames);
	assert_string_not_equal(frames.frames[0].function, "");
	symbolizer_free(symbolizer);
}

static void debug_information_that_appears_later_replaces_cached_symbols(void **state)
{
	const char *directories[2] = {NULL, NULL};
	struct symbolizer_options options = {.cache_directory = symbol_fixture_path("cache")};
	struct symbolizer *symbolizer;
	struct symbol_frames frames;
	char build_id[256], debug_directory[2048], cache[2048];
	uint64_t outer;
	int module;

	(void)state;
	(void)snprintf(cache, sizeof cache, "%s", symbol_fixture_path("cache"));
	(void)snprintf(debug_directory, sizeof debug_directory, "%s", symbol_fixture_path("later"));
	options.cache_directory = cache;
	directories[0] = debug_directory;
	options.debug_directories = directories;
	build_c("later.so", "gcc", "-O2 -g -shared -fPIC -Wl,--build-id");
	outer = symbol_fixture_symbol("later.so", "outer");
	(void)snprintf(build_id, sizeof build_id, "%s", symbol_fixture_build_id("later.so"));
	assert_true(
	    symbol_fixture_run("objcopy --only-keep-debug later.so later.debug && strip later.so"));

	for (int round = 0; round < 2; round++) {
		symbolizer = symbolizer_new(&options);
		module =
		    symbolizer_add_module(symbolizer, symbol_fixture_path("later.so"), build_id, 0);
		symbolizer_lookup(symbolizer, module, outer, &frames);
		assert_string_equal(frames.frames[frames.count - 1].function, "outer");
		assert_int_equal(frames.frames[frames.count - 1].line == 0, round == 0);
		symbolizer_free(symbolizer);
		assert_true(symbol_fixture_run("mkdir -p later/.build-id/%.2s && "
					       "cp later.debug later/.build-id/%.2s/%s.debug",
		    build_id, build_id, build_id + 2));
	}
	/* The debug information is gone again: what was found while it was there stays. */
	assert_true(symbol_fixture_run("rm -r later"));
	symbolizer = symbolizer_new(&options);
	module = symbolizer_add_module(symbolizer, symbol_fixture_path("later.so"), build_id, 0);
	symbolizer_lookup(symbolizer, module, outer, &frames);
	assert_int_not_equal(frames.frames[frames.count - 1].line, 0);
	symbolizer_free(symbolizer);
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static void damaged_files_never_crash(void **state)
{
	uint64_t addresses[CALLS_MAX];
	unsigned char *bytes, *damaged;
	uint32_t seed = 1;
	size_t size, count;

	(void)state;
	build_c("whole", "gcc", "-O2 -g");
	count = symbol_fixture_calls(symbol_fixture_path("whole"), addresses, CALLS_MAX);
	bytes = symbol_fixture_read("whole", &size);
	damaged = malloc(size);
	assert_non_null(damaged);
	for (int round = 0; round < 400; round++) {
		struct symbolizer *symbolizer = open_plain();
		size_t length = size;
		int module;

		memcpy(damaged, bytes, size);
		if (round % 4 == 0)
			length = next_random(&seed) % size;
		for (int change = 0; round % 4 != 0 && change < 1 + round % 16; change++)
			damaged[next_random(&seed) % size] = (unsigned char)next_random(&seed);
		symbol_fixture_write("damaged", damaged, length);
		module = symbolizer_add_module(symbolizer, symbol_fixture_path("damaged"), "", 0);
		(void)symbolizer_module_status(symbolizer, module);
		for (size_t i = 0; i < count; i++) {
			struct symbol_frames frames;

			symbolizer_lookup(symbolizer, module, addresses[i], &frames);
			assert_true(frames.count >= 1);
			for (size_t k = 0; k < frames.count; k++) {
				assert_non_null(frames.frames[k].function);
				assert_non_null(frames.frames[k].linkage_name);
				assert_non_null(frames.frames[k].file);
			}
		}
		symbolizer_free(symbolizer);
	}
	free(damaged);
	free(bytes);
}

static int clean_up(void **state)
{
	(void)state;
	symbol_fixture_remove();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(gcc_dwarf_4_optimised),
	    cmocka_unit_test(gcc_dwarf_5_optimised),
	    cmocka_unit_test(gcc_at_a_fixed_address),
	    cmocka_unit_test(gcc_sections_collected),
	    cmocka_unit_test(gcc_compressed_sections),
	    cmocka_unit_test(gcc_split_dwarf_5),
	    cmocka_unit_test(gcc_split_dwarf_4),
	    cmocka_unit_test(gcc_link_time_optimisation),
	    cmocka_unit_test(gcc_without_optimisation),
	    cmocka_unit_test(clang_dwarf_5),
	    cmocka_unit_test(clang_dwarf_4_without_aranges),
	    cmocka_unit_test(cxx_optimised),
	    cmocka_unit_test(cxx_without_optimisation),
	    cmocka_unit_test(cxx_link_time_optimisation),
	    cmocka_unit_test(cxx_with_a_shared_debug_file),
	    cmocka_unit_test(a_large_real_program_agrees_with_addr2line),
	    cmocka_unit_test(the_c_library_has_its_public_names),
	    cmocka_unit_test(separate_file_by_debug_link),
	    cmocka_unit_test(separate_file_by_debug_link_checksum),
	    cmocka_unit_test(separate_file_by_build_id),
	    cmocka_unit_test(debug_servers_are_asked_only_on_wish),
	    cmocka_unit_test(stripped_code_is_module_and_address),
	    cmocka_unit_test(exported_symbols_name_only_their_own_code),
	    cmocka_unit_test(symbols_inside_the_stripped_file),
	    cmocka_unit_test(another_build_gives_no_names),
	    cmocka_unit_test(what_is_no_module_is_said),
	    cmocka_unit_test(modules_are_told_apart_by_path_build_id_and_bias),
	    cmocka_unit_test(a_prefix_stands_before_the_path),
	    cmocka_unit_test(a_second_report_needs_no_file),
	    cmocka_unit_test(debug_information_that_appears_later_replaces_cached_symbols),
	    cmocka_unit_test(damaged_files_never_crash),
	};

	return cmocka_run_group_tests(tests, NULL, clean_up);
}
