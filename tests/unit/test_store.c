/* test_store.c - what is stored can be read back: columns, ids, escapes, windows, append, and targets that must not be touched. */
#include "support/session_maker.h"
#include "support/table.h"

#include "store/query.h"
#include "store/store.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const int64_t start = 1700000000000000000;

struct place_to_work {
	char directory[64], path[128];
};

static struct place_to_work work_new(void)
{
	struct place_to_work w = { .directory = "/tmp/test_store.XXXXXX" };
	assert_non_null(mkdtemp(w.directory));
	snprintf(w.path, sizeof w.path, "%s/report.db", w.directory);
	return w;
}

static void work_end(struct place_to_work *w)
{
	unlink(w->path);
	assert_int_equal(rmdir(w->directory), 0); /* nothing else was left there */
}

/* One session with every kind of trigger that a maker's line can be, two errors of RCPT and one finding. */
static void put_session(struct store *s, uint64_t id, struct error *error)
{
	struct session_maker m;
	session_maker_begin(&m, id, start);
	session_maker_exchange(&m, VERB_NONE, NULL, 220, "", "mx.example.net ESMTP");
	session_maker_exchange(&m, VERB_EHLO, "EHLO client.example", 250, "", "mx.example.net\nSIZE");
	session_maker_exchange(&m, VERB_MAIL, "MAIL FROM:<a@Sender.Example>", 250, "2.1.0", "Ok");
	struct exchange *x = session_maker_exchange(&m, VERB_RCPT, "rcpt TO:<b@Dest.Example>", 550, "5.1.1", "No such user\nsecond line");
	struct verdict *v = session_maker_error(&m, x, CAUSE_RECIPIENT_UNKNOWN, 2);
	static enum cause also[] = { CAUSE_UNKNOWN };
	v->also = also;
	v->nalso = 1;
	x = session_maker_exchange(&m, VERB_UNKNOWN, "\x01\x80 \\x \"q\"", 500, "", "what?");
	session_maker_error(&m, x, CAUSE_UNKNOWN, 1);
	session_maker_finding(&m, x, CAUSE_MIDDLEBOX_COMMAND_MASKED, "box");
	assert_true(store_session(s, &m.session, &m.verdicts, true, error));
	session_maker_end(&m);
}

static void put_capture(struct store *s, const char *name, uint64_t packets, struct error *error)
{
	struct capture c = { .path = name, .format = "pcap", .linktype = 1, .packets = packets, .first_time = start, .last_time = start + 1000 };
	assert_true(store_capture(s, 0, &c, NULL, error));
}

static void write_one(const char *path, bool append, const char *capture)
{
	struct error error = { 0 };
	struct store *s = store_new((struct store_options){ .path = path, .append = append }, &error);
	assert_non_null(s);
	put_session(s, 7, &error);
	put_capture(s, capture, 20, &error);
	assert_true(store_finish(s, &error));
	store_free(s);
}

static void assert_value(const char *path, const char *sql, const char *want)
{
	struct error error = { 0 };
	struct report *report = report_open(path, &error);
	assert_non_null(report);
	struct rows *rows = report_rows(report, sql, &error);
	if (!rows)
		fail_msg("%s", error.sentence);
	assert_true(rows_next(rows, &error));
	struct bytes got = rows_text(rows, 0);
	if (want ? rows_null(rows, 0) || !bytes_equal(got, bytes_of(want)) : !rows_null(rows, 0))
		fail_msg("%s: %.*s", sql, (int)got.n, (const char *)got.p);
	rows_free(rows);
	report_close(report);
}

