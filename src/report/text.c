/* text.c - takes the database, gives the whole report as a page: each section is a row of a list, most sections are one SQL
 * statement drawn as a table. Never writes to a file. */
#include "report/text.h"

#include "report/say.h"
#include "report/headline.h"
#include "report/read.h"

enum { CAUSES_MOST = 10, ROWS_MOST = 10, LABEL_COLUMN = 14, BINS_MOST = 60 };

struct view { /* what every section is drawn from */
	struct reader reader;
	struct page *page;
	const char *path;  /* NULL: no database is kept */
	struct text day;
	int64_t errors;
};

/* ---- a statement as a table ---- */

enum cell { CELL_TEXT, CELL_COUNT, CELL_TIME, CELL_OCTETS };

struct listing {
	const char *count, *sql, *more; /* count: of all rows; of sql, %d is the greatest number of rows; more: what the rows beyond it are called */
	enum cell cells[9];
	struct table_column columns[9];
	size_t ncolumns;
};

static void cell(struct view *view, struct table *table, struct rows *rows, size_t column, enum cell kind)
{
	struct text text = { 0 };
	struct bytes value = rows_text(rows, column);
	if (rows_null(rows, column))
		text_add_string(&text, page_dash(view->page));
	else if (kind == CELL_COUNT)
		say_count(&text, rows_integer(rows, column));
	else if (kind == CELL_OCTETS)
		say_octets(&text, rows_integer(rows, column));
	else if (kind == CELL_TIME)
		say_time(&text, value, text_view(&view->day));
	else
		text_add(&text, value);
	table_cell(table, text_view(&text));
	text_free(&text);
}

static void draw(struct view *view, const struct listing *listing)
{
	struct table table = { .columns = listing->columns, .ncolumns = listing->ncolumns };
	int64_t all = read_number(&view->reader, "%s", listing->count);
	struct rows *rows = read_rows(&view->reader, listing->sql, ROWS_MOST);
	while (read_next(&view->reader, &rows))
		for (size_t c = 0; c < listing->ncolumns; c++)
			cell(view, &table, rows, c, listing->cells[c]);
	table_draw(view->page, &table, 2);
	if (all > ROWS_MOST) {
		struct text text = { 0 };
		text_add_string(&text, "and ");
		say_count(&text, all - ROWS_MOST);
		text_addf(&text, " more %s", listing->more);
		page_spaces(view->page, 2);
		page_fill(view->page, INK_FAINT, 2, 2, text_view(&text));
		text_free(&text);
	}
}

/* "12 sessions, 3 servers, 1 client, 10:02:03 - 10:40:59": columns 3 to 7 of a statement on causes or findings. */
static void extent(struct view *view, struct text *out, struct rows *rows)
{
	say_counted(out, rows_integer(rows, 3), "session", "sessions");
	text_add_string(out, ", ");
	say_counted(out, rows_integer(rows, 4), "server", "servers");
	text_add_string(out, ", ");
	say_counted(out, rows_integer(rows, 5), "client", "clients");
	text_add_string(out, ", ");
	say_time(out, rows_text(rows, 6), text_view(&view->day));
	if (bytes_equal(rows_text(rows, 6), rows_text(rows, 7)))
		return;
	text_addf(out, " %s ", page_dash(view->page));
	say_time(out, rows_text(rows, 7), text_view(&view->day));
}

/* ---- causes ---- */

static void labelled(struct view *view, const char *label, struct text *text)
{
	if (text->n)
		page_labelled(view->page, 3, label, LABEL_COLUMN, text_view(text));
	text_clear(text);
}

/* The clearest error of a cause: the best proven, then the first. */
#define EXAMPLE_ORDER "CASE certainty WHEN 'proven' THEN 0 WHEN 'likely' THEN 1 ELSE 2 END, trigger_frame IS NULL, error_id"

