/* test_counts.c - the tables of counts say what SQL would, asked of the rows themselves. */
#include "store/counts.h"

#include "support/table.h"

static const uint8_t views[] = { /* behind its tables it makes views of what stands here as tables */
#include "store/views.sql.inc"
	0
};

/* Only the columns that are counted. Sessions of a few servers and clients, each with up to four errors of a few causes. */
static const char rows_sql[] =
	"CREATE TABLE text (text_id INTEGER PRIMARY KEY, text TEXT);"
	"CREATE TABLE look (look_id INTEGER PRIMARY KEY, name_id, banner_id, starred, hello, offer_id, hidden_id, server_stack_id);"
	"CREATE TABLE session (session_id INTEGER PRIMARY KEY, client_addr, server_addr, server_port, start, look_id, server_ttl, client_stack_id, "
	"handshake, quickest, errors, protocol, tls_state, incomplete);"
	"CREATE TABLE error (error_id INTEGER PRIMARY KEY, session_id, cause_id, time);"
	"INSERT INTO session WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %u) SELECT i * 3, '192.0.2.' || (i * 7 %% 13), "
	"'198.51.100.' || (i * 5 %% 4), 25 + 562 * (i %% 3 = 0), i * 1000, NULL, 64, NULL, NULL, NULL, "
	"CASE WHEN i %% 5 < 2 THEN i %% 5 + i %% 3 ELSE 0 END, i * 11 %% 5, i * 13 %% 8, CASE WHEN i %% 4 = 0 THEN i %% 9 ELSE 0 END FROM n;"
	"INSERT INTO error WITH RECURSIVE k(j) AS (SELECT 1 UNION ALL SELECT j + 1 FROM k WHERE j < 4) SELECT session_id * 100000 + j, session_id, "
	"1 + (session_id / 3 + j * j) * 3 %% 7, start + (j * 37 %% 10) FROM session, k WHERE j <= errors";

static const struct kase { const char *name, *counted, *asked; } cases[] = {
	{ "by server and cause", "SELECT server_addr, server_port, cause_id, errors, sessions, first, last FROM server_cause",
	  "SELECT server_addr, server_port, cause_id, count(*), count(DISTINCT session_id), min(time), max(time) FROM error JOIN session USING (session_id) "
	  "GROUP BY 1, 2, 3" },
	{ "by cause", "SELECT cause_id, errors, sessions, clients, first, last FROM cause_count",
	  "SELECT cause_id, count(*), count(DISTINCT session_id), count(DISTINCT client_addr), min(time), max(time) FROM error JOIN session USING (session_id) "
	  "GROUP BY 1" },
	{ "by client", "SELECT client_addr, sessions, with_errors, errors, cause_id, first FROM client",
	  "SELECT client_addr, count(*), sum(errors > 0), sum(errors), (SELECT cause_id FROM error JOIN session AS t USING (session_id) "
	  "WHERE t.client_addr = s.client_addr GROUP BY cause_id ORDER BY count(*) DESC, cause_id LIMIT 1), (SELECT min(time) FROM error "
	  "JOIN session AS t USING (session_id) WHERE t.client_addr = s.client_addr) FROM session AS s GROUP BY 1 HAVING sum(errors) > 0" },
	{ "by server",
	  "SELECT server_addr, server_port, sessions, mail, other, with_errors, errors, encrypted, incomplete, unread, not_offered, offered, refused, "
	  "accepted, failed FROM server",
	  "SELECT server_addr, server_port, count(*), sum(protocol <= 2), sum(protocol > 3), sum(errors > 0), sum(errors), "
	  "sum(protocol = 3 OR tls_state IN (4, 5)), sum(incomplete <> 0), sum(incomplete <> 0 OR protocol = 3 OR tls_state IN (4, 5)), "
	  "sum(protocol < 4 AND tls_state = 0), sum(protocol < 4 AND tls_state = 1), sum(protocol < 4 AND tls_state = 2), "
	  "sum(protocol < 4 AND tls_state IN (3, 4, 5)), sum(protocol < 4 AND tls_state IN (6, 7)) FROM session GROUP BY 1, 2" },
};

static int64_t number(struct database *d, const char *sql)
{
	int64_t value = -1;
	struct error error = { 0 };
	if (!database_number(d, sql, &value, &error))
		fail_msg("%s", error.sentence);
	return value;
}

static void compare(const struct kase *k, unsigned sessions)
{
	struct database d = { 0 };
	struct error error = { 0 };
	struct population p;
	struct text sql = { 0 };
	assert_int_equal(sqlite3_open(":memory:", &d.db), SQLITE_OK);
	text_addf(&sql, rows_sql, sessions ? sessions : 1);
	text_add_string(&sql, sessions ? ";" : "; DELETE FROM error; DELETE FROM session;");
	text_add(&sql, bytes_first(bytes_of((const char *)views), bytes_find(bytes_of((const char *)views), B("DROP VIEW IF EXISTS session;"))));
	if (!database_run(&d, sql.p, &error) || !population_load(&p, &d, NULL, &error) || !population_load_hits(&p, &d, NULL, &error) || !counts_write(&d, &p, &error))
		fail_msg("%s", error.sentence);
	population_free(&p);
	text_clear(&sql);
	text_addf(&sql, "SELECT (SELECT count(*) FROM (%s EXCEPT %s)) + (SELECT count(*) FROM (%s EXCEPT %s))", k->counted, k->asked, k->asked, k->counted);
	assert_int_equal(number(&d, sql.p), 0);
	text_clear(&sql);
	text_addf(&sql, "SELECT (SELECT count(*) FROM (%s)) - (SELECT count(*) FROM (%s))", k->counted, k->asked);
	assert_int_equal(number(&d, sql.p), 0);
	text_clear(&sql);
	text_addf(&sql, "SELECT count(*) FROM (%s)", k->counted);
	if (sessions > 100)
		assert_true(number(&d, sql.p) > 3);
	text_free(&sql);
	sqlite3_close(d.db);
}

static void counts(void **state)
{
	static const unsigned sizes[] = { 0, 1, 2, 5, 17, 400 };
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		compare(*state, sizes[i]);
}

int main(void)
{
	return TABLE_RUN("counts", cases, counts);
}
