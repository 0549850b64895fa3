/* html_data.c - takes the database, gives what the HTML page shows as JSON: a section is a row of a list with its SQL. Never lists
 * more rows of a kind than the row says; counts are of all. */
#include "report/html_data.h"

#include "base/map.h"
#include "report/audit.h"
#include "report/escape.h"
#include "report/explain.h"
#include "report/headline.h"

enum { BINS_MOST = 4000, PATHS_MOST = 1000 };

struct data {
	struct reader *reader;
	struct text *out;
	struct map texts; /* text to its place + 1 */
	struct text chosen; /* ids of the errors listed, a JSON array */
};

/* ---- values ---- */

static size_t place_of(struct data *data, struct bytes text)
{
	size_t next = data->texts.count + 1;
	void **slot = map_put(&data->texts, text);
	if (!*slot)
		*slot = (void *)(uintptr_t)next;
	return (size_t)(uintptr_t)*slot - 1;
}

static void value(struct data *data, struct rows *rows, size_t column)
{
	const char *name = rows_name(rows, column);
	struct bytes text = rows_text(rows, column);
	if (rows_null(rows, column))
		text_add_string(data->out, "null");
	else if (rows_type(rows, column) == ROWS_INTEGER)
		text_addf(data->out, "%lld", (long long)rows_integer(rows, column));
	else if (bytes_index(bytes_of(name), '#') != BYTES_NONE)
		text_addf(data->out, "%zu", place_of(data, text));
	else
		escape_script(data->out, text);
}

static void section_begin(struct data *data, const char *name)
{
	text_addf(data->out, "\"%s\":{\"columns\":[", name);
}

static void section_rows(struct data *data, struct rows **rows)
{
	for (size_t i = 0; *rows && i < rows_columns(*rows); i++) {
		text_add_string(data->out, i ? "," : "");
		escape_script(data->out, bytes_of(rows_name(*rows, i)));
	}
	text_add_string(data->out, "],\"rows\":[");
	for (const char *before = "\n["; read_next(data->reader, rows); before = ",\n[") {
		text_add_string(data->out, before);
		for (size_t i = 0; i < rows_columns(*rows); i++) {
			text_add_string(data->out, i ? "," : "");
			value(data, *rows, i);
		}
		text_add_octet(data->out, ']');
	}
	text_add_string(data->out, "]},\n");
}

/* ---- sections that are one statement ---- */

/* The errors that the page lists, bound as a JSON array: picked once (see pick). */
#define CHOSEN "WITH chosen AS MATERIALIZED (SELECT value AS error_id FROM json_each(:chosen)) "
#define TEXT_OF(id) "(SELECT text FROM text WHERE text_id = " id ")"
/* Of a column that holds a text or its id. */
#define TEXT_IN(column) "CASE typeof(" column ") WHEN 'text' THEN " column " ELSE " TEXT_OF(column) " END"
/* The line of a reply that stands in columns of its error e. */
#define REPLY_OF(e) e ".code || ' ' || coalesce(" e ".enhanced || ' ', '') || " TEXT_IN(e ".reply_text")
/* What a proof p of an error e has where it is an array; what it has of the command, and of the reply, where it is a number. */
#define PROOF(array, command, reply) "CASE WHEN p.type = 'array' THEN " array " WHEN p.value > 0 THEN " command " ELSE " reply " END"
/* Hosts of one side: their sessions, how many were hit, errors, the hosts on the other side, the most frequent cause, since when.
 * counts: the table that holds the errors of each host by cause. +: sorted, for the order of an index would fetch rows all over the table. */
#define HOSTS(host, extra, shown, others, counts)                                                                                           \
	"WITH h AS MATERIALIZED (SELECT +s." host " AS address, " extra " count(*) AS sessions, sum(s.errors > 0) AS hit, sum(s.errors) AS errors, " \
	"count(DISTINCT s." others ") AS others FROM session AS s GROUP BY 1 ORDER BY errors DESC, sessions DESC, address LIMIT 1000), "  \
	"ranked AS (SELECT host, cause_id, min(first) OVER (PARTITION BY host) AS first, row_number() OVER (PARTITION BY host "          \
	"ORDER BY n DESC, cause_id) AS place FROM (SELECT k." host " AS host, k.cause_id, sum(k.errors) AS n, min(k.first) / 1000 AS first " \
	"FROM " counts " AS k GROUP BY 1, 2)), top AS MATERIALIZED (SELECT * FROM ranked WHERE place = 1) "                              \
	"SELECT h.address, " shown " h.sessions, h.hit, h.errors, h.others, t.cause_id AS top, t.first AS since FROM h LEFT JOIN top AS t ON t.host = h.address ORDER BY h.errors DESC, "         \
	"h.sessions DESC, h.address"