static void wire_line(struct view *view, const char *mark, struct bytes line, struct rows *rows, size_t frame)
{
	struct text text = { 0 };
	text_add_string(&text, mark);
	text_add(&text, line.n ? line : B("(empty line)"));
	if (!rows_null(rows, frame))
		text_addf(&text, "  [frame %lld]", (long long)rows_integer(rows, frame));
	page_spaces(view->page, LABEL_COLUMN);
	page_fill(view->page, INK_PLAIN, LABEL_COLUMN, LABEL_COLUMN + 2, text_view(&text));
	text_free(&text);
}

static void example(struct view *view, int64_t error_id)
{
	struct text text = { 0 };
	struct rows *rows = read_rows(&view->reader, "SELECT client_addr, client_port, server_addr, server_port, time, trigger_verb, trigger_line, "
	                              "trigger_frame, code, enhanced, reply_text, reply_frame, capture FROM error_report WHERE error_id = %lld",
	                              (long long)error_id);
	if (read_next(&view->reader, &rows)) {
		text_addf(&text, "error %lld, ", (long long)error_id);
		text_add(&text, rows_text(rows, 0));
		text_addf(&text, " port %lld to ", (long long)rows_integer(rows, 1));
		text_add(&text, rows_text(rows, 2));
		text_addf(&text, " port %lld, ", (long long)rows_integer(rows, 3));
		say_time(&text, rows_text(rows, 4), text_view(&view->day));
		text_add_string(&text, ", ");
		text_add(&text, rows_text(rows, 12));
		labelled(view, "Example", &text);
		if (rows_null(rows, 5))
			wire_line(view, "C: ", B("(the command is not in the capture)"), rows, 7);
		else if (bytes_equal(rows_text(rows, 5), B("CONN")))
			wire_line(view, "C: ", B("(connects)"), rows, 7);
		else
			wire_line(view, "C: ", rows_text(rows, 6), rows, 7);
		text_addf(&text, "%03lld ", (long long)rows_integer(rows, 8));
		if (rows_text(rows, 9).n) {
			text_add(&text, rows_text(rows, 9));
			text_add_octet(&text, ' ');
		}
		for (struct cut cut = { .tail = rows_text(rows, 10), .found = true }; cut.found;) {
			cut = bytes_cut(cut.tail, '\n');
			text_add(&text, cut.head);
			if (cut.found)
				text_add_string(&text, " / ");
		}
		wire_line(view, "S: ", text_view(&text), rows, 11);
	}
	read_done(&rows);
	text_free(&text);
}

/* "proven 40, likely 21": the values of a column of one cause with their counts. */
static void tally(struct view *view, struct text *out, const char *expression, int64_t like)
{
	struct rows *rows = read_rows(&view->reader, "SELECT %s AS value, count(*) AS n FROM error_report WHERE cause = "
	                              "(SELECT cause FROM error_report WHERE error_id = %lld) GROUP BY value ORDER BY n DESC, value LIMIT 4",
	                              expression, (long long)like);
	while (read_next(&view->reader, &rows)) {
		if (out->n)
			text_add_string(out, ", ");
		text_add(out, rows_text(rows, 0));
		text_add_octet(out, ' ');
		say_count(out, rows_integer(rows, 1));
	}
}

static void cause(struct view *view, struct rows *rows, size_t rank, int64_t example_id)
{
	struct page *page = view->page;
	struct text text = { 0 };
	if (rank > 1)
		page_line(page);
	text_addf(&text, "%zu. ", rank);
	page_put(page, INK_STRONG, text_view(&text));
	page_put(page, INK_NAME, rows_text(rows, 0));
	page_line(page);
	text_clear(&text);
	say_counted(&text, rows_integer(rows, 2), "error", "errors");
	text_add_string(&text, " (");
	say_share(&text, rows_integer(rows, 2), view->errors);
	text_add_string(&text, "), ");
	extent(view, &text, rows);
	labelled(view, "Extent", &text);
	text_add(&text, rows_text(rows, 1));
	labelled(view, "At fault", &text);
	tally(view, &text, "certainty", example_id);
	labelled(view, "Certainty", &text);
	tally(view, &text, "trim(substr('00' || code, -3) || ' ' || coalesce(enhanced, '')) || ' to ' || coalesce(nullif(trigger_verb, ''), '(no verb)') || ':'",
	      example_id);
	labelled(view, "Replies", &text);
	example(view, example_id);
	text_free(&text);
}

