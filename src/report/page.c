/* page.c - takes texts and styles, gives lines of a page: headings, filled paragraphs, bars. Never writes to a file. */
#include "report/page.h"

#include <string.h>

/* SGR sequences (ECMA-48 8.3.117); only the eight basic colours, which every theme keeps readable. */
static const char *const inks[] = {
	[INK_PLAIN] = "", [INK_TITLE] = "\033[1m", [INK_STRONG] = "\033[1m", [INK_FAINT] = "\033[2m", [INK_BAD] = "\033[1;31m",
	[INK_GOOD] = "\033[32m", [INK_WARN] = "\033[33m", [INK_NAME] = "\033[36m",
};

static void ink_on(struct page *page, enum ink ink)
{
	if (page->style.colour)
		text_add_string(&page->out, inks[ink]);
}

static void ink_off(struct page *page, enum ink ink)
{
	if (page->style.colour && ink != INK_PLAIN)
		text_add_string(&page->out, "\033[0m");
}

void page_free(struct page *page)
{
	text_free(&page->out);
}

void page_line(struct page *page)
{
	while (page->out.n && page->out.p[page->out.n - 1] == ' ')
		page->out.p[--page->out.n] = 0;
	text_add_octet(&page->out, '\n');
}

void page_put(struct page *page, enum ink ink, struct bytes b)
{
	ink_on(page, ink);
	escape_terminal(&page->out, b, page->style.charset);
	ink_off(page, ink);
}

void page_string(struct page *page, enum ink ink, const char *string)
{
	page_put(page, ink, bytes_of(string));
}

void page_spaces(struct page *page, size_t n)
{
	while (n--)
		text_add_octet(&page->out, ' ');
}

static void repeat(struct page *page, const char *mark, size_t n)
{
	while (n--)
		text_add_string(&page->out, mark);
}

void page_title(struct page *page, const char *title)
{
	page_string(page, INK_TITLE, title);
	page_line(page);
}

void page_section(struct page *page, const char *title)
{
	page_line(page);
	page_string(page, INK_TITLE, title);
	page_line(page);
	ink_on(page, INK_FAINT);
	repeat(page, page->style.charset == CHARSET_UTF8 ? "\xe2\x94\x80" : "-", escape_width(bytes_of(title)));
	ink_off(page, INK_FAINT);
	page_line(page);
}

/* The octets at the start of shown text that fit the columns: up to a blank when there is one, else as many as fit. */
static size_t line_length(struct bytes shown, size_t columns)
{
	size_t used = 0, at = 0, blank = 0;
	while (at < shown.n) {
		struct glyph glyph = glyph_at(bytes_from(shown, at));
		if (used + glyph.width > columns)
			return blank ? blank : at ? escape_break(shown, at) : glyph.octets;
		used += glyph.width;
		if (shown.p[at] == ' ')
			blank = at;
		at += glyph.octets;
	}
	return at;
}

void page_fill(struct page *page, enum ink ink, size_t from, size_t indent, struct bytes b)
{
	struct text shown = { 0 };
	escape_terminal(&shown, b, page->style.charset);
	struct bytes rest = text_view(&shown);
	size_t width = page->style.width ? page->style.width : (size_t)-1, column = from;
	do {
		size_t n = line_length(rest, width > column + 10 ? width - column : 10);
		ink_on(page, ink);
		text_add(&page->out, bytes_trim(bytes_first(rest, n)));
		ink_off(page, ink);
		page_line(page);
		rest = bytes_from(rest, n);
		while (rest.n && rest.p[0] == ' ')
			rest = bytes_from(rest, 1);
		if (rest.n)
			page_spaces(page, indent);
		column = indent;
	} while (rest.n);
	text_free(&shown);
}

void page_paragraph(struct page *page, size_t indent, const char *string)
{
	page_spaces(page, indent);
	page_fill(page, INK_PLAIN, indent, indent, bytes_of(string));
}

void page_labelled(struct page *page, size_t indent, const char *label, size_t column, struct bytes b)
{
	page_spaces(page, indent);
	page_string(page, INK_FAINT, label);
	size_t used = indent + escape_width(bytes_of(label));
	page_spaces(page, used < column ? column - used : 1);
	page_fill(page, INK_PLAIN, column, column, b);
}

void page_bar(struct page *page, enum ink ink, double value, double most, unsigned columns)
{
	/* eighths of a block, left to right: U+258F .. U+2588 */
	static const char *const eighths[] = { "", "\xe2\x96\x8f", "\xe2\x96\x8e", "\xe2\x96\x8d", "\xe2\x96\x8c", "\xe2\x96\x8b",
		"\xe2\x96\x8a", "\xe2\x96\x89" };
	double share = most > 0 ? value / most : 0;
	unsigned steps = page->style.charset == CHARSET_UTF8 ? 8 : 1;
	unsigned marks = (unsigned)(share * columns * steps + 0.5);
	if (marks == 0 && value > 0)
		marks = 1;
	ink_on(page, ink);
	repeat(page, steps == 8 ? "\xe2\x96\x88" : "#", marks / steps);
	text_add_string(&page->out, eighths[marks % steps]);
	ink_off(page, ink);
	page_spaces(page, columns - (marks + steps - 1) / steps);
}

void page_spark(struct page *page, enum ink ink, const double *values, size_t n)
{
	static const char *const high[] = { "\xe2\x96\x81", "\xe2\x96\x82", "\xe2\x96\x83", "\xe2\x96\x84", "\xe2\x96\x85",
		"\xe2\x96\x86", "\xe2\x96\x87", "\xe2\x96\x88" };
	static const char *const plain[] = { ".", ":", "-", "=", "+", "*", "#", "@" };
	double most = 0;
	for (size_t i = 0; i < n; i++)
		if (values[i] > most)
			most = values[i];
	ink_on(page, ink);
	for (size_t i = 0; i < n; i++) {
		size_t level = most > 0 ? (size_t)(values[i] / most * 7 + 0.5) : 0;
		text_add_string(&page->out, values[i] <= 0 ? " " : page->style.charset == CHARSET_UTF8 ? high[level] : plain[level]);
	}
	ink_off(page, ink);
}

const char *page_dash(const struct page *page)
{
	return page->style.charset == CHARSET_UTF8 ? "\xe2\x80\x93" : "-";
}

const char *page_dot(const struct page *page)
{
	return page->style.charset == CHARSET_UTF8 ? "\xc2\xb7" : "|";
}
