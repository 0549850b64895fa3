/* merge.c - takes report databases, gives one. All work is SQL on attached files; text ids and cause ids are mapped (raise.h).
 * Never changes an input. */
#include "store/merge.h"

#include "store/raise.h"

/* What the two have in common decides: the same list of captures makes shards. */
#define CAPTURES(of) "SELECT capture_id, name, packets, bytes, first_time, last_time FROM " of ".capture"

/* Rows of the input "more" with ids raised by :session (and :capture), texts by the map of texts, causes by the map of causes. */
static const char *const copies[] = {
	"INSERT OR IGNORE INTO main.cause (cause, party, meaning, recognised, remedy_client, remedy_server, remedy, clause) "
	"SELECT cause, party, meaning, recognised, remedy_client, remedy_server, remedy, clause FROM more.cause ORDER BY cause_id",
	"CREATE TEMP TABLE to_cause AS SELECT m.cause_id AS old, c.cause_id AS new FROM more.cause AS m JOIN main.cause AS c USING (cause)",
	"CREATE UNIQUE INDEX temp.by_cause ON to_cause (old, new)",
	"CREATE TEMP TABLE shift AS SELECT coalesce((SELECT max(text_id) FROM main.text), 0) AS text_by, "
	"coalesce((SELECT max(look_id) FROM main.look), 0) AS look_by",
	"INSERT INTO main.text SELECT text_id + text_by, text FROM more.text, shift",
	NULL
};

/* JSON columns hold ids too. */
#define PROOFS "raised_proofs(r.proofs, text_by, capture_by)"
/* Of a column that holds a text or its id. */
#define TEXT_IN(column) "CASE typeof(" column ") WHEN 'text' THEN " column " ELSE " column " + text_by END"
#define CAUSE_OF(column) "(SELECT new FROM to_cause WHERE old = " column ")"

static const char *const rows_sql[] = {
	"INSERT INTO main.session_row SELECT session_id + session_by, client_addr, server_addr, server_port, start, errors, state, capture_id + capture_by, "
	"server_ttl, client_stack_id + text_by, handshake, quickest, helo, auth, transactions, accepted, pipelined, "
	"slowest, client_octets, client_port, first_frame, last_capture_id + capture_by, last_frame, lasted, commands, replies, unanswered, server_octets, missing, "
	"retransmissions, resets, client_ttl, greeting_wait, offer_capture_id + capture_by, offer_frame, offer_after, encrypted_frame, slowest_verb, tls, speaks, "
	"server_name, " TEXT_IN("banner") ", look_id + look_by FROM more.session_row, by",
	"INSERT INTO main.error_row SELECT error_id + session_by * 100000, session_id + session_by, time, code, enhanced, " TEXT_IN("reply_text") ", trigger_verb, trigger_line, "
	"sender_domain, recipient_domain, " CAUSE_OF("cause_id") ", certainty, " TEXT_IN("detail") ", " PROOFS ", "
	"trigger_capture_id + capture_by, trigger_frame, reply_capture_id + capture_by, reply_frame, latency, exchange, transaction_no, phase_id + text_by, "
	"offer_id + text_by, fault_at, fault_id + text_by, rule_id + text_by, CASE WHEN also IS NOT NULL THEN (SELECT json_group_array(" CAUSE_OF("a.value") ") "
	"FROM json_each(r.also) AS a) END FROM more.error_row AS r, by",
	"INSERT INTO main.finding SELECT finding_id + session_by * 100000, session_id + session_by, time, capture_id + capture_by, frame, exchange, "
	CAUSE_OF("cause_id") ", device_id + text_by, certainty, " TEXT_IN("detail") ", " PROOFS " FROM more.finding AS r, by",
	"INSERT INTO main.look SELECT look_id + look_by, name_id + text_by, banner_id + text_by, starred, hello, offer_id + text_by, hidden_id + text_by, "
	"server_stack_id + text_by FROM more.look, by",
	"INSERT INTO main.ladder SELECT ladder_id + session_by * 100000, raised_ladder(lines, text_by, capture_by) FROM more.ladder, by",
	"INSERT INTO main.difference SELECT NULL, inside_session + session_by, outside_session + session_by, direction, frame_inside, frame_outside, "
	"inside_text, outside_text, kind, " CAUSE_OF("cause_id") ", inside_capture_id + capture_by, outside_capture_id + capture_by, inside_exchange, "
	"detail_id + text_by FROM more.difference, by",
	"INSERT OR IGNORE INTO main.content SELECT capture_id + capture_by, print FROM more.content, by",
	"CREATE TEMP TABLE compared AS SELECT coalesce((SELECT max(comparison_id) FROM main.comparison), 0) AS comparison_by",
	"INSERT INTO main.comparison SELECT comparison_id + comparison_by, clock_offset, transit, first_outside_capture + capture_by "
	"FROM more.comparison, compared, by",
	"INSERT INTO main.pair SELECT NULL, comparison_id + comparison_by, inside_session + session_by, outside_session + session_by, known_by "
	"FROM more.pair, compared, by",
	"DROP TABLE compared",
	NULL
};

