/* test_diff.c - two reports side by side: "gone" only where one could look, "more" only beyond chance, and what may be chance says so. */
#include "report/diff.h"
#include "store/database.h"

#include "support/rows.h"
#include "support/table.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const uint8_t schema[] = {
#include "store/schema.sql.inc"
	'\n',
#include "store/views.sql.inc"
	0
};

/* Sessions of one server, the first of which are hit by an error each of one cause. */
struct group { int server, sessions, hit, cause; bool encrypted; };
enum { GROUPS = 3 };

static const struct kase {
	const char *name;
	struct group old[GROUPS], new[GROUPS]; /* until one without sessions */
	const char *want[5], *never[3];
} cases[] = {
	{ "the same twice", { { 1, 40, 10, 1, false } }, { { 1, 40, 10, 1, false } },
	  { "About as many sessions as before" }, { "Causes\n", "gone", "may be chance" } },
	{ "gone, and the server was seen", { { 1, 40, 20, 1, false } }, { { 1, 40, 0, 1, false } },
	  { "5xx replies are gone: the new report has none.", "gone    recipient.unknown  20 of 40 (50 %)", "gone    198.51.100.1:25" }, { "not seen", "gone?" } },
	{ "the server was not seen: nothing is gone there", { { 1, 40, 20, 1, false }, { 2, 40, 5, 2, false } }, { { 2, 40, 5, 2, false } },
	  { "not seen  198.51.100.1:25  20 of 40 (50 %)", "the other report has no session of it" }, { "gone    198.51.100.1" } },
	{ "no session at all is no clean bill", { { 1, 40, 20, 1, false } }, { { 0 } },
	  { "The new report has no SMTP session. That is no clean bill", "not seen" }, { "gone  " } },
	{ "nothing to compare with", { { 0 } }, { { 1, 40, 20, 1, false } }, { "there is nothing to compare with", "first seen" }, { "new  recipient" } },
	{ "new", { { 1, 100, 0, 1, false } }, { { 1, 100, 30, 2, false } }, { "5xx replies are new", "new     client.bad_sequence" }, { "new?" } },
	{ "new in few sessions may be chance", { { 1, 5, 0, 1, false } }, { { 1, 5, 1, 1, false } }, { "With so few sessions it may be chance.", "new?" }, { NULL } },
	{ "gone in few sessions may be chance", { { 1, 1, 1, 1, false } }, { { 1, 2, 0, 1, false } }, { "gone?" }, { NULL } },
	{ "more sessions with the same share are the same", { { 1, 40, 10, 1, false } }, { { 1, 4000, 1000, 1, false } },
	  { "About as many" }, { "more" } },
	{ "more", { { 1, 200, 10, 1, false } }, { { 1, 200, 60, 1, false } }, { "More sessions than before", "more    recipient.unknown  10 of 200 (5.0 %)  60 of 200 (30 %)" }, { "less" } },
	{ "a small rise is the same", { { 1, 20, 10, 1, false } }, { { 1, 20, 12, 1, false } }, { "About as many" }, { "more  " } },
	{ "less", { { 1, 200, 60, 1, false } }, { { 1, 200, 10, 1, false } }, { "Fewer sessions than before", "less    198.51.100.1:25" }, { "more  " } },
	{ "less could be looked at", { { 1, 200, 0, 1, false } }, { { 1, 200, 0, 1, true } },
	  { "No 5xx reply in either report.", "What could be looked at", "new     went on encrypted", "gone    read whole" }, { NULL } },
	{ "neither has anything", { { 0 } }, { { 0 } }, { "nothing can be compared" }, { "gone", "clean" } },
};

static void run_sql(sqlite3 *db, const char *sql)
{
	char *said = NULL;
	if (sqlite3_exec(db, sql, NULL, NULL, &said) != SQLITE_OK)
		fail_msg("%s: %s", sql, said);
}

static void add_group(sqlite3 *db, size_t number, const struct group *group)
{
	char sql[2048];
	snprintf(sql, sizeof sql, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) INSERT INTO session SELECT %zu + i, "
	         "'192.0.2.' || (i %% 5), 40000, '198.51.100.%d', 25, 1, 1, 1, 12, 1795341600000000000, 1795341603000000000, 1, NULL, NULL, 'c', %d, '', "
	         "NULL, NULL, 3, 4, i <= %d, 1, 0, 0, 0, NULL, NULL, 0, 1, 1, 0, 0, 0, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM n",
	         group->sessions, number * 100000, group->server, group->encrypted ? 5 : 0, group->hit);
	run_sql(db, sql);
	snprintf(sql, sizeof sql, "INSERT INTO error SELECT session_id * 100000 + 1, session_id, 1795341602000000000, 550, '5.1.1', 1, 'RCPT', 'RCPT', 1, 8, 1, 9, "
	         "1000, 4, 1, NULL, NULL, NULL, NULL, NULL, NULL, %d, 2, NULL, NULL, '[]', NULL FROM session WHERE errors > 0 AND session_id > %zu", group->cause, number * 100000);
	run_sql(db, sql);
}

