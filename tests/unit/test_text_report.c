/* test_text_report.c - what the report says about a database: never "no errors" where it could not look, nothing hostile let through. */
#include "report/explain.h"
#include "report/text.h"
#include "store/across.h"

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

#define CAPTURE                                                                                                                    \
	"INSERT INTO capture VALUES (1, 'a.pcap', 'pcap', 'EN10MB', 12, 900, 900, 65535, 1795341600000000000, 1795341660000000000, "  \
	"0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, NULL);"                                                                       \
	"INSERT INTO cause VALUES (1, 'recipient.unknown', 'recipient', 'No such mailbox.', 'words', 'Correct it.', 'Add it.', "       \
	"'Correct it.', 'RFC 5321 4.2.3');"                                                                                          \
	"INSERT INTO text VALUES (1, 'no such user'), (2, 'mx'), (3, 'this was sent'), (4, 'end of line');"
#define SESSION(id, protocol, tls_state, errors, incomplete)                                                                       \
	"INSERT INTO session VALUES (" id ", '192.0.2.1', 40000, '198.51.100.1', 25, 1, 1, 1, 12, 1795341600000000000, "              \
	"1795341603000000000, " protocol ", NULL, 2, 'c', " tls_state ", '', NULL, NULL, 3, 4, " errors ", 1, 0, 0, 0, NULL, NULL, "  \
	incomplete ", 1, 1, 0, 0, 0, 1, NULL, CASE " tls_state " WHEN 5 THEN 11 END, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);"
#define ERROR_ROW(line, fault)                                                                                                     \
	"INSERT INTO error VALUES (700001, 7, 1795341602000000000, 550, '5.1.1', 1, 'RCPT', " line ", 1, 8, 1, 9, 1000, 4, 1, NULL, " \
	"NULL, NULL, NULL, " fault ", 4, 1, 2, NULL, NULL, '[[1,8,0,0,3]]', NULL);"
#define LADDER "INSERT INTO ladder VALUES (700000, '[[4,0,7,2000000,\"RCPT TO:<x@y>\"],[4,1,8,2001000,1,64]]');"

/* The error of ERROR_ROW so many times, and once more for a cause of the machinery. */
#define AND_BAD_SEQUENCE(times)                                                                                                    \
	"INSERT INTO cause VALUES (2, 'client.bad_sequence', 'client', '', '', '', '', 'Keep the order.', '');"                        \
	"CREATE TABLE more AS SELECT * FROM error; WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < " times ") "  \
	"INSERT INTO error SELECT 700000 + i, session_id, time, code, enhanced, reply_text, trigger_verb, trigger_line, trigger_capture_id, " \
	"trigger_frame, reply_capture_id, reply_frame, latency, exchange, transaction_no, phase_id, offer_id, sender_domain, recipient_domain, " \
	"fault_at, fault_id, cause_id, certainty, rule_id, detail, proofs, also FROM more, n;"                                          \
	"UPDATE more SET error_id = 700099, cause_id = 2; INSERT INTO error SELECT * FROM more; DROP TABLE more;"

