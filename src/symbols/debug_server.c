#include "symbols/debug_server.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct debuginfod_client; /* of the library */

struct debug_server_library {
	struct debuginfod_client *(*begin)(void);
	int (*find_debuginfo)(
	    struct debuginfod_client *, const unsigned char *build_id, int length, char **path);
	void (*end)(struct debuginfod_client *);
};

/* POSIX allows what ISO C does not: an object pointer from dlsym that is a function's address. */
static bool load_function(void *library, const char *name, void *ret_function)
{
	void *address = dlsym(library, name);

	memcpy(ret_function, &address, sizeof address);
	return address != NULL;
}

static bool load_library(struct debug_server_library *ret_library)
{
	/* Never closed: curl below it registers threads and exit handlers of its own. */
	void *library = dlopen("libdebuginfod.so.1", RTLD_NOW | RTLD_LOCAL);

	return library != NULL && load_function(library, "debuginfod_begin", &ret_library->begin) &&
	       load_function(library, "debuginfod_find_debuginfo", &ret_library->find_debuginfo) &&
	       load_function(library, "debuginfod_end", &ret_library->end);
}

int debug_server_find(const char *build_id_hex, char **ret_path)
{
	const char *servers = getenv(
	    "DEBUGINFOD_URLS"); /* NOLINT(concurrency-mt-unsafe): the tool never calls setenv */
	struct debug_server_library library;
	struct debuginfod_client *client;
	int fd;

	if (servers == NULL || servers[strspn(servers, " \t")] == '\0' || !load_library(&library))
		return -1;
	client = library.begin();
	if (client == NULL)
		return -1;
	/* Length 0: the build-id is a hex string. */
	fd = library.find_debuginfo(client, (const unsigned char *)build_id_hex, 0, ret_path);
	library.end(client);
	return fd < 0 ? -1 : fd;
}
