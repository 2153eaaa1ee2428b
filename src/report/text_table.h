/*
 * A table for people: columns as wide as their widest cell, numbers to the right, lines below a row that
 * belong to it (its stack). Cells are kept until the table is written, since the width of a column is known
 * only then. Text from files is made harmless for terminals: control characters become '?'.
 *
 * Errors are sticky: a table that ran out of memory says so in text_table_write.
 */
#ifndef REPORT_TEXT_TABLE_H
#define REPORT_TEXT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum text_align { TEXT_LEFT, TEXT_RIGHT };
enum text_tint { TEXT_PLAIN, TEXT_BOLD, TEXT_DIM, TEXT_GOOD, TEXT_BAD, TEXT_WARN };

/* How reports for people look. */
struct text_style {
	bool colour;
};

#define TEXT_TABLE_COLUMNS_MAX 18

struct text_cell {
	char *text;
	enum text_tint tint;
};

struct text_row {
	struct text_cell cells[TEXT_TABLE_COLUMNS_MAX];
	char *below; /* lines printed below the row, or NULL */
};

struct text_table {
	size_t column_count;
	const char *titles[TEXT_TABLE_COLUMNS_MAX];
	enum text_align aligns[TEXT_TABLE_COLUMNS_MAX];
	struct text_row *rows;
	size_t row_count, row_capacity;
	size_t next_cell;
	bool failed;
};

/* Columns are added before the first row; TITLE must outlive the table. */
void text_table_init(struct text_table *table);
void text_table_release(struct text_table *table);
void text_table_column(struct text_table *table, const char *title, enum text_align align);
/* Begin a row, then one cell per column, from the left; missing cells stay empty. */
void text_table_row(struct text_table *table);
void text_table_cell(struct text_table *table, const char *text);
void text_table_cell_tinted(struct text_table *table, enum text_tint tint, const char *text);
/* A line below the current row. */
void text_table_below(struct text_table *table, const char *line);
/* Returns 0, STATUS_NO_MEMORY or STATUS_IO. */
int text_table_write(const struct text_table *table, FILE *out, const struct text_style *style);

/* TEXT with control characters replaced, coloured when the style has colour. */
void text_put(FILE *out, const struct text_style *style, enum text_tint tint, const char *text);
/* Columns that TEXT takes on a terminal (one per code point). */
size_t text_width(const char *text);

#endif