#define INCOMPLETE                                                                                                                   \
	"CASE WHEN r.protocol NOT IN ('smtp', 'esmtp', 'lmtp', 'tls') THEN 'spoke ' || r.protocol WHEN r.complete = 0 THEN "                \
	"r.incomplete_because ELSE 'went on encrypted' END"
#define UNREAD "session_report AS r WHERE (r.complete = 0 OR r.protocol NOT IN ('smtp', 'esmtp', 'lmtp') OR r.tls_state IN ('started', 'finished'))"
/* The first of the best proven findings of a group: the certainty weighs more than any id. */
#define EXAMPLE "min(certainty * -1000000000000000 + finding_id) + max(certainty) * 1000000000000000 AS example"

static const struct section {
	const char *name, *sql;
	bool chosen; /* it is about the errors listed */
} sections[] = {
	{ "summary",
	  "SELECT errors, sessions, hit, (SELECT count(DISTINCT cause_id) FROM server_cause) AS causes, "
	  "(SELECT count(DISTINCT server_addr) FROM server_cause) AS servers, (SELECT count(*) FROM client) AS clients, "
	  "(SELECT min(first) / 1000 FROM server_cause) AS first, (SELECT max(last) / 1000 FROM server_cause) AS last, "
	  "(SELECT min(first_time) / 1000 FROM capture) AS \"from\", (SELECT max(last_time) / 1000 FROM capture) AS \"to\", "
	  "(SELECT count(*) FROM capture) AS captures, (SELECT sum(packets) FROM capture) AS packets, (SELECT count(*) FROM finding) AS findings, "
	  "(SELECT count(*) FROM finding JOIN cause USING (cause_id) WHERE party = 'middlebox') AS traces, accepted, "
	  "(SELECT count(*) FROM " UNREAD ") AS unread, "
	  "(SELECT count(DISTINCT server_addr) FROM server) AS all_servers, (SELECT count(DISTINCT client_addr) FROM session) AS all_clients "
	  "FROM (SELECT coalesce(sum(errors), 0) AS errors, coalesce(sum(protocol < 3), 0) AS sessions, coalesce(sum(errors > 0), 0) AS hit, sum(accepted) AS accepted "
	  "FROM session)", false },
	{ "catalogue", "SELECT cause_id, cause, party, meaning, recognised, remedy_client, remedy_server, clause FROM cause ORDER BY cause_id", false },
	{ "causes",
	  "SELECT e.*, k.sessions, k.servers, (SELECT clients FROM cause_count AS c WHERE c.cause_id = e.cause_id) AS clients "
	  "FROM (SELECT cause_id, count(*) AS errors, min(time) / 1000 AS first, max(time) / 1000 AS last, sum(certainty = 2) AS proven, "
	  "sum(certainty = 1) AS likely, sum(certainty = 0) AS possible FROM error GROUP BY cause_id) AS e JOIN (SELECT cause_id, sum(sessions) AS sessions, "
	  "count(DISTINCT server_addr) AS servers FROM server_cause GROUP BY cause_id) AS k USING (cause_id) ORDER BY errors DESC, cause_id", false },
	{ "replies",
	  "SELECT cause_id, code, enhanced, verb, n FROM (SELECT *, row_number() OVER (PARTITION BY cause_id ORDER BY n DESC, code, enhanced, verb) AS place "
	  "FROM (SELECT cause_id, code, enhanced, trigger_verb AS verb, count(*) AS n FROM error GROUP BY 1, 2, 3, 4)) WHERE place <= 5 "
	  "ORDER BY cause_id, place", false },
	{ "servers", HOSTS("server_addr", "min(s.banner) AS banner,", "(SELECT group_concat(server_port) FROM "
	  "(SELECT server_port FROM server WHERE server_addr = h.address ORDER BY 1)) AS ports, " TEXT_IN("h.banner") " AS name,", "client_addr", "server_cause"), false },
	{ "clients", HOSTS("client_addr", "max(s.helo) AS name,", "h.name,", "server_addr", "client"), false },
	{ "paths",
	  "SELECT client_addr AS client, server_addr AS server, count(*) AS sessions, sum(errors > 0) AS hit, sum(errors) AS errors, "
	  "sum(accepted) AS accepted, sum(tls_state IN (4, 5) OR protocol = 3) AS encrypted, sum(incomplete <> 0) AS incomplete, count(*) OVER () AS paths FROM session "
	  "GROUP BY 1, 2 ORDER BY errors DESC, sessions DESC, 1, 2 LIMIT 2000", false },
	{ "changes",
	  "SELECT c.kind, d.since / 1000 AS since, c.says, c.certainty, c.before_session, c.after_session FROM change_report AS c JOIN change AS d "
	  "USING (change_id) ORDER BY change_id LIMIT 200", false },
	{ "findings",
	  "SELECT f.cause_id, " TEXT_OF("f.device_id") " AS device, count(*) AS n, count(DISTINCT session_id) AS sessions, count(DISTINCT server_addr) AS servers, "
	  "count(DISTINCT client_addr) AS clients, min(f.time) / 1000 AS first, max(f.time) / 1000 AS last, max(f.certainty) AS certainty, "
	  EXAMPLE " FROM finding AS f JOIN session USING (session_id) GROUP BY 1, 2 ORDER BY n DESC, 1, 2 LIMIT 200", false },
	{ "finding_proofs",
	  "SELECT f.finding_id, p.value ->> 0 AS capture, p.value ->> 1 AS frame, p.value ->> 2 AS side, CASE json_type(p.value, '$[3]') WHEN 'text' "
	  "THEN p.value ->> 3 ELSE " TEXT_OF("p.value ->> 3") " END AS \"text#\", " TEXT_OF("p.value ->> 4") " AS \"says#\", " TEXT_IN("f.detail") " AS \"detail#\" "
	  "FROM (SELECT " EXAMPLE " FROM finding GROUP BY cause_id, device_id) "
	  "JOIN finding AS f ON f.finding_id = example, json_each(f.proofs) AS p ORDER BY f.finding_id, p.key LIMIT 2000", false },
	{ "reasons", "SELECT " INCOMPLETE " AS why, count(*) AS sessions, sum(r.errors) AS errors FROM " UNREAD " GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 100", false },
	{ "unread",
	  "SELECT r.session_id, r.client_addr AS client, r.client_port, r.server_addr AS server, r.server_port, s.start / 1000 AS start, " INCOMPLETE " AS why, r.errors, "
	  "r.missing, s.capture_id AS capture, r.first_frame FROM session AS s, " UNREAD " AND s.session_id = r.session_id ORDER BY r.errors DESC, r.session_id LIMIT 1000", false },
	{ "captures",
	  "SELECT c.capture_id, c.name, c.format, c.link_type, c.packets, c.bytes, c.first_time / 1000 AS first, c.last_time / 1000 AS last, "
	  "c.cut AND c.trouble IS NULL AS cut, r.skipped, c.note FROM capture AS c JOIN capture_report AS r USING (capture_id) ORDER BY c.first_time, c.capture_id LIMIT 5000", false },
	{ "differences", "SELECT direction, kind, cause, inside_session, outside_session, frame_inside, frame_outside, inside_text AS \"inside#\", "
	  "outside_text AS \"outside#\" FROM difference_report ORDER BY difference_id LIMIT 1000", false },
	{ "errors",
	  CHOSEN "SELECT e.error_id AS id, e.session_id AS session, e.time / 1000 AS time, e.code, e.enhanced AS \"enhanced#\", " TEXT_IN("e.reply_text") " AS \"reply#\", "
	  "e.trigger_verb AS \"verb#\", e.trigger_line AS \"line#\", e.trigger_capture_id AS command_capture, e.trigger_frame AS command_frame, "
	  "e.reply_capture_id AS reply_capture, e.reply_frame, e.latency / 1000 AS latency, e.exchange, " TEXT_OF("e.phase_id") " AS \"phase#\", " TEXT_OF("e.offer_id") " AS \"offer#\", "
	  "e.fault_at, " TEXT_OF("e.fault_id") " AS \"wanted#\", e.cause_id AS cause, e.certainty, " TEXT_IN("e.detail") " AS \"detail#\", CASE WHEN json_valid(e.also) THEN e.also END AS \"also#\" "
	  "FROM error AS e JOIN chosen USING (error_id) ORDER BY e.time, e.error_id", true },
	{ "proofs",
	  CHOSEN "SELECT e.error_id AS id, " PROOF("p.value ->> 0", "e.trigger_capture_id", "e.reply_capture_id") " AS capture, " PROOF("p.value ->> 1", "e.trigger_frame", "e.reply_frame") " AS frame, "
	  PROOF("p.value ->> 2", "0", "1") " AS side, CASE WHEN json_type(p.value, '$[3]') = 'text' THEN p.value ->> 3 "
	  "WHEN " PROOF("p.value ->> 3", "0", "NULL") " = 0 THEN e.trigger_line WHEN " PROOF("p.value ->> 3", "0", "-1") " = -1 THEN " REPLY_OF("e") " ELSE " TEXT_OF("p.value ->> 3") " END AS \"text#\", "
	  TEXT_OF(PROOF("p.value ->> 4", "p.value", "-p.value")) " AS \"says#\" FROM error AS e JOIN chosen USING (error_id), "
	  "json_each(e.proofs) AS p ORDER BY e.error_id, p.key", true },
	{ "sessions",
	  CHOSEN "SELECT s.session_id AS id, s.client_addr AS client, s.client_port, s.server_addr AS server, s.server_port, s.start / 1000 AS start, "
	  "s.helo AS \"helo#\", s.errors FROM session AS s WHERE s.session_id IN (SELECT error_id / 100000 FROM chosen) ORDER BY 1", true },
};

