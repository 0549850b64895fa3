/* test_query.c - every named query runs on the schema with its defaults and answers; users' SQL cannot write. */
#include "support/session_maker.h"
#include "support/table.h"

#include "store/query.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Sessions enough that each question has something to answer. */
static void write_report(char *path)
{
	static const enum cause causes[] = { CAUSE_RECIPIENT_UNKNOWN, CAUSE_UNKNOWN, CAUSE_MESSAGE_TOO_LARGE, CAUSE_AUTH_CREDENTIALS_REJECTED,
		CAUSE_MIDDLEBOX_COMMAND_MASKED, CAUSE_CLIENT_EXTENSION_NOT_ADVERTISED };
	struct error error = { 0 };
	close(mkstemp(path));
	struct store *s = store_new((struct store_options){ .path = path }, &error);
	assert_non_null(s);
	for (unsigned i = 0; i < sizeof causes / sizeof *causes; i++) {
		struct session_maker m;
		session_maker_begin(&m, 10 * i + 1, 1700000000000000000 + (int64_t)i * 3600000000000);
		session_maker_exchange(&m, VERB_NONE, NULL, 220, "", "mx ESMTP");
		session_maker_exchange(&m, VERB_AUTH, "AUTH PLAIN <redacted>", 235, "2.7.0", "ok")->command.ahead = true;
		session_maker_exchange(&m, VERB_MAIL, "MAIL FROM:<a@sender.example>", 250, "", "Ok");
		struct exchange *x = session_maker_exchange(&m, VERB_RCPT, "RCPT TO:<b@dest.example>", 550, "5.1.1", "No");
		session_maker_error(&m, x, causes[i], 2);
		session_maker_finding(&m, x, CAUSE_MIDDLEBOX_COMMAND_MASKED, NULL);
		m.session.connection.snaplen_cut = i == 0;
		assert_true(store_session(s, &m.session, &m.verdicts, true, &error));
		session_maker_end(&m);
	}
	assert_true(store_capture(s, 0, &(struct capture){ .path = "a.pcap", .linktype = 1, .packets = 100, .cut = true }, NULL, &error));
	assert_true(store_finish(s, &error));
	store_free(s);
}

static size_t count(struct report *report, const char *sql, struct error *error)
{
	size_t n = 0;
	struct rows *rows = report_rows(report, sql, error);
	while (rows && rows_next(rows, error))
		n++;
	rows_free(rows);
	return n;
}

static const struct named { const char *name; const char *given; size_t least, most; } named[] = {
	{ "errors-by-cause", "", 6, 6 }, { "errors-by-cause", "since=2023-11-15T00:00:00", 4, 4 }, { "errors-by-cause", "until=2023-11-15T00:00:00", 2, 2 },
	{ "errors-by-party", "", 5, 6 }, { "errors-by-server", "", 2, 6 }, { "errors-by-client", "", 6, 6 }, { "errors-by-client", "limit=2", 2, 2 },
	{ "errors-by-hour", "", 6, 6 }, { "errors-by-hour", "cause=recipient.unknown", 1, 1 }, { "errors-by-code", "", 1, 1 },
	{ "errors-by-verb", "", 1, 1 }, { "errors-by-recipient-domain", "", 1, 1 }, { "errors-by-sender-domain", "", 1, 1 },
	{ "errors-by-text", "", 1, 1 }, { "since-when", "", 6, 6 }, { "since-when", "cause=unknown", 1, 1 }, { "what-changed", "", 0, 6 },
	{ "before-after", "", 6, 6 },
	{ "before-after", "time=2023-11-15T00:00:00", 6, 6 }, { "used-without-offer", "", 1, 1 }, { "retried-recipients", "", 1, 1 },
	{ "retried-recipients", "least=7", 0, 0 }, { "starttls-coverage", "", 2, 6 }, { "slowest-replies", "", 6, 6 },
	{ "incomplete-sessions", "", 1, 1 }, { "middleboxes", "", 6, 6 }, { "masked-keywords", "", 1, 1 }, { "clients-by-helo", "", 1, 1 },
	{ "top-talkers", "", 6, 6 }, { "unknown-causes", "", 1, 1 }, { "auth-failures", "", 1, 1 }, { "auth-in-clear", "", 6, 6 },
	{ "too-large", "", 1, 1 }, { "pipelining", "", 6, 6 }, { "captures", "", 1, 1 },
};

