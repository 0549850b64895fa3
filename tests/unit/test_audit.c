/* test_audit.c - a database whose sessions are known, and what the audit, its exports and the view of changes say of it. */
#include "report/audit.h"
#include "report/text.h"
#include "store/across.h"
#include "store/merge.h"

#include "support/rows.h"
#include "support/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const uint8_t schema[] = {
#include "store/schema.sql.inc"
	'\n',
#include "store/views.sql.inc"
	0
};

enum { PATHS_MOST = 6 };

/* A path: client, server, name of the server, then a letter a session, ten seconds apart: o STARTTLS offered, a absent, m overwritten
 * (with a finding), M the same and stars, * stars alone, i a reply injected, x a 5xx reply, e EHLO blocked, d dropped,
 * A altered, h a PROXY header where none belongs, w another protocol, '.' no session. */
static const struct kase {
	const char *name;
	const char *paths[PATHS_MOST];
	struct audit_options options;
	const char *csv;             /* behaviour,affected,sessions,box of each line, with client and server in front */
	const char *says[4];         /* in the page */
	const char *changes;         /* kind, client network, server, party of change_report */
	const char *findings;        /* of other sessions: how many */
} cases[] = {
	{ "clean", { "192.0.2.1 198.51.100.1 mx.one.example oooooo" }, { AUDIT_BY_PATH, { 24, 64 }, { 32, 128 } }, "",
	  { "No sign of a box in 6 sessions on 1 path." }, "", "0" },
	{ "no session", { NULL }, { AUDIT_BY_PATH, { 24, 64 }, { 32, 128 } }, "", { "nothing here could be judged" }, "", "0" },
	{ "overwritten for one network, many servers", { "192.0.2.1 198.51.100.1 mx.one.example mmm", "192.0.2.9 203.0.113.1 mx.two.test mm",
	  "192.0.3.1 198.51.100.1 mx.one.example ooo" }, { AUDIT_BY_PATH, { 24, 64 }, { 32, 128 } },
	  "192.0.2.0/24 198.51.100.1:25 STARTTLS overwritten 3/3 client end\n192.0.2.0/24 203.0.113.1:25 STARTTLS overwritten 2/2 client end\n",
	  { "5 of 8 sessions (62 %) show a box on the path, on 2 of 3 paths.", "the box sits at the client's end" },
	  "starttls 192.0.2.0/24 198.51.100.1 middlebox\n", "0" },
	{ "the same, a client alone a network", { "192.0.2.1 198.51.100.1 mx.one.example mmm", "192.0.2.9 198.51.100.1 mx.one.example ooo" },
	  { AUDIT_BY_CLIENT, { 32, 128 }, { 32, 128 } }, "192.0.2.1  STARTTLS overwritten 3/3 unknown\n", { "3 of 6 sessions" }, "", "0" },
	{ "overwritten at one server, for every network", { "192.0.2.1 198.51.100.1 mx.one.example mmm", "192.0.3.1 198.51.100.1 mx.one.example mm",
	  "192.0.2.1 203.0.113.1 mx.two.test oo" }, { AUDIT_BY_SERVER, { 24, 64 }, { 32, 128 } },
	  " 198.51.100.1:25 STARTTLS overwritten 5/5 server end\n", { "the box sits at the server's end" }, "", "0" },
	{ "since a moment", { "192.0.2.1 198.51.100.1 mx.one.example oooommm" }, { AUDIT_BY_PATH, { 24, 64 }, { 32, 128 } },
	  "192.0.2.0/24 198.51.100.1:25 STARTTLS overwritten 3/7 unknown\n",
	  { "10:00:40   STARTTLS is overwritten in transit on the path from 192.0.2.0/24 to 198.51.100.1 port 25 (before: offered in 4 sessions; since: "
	    "overwritten in 3)" }, "starttls 192.0.2.0/24 198.51.100.1 middlebox\n", "0" },
	{ "stars alone accuse nobody", { "192.0.2.1 198.51.100.1 mx.one.example ****" }, { AUDIT_BY_PATH, { 24, 64 }, { 32, 128 } }, "",
	  { "No sign of a box" }, "", "0" },
	{ "stars beside a mask", { "192.0.2.1 198.51.100.1 mx.one.example M" }, { AUDIT_BY_PATH, { 24, 64 }, { 32, 128 } },
	  "192.0.2.0/24 198.51.100.1:25 greeting overwritten 1/1 unknown\n192.0.2.0/24 198.51.100.1:25 STARTTLS overwritten 1/1 unknown\n",
	  { "Look at session 1." }, "", "0" },
	{ "stars on one path alone", { "192.0.2.1 198.51.100.1 mx.one.example *******", "192.0.3.1 198.51.100.1 mx.one.example ooooooo" },
	  { AUDIT_BY_PATH, { 24, 64 }, { 32, 128 } }, "192.0.2.0/24 198.51.100.1:25 greeting overwritten 7/7 unknown\n", { "7 of 14" },
	  "banner 192.0.2.0/24 198.51.100.1 middlebox\n", "0" },
	{ "removed for two unrelated servers", { "192.0.2.1 198.51.100.1 mx.one.example aaaaaaaa", "192.0.2.2 203.0.113.1 mx.two.test aaaaaaaa",
	  "192.0.3.1 198.51.100.1 mx.one.example oooooooo", "192.0.3.1 203.0.113.1 mx.two.test oooooooo" }, { AUDIT_BY_PATH, { 24, 64 }, { 32, 128 } },
	  "192.0.2.0/24 198.51.100.1:25 STARTTLS removed 8/8 client end\n192.0.2.0/24 203.0.113.1:25 STARTTLS removed 8/8 client end\n",
	  { "16 of 32 sessions", "on the paths from 192.0.2.0/24 to 2 servers" }, "starttls 192.0.2.0/24 - unknown\n", "16" },
	{ "a server's own rule for one network", { "192.0.2.1 198.51.100.1 mx.one.example aaaaaaaa", "192.0.3.1 198.51.100.1 mx.one.example oooooooo" },
	  { AUDIT_BY_PATH, { 24, 64 }, { 32, 128 } }, "", { "No sign of a box", "a rule of the server for this network, or a box on the path" },
	  "starttls 192.0.2.0/24 198.51.100.1 unknown\n", "0" },
	{ "a mixed pool", { "192.0.2.1 198.51.100.1 mx.one.example oaoaaoaooa", "192.0.3.1 198.51.100.1 mx.one.example aoaoaooaoa" },
	  { AUDIT_BY_PATH, { 24, 64 }, { 32, 128 } }, "", { "No sign of a box" }, "", "0" },
	{ "injected, by IPv6", { "2001:db8::1 2001:db8:1::25 mx.one.example ioi" }, { AUDIT_BY_PATH, { 24, 64 }, { 32, 128 } },
	  "2001:db8::/64 [2001:db8:1::25]:25 replies or resets injected 2/3 unknown\n", { "2 of 3 sessions, 10:00:00" }, "", "0" },
	{ "dropped, and altered", { "192.0.2.1 198.51.100.1 mx.one.example ddo", "192.0.3.1 198.51.100.1 mx.one.example oAo" }, { AUDIT_BY_PATH, { 24, 64 }, { 32, 128 } },
	  "192.0.2.0/24 198.51.100.1:25 dropped in silence 2/3 unknown\n192.0.3.0/24 198.51.100.1:25 bytes altered 1/3 unknown\n", { "3 of 6 sessions" }, "", "0" },
	{ "a PROXY header where none belongs, and no other protocol", { "192.0.2.1 198.51.100.1 mx.one.example hwo" }, { AUDIT_BY_PATH, { 24, 64 }, { 32, 128 } },
	  "192.0.2.0/24 198.51.100.1:25 PROXY header not expected 1/3 unknown\n", { "1 of 3 sessions" }, "", "0" },
	{ "servers by network", { "192.0.2.1 198.51.100.1 mx.one.example e", "192.0.2.1 198.51.100.2 mx.two.test e", "192.0.2.1 198.51.100.3 mx.three.test o" },
	  { AUDIT_BY_PATH, { 24, 64 }, { 24, 64 } }, "192.0.2.0/24 198.51.100.0/24 EHLO blocked 2/3 unknown\n", { "2 of 3 sessions" }, "", "0" },
	{ "an outage", { "192.0.2.1 198.51.100.1 mx.one.example ooooooooooooooooooooxxxxxxxxxxxxxxxxxxxx" }, { AUDIT_BY_PATH, { 24, 64 }, { 32, 128 } }, "",
	  { "No sign of a box" }, "errors - 198.51.100.1 unknown\n", "0" },
};

