/* escape.c - takes text that may be hostile, gives text that a terminal, a page or a file can hold. Never fails, never lets a
 * character through that acts instead of being read. */
#include "report/escape.h"

#include "base/utf8.h"

#include <string.h>

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

struct range { uint32_t first, last; };

/* What acts or hides instead of being read: controls, direction changes (CVE-2021-42574), joiners and other invisible characters,
 * line and paragraph separators, private use, tags, noncharacters. */
static const struct range hidden[] = {
	{ 0x00, 0x1f },       { 0x7f, 0x9f },         { 0xad, 0xad },         { 0x34f, 0x34f },     { 0x61c, 0x61c },
	{ 0x115f, 0x1160 },   { 0x17b4, 0x17b5 },     { 0x180b, 0x180f },     { 0x200b, 0x200f },   { 0x2028, 0x202e },
	{ 0x2060, 0x206f },   { 0x3164, 0x3164 },     { 0xe000, 0xf8ff },     { 0xfdd0, 0xfdef },   { 0xfe00, 0xfe0f },
	{ 0xfeff, 0xfeff },   { 0xffa0, 0xffa0 },     { 0xfff0, 0xfffb },     { 0xfffe, 0xffff },   { 0x1d173, 0x1d17a },
	{ 0xe0000, 0x10ffff },
};
/* Marks that stand on the character before them (the blocks of combining marks). */
static const struct range combining[] = {
	{ 0x300, 0x36f }, { 0x483, 0x489 }, { 0x591, 0x5bd }, { 0x610, 0x61a }, { 0x64b, 0x65f }, { 0x1ab0, 0x1aff },
	{ 0x1dc0, 0x1dff }, { 0x20d0, 0x20ff }, { 0xfe20, 0xfe2f },
};
/* Wide and fullwidth characters (Unicode Standard Annex 11, the large blocks). */
static const struct range wide[] = {
	{ 0x1100, 0x115e }, { 0x2e80, 0x303e }, { 0x3041, 0x33ff }, { 0x3400, 0x4dbf }, { 0x4e00, 0x9fff }, { 0xa000, 0xa4cf },
	{ 0xac00, 0xd7a3 }, { 0xf900, 0xfaff }, { 0xfe30, 0xfe6f }, { 0xff00, 0xff60 }, { 0xffe0, 0xffe6 }, { 0x1f300, 0x1f64f },
	{ 0x1f900, 0x1f9ff }, { 0x20000, 0x3fffd },
};

static bool within(const struct range *rows, size_t n, uint32_t code)
{
	for (size_t i = 0; i < n; i++)
		if (code >= rows[i].first && code <= rows[i].last)
			return true;
	return false;
}

struct glyph glyph_at(struct bytes b)
{
	uint32_t code;
	size_t octets = utf8_character(b, &code);
	if (octets == 0)
		return (struct glyph){ .octets = 1, .width = 1 };
	struct glyph glyph = { octets, code, 1, true, !within(hidden, COUNT(hidden), code) };
	if (code >= 0x300)
		glyph.width = within(combining, COUNT(combining), code) ? 0 : within(wide, COUNT(wide), code) ? 2 : 1;
	return glyph;
}

static void add_octets_escaped(struct text *out, struct bytes b)
{
	for (size_t i = 0; i < b.n; i++)
		text_addf(out, "\\x%02x", b.p[i]);
}

/* Adds one glyph as a terminal may have it; returns its columns. */
static size_t add_glyph(struct text *out, struct bytes b, struct glyph glyph, enum charset charset)
{
	struct bytes octets = bytes_first(b, glyph.octets);
	if (b.p[0] == '\n' || b.p[0] == '\t' || b.p[0] == '\r') {
		text_addf(out, "\\%c", b.p[0] == '\n' ? 'n' : b.p[0] == '\t' ? 't' : 'r');
		return 2;
	}
	if (!glyph.valid || !glyph.visible || (charset == CHARSET_ASCII && glyph.code > 0x7f)) {
		add_octets_escaped(out, octets);
		return 4 * octets.n;
	}
	text_add(out, octets);
	return glyph.width;
}

void escape_terminal(struct text *out, struct bytes b, enum charset charset)
{
	while (b.n) {
		struct glyph glyph = glyph_at(b);
		add_glyph(out, b, glyph, charset);
		b = bytes_from(b, glyph.octets);
	}
}

void escape_terminal_fit(struct text *out, struct bytes b, enum charset charset, size_t columns)
{
	const char *dots = charset == CHARSET_UTF8 ? "\xe2\x80\xa6" : "...";
	size_t reserve = charset == CHARSET_UTF8 ? 1 : 3, used = 0;
	size_t keep = out->n; /* where the dots would go */
	while (b.n) {
		struct glyph glyph = glyph_at(b);
		size_t before = out->n, columns_of_it = add_glyph(out, b, glyph, charset);
		if (used + columns_of_it > columns) {
			out->n = keep < before ? keep : before;
			out->p[out->n] = 0;
			if (columns >= reserve)
				text_add_string(out, dots);
			return;
		}
		used += columns_of_it;
		if (used + reserve <= columns)
			keep = out->n;
		b = bytes_from(b, glyph.octets);
	}
}

