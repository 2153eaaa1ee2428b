#include "cli/baseline_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/fatal.h"
#include "cli/json_file.h"

static uint64_t number_of(const char *path, const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_integer(value) || json_integer_value(value) < 0)
		json_file_refuse(path, "\"%s\" is not a whole number", name);
	return (uint64_t)json_integer_value(value);
}

static char *text_of(const char *path, const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	if (text == NULL)
		json_file_refuse(path, "\"%s\" is not a text", name);
	return xstrdup(text);
}

void baseline_file_read(const char *path, struct baseline *ret_baseline)
{
	json_t *root = json_file_read(path);
	const json_t *retained = json_object_get(root, "retained");
	const char *what = json_string_value(json_object_get(root, "what"));

	if (what == NULL || strcmp(what, "allocscope baseline") != 0 || !json_is_array(retained))
		json_file_refuse(
		    path, "not a baseline (allocscope baseline FILE -o %s makes one)", path);
	*ret_baseline = (struct baseline){
	    .program = text_of(path, root, "program"),
	    .counted = number_of(path, root, "counted_iterations"),
	    .maximum_allocs = number_of(path, root, "max_allocs_per_iteration"),
	    .maximum_bytes = number_of(path, root, "max_bytes_per_iteration"),
	    .rows = xcalloc(json_array_size(retained) + 1, sizeof *ret_baseline->rows),
	    .count = json_array_size(retained),
	};
	for (size_t i = 0; i < ret_baseline->count; i++) {
		const json_t *entry = json_array_get(retained, i);

		ret_baseline->rows[i] = (struct baseline_row){
		    .stack = text_of(path, entry, "stack"),
		    .blocks = number_of(path, entry, "blocks"),
		    .bytes = number_of(path, entry, "bytes"),
		};
	}
	baseline_sort(ret_baseline);
	json_decref(root);
}

void baseline_file_write(const char *path, const struct baseline *baseline)
{
	bool to_file = path != NULL && strcmp(path, "-") != 0;
	char *temporary = to_file ? xformat("%s.tmp.%ld", path, (long)getpid()) : NULL;
	FILE *out = to_file ? fopen(temporary, "wxe") : stdout;
	int status = 0;

	if (out == NULL)
		die(EXIT_USAGE, "%s: %s", temporary, strerror(errno));
	status = baseline_write(out, baseline);
	if (to_file && fclose(out) != 0)
		status = -1;
	if (to_file && status == 0)
		status = rename(temporary, path);
	if (status != 0) {
		int error = errno;

		if (to_file)
			(void)unlink(temporary);
		die(EXIT_USAGE, "%s: %s", to_file ? path : "standard output", strerror(error));
	}
	free(temporary);
}