/* Where there are more errors than the page may list: of each cause and code on each server the best proven ones first, then the
 * earliest, so that nothing rare is lost among what is frequent. */
static void pick(struct data *data, int64_t most)
{
	bool all = read_number(data->reader, "SELECT count(*) FROM error") <= most;
	struct rows *rows = all ? read_rows(data->reader, "SELECT error_id FROM error") :
		read_rows(data->reader, "SELECT error_id FROM (SELECT e.error_id, row_number() OVER (PARTITION BY e.cause_id, e.code, s.server_addr "
		          "ORDER BY e.certainty DESC, e.trigger_frame IS NULL, e.error_id) AS place FROM error AS e JOIN session AS s USING (session_id)) "
		          "ORDER BY place, error_id LIMIT %lld", (long long)most);
	text_add_octet(&data->chosen, '[');
	while (read_next(data->reader, &rows))
		text_addf(&data->chosen, "%s%lld", data->chosen.n > 1 ? "," : "", (long long)rows_integer(rows, 0));
	text_add_octet(&data->chosen, ']');
}

static struct rows *about_chosen(struct data *data, const char *sql)
{
	struct rows *rows = read_rows(data->reader, "%s", sql);
	if (rows)
		rows_bind_text(rows, "chosen", text_view(&data->chosen));
	return rows;
}