static void answers(void **state)
{
	const struct named *k = *state;
	char path[] = "/tmp/test_query.XXXXXX";
	struct error error = { 0 };
	write_report(path);
	struct report *report = report_open(path, &error);
	assert_non_null(report);
	const struct query *query = query_find(k->name);
	assert_non_null(query);
	struct rows *rows = query_rows(report, query, &k->given, *k->given ? 1 : 0, &error);
	size_t n = 0;
	while (rows && rows_next(rows, &error))
		n++;
	if (error.kind != ERROR_NONE)
		fail_msg("%s", error.sentence);
	rows_free(rows);
	report_close(report);
	unlink(path);
	assert_in_range(n, k->least, k->most);
}

static const struct refused { const char *name, *sql; } refused[] = {
	{ "delete", "DELETE FROM error" }, { "attach", "ATTACH '/tmp/x' AS x" }, { "pragma", "PRAGMA journal_mode = WAL" },
	{ "two statements", "SELECT 1; SELECT 2" }, { "nothing", "" }, { "no SQL", "errors please" }, { "temporary table", "CREATE TEMP TABLE t (a)" },
	{ "extension", "SELECT load_extension('x')" }, { "vacuum", "VACUUM INTO '/tmp/test_query_vacuum'" },
};

static void is_refused(void **state)
{
	const struct refused *k = *state;
	char path[] = "/tmp/test_query.XXXXXX";
	struct error error = { 0 };
	write_report(path);
	struct report *report = report_open(path, &error);
	assert_int_equal(count(report, k->sql, &error), 0);
	assert_int_equal(error.kind, ERROR_USAGE);
	error = (struct error){ 0 };
	assert_int_equal(count(report, "SELECT 1 FROM error_report", &error), 6);
	report_close(report);
	unlink(path);
}

static const struct kase { const char *name; } cases[] = { { "each named query is tried here" } };

static void all_named(void **state)
{
	(void)state;
	assert_true(query_count() >= 20);
	for (size_t i = 0; i < query_count(); i++) {
		bool found = false;
		for (size_t k = 0; k < sizeof named / sizeof *named; k++)
			found |= strcmp(named[k].name, query_at(i)->name) == 0;
		assert_true(found);
	}
	char path[] = "/tmp/test_query.XXXXXX";
	struct error error = { 0 };
	write_report(path);
	struct report *report = report_open(path, &error);
	const char *wrong = "nonsense=1";
	assert_null(query_rows(report, query_at(0), &wrong, 1, &error));
	assert_int_equal(error.kind, ERROR_USAGE);
	report_close(report);
	unlink(path);
	error = (struct error){ 0 };
	assert_null(report_open(path, &error));
	assert_int_equal(error.kind, ERROR_INPUT);
}

/* docs/database.md carries each query's SQL, however it is laid out. Tests run in the project's folder. */
static void without_blanks(char *to, const char *from)
{
	for (; *from; from++)
		if (*from != ' ' && *from != '\n')
			*to++ = *from;
	*to = 0;
}

static void documented(void **state)
{
	const struct kase *k = *state;
	static const size_t most = 1 << 20;
	char *page = calloc(1, most), *sql = calloc(1, most);
	FILE *file = fopen(k->name, "r");
	assert_true(file && page && sql);
	assert_true(fread(page, 1, most - 1, file) > 0);
	fclose(file);
	without_blanks(page, page);
	for (size_t i = 0; i < query_count(); i++) {
		without_blanks(sql, query_at(i)->sql);
		if (!strstr(page, sql))
			fail_msg("%s", query_at(i)->name);
	}
	free(page);
	free(sql);
}

static const struct kase pages[] = { { "docs/database.md" } };

int main(void)
{
	return TABLE_RUN("named queries", named, answers) + TABLE_RUN("refused", refused, is_refused) + TABLE_RUN("query", cases, all_named) + TABLE_RUN("documented", pages, documented);
}
