/* explain.c - takes the id of an error, gives its page: what, why, the dialogue, the command, evidence, remedy, how to see it. */
#include "report/explain.h"

#include "report/say.h"

enum { LABEL = 18, LINE_MOST = 300 /* columns of a line of evidence */, PROOF_LINES_MOST = 5 };

/* The columns of the one statement, so that code names them. */
enum column { CAPTURE, SESSION, CLIENT, CLIENT_PORT, SERVER, SERVER_PORT, ORDINAL, TIME, CODE, ENHANCED, REPLY, VERB, LINE, TRIGGER_FRAME,
	REPLY_FRAME, CAUSE, PARTY, CERTAINTY, DETAIL, PHASE, OFFER, LATENCY, FAULT_AT, FAULT_WANTED, MEANING, REMEDY_CLIENT, REMEDY_SERVER,
	CLAUSE, TRIGGER_CAPTURE };
#define COLUMNS                                                                                                                      \
	"capture, session_id, client_addr, client_port, server_addr, server_port, ordinal, time, code, enhanced, reply_text, "        \
	"trigger_verb, trigger_line, trigger_frame, reply_frame, cause, party, certainty, detail, phase, offer, latency, fault_at, "  \
	"fault_wanted, meaning, remedy_client, remedy_server, clause, trigger_capture"

static void labelled(struct page *page, const char *label, struct bytes b)
{
	if (b.n)
		page_labelled(page, 2, label, LABEL, b);
}

/* ---- heading ---- */

static const struct { const char *name, *says; } certainties[] = {
	{ "proven", "proven: the bytes in the capture show it" },
	{ "likely", "likely: a fingerprint, or the server's own words, say so; the bytes alone do not prove it" },
	{ "possible", "possible: it fits what is seen, and so may something else" },
};

static struct bytes certainty_words(struct bytes name)
{
	for (size_t i = 0; i < sizeof certainties / sizeof *certainties; i++)
		if (bytes_equal(bytes_of(certainties[i].name), name))
			return bytes_of(certainties[i].says);
	return name;
}

static void add_what(struct text *text, struct rows *rows)
{
	struct bytes verb = rows_text(rows, VERB);
	text_addf(text, "%03lld ", (long long)rows_integer(rows, CODE));
	if (rows_text(rows, ENHANCED).n) {
		text_add(text, rows_text(rows, ENHANCED));
		text_add_octet(text, ' ');
	}
	if (rows_null(rows, VERB))
		text_add_string(text, "to a command outside the capture");
	else if (bytes_equal(verb, B("CONN")))
		text_add_string(text, "to the connection itself");
	else if (bytes_equal(verb, B("EOM")))
		text_add_string(text, "to the end of the message");
	else if (bytes_equal(verb, B("-")))
		text_add_string(text, "to octets that are no command");
	else if (!verb.n)
		text_add_string(text, "to an empty line");
	else {
		text_add_string(text, "to ");
		text_add(text, verb);
	}
}

static void heading(struct page *page, struct rows *rows, int64_t error_id)
{
	struct text text = { 0 };
	text_addf(&text, "Error %lld: ", (long long)error_id);
	add_what(&text, rows);
	page_put(page, INK_TITLE, text_view(&text));
	page_line(page);
	page_line(page);
	page_spaces(page, 2);
	page_string(page, INK_FAINT, "Cause");
	page_spaces(page, LABEL - 7);
	page_put(page, INK_NAME, rows_text(rows, CAUSE));
	page_line(page);
	labelled(page, "", rows_text(rows, MEANING));
	labelled(page, "In this case", rows_text(rows, DETAIL));
	labelled(page, "At fault", rows_text(rows, PARTY));
	labelled(page, "Certainty", certainty_words(rows_text(rows, CERTAINTY)));
	text_clear(&text);
	text_add(&text, time_day(rows_text(rows, TIME)));
	text_add_octet(&text, ' ');
	text_add(&text, bytes_first(bytes_from(rows_text(rows, TIME), 11), 15));
	text_addf(&text, " UTC, 5xx number %lld of session %lld", (long long)rows_integer(rows, ORDINAL), (long long)rows_integer(rows, SESSION));
	labelled(page, "When", text_view(&text));
	labelled(page, "Capture", rows_text(rows, CAPTURE));
	text_free(&text);
}

