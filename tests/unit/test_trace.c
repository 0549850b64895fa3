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

static void keeps(void **state)
{
	const struct kase *k = *state;
	struct error error = { 0 };
	struct store *s = store_new((struct store_options){ 0 }, &error);
	assert_non_null(s);
	struct session *session = talk_session(k->talk, 0);
	assert_true(store_session(s, session, &(struct verdicts){ 0 }, true, &error));
	session_free(session);
	assert_true(store_finish(s, &error));
	struct report *report = report_open(store_path(s), &error);
	assert_non_null(report);
	struct rows *rows = report_rows(report, "SELECT coalesce(n.text, '-') || '|' || coalesce(b.text, '-') || '|' || starred || '|' || hello || '|' || "
	                                "coalesce(nullif(replace(o.text, char(10), ' '), ''), '-') || '|' || coalesce(replace(h.text, char(10), ' '), '-') FROM trace "
	                                "LEFT JOIN text AS n ON n.text_id = name_id LEFT JOIN text AS b ON b.text_id = banner_id LEFT JOIN text AS o ON "
	                                "o.text_id = offer_id LEFT JOIN text AS h ON h.text_id = hidden_id", &error);
	assert_true(rows && rows_next(rows, &error));
	struct text got = { 0 };
	text_add(&got, rows_text(rows, 0));
	rows_free(rows);
	report_close(report);
	store_free(s);
	assert_string_equal(got.p, k->want);
	text_free(&got);
}

int main(void)
{
	return TABLE_RUN("trace", cases, keeps);
}
