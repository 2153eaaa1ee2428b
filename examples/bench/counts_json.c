/* Writes the books, a row each. */
#include "bench/counts_json.h"

#include "bench/world.h"

static void write_row(FILE *out, const struct rx_block_count *row, bool first)
{
	fputs(first ? "\n{" : ",\n{", out);
	rx_block_count_write(out, row);
	fputc('}', out);
}

int counts_json_write(const char *path, const struct engine *engine, const char *moment)
{
	FILE *out = fopen(path, "w");
	size_t count = 0;
	const struct rx_block_count *rows = engine->block_counts(&count);
	bool first = true;
	bool failed = false;

	if (out == NULL)
		return -1;
	fprintf(
	    out, "{\"engine\":\"%s\",\"moment\":\"%s\",\"constructors\":[", engine->name, moment);
	for (size_t i = 0; i < count; i++) {
		if (rows[i].allocs == 0)
			continue;
		write_row(out, &rows[i], first);
		first = false;
	}
	if (capture_block_count.allocs > 0)
		write_row(out, &capture_block_count, first);
	fputs("\n]}\n", out);
	failed = ferror(out) != 0;
	return fclose(out) != 0 || failed ? -1 : 0;
}