/* ---- the command ---- */

/* Where octet n of the wire stands in the escaped line, and how wide it is there. */
static struct bytes faulty(struct bytes escaped, size_t n, size_t *at)
{
	size_t i = 0;
	for (;; n--) {
		size_t width = i < escaped.n && escaped.p[i] == '\\' ? (i + 1 < escaped.n && escaped.p[i + 1] == 'x' ? 4 : 2) : 1;
		*at = i < escaped.n ? i : escaped.n;
		if (n == 0 || i >= escaped.n)
			return bytes_first(bytes_from(escaped, *at), width);
		i += width;
	}
}

static void marked_line(struct page *page, struct rows *rows)
{
	struct bytes line = rows_text(rows, LINE);
	size_t at, room = (page->style.width ? page->style.width : 80) - LABEL;
	struct bytes fault = faulty(line, (size_t)rows_integer(rows, FAULT_AT), &at);
	size_t from = at + fault.n + 10 > room ? at + fault.n + 10 - room : 0; /* a long line is shown from where the fault is in sight */
	page_spaces(page, LABEL);
	page_put(page, INK_PLAIN, bytes_first(bytes_from(line, from), at - from));
	page_put(page, INK_BAD, fault);
	struct bytes rest = bytes_from(line, at + fault.n);
	page_put(page, INK_PLAIN, bytes_first(rest, room - (at - from) - fault.n));
	page_line(page);
	page_spaces(page, LABEL + at - from);
	for (size_t i = 0; i < (fault.n ? fault.n : 1); i++)
		page_string(page, INK_BAD, "^");
	struct text text = { 0 };
	text_addf(&text, " octet %lld", (long long)rows_integer(rows, FAULT_AT) + 1);
	page_put(page, INK_BAD, text_view(&text));
	page_line(page);
	text_clear(&text);
	text_add_string(&text, "wanted here: ");
	text_add(&text, rows_text(rows, FAULT_WANTED));
	page_spaces(page, LABEL);
	page_fill(page, INK_PLAIN, LABEL, LABEL, text_view(&text));
	text_free(&text);
}

static void command(struct page *page, struct rows *rows)
{
	struct text text = { 0 };
	page_section(page, "The command");
	if (rows_null(rows, VERB)) {
		page_paragraph(page, 2, "It is not in the capture; the reply alone can be judged.");
	} else if (bytes_equal(rows_text(rows, VERB), B("CONN"))) {
		page_paragraph(page, 2, "None: the server refused before any command.");
	} else if (!rows_null(rows, FAULT_AT)) {
		labelled(page, "Grammar", B("the line breaks it here:"));
		marked_line(page, rows);
	} else {
		labelled(page, "As sent", rows_text(rows, LINE).n ? rows_text(rows, LINE) : B("(an empty line)"));
	}
	labelled(page, "Server's state", rows_text(rows, PHASE));
	struct bytes offer = rows_text(rows, OFFER);
	for (struct cut cut = { .tail = offer, .found = offer.n > 0 }; cut.found;) {
		cut = bytes_cut(cut.tail, '\n');
		text_add(&text, cut.head);
		text_add_string(&text, cut.found ? ", " : "");
	}
	labelled(page, "Offer in force", text.n ? text_view(&text) : B("none: no EHLO reply was in force when this was sent"));
	text_clear(&text);
	if (!rows_null(rows, LATENCY)) {
		say_wait(&text, rows_real(rows, LATENCY));
		text_add_string(&text, " after the command");
		labelled(page, "Answered", text_view(&text));
	}
	text_free(&text);
}

/* ---- evidence, remedy, alternatives ---- */

