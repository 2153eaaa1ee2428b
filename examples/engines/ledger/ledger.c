/* Sums over the books, and their JSON. */
#include "engines/ledger/ledger.h"

#include <inttypes.h>
#include <string.h>

struct ledger_totals ledger_totals(const struct ledger *ledger)
{
	struct ledger_totals totals = {0};

	for (size_t i = 0; i < ledger->kind_count; i++) {
		const struct rx_block_count *count = &ledger->kinds[i].count;

		totals.allocs += count->allocs;
		totals.bytes += count->bytes;
		totals.frees += count->frees;
		totals.freed_bytes += count->freed_bytes;
	}
	totals.live_blocks = totals.allocs - totals.frees;
	totals.live_bytes = totals.bytes - totals.freed_bytes;
	return totals;
}

struct ledger_kind *ledger_find(const struct ledger *ledger, const char *name)
{
	for (size_t i = 0; i < ledger->kind_count; i++)
		if (strcmp(ledger->kinds[i].name, name) == 0)
			return &ledger->kinds[i];
	return NULL;
}

static void write_kinds(FILE *out, const struct ledger *ledger)
{
	const char *separator = "";

	fputs(",\"by_kind\":[", out);
	for (size_t i = 0; i < ledger->kind_count; i++) {
		const struct ledger_kind *kind = &ledger->kinds[i];

		if (kind->count.allocs == 0)
			continue;
		fprintf(out, "%s{\"kind\":\"%s\",", separator, kind->name);
		rx_block_count_write(out, &kind->count);
		fputc('}', out);
		separator = ",";
	}
	fputc(']', out);
}

void ledger_write_json(FILE *out, const struct ledger *ledger, bool kinds)
{
	const struct ledger_totals totals = ledger_totals(ledger);

	fprintf(out,
	    "\"engine\":\"%s\",\"allocs\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"frees\":%" PRIu64
	    ",\"freed_bytes\":%" PRIu64 ",\"live_blocks\":%" PRIu64 ",\"live_bytes\":%" PRIu64,
	    ledger->engine, totals.allocs, totals.bytes, totals.frees, totals.freed_bytes,
	    totals.live_blocks, totals.live_bytes);
	if (kinds)
		write_kinds(out, ledger);
}