/* ---- the timeline ---- */

static void timeline(struct data *data)
{
	static const int64_t widths[] = { 1000, 10000, 100000, 1000000, 10000000, 60000000, 600000000, 3600000000, 86400000000 }; /* microseconds */
	enum { MOST = sizeof widths / sizeof *widths };
	size_t choice = 0;
	int64_t from = read_number(data->reader, "SELECT min(time) / 1000 FROM error"), to = read_number(data->reader, "SELECT max(time) / 1000 FROM error");
	while (choice + 1 < MOST && (to - from) / widths[choice] >= BINS_MOST)
		choice++;
	struct rows *rows = read_rows(data->reader, "SELECT time / 1000 / %lld * %lld AS start, %lld AS width, cause_id AS cause, count(*) AS n FROM error "
	                              "GROUP BY 1, 3 ORDER BY 1, 3", (long long)widths[choice], (long long)widths[choice], (long long)widths[choice]);
	section_begin(data, "timeline");
	section_rows(data, &rows);
}

/* ---- what middleboxes do by path ---- */

static void audit_cell(struct data *data, size_t row, enum behaviour behaviour, const struct audit_cell *cell, bool *first)
{
	text_addf(data->out, "%s[%zu,%d,%u,%lld,%lld,%u,", *first ? "\n" : ",\n", row, behaviour, cell->sessions, (long long)cell->first / 1000,
	          (long long)cell->last / 1000, cell->certainty);
	escape_script(data->out, cell->device);
	text_addf(data->out, ",\"%s\",\"", box_place_name(cell->place));
	for (size_t i = 0; i < AUDIT_EXAMPLES && cell->examples[i]; i++)
		text_addf(data->out, "%s%lld", i ? ", " : "", (long long)cell->examples[i]);
	text_add_string(data->out, "\"]");
	*first = false;
}

