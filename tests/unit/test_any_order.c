/* test_any_order.c - commands and replies in any order, of any kind, cut, lost and said twice: every 5xx has a verdict with its proof. */
#include "support/diagnose.h"

#include "smtp/dialogue.h"
#include "support/table.h"
#include "support/talk.h"

#include <stdio.h>
#include <string.h>

enum { TALKS = 30, LINES_MOST = 40, TALK_MOST = 16384 };

static const char *const lines[] = {
	"C: EHLO a.test", "C: HELO a.test", "C: EHLO", "C: LHLO a.test", "C: MAIL FROM:<a@b.test>", "C: MAIL FROM:<a@b.test> SIZE=9 BODY=8BITMIME",
	"C: MAIL FROM:<>", "C: MAIL FROM:a@b", "C: MIAL FROM:<a@b.test>", "C: RCPT TO:<c@mx.test>", "C: RCPT TO:<c@mx.test> NOTIFY=NEVER",
	"C: RCPT TO:<c@@x>", "C: DATA", "C: .", "C: From: a@b.test", "C: Subject: MAIL FROM:<x>", "C: ", "C: BDAT 5 LAST", "C: BDAT 0 LAST", "C: BDAT x",
	"C: STARTTLS", "C: AUTH PLAIN AGEAYg==", "C: AUTH LOGIN", "C: YQ==", "C: *", "C: RSET", "C: NOOP", "C: VRFY a", "C: EXPN a", "C: HELP", "C: ETRN b.test",
	"C: TURN", "C: XCLIENT ADDR=192.0.2.1", "C: QUIT", "C: XXXX a.test", "C: FROBNICATE", "C: GET / HTTP/1.1", "C: PROXY TCP4 192.0.2.1 192.0.2.2 1 25",
	"C: \\x16\\x03\\x01\\x00\\x05\\x01\\x00\\x00\\x01\\x03", "C: \\x15\\x03\\x01\\x00\\x02\\x02\\x28\\", "C: N\\xffP", "C+: RCPT TO:<c@mx.test>", "C+: DATA", "C+: .",
	"C+: MAIL FROM:<a@b.test>", "C+: Dear all,", "C+: QUIT", "C-: 40", "C-: 3", "C!: NOOP | XXXX", "C!: STARTTLS | XXXXXXXX", "C.: FIN", "C.: RST",
	"S: 220 mx.test ESMTP", "S: 220 *****************", "S: 220-mx.test", "S: 250-mx.test\nS: 250-PIPELINING\nS: 250-SIZE 100\nS: 250-STARTTLS\nS: 250-CHUNKING\nS: 250 AUTH PLAIN LOGIN",
	"S: 250-mx.test\nS: 250-XXXXXXXA\nS: 250 HELP", "S: 250 ok", "S: 250 2.1.5 ok", "S: 354 go on", "S: 334 VXNlcm5hbWU6", "S: 235 2.7.0 in", "S: 221 bye",
	"S: 421 4.7.0 later", "S: 451 4.3.0 later", "S: 500 5.5.2 what", "S: 500 what", "S: 501 5.5.4 syntax", "S: 502 5.5.1 not implemented", "S: 503 5.5.1 need MAIL first",
	"S: 503 bad sequence", "S: 504 no", "S: 521 no mail here", "S: 530 5.7.0 Must issue a STARTTLS command first", "S: 530 5.7.0 Authentication required",
	"S: 535 5.7.8 wrong password", "S: 538 encryption required", "S: 550 5.1.1 user unknown", "S: 550 5.7.1 refused because your IP is listed", "S: 552 5.2.2 mailbox full",
	"S: 552 5.3.4 too large", "S: 553 5.1.3 bad address", "S: 554 5.7.1 spam", "S: 554-5.7.1 no\nS: 550 5.7.1 no", "S: 555 5.5.4 parameter", "S: 556 5.1.10 null MX",
	"S: 599 hm", "S: 999 hm", "S: 5", "S: 55x no", "S: no code at all", "S: ", "S+: 250 ok", "S+: 550 5.1.1 user unknown", "S-: 30", "S!: 250 ok | 550 no",
	"S: \\x15\\x03\\x01\\x00\\x02\\x02\\x28\\", "S: 550 5.1.1 d\\xe9sactiv\\xe9", "S.: FIN", "S.: RST",
};

struct seed {
	const char *name;
	uint32_t start;
	char text[32];
};

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static void talk_make(char *talk, uint32_t *random)
{
	size_t n = 0, most = 2 + next_random(random) % LINES_MOST;
	for (size_t i = 0; i < most; i++) {
		const char *line = lines[next_random(random) % (sizeof lines / sizeof *lines)];
		n += (size_t)snprintf(talk + n, TALK_MOST - n, "%s\n", line);
	}
}

static void in_any_order(void **state)
{
	const struct seed *seed = *state;
	uint32_t random = seed->start;
	struct error error = { 0 };
	struct why *why = why_new((struct why_options){ 0 }, &error);
	assert_non_null(why);
	for (int i = 0; i < TALKS; i++) {
		char talk[TALK_MOST];
		talk_make(talk, &random);
		struct session *s = talk_session(talk, i % 3 ? 0 : 1 + next_random(&random) % 9);
		if (!s) /* nothing of it was SMTP */
			continue;
		struct verdicts v = verdicts_of(why, s);
		size_t errors = 0;
		for (const struct exchange *x = s->first; x; x = x->next)
			errors += x->answered && x->reply.code >= 500 && x->reply.code <= 599;
		assert_int_equal(v.nerrors, errors);
		session_free(s);
	}
	why_free(why);
}

int main(void)
{
	static struct seed seeds[24];
	for (uint32_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
		seeds[i].start = 77 + i * 2654435761u;
		snprintf(seeds[i].text, sizeof seeds[i].text, "seed %u", (unsigned)seeds[i].start);
		seeds[i].name = seeds[i].text;
	}
	return TABLE_RUN("any order", seeds, in_any_order);
}
