/* headline.c - takes the database, gives the first lines of every report: how many, how bad, why, where, since when, what to change
 * first, and what could not be looked at. Reads small tables of counts; never lets "no 5xx" and "could not look" look alike. */
#include "report/headline.h"

#include "base/map.h"
#include "report/changed.h"
#include "report/say.h"

enum { STANDS_OUT = 10 /* percent of the errors that make a host, or a cause, worth naming */ };

/* ---- what there is to say ---- */

/* Added up from the rows of servers. What went on inside TLS cannot be read, whether or not the packets are all there. */
static void count_sessions(struct reader *reader, struct headline *h)
{
	struct rows *rows = read_rows(reader, "SELECT sum(sessions), sum(errors), sum(with_errors), sum(mail), sum(other), sum(encrypted), "
	                              "sum(incomplete), sum(unread) FROM server");
	int64_t *const to[] = { &h->all, &h->errors, &h->hit, &h->sessions, &h->foreign, &h->encrypted, &h->not_whole, &h->unread };
	if (read_next(reader, &rows))
		for (size_t i = 0; i < sizeof to / sizeof *to; i++)
			*to[i] = rows_integer(rows, i);
	read_done(&rows);
	if (h->sessions < h->hit)
		h->sessions = h->hit;
	if (h->not_whole) /* only there can the command of a reply be missing */
		h->commandless = read_number(reader, "SELECT count(*) FROM error WHERE trigger_verb IS NULL");
}

/* Rows of an address and its errors: an address has a row a port. A sum in a map costs less than a sorted table. */
static void count_hosts(struct reader *reader, struct headline_host *most, const char *sql)
{
	struct map hosts = { 0 };
	struct rows *rows = read_rows(reader, "%s", sql);
	while (read_next(reader, &rows)) {
		void **errors = map_put(&hosts, rows_text(rows, 0));
		*errors = (void *)((intptr_t)*errors + (intptr_t)rows_integer(rows, 1));
	}
	size_t top = 0;
	for (size_t i = 0; i < hosts.count; i++)
		if ((intptr_t)hosts.entries[i]->value > (intptr_t)hosts.entries[top]->value)
			top = i;
	if (hosts.count) {
		most->hosts = (int64_t)hosts.count;
		most->errors = (intptr_t)hosts.entries[top]->value;
		text_add(&most->address, hosts.entries[top]->key);
	}
	map_free(&hosts);
}

/* Recipients are misspelt, spam is refused and messages are too large every day: a fault in the machinery comes first, where it is not rare.
 * Rows come with the most frequent cause first. */
static void suggest(struct headline *h, struct rows *rows)
{
	static const char *const machinery[] = { "client", "server", "middlebox", "routing" };
	struct bytes party = rows_text(rows, 2);
	if (!h->box && bytes_equal(party, B("middlebox")))
		h->box = rows_integer(rows, 0);
	if (bytes_equal(rows_text(rows, 1), B("server.command_disabled"))) /* is meant so in most places */
		return;
	for (size_t i = 0; i < sizeof machinery / sizeof *machinery; i++)
		if (!h->to_change && bytes_equal(party, bytes_of(machinery[i])) && rows_integer(rows, 3) * 100 >= h->errors * STANDS_OUT)
			h->to_change = rows_integer(rows, 0);
}

static void count_causes(struct reader *reader, struct headline *h)
{
	struct rows *rows = read_rows(reader, "SELECT cause_id, cause, party, errors, " READ_TIME("first") ", " READ_TIME("last") " FROM cause_count "
	                              "JOIN cause USING (cause_id) ORDER BY errors DESC, cause");
	while (read_next(reader, &rows)) {
		if (h->causes < HEADLINE_CAUSES)
			h->top[h->causes] = (struct headline_cause){
				rows_integer(rows, 0), rows_integer(rows, 3), arena_copy(&h->arena, rows_text(rows, 1)),
				arena_copy(&h->arena, rows_text(rows, 2)), arena_copy(&h->arena, rows_text(rows, 4)),
			};
		if (h->causes == 0 || bytes_compare(rows_text(rows, 4), h->first) < 0)
			h->first = arena_copy(&h->arena, rows_text(rows, 4));
		if (h->causes == 0 || bytes_compare(rows_text(rows, 5), h->last) > 0)
			h->last = arena_copy(&h->arena, rows_text(rows, 5));
		h->causes++;
		suggest(h, rows);
	}
}

/* What began to fail; else, where a box began to meddle, what it makes fail; else the most frequent of what is no everyday refusal. */
static void what_to_change(struct reader *reader, struct headline *h)
{
	int64_t began = read_number(reader, "SELECT cause_id FROM change WHERE kind = 'errors' AND after_hits * before_sessions > before_hits * after_sessions "
	                            "ORDER BY change_id LIMIT 1");
	if (began)
		h->to_change = began;
	else if (h->box && read_number(reader, "SELECT count(*) FROM change WHERE party = 'middlebox'"))
		h->to_change = h->box;
	else if (!h->to_change && h->causes)
		h->to_change = h->top[0].cause_id;
}

