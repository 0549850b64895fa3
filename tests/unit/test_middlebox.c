/* test_middlebox.c - masks and what honest servers say alike */
#include "smtp/dialogue.h"

#include "support/diagnose.h"
#include "support/table.h"
#include "support/talk.h"
#include "support/talks.h"
#include "why/why.h"

#include <string.h>

static const struct diagnosis cases[] = {
	{ "STARTTLS masked and refused",
		MASKED "C: STARTTLS\n" "S: 500 5.5.2 not recognized\n",
		1, "middlebox.starttls_stripped", NULL, NULL },
	{ "TLS demanded where STARTTLS is masked",
		MASKED "C: MAIL FROM:<a@b.test>\n" "S: 530 5.7.0 Must issue a STARTTLS command first\n",
		1, "middlebox.starttls_stripped", NULL, NULL },
	{ "STARTTLS masked, no refusal",
		MASKED SENDER,
		0, "middlebox.starttls_stripped", NULL, NULL },
	{ "other keywords masked",
		MASKED SENDER,
		0, "middlebox.extension_masked", NULL, NULL },
	{ "BDAT where CHUNKING is masked",
		MASKED SENDER RCPT "C: BDAT 0 LAST\n" "S: 500 5.5.2 not recognized\n",
		1, "middlebox.extension_masked", "client.extension_not_advertised", NULL },
	{ "an unknown user behind masks",
		MASKED SENDER "C: RCPT TO:<c@mx.test>\n" "S: 550 5.1.1 user unknown\n",
		1, NULL, "middlebox.command_masked", NULL },
	{ "a masked verb arrives",
		"S: 220 mx.test ESMTP\n" "C: XXXX a.test\n" "S: 500 5.5.1 command unrecognized\n",
		1, "middlebox.command_masked", NULL, NULL },
	{ "a reply that quotes the mask",
		GREETED "C: NOOP\n" "S: 500 5.5.1 Command unrecognized: XXXX\n",
		1, "middlebox.command_masked", NULL, "proven" },
	{ "EHLO refused behind stars",
		STARS "C: EHLO a.test\n" "S: 500 5.5.2 not recognized\n" "C: HELO a.test\n" "S: 250 mx\n",
		1, "middlebox.ehlo_blocked", NULL, NULL },
	{ "a server that knows HELO alone",
		"S: 220 mx.test SMTP ready\n" "C: EHLO a.test\n" "S: 500 command unrecognized\n" "C: HELO a.test\n" "S: 250 mx\n",
		1, "server.command_not_implemented", "middlebox.ehlo_blocked", NULL },
	{ "stars by themselves",
		STARS "C: EHLO a.test\n" "S: 250-mx.test\n" "S: 250 XCLIENT NAME ADDR\n" SENDER RCPT,
		0, NULL, "middlebox.extension_masked", NULL },
	{ "Exchange's X words",
		"S: 220 mx ESMTP\n" "C: EHLO a.test\n" "S: 250-mx\n" "S: 250-X-ANONYMOUSTLS\n" "S: 250-XEXCH50\n" "S: 250 XRDST\n",
		0, NULL, "middlebox.extension_masked", NULL },
	{ "a server without STARTTLS",
		BARE SENDER RCPT,
		0, NULL, "middlebox.starttls_stripped", NULL },
	{ "a reply to BDAT that quotes the mask",
		MASKED SENDER RCPT "C: BDAT 0 LAST\n" "S: 500 5.5.1 Command unrecognized: \"XXXX 0 LAST\"\n",
		1, "middlebox.command_masked", NULL, "proven" },
	{ "a reply that quotes other X than the verb has letters",
		GREETED "C: NOOP\n" "S: 500 5.5.1 Command unrecognized: XXXXX\n",
		1, NULL, "middlebox.command_masked", NULL },
	{ "MAIL before HELO behind stars, called unknown",
		STARS "C: EHLO a.test\n" "S: 502 error\n" "C: MAIL FROM:<a@b.test>\n" "S: 502 5.5.1 Polite people say HELO first\n",
		2, "client.bad_sequence", "middlebox.command_masked", NULL },
	{ "a mask as long as STARTTLS among several",
		"S: 220 mx ESMTP\n" "C: EHLO a.test\n" "S: 250-mx.test\nS: 250-PIPELINING\nS: 250-8BITMIME\nS: 250-XXXXXXXA\nS: 250-SIZE 9\n"
		"S: 250-XXXXXXXB\nS: 250 AUTH PLAIN\n",
		0, "middlebox.starttls_stripped", NULL, NULL },
	{ "NOOP put for a verb",
		STARS "C: EHLO a.test\n" "S: 250 mx.test\n" "C: FROBNICATE\n" "S: 250 2.0.0 OK\n" "C: NOOP\n" "S: 250 2.0.0 OK\n",
		0, "middlebox.command_masked", NULL, NULL },
	{ "a lenient server",
		"S: 220 mx.test ESMTP\n" "C: EHLO a.test\n" "S: 250 mx.test\n" "C: FROBNICATE\n" "S: 250 2.0.0 OK\n" "C: NOOP\n" "S: 250 2.0.0 OK\n",
		0, NULL, "middlebox.command_masked", NULL },
	{ "stars, and the dot never answered",
		STARS "C: EHLO a.test\n" "S: 250 mx.test\n" SENDER RCPT "C: DATA\n" "S: 354 go\n" "C: Subject: x\n" "C: \n" "C: .\n" "C.: FIN\n",
		0, "middlebox.stream_altered", NULL, NULL },
	{ "the dot never answered, by itself",
		"S: 220 mx ESMTP\n" "C: EHLO a.test\n" "S: 250 mx.test\n" SENDER RCPT "C: DATA\n" "S: 354 go\n" "C: Subject: x\n" "C: \n" "C: .\n" "C.: FIN\n",
		0, NULL, "middlebox.stream_altered", NULL },
};

/* What was sent again and again: the talk has no retransmissions, so the row says how many there were. */
static const struct drop {
	const char *name;
	unsigned length, repeated;
	bool want;
} drops[] = {
	{ "a command line beyond 512 octets, sent again", 600, 5, true },
	{ "a command line within 512 octets, sent again", 300, 5, false },
	{ "a command line beyond 512 octets, sent once more", 600, 1, false },
};

static void dropped(void **state)
{
	const struct drop *d = *state;
	char talk[1000] = GREETED "C: NOOP ";
	size_t n = strlen(talk);
	memset(talk + n, 'x', d->length);
	memcpy(talk + n + d->length, "\n", 2);
	struct error error = { 0 };
	struct why *why = why_new((struct why_options){ 0 }, &error);
	struct session *s = talk_session(talk, 0);
	s->connection.repeated_unacknowledged[FROM_CLIENT] = d->repeated;
	s->connection.unacknowledged[FROM_CLIENT] = d->length + 2;
	struct verdicts v = why_explain(why, s);
	bool found = false;
	for (size_t i = 0; i < v.nfindings; i++)
		found |= v.findings[i].cause == CAUSE_MIDDLEBOX_STREAM_ALTERED && v.findings[i].certainty == CERTAINTY_POSSIBLE;
	assert_int_equal(found, d->want);
	session_free(s);
	why_free(why);
}

int main(void)
{
	return TABLE_RUN("middlebox", cases, diagnose) + TABLE_RUN("silent drops", drops, dropped);
}
