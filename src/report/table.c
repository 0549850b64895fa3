/* table.c - takes cells, gives aligned columns within the page's width. Cells are cut, never wrapped. */
#include "report/page.h"

#include <stdlib.h>

void table_cell(struct table *table, struct bytes b)
{
	if (table->ncells == table->room) {
		table->room = table->room ? table->room * 2 : 64;
		table->cells = memory_grow(table->cells, table->room, sizeof *table->cells);
	}
	table->cells[table->ncells++] = arena_copy(&table->arena, b);
}

void table_string(struct table *table, const char *string)
{
	table_cell(table, bytes_of(string));
}

void table_number(struct table *table, int64_t number)
{
	struct text text = { 0 };
	text_addf(&text, "%lld", (long long)number);
	table_cell(table, text_view(&text));
	text_free(&text);
}

static size_t cell_width(const struct page *page, struct bytes b)
{
	struct text shown = { 0 };
	escape_terminal(&shown, b, page->style.charset);
	size_t width = escape_width(text_view(&shown));
	text_free(&shown);
	return width;
}

enum { COLUMN_GAP = 2, COLUMN_LEAST = 8, FIRST_LEAST = 12, ADDRESS = 15 /* of IPv4 */ };

/* Takes columns away from those that give, the widest first, until the table fits or none is wider than the least. */
static size_t squeeze(const struct table *table, size_t *widths, size_t total, size_t room, bool first, size_t least)
{
	while (total > room) {
		size_t widest = table->ncolumns;
		for (size_t c = 0; c < table->ncolumns; c++) {
			enum table_give gives = table->columns[c].gives;
			if ((first ? gives == ELASTIC_FIRST : gives != RIGID) && widths[c] > least && (widest == table->ncolumns || widths[c] > widths[widest]))
				widest = c;
		}
		if (widest == table->ncolumns)
			break;
		widths[widest]--;
		total--;
	}
	return total;
}

static void fit(const struct table *table, size_t *widths, size_t room)
{
	size_t total = COLUMN_GAP * (table->ncolumns - 1);
	for (size_t c = 0; c < table->ncolumns; c++)
		total += widths[c];
	total = squeeze(table, widths, total, room, true, FIRST_LEAST);
	total = squeeze(table, widths, total, room, false, ADDRESS);
	total = squeeze(table, widths, total, room, true, COLUMN_LEAST);
	squeeze(table, widths, total, room, false, COLUMN_LEAST);
}

static void draw_cell(struct page *page, const struct table_column *column, enum ink ink, struct bytes b, size_t width, bool last)
{
	struct text shown = { 0 };
	(column->gives == ELASTIC_PATH ? escape_terminal_fit_end : escape_terminal_fit)(&shown, b, page->style.charset, width);
	size_t pad = width - escape_width(text_view(&shown));
	if (column->align == ALIGN_RIGHT)
		page_spaces(page, pad);
	page_put(page, ink, text_view(&shown));
	if (!last)
		page_spaces(page, (column->align == ALIGN_RIGHT ? 0 : pad) + COLUMN_GAP);
	text_free(&shown);
}

void table_draw(struct page *page, struct table *table, size_t indent)
{
	size_t n = table->ncolumns, rows = table->ncells / n;
	size_t *widths = memory_new(n, sizeof *widths);
	for (size_t c = 0; c < n; c++) {
		widths[c] = cell_width(page, bytes_of(table->columns[c].name));
		for (size_t r = 0; r < rows; r++) {
			size_t width = cell_width(page, table->cells[r * n + c]);
			if (width > widths[c])
				widths[c] = width;
		}
	}
	if (page->style.width > indent)
		fit(table, widths, page->style.width - indent);
	for (size_t r = 0; rows && r <= rows; r++) {
		page_spaces(page, indent);
		for (size_t c = 0; c < n; c++) {
			const struct table_column *column = &table->columns[c];
			struct bytes b = r ? table->cells[(r - 1) * n + c] : bytes_of(column->name);
			draw_cell(page, column, r ? column->ink : INK_FAINT, b, widths[c], c + 1 == n);
		}
		page_line(page);
	}
	free(widths);
	free(table->cells);
	arena_drop(&table->arena);
	*table = (struct table){ .columns = table->columns, .ncolumns = n };
}