static void proof_line(struct page *page, const char *side, struct bytes line)
{
	struct text text = { 0 };
	escape_terminal_fit(&text, line, page->style.charset, LINE_MOST);
	page_spaces(page, LABEL);
	page_string(page, INK_FAINT, side);
	page_fill(page, INK_PLAIN, LABEL + 3, LABEL + 3, text_view(&text));
	text_free(&text);
}

/* A line each; a list as long as that of an EHLO reply is written as one. */
static void proof_text(struct page *page, const char *side, struct bytes said)
{
	size_t lines = 0;
	struct text list = { 0 };
	for (struct cut cut = { .tail = said, .found = said.n > 0 }; cut.found; lines++) {
		cut = bytes_cut(cut.tail, '\n');
		if (list.n)
			text_add_string(&list, ", ");
		text_add(&list, cut.head);
	}
	if (lines > PROOF_LINES_MOST)
		proof_line(page, side, text_view(&list));
	for (struct cut cut = { .tail = said, .found = said.n > 0 && lines <= PROOF_LINES_MOST }; cut.found;) {
		cut = bytes_cut(cut.tail, '\n');
		proof_line(page, side, cut.head);
	}
	text_free(&list);
}

static void evidence(struct reader *reader, struct page *page, int64_t error_id)
{
	struct text text = { 0 };
	struct rows *rows = read_rows(reader, "SELECT p.value ->> 'frame', p.value ->> 'direction', p.value ->> 'text', p.value ->> 'says', "
	                              "p.value ->> 'capture', error_report.capture FROM error_report, json_each(evidence) AS p "
	                              "WHERE error_id = %lld ORDER BY p.key", (long long)error_id);
	page_section(page, "Evidence");
	while (read_next(reader, &rows)) {
		text_clear(&text);
		text_addf(&text, "frame %lld", (long long)rows_integer(rows, 0));
		page_spaces(page, 2);
		page_put(page, INK_STRONG, text_view(&text));
		page_spaces(page, text.n < LABEL - 2 ? LABEL - 2 - text.n : 1);
		text_clear(&text);
		text_add(&text, rows_text(rows, 3));
		if (!rows_null(rows, 4) && !bytes_equal(rows_text(rows, 4), rows_text(rows, 5))) {
			text_add_string(&text, " (in ");
			text_add(&text, rows_text(rows, 4));
			text_add_octet(&text, ')');
		}
		page_fill(page, INK_PLAIN, LABEL, LABEL, text_view(&text));
		proof_text(page, bytes_equal(rows_text(rows, 1), B("client")) ? "C: " : "S: ", rows_text(rows, 2));
	}
	text_free(&text);
}

static void remedy(struct page *page, struct rows *rows)
{
	page_section(page, "What to change");
	labelled(page, "Client side", rows_text(rows, REMEDY_CLIENT).n ? rows_text(rows, REMEDY_CLIENT) : B("nothing"));
	labelled(page, "Server side", rows_text(rows, REMEDY_SERVER).n ? rows_text(rows, REMEDY_SERVER) : B("nothing"));
	labelled(page, "Specified in", rows_text(rows, CLAUSE));
}

static void alternatives(struct reader *reader, struct page *page, int64_t error_id)
{
	struct rows *rows = read_rows(reader, "SELECT a.value, (SELECT meaning FROM cause WHERE cause.cause = a.value) FROM error_report, "
	                              "json_each(also_possible) AS a WHERE error_id = %lld ORDER BY a.key LIMIT 5", (long long)error_id);
	for (bool first = true; read_next(reader, &rows); first = false) {
		if (first)
			page_section(page, "What else it could be");
		page_spaces(page, 2);
		page_put(page, INK_NAME, rows_text(rows, 0));
		page_line(page);
		page_spaces(page, 4);
		page_fill(page, INK_PLAIN, 4, 4, rows_text(rows, 1));
	}
}

/* ---- how to see it ---- */