static void audit_rows(struct data *data, const struct audit *audit, size_t n)
{
	section_begin(data, "audit");
	text_add_string(data->out, "\"client\",\"server\",\"sessions\",\"whole\",\"affected\"],\"rows\":[");
	for (size_t i = 0; i < n; i++) {
		const struct audit_row *row = &audit->rows[i];
		text_add_string(data->out, i ? ",\n[" : "\n[");
		escape_script(data->out, row->client);
		text_add_octet(data->out, ',');
		escape_script(data->out, row->server);
		text_addf(data->out, ",%u,%u,%u]", row->sessions, row->whole, row->affected);
	}
	text_add_string(data->out, "]},\n");
}

static void audit(struct data *data)
{
	struct audit audit = { 0 };
	const struct audit_options options = { AUDIT_BY_PATH, { PREFIX_V4, PREFIX_V6 }, { 32, 128 } };
	audit_read(&audit, data->reader, options);
	size_t n = audit.naffected < PATHS_MOST ? audit.naffected : PATHS_MOST;
	bool first = true;
	section_begin(data, "behaviours");
	text_add_string(data->out, "\"name\",\"seen\"],\"rows\":[");
	for (enum behaviour b = 0; b < BEHAVIOURS; b++)
		text_addf(data->out, "%s[\"%s\",%d]", b ? "," : "", behaviour_entry(b)->name, audit.seen[b]);
	text_addf(data->out, "]},\n\"affected\":%zu,\n", audit.naffected);
	audit_rows(data, &audit, n);
	section_begin(data, "audit_cells");
	text_add_string(data->out, "\"row\",\"behaviour\",\"sessions\",\"first\",\"last\",\"certainty\",\"device\",\"place\",\"examples\"],\"rows\":[");
	for (size_t i = 0; i < n; i++)
		for (enum behaviour b = 0; b < BEHAVIOURS; b++)
			if (audit.rows[i].cells && audit.rows[i].cells[b].sessions)
				audit_cell(data, i, b, &audit.rows[i].cells[b], &first);
	text_add_string(data->out, "]},\n");
	audit_free(&audit);
}

/* ---- dialogues ---- */

/* Writes what is near an error, the greeting and every EHLO; the page picks what belongs to which error. */
static void dialogue(struct data *data, int64_t session, const struct ladder *ladder, const bool *wanted, bool *first)
{
	for (size_t i = 0; i < ladder->n; i++) {
		const struct rung *rung = &ladder->rungs[i];
		if (!wanted[i])
			continue;
		text_addf(data->out, "%s[%lld,%zu,%lld,%d,%lld,%lld,%zu,", *first ? "\n" : ",\n", (long long)session, i, (long long)rung->exchange,
		          rung->kind == RUNG_SERVER, (long long)(rung->at * 1e6), (long long)rung->frame, place_of(data, rung->text));
		if (rung->remark.n)
			text_addf(data->out, "%zu", place_of(data, rung->remark));
		else
			text_add_string(data->out, "null");
		text_addf(data->out, ",%d]", dialogue_greets(rung));
		*first = false;
	}
}

/* Marks the rungs around the errors of a session, whose exchanges the rows give in order; both lists are walked once. */
static void mark(const struct ladder *ladder, const int64_t *exchanges, size_t n, bool *wanted)
{
	size_t from = 0;
	int64_t greeting = 0;
	for (size_t i = 0; i < ladder->n; i++) {
		const struct rung *rung = &ladder->rungs[i];
		if (dialogue_greets(rung))
			greeting = rung->exchange;
		while (from < n && exchanges[from] + DIALOGUE_AFTER < rung->exchange)
			from++;
		wanted[i] = rung->exchange == 1 || rung->exchange == greeting || (from < n && exchanges[from] - DIALOGUE_BEFORE <= rung->exchange);
	}
}

