/*
 * The smallest leak that has iterations: each request leaves one entry behind in a list that nobody trims.
 *
 *     allocscope run --snapshot-at first,last -o quick.snap -- build/release/examples/request-history
 *     allocscope diff quick.first.snap quick.last.snap
 */
#include <allocscope/allocscope.h>
#include <stdlib.h>
#include <string.h>

struct history_entry {
	struct history_entry *older;
	char request[40];
};

static struct history_entry *history;

static void remember(const char *request)
{
	struct history_entry *entry = calloc(1, sizeof(*entry));

	if (entry == NULL)
		abort();
	snprintf(entry->request, sizeof(entry->request), "%s", request);
	entry->older = history;
	history = entry;
}

static void handle(const char *request)
{
	char *answer = strdup(request); /* freed in time: churn, not a leak */

	remember(request);
	free(answer);
}

int main(void)
{
	for (int i = 0; i < 100; i++)
		ALLOCSCOPE_ITERATION("request")
		{
			handle("GET /index.html");
		}
	return 0;
}
