#include "support/symbol_fixture.h"

#include <ftw.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[1024];

const char *symbol_fixture_directory(void)
{
	if (directory[0] == '\0') {
		struct stat status;
		char here[900];

		assert_non_null(getcwd(here, sizeof here));
		(void)snprintf(directory, sizeof directory, "%s%s/symbols-test-XXXXXX", here,
		    stat("build", &status) == 0 && S_ISDIR(status.st_mode) ? "/build" : "");
		assert_non_null(mkdtemp(directory));
	}
	return directory;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

void symbol_fixture_remove(void)
{
	if (directory[0] != '\0')
		(void)nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	directory[0] = '\0';
}

const char *symbol_fixture_path(const char *name)
{
	static char paths[4][2048];
	static unsigned int turn;
	char *path = paths[turn++ % 4];

	(void)snprintf(path, sizeof paths[0], "%s/%s", symbol_fixture_directory(), name);
	return path;
}

void symbol_fixture_write(const char *name, const void *bytes, size_t count)
{
	FILE *file = fopen(symbol_fixture_path(name), "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, count, file), count);
	assert_int_equal(fclose(file), 0);
}

unsigned char *symbol_fixture_read(const char *name, size_t *ret_count)
{
	FILE *file = fopen(symbol_fixture_path(name), "rb");
	unsigned char *bytes;
	long size;

	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	size = ftell(file);
	assert_true(size >= 0);
	rewind(file);
	bytes = malloc((size_t)size + 1);
	assert_non_null(bytes);
	assert_int_equal(fread(bytes, 1, (size_t)size, file), size);
	(void)fclose(file);
	*ret_count = (size_t)size;
	return bytes;
}

static bool run(const char *format, va_list arguments, char **ret_output)
{
	char *command = NULL, *whole = NULL;
	size_t length = 0, capacity = 65536;
	FILE *pipe;
	int status;

	assert_true(vasprintf(&command, format, arguments) >= 0);
	assert_true(asprintf(&whole, "cd '%s' && { %s; } 2>/dev/null", symbol_fixture_directory(),
			command) >= 0);
	free(command);
	pipe = popen(whole, "r");
	assert_non_null(pipe);
	*ret_output = malloc(capacity);
	assert_non_null(*ret_output);
	for (;;) {
		size_t count = fread(*ret_output + length, 1, capacity - length - 1, pipe);

		length += count;
		if (count == 0)
			break;
		if (length + 1 == capacity) {
			capacity *= 2;
			*ret_output = realloc(*ret_output, capacity);
			assert_non_null(*ret_output);
		}
	}
	(*ret_output)[length] = '\0';
	status = pclose(pipe);
	free(whole);
	return status == 0;
}

bool symbol_fixture_run(const char *format, ...)
{
	va_list arguments;
	char *output;
	bool is_good;

	va_start(arguments, format);
	is_good = run(format, arguments, &output);
	va_end(arguments);
	free(output);
	return is_good;
}

char *symbol_fixture_output(const char *format, ...)
{
	va_list arguments;
	char *output;
	bool is_good;

	va_start(arguments, format);
	is_good = run(format, arguments, &output);
	va_end(arguments);
	if (!is_good)
		fail_msg("command failed: %s", format);
	return output;
}

const char *symbol_fixture_build_id(const char *name)
{
	static char hex[256];
	char *notes = symbol_fixture_output("readelf -n '%s'", name);
	const char *at = strstr(notes, "Build ID: ");

	hex[0] = '\0';
	if (at != NULL)
		(void)snprintf(
		    hex, sizeof hex, "%.*s", (int)strspn(at + 10, "0123456789abcdef"), at + 10);
	free(notes);
	return hex;
}

/* A disassembled line is "  401136:\tcall   401040 <malloc@plt>": the address asked for is the next
 * line's minus 1. */
size_t symbol_fixture_calls(const char *path, uint64_t *ret_addresses, size_t capacity)
{
	char *text = symbol_fixture_output(
	    "objdump -d --no-show-raw-insn -j .text '%s' | grep -E '^ +[0-9a-f]+:'", path);
	char *save = NULL;
	size_t count = 0;
	bool after_call = false;

	for (char *line = strtok_r(text, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		uint64_t address = strtoull(line, NULL, 16);
		const char *instruction = strchr(line, '\t');

		if (after_call && count < capacity)
			ret_addresses[count++] = address - 1;
		after_call = instruction != NULL && (strncmp(instruction + 1, "call", 4) == 0 ||
							strncmp(instruction + 1, "bl\t", 3) == 0);
	}
	free(text);
	return count;
}

uint64_t symbol_fixture_symbol(const char *name, const char *symbol)
{
	char *text = symbol_fixture_output("nm '%s' | grep ' %s$'", name, symbol);
	uint64_t address = strtoull(text, NULL, 16);

	free(text);
	assert_true(address != 0);
	return address;
}

static void read_place(struct oracle_frame *frame, char *place)
{
	char *colon = strrchr(place, ':');
	const char *slash;

	if (colon == NULL)
		return;
	*colon = '\0';
	frame->line = (uint32_t)strtoul(colon + 1, NULL, 10); /* "?" gives 0 */
	slash = strrchr(place, '/');
	if (strcmp(place, "??") != 0)
		(void)snprintf(
		    frame->file, sizeof frame->file, "%s", slash == NULL ? place : slash + 1);
}

struct oracle_answer *symbol_fixture_ask_oracle(
    const char *path, const uint64_t *addresses, size_t count)
{
	struct oracle_answer *answers = calloc(count + 1, sizeof *answers);
	FILE *questions = fopen(symbol_fixture_path("questions"), "w");
	char *text, *save = NULL, *line;
	size_t answered = 0;

	assert_non_null(answers);
	assert_non_null(questions);
	for (size_t i = 0; i < count; i++)
		(void)fprintf(questions, "%" PRIx64 "\n", addresses[i]);
	(void)fclose(questions);
	text = symbol_fixture_output("addr2line -a -i -f -e '%s' < questions", path);
	for (line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
		struct oracle_answer *answer;
		struct oracle_frame *frame;
		char *place;

		if (strncmp(line, "0x", 2) == 0) {
			assert_true(answered < count);
			answers[answered++].address = strtoull(line, NULL, 16);
			continue;
		}
		assert_true(answered > 0);
		place = strtok_r(NULL, "\n", &save);
		assert_non_null(place);
		answer = &answers[answered - 1];
		assert_true(answer->count < ORACLE_FRAMES_MAX);
		frame = &answer->frames[answer->count++];
		(void)snprintf(frame->function, sizeof frame->function, "%s",
		    strcmp(line, "??") == 0 ? "" : line);
		read_place(frame, place);
	}
	assert_int_equal(answered, count);
	free(text);
	return answers;
}
