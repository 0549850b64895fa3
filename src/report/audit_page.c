/* audit_page.c - takes an audit, gives the page: a matrix of paths against behaviours, then each path's cells in words, then what changed.
 * Never lets "no sign" and "could not look" look alike. */
#include "report/audit.h"

#include "report/changed.h"
#include "report/headline.h"
#include "report/say.h"

enum { ROWS_MOST = 40, DETAILS_MOST = 40, DETAIL_COLUMN = 4 };

static void time_text(struct text *out, int64_t time, struct bytes day)
{
	struct text iso = { 0 };
	text_add_time(&iso, time);
	say_time(out, text_view(&iso), day);
	text_free(&iso);
}

static void span(struct text *out, const struct page *page, int64_t first, int64_t last, struct bytes day)
{
	struct text a = { 0 }, b = { 0 };
	time_text(&a, first, day);
	time_text(&b, last, day);
	text_add(out, text_view(&a));
	if (!bytes_equal(text_view(&a), text_view(&b))) {
		text_addf(out, " %s ", page_dash(page));
		text_add(out, text_view(&b));
	}
	text_free(&a);
	text_free(&b);
}

static const char *what(enum audit_by by, bool many)
{
	static const char *const names[][2] = {
		[AUDIT_BY_PATH] = { "path", "paths" }, [AUDIT_BY_CLIENT] = { "client network", "client networks" },
		[AUDIT_BY_SERVER] = { "server", "servers" },
	};
	return names[by][many];
}

static void first_lines(const struct audit *a, struct audit_options options, struct page *page)
{
	struct text text = { 0 };
	unsigned whole = 0;
	for (size_t i = 0; i < a->nrows; i++)
		whole += a->rows[i].whole;
	if (!a->sessions) {
		text_add_string(&text, "No SMTP session was found. That is no clean bill: nothing here could be judged.");
	} else if (a->affected) {
		say_count(&text, a->affected);
		text_add_string(&text, " of ");
		say_counted(&text, a->sessions, "session", "sessions");
		text_add_string(&text, " (");
		say_share(&text, a->affected, a->sessions);
		text_add_string(&text, ") show a box on the path, on ");
		say_count(&text, (int64_t)a->naffected);
		text_add_string(&text, " of ");
		say_counted(&text, (int64_t)a->nrows, what(options.by, false), what(options.by, true));
		text_add_octet(&text, '.');
	} else {
		text_add_string(&text, "No sign of a box in ");
		say_counted(&text, a->sessions, "session", "sessions");
		text_add_string(&text, " on ");
		say_counted(&text, (int64_t)a->nrows, what(options.by, false), what(options.by, true));
		text_add_octet(&text, '.');
	}
	page_fill(page, a->affected ? INK_BAD : a->sessions ? INK_GOOD : INK_WARN, 0, 0, text_view(&text));
	text_clear(&text);
	if (whole < a->sessions) {
		say_counted(&text, a->sessions - whole, "session", "sessions");
		text_add_string(&text, " could not be read whole; what a box did to the rest of them is not known.");
		page_fill(page, INK_WARN, 0, 0, text_view(&text));
	}
	text_free(&text);
}

/* ---- the matrix ---- */

static void matrix(const struct audit *a, struct audit_options options, struct page *page)
{
	struct table_column columns[3 + BEHAVIOURS];
	struct table table = { .columns = columns };
	if (options.by != AUDIT_BY_SERVER)
		columns[table.ncolumns++] = (struct table_column){ "clients", ALIGN_LEFT, ELASTIC, INK_PLAIN };
	if (options.by != AUDIT_BY_CLIENT)
		columns[table.ncolumns++] = (struct table_column){ "server", ALIGN_LEFT, ELASTIC, INK_PLAIN };
	columns[table.ncolumns++] = (struct table_column){ "all", ALIGN_RIGHT, RIGID, INK_FAINT };
	for (enum behaviour b = 0; b < BEHAVIOURS; b++)
		if (a->seen[b])
			columns[table.ncolumns++] = (struct table_column){ behaviour_entry(b)->brief, ALIGN_RIGHT, RIGID, INK_STRONG };
	struct text text = { 0 };
	for (size_t i = 0; i < a->naffected && i < ROWS_MOST; i++) {
		const struct audit_row *row = &a->rows[i];
		if (options.by != AUDIT_BY_SERVER)
			table_cell(&table, row->client);
		if (options.by != AUDIT_BY_CLIENT)
			table_cell(&table, row->server);
		table_number(&table, row->sessions);
		for (enum behaviour b = 0; b < BEHAVIOURS; b++) {
			if (!a->seen[b])
				continue;
			if (row->cells[b].sessions)
				table_number(&table, row->cells[b].sessions);
			else
				table_string(&table, page_dash(page));
		}
	}
	table_draw(page, &table, 2);
	if (a->naffected > ROWS_MOST) {
		say_counted(&text, (int64_t)a->naffected - ROWS_MOST, "further row", "further rows");
		text_add_string(&text, ": --csv and --json give all");
		page_spaces(page, 2);
		page_fill(page, INK_FAINT, 2, 2, text_view(&text));
	}
	text_clear(&text);
	for (enum behaviour b = 0; b < BEHAVIOURS; b++)
		if (a->seen[b])
			text_addf(&text, "%s%s %s", text.n ? "; " : "Sessions with a sign, of all: ", behaviour_entry(b)->brief, behaviour_entry(b)->name);
	page_spaces(page, 2);
	page_fill(page, INK_FAINT, 2, 2, text_view(&text));
	text_free(&text);
}

