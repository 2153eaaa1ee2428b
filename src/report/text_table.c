#include "report/text_table.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/room.h"
#include "base/status.h"
#include "report/utf8.h"

#define COLUMN_GAP 2

size_t text_width(const char *text)
{
	uint32_t point = 0;
	size_t width = 0;

	while (*text != '\0') {
		int length = utf8_decode(text, &point);

		text += length != 0 ? length : 1;
		width++;
	}
	return width;
}

/* Control characters could move the cursor or recolour the terminal; half characters could swallow what follows. */
static void put_harmless(FILE *out, const char *text)
{
	uint32_t point = 0;

	while (*text != '\0') {
		int length = utf8_decode(text, &point);

		if (length == 0 || point < 0x20 || (point >= 0x7f && point < 0xa0))
			putc('?', out);
		else
			fwrite(text, 1, (size_t)length, out);
		text += length != 0 ? length : 1;
	}
}

void text_put(FILE *out, const struct text_style *style, enum text_tint tint, const char *text)
{
	static const char *const codes[] = {"", "1", "2", "32", "31", "33"};
	bool tinted = style->colour && tint != TEXT_PLAIN && text[0] != '\0';

	if (tinted)
		fprintf(out, "\033[%sm", codes[tint]);
	put_harmless(out, text);
	if (tinted)
		fputs("\033[0m", out);
}

void text_table_init(struct text_table *table)
{
	*table = (struct text_table){0};
}

void text_table_release(struct text_table *table)
{
	for (size_t i = 0; i < table->row_count; i++) {
		for (size_t c = 0; c < table->column_count; c++)
			free(table->rows[i].cells[c].text);
		free(table->rows[i].below);
	}
	free(table->rows);
	*table = (struct text_table){0};
}

void text_table_column(struct text_table *table, const char *title, enum text_align align)
{
	if (table->column_count == TEXT_TABLE_COLUMNS_MAX) {
		table->failed = true;
		return;
	}
	table->titles[table->column_count] = title;
	table->aligns[table->column_count++] = align;
}

void text_table_row(struct text_table *table)
{
	struct text_row *rows =
	    room_for(table->rows, &table->row_capacity, table->row_count + 1, sizeof *rows);

	if (rows == NULL) {
		table->failed = true;
		return;
	}
	table->rows = rows;
	memset(&table->rows[table->row_count++], 0, sizeof table->rows[0]);
	table->next_cell = 0;
}

void text_table_cell(struct text_table *table, const char *text)
{
	text_table_cell_tinted(table, TEXT_PLAIN, text);
}

void text_table_cell_tinted(struct text_table *table, enum text_tint tint, const char *text)
{
	struct text_cell *cell = NULL;

	if (table->failed || table->row_count == 0 || table->next_cell >= table->column_count)
		return;
	cell = &table->rows[table->row_count - 1].cells[table->next_cell++];
	cell->tint = tint;
	cell->text = strdup(text);
	if (cell->text == NULL)
		table->failed = true;
}

void text_table_below(struct text_table *table, const char *line)
{
	struct text_row *row = NULL;
	size_t old_length = 0;
	size_t length = strlen(line);
	char *below = NULL;

	if (table->failed || table->row_count == 0)
		return;
	row = &table->rows[table->row_count - 1];
	old_length = row->below != NULL ? strlen(row->below) : 0;
	below = realloc(row->below, old_length + length + 2);
	if (below == NULL) {
		table->failed = true;
		return;
	}
	for (size_t i = 0; i < length; i++) /* a newline in a name must not make a line */
		below[old_length + i] = line[i] == '\n' ? '?' : line[i];
	memcpy(below + old_length + length, "\n", 2);
	row->below = below;
}

static void write_cell(const struct text_table *table, FILE *out, const struct text_style *style,
    size_t column, size_t width, enum text_tint tint, const char *text)
{
	int pad = (int)(width - text_width(text));

	if (table->aligns[column] == TEXT_RIGHT)
		fprintf(out, "%*s", pad, "");
	text_put(out, style, tint, text);
	if (table->aligns[column] == TEXT_LEFT)
		fprintf(out, "%*s", pad, "");
}

static const char *cell_text(const struct text_row *row, size_t column)
{
	return row->cells[column].text != NULL ? row->cells[column].text : "";
}

/* A line of cells, or of titles when ROW is NULL; nothing is padded behind the last one that is not empty. */
static void write_line(const struct text_table *table, FILE *out, const struct text_style *style,
    const size_t *widths, const struct text_row *row)
{
	size_t last = table->column_count;

	while (last > 0 &&
	       (row != NULL ? cell_text(row, last - 1) : table->titles[last - 1])[0] == '\0')
		last--;
	for (size_t c = 0; c < last; c++) {
		const char *text = row != NULL ? cell_text(row, c) : table->titles[c];
		bool ends_line = c + 1 == last;
		enum text_tint tint = row != NULL ? row->cells[c].tint : TEXT_BOLD;

		if (ends_line && table->aligns[c] == TEXT_LEFT)
			text_put(out, style, tint, text);
		else
			write_cell(table, out, style, c, widths[c], tint, text);
		if (!ends_line)
			fprintf(out, "%*s", COLUMN_GAP, "");
	}
	putc('\n', out);
}

static void write_below(FILE *out, const struct text_style *style, char *lines)
{
	for (char *line = lines, *end = NULL; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		*end = '\0';
		text_put(out, style, TEXT_DIM, line);
		*end = '\n';
		putc('\n', out);
	}
}

int text_table_write(const struct text_table *table, FILE *out, const struct text_style *style)
{
	size_t widths[TEXT_TABLE_COLUMNS_MAX];

	if (table->failed)
		return STATUS_NO_MEMORY;
	for (size_t c = 0; c < table->column_count; c++) {
		widths[c] = text_width(table->titles[c]);
		for (size_t i = 0; i < table->row_count; i++) {
			size_t width = text_width(cell_text(&table->rows[i], c));

			if (width > widths[c])
				widths[c] = width;
		}
	}
	write_line(table, out, style, widths, NULL);
	for (size_t i = 0; i < table->row_count; i++) {
		write_line(table, out, style, widths, &table->rows[i]);
		if (table->rows[i].below != NULL)
			write_below(out, style, table->rows[i].below);
	}
	return ferror(out) ? STATUS_IO : 0;
}
