/* text.c - takes the database, gives the whole report as a page: each section is a row of a list, most sections are one SQL
 * statement drawn as a table. Never writes to a file. */
#include "report/text.h"

#include "report/changed.h"
#include "report/likeness.h"
#include "report/say.h"
#include "report/headline.h"
#include "report/read.h"

enum { CAUSES_MOST = 10, ROWS_MOST = 10, VALUES_MOST = 4, LABEL_COLUMN = 14, BINS_MOST = 52, COURSES_MOST = 5, TIMELINE_LABEL = 24, LINE_MOST = 240, TROUBLE_MOST = 40 };

struct view { /* what every section is drawn from */
	struct reader reader;
	struct page *page;
	const char *path;  /* NULL: no database is kept */
	struct headline headline;
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
		say_time(&text, value, text_view(&view->headline.day));
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
	say_times(out, rows_text(rows, 6), rows_text(rows, 7), text_view(&view->headline.day), page_dash(view->page));
}

/* ---- causes ---- */

static void labelled(struct view *view, const char *label, struct text *text)
{
	if (text->n)
		page_labelled(view->page, 3, label, LABEL_COLUMN, text_view(text));
	text_clear(text);
}

static void wire_line(struct view *view, const char *mark, struct bytes line, struct rows *rows, size_t frame)
{
	struct text text = { 0 };
	text_add_string(&text, mark);
	escape_terminal_fit(&text, line.n ? line : B("(empty line)"), view->page->style.charset, LINE_MOST);
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
		say_time(&text, rows_text(rows, 4), text_view(&view->headline.day));
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

static void cause(struct view *view, struct rows *rows, size_t rank, const struct likeness *like)
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
	say_share(&text, rows_integer(rows, 2), view->headline.errors);
	text_add_string(&text, "), ");
	extent(view, &text, rows);
	labelled(view, "Extent", &text);
	text_add(&text, rows_text(rows, 1));
	labelled(view, "At fault", &text);
	if (like) {
		text_add(&text, text_view(&like->phrases[LIKENESS_CERTAINTY]));
		labelled(view, "Certainty", &text);
		text_add(&text, text_view(&like->phrases[LIKENESS_REPLIES]));
		labelled(view, "Replies", &text);
		example(view, like->example);
	}
	text_free(&text);
}

