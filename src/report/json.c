/* json.c - takes rows, gives an RFC 8259 object a line. Never lets a control or invisible character through unescaped. */
#include "report/escape.h"
#include "report/format.h"

static void begin(struct text *out, const struct rows *rows)
{
	(void)out, (void)rows;
}

/* JSON that the database holds: its statement has proved it well-formed; what a terminal would obey can only stand inside strings. */
static void embedded(struct text *out, struct bytes b)
{
	while (b.n) {
		struct glyph glyph = glyph_at(b);
		if (!glyph.valid)
			text_addf(out, "\\\\x%02x", b.p[0]);
		else if (glyph.visible)
			text_add(out, bytes_first(b, glyph.octets));
		else if (glyph.code < 0x10000)
			text_addf(out, "\\u%04x", (unsigned)glyph.code);
		else
			text_add_string(out, "\\ufffd");
		b = bytes_from(b, glyph.octets);
	}
}

static void value(struct text *out, const struct rows *rows, size_t column, bool json)
{
	struct bytes text = rows_text(rows, column);
	if (json)
		embedded(out, text);
	else if (rows_type(rows, column) == ROWS_INTEGER || rows_type(rows, column) == ROWS_REAL)
		text_add(out, text);
	else
		escape_json(out, text);
}

static void row(struct text *out, const struct rows *rows)
{
	const char *before = "{";
	for (size_t i = 0; i < rows_columns(rows); i++) {
		bool json;
		struct bytes name = format_field(rows, i, &json);
		if (rows_null(rows, i))
			continue;
		text_add_string(out, before);
		escape_json(out, name);
		text_add_octet(out, ':');
		value(out, rows, i, json);
		before = ",";
	}
	text_add_string(out, *before == '{' ? "{}\n" : "}\n");
}

const struct format json_format = { "json", begin, row };