static void count_findings(struct reader *reader, struct headline *h)
{
	struct rows *rows = read_rows(reader, "SELECT n, party = 'middlebox' FROM (SELECT cause_id, count(*) AS n FROM finding GROUP BY cause_id) "
	                              "JOIN cause USING (cause_id)");
	while (read_next(reader, &rows)) {
		h->findings += rows_integer(rows, 0);
		h->traces += rows_integer(rows, 1) ? rows_integer(rows, 0) : 0;
	}
}

void headline_day(struct reader *reader, struct text *day)
{
	struct text first = { 0 };
	read_text(reader, &first, "SELECT min(first_time) FROM capture_report");
	text_add(day, time_day(text_view(&first)));
	text_free(&first);
}

void headline_read(struct reader *reader, struct headline *h)
{
	*h = (struct headline){ 0 };
	headline_day(reader, &h->day);
	count_sessions(reader, h);
	count_hosts(reader, &h->server, "SELECT server_addr, errors FROM server WHERE errors > 0");
	count_hosts(reader, &h->client, "SELECT client_addr, errors FROM client");
	count_findings(reader, h);
	count_causes(reader, h);
	what_to_change(reader, h);
	h->redacted = read_number(reader, "SELECT count(*) FROM sqlite_schema WHERE name = 'redaction'");
	h->packets = read_number(reader, "SELECT sum(packets) FROM capture");
	h->segments = read_number(reader, "SELECT sum(tcp) FROM capture");
	h->damaged = read_number(reader, "SELECT sum(skipped IS NOT NULL OR cut) FROM capture_report");
}

void headline_free(struct headline *h)
{
	text_free(&h->day);
	text_free(&h->server.address);
	text_free(&h->client.address);
	arena_drop(&h->arena);
}

/* ---- saying it ---- */

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
			say_times(&text, rows_text(rows, 3), rows_text(rows, 4), day, page_dash(page));
			text_add_string(&text, " UTC");
		}
		sentence(page, INK_FAINT, &text);
	}
	read_done(&rows);
	text_free(&text);
}

enum ink headline_verdict(const struct headline *h, struct text *text)
{
	struct bytes day = text_view(&h->day);
	if (h->errors) {
		say_count(text, h->hit);
		text_add_string(text, " of ");
		say_counted(text, h->sessions, "session", "sessions");
		text_add_string(text, " (");
		say_share(text, h->hit, h->sessions);
		text_add_string(text, ") met 5xx replies: ");
		say_counted(text, h->errors, "error", "errors");
		text_add_string(text, h->errors == 1 ? ", at " : ", the first at ");
		say_time(text, h->first, day);
		if (h->errors > 1) {
			text_add_string(text, ", the last at ");
			say_time(text, h->last, day);
		}
		text_add_octet(text, '.');
		return INK_BAD;
	}
	if (h->all == 0) {
		text_add_string(text, "No SMTP session was found. That is no clean bill: nothing here could be judged.");
		if (h->packets == 0)
			text_add_string(text, " There was not a single packet to look at.");
		else if (h->segments == 0)
			text_add_string(text, " No packet held TCP that could be read.");
		return INK_WARN;
	}
	if (h->unread) {
		text_add_string(text, "No 5xx reply was seen, but ");
		say_count(text, h->unread);
		text_add_string(text, " of ");
		say_counted(text, h->all, "session", "sessions");
		text_add_string(text, " could not be read whole.");
		return INK_WARN;
	}
	if (h->damaged) {
		text_add_string(text, "No 5xx reply was seen in ");
		say_counted(text, h->all, "session", "sessions");
		text_add_string(text, ", but ");
		say_counted(text, h->damaged, "capture", "captures");
		text_add_string(text, " could not be read whole.");
		return INK_WARN;
	}
	text_add_string(text, "No 5xx reply in ");
	say_counted(text, h->all, "session", "sessions");
	text_add_string(text, h->all == 1 ? ", which was in the captures whole." : ", all of them in the captures whole.");
	return INK_GOOD;
}

static void verdict(const struct headline *h, struct page *page)
{
	struct text text = { 0 };
	enum ink ink = headline_verdict(h, &text);
	page_line(page);
	sentence(page, ink, &text);
	text_free(&text);
}

static void top_causes(const struct headline *h, struct page *page)
{
	static const struct table_column columns[] = {
		{ "errors", ALIGN_RIGHT, RIGID, INK_STRONG }, { "share", ALIGN_RIGHT, RIGID, INK_PLAIN },
		{ "cause", ALIGN_LEFT, ELASTIC, INK_NAME }, { "party", ALIGN_LEFT, RIGID, INK_PLAIN }, { "since", ALIGN_LEFT, RIGID, INK_PLAIN },
	};
	struct table table = { .columns = columns, .ncolumns = sizeof columns / sizeof *columns };
	struct text text = { 0 };
	page_line(page);
	for (size_t i = 0; i < h->causes && i < HEADLINE_CAUSES; i++) {
		const struct headline_cause *cause = &h->top[i];
		say_count(&text, cause->errors);
		table_cell(&table, text_view(&text));
		text_clear(&text);
		say_share(&text, cause->errors, h->errors);
		table_cell(&table, text_view(&text));
		text_clear(&text);
		table_cell(&table, cause->name);
		table_cell(&table, cause->party);
		say_time(&text, cause->first, text_view(&h->day));
		table_cell(&table, text_view(&text));
		text_clear(&text);
	}
	table_draw(page, &table, 2);
	if (h->causes > HEADLINE_CAUSES) {
		text_add_string(&text, "and ");
		say_counted(&text, (int64_t)h->causes - HEADLINE_CAUSES, "further cause", "further causes");
		page_spaces(page, 2);
		page_fill(page, INK_FAINT, 2, 2, text_view(&text));
	}
	text_free(&text);
}