/* A word for a POSIX shell. */
static void shell_word(struct text *out, struct bytes b)
{
	text_add_octet(out, '\'');
	for (size_t i = 0; i < b.n; i++) {
		if (b.p[i] == '\'')
			text_add_string(out, "'\\''");
		else
			text_add_octet(out, b.p[i]);
	}
	text_add_octet(out, '\'');
}

static void shell_line(struct page *page, struct bytes capture, struct text *filter)
{
	struct text text = { 0 };
	text_add_string(&text, "tshark -r ");
	shell_word(&text, capture);
	text_add_string(&text, " -Y ");
	shell_word(&text, text_view(filter));
	page_spaces(page, 2);
	page_put(page, INK_PLAIN, text_view(&text)); /* one line, whatever its length: it is to be copied */
	page_line(page);
	text_clear(filter);
	text_free(&text);
}

/* A line for each capture in which proof stands: that of the reply first. */
static void frame_filters(struct reader *reader, struct page *page, int64_t error_id)
{
	struct text filter = { 0 }, capture = { 0 };
	struct rows *rows = read_rows(reader, "SELECT DISTINCT name, frame FROM (SELECT p.value ->> 'capture' AS name, p.value ->> 'frame' AS frame, e.capture "
	                              "FROM error_report AS e, json_each(e.evidence) AS p WHERE e.error_id = %lld UNION SELECT capture, reply_frame, capture "
	                              "FROM error_report WHERE error_id = %lld UNION SELECT trigger_capture, trigger_frame, capture FROM error_report "
	                              "WHERE error_id = %lld) WHERE frame > 0 AND name IS NOT NULL ORDER BY name <> capture, name, frame",
	                              (long long)error_id, (long long)error_id, (long long)error_id);
	while (read_next(reader, &rows)) {
		if (filter.n && !bytes_equal(rows_text(rows, 0), text_view(&capture))) {
			text_add_string(&filter, "}");
			shell_line(page, text_view(&capture), &filter);
		}
		text_addf(&filter, "%s%lld", filter.n ? ", " : "frame.number in {", (long long)rows_integer(rows, 1));
		text_clear(&capture);
		text_add(&capture, rows_text(rows, 0));
	}
	if (filter.n) {
		text_add_string(&filter, "}");
		shell_line(page, text_view(&capture), &filter);
	}
	text_free(&filter);
	text_free(&capture);
}

static void filters(struct reader *reader, struct page *page, struct rows *error, int64_t error_id)
{
	struct text filter = { 0 };
	struct bytes capture = rows_text(error, CAPTURE);
	page_section(page, "To see the frames");
	frame_filters(reader, page, error_id);
	const char *ip = bytes_index(rows_text(error, CLIENT), ':') == BYTES_NONE ? "ip" : "ipv6";
	text_addf(&filter, "%s.addr == ", ip);
	text_add(&filter, rows_text(error, CLIENT));
	text_addf(&filter, " && %s.addr == ", ip);
	text_add(&filter, rows_text(error, SERVER));
	text_addf(&filter, " && tcp.port == %lld && tcp.port == %lld", (long long)rows_integer(error, CLIENT_PORT),
	          (long long)rows_integer(error, SERVER_PORT));
	shell_line(page, capture, &filter);
	text_free(&filter);
}

bool explain_error(struct reader *reader, int64_t error_id, struct page *page)
{
	struct rows *rows = read_rows(reader, "SELECT " COLUMNS " FROM error_report WHERE error_id = %lld", (long long)error_id);
	if (!read_next(reader, &rows))
		return false;
	struct ladder ladder = { 0 };
	heading(page, rows, error_id);
	explain_ladder(reader, error_id, &ladder);
	if (ladder.n) {
		page_section(page, "The dialogue");
		ladder_draw(page, &ladder);
	}
	ladder_free(&ladder);
	command(page, rows);
	evidence(reader, page, error_id);
	remedy(page, rows);
	alternatives(reader, page, error_id);
	filters(reader, page, rows, error_id);
	read_done(&rows);
	return reader->error->kind == ERROR_NONE;
}