static struct report *made(const char *path, const struct group *groups)
{
	sqlite3 *db;
	struct error error = { 0 };
	char ours[96];
	unlink(path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	snprintf(ours, sizeof ours, "PRAGMA application_id = %d; PRAGMA user_version = %d;", DATABASE_APPLICATION, DATABASE_VERSION);
	run_sql(db, (const char *)schema);
	run_sql(db, ours);
	run_sql(db, ROWS_OF_VIEWS);
	run_sql(db, "INSERT INTO text VALUES (1, 'no such user'); INSERT INTO cause VALUES (1, 'recipient.unknown', 'recipient', '', '', '', '', '', ''), "
	        "(2, 'client.bad_sequence', 'client', '', '', '', '', '', '');");
	for (size_t i = 0; i < GROUPS && groups[i].sessions; i++)
		add_group(db, i + 1, &groups[i]);
	sqlite3_close(db);
	struct report *report = report_open(path, &error);
	if (!report)
		fail_msg("%s", error.sentence);
	return report;
}

static void compares(void **state)
{
	const struct kase *kase = *state;
	char paths[2][64];
	struct error errors[2] = { 0 };
	struct reader readers[2];
	for (size_t i = 0; i < 2; i++) {
		snprintf(paths[i], sizeof paths[i], "/tmp/test_diff.%d.%zu.db", (int)getpid(), i);
		readers[i] = (struct reader){ made(paths[i], i ? kase->new : kase->old), &errors[i] };
	}
	struct diff diff;
	struct page page = { .style = { .charset = CHARSET_ASCII, .width = 160 } }; /* no sentence is broken */
	if (!diff_read(&diff, &readers[0], "a.db", &readers[1], "b.db"))
		fail_msg("%s%s", errors[0].sentence, errors[1].sentence);
	diff_draw(&diff, false, &page);
	const char *text = page.out.p ? page.out.p : "";
	for (size_t i = 0; i < 5 && kase->want[i]; i++)
		if (!strstr(text, kase->want[i]))
			fail_msg("not there: %s\n%s", kase->want[i], text);
	for (size_t i = 0; i < 3 && kase->never[i]; i++)
		if (strstr(text, kase->never[i]))
			fail_msg("must not be there: %s\n%s", kase->never[i], text);
	page_free(&page);
	diff_free(&diff);
	for (size_t i = 0; i < 2; i++) {
		report_close(readers[i].report);
		unlink(paths[i]);
	}
}

/* Each line of the JSON is an object that SQLite takes; the columns are read from it. */
static const struct line {
	const char *name;
	struct group old[GROUPS], new[GROUPS];
	bool all;
	const char *sql, *want;
} lines[] = {
	{ "the total comes first", { { 1, 200, 10, 1, false } }, { { 1, 200, 60, 1, false } }, false,
	  "SELECT group_concat(json_extract(line, '$.section') || ' ' || json_extract(line, '$.change'), ', ') FROM lines WHERE number = 1", "total more" },
	{ "numbers of both sides", { { 1, 200, 10, 1, false } }, { { 1, 200, 60, 1, false } }, false,
	  "SELECT json_extract(line, '$.old.hit') || ' of ' || json_extract(line, '$.old.sessions') || ', ' || json_extract(line, '$.new.hit') || ' of ' || "
	  "json_extract(line, '$.new.sessions') FROM lines WHERE json_extract(line, '$.key') = 'recipient.unknown'", "10 of 200, 60 of 200" },
	{ "what is the same is left out", { { 1, 40, 10, 1, false } }, { { 1, 40, 10, 1, false } }, false,
	  "SELECT count(*) FROM lines WHERE json_extract(line, '$.section') = 'causes'", "0" },
	{ "what is the same, when asked for", { { 1, 40, 10, 1, false } }, { { 1, 40, 10, 1, false } }, true,
	  "SELECT json_extract(line, '$.change') FROM lines WHERE json_extract(line, '$.section') = 'causes'", "same" },
	{ "a server that was not seen", { { 1, 40, 20, 1, false }, { 2, 40, 5, 2, false } }, { { 2, 40, 5, 2, false } }, false,
	  "SELECT json_extract(line, '$.change') FROM lines WHERE json_extract(line, '$.key') LIKE '198.51.100.1:25%'", "not seen" },
};

static void tells_json(void **state)
{
	const struct line *k = *state;
	char paths[2][64];
	struct error errors[2] = { 0 };
	struct reader readers[2];
	struct text out = { 0 };
	struct diff diff;
	sqlite3 *db;
	sqlite3_stmt *statement;
	for (size_t i = 0; i < 2; i++) {
		snprintf(paths[i], sizeof paths[i], "/tmp/test_diff.%d.%zu.db", (int)getpid(), i);
		readers[i] = (struct reader){ made(paths[i], i ? k->new : k->old), &errors[i] };
	}
	assert_true(diff_read(&diff, &readers[0], "a.db", &readers[1], "b.db"));
	diff_json(&diff, k->all, &out);
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	run_sql(db, "CREATE TABLE lines (number INTEGER PRIMARY KEY, line TEXT CHECK (json_valid(line) AND json_type(line) = 'object'))");
	assert_int_equal(sqlite3_prepare_v2(db, "INSERT INTO lines (line) VALUES (?)", -1, &statement, NULL), SQLITE_OK);
	for (struct bytes rest = text_view(&out); rest.n;) {
		struct cut cut = bytes_cut(rest, '\n');
		assert_true(cut.found);
		sqlite3_bind_text64(statement, 1, (const char *)cut.head.p, cut.head.n, SQLITE_STATIC, SQLITE_UTF8);
		assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
		sqlite3_reset(statement);
		rest = cut.tail;
	}
	sqlite3_finalize(statement);
	assert_int_equal(sqlite3_prepare_v2(db, k->sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(statement, 0), k->want);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	text_free(&out);
	diff_free(&diff);
	for (size_t i = 0; i < 2; i++) {
		report_close(readers[i].report);
		unlink(paths[i]);
	}
}

int main(void)
{
	int failed = TABLE_RUN("diff", cases, compares);
	return failed + TABLE_RUN("diff as JSON", lines, tells_json);
}
