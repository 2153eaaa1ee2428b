#include "symbols/source_path.h"

#include <stdlib.h>
#include <string.h>

char *source_path_tidy(const char *path)
{
	char *copy = malloc(strlen(path) + 1);
	char *out = copy;

	if (copy == NULL)
		return NULL;
	if (*path == '/')
		*out++ = '/';
	while (*path != '\0') {
		size_t length;

		path += strspn(path, "/");
		length = strcspn(path, "/");
		if (length == 0 || (length == 1 && path[0] == '.')) {
			path += length;
			continue;
		}
		if (out > copy && out[-1] != '/')
			*out++ = '/';
		memcpy(out, path, length);
		out += length;
		path += length;
	}
	*out = '\0';
	return copy;
}