static const struct value { const char *name, *sql, *want; } values[] = {
	{ "ids", "SELECT group_concat(error_id) FROM error_report", "700001,700002" },
	{ "ordinal", "SELECT group_concat(ordinal) FROM error_report", "1,2" },
	{ "verb in capitals", "SELECT trigger_verb FROM error_report", "RCPT" },
	{ "line as sent", "SELECT trigger_line FROM error_report", "rcpt TO:<b@Dest.Example>" },
	{ "unprintable verb", "SELECT trigger_verb FROM error_report WHERE ordinal = 2", "-" },
	{ "escaped line", "SELECT trigger_line FROM error_report WHERE ordinal = 2", "\\x01\\x80 \\\\x \"q\"" },
	{ "escaped in evidence", "SELECT evidence ->> '$[0].text' FROM error_report WHERE ordinal = 2", "\\x01\\x80 \\\\x \"q\"" },
	{ "enhanced", "SELECT enhanced FROM error_report", "5.1.1" },
	{ "no enhanced", "SELECT enhanced FROM error_report WHERE ordinal = 2", NULL },
	{ "reply lines", "SELECT reply_text FROM error_report", "No such user\nsecond line" },
	{ "time", "SELECT time FROM error_report", "2023-11-14T22:13:20.080000Z" },
	{ "frames", "SELECT trigger_frame || ' ' || reply_frame FROM error_report", "7 8" },
	{ "capture", "SELECT capture || trigger_capture FROM error_report", "a.pcapa.pcap" },
	{ "cause and party", "SELECT cause || ' ' || party || ' ' || certainty FROM error_report", "recipient.unknown recipient proven" },
	{ "evidence", "SELECT evidence ->> '$[1]' FROM error_report",
	  "{\"capture\":\"a.pcap\",\"frame\":8,\"direction\":\"server\",\"text\":\"550 5.1.1 No such user\\nsecond line\",\"says\":\"the server refused it\"}" },
	{ "also possible", "SELECT also_possible FROM error_report", "[\"unknown\"]" },
	{ "nothing else possible", "SELECT also_possible FROM error_report WHERE ordinal = 2", "[]" },
	{ "sender domain", "SELECT sender_domain || ' ' || recipient_domain FROM error_report", "sender.example dest.example" },
	{ "latency", "SELECT latency FROM error_report", "0.01" },
	{ "finding", "SELECT finding_id || cause || device || certainty FROM finding_report", "700001middlebox.command_maskedboxlikely" },
	{ "session", "SELECT protocol || ' ' || banner || ' ' || errors || ' ' || complete || incomplete_because FROM session_report",
	  "esmtp mx.example.net ESMTP 2 1" },
	{ "capture row", "SELECT name || ' ' || link_type || ' ' || packets || ' ' || first_time FROM capture_report",
	  "a.pcap ETHERNET 20 2023-11-14T22:13:20.000000Z" },
	{ "nothing skipped", "SELECT skipped FROM capture_report", NULL },
	{ "ladder", "SELECT json_array_length(lines) FROM ladder", "9" },
	{ "dialogue", "SELECT group_concat(frame || ' ' || text, '; ') FROM dialogue",
	  "2 220 mx.example.net ESMTP; 3 EHLO client.example; 4 250 mx.example.net\nSIZE; 5 MAIL FROM:<a@Sender.Example>; 6 250 2.1.0 Ok; "
	  "7 rcpt TO:<b@Dest.Example>; 8 550 5.1.1 No such user\nsecond line; 9 \\x01\\x80 \\\\x \"q\"; 10 500 what?" },
	{ "lines that other rows tell", "SELECT group_concat(value ->> 4) FROM ladder, json_each(lines) WHERE json_type(value, '$[4]') = 'integer'", "0" },
	{ "lines that are errors and no more", "SELECT group_concat(value) FROM ladder, json_each(lines) WHERE type = 'integer'", "-1,-2,2" },
	{ "lines as they are elsewhere", "SELECT group_concat(exchange || ' ' || side || ' ' || frame || ' ' || at || ' ' || flags, '; ') FROM dialogue WHERE frame >= 7",
	  "4 0 7 60000 0; 4 1 8 70000 64; 5 0 9 80000 0; 5 1 10 90000 64" },
	{ "lines that rows of errors tell", "SELECT count(*) || ' ' || sum(d.text = e.trigger_line) || ' ' || sum(d.frame = e.trigger_frame) FROM dialogue AS d, "
	  "error_report AS e USING (session_id, exchange) WHERE side = 0", "2 2 2" },
	{ "differences", "SELECT count(*) FROM difference_report", "0" },
};