static void run(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sqlite3_errmsg(db), sql);
}

static const int64_t start = 1795341600000000000, ten_seconds = 10000000000;

enum { TEXT_BANNER = 1, TEXT_OFFERED, TEXT_ABSENT, TEXT_MASKED, TEXT_HIDDEN, TEXT_SAYS, TEXT_DEVICE, TEXT_NAMES };

static const char fixed[] =
	"INSERT INTO capture VALUES (1, 'a.pcap', 'pcap', 'EN10MB', 12, 900, 900, 65535, 1795341600000000000, 1795341660000000000, 0, 0, 0, 12, 0, 0, 0, 0, "
	"0, 0, 0, 0, 0, NULL, NULL);"
	"INSERT INTO cause SELECT value ->> 0, value ->> 1, value ->> 2, '', '', '', '', '', '' FROM json_each('[[1,\"middlebox.starttls_stripped\","
	"\"middlebox\"],[2,\"middlebox.reply_injected\",\"middlebox\"],[3,\"recipient.unknown\",\"recipient\"],[4,\"middlebox.ehlo_blocked\",\"middlebox\"],"
	"[5,\"middlebox.stream_altered\",\"middlebox\"],[6,\"client.wrong_protocol\",\"client\"]]');"
	"INSERT INTO text VALUES (1, 'NAME ESMTP'), (2, 'SIZE 1000' || char(10) || 'STARTTLS' || char(10) || 'DSN'), (3, 'SIZE 1000' || char(10) || 'DSN'), "
	"(4, 'SIZE 1000' || char(10) || 'XXXXXXXA' || char(10) || 'DSN'), (5, 'STARTTLS'), (6, 'it stands here'), (7, 'a box');";