static void session_dialogue(struct data *data, int64_t session, const int64_t *exchanges, size_t n, bool *first)
{
	struct ladder ladder = { 0 };
	dialogue_read(data->reader, session, &ladder);
	bool *wanted = ARENA_ARRAY(&ladder.arena, bool, ladder.n ? ladder.n : 1);
	mark(&ladder, exchanges, n, wanted);
	dialogue(data, session, &ladder, wanted, first);
	ladder_free(&ladder);
}

static void dialogues(struct data *data)
{
	struct arena arena = { 0 };
	int64_t most = read_number(data->reader, "SELECT max(errors) FROM session"), session = 0;
	int64_t *exchanges = ARENA_ARRAY(&arena, int64_t, (size_t)most + 1);
	size_t n = 0;
	bool first = true;
	struct rows *rows = about_chosen(data, CHOSEN "SELECT e.session_id, e.exchange FROM error AS e JOIN chosen USING (error_id) ORDER BY 1, 2");
	section_begin(data, "dialogues");
	text_add_string(data->out, "\"session\",\"place\",\"exchange\",\"side\",\"at\",\"frame\",\"text#\",\"remark#\",\"greets\"],\"rows\":[");
	for (bool more = read_next(data->reader, &rows); more; more = read_next(data->reader, &rows)) {
		if (n && rows_integer(rows, 0) != session) {
			session_dialogue(data, session, exchanges, n, &first);
			n = 0;
		}
		session = rows_integer(rows, 0);
		if (n < (size_t)most + 1)
			exchanges[n++] = rows_integer(rows, 1);
	}
	if (n)
		session_dialogue(data, session, exchanges, n, &first);
	text_add_string(data->out, "]}");
	arena_drop(&arena);
}

/* ---- the whole ---- */

static void verdict(struct data *data, const char *path)
{
	static const char *const tones[] = { [INK_BAD] = "bad", [INK_WARN] = "warn", [INK_GOOD] = "good" };
	struct text text = { 0 };
	struct headline headline;
	headline_read(data->reader, &headline);
	enum ink ink = headline_verdict(&headline, &text);
	text_addf(data->out, "\"tone\":\"%s\",\"verdict\":", tones[ink]);
	escape_script(data->out, text_view(&text));
	text_add_string(data->out, ",\"path\":");
	escape_script(data->out, bytes_of(path));
	text_addf(data->out, ",\"redacted\":%s,\"first\":%lld", headline.redacted ? "true" : "false", (long long)headline.to_change);
	text_addf(data->out, ",\"before\":%d,\"after\":%d,\"blind\":[", DIALOGUE_BEFORE, DIALOGUE_AFTER);
	size_t next = 0;
	text_clear(&text);
	for (const char *before = ""; headline_blind(&headline, &next, &text); before = ",") {
		text_add_string(data->out, before);
		escape_script(data->out, text_view(&text));
		text_clear(&text);
	}
	text_add_string(data->out, "],\n");
	text_free(&text);
	headline_free(&headline);
}

void html_data(struct reader *reader, const char *path, int64_t errors_most, struct text *out)
{
	struct data data = { .reader = reader, .out = out };
	pick(&data, errors_most);
	text_add_octet(out, '{');
	verdict(&data, path);
	text_add_string(out, "\"sections\":{\n");
	for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
		struct rows *rows = sections[i].chosen ? about_chosen(&data, sections[i].sql) : read_rows(reader, "%s", sections[i].sql);
		section_begin(&data, sections[i].name);
		section_rows(&data, &rows);
	}
	timeline(&data);
	audit(&data);
	dialogues(&data);
	text_add_string(out, "},\n");
	text_add_string(out, "\"texts\":[");
	for (size_t i = 0; i < data.texts.count; i++) {
		text_add_string(out, i ? ",\n" : "\n");
		escape_script(out, data.texts.entries[i]->key);
	}
	text_add_string(out, "]}");
	map_free(&data.texts);
	text_free(&data.chosen);
}
