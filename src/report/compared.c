/* compared.c - takes the rows of a comparison, gives its report: summary, a sentence a path, a table of kinds, the differences. */
#include "report/compared.h"

#include "report/say.h"

struct telling {
	struct reader reader;
	struct page *page;
};

/* What the box does, by kind: a verb, and the noun that the cause gives it. */
static const struct { struct bytes kind; const char *does; bool takes_noun; } kinds[] = {
	{ B("masked"), "masks", true },      { B("removed"), "removes", true },   { B("added"), "adds lines to", true },
	{ B("rewritten"), "rewrites", true }, { B("reordered"), "reorders", true }, { B("swallowed"), "swallows", true },
	{ B("delayed"), "delays", true },    { B("answered_by_box"), "answers in the server's place", false },
	{ B("injected"), "sends resets in another's name", false },
};
static const struct { struct bytes cause; const char *noun, *of; } nouns[] = {
	{ B("middlebox.starttls_stripped"), "STARTTLS", "STARTTLS" },      { B("middlebox.ehlo_blocked"), "EHLO", "EHLO" },
	{ B("middlebox.command_masked"), "commands", "commands" },         { B("middlebox.extension_masked"), "EHLO keywords", "EHLO keywords" },
	{ B("middlebox.reply_injected"), "replies", NULL },
};

static void add_deed(struct text *t, struct bytes kind, struct bytes cause, int64_t directions, struct bytes direction)
{
	const char *noun = NULL, *of = NULL;
	for (size_t i = 0; i < sizeof nouns / sizeof *nouns; i++)
		if (bytes_equal(cause, nouns[i].cause)) {
			noun = nouns[i].noun;
			of = nouns[i].of;
		}
	bool client = bytes_equal(direction, B("client"));
	if (!noun)
		noun = directions > 1 ? "what passes" : client ? "what the client sends" : "what the server says";
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (!bytes_equal(kind, kinds[i].kind))
			continue;
		text_add_string(t, kinds[i].does);
		if (kinds[i].takes_noun)
			text_addf(t, " %s", noun);
		else if (of)
			text_addf(t, " (%s)", of);
	}
	if (directions > 1)
		text_add_string(t, " in both directions");
}

static void number_of(struct telling *t, struct text *line, const char *one, const char *many, const char *sql)
{
	say_counted(line, read_number(&t->reader, "%s", sql), one, many);
}

static void summary(struct telling *t)
{
	struct text line = { 0 };
	number_of(t, &line, "session was", "sessions were", "SELECT count(*) FROM pair WHERE known_by IS NOT NULL");
	text_add_string(&line, " found on both sides; ");
	say_count(&line, read_number(&t->reader, "SELECT count(*) FROM pair WHERE outside_session IS NULL"));
	text_add_string(&line, " only inside, ");
	say_count(&line, read_number(&t->reader, "SELECT count(*) FROM pair WHERE inside_session IS NULL"));
	text_add_string(&line, " only outside. ");
	int64_t n = read_number(&t->reader, "SELECT count(*) FROM difference");
	if (n)
		say_counted(&line, n, "difference.", "differences.");
	else
		text_add_string(&line, "No difference.");
	page_fill(t->page, n ? INK_BAD : INK_GOOD, 0, 0, text_view(&line));
	text_clear(&line);
	struct rows *rows = read_rows(&t->reader, "SELECT clock_offset / 1e9, transit / 1e3 FROM comparison WHERE clock_offset IS NOT NULL ORDER BY comparison_id DESC LIMIT 1");
	while (read_next(&t->reader, &rows))
		text_addf(&line, "The outside clock is %.6f s %s the inside clock; a frame takes %.0f \xc2\xb5s from one side to the other.",
		          rows_real(rows, 0) < 0 ? -rows_real(rows, 0) : rows_real(rows, 0), rows_real(rows, 0) < 0 ? "behind" : "ahead of", rows_real(rows, 1));
	if (line.n)
		page_fill(t->page, INK_FAINT, 0, 0, text_view(&line));
	text_free(&line);
}