void escape_terminal_fit_end(struct text *out, struct bytes b, enum charset charset, size_t columns)
{
	const char *dots = charset == CHARSET_UTF8 ? "\xe2\x80\xa6" : "...";
	size_t reserve = charset == CHARSET_UTF8 ? 1 : 3, width;
	struct text shown = { 0 };
	escape_terminal(&shown, b, charset);
	width = escape_width(text_view(&shown));
	if (width <= columns) {
		text_add(out, text_view(&shown));
	} else if (columns >= reserve) {
		text_add_string(out, dots);
		while (b.n && width + reserve > columns) {
			struct glyph glyph = glyph_at(b);
			text_clear(&shown);
			width -= add_glyph(&shown, b, glyph, charset);
			b = bytes_from(b, glyph.octets);
		}
		escape_terminal(out, b, charset);
	}
	text_free(&shown);
}

size_t escape_width(struct bytes shown)
{
	size_t columns = 0;
	while (shown.n) {
		struct glyph glyph = glyph_at(shown);
		columns += glyph.width;
		shown = bytes_from(shown, glyph.octets);
	}
	return columns;
}

size_t escape_break(struct bytes shown, size_t at)
{
	for (size_t back = 1; back < 4 && back < at; back++)
		if (bytes_starts(bytes_from(shown, at - back), B("\\x")))
			return at - back;
	return at > 1 && shown.p[at - 1] == '\\' ? at - 1 : at;
}

/* A number as a spreadsheet reads it: sign, digits, at most one point. */
static bool is_number(struct bytes b)
{
	size_t i = b.n && (b.p[0] == '-' || b.p[0] == '+'), digits = 0, points = 0;
	for (; i < b.n; i++) {
		if (octet_is_digit(b.p[i]))
			digits++;
		else if (b.p[i] != '.' || points++)
			return false;
	}
	return digits > 0;
}

void escape_csv(struct text *out, struct bytes b)
{
	bool formula = b.n && memchr("=+-@\t\r", b.p[0], 6) && !is_number(b);
	bool quoted = b.n && (b.p[0] == ' ' || b.p[b.n - 1] == ' ');
	for (size_t i = 0; i < b.n && !quoted; i++)
		quoted = b.p[i] == '"' || b.p[i] == ',' || b.p[i] == '\n' || b.p[i] == '\r';
	if (quoted)
		text_add_octet(out, '"');
	if (formula)
		text_add_octet(out, '\'');
	while (b.n) {
		struct glyph glyph = glyph_at(b);
		struct bytes octets = bytes_first(b, glyph.octets);
		if (b.p[0] == '"')
			text_add_string(out, "\"\"");
		else if (b.p[0] == '\n' || (glyph.valid && glyph.visible))
			text_add(out, octets);
		else
			add_octets_escaped(out, octets);
		b = bytes_from(b, glyph.octets);
	}
	if (quoted)
		text_add_octet(out, '"');
}

void escape_html(struct text *out, struct bytes b)
{
	static const char *const references[] = {
		['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;",
	};
	while (b.n) {
		struct glyph glyph = glyph_at(b);
		uint8_t c = b.p[0];
		if (c < COUNT(references) && references[c])
			text_add_string(out, references[c]);
		else if (c == '\n' || (glyph.valid && glyph.visible))
			text_add(out, bytes_first(b, glyph.octets));
		else
			add_octets_escaped(out, bytes_first(b, glyph.octets));
		b = bytes_from(b, glyph.octets);
	}
}

void escape_json(struct text *out, struct bytes b)
{
	text_add_octet(out, '"');
	while (b.n) {
		struct glyph glyph = glyph_at(b);
		uint8_t c = b.p[0];
		if (!glyph.valid)
			text_addf(out, "\\\\x%02x", c);
		else if (c == '"' || c == '\\')
			text_addf(out, "\\%c", c);
		else if (c == '\n')
			text_add_string(out, "\\n");
		else if (c == '\t')
			text_add_string(out, "\\t");
		else if (c == '\r')
			text_add_string(out, "\\r");
		else if (glyph.visible)
			text_add(out, bytes_first(b, glyph.octets));
		else if (glyph.code < 0x10000)
			text_addf(out, "\\u%04x", (unsigned)glyph.code);
		else
			text_addf(out, "\\u%04x\\u%04x", (unsigned)(0xd800 + ((glyph.code - 0x10000) >> 10)),
			          (unsigned)(0xdc00 + ((glyph.code - 0x10000) & 0x3ff)));
		b = bytes_from(b, glyph.octets);
	}
	text_add_octet(out, '"');
}

void escape_script(struct text *out, struct bytes b)
{
	text_add_octet(out, '"');
	while (b.n) {
		struct glyph glyph = glyph_at(b);
		uint8_t c = b.p[0];
		if (c == '"' || c == '\\')
			text_addf(out, "\\%c", c);
		else if (c == '\n')
			text_add_string(out, "\\n");
		else if (c == '<' || c == '>' || c == '&')
			text_addf(out, "\\u%04x", c);
		else if (glyph.valid && glyph.visible)
			text_add(out, bytes_first(b, glyph.octets));
		else
			for (size_t i = 0; i < glyph.octets; i++)
				text_addf(out, "\\\\x%02x", b.p[i]);
		b = bytes_from(b, glyph.octets);
	}
	text_add_octet(out, '"');
}