static const struct kase {
	const char *name, *sql;
	int64_t explain; /* 0: the report */
	const char *want[6], *never[4];
} cases[] = {
	{ "clean and whole", CAPTURE SESSION("7", "1", "0", "0", "0"), 0,
	  { "No 5xx reply in 1 session, which was in the captures whole." }, { "Could not look into", "Causes" } },
	{ "no 5xx seen in a session that is not whole", CAPTURE SESSION("7", "1", "0", "0", "9"), 0,
	  { "No 5xx reply was seen, but 1 of 1 session", "1 session is not in the captures whole", "no start, gaps" }, { "No 5xx reply in" } },
	{ "no 5xx seen in a session that went encrypted", CAPTURE SESSION("7", "1", "5", "0", "0"), 0,
	  { "No 5xx reply was seen, but 1 of 1 session could not be read whole", "Could not look into:", "1 session went on encrypted", "7  192.0.2.1", "11" },
	  { "No 5xx reply in" } },
	{ "nothing but TLS from the first octet", CAPTURE SESSION("7", "3", "5", "0", "0"), 0,
	  { "1 session went on encrypted" }, { "spoke something else" } },
	{ "no session at all", CAPTURE, 0, { "No SMTP session was found", "nothing here could be judged" }, { "No 5xx reply in" } },
	{ "another protocol", CAPTURE SESSION("7", "4", "0", "0", "0"), 0, { "1 connection to an SMTP port spoke something else" }, { NULL } },
	{ "a damaged capture", CAPTURE "UPDATE capture SET cut = 1;" SESSION("7", "1", "0", "0", "0"), 0,
	  { "1 capture could not be read whole", "a.pcap: ends in mid-packet" }, { NULL } },
	{ "one error", CAPTURE SESSION("7", "1", "0", "1", "0") ERROR_ROW("'RCPT TO:<x@y>'", "NULL"), 0,
	  { "1 of 1 session (100 %) met 5xx replies: 1 error, at 10:00:02.", "recipient.unknown", "C: RCPT TO:<x@y>  [frame 8]",
	    "S: 550 5.1.1 no such user  [frame 9]", "smtpwhy explain a.db ERROR", "Correct it." }, { "Could not look into" } },
	{ "the everyday is not the first thing to change", CAPTURE SESSION("7", "1", "0", "3", "0") ERROR_ROW("'RCPT TO:<x@y>'", "NULL") AND_BAD_SEQUENCE("2"), 0,
	  { "Where: server 198.51.100.1; client 192.0.2.1", "First to change: for client.bad_sequence: Keep the order." }, { "First to change: for recipient" } },
	{ "unless all else is rare", CAPTURE SESSION("7", "1", "0", "13", "0") ERROR_ROW("'RCPT TO:<x@y>'", "NULL") AND_BAD_SEQUENCE("12"), 0,
	  { "First to change: for recipient.unknown: Correct it." }, { "First to change: for client" } },
	{ "a hostile line in the database", CAPTURE SESSION("7", "1", "0", "1", "0") ERROR_ROW("'RCPT' || char(27) || '[2J' || char(10) || 'x'", "NULL"), 0,
	  { "C: RCPT\\x1b[2J\\nx" }, { "\033", "\nx" } },
	{ "an error explained", CAPTURE SESSION("7", "1", "0", "1", "0") LADDER ERROR_ROW("'RCPT TO:<x@y>'", "NULL"), 700001,
	  { "Error 700001: 550 5.1.1 to RCPT", "proven: the bytes in the capture show it", "| RCPT TO:<x@y> -", "no such user |",
	    "frame.number in {8, 9}", "tcp.port == 40000" }, { NULL } },
	{ "the faulty octet is marked", CAPTURE SESSION("7", "1", "0", "1", "0") ERROR_ROW("'RCPT TO:<x> Y'", "12"), 700001,
	  { "RCPT TO:<x> Y\n                              ^ octet 13", "wanted here: end of line" }, { NULL } },
	{ "an escaped octet before the fault is one octet", CAPTURE SESSION("7", "1", "0", "1", "0") ERROR_ROW("'A\\x00B'", "2"), 700001,
	  { "A\\x00B\n                       ^ octet 3" }, { NULL } },
	{ "a fault behind the end of the line", CAPTURE SESSION("7", "1", "0", "1", "0") ERROR_ROW("'RCPT'", "400"), 700001,
	  { "^ octet 401" }, { NULL } },
};

static struct report *made(const char *path, const char *sql)
{
	sqlite3 *db;
	struct error error = { 0 };
	unlink(path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	char ours[96];
	snprintf(ours, sizeof ours, "PRAGMA application_id = %d; PRAGMA user_version = %d;", DATABASE_APPLICATION, DATABASE_VERSION);
	assert_int_equal(sqlite3_exec(db, (const char *)schema, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, ours, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, ROWS_OF_VIEWS, NULL, NULL, NULL), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(db));
	assert_true(across_fill(&(struct database){ .db = db }, "", NULL, false, &error));
	sqlite3_close(db);
	struct report *report = report_open(path, &error);
	if (!report)
		fail_msg("%s", error.sentence);
	return report;
}

/* A sentence is looked for as if it had been on one line. */
static bool holds(const char *page, const char *want)
{
	struct text folded = { 0 };
	for (const char *c = page; *c; c++)
		if (*c != '\n' || c[1] == ' ' || c[1] == '\n')
			text_add_octet(&folded, (uint8_t)*c);
		else
			text_add_octet(&folded, ' ');
	bool found = strstr(page, want) || (folded.p && strstr(folded.p, want));
	text_free(&folded);
	return found;
}

static void says(void **state)
{
	const struct kase *k = *state;
	struct error error = { 0 };
	char path[64];
	snprintf(path, sizeof path, "/tmp/test_text_report.%ld.db", (long)getpid());
	struct report *report = made(path, k->sql);
	struct page page = { .style = { .charset = CHARSET_ASCII, .width = 80 } };
	struct reader reader = { report, &error };
	bool done = k->explain ? explain_error(&reader, k->explain, &page) : text_report(report, "a.db", &page, &error);
	unlink(path);
	assert_string_equal(error.sentence, "");
	assert_true(done);
	for (size_t i = 0; i < 6 && k->want[i]; i++)
		if (!holds(page.out.p, k->want[i]))
			fail_msg("\"%s\" is not in:\n%s", k->want[i], page.out.p);
	for (size_t i = 0; i < 4 && k->never[i]; i++)
		if (strstr(page.out.p, k->never[i]))
			fail_msg("\"%s\" is in:\n%s", k->never[i], page.out.p);
	for (struct cut cut = { .tail = text_view(&page.out), .found = true }; cut.found;) {
		cut = bytes_cut(cut.tail, '\n');
		assert_true(escape_width(cut.head) <= 80 || bytes_find(cut.head, B("tshark -r")) != BYTES_NONE);
	}
	page_free(&page);
	report_close(report);
}

int main(void)
{
	return TABLE_RUN("text report", cases, says) != 0;
}