static void causes(struct view *view)
{
	struct rows *rows = read_rows(&view->reader, "SELECT e.cause, e.party, count(*) AS n, count(DISTINCT session_id), count(DISTINCT server_addr), "
	                              "count(DISTINCT client_addr), min(time), max(time), (SELECT error_id FROM error_report x WHERE x.cause = e.cause "
	                              "ORDER BY " EXAMPLE_ORDER " LIMIT 1) FROM error_report e GROUP BY e.cause, e.party ORDER BY n DESC, e.cause LIMIT %d",
	                              CAUSES_MOST);
	for (size_t rank = 1; read_next(&view->reader, &rows); rank++)
		cause(view, rows, rank, rows_integer(rows, 8));
	int64_t all = read_number(&view->reader, "SELECT count(DISTINCT cause) FROM error_report");
	struct text text = { 0 };
	page_line(view->page);
	if (all > CAUSES_MOST) {
		say_count(&text, all - CAUSES_MOST);
		text_add_string(&text, " rarer causes are not shown here. ");
	}
	if (view->path)
		text_addf(&text, "The dialogue around an error: smtpwhy explain %s ERROR", view->path);
	else
		text_add_string(&text, "To see the dialogue around an error, keep the database (add -o report.db) and use: smtpwhy explain report.db ERROR");
	page_fill(view->page, INK_FAINT, 0, 0, text_view(&text));
	text_free(&text);
}

/* ---- remedies ---- */

static void remedies(struct view *view)
{
	struct text text = { 0 };
	struct rows *rows = read_rows(&view->reader, "SELECT cause, remedy, count(*) AS n FROM error_report WHERE remedy <> '' "
	                              "GROUP BY cause, remedy ORDER BY n DESC, cause, remedy LIMIT %d", CAUSES_MOST);
	while (read_next(&view->reader, &rows)) {
		struct page *page = view->page;
		text_clear(&text);
		say_counted(&text, rows_integer(rows, 2), "error", "errors");
		page_spaces(page, 2);
		page_put(page, INK_STRONG, text_view(&text));
		page_spaces(page, 2);
		page_put(page, INK_NAME, rows_text(rows, 0));
		page_line(page);
		for (struct cut cut = { .tail = rows_text(rows, 1), .found = true }; cut.found;) {
			cut = bytes_cut(cut.tail, '\n');
			if (!cut.head.n)
				continue;
			page_spaces(page, 4);
			page_fill(page, INK_PLAIN, 4, 4, cut.head);
		}
	}
	text_free(&text);
}

/* ---- who ---- */

static void parties(struct view *view)
{
	struct text text = { 0 };
	struct rows *rows = read_rows(&view->reader, "SELECT party, count(*) AS n, count(DISTINCT cause) FROM error_report GROUP BY party ORDER BY n DESC, party");
	while (read_next(&view->reader, &rows)) {
		struct page *page = view->page;
		text_clear(&text);
		text_add(&text, rows_text(rows, 0));
		page_spaces(page, 2);
		page_put(page, INK_PLAIN, text_view(&text));
		page_spaces(page, text.n < 12 ? 12 - text.n : 1);
		page_bar(page, INK_BAD, (double)rows_integer(rows, 1), (double)view->errors, 24);
		text_clear(&text);
		say_share(&text, rows_integer(rows, 1), view->errors);
		page_spaces(page, text.n < 9 ? 9 - text.n : 1);
		text_add_string(&text, "   ");
		say_counted(&text, rows_integer(rows, 1), "error", "errors");
		text_add_string(&text, ", ");
		say_counted(&text, rows_integer(rows, 2), "cause", "causes");
		page_put(page, INK_PLAIN, text_view(&text));
		page_line(page);
	}
	text_free(&text);
}