static void value_is(void **state)
{
	const struct value *v = *state;
	struct place_to_work w = work_new();
	write_one(w.path, false, "a.pcap");
	assert_value(w.path, v->sql, v->want);
	work_end(&w);
}

static void appended(void)
{
	struct place_to_work w = work_new();
	write_one(w.path, false, "a.pcap");
	write_one(w.path, true, "b.pcap");
	assert_value(w.path, "SELECT group_concat(session_id) FROM session_report", "7,27"); /* behind the 20 packets of a.pcap */
	assert_value(w.path, "SELECT group_concat(capture || error_id) FROM error_report", "a.pcap700001,a.pcap700002,b.pcap2700001,b.pcap2700002");
	work_end(&w);
}

static void replaced(void)
{
	struct place_to_work w = work_new();
	write_one(w.path, false, "a.pcap");
	write_one(w.path, false, "b.pcap");
	assert_value(w.path, "SELECT group_concat(name) FROM capture_report", "b.pcap");
	work_end(&w);
}

static void abandoned(void)
{
	struct place_to_work w = work_new();
	struct error error = { 0 };
	write_one(w.path, false, "a.pcap");
	struct store *s = store_new((struct store_options){ .path = w.path }, &error);
	put_session(s, 9, &error);
	store_free(s);
	assert_value(w.path, "SELECT group_concat(session_id) FROM session_report", "7");
	work_end(&w);
}

static void temporary(void)
{
	struct error error = { 0 };
	struct store *s = store_new((struct store_options){ .path = NULL }, &error);
	put_session(s, 7, &error);
	put_capture(s, "a.pcap", 20, &error);
	assert_true(store_finish(s, &error));
	char path[4096];
	snprintf(path, sizeof path, "%s", store_path(s));
	assert_value(path, "SELECT count(*) FROM error_report", "2");
	store_free(s);
	assert_int_not_equal(access(path, F_OK), 0);
}

static void strangers(void)
{
	struct place_to_work w = work_new();
	struct error error = { 0 };
	FILE *file = fopen(w.path, "w");
	fputs("dear diary", file);
	fclose(file);
	assert_null(store_new((struct store_options){ .path = w.path }, &error));
	assert_int_equal(error.kind, ERROR_OUTPUT);
	assert_null(store_new((struct store_options){ .path = w.path, .append = true }, &error));
	struct stat st;
	assert_int_equal(stat(w.path, &st), 0);
	assert_int_equal(st.st_size, 10);
	error = (struct error){ 0 };
	assert_null(report_open(w.path, &error));
	assert_int_equal(error.kind, ERROR_INPUT);
	work_end(&w);
}

static void nowhere(void)
{
	struct error error = { 0 };
	assert_null(store_new((struct store_options){ .path = "/nonexistent/report.db" }, &error));
	assert_int_equal(error.kind, ERROR_OUTPUT);
	error = (struct error){ 0 };
	assert_null(store_new((struct store_options){ .path = "/tmp" }, &error));
	assert_int_equal(error.kind, ERROR_OUTPUT);
}

/* A limit on the size of files stands for a full disk. */
static void disk_full(void)
{
	struct place_to_work w = work_new();
	struct error error = { 0 };
	write_one(w.path, false, "a.pcap");
	struct rlimit old, small = { 1024 * 1024, RLIM_INFINITY };
	getrlimit(RLIMIT_FSIZE, &old);
	signal(SIGXFSZ, SIG_IGN);
	small.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	struct store *s = store_new((struct store_options){ .path = w.path }, &error);
	assert_non_null(s);
	struct session_maker m;
	session_maker_begin(&m, 1, start);
	struct exchange *x = session_maker_exchange(&m, VERB_RCPT, "RCPT TO:<x@y>", 550, "", "no");
	session_maker_error(&m, x, CAUSE_UNKNOWN, 3);
	bool stored = true;
	for (m.session.id = 1; m.session.id < 50000 && stored; m.session.id++)
		stored = store_session(s, &m.session, &m.verdicts, true, &error);
	assert_false(stored && store_finish(s, &error));
	assert_int_equal(error.kind, ERROR_OUTPUT);
	session_maker_end(&m);
	store_free(s);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_value(w.path, "SELECT group_concat(session_id) FROM session_report", "7");
	work_end(&w);
}

