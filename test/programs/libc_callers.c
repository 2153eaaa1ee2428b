/*
 * The C library's own allocations arrive with the caller in their stack: each function keeps
 * exactly one block.
 */
#include <wchar.h>

#include "program.h"

static void *kept[8];

static void call_strdup(void)
{
	kept[0] = strdup("123456789");
}
static void call_strndup(void)
{
	kept[1] = strndup("123456789", 4);
}
static void call_asprintf(void)
{
	char *text;

	CHECK(asprintf(&text, "%d %s", 42, "blocks") == 9);
	kept[2] = text;
}
static void call_getline(FILE *lines)
{
	char *line = NULL;
	size_t capacity = 0;

	CHECK(getline(&line, &capacity, lines) == 6);
	kept[3] = line;
}
static void call_getcwd(void)
{
	kept[4] = getcwd(NULL, 0);
}
static void call_realpath(void)
{
	kept[5] = realpath("/", NULL);
}
static void call_wcsdup(void)
{
	kept[6] = wcsdup(L"wide");
}
static void call_open_memstream(void)
{
	char *text = NULL;
	size_t length = 0;
	FILE *stream = open_memstream(&text, &length);

	CHECK(stream != NULL && fputs("hello", stream) >= 0 && fclose(stream) == 0 && length == 5);
	kept[7] = text;
}

int main(void)
{
	static char text[] = "line1\nline2\n";
	FILE *lines = fmemopen(text, sizeof(text) - 1, "r");

	CHECK(lines != NULL);
	call_strdup();
	call_strndup();
	call_asprintf();
	call_getline(lines);
	call_getcwd();
	call_realpath();
	call_wcsdup();
	call_open_memstream();
	for (size_t i = 0; i < 8; i++)
		CHECK(kept[i] != NULL);
	CHECK(fclose(lines) == 0);
	say("arrived");
	return 0;
}
