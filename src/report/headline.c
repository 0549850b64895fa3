/* headline.c - takes the database, gives the first lines of every report: how many, how bad, why, since when, and what could not
 * be looked at. Never lets "no 5xx" and "could not look" look alike. */
#include "report/headline.h"

#include "report/changed.h"
#include "report/say.h"

enum { CAUSES_SHOWN = 5, BAR = 10 };

static void sentence(struct page *page, enum ink ink, struct text *text)
{
	page_fill(page, ink, 0, 0, text_view(text));
	text_clear(text);
}

static void where_and_when(struct reader *reader, struct page *page, struct bytes day)
{
	struct text text = { 0 };
	struct rows *rows = read_rows(reader, "SELECT count(*), min(name), sum(packets), min(first_time), max(last_time) "
	                              "FROM capture_report");
	if (read_next(reader, &rows)) {
		if (rows_integer(rows, 0) == 1)
			text_add(&text, rows_text(rows, 1));
		else
			say_counted(&text, rows_integer(rows, 0), "capture", "captures");
		text_addf(&text, ", ");
		say_counted(&text, rows_integer(rows, 2), "packet", "packets");
		if (!rows_null(rows, 3)) {
			text_add_string(&text, ", ");
			text_add(&text, day);
			text_add_octet(&text, ' ');
			text_add(&text, time_clock(rows_text(rows, 3)));
			text_addf(&text, " %s ", page_dash(page));
			say_time(&text, rows_text(rows, 4), day);
			text_add_string(&text, " UTC");
		}
		sentence(page, INK_FAINT, &text);
	}
	read_done(&rows);
	text_free(&text);
}

/* What went on inside TLS cannot be read, whether or not the packets are all there. */
#define ENCRYPTED "(tls_state IN (4, 5) OR protocol = 3)"

enum ink headline_verdict(struct reader *reader, struct text *text, struct bytes day)
{
	int64_t errors = read_number(reader, "SELECT count(*) FROM error");
	int64_t sessions = read_number(reader, "SELECT count(*) FROM session WHERE protocol <= 2");
	int64_t all = read_number(reader, "SELECT count(*) FROM session");
	int64_t blind = read_number(reader, "SELECT count(*) FROM session WHERE incomplete <> 0 OR " ENCRYPTED);
	if (errors) {
		int64_t hit = read_number(reader, "SELECT count(*) FROM (SELECT DISTINCT session_id FROM error)");
		struct rows *rows = read_rows(reader, "SELECT " READ_TIME("min(time)") ", " READ_TIME("max(time)") " FROM error");
		say_count(text, hit);
		text_add_string(text, " of ");
		say_counted(text, sessions > hit ? sessions : hit, "session", "sessions");
		text_add_string(text, " (");
		say_share(text, hit, sessions > hit ? sessions : hit);
		text_add_string(text, ") met 5xx replies: ");
		say_counted(text, errors, "error", "errors");
		if (read_next(reader, &rows)) {
			text_add_string(text, errors == 1 ? ", at " : ", the first at ");
			say_time(text, rows_text(rows, 0), day);
			if (errors > 1) {
				text_add_string(text, ", the last at ");
				say_time(text, rows_text(rows, 1), day);
			}
		}
		read_done(&rows);
		text_add_octet(text, '.');
		return INK_BAD;
	}
	if (all == 0) {
		text_add_string(text, "No SMTP session was found. That is no clean bill: nothing here could be judged.");
		return INK_WARN;
	}
	if (blind) {
		text_add_string(text, "No 5xx reply was seen, but ");
		say_count(text, blind);
		text_add_string(text, " of ");
		say_counted(text, all, "session", "sessions");
		text_add_string(text, " could not be read whole.");
		return INK_WARN;
	}
	text_add_string(text, "No 5xx reply in ");
	say_counted(text, all, "session", "sessions");
	text_add_string(text, all == 1 ? ", which was in the captures whole." : ", all of them in the captures whole.");
	return INK_GOOD;
}

static void verdict(struct reader *reader, struct page *page, struct bytes day)
{
	struct text text = { 0 };
	enum ink ink = headline_verdict(reader, &text, day);
	page_line(page);
	sentence(page, ink, &text);
	text_free(&text);
}