#define HOSTS(host, ports, others)                                                                                                    \
	"SELECT host, ports, hit || ' of ' || sessions, n, others, (SELECT cause FROM error_report e WHERE e." host " = host GROUP BY cause "        \
	"ORDER BY count(*) DESC, cause LIMIT 1), (SELECT min(time) FROM error_report e WHERE e." host " = host) FROM (SELECT " host        \
	" AS host, " ports " AS ports, count(*) AS sessions, count(CASE WHEN errors > 0 THEN 1 END) AS hit, sum(errors) AS n, "            \
	"count(DISTINCT " others ") AS others FROM session_report GROUP BY " host " HAVING n > 0 ORDER BY n DESC, host LIMIT %d) "         \
	"ORDER BY n DESC, host"

static const struct listing servers_listing = {
	"SELECT count(DISTINCT server_addr) FROM session_report WHERE errors > 0",
	HOSTS("server_addr", "group_concat(DISTINCT server_port)", "client_addr"), "servers",
	{ CELL_TEXT, CELL_TEXT, CELL_TEXT, CELL_COUNT, CELL_COUNT, CELL_TEXT, CELL_TIME },
	{ { "server", ALIGN_LEFT, true, INK_PLAIN }, { "port", ALIGN_LEFT, false, INK_PLAIN }, { "sessions", ALIGN_RIGHT, false, INK_PLAIN },
	  { "errors", ALIGN_RIGHT, false, INK_STRONG }, { "clients", ALIGN_RIGHT, false, INK_PLAIN },
	  { "mostly", ALIGN_LEFT, true, INK_NAME }, { "since", ALIGN_LEFT, false, INK_PLAIN } },
	7,
};
static const struct listing clients_listing = {
	"SELECT count(DISTINCT client_addr) FROM session_report WHERE errors > 0",
	HOSTS("client_addr", "max(helo)", "server_addr"), "clients",
	{ CELL_TEXT, CELL_TEXT, CELL_TEXT, CELL_COUNT, CELL_COUNT, CELL_TEXT, CELL_TIME },
	{ { "client", ALIGN_LEFT, true, INK_PLAIN }, { "says it is", ALIGN_LEFT, true, INK_PLAIN }, { "sessions", ALIGN_RIGHT, false, INK_PLAIN },
	  { "errors", ALIGN_RIGHT, false, INK_STRONG }, { "servers", ALIGN_RIGHT, false, INK_PLAIN },
	  { "mostly", ALIGN_LEFT, true, INK_NAME }, { "since", ALIGN_LEFT, false, INK_PLAIN } },
	7,
};
static void servers(struct view *view) { draw(view, &servers_listing); }
static void clients(struct view *view) { draw(view, &clients_listing); }

static void findings(struct view *view)
{
	struct page *page = view->page;
	struct text text = { 0 };
	struct rows *rows = read_rows(&view->reader, "SELECT cause, device, count(*) AS n, count(DISTINCT session_id), count(DISTINCT server_addr), "
	                              "count(DISTINCT client_addr), min(time), max(time), min(finding_id) FROM finding_report GROUP BY cause, device "
	                              "ORDER BY n DESC, cause, device LIMIT %d", CAUSES_MOST);
	while (read_next(&view->reader, &rows)) {
		page_spaces(page, 2);
		page_put(page, INK_NAME, rows_text(rows, 0));
		if (!rows_null(rows, 1)) {
			page_string(page, INK_PLAIN, ": ");
			page_put(page, INK_PLAIN, rows_text(rows, 1));
		}
		page_line(page);
		text_clear(&text);
		say_counted(&text, rows_integer(rows, 2), "time, ", "times, ");
		extent(view, &text, rows);
		page_spaces(page, 4);
		page_fill(page, INK_PLAIN, 4, 4, text_view(&text));
	}
	text_free(&text);
}

/* ---- what could not be read ---- */

