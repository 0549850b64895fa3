/* test_middlebox.c - masks and what honest servers say alike */
#include "smtp/dialogue.h"

#include "support/diagnose.h"
#include "support/table.h"
#include "support/talk.h"
#include "support/talks.h"
#include "why/why.h"

#include <string.h>

#define POSTFIX "S: 220 mx.test ESMTP Postfix\n" "C: EHLO a.test\n" "S: 250-mx.test\nS: 250-PIPELINING\nS: 250-STARTTLS\nS: 250 ENHANCEDSTATUSCODES\n"
#define SENDER_OK "C: MAIL FROM:<a@b.test>\n" "S: 250 2.1.0 Ok\n"
#define POSTFIX_BYE "C: QUIT\n" "S: 221 2.0.0 Bye\n"

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
	{ "stars that are configured: the refusal names EHLO",
		STARS "C: EHLO a.test\n" "S: 502 EHLO not implemented\n" "C: HELO a.test\n" "S: 250 mx\n",
		1, "server.command_not_implemented", "middlebox.ehlo_blocked", NULL },
	{ "stars that hide no greeting",
		"S: 220 *****\n" "C: EHLO a.test\n" "S: 500 5.5.2 not recognized\n" "C: HELO a.test\n" "S: 250 mx\n",
		1, "server.command_not_implemented", "middlebox.ehlo_blocked", NULL },
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
		STARS "C: EHLO a.test\n" "S: 250 mx.test\n" SENDER RCPT "C: DATA\n" "S: 354 go\n" "C: Subject: x\n" "C: \n" "C: .\n" "wait 300\n" "C.: FIN\n",
		0, "middlebox.stream_altered", NULL, NULL },
	{ "stars, and the capture ends behind the dot",
		STARS "C: EHLO a.test\n" "S: 250 mx.test\n" SENDER RCPT "C: DATA\n" "S: 354 go\n" "C: Subject: x\n" "C: \n" "C: .\n" "C.: FIN\n",
		0, NULL, "middlebox.stream_altered", NULL },
	{ "the dot never answered, by itself",
		"S: 220 mx ESMTP\n" "C: EHLO a.test\n" "S: 250 mx.test\n" SENDER RCPT "C: DATA\n" "S: 354 go\n" "C: Subject: x\n" "C: \n" "C: .\n" "wait 300\n" "C.: FIN\n",
		0, NULL, "middlebox.stream_altered", NULL },
	{ "a whole line overwritten",
		"S: 220 mx.test ESMTP\n" "C: XXXXXXXXXXXXXXXXXXXXXXXXXXXXXX\n" "S: 502 5.5.2 Error: command not recognized\n",
		1, "middlebox.command_masked", NULL, NULL },
	{ "a reply that quotes another filler",
		GREETED "C: NOOP\n" "S: 500 5.5.1 Command unrecognized: \"****\"\n",
		1, "middlebox.command_masked", NULL, "proven" },
	{ "STARTTLS answered in words that Postfix does not have",
		POSTFIX SENDER_OK "C: STARTTLS\n" "S: 500 Command not recognized\n" POSTFIX_BYE,
		1, "middlebox.starttls_stripped", "tls.unavailable", "likely" },
	{ "STARTTLS refused as Postfix does",
		POSTFIX SENDER_OK "C: STARTTLS\n" "S: 454 4.7.0 TLS not available due to local problem\n" POSTFIX_BYE,
		0, NULL, "middlebox.starttls_stripped", NULL },
	{ "the words of another product in Exim's place",
		"S: 220 mx.test ESMTP Exim 4.96 Mon\n" "C: EHLO a.test\n" "S: 250-mx.test Hello a.test [192.0.2.1]\nS: 250 STARTTLS\n"
		"C: STARTTLS\n" "S: 502 5.5.1 Error: command not implemented\n",
		1, "middlebox.starttls_stripped", NULL, "likely" },
	{ "an offer that Postfix does not make",
		"S: 220 mx.test ESMTP Postfix\n" "C: EHLO a.test\n" "S: 250-Requested mail action okay, completed\nS: 250-SIZE 20000000\nS: 250 OK\n" SENDER_OK POSTFIX_BYE,
		0, "middlebox.reply_injected", NULL, NULL },
	{ "the greeting of Postfix on another server",
		"S: 220 mx.test ESMTP Postfix\n" "C: EHLO a.test\n" "S: 250-mx.test\nS: 250 SIZE 9\n" "C: STARTTLS\n" "S: 454 TLS not available\n"
		"C: MAIL FROM:<a@b.test>\n" "S: 250 OK\n" "C: QUIT\n" "S: 221 Bye\n",
		0, NULL, "middlebox.starttls_stripped", NULL },
	{ "a box that says its name",
		GREETED SENDER RCPT "C: DATA\n" "S: 354 go\n" "C: Subject: x\n" "C: \n" "C: .\n" "S: 541 5.4.1 Content blocked by Palo Alto Networks Firewall\n",
		1, "middlebox.reply_injected", NULL, NULL },
	{ "the greeting of a proxy",
		"S: 220 gw.test F-Secure/fsigk_smtp/1234/gw\n" "C: EHLO a.test\n" "S: 250 mx.test\n" SENDER,
		0, "middlebox.reply_injected", NULL, "likely" },
	{ "EHLO refused behind an old guard",
		"S: 220 SMTP/cmap________________ read\n" "C: EHLO a.test\n" "S: 500 Command unrecognized\n" "C: HELO a.test\n" "S: 250 mx\n",
		1, "middlebox.ehlo_blocked", "server.command_not_implemented", NULL },
	{ "VRFY refused in the words that EHLO was, behind stars",
		STARS "C: EHLO a.test\n" "S: 502 5.5.2 Error: command not recognized\n" "C: VRFY bob\n" "S: 502 5.5.2 Error: command not recognized\n",
		2, "middlebox.command_masked", NULL, NULL },
	{ "VRFY refused in words of its own, behind stars",
		STARS "C: EHLO a.test\n" "S: 500 what\n" "C: HELO a.test\n" "S: 250 mx\n" "C: VRFY bob\n" "S: 502 5.5.1 VRFY not implemented\n",
		2, NULL, "middlebox.command_masked", NULL },
	{ "a PROXY line, refused in place of a greeting",
		"C: PROXY TCP4 192.0.2.1 192.0.2.2 42273 25\n" "S: 554 SMTP synchronization error\n",
		1, "client.wrong_protocol", NULL, NULL },
};

/* What was sent again and again: the talk has no retransmissions, so the row says how many there were. */
static const struct drop {
	const char *name;
	unsigned length, repeated;
	bool want;
	const char *before;
} drops[] = {
	{ "a command line beyond 512 octets, sent again", 600, 5, true, GREETED "C: NOOP " },
	{ "a command line within 512 octets, sent again", 300, 5, false, GREETED "C: NOOP " },
	{ "a command line beyond 512 octets, sent once more", 600, 1, false, GREETED "C: NOOP " },
	{ "a header line beyond 998 octets, sent again, and no dot", 1100, 5, true, GREETED SENDER RCPT "C: DATA\n" "S: 354 go\n" "C: Subject: x\n" "C: X-Long: " },
	{ "a header line within 998 octets, sent again, and no dot", 700, 5, false, GREETED SENDER RCPT "C: DATA\n" "S: 354 go\n" "C: Subject: x\n" "C: X-Long: " },
};

static void dropped(void **state)
{
	const struct drop *d = *state;
	char talk[2000];
	size_t n = strlen(d->before);
	memcpy(talk, d->before, n);
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