static void top_causes(struct reader *reader, struct page *page, struct bytes day)
{
	static const struct table_column columns[] = {
		{ "errors", ALIGN_RIGHT, false, INK_STRONG }, { "share", ALIGN_RIGHT, false, INK_PLAIN },
		{ "cause", ALIGN_LEFT, true, INK_NAME }, { "party", ALIGN_LEFT, false, INK_PLAIN }, { "since", ALIGN_LEFT, false, INK_PLAIN },
	};
	struct table table = { .columns = columns, .ncolumns = sizeof columns / sizeof *columns };
	int64_t errors = read_number(reader, "SELECT count(*) FROM error");
	int64_t causes = read_number(reader, "SELECT count(*) FROM (SELECT DISTINCT cause_id FROM error)");
	struct rows *rows = read_rows(reader, "SELECT c.cause, c.party, e.n, " READ_TIME("e.first") " FROM (SELECT cause_id, count(*) AS n, min(time) AS first "
	                              "FROM error GROUP BY cause_id) AS e JOIN cause AS c USING (cause_id) ORDER BY e.n DESC, c.cause LIMIT %d", CAUSES_SHOWN);
	struct text text = { 0 };
	if (rows && errors)
		page_line(page);
	while (read_next(reader, &rows)) {
		say_count(&text, rows_integer(rows, 2));
		table_cell(&table, text_view(&text));
		text_clear(&text);
		say_share(&text, rows_integer(rows, 2), errors);
		table_cell(&table, text_view(&text));
		text_clear(&text);
		table_cell(&table, rows_text(rows, 0));
		table_cell(&table, rows_text(rows, 1));
		say_time(&text, rows_text(rows, 3), day);
		table_cell(&table, text_view(&text));
		text_clear(&text);
	}
	table_draw(page, &table, 2);
	if (causes > CAUSES_SHOWN) {
		text_add_string(&text, "and ");
		say_counted(&text, causes - CAUSES_SHOWN, "further cause", "further causes");
		page_spaces(page, 2);
		page_fill(page, INK_FAINT, 2, 2, text_view(&text));
	}
	text_free(&text);
}

/* One line of what could not be looked at: a count that is 0 says nothing. */
struct blind { const char *sql, *one, *many; };
static const struct blind blinds[] = {
	{ "SELECT count(*) FROM session WHERE " ENCRYPTED,
	  "session went on encrypted: replies inside TLS cannot be read", "sessions went on encrypted: replies inside TLS cannot be read" },
	{ "SELECT count(*) FROM session WHERE incomplete <> 0", "session is not in the captures whole", "sessions are not in the captures whole" },
	{ "SELECT count(*) FROM error WHERE trigger_verb IS NULL", "5xx reply has its command outside the capture",
	  "5xx replies have their command outside the capture" },
	{ "SELECT count(*) FROM session WHERE protocol > 3", "connection to an SMTP port spoke something else",
	  "connections to SMTP ports spoke something else" },
	{ "SELECT count(*) FROM capture_report WHERE skipped IS NOT NULL OR cut", "capture could not be read whole", "captures could not be read whole" },
};

bool headline_blind(struct reader *reader, size_t *next, struct text *text)
{
	while (*next < sizeof blinds / sizeof *blinds) {
		const struct blind *blind = &blinds[(*next)++];
		int64_t n = read_number(reader, "%s", blind->sql);
		if (!n)
			continue;
		say_counted(text, n, blind->one, blind->many);
		return true;
	}
	return false;
}

static void could_not_look(struct reader *reader, struct page *page)
{
	struct text text = { 0 };
	size_t next = 0;
	for (bool first = true; headline_blind(reader, &next, &text); first = false) {
		if (first) {
			page_line(page);
			page_string(page, INK_WARN, "Could not look into:");
			page_line(page);
		}
		page_spaces(page, 2);
		page_fill(page, INK_PLAIN, 2, 4, text_view(&text));
		text_clear(&text);
	}
	text_free(&text);
}

static void also_seen(struct reader *reader, struct page *page)
{
	struct text text = { 0 };
	int64_t findings = read_number(reader, "SELECT count(*) FROM finding");
	int64_t boxes = read_number(reader, "SELECT count(*) FROM finding WHERE cause_id IN (SELECT cause_id FROM cause WHERE party = 'middlebox')");
	if (findings) {
		page_line(page);
		text_add_string(&text, "Also seen without a 5xx: ");
		say_counted(&text, findings, "observation", "observations");
		if (boxes) {
			text_add_string(&text, ", ");
			say_count(&text, boxes);
			text_add_string(&text, " of them traces of a middlebox on the path");
		}
		text_add_octet(&text, '.');
		sentence(page, INK_PLAIN, &text);
	}
	text_free(&text);
}

void headline_draw(struct reader *reader, struct page *page, struct bytes day)
{
	where_and_when(reader, page, day);
	verdict(reader, page, day);
	top_causes(reader, page, day);
	changed_headline(reader, page, day);
	also_seen(reader, page);
	could_not_look(reader, page);
}

void headline_day(struct reader *reader, struct text *day)
{
	struct text first = { 0 };
	read_text(reader, &first, "SELECT min(first_time) FROM capture_report");
	text_add(day, time_day(text_view(&first)));
	text_free(&first);
}
