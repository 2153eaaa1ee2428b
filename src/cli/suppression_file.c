#include "cli/suppression_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "cli/fatal.h"
#include "cli/load.h"

static char *read_text(const char *path, size_t *ret_bytes)
{
	FILE *in = fopen(path, "re");
	char *text = NULL;
	size_t capacity = 0;
	ssize_t bytes = in != NULL ? getdelim(&text, &capacity, '\0', in) : -1;

	if (in == NULL || ferror(in))
		die(EXIT_USAGE, "%s: %s", path, strerror(errno));
	(void)fclose(in);
	*ret_bytes = bytes > 0 ? (size_t)bytes : 0;
	return text;
}

static void add(struct suppression_list *list, const char *text, size_t bytes, const char *origin,
    bool has_lines)
{
	uint32_t line = 0;
	int status = suppressions_add(list, text, bytes, origin, has_lines, &line);

	if (status == STATUS_BAD_ARGUMENT)
		die(EXIT_USAGE, "%s: line %" PRIu32 " is not leak:PATTERN", origin, line);
	load_or_die(status);
}

void suppression_files_read(struct suppression_list *list, const struct argument_list *files,
    const struct snapshot *snapshot)
{
	uint32_t line = 0;

	for (size_t i = 0; i < files->count; i++) {
		size_t bytes = 0;
		char *text = read_text(files->texts[i], &bytes);

		add(list, text, bytes, files->texts[i], true);
		free(text);
	}
	if (snapshot == NULL)
		return;
	/* what the program says is not checked as a file is: its other readers are more lenient */
	if (snapshot->suppression_bytes != 0)
		(void)suppressions_add(list, snapshot->suppressions, snapshot->suppression_bytes,
		    "the program", false, &line);
	load_or_die(suppressions_add_built_in(list));
}