/* "3 servers, most at 198.51.100.25 (93 %)": the host with most errors is named where it stands out. */
static void crowd(const struct headline *h, const struct headline_host *top, struct text *text, const char *one, const char *many)
{
	if (top->hosts == 1) {
		text_addf(text, "%s ", one);
		text_add(text, text_view(&top->address));
		return;
	}
	say_counted(text, top->hosts, one, many);
	if (top->errors * 100 < h->errors * STANDS_OUT) {
		text_add_string(text, ", at most ");
		say_share(text, top->errors, h->errors);
		text_add_string(text, " of the errors at one");
		return;
	}
	text_add_string(text, ", most ");
	text_add(text, text_view(&top->address));
	text_add_string(text, " (");
	say_share(text, top->errors, h->errors);
	text_add_octet(text, ')');
}

static void where(const struct headline *h, struct page *page)
{
	struct text text = { 0 };
	crowd(h, &h->server, &text, "server", "servers");
	text_add_string(&text, "; ");
	crowd(h, &h->client, &text, "client", "clients");
	page_line(page);
	page_string(page, INK_WARN, "Where: ");
	page_fill(page, INK_PLAIN, 7, 2, text_view(&text));
	text_free(&text);
}

static void change_first(struct reader *reader, const struct headline *h, struct page *page)
{
	struct text text = { 0 };
	struct rows *rows = read_rows(reader, "SELECT cause, remedy FROM cause WHERE cause_id = %lld AND remedy <> ''", (long long)h->to_change);
	if (read_next(reader, &rows)) {
		text_add_string(&text, "for ");
		text_add(&text, rows_text(rows, 0));
		text_add_string(&text, ": ");
		text_add(&text, bytes_cut(rows_text(rows, 1), '\n').head);
		page_line(page);
		page_string(page, INK_WARN, "First to change: ");
		page_fill(page, INK_PLAIN, 17, 2, text_view(&text));
	}
	read_done(&rows);
	text_free(&text);
}

/* A line of what could not be looked at: a count that is 0 says nothing. */
bool headline_blind(const struct headline *h, size_t *next, struct text *text)
{
	const struct { int64_t n; const char *one, *many; } lines[] = {
		{ h->encrypted, "session went on encrypted: replies inside TLS cannot be read", "sessions went on encrypted: replies inside TLS cannot be read" },
		{ h->not_whole, "session is not in the captures whole", "sessions are not in the captures whole" },
		{ h->commandless, "5xx reply has its command outside the capture", "5xx replies have their command outside the capture" },
		{ h->foreign, "connection to an SMTP port spoke something else", "connections to SMTP ports spoke something else" },
		{ h->damaged, "capture could not be read whole", "captures could not be read whole" },
	};
	while (*next < sizeof lines / sizeof *lines) {
		size_t i = (*next)++;
		if (!lines[i].n)
			continue;
		say_counted(text, lines[i].n, lines[i].one, lines[i].many);
		return true;
	}
	return false;
}

static void could_not_look(const struct headline *h, struct page *page)
{
	struct text text = { 0 };
	size_t next = 0;
	for (bool first = true; headline_blind(h, &next, &text); first = false) {
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

static void also_seen(const struct headline *h, struct page *page)
{
	if (!h->findings)
		return;
	struct text text = { 0 };
	page_line(page);
	text_add_string(&text, "Also seen without a 5xx: ");
	say_counted(&text, h->findings, "observation", "observations");
	if (h->traces) {
		text_add_string(&text, ", ");
		say_count(&text, h->traces);
		text_add_string(&text, " of them traces of a middlebox on the path");
	}
	text_add_octet(&text, '.');
	sentence(page, INK_PLAIN, &text);
	text_free(&text);
}

void headline_draw(struct reader *reader, const struct headline *h, struct page *page)
{
	struct bytes day = text_view(&h->day);
	where_and_when(reader, page, day);
	if (h->redacted) {
		page_fill(page, INK_FAINT, 0, 0, B("Redacted: addresses, names and mailboxes are tokens, the same token for the same name."));
	}
	verdict(h, page);
	if (h->errors) {
		top_causes(h, page);
		where(h, page);
	}
	changed_headline(reader, page, day);
	if (h->errors)
		change_first(reader, h, page);
	also_seen(h, page);
	could_not_look(h, page);
}