static void add_session(sqlite3 *db, int64_t id, int64_t time, const char *client, const char *server, int name, char kind)
{
	int offer = kind == 'a' ? TEXT_ABSENT : kind == 'm' || kind == 'M' ? TEXT_MASKED : TEXT_OFFERED;
	bool stars = kind == 'M' || kind == '*', masked = offer == TEXT_MASKED;
	char sql[2048];
	snprintf(sql, sizeof sql, "INSERT INTO session VALUES (%lld, '%s', 40000, '%s', 25, 1, 1, 1, 12, %lld, %lld, 1, NULL, 1, 'c', 1, '', NULL, NULL, 3, 4, "
	         "%d, 1, 0, 0, 0, NULL, NULL, 0, 1, 1, 0, 0, 0, 1, 1000000, NULL, %lld, 64, 60, NULL, NULL, 1, 5, %lld, NULL);"
	         "INSERT INTO look VALUES (%lld, %d, %s, %d, 3, %d, %s, NULL);",
	         (long long)id, client, server, (long long)time, (long long)time + 1000, kind == 'x', (long long)id, (long long)time,
	         (long long)id, name, stars ? "NULL" : "1", stars, offer, masked ? "5" : "NULL");
	run(db, sql);
	static const struct sign { char kind; int cause, certainty; const char *detail; } signs[] = {
		{ 'm', 1, 1, "NULL" }, { 'M', 1, 1, "NULL" }, { 'i', 2, 1, "NULL" }, { 'e', 4, 1, "NULL" }, { 'd', 5, 0, "NULL" }, { 'A', 5, 2, "NULL" },
		{ 'h', 6, 2, "'The line is a PROXY header.'" }, { 'w', 6, 2, "'The client speaks HTTP.'" },
	};
	const struct sign *sign = NULL;
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
		if (signs[i].kind == kind)
			sign = &signs[i];
	if (sign)
		snprintf(sql, sizeof sql, "INSERT INTO finding VALUES (%lld00001, %lld, %lld, 1, 5, 2, %d, 7, %d, %s, '[]')", (long long)id, (long long)id,
		         (long long)time, sign->cause, sign->certainty, sign->detail);
	if (sign)
		run(db, sql);
	snprintf(sql, sizeof sql, "INSERT INTO error VALUES (%lld00001, %lld, %lld, 550, '5.1.1', 6, 'RCPT', 'RCPT TO:<a@b.example>', 1, 8, 1, 9, 1000, 4, 1, NULL, "
	         "NULL, NULL, NULL, NULL, NULL, 3, 2, NULL, NULL, '[]', NULL)", (long long)id, (long long)id, (long long)time);
	if (kind == 'x')
		run(db, sql);
}