static const struct listing unread_listing = {
	"SELECT count(DISTINCT incomplete_because) FROM session_report WHERE complete = 0",
	"SELECT count(*) AS n, sum(errors), incomplete_because FROM session_report WHERE complete = 0 GROUP BY incomplete_because "
	"ORDER BY n DESC, incomplete_because LIMIT %d", "reasons",
	{ CELL_COUNT, CELL_COUNT, CELL_TEXT },
	{ { "sessions", ALIGN_RIGHT, false, INK_STRONG }, { "5xx seen", ALIGN_RIGHT, false, INK_PLAIN }, { "not whole because", ALIGN_LEFT, true, INK_PLAIN } },
	3,
};
static const struct listing other_listing = {
	"SELECT count(DISTINCT protocol) FROM session_report WHERE protocol NOT IN ('smtp', 'esmtp', 'lmtp', 'tls')",
	"SELECT count(*) AS n, protocol, count(DISTINCT server_addr), group_concat(DISTINCT server_port) FROM session_report "
	"WHERE protocol NOT IN ('smtp', 'esmtp', 'lmtp', 'tls') GROUP BY protocol ORDER BY n DESC, protocol LIMIT %d", "protocols",
	{ CELL_COUNT, CELL_TEXT, CELL_COUNT, CELL_TEXT },
	{ { "sessions", ALIGN_RIGHT, false, INK_STRONG }, { "spoke", ALIGN_LEFT, true, INK_PLAIN }, { "servers", ALIGN_RIGHT, false, INK_PLAIN },
	  { "ports", ALIGN_LEFT, false, INK_PLAIN } },
	4,
};

static void unread(struct view *view)
{
	draw(view, &unread_listing);
	draw(view, &other_listing);
}

/* ---- when ---- */

/* Widths of a column of the timeline, in seconds; the first that needs at most BINS_MOST columns is taken. */
static const int64_t bin_widths[] = { 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400, 604800 };

static void spark(struct view *view, const char *label, int64_t from, int64_t width, size_t bins, int64_t cause_like)
{
	double values[BINS_MOST + 1] = { 0 };
	struct text text = { 0 };
	struct rows *rows = read_rows(&view->reader, "SELECT (unixepoch(time) - %lld) / %lld AS bin, count(*) FROM error_report WHERE %lld = 0 OR "
	                              "cause = (SELECT cause FROM error_report WHERE error_id = %lld) GROUP BY bin", (long long)from,
	                              (long long)width, (long long)cause_like, (long long)cause_like);
	while (read_next(&view->reader, &rows)) {
		int64_t bin = rows_integer(rows, 0);
		if (bin >= 0 && (size_t)bin < bins)
			values[bin] = (double)rows_integer(rows, 1);
	}
	escape_terminal_fit(&text, bytes_of(label), view->page->style.charset, 16);
	page_spaces(view->page, 2);
	page_put(view->page, INK_FAINT, text_view(&text));
	page_spaces(view->page, 17 - escape_width(text_view(&text)));
	page_spark(view->page, INK_BAD, values, bins);
	page_line(view->page);
	text_free(&text);
}

static void timeline(struct view *view)
{
	struct rows *rows = read_rows(&view->reader, "SELECT unixepoch(min(first_time)), unixepoch(max(last_time)), min(first_time), max(last_time) FROM capture_report");
	if (!read_next(&view->reader, &rows))
		return;
	int64_t from = rows_integer(rows, 0), to = rows_integer(rows, 1);
	size_t choice = 0, most = sizeof bin_widths / sizeof *bin_widths;
	while (choice + 1 < most && to / bin_widths[choice] - from / bin_widths[choice] >= BINS_MOST)
		choice++;
	int64_t width = bin_widths[choice], start = from / width * width;
	size_t bins = (size_t)((to - start) / width) + 1;
	struct text text = { 0 };
	spark(view, "all errors", start, width, bins < BINS_MOST ? bins : BINS_MOST, 0);
	struct rows *top = read_rows(&view->reader, "SELECT cause, min(error_id), count(*) AS n FROM error_report GROUP BY cause ORDER BY n DESC, cause LIMIT 5");
	while (read_next(&view->reader, &top)) {
		text_clear(&text);
		struct bytes slug = rows_text(top, 0);
		struct cut cut = bytes_cut(slug, '.');
		text_add(&text, cut.found ? cut.tail : slug);
		spark(view, text.p, start, width, bins < BINS_MOST ? bins : BINS_MOST, rows_integer(top, 1));
	}
	text_clear(&text);
	text_add_string(&text, "from ");
	say_time(&text, rows_text(rows, 2), text_view(&view->day));
	text_add_string(&text, " to ");
	say_time(&text, rows_text(rows, 3), text_view(&view->day));
	text_add_string(&text, " UTC; a column is ");
	say_span(&text, (double)width);
	text_add_string(&text, "; each line has its own scale");
	page_spaces(view->page, 19);
	page_fill(view->page, INK_FAINT, 19, 19, text_view(&text));
	read_done(&rows);
	text_free(&text);
}

