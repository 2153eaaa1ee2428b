/* Variables, classes, fields and the types of calls' results, against what the fixture's source says. */
#include "symbols/symbolizer.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/symbol_fixture.h"

#define CALLS_MAX 512

static const char c_source[] =
    "#include <stdlib.h>\n"
    "#define NOINLINE __attribute__((noinline))\n"
    "struct node;\n"
    "struct edge { struct node *source, *target; struct edge *next; };\n"
    "struct link { struct edge *first, *last; };\n"
    "union either { long number; struct node *node; };\n"
    "struct node {\n"
    "	int kind;\n"			    /* 0 */
    "	struct edge *subscribers;\n"	    /* 8 */
    "	struct link out[2];\n"		    /* 16 */
    "	union either value;\n"		    /* 48 */
    "	struct { struct node *parent; };\n" /* 56 */
    "	void *context;\n"		    /* 64 */
    "	char name[];\n"			    /* 72 */
    "};\n"
    "typedef struct { struct node *items[4]; struct edge *grid[2][3]; } table_t;\n"
    "struct registry { long count; table_t *tables[3]; };\n"
    "struct registry g_registry;\n"
    "struct node *g_first;\n"
    "static struct node *hidden_list;\n"
    "__thread struct node *t_current;\n"
    "static __thread long t_pad[3] = {1, 2, 3};\n"
    "void *volatile keep;\n"
    "NOINLINE struct node *to_local(void)\n"
    "{ struct node *fresh = malloc(sizeof *fresh); fresh->kind = 1; keep = fresh; fresh->kind = 2; return fresh; }\n"
    "NOINLINE void to_global(void) { g_first = malloc(sizeof *g_first); }\n"
    "NOINLINE void to_hidden(void) { hidden_list = malloc(sizeof *hidden_list); keep = hidden_list; }\n"
    "NOINLINE void to_field(struct node *node) { node->subscribers = malloc(24); keep = node; }\n"
    "NOINLINE void to_field_of_global(void) { g_first->out[1].last = malloc(24); }\n"
    "NOINLINE void to_typedef(void) { table_t *table = malloc(sizeof *table); keep = table; table->items[0] = 0; }\n"
    "NOINLINE void to_array(void) { struct node **all = malloc(80); keep = all; all[0] = 0; }\n"
    "NOINLINE void *to_void(size_t size) { void *block = malloc(size); keep = block; return block; }\n"
    "NOINLINE void to_part_of_global(void) { g_registry.tables[1] = malloc(sizeof(table_t)); }\n"
    "NOINLINE void *passed_on(size_t size) { return malloc(size); }\n"
    "static int counted(void) { static int calls; keep = &calls; return ++calls; }\n"
    "int main(void)\n"
    "{\n"
    "	t_current = to_local(); to_global(); to_hidden(); to_field(t_current);\n"
    "	to_field_of_global(); to_typedef(); to_array(); keep = to_void(8); keep = passed_on(8); to_part_of_global();\n"
    "	keep = t_pad; keep = &g_registry; return counted() == 7 + hidden_list->kind;\n"
    "}\n";

static const char cxx_source[] =
    "#include <vector>\n"
    "namespace app {\n"
    "struct Base { virtual ~Base() {} Base *next = nullptr; };\n"
    "struct Other { virtual void f() {} long pad = 0; };\n"
    "template <class T> struct Box : Base, Other { T *item = nullptr; ~Box() {} };\n"
    "struct Leaf : Base { std::vector<int> numbers; Leaf *left = nullptr; };\n"
    "namespace { Leaf *inner; }\n"
    "}\n"
    "app::Base *volatile keep;\n"
    "int main()\n"
    "{\n"
    "	app::Leaf *leaf = new app::Leaf; keep = leaf; leaf->left = leaf; app::inner = leaf; keep = app::inner;\n"
    "	app::Box<int> *box = new app::Box<int>; keep = box; box->item = nullptr;\n"
    "	return 0;\n"
    "}\n";

struct fixture {
	const char *path;
	struct symbolizer *symbolizer;
	int module;
};

static struct fixture open_fixture(const char *name, uint64_t bias)
{
	const struct symbolizer_options options = {.cache_directory = ""};
	struct fixture fixture = {
	    .path = symbol_fixture_path(name), .symbolizer = symbolizer_new(&options)};