static void paths(struct telling *t)
{
	struct rows *rows = read_rows(&t->reader,
		"WITH p AS (SELECT *, coalesce(outside_server_addr, inside_server_addr) || ' port ' || coalesce(outside_server_port, inside_server_port) AS server "
		"FROM pair_report WHERE known_by IS NOT NULL) "
		"SELECT server, CASE count(DISTINCT inside_client_addr) WHEN 1 THEN min(inside_client_addr) ELSE count(DISTINCT inside_client_addr) || ' clients' END, "
		"d.kind, coalesce(d.cause, ''), count(DISTINCT d.direction), min(d.direction), count(DISTINCT d.inside_session), "
		"(SELECT count(*) FROM p AS q WHERE q.server = p.server) "
		"FROM p JOIN difference_report AS d ON d.inside_session = p.inside_session AND d.outside_session = p.outside_session "
		"GROUP BY server, d.kind, d.cause ORDER BY server, count(DISTINCT d.inside_session) DESC, count(*) DESC");
	bool any = false;
	while (read_next(&t->reader, &rows)) {
		struct text line = { 0 };
		if (!any)
			page_section(t->page, "What the box does");
		any = true;
		text_add_string(&line, "The box between ");
		text_add(&line, rows_text(rows, 1));
		text_add_string(&line, " and ");
		text_add(&line, rows_text(rows, 0));
		text_add_octet(&line, ' ');
		add_deed(&line, rows_text(rows, 2), rows_text(rows, 3), rows_integer(rows, 4), rows_text(rows, 5));
		text_add_string(&line, ": ");
		say_count(&line, rows_integer(rows, 6));
		text_add_string(&line, " of ");
		say_counted(&line, rows_integer(rows, 7), "session", "sessions");
		text_add_octet(&line, '.');
		page_spaces(t->page, 2);
		page_fill(t->page, INK_PLAIN, 2, 4, text_view(&line));
		text_free(&line);
	}
}

static void by_kind(struct telling *t)
{
	static const struct table_column columns[] = {
		{ "kind", ALIGN_LEFT, RIGID, INK_STRONG }, { "sent by", ALIGN_LEFT, RIGID, INK_PLAIN }, { "cause", ALIGN_LEFT, ELASTIC, INK_NAME },
		{ "times", ALIGN_RIGHT, RIGID, INK_PLAIN }, { "sessions", ALIGN_RIGHT, RIGID, INK_PLAIN },
	};
	struct table table = { .columns = columns, .ncolumns = sizeof columns / sizeof *columns };
	struct rows *rows = read_rows(&t->reader, "SELECT kind, direction, coalesce(cause, ''), count(*), count(DISTINCT inside_session) FROM difference_report "
	                              "GROUP BY kind, direction, cause ORDER BY count(*) DESC, kind, direction, cause");
	bool any = false;
	while (read_next(&t->reader, &rows)) {
		if (!any)
			page_section(t->page, "Differences by kind");
		any = true;
		for (size_t i = 0; i < 3; i++)
			table_cell(&table, rows_text(rows, i));
		table_number(&table, rows_integer(rows, 3));
		table_number(&table, rows_integer(rows, 4));
	}
	table_draw(t->page, &table, 2);
}

/* ---- each difference ---- */

static void side_of(struct telling *t, const char *label, struct rows *rows, size_t frame, size_t text)
{
	struct text line = { 0 };
	if (rows_null(rows, frame))
		text_add_string(&line, "not there");
	else
		text_addf(&line, "frame %lld", (long long)rows_integer(rows, frame));
	if (!rows_null(rows, text) && rows_text(rows, text).n) {
		text_add_string(&line, "  ");
		text_add(&line, rows_text(rows, text));
	}
	page_labelled(t->page, 4, label, 13, text_view(&line));
	text_free(&line);
}

static void difference(struct telling *t, struct rows *rows)
{
	struct text line = { 0 };
	text_add(&line, rows_text(rows, 2));
	text_add_string(&line, bytes_equal(rows_text(rows, 3), B("client")) ? ", sent by the client" : ", sent by the server");
	page_spaces(t->page, 2);
	page_put(t->page, INK_STRONG, text_view(&line));
	if (!rows_null(rows, 8)) {
		page_spaces(t->page, 2);
		page_put(t->page, INK_NAME, rows_text(rows, 8));
	}
	page_line(t->page);
	side_of(t, "inside", rows, 4, 6);
	side_of(t, "outside", rows, 5, 7);
	if (!rows_null(rows, 9))
		page_labelled(t->page, 4, "", 13, rows_text(rows, 9));
	text_free(&line);
}