/* ---- captures ---- */

static const struct listing captures_listing = {
	"SELECT count(*) FROM capture_report",
	"SELECT name, format, packets, bytes, first_time, last_time FROM capture_report ORDER BY first_time, name LIMIT %d", "captures",
	{ CELL_TEXT, CELL_TEXT, CELL_COUNT, CELL_OCTETS, CELL_TIME, CELL_TIME },
	{ { "capture", ALIGN_LEFT, true, INK_PLAIN }, { "format", ALIGN_LEFT, true, INK_PLAIN }, { "packets", ALIGN_RIGHT, false, INK_PLAIN },
	  { "bytes", ALIGN_RIGHT, false, INK_PLAIN }, { "first", ALIGN_LEFT, false, INK_PLAIN }, { "last", ALIGN_LEFT, false, INK_PLAIN } },
	6,
};

static void captures(struct view *view)
{
	struct text text = { 0 };
	draw(view, &captures_listing);
	struct rows *rows = read_rows(&view->reader, "SELECT name, ltrim(coalesce(skipped, '') || CASE WHEN cut THEN ', ends in mid-packet' ELSE '' END, ', ') "
	                              "FROM capture_report WHERE skipped IS NOT NULL OR cut ORDER BY name LIMIT 40");
	while (read_next(&view->reader, &rows)) {
		text_clear(&text);
		text_add(&text, rows_text(rows, 0));
		text_add_string(&text, ": ");
		text_add(&text, rows_text(rows, 1));
		page_spaces(view->page, 2);
		page_fill(view->page, INK_WARN, 2, 4, text_view(&text));
	}
	text_free(&text);
}

/* ---- the report ---- */

static const struct section {
	const char *title;
	const char *when; /* the section is shown when this is not 0 */
	void (*show)(struct view *);
} sections[] = {
	{ "Causes", "SELECT count(*) FROM error_report", causes },
	{ "What to change, in order of effect", "SELECT count(*) FROM error_report WHERE remedy <> ''", remedies },
	{ "At fault", "SELECT count(*) FROM error_report", parties },
	{ "Servers", "SELECT count(*) FROM error_report", servers },
	{ "Clients", "SELECT count(*) FROM error_report", clients },
	{ "Timeline", "SELECT max(unixepoch(last_time)) - min(unixepoch(first_time)) > 1 AND (SELECT count(*) FROM error_report) > 1 FROM capture_report",
	  timeline },
	{ "Seen on the path and tolerated", "SELECT count(*) FROM finding_report", findings },
	{ "Not read whole", "SELECT count(*) FROM session_report WHERE complete = 0 OR protocol NOT IN ('smtp', 'esmtp', 'lmtp', 'tls')", unread },
	{ "Captures", "SELECT count(*) FROM capture_report", captures },
};

bool text_report(struct report *report, const char *path, struct page *page, struct error *error)
{
	struct view view = { .reader = { report, error }, .page = page, .path = path };
	headline_day(&view.reader, &view.day);
	headline_draw(&view.reader, page, text_view(&view.day));
	view.errors = read_number(&view.reader, "SELECT count(*) FROM error_report");
	for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
		if (!read_number(&view.reader, "%s", sections[i].when))
			continue;
		page_section(page, sections[i].title);
		sections[i].show(&view);
	}
	text_free(&view.day);
	return error->kind == ERROR_NONE;
}

bool text_headline(struct report *report, struct page *page, struct error *error)
{
	struct reader reader = { report, error };
	struct text day = { 0 };
	headline_day(&reader, &day);
	headline_draw(&reader, page, text_view(&day));
	text_free(&day);
	return error->kind == ERROR_NONE;
}