	assert_non_null(fixture.symbolizer);
	fixture.module = symbolizer_add_module(fixture.symbolizer, fixture.path, "", bias);
	assert_true(fixture.module >= 0);
	return fixture;
}

static void expect_field(const struct fixture *fixture, const char *type, uint64_t offset,
    const char *path, const char *pointee)
{
	struct type_field field;

	if (!symbolizer_field(fixture->symbolizer, fixture->module, type, offset, &field))
		fail_msg("%s +%" PRIu64 ": nothing found, not %s", type, offset, path);
	assert_string_equal(field.path, path);
	if (pointee == NULL)
		assert_null(field.pointee);
	else if (field.pointee == NULL)
		fail_msg("%s%s points to nothing known, not to %s", type, path, pointee);
	else
		assert_string_equal(field.pointee, pointee);
}

static void expect_no_field(const struct fixture *fixture, const char *type, uint64_t offset)
{
	struct type_field field;

	if (symbolizer_field(fixture->symbolizer, fixture->module, type, offset, &field))
		fail_msg("%s +%" PRIu64 " is %s", type, offset, field.path);
}

static void expect_fields(const struct fixture *fixture)
{
	expect_field(fixture, "node", 8, ".subscribers", "edge");
	expect_field(fixture, "node", 16, ".out[0].first", "edge");
	expect_field(fixture, "node", 40, ".out[1].last", "edge");
	expect_field(fixture, "node", 48, ".value.node", "node");
	expect_field(fixture, "node", 56, ".parent", "node");
	expect_field(fixture, "node", 64, ".context", NULL);
	expect_field(fixture, "node", 80, ".name[8]", NULL);
	expect_field(fixture, "edge", 16, ".next", "edge");
	expect_field(fixture, "edge", 24 + 8, "[1].target", "node");
	expect_field(fixture, "table_t", 24, ".items[3]", "node");
	expect_field(fixture, "table_t", 32 + 8 * 4, ".grid[1][1]", "edge");
	expect_field(fixture, "registry", 16, ".tables[1]", "table_t");
	expect_field(fixture, "node *", 16, "[2]", "node");
	expect_no_field(fixture, "node", 12);
	expect_no_field(fixture, "node", 4);
	expect_no_field(fixture, "nobody", 0);
	expect_no_field(fixture, "", 0);
	expect_no_field(fixture, "*", 0);
}

/* The type of what the only call that matters in FUNCTION returned. */
static const char *type_in(const struct fixture *fixture, const char *function)
{
	uint64_t addresses[CALLS_MAX];
	const size_t count = symbol_fixture_calls(fixture->path, addresses, CALLS_MAX);

	for (size_t i = 0; i < count; i++) {
		struct symbol_frames frames;

		symbolizer_lookup(fixture->symbolizer, fixture->module, addresses[i], &frames);
		if (strcmp(frames.frames[frames.count - 1].function, function) == 0)
			return symbolizer_type_of_call(
			    fixture->symbolizer, fixture->module, addresses[i] + 1);
	}
	fail_msg("no call in %s", function);
	return NULL;
}

static void expect_type(const struct fixture *fixture, const char *function, const char *type)
{
	const char *found = type_in(fixture, function);

	if (found == NULL || strcmp(found, type) != 0)
		fail_msg("%s keeps %s, not %s", function, found == NULL ? "nothing" : found, type);
}

static void build_c(const char *name, const char *compiler, const char *flags)
{
	if (!symbol_fixture_run("%s --version", compiler)) {
		print_message("no %s here\n", compiler);
		skip();
	}
	symbol_fixture_write("types.c", c_source, strlen(c_source));
	if (!symbol_fixture_run("%s %s -o %s types.c", compiler, flags, name))
		fail_msg("%s %s failed", compiler, flags);
}

static void test_c(const char *compiler, const char *flags)
{
	build_c("types", compiler, flags);
	struct fixture fixture = open_fixture("types", 0);

	expect_fields(&fixture);
	expect_type(&fixture, "to_local", "node");
	expect_type(&fixture, "to_global", "node");
	expect_type(&fixture, "to_hidden", "node");
	expect_type(&fixture, "to_field", "edge");
	/* gcc loads the pointer before the call: nothing is known rather than something wrong */
	if (strcmp(compiler, "clang") == 0)
		expect_type(&fixture, "to_field_of_global", "edge");
	else
		assert_null(type_in(&fixture, "to_field_of_global"));
	expect_type(&fixture, "to_typedef", "table_t");
	expect_type(&fixture, "to_array", "node *");
	expect_type(&fixture, "to_part_of_global", "table_t");
	expect_type(&fixture, "to_void", "void");
	/* optimised, it is a jump and no call */
	if (strstr(flags, "-O0") != NULL)
		expect_type(&fixture, "passed_on", "void");
	symbolizer_free(fixture.symbolizer);
}