static void causes(struct view *view)
{
	struct rows *rows = read_rows(&view->reader, "SELECT c.cause, c.party, s.errors, s.sessions, s.servers, (SELECT clients FROM cause_count AS k "
	                              "WHERE k.cause_id = s.cause_id), " READ_TIME("s.first") ", " READ_TIME("s.last") ", s.cause_id FROM "
	                              "(SELECT cause_id, sum(errors) AS errors, sum(sessions) AS sessions, count(DISTINCT server_addr) AS servers, "
	                              "min(first) AS first, max(last) AS last FROM server_cause GROUP BY cause_id) AS s JOIN cause AS c USING (cause_id) "
	                              "ORDER BY s.errors DESC, c.cause LIMIT %d", CAUSES_MOST);
	struct likenesses likenesses;
	likenesses_read(&likenesses, &view->reader, VALUES_MOST);
	for (size_t rank = 1; read_next(&view->reader, &rows); rank++)
		cause(view, rows, rank, likeness_of(&likenesses, rows_integer(rows, 8)));
	likenesses_free(&likenesses);
	int64_t all = read_number(&view->reader, "SELECT count(*) FROM (SELECT DISTINCT cause_id FROM server_cause)");
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
	struct rows *rows = read_rows(&view->reader, "SELECT c.cause, c.remedy, sum(s.errors) AS n FROM server_cause AS s JOIN cause AS c USING (cause_id) "
	                              "WHERE c.remedy <> '' GROUP BY s.cause_id ORDER BY n DESC, c.cause LIMIT %d", CAUSES_MOST);
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
	struct rows *rows = read_rows(&view->reader, "SELECT c.party, sum(s.errors) AS n, count(DISTINCT s.cause_id) FROM server_cause AS s "
	                              "JOIN cause AS c USING (cause_id) GROUP BY c.party ORDER BY n DESC, c.party");
	while (read_next(&view->reader, &rows)) {
		struct page *page = view->page;
		text_clear(&text);
		text_add(&text, rows_text(rows, 0));
		page_spaces(page, 2);
		page_put(page, INK_PLAIN, text_view(&text));
		page_spaces(page, text.n < 12 ? 12 - text.n : 1);
		page_bar(page, INK_BAD, (double)rows_integer(rows, 1), (double)view->headline.errors, 24);
		text_clear(&text);
		say_share(&text, rows_integer(rows, 1), view->headline.errors);
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

/* counts: the table that holds the errors of each host by cause. */
#define HOSTS(host, ports, others, counts)                                                                                                \
	"SELECT host, ports, hit || ' of ' || sessions, n, others, (SELECT c.cause FROM " counts " AS k JOIN cause AS c USING (cause_id) "     \
	"WHERE k." host " = host GROUP BY k.cause_id ORDER BY sum(k.errors) DESC, cause_id LIMIT 1), (SELECT " READ_TIME("min(first)") " FROM " \
	counts " AS k WHERE k." host " = host) FROM (SELECT " host " AS host, " ports " AS ports, count(*) AS sessions, "                      \
	"sum(errors > 0) AS hit, sum(errors) AS n, count(DISTINCT " others ") AS others FROM session WHERE " host " IN "                       \
	"(SELECT " host " FROM " counts " GROUP BY " host " ORDER BY sum(errors) DESC, " host " LIMIT %d) GROUP BY " host ") "                 \
	"ORDER BY n DESC, host"

static const struct listing servers_listing = {
	"SELECT count(DISTINCT server_addr) FROM server_cause",
	HOSTS("server_addr", "min(server_port) || CASE count(DISTINCT server_port) WHEN 1 THEN '' ELSE ' +' || (count(DISTINCT server_port) - 1) END",
	      "client_addr", "server_cause"), "servers",
	{ CELL_TEXT, CELL_TEXT, CELL_TEXT, CELL_COUNT, CELL_COUNT, CELL_TEXT, CELL_TIME },
	{ { "server", ALIGN_LEFT, ELASTIC, INK_PLAIN }, { "port", ALIGN_LEFT, RIGID, INK_PLAIN }, { "sessions", ALIGN_RIGHT, RIGID, INK_PLAIN },
	  { "errors", ALIGN_RIGHT, RIGID, INK_STRONG }, { "clients", ALIGN_RIGHT, RIGID, INK_PLAIN },
	  { "mostly", ALIGN_LEFT, ELASTIC_FIRST, INK_NAME }, { "since", ALIGN_LEFT, RIGID, INK_PLAIN } },
	7,
};
static const struct listing clients_listing = {
	"SELECT count(*) FROM client",
	HOSTS("client_addr", "max(helo)", "server_addr", "client"), "clients",
	{ CELL_TEXT, CELL_TEXT, CELL_TEXT, CELL_COUNT, CELL_COUNT, CELL_TEXT },
	{ { "client", ALIGN_LEFT, ELASTIC, INK_PLAIN }, { "says it is", ALIGN_LEFT, ELASTIC_FIRST, INK_PLAIN }, { "sessions", ALIGN_RIGHT, RIGID, INK_PLAIN },
	  { "errors", ALIGN_RIGHT, RIGID, INK_STRONG }, { "servers", ALIGN_RIGHT, RIGID, INK_PLAIN },
	  { "mostly", ALIGN_LEFT, ELASTIC_FIRST, INK_NAME } },
	6,
};
static void servers(struct view *view) { draw(view, &servers_listing); }
static void clients(struct view *view) { draw(view, &clients_listing); }

static void findings(struct view *view)
{
	struct page *page = view->page;
	struct text text = { 0 };
	struct rows *rows = read_rows(&view->reader, "SELECT c.cause, t.text AS device, count(*) AS n, count(DISTINCT f.session_id), count(DISTINCT s.server_addr), "
	                              "count(DISTINCT s.client_addr), " READ_TIME("min(f.time)") ", " READ_TIME("max(f.time)") " FROM finding AS f "
	                              "JOIN session AS s USING (session_id) JOIN cause AS c USING (cause_id) LEFT JOIN text AS t ON t.text_id = f.device_id "
	                              "GROUP BY f.cause_id, device ORDER BY n DESC, c.cause, device LIMIT %d", CAUSES_MOST);
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
	"SELECT count(DISTINCT incomplete) FROM session WHERE incomplete <> 0",
	"SELECT n, errors, (SELECT incomplete_because FROM session_report WHERE session_id = one) AS because FROM (SELECT count(*) AS n, "
	"sum(errors) AS errors, min(session_id) AS one FROM session WHERE incomplete <> 0 GROUP BY incomplete) ORDER BY n DESC, because LIMIT %d", "reasons",
	{ CELL_COUNT, CELL_COUNT, CELL_TEXT },
	{ { "sessions", ALIGN_RIGHT, RIGID, INK_STRONG }, { "5xx seen", ALIGN_RIGHT, RIGID, INK_PLAIN }, { "not whole because", ALIGN_LEFT, ELASTIC, INK_PLAIN } },
	3,
};
static const struct listing other_listing = {
	"SELECT count(DISTINCT coalesce(speaks, 'unknown')) FROM session WHERE protocol > 3",
	"SELECT count(*) AS n, coalesce(speaks, 'unknown') AS spoke, count(DISTINCT server_addr), group_concat(DISTINCT server_port) FROM session "
	"WHERE protocol > 3 GROUP BY spoke ORDER BY n DESC, spoke LIMIT %d", "protocols",
	{ CELL_COUNT, CELL_TEXT, CELL_COUNT, CELL_TEXT },
	{ { "sessions", ALIGN_RIGHT, RIGID, INK_STRONG }, { "spoke", ALIGN_LEFT, ELASTIC, INK_PLAIN }, { "servers", ALIGN_RIGHT, RIGID, INK_PLAIN },
	  { "ports", ALIGN_LEFT, RIGID, INK_PLAIN } },
	4,
};

static const struct listing encrypted_listing = {
	"SELECT count(*) FROM session WHERE encrypted_frame IS NOT NULL",
	"SELECT session_id, client_addr || ' port ' || client_port, server_addr || ' port ' || server_port, encrypted_frame FROM session "
	"WHERE encrypted_frame IS NOT NULL ORDER BY session_id LIMIT %d", "sessions",
	{ CELL_COUNT, CELL_TEXT, CELL_TEXT, CELL_COUNT },
	{ { "session", ALIGN_RIGHT, RIGID, INK_PLAIN }, { "client", ALIGN_LEFT, ELASTIC, INK_PLAIN }, { "server", ALIGN_LEFT, ELASTIC, INK_PLAIN },
	  { "encrypted from frame", ALIGN_RIGHT, RIGID, INK_STRONG } },
	4,
};

static void unread(struct view *view)
{
	draw(view, &unread_listing);
	draw(view, &encrypted_listing);
	draw(view, &other_listing);
}

/* ---- when ---- */

/* Widths of a column of the timeline, in seconds; the first that needs at most BINS_MOST columns is taken. */
static const int64_t bin_widths[] = { 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400, 604800, 2592000, 31536000, 315360000 };

struct course { /* of the errors of a cause, or of all: how many in each column */
	struct text label;
	int64_t cause_id; /* 0: of all */
	double columns[BINS_MOST];
};

static void spark(struct view *view, const struct course *course, size_t bins)
{
	struct text text = { 0 };
	escape_terminal_fit(&text, text_view(&course->label), view->page->style.charset, TIMELINE_LABEL);
	page_spaces(view->page, 2);
	page_put(view->page, INK_FAINT, text_view(&text));
	page_spaces(view->page, TIMELINE_LABEL + 1 - escape_width(text_view(&text)));
	page_spark(view->page, INK_BAD, course->columns, bins);
	page_line(view->page);
	text_free(&text);
}

/* All errors are counted in one pass, for all and for each of the causes met most. */
static void sparks(struct view *view, int64_t from, int64_t width, size_t bins)
{
	struct course courses[1 + COURSES_MOST] = { 0 };
	size_t n = 1;
	text_add_string(&courses[0].label, "all errors");
	struct rows *rows = read_rows(&view->reader, "SELECT c.cause, s.cause_id, sum(s.errors) AS n FROM server_cause AS s JOIN cause AS c USING (cause_id) "
	                              "GROUP BY s.cause_id ORDER BY n DESC, c.cause LIMIT %d", COURSES_MOST);
	for (; read_next(&view->reader, &rows); n++) {
		text_add(&courses[n].label, rows_text(rows, 0));
		courses[n].cause_id = rows_integer(rows, 1);
	}
	rows = read_rows(&view->reader, "SELECT (time / 1000000000 - %lld) / %lld AS bin, cause_id, count(*) FROM error GROUP BY 1, 2", (long long)from,
	                 (long long)width);
	while (read_next(&view->reader, &rows)) {
		int64_t bin = rows_integer(rows, 0);
		for (size_t i = 0; i < n && bin >= 0 && (size_t)bin < bins; i++)
			if (i == 0 || courses[i].cause_id == rows_integer(rows, 1))
				courses[i].columns[bin] += (double)rows_integer(rows, 2);
	}
	for (size_t i = 0; i < n; i++) {
		spark(view, &courses[i], bins);
		text_free(&courses[i].label);
	}
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
	sparks(view, start, width, bins < BINS_MOST ? bins : BINS_MOST);
	text_add_string(&text, "from ");
	say_time(&text, rows_text(rows, 2), text_view(&view->headline.day));
	text_add_string(&text, " to ");
	say_time(&text, rows_text(rows, 3), text_view(&view->headline.day));
	text_add_string(&text, " UTC; a column is ");
	say_span(&text, (double)width);
	text_add_string(&text, "; each line has its own scale");
	page_spaces(view->page, TIMELINE_LABEL + 3);
	page_fill(view->page, INK_FAINT, TIMELINE_LABEL + 3, TIMELINE_LABEL + 3, text_view(&text));
	read_done(&rows);
	text_free(&text);
}

/* ---- captures ---- */

static const struct listing captures_listing = {
	"SELECT count(*) FROM capture_report",
	"SELECT name, format, packets, bytes, first_time, last_time FROM capture_report ORDER BY first_time, name LIMIT %d", "captures",
	{ CELL_TEXT, CELL_TEXT, CELL_COUNT, CELL_OCTETS, CELL_TIME, CELL_TIME },
	{ { "capture", ALIGN_LEFT, ELASTIC_PATH, INK_PLAIN }, { "format", ALIGN_LEFT, ELASTIC, INK_PLAIN }, { "packets", ALIGN_RIGHT, RIGID, INK_PLAIN },
	  { "bytes", ALIGN_RIGHT, RIGID, INK_PLAIN }, { "first", ALIGN_LEFT, RIGID, INK_PLAIN }, { "last", ALIGN_LEFT, RIGID, INK_PLAIN } },
	6,
};

static void captures(struct view *view)
{
	struct text text = { 0 };
	draw(view, &captures_listing);
	struct rows *rows = read_rows(&view->reader, "SELECT name, ltrim(coalesce(skipped, '') || CASE WHEN cut AND trouble IS NULL THEN ', ends in mid-packet' ELSE '' END, ', '), "
	                              "count(*) OVER () FROM capture_report WHERE skipped IS NOT NULL OR cut ORDER BY name LIMIT %d", TROUBLE_MOST);
	int64_t all = 0;
	while (read_next(&view->reader, &rows)) {
		all = rows_integer(rows, 2);
		text_clear(&text);
		if (!bytes_starts(rows_text(rows, 1), rows_text(rows, 0))) { /* most troubles name their file */
			text_add(&text, rows_text(rows, 0));
			text_add_string(&text, ": ");
		}
		text_add(&text, rows_text(rows, 1));
		page_spaces(view->page, 2);
		page_fill(view->page, INK_WARN, 2, 4, text_view(&text));
	}
	if (all > TROUBLE_MOST) {
		text_clear(&text);
		text_add_string(&text, "and ");
		say_count(&text, all - TROUBLE_MOST);
		text_add_string(&text, " more that could not be read whole");
		page_spaces(view->page, 2);
		page_fill(view->page, INK_FAINT, 2, 2, text_view(&text));
	}
	text_clear(&text);
	rows = read_rows(&view->reader, "SELECT name, note FROM capture_report WHERE note IS NOT NULL ORDER BY name LIMIT %d", TROUBLE_MOST);
	while (read_next(&view->reader, &rows)) {
		if (!bytes_starts(rows_text(rows, 1), rows_text(rows, 0))) { /* some name their file */
			text_add(&text, rows_text(rows, 0));
			text_add_string(&text, ": ");
		}
		text_add(&text, rows_text(rows, 1));
		page_spaces(view->page, 2);
		page_fill(view->page, INK_FAINT, 2, 4, text_view(&text));
		text_clear(&text);
	}
	text_free(&text);
}

/* ---- the report ---- */

static void changed(struct view *view) { changed_section(&view->reader, view->page, text_view(&view->headline.day), false); }

static const struct section {
	const char *title;
	const char *when; /* the section is shown when this is not 0 */
	void (*show)(struct view *);
} sections[] = {
	{ "Causes", "SELECT count(*) FROM server_cause", causes },
	{ "What changed", "SELECT count(*) FROM change_report", changed },
	{ "What to change, in order of effect", "SELECT count(*) FROM server_cause JOIN cause USING (cause_id) WHERE remedy <> ''", remedies },
	{ "At fault", "SELECT count(*) FROM server_cause", parties },
	{ "Servers", "SELECT count(*) FROM server_cause", servers },
	{ "Clients", "SELECT count(*) FROM server_cause", clients },
	{ "Timeline", "SELECT max(unixepoch(last_time)) - min(unixepoch(first_time)) > 1 AND (SELECT sum(errors) FROM server_cause) > 1 FROM capture_report",
	  timeline },
	{ "Seen on the path and tolerated", "SELECT count(*) FROM finding", findings },
	{ "Not read whole", "SELECT count(*) FROM session WHERE incomplete <> 0 OR protocol > 3 OR encrypted_frame IS NOT NULL", unread },
	{ "Captures", "SELECT count(*) FROM capture_report", captures },
};

bool text_report(struct report *report, const char *path, struct page *page, struct error *error)
{
	struct view view = { .reader = { report, error }, .page = page, .path = path };
	headline_read(&view.reader, &view.headline);
	headline_draw(&view.reader, &view.headline, page);
	for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
		if (!read_number(&view.reader, "%s", sections[i].when))
			continue;
		page_section(page, sections[i].title);
		sections[i].show(&view);
	}
	headline_free(&view.headline);
	return error->kind == ERROR_NONE;
}

bool text_headline(struct report *report, struct page *page, struct error *error)
{
	struct reader reader = { report, error };
	struct headline headline;
	headline_read(&reader, &headline);
	headline_draw(&reader, &headline, page);
	headline_free(&headline);
	return error->kind == ERROR_NONE;
}