/* ---- in words ---- */

static void place_text(struct text *out, enum box_place place)
{
	static const char *const says[] = {
		[BOX_UNKNOWN] = "where the box sits cannot be told from this path alone",
		[BOX_CLIENT_END] = "every server seen from this network shows it: the box sits at the client's end",
		[BOX_SERVER_END] = "every client network sees it at this server: the box sits at the server's end",
		[BOX_EVERYWHERE] = "every path shows it: the box sits where all of them pass, as at the point of capture",
		[BOX_SOME_PATHS] = "some paths show it and others of both ends do not",
	};
	text_add_string(out, says[place]);
}

static void cell_words(const struct audit_row *row, enum behaviour b, struct bytes day, struct page *page)
{
	const struct audit_cell *cell = &row->cells[b];
	struct text text = { 0 };
	static const char *const certainties[] = { "possible", "likely", "proven" };
	say_count(&text, cell->sessions);
	text_add_string(&text, " of ");
	say_counted(&text, row->sessions, "session, ", "sessions, ");
	span(&text, page, cell->first, cell->last, day);
	text_addf(&text, ", %s. ", certainties[cell->certainty < 3 ? cell->certainty : 0]);
	if (cell->device.n) {
		text_add_string(&text, "As of ");
		text_add(&text, cell->device);
		text_add_string(&text, ". ");
	}
	size_t begin = text.n;
	place_text(&text, cell->place);
	text.p[begin] = (char)octet_upper((uint8_t)text.p[begin]);
	text_add_string(&text, cell->sessions == 1 ? ". Look at session" : ". Look at sessions");
	for (size_t i = 0; i < AUDIT_EXAMPLES && cell->examples[i]; i++)
		text_addf(&text, "%s %lld", i ? "," : "", (long long)cell->examples[i]);
	text_add_octet(&text, '.');
	page_spaces(page, 2);
	page_string(page, INK_NAME, behaviour_entry(b)->name);
	page_string(page, INK_FAINT, "  ");
	page_string(page, INK_FAINT, cause_entry(behaviour_entry(b)->cause)->slug);
	page_line(page);
	page_spaces(page, DETAIL_COLUMN);
	page_fill(page, INK_PLAIN, DETAIL_COLUMN, DETAIL_COLUMN, text_view(&text));
	text_free(&text);
}

static void row_words(const struct audit_row *row, struct bytes day, struct page *page)
{
	struct text text = { 0 };
	text_add(&text, row->client);
	if (row->client.n && row->server.n)
		text_add_string(&text, " to ");
	text_add(&text, row->server);
	page_line(page);
	page_put(page, INK_STRONG, text_view(&text));
	page_line(page);
	for (enum behaviour b = 0; b < BEHAVIOURS; b++)
		if (row->cells[b].sessions)
			cell_words(row, b, day, page);
	text_free(&text);
}

void audit_draw(const struct audit *a, struct audit_options options, struct reader *reader, struct page *page)
{
	struct text day = { 0 }, text = { 0 };
	headline_day(reader, &day);
	first_lines(a, options, page);
	if (a->affected) {
		page_section(page, "Paths and behaviours");
		matrix(a, options, page);
		page_section(page, "In words");
		for (size_t i = 0; i < a->naffected && i < DETAILS_MOST; i++)
			row_words(&a->rows[i], text_view(&day), page);
		if (a->naffected > DETAILS_MOST) {
			say_counted(&text, (int64_t)a->naffected - DETAILS_MOST, "further row", "further rows");
			text_add_string(&text, ": --csv and --json give all");
			page_line(page);
			page_fill(page, INK_FAINT, 0, 0, text_view(&text));
		}
	}
	if (read_number(reader, "SELECT count(*) FROM change_report WHERE kind <> 'errors'")) {
		page_section(page, "What changed, and what differs by path");
		changed_section(reader, page, text_view(&day), true);
	}
	text_free(&day);
	text_free(&text);
}
