/* test_trace.c - what of a session is kept to be compared with others: the same for each session with the same server. */
#include "store/across.h"
#include "store/query.h"
#include "store/store.h"

#include "support/table.h"
#include "support/talk.h"

#include "base/text.h"
#include "smtp/dialogue.h"

#include <stdlib.h>
#include <unistd.h>

/* want: name|banner|starred|hello|offer|hidden, LF as a blank; "-" for NULL. */
static const struct kase { const char *name, *talk, *want; } cases[] = {
	{ "EHLO", "S: 220 mx.one.example ESMTP Postfix\nC: EHLO a\nS: 250-mx.one.example\nS: 250-SIZE 100\nS: 250 STARTTLS\nC: QUIT\nS: 221 bye\n",
	  "mx.one.example|NAME ESMTP Postfix|0|3|SIZE 100 STARTTLS|-" },
	{ "the same with another greeting", "S: 220 mx.one.example ESMTP Exim\nC: EHLO a\nS: 250-mx.one.example\nS: 250-SIZE 100\nS: 250 STARTTLS\nC: QUIT\nS: 221 bye\n",
	  "mx.one.example|NAME ESMTP Exim|0|3|SIZE 100 STARTTLS|-" },
	{ "a greeting with date, id and version",
	  "S: 220 mx.one.example ESMTP Sendmail 8.17.1/8.17; Sun, 22 Nov 2026 10:00:00 +0000 k12si6743qvf.3 - gsmtp\nC: EHLO a\nS: 250 mx.one.example\n",
	  "mx.one.example|NAME ESMTP Sendmail # # # # # # # # - gsmtp|0|3|-|-" },
	{ "another name in the EHLO reply of a pool", "S: 220 mx.one.example ESMTP\nC: EHLO a\nS: 250-node7.one.example\nS: 250 DSN\n",
	  "node7.one.example|NAME ESMTP|0|3|DSN|-" },
	{ "stars and a mask", "S: 220 ****************\nC: EHLO a\nS: 250-mx.one.example\nS: 250-PIPELINING\nS: 250-SIZE 100\nS: 250-VRFY\nS: 250-ETRN\nS: 250-XXXXXXXA\n"
	  "S: 250-ENHANCEDSTATUSCODES\nS: 250-8BITMIME\nS: 250 DSN\n",
	  "mx.one.example|-|1|3|PIPELINING SIZE 100 VRFY ETRN XXXXXXXA ENHANCEDSTATUSCODES 8BITMIME DSN|STARTTLS" },
	{ "HELO alone", "S: 220 mx.one.example ESMTP\nC: HELO a\nS: 250 mx.one.example\n", "mx.one.example|NAME ESMTP|0|1|-|-" },
	{ "HELO after a refused EHLO", "S: 220 mx.one.example ESMTP\nC: EHLO a\nS: 500 what\nC: HELO a\nS: 250 mx.one.example\n",
	  "mx.one.example|NAME ESMTP|0|2|-|-" },
	{ "the first of two EHLO replies", "S: 220 mx.one.example ESMTP\nC: EHLO a\nS: 250-mx.one.example\nS: 250 DSN\nC: EHLO b\nS: 250-mx.one.example\nS: 250 ETRN\n",
	  "mx.one.example|NAME ESMTP|0|3|DSN|-" },
	{ "an EHLO reply with a hole proves nothing", "S: 220 mx.one.example ESMTP\nC: EHLO a\nS: 250-mx.one.example\nS: 250-DSN\nS-: 40\nS: 250 ETRN\nC: QUIT\nS: 221 bye\n",
	  "mx.one.example|NAME ESMTP|0|3|-|-" },
	{ "refused at the door", "S: 554 no service\n", "-|no service|0|0|-|-" },
};

/* name|banner|starred|hello|offer|hidden of each session, by id */
static const char traces_sql[] =
	"SELECT coalesce(n.text, '-') || '|' || coalesce(b.text, '-') || '|' || starred || '|' || hello || '|' || "
	"coalesce(nullif(replace(o.text, char(10), ' '), ''), '-') || '|' || coalesce(replace(h.text, char(10), ' '), '-') FROM trace "
	"LEFT JOIN text AS n ON n.text_id = name_id LEFT JOIN text AS b ON b.text_id = banner_id LEFT JOIN text AS o ON "
	"o.text_id = offer_id LEFT JOIN text AS h ON h.text_id = hidden_id ORDER BY session_id";

static struct session *made(const struct kase *k, uint64_t id)
{
	struct session *session = talk_session(k->talk, 0);
	session->id = id;
	return session;
}

static void put(struct store *s, struct session *session)
{
	struct error error = { 0 };
	assert_true(store_session(s, session, &(struct verdicts){ 0 }, true, &error));
	session_free(session);
}

static void keeps(void **state)
{
	struct error error = { 0 };
	const struct kase *k = *state;
	struct store *s = store_new((struct store_options){ 0 }, &error);
	assert_non_null(s);
	put(s, made(k, 1));
	assert_true(store_finish(s, &error));
	struct report *report = report_open(store_path(s), &error);
	assert_non_null(report);
	struct rows *rows = report_rows(report, traces_sql, &error);
	assert_true(rows && rows_next(rows, &error));
	struct text got = { 0 };
	text_add(&got, rows_text(rows, 0));
	rows_free(rows);
	report_close(report);
	store_free(s);
	assert_string_equal(got.p, k->want);
	text_free(&got);
}

/* What a row is looked up by is fetched while others are made: it is that of its own session, whichever came before, and whether or not it was
 * told ahead. Rows are shared. */
static void each_its_own(void **state)
{
	(void)state;
	enum { KINDS = sizeof cases / sizeof *cases, SESSIONS = 40 * KINDS, STEP = 101 };
	_Static_assert(SESSIONS % STEP != 0 && STEP % KINDS != 0, "every session once, of any kind after any other");
	struct error error = { 0 };
	struct store *s = store_new((struct store_options){ 0 }, &error);
	struct session *next = made(&cases[0], 1);
	assert_non_null(s);
	for (unsigned i = 0; i < SESSIONS; i++) {
		unsigned id = (i + 1) * STEP % SESSIONS;
		struct session *this = next;
		next = made(&cases[(id * id + id / 7) % KINDS], id + 1);
		if (i % 5)
			store_ahead(s, next, &(struct verdicts){ 0 });
		put(s, this);
	}
	session_free(next);
	assert_true(store_finish(s, &error));
	struct report *report = report_open(store_path(s), &error);
	assert_non_null(report);
	struct rows *rows = report_rows(report, traces_sql, &error);
	for (unsigned id = 0; id < SESSIONS; id++) {
		assert_true(rows_next(rows, &error));
		assert_true(bytes_equal(rows_text(rows, 0), bytes_of(cases[(id * id + id / 7) % KINDS].want)));
	}
	assert_false(rows_next(rows, &error));
	rows_free(rows);
	rows = report_rows(report, "SELECT count(*) FROM look", &error);
	assert_true(rows_next(rows, &error) && rows_integer(rows, 0) <= KINDS);
	rows_free(rows);
	report_close(report);
	store_free(s);
}

static const struct special { const char *name; void (*run)(void **); } specials[] = {
	{ "many sessions, each its own", each_its_own },
};

static void special(void **state)
{
	((const struct special *)*state)->run(NULL);
}

int main(void)
{
	return TABLE_RUN("trace", cases, keeps) + TABLE_RUN("trace: together", specials, special);
}