static int add_path(sqlite3 *db, const char *line, int64_t id, int name)
{
	char client[48], server[48], host[48], kinds[64], sql[256];
	assert_int_equal(sscanf(line, "%47s %47s %47s %63s", client, server, host, kinds), 4);
	snprintf(sql, sizeof sql, "INSERT INTO text VALUES (%d, '%s')", name, host);
	run(db, sql);
	for (size_t i = 0; kinds[i]; i++)
		if (kinds[i] != '.')
			add_session(db, id + 10 * (int64_t)i, start + (int64_t)i * ten_seconds + id, client, server, name, kinds[i]);
	return 0;
}

static void make(const char *path, const struct kase *k)
{
	struct error error = { 0 };
	sqlite3 *db;
	char ours[96];
	unlink(path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	snprintf(ours, sizeof ours, "PRAGMA application_id = %d; PRAGMA user_version = %d;", DATABASE_APPLICATION, DATABASE_VERSION);
	run(db, (const char *)schema);
	run(db, ours);
	run(db, ROWS_OF_VIEWS);
	run(db, fixed);
	for (size_t i = 0; i < PATHS_MOST && k->paths[i]; i++)
		add_path(db, k->paths[i], (int64_t)i + 1, TEXT_NAMES + (int)i);
	if (!across_fill(&(struct database){ .db = db, .path = ours }, "", NULL, false, &error))
		fail_msg("%s", error.sentence);
	sqlite3_close(db);
}

static void rows_text_of(struct reader *reader, struct text *out, const char *sql)
{
	struct rows *rows = read_rows(reader, "%s", sql);
	while (read_next(reader, &rows)) {
		for (size_t i = 0; i < rows_columns(rows); i++) {
			text_add_string(out, i ? " " : "");
			text_add(out, rows_null(rows, i) ? B("-") : rows_text(rows, i));
		}
		text_add_octet(out, '\n');
	}
}

static void cells(struct text *out, const struct audit *a)
{
	for (size_t i = 0; i < a->naffected; i++)
		for (enum behaviour b = 0; b < BEHAVIOURS; b++)
			if (a->rows[i].cells[b].sessions)
				text_addf(out, "%.*s %.*s %s %u/%u %s\n", (int)a->rows[i].client.n, (const char *)a->rows[i].client.p, (int)a->rows[i].server.n,
				          (const char *)a->rows[i].server.p, behaviour_entry(b)->name, a->rows[i].cells[b].sessions, a->rows[i].sessions,
				          box_place_name(a->rows[i].cells[b].place));
}

/* A page's words, however it broke its lines. */
static void fold(struct text *out, struct bytes page)
{
	for (size_t i = 0; i < page.n; i++)
		if (page.p[i] != '\n' && (page.p[i] != ' ' || i + 1 == page.n || page.p[i + 1] != ' ' || i < 2))
			text_add_octet(out, page.p[i]);
		else if (page.p[i] == '\n' && out->n && out->p[out->n - 1] != ' ')
			text_add_octet(out, ' ');
	size_t n = 0;
	for (size_t i = 0; i < out->n; i++)
		if (out->p[i] != ' ' || !n || out->p[n - 1] != ' ')
			out->p[n++] = out->p[i];
	out->n = n;
}

static void check(const char *path, const struct kase *k)
{
	struct error error = { 0 };
	struct report *report = report_open(path, &error);
	assert_non_null(report);
	struct reader reader = { report, &error };
	struct audit audit;
	struct text got = { 0 }, changes = { 0 }, findings = { 0 }, folded = { 0 };
	struct page page = { .style = { .charset = CHARSET_ASCII, .width = 80 } };
	assert_true(audit_read(&audit, &reader, k->options));
	cells(&got, &audit);
	assert_string_equal(got.p ? got.p : "", k->csv);
	rows_text_of(&reader, &changes, "SELECT kind, client_network, server_addr, party FROM change_report ORDER BY change_id");
	assert_string_equal(changes.p ? changes.p : "", k->changes);
	rows_text_of(&reader, &findings, "SELECT count(*) FROM finding_report WHERE finding_id % 100000 = 99901 AND cause = 'middlebox.starttls_stripped' "
	             "AND json_array_length(evidence) = 2 AND evidence ->> '$[0].frame' = 5");
	assert_int_equal(atoi(findings.p), atoi(k->findings));
	audit_draw(&audit, k->options, &reader, &page);
	for (struct cut cut = { .tail = text_view(&page.out), .found = true }; cut.found;) {
		cut = bytes_cut(cut.tail, '\n');
		assert_true(escape_width(cut.head) <= 80);
	}
	fold(&folded, text_view(&page.out));
	for (size_t i = 0; i < 4 && k->says[i]; i++) {
		struct text want = { 0 };
		fold(&want, bytes_of(k->says[i]));
		if (bytes_find(text_view(&folded), text_view(&want)) == BYTES_NONE)
			fail_msg("\"%s\" is not in:\n%s", k->says[i], page.out.p);
		text_free(&want);
	}
	struct page summary = { .style = { .charset = CHARSET_ASCII, .width = 80 } };
	assert_true(text_report(report, path, &summary, &error));
	assert_int_equal(strstr(summary.out.p, "What changed") != NULL, *k->changes != 0);
	page_free(&summary);
	struct text csv = { 0 }, json = { 0 };
	audit_csv(&audit, &csv);
	audit_json(&audit, &json);
	size_t lines = 0, objects = 0;
	for (size_t i = 0; i < csv.n; i++)
		lines += csv.p[i] == '\n';
	for (size_t i = 0; i < json.n; i++)
		objects += json.p[i] == '\n';
	assert_int_equal(lines, objects + 1);
	assert_string_equal(error.sentence, "");
	audit_free(&audit);
	struct text *texts[] = { &got, &changes, &findings, &folded, &csv, &json };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		text_free(texts[i]);
	page_free(&page);
	report_close(report);
}

/* As analysed, and again through a merge: what rests on all sessions is made anew and is the same. */
static void audits(void **state)
{
	const struct kase *k = *state;
	struct error error = { 0 };
	char path[64], merged[64];
	snprintf(path, sizeof path, "/tmp/test_audit.%ld.db", (long)getpid());
	snprintf(merged, sizeof merged, "/tmp/test_audit.%ld.merged.db", (long)getpid());
	make(path, k);
	check(path, k);
	if (!merge_databases(merged, (const char *const[]){ path }, 1, &error))
		fail_msg("%s", error.sentence);
	check(merged, k);
	unlink(path);
	unlink(merged);
}

/* ---- networks ---- */

static const struct network_case {
	const char *name, *address, *prefixes, *want;
} networks[] = {
	{ "v4", "192.0.2.77", "24,64", "192.0.2.0/24" },
	{ "v4 whole", "192.0.2.77", "32,128", "192.0.2.77" },
	{ "v4 odd", "192.0.2.255", "27", "192.0.2.224/27" },
	{ "v4 none", "192.0.2.77", "0", "0.0.0.0/0" },
	{ "v6", "2001:db8:1:2:3::4", "24,64", "2001:db8:1:2::/64" },
	{ "v6 odd", "2001:db8:ffff::1", "24,44", "2001:db8:fff0::/44" },
	{ "no address", "host-abc", "24,64", "host-abc" },
	{ "a length too great", "192.0.2.1", "33", NULL },
	{ "no number", "192.0.2.1", "24,x", NULL },
	{ "nothing", "192.0.2.1", "", NULL },
};

static void network(void **state)
{
	const struct network_case *k = *state;
	struct prefixes prefixes = { PREFIX_V4, PREFIX_V6 };
	assert_int_equal(prefixes_parse(bytes_of(k->prefixes), &prefixes), k->want != NULL);
	struct text got = { 0 };
	network_add(&got, bytes_of(k->address), prefixes);
	if (k->want)
		assert_string_equal(got.p, k->want);
	text_free(&got);
}

int main(void)
{
	return TABLE_RUN("audit", cases, audits) + TABLE_RUN("networks", networks, network);
}