static void windows(void)
{
	struct place_to_work w = work_new();
	struct error error = { 0 };
	struct store *s = store_new((struct store_options){ .path = w.path }, &error);
	struct session_maker m;
	session_maker_begin(&m, 3, start);
	session_maker_exchange(&m, VERB_NONE, NULL, 220, "", "hello");
	for (unsigned i = 0; i < 3; i++) {
		struct exchange *x = session_maker_exchange(&m, VERB_RCPT, "RCPT TO:<x@y>", 550, "", "no");
		session_maker_error(&m, x, CAUSE_UNKNOWN, 1);
		session_maker_finding(&m, x, CAUSE_UNKNOWN, NULL);
		assert_true(store_session(s, &m.session, &m.verdicts, i == 2, &error));
		session_maker_next_window(&m);
	}
	session_maker_end(&m);
	assert_true(store_finish(s, &error));
	store_free(s);
	assert_value(w.path, "SELECT group_concat(error_id) FROM error", "300001,300002,300003");
	assert_value(w.path, "SELECT group_concat(finding_id) FROM finding", "300001,300002,300003");
	assert_value(w.path, "SELECT count(*) || errors FROM session", "13");
	assert_value(w.path, "SELECT group_concat(ladder_id) FROM ladder", "300000,300001,300002");
	work_end(&w);
}

/* What is counted while rows are written must not take the windows of a session, between those of another, for sessions. */
static void windows_in_turns(void)
{
	struct place_to_work w = work_new();
	struct error error = { 0 };
	struct store *s = store_new((struct store_options){ .path = w.path }, &error);
	struct session_maker m[2];
	for (unsigned k = 0; k < 2; k++)
		session_maker_begin(&m[k], 4 - k, start + k);
	for (unsigned i = 0; i < 3; i++)
		for (unsigned k = 0; k < 2; k++) {
			struct exchange *x = session_maker_exchange(&m[k], VERB_RCPT, "RCPT TO:<x@y>", 550, "", "no");
			session_maker_error(&m[k], x, CAUSE_UNKNOWN, 1);
			assert_true(store_session(s, &m[k].session, &m[k].verdicts, i == 2, &error));
			session_maker_next_window(&m[k]);
		}
	for (unsigned k = 0; k < 2; k++)
		session_maker_end(&m[k]);
	assert_true(store_finish(s, &error));
	store_free(s);
	assert_value(w.path, "SELECT errors || ' ' || sessions || ' ' || (SELECT count(*) FROM error) FROM cause_count", "6 2 6");
	assert_value(w.path, "SELECT sum(sessions) || ' ' || sum(errors) FROM server", "2 6");
	work_end(&w);
}

/* What is fetched for a window that was told of ahead is not taken for that of the next one, which may lie at the same address. */
static void windows_ahead(void)
{
	struct place_to_work w = work_new();
	struct error error = { 0 };
	struct store *s = store_new((struct store_options){ .path = w.path }, &error);
	struct session_maker m;
	for (unsigned k = 0; k < 2; k++) {
		session_maker_begin(&m, 1 + k, start + k);
		for (unsigned i = 0; i < 5; i++) {
			struct exchange *x = session_maker_exchange(&m, VERB_RCPT, "RCPT TO:<x@y>", 550, "", i ? "the words of all windows but the first" : "words of the first");
			session_maker_error(&m, x, CAUSE_UNKNOWN, 1);
			if (i == 0)
				store_ahead(s, &m.session, &m.verdicts);
			assert_true(store_session(s, &m.session, &m.verdicts, i == 4, &error));
			session_maker_next_window(&m);
		}
		session_maker_end(&m);
	}
	assert_true(store_finish(s, &error));
	store_free(s);
	assert_value(w.path, "SELECT count(*) FROM text WHERE text LIKE 'the words of all%'", "1");
	assert_value(w.path, "SELECT count(*) FROM error_report WHERE reply_text LIKE 'the words of all%'", "8");
	work_end(&w);
}