#define C_TEST(test, compiler, flags)                                                              \
	static void test(void **state)                                                             \
	{                                                                                          \
		(void)state;                                                                       \
		test_c(compiler, flags);                                                           \
	}

C_TEST(gcc_without_optimisation, "gcc", "-O0 -g")
C_TEST(gcc_debuggable, "gcc", "-Og -g")
C_TEST(gcc_optimised, "gcc", "-O2 -g -fno-ipa-sra")
C_TEST(gcc_dwarf_4, "gcc", "-O2 -gdwarf-4")
C_TEST(gcc_without_frame_pointers, "gcc", "-O0 -g -fomit-frame-pointer")
C_TEST(clang_without_optimisation, "clang", "-O0 -g")
C_TEST(clang_optimised, "clang", "-O2 -g")

static void expect_variable(
    const struct fixture *fixture, uint64_t address, const char *name, uint64_t offset)
{
	struct symbol_variable variable;

	if (!symbolizer_variable(fixture->symbolizer, fixture->module, address, &variable))
		fail_msg("no variable at %" PRIx64 ", not %s", address, name);
	assert_string_equal(variable.name, name);
	assert_int_equal(variable.offset, offset);
}

static void variables_have_names(void **state)
{
	struct symbol_variable variable;
	const uint64_t bias = 0x7f0000000000;

	(void)state;
	build_c("variables", "gcc", "-O0 -g");
	struct fixture fixture = open_fixture("variables", bias);
	const uint64_t registry = symbol_fixture_symbol("variables", "g_registry") + bias;

	expect_variable(&fixture, registry, "g_registry", 0);
	expect_variable(&fixture, registry + 24, "g_registry", 24);
	expect_variable(
	    &fixture, symbol_fixture_symbol("variables", "hidden_list") + bias, "hidden_list", 0);
	expect_variable(
	    &fixture, symbol_fixture_symbol("variables", "calls.[0-9]*") + bias, "calls", 0);
	/* behind the last byte, in code, and nowhere */
	assert_false(
	    symbolizer_variable(fixture.symbolizer, fixture.module, registry + 32, &variable) &&
	    strcmp(variable.name, "g_registry") == 0);
	assert_false(symbolizer_variable(fixture.symbolizer, fixture.module,
	    symbol_fixture_symbol("variables", "main") + bias, &variable));
	assert_false(symbolizer_variable(fixture.symbolizer, fixture.module, 16, &variable));
	assert_false(symbolizer_variable(fixture.symbolizer, -1, registry, &variable));
	symbolizer_free(fixture.symbolizer);
}

static void thread_variables_have_names(void **state)
{
	struct symbol_variable variable;
	char *text;
	uint64_t current;

	(void)state;
	build_c("threads", "gcc", "-O0 -g");
	struct fixture fixture = open_fixture("threads", 0x1000000);

	/* of thread-local symbols nm prints the offset in the segment */
	text = symbol_fixture_output("nm threads | grep ' t_current$'");
	current = strtoull(text, NULL, 16);
	free(text);
	assert_true(
	    symbolizer_thread_variable(fixture.symbolizer, fixture.module, current, &variable));
	assert_string_equal(variable.name, "t_current");
	assert_int_equal(variable.offset, 0);
	assert_int_equal(variable.size, 8);
	assert_true(symbolizer_thread_variable(fixture.symbolizer, fixture.module, 16, &variable));
	assert_string_equal(variable.name, "t_pad");
	assert_int_equal(variable.offset, 16);
	assert_false(
	    symbolizer_thread_variable(fixture.symbolizer, fixture.module, 4096, &variable));
	symbolizer_free(fixture.symbolizer);
}

static void a_stripped_file_keeps_its_exported_variables(void **state)
{
	struct symbol_variable variable;
	uint64_t registry;

	(void)state;
	build_c("exported", "gcc", "-O0 -g -rdynamic");
	registry = symbol_fixture_symbol("exported", "g_registry");
	assert_true(symbol_fixture_run("strip exported"));
	struct fixture fixture = open_fixture("exported", 0);

	expect_variable(&fixture, registry + 8, "g_registry", 8);
	expect_no_field(&fixture, "node", 8);
	assert_false(symbolizer_variable(
	    fixture.symbolizer, fixture.module, registry + 8 + 4096, &variable));
	symbolizer_free(fixture.symbolizer);
}

