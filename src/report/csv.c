/* csv.c - takes rows, gives RFC 4180 text with a header line. Never emits a cell that a spreadsheet would run (escape.h). */
#include "report/escape.h"
#include "report/format.h"

static void begin(struct text *out, const struct rows *rows)
{
	for (size_t i = 0; i < rows_columns(rows); i++) {
		bool json;
		if (i)
			text_add_octet(out, ',');
		escape_csv(out, format_field(rows, i, &json));
	}
	text_add_octet(out, '\n');
}

static void row(struct text *out, const struct rows *rows)
{
	for (size_t i = 0; i < rows_columns(rows); i++) {
		if (i)
			text_add_octet(out, ',');
		escape_csv(out, rows_text(rows, i));
	}
	text_add_octet(out, '\n');
}

const struct format csv_format = { "csv", begin, row };