static bool run_all(struct database *d, const char *const *sql, struct error *error)
{
	for (; *sql; sql++)
		if (!database_run(d, *sql, error))
			return false;
	return true;
}

/* Shards keep their ids; what they count of a capture is the same in each, but for nothing: every shard reads every frame. */
static bool is_shard(struct database *d, int64_t *shard, struct error *error)
{
	return database_number(d, "SELECT (SELECT count(*) FROM main.capture) > 0 AND NOT EXISTS (" CAPTURES("main") " EXCEPT " CAPTURES("more") ") "
	                          "AND NOT EXISTS (" CAPTURES("more") " EXCEPT " CAPTURES("main") ")", shard, error);
}

/* Names do not join rows that have lost theirs; whose tokens are in the result stays known. */
static bool redaction_kept(struct database *d, const char *path, struct error *error)
{
	int64_t captures = 0, here = 0, there = 0;
	if (!database_number(d, "SELECT count(*) FROM main.capture", &captures, error) ||
	    !database_number(d, "SELECT count(*) FROM main.sqlite_schema WHERE name = 'redaction'", &here, error) ||
	    !database_number(d, "SELECT count(*) FROM more.sqlite_schema WHERE name = 'redaction'", &there, error))
		return false;
	if (captures && here != there)
		return error_set(error, ERROR_USAGE, "%s: is %s; redact all of them or none", path, there ? "redacted, and what goes before it is not" :
		                 "not redacted, and what goes before it is");
	return !there || database_run(d, "CREATE TABLE IF NOT EXISTS main.redaction ( -- only in a redacted database: names are tokens\n"
	                                 "\tkey_name TEXT NOT NULL -- tokens of databases with the same name can be compared\n);"
	                                 "INSERT INTO main.redaction SELECT key_name FROM more.redaction EXCEPT SELECT key_name FROM main.redaction", error);
}

static bool add_rows(struct database *d, const char *path, struct error *error)
{
	int64_t shard = 0, twice = 0;
	if (!redaction_kept(d, path, error) || !is_shard(d, &shard, error))
		return false;
	if (shard && !database_number(d, "SELECT count(*) FROM more.session_row JOIN main.session_row USING (session_id)", &twice, error))
		return false;
	if (twice)
		return error_set(error, ERROR_INPUT, "%s: its sessions are in the result already; leave out the database that is given twice", path);
	if (!run_all(d, copies, error) ||
	    !database_run(d, shard ? "CREATE TEMP TABLE by AS SELECT 0 AS session_by, 0 AS capture_by, text_by, look_by FROM shift" :
	                  "CREATE TEMP TABLE by AS SELECT max((SELECT coalesce(sum(packets), 0) FROM main.capture), "
	                  "(SELECT coalesce(max(session_id), 0) FROM main.session_row)) AS session_by, "
	                  "(SELECT coalesce(max(capture_id), 0) FROM main.capture) AS capture_by, text_by, look_by FROM shift", error))
		return false;
	if (!shard && !database_run(d, "INSERT INTO main.capture SELECT capture_id + capture_by, name, format, link_type, packets, bytes, size, snaplen, "
	                  "first_time, last_time, cut, cut_packets, clock_steps_back, tcp, not_tcp, fragments, truncated, malformed, unknown_link, too_deep, "
	                  "fragments_lost, bad_ip_checksums, bad_tcp_checksums, trouble, note FROM more.capture, by", error))
		return false;
	return run_all(d, rows_sql, error) && database_run(d, "DROP TABLE to_cause; DROP TABLE shift; DROP TABLE by", error);
}

/* ATTACH cannot run inside the transaction that database_begin opened: it is ended and begun anew around each input. */
static bool add_database(struct database *d, const char *path, struct error *error)
{
	sqlite3 *look = NULL;
	bool ours = sqlite3_open_v2(path, &look, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK && database_is_ours(look, path, ERROR_INPUT, error);
	if (!ours && error->kind == ERROR_NONE)
		error_set(error, ERROR_INPUT, "%s: %s; name a report database", path, sqlite3_errmsg(look));
	sqlite3_close(look);
	if (!ours || !database_run(d, "COMMIT", error))
		return false;
	sqlite3_stmt *attach = database_statement(d, "ATTACH ? AS more", error);
	if (!attach)
		return false;
	database_bind_text(attach, 1, bytes_of(path));
	bool done = database_step(d, attach, error);
	sqlite3_finalize(attach);
	return done && database_run(d, "BEGIN", error) && add_rows(d, path, error) && database_run(d, "COMMIT; DETACH more; BEGIN", error);
}

bool merge_databases(const char *out, const char *const *in, size_t n, struct error *error)
{
	struct database d;
	bool done = database_begin(&d, out, false, false, error) && raise_functions(&d, error);
	for (size_t i = 0; done && i < n; i++)
		done = add_database(&d, in[i], error);
	done = done && database_finish(&d, NULL, error);
	database_free(&d);
	return done;
}