static void build_cxx(const char *flags)
{
	symbol_fixture_write("types.cpp", cxx_source, strlen(cxx_source));
	if (!symbol_fixture_run("g++ --version"))
		skip();
	if (!symbol_fixture_run("g++ %s -o cxx types.cpp", flags))
		fail_msg("g++ %s failed", flags);
}

static void expect_class(const struct fixture *fixture, const char *symbol, const char *name)
{
	const char *class = symbolizer_class(
	    fixture->symbolizer, fixture->module, symbol_fixture_symbol("cxx", symbol) + 16);

	assert_non_null(class);
	assert_string_equal(class, name);
}

static void expect_classes(const struct fixture *fixture)
{
	expect_class(fixture, "_ZTVN3app4LeafE", "app::Leaf");
	expect_class(fixture, "_ZTVN3app3BoxIiEE", "app::Box<int>");
	assert_null(symbolizer_class(
	    fixture->symbolizer, fixture->module, symbol_fixture_symbol("cxx", "keep")));
	expect_field(fixture, "app::Leaf", 8, ".next", "app::Base");
	expect_field(fixture, "app::Leaf", 40, ".left", "app::Leaf");
	expect_field(fixture, "app::Leaf", 16, ".numbers._M_impl._M_start", "int");
	expect_field(fixture, "app::Box<int>", 32, ".item", "int");
}

static void cxx_without_optimisation(void **state)
{
	(void)state;
	build_cxx("-O0 -g");
	struct fixture fixture = open_fixture("cxx", 0);

	expect_classes(&fixture);
	expect_variable(&fixture, symbol_fixture_symbol("cxx", "_ZN3app12_GLOBAL__N_1.*innerE"),
	    "app::(anonymous namespace)::inner", 0);
	symbolizer_free(fixture.symbolizer);
}

static void cxx_optimised(void **state)
{
	(void)state;
	build_cxx("-O2 -g -fno-inline");
	struct fixture fixture = open_fixture("cxx", 0);

	expect_classes(&fixture);
	symbolizer_free(fixture.symbolizer);
}

/* Every byte of the debug sections changed in turn (a sample of them) is no crash and no endless loop. */
static void damaged_types_never_crash(void **state)
{
	size_t count;

	(void)state;
	build_c("damaged", "gcc", "-O0 -g");
	unsigned char *bytes = symbol_fixture_read("damaged", &count);

	for (size_t round = 0; round < 200; round++) {
		size_t at = 64 + (round * 2654435761u) % (count - 64);
		unsigned char before = bytes[at];
		struct type_field field;

		bytes[at] ^= (unsigned char)(1u << round % 8);
		symbol_fixture_write("damaged.copy", bytes, count);
		bytes[at] = before;
		struct fixture fixture = open_fixture("damaged.copy", 0);

		(void)symbolizer_field(fixture.symbolizer, fixture.module, "node", 40, &field);
		(void)symbolizer_field(fixture.symbolizer, fixture.module, "table_t", 48, &field);
		for (uint64_t address = 0x1000; address < 0x1400; address += 7)
			(void)symbolizer_type_of_call(fixture.symbolizer, fixture.module, address);
		symbolizer_free(fixture.symbolizer);
	}
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
	    cmocka_unit_test(gcc_without_optimisation),
	    cmocka_unit_test(gcc_debuggable),
	    cmocka_unit_test(gcc_optimised),
	    cmocka_unit_test(gcc_dwarf_4),
	    cmocka_unit_test(gcc_without_frame_pointers),
	    cmocka_unit_test(clang_without_optimisation),
	    cmocka_unit_test(clang_optimised),
	    cmocka_unit_test(variables_have_names),
	    cmocka_unit_test(thread_variables_have_names),
	    cmocka_unit_test(a_stripped_file_keeps_its_exported_variables),
	    cmocka_unit_test(cxx_without_optimisation),
	    cmocka_unit_test(cxx_optimised),
	    cmocka_unit_test(damaged_types_never_crash),
	};

	return cmocka_run_group_tests(tests, NULL, clean_up);
}
