#include "cli/json_file.h"

#include <stdarg.h>
#include <stdio.h>

#include "cli/fatal.h"

#define SENTENCE_BYTES 512

void json_file_refuse(const char *path, const char *format, ...)
{
	char sentence[SENTENCE_BYTES];
	va_list list;

	va_start(list, format);
	(void)vsnprintf(sentence, sizeof sentence, format, list);
	va_end(list);
	die(EXIT_USAGE, "%s: %s", path, sentence);
}

json_t *json_file_read(const char *path)
{
	json_error_t error;
	json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);

	if (root == NULL && error.line > 0)
		json_file_refuse(
		    path, "%s (line %d, column %d)", error.text, error.line, error.column);
	if (root == NULL)
		json_file_refuse(path, "%s", error.text);
	if (!json_is_object(root))
		json_file_refuse(path, "not a JSON object");
	if (json_integer_value(json_object_get(root, "version")) != 1)
		json_file_refuse(path, "\"version\" is not 1");
	return root;
}