static void forgotten(void)
{
	struct place_to_work w = work_new();
	struct error error = { 0 };
	struct store *s = store_new((struct store_options){ .path = w.path }, &error);
	struct session_maker m;
	session_maker_begin(&m, 1, start);
	struct exchange *x = session_maker_exchange(&m, VERB_RCPT, "RCPT TO:<x@y>", 550, "", "no");
	session_maker_error(&m, x, CAUSE_UNKNOWN, 1);
	assert_true(store_session(s, &m.session, &m.verdicts, true, &error));
	store_advance(s, 10, 1);
	for (m.session.id = 2; m.session.id < 5; m.session.id++)
		assert_true(store_session(s, &m.session, &m.verdicts, true, &error));
	assert_true(store_forget(s, &error));
	session_maker_end(&m);
	assert_true(store_finish(s, &error));
	store_free(s);
	assert_value(w.path, "SELECT group_concat(session_id) FROM session", "1");
	assert_value(w.path, "SELECT sum(sessions) || ' ' || sum(errors) FROM server", "1 1");
	assert_value(w.path, "SELECT errors || ' ' || sessions || ' ' || clients FROM cause_count", "1 1 1");
	work_end(&w);
}

static void trigger_kinds(void)
{
	static const struct { enum command_kind kind; const char *verb, *line; } kinds[] = {
		{ COMMAND_CONNECT, "CONN", "" }, { COMMAND_CONTENT, "EOM", "." }, { COMMAND_CHUNK, "BDAT", "bdat 3" },
		{ COMMAND_AUTH, "AUTH-RESPONSE", "bdat 3" }, { COMMAND_TLS, "-", "bdat 3" }, { COMMAND_UNSEEN, NULL, NULL },
	};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct place_to_work w = work_new();
		struct error error = { 0 };
		struct store *s = store_new((struct store_options){ .path = w.path }, &error);
		struct session_maker m;
		session_maker_begin(&m, 3, start);
		struct exchange *x = session_maker_exchange(&m, VERB_BDAT, "bdat 3", 554, "", "no");
		x->command.kind = kinds[i].kind;
		session_maker_error(&m, x, CAUSE_UNKNOWN, 1);
		assert_true(store_session(s, &m.session, &m.verdicts, true, &error));
		session_maker_end(&m);
		assert_true(store_finish(s, &error));
		store_free(s);
		assert_value(w.path, "SELECT trigger_verb FROM error_report", kinds[i].verb);
		assert_value(w.path, "SELECT trigger_line FROM error_report", kinds[i].line);
		work_end(&w);
	}
}

static const struct kase { const char *name; void (*run)(void); } cases[] = {
	{ "an appended run follows", appended },
	{ "a database of ours is replaced", replaced },
	{ "an abandoned run changes nothing", abandoned },
	{ "a temporary database goes with its store", temporary },
	{ "a file that is not ours stays", strangers },
	{ "a place that cannot be written", nowhere },
	{ "a full disk", disk_full },
	{ "a session in three windows", windows },
	{ "windows of two sessions in turns", windows_in_turns },
	{ "a window that was told of ahead", windows_ahead },
	{ "what is forgotten is not counted", forgotten },
	{ "verb and line of each kind of command", trigger_kinds },
};

static void one(void **state)
{
	((const struct kase *)*state)->run();
}

int main(void)
{
	return TABLE_RUN("store: columns", values, value_is) + TABLE_RUN("store", cases, one);
}