static void session_line(struct telling *t, int64_t inside)
{
	struct rows *rows = read_rows(&t->reader,
		"SELECT inside_session, outside_session, inside_client_addr || ' port ' || inside_client_port, inside_server_addr || ' port ' || inside_server_port, "
		"outside_client_addr || ' port ' || outside_client_port, outside_server_addr || ' port ' || outside_server_port, known_by FROM pair_report "
		"WHERE inside_session = %lld", (long long)inside);
	while (read_next(&t->reader, &rows)) {
		struct text line = { 0 };
		text_addf(&line, "Session %lld inside, %lld outside: ", (long long)rows_integer(rows, 0), (long long)rows_integer(rows, 1));
		text_add(&line, rows_text(rows, 2));
		text_add_string(&line, " to ");
		text_add(&line, rows_text(rows, 3));
		if (!bytes_equal(rows_text(rows, 2), rows_text(rows, 4)) || !bytes_equal(rows_text(rows, 3), rows_text(rows, 5))) {
			text_add_string(&line, ", outside ");
			text_add(&line, rows_text(rows, 4));
			text_add_string(&line, " to ");
			text_add(&line, rows_text(rows, 5));
		}
		text_add_string(&line, "; known by ");
		text_add(&line, rows_text(rows, 6));
		page_line(t->page);
		page_fill(t->page, INK_TITLE, 0, 2, text_view(&line));
		text_free(&line);
	}
}

static void differences(struct telling *t, bool all)
{
	int64_t n = read_number(&t->reader, "SELECT count(*) FROM difference"), last = -1, shown = 0;
	if (!n)
		return;
	page_section(t->page, "The differences");
	struct rows *rows = read_rows(&t->reader, "SELECT inside_session, outside_session, kind, direction, frame_inside, frame_outside, inside_text, outside_text, "
	                              "cause, detail FROM difference_report ORDER BY difference_id LIMIT %lld", (long long)(all ? n : COMPARED_SHOWN));
	for (; read_next(&t->reader, &rows); shown++) {
		if (rows_integer(rows, 0) != last)
			session_line(t, last = rows_integer(rows, 0));
		difference(t, rows);
	}
	if (shown < n) {
		struct text line = { 0 };
		text_add_string(&line, "and ");
		say_count(&line, n - shown);
		text_add_string(&line, " more; --all shows them");
		page_line(t->page);
		page_fill(t->page, INK_FAINT, 0, 0, text_view(&line));
		text_free(&line);
	}
}

static void unmatched(struct telling *t, bool all)
{
	struct rows *rows = read_rows(&t->reader,
		"SELECT CASE WHEN outside_session IS NULL THEN 'inside' ELSE 'outside' END, coalesce(inside_session, outside_session), start, "
		"coalesce(inside_client_addr, outside_client_addr) || ' port ' || coalesce(inside_client_port, outside_client_port), "
		"coalesce(inside_server_addr, outside_server_addr) || ' port ' || coalesce(inside_server_port, outside_server_port) "
		"FROM pair_report WHERE known_by IS NULL ORDER BY pair_id LIMIT %d", all ? -1 : COMPARED_SHOWN);
	static const struct table_column columns[] = {
		{ "only", ALIGN_LEFT, RIGID, INK_STRONG }, { "session", ALIGN_RIGHT, RIGID, INK_PLAIN }, { "start", ALIGN_LEFT, RIGID, INK_PLAIN },
		{ "client", ALIGN_LEFT, ELASTIC, INK_PLAIN }, { "server", ALIGN_LEFT, ELASTIC, INK_PLAIN },
	};
	struct table table = { .columns = columns, .ncolumns = sizeof columns / sizeof *columns };
	bool any = false;
	while (read_next(&t->reader, &rows)) {
		if (!any)
			page_section(t->page, "Sessions without a partner");
		any = true;
		for (size_t i = 0; i < 5; i++)
			if (i == 1)
				table_number(&table, rows_integer(rows, i));
			else
				table_cell(&table, rows_text(rows, i));
	}
	table_draw(t->page, &table, 2);
}

bool compared_report(struct report *report, bool all, struct page *page, struct error *error)
{
	struct telling t = { .reader = { report, error }, .page = page };
	page_title(page, "Two sides of a box");
	summary(&t);
	paths(&t);
	by_kind(&t);
	differences(&t, all);
	unmatched(&t, all);
	return error->kind == ERROR_NONE;
}
