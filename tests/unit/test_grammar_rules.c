/* test_grammar_rules.c - faults of the line itself, and near misses that are none */
#include "support/diagnose.h"
#include "support/table.h"
#include "support/talks.h"

static const struct diagnosis cases[] = {
	{ "a near miss of EHLO",
		"S: 220 mx ESMTP\n" "C: HLEO a.test\n" "S: 500 5.5.2 not recognized\n",
		1, "client.verb_misspelled", NULL, "proven" },
	{ "a word of its own",
		GREETED "C: FROBNICATE\n" "S: 500 5.5.2 not recognized\n",
		1, "client.verb_unknown", "client.verb_misspelled", "proven" },
	{ "a request of HTTP",
		"S: 220 mx ESMTP\n" "C: GET / HTTP/1.1\n" "S: 500 5.5.2 what\n" "C: Host: x.test\n" "S: 500 5.5.2 what\n",
		2, "client.wrong_protocol", "client.body_as_commands", NULL },
	{ "SMTP after a wrong first line",
		"S: 220 mx ESMTP\n" "C: HELO\n" "S: 501 5.5.4 syntax\n",
		1, "client.helo_name_invalid", "client.wrong_protocol", NULL },
	{ "a ClientHello in clear",
		"S: 220 mx ESMTP\n" "C: \\x16\\x03\\x01\\x00\\x05\\x01\\x00\\x00\\x01\\x03\n" "S: 500 5.5.2 what\n",
		1, "client.tls_on_plaintext_port", NULL, NULL },
	{ "a NUL in the verb",
		GREETED "C: NO\\x00OP\n" "S: 500 5.5.2 not recognized\n",
		1, "client.illegal_bytes", NULL, NULL },
	{ "a line without its path",
		GREETED "C: MAIL a@b.test\n" "S: 501 5.5.4 syntax\n",
		1, "client.argument_syntax", NULL, "proven" },
	{ "a doubled at sign",
		GREETED "C: MAIL FROM:<a@@b.test>\n" "S: 501 5.1.7 bad sender address syntax\n",
		1, "client.address_syntax", NULL, "proven" },
	{ "an unknown user whose path keeps its grammar",
		GREETED SENDER "C: RCPT TO:<c@mx.test>\n" "S: 550 5.1.1 no such user here\n",
		1, NULL, "client.address_syntax", NULL },
	{ "a faulty parameter, and a refusal that speaks of the mailbox",
		GREETED SENDER "C: RCPT TO:<c@mx.test> NOTIFY=WHEN\n" "S: 550 5.1.1 user unknown\n",
		1, NULL, "client.argument_syntax", NULL },
	{ "HELO without a name",
		"S: 220 mx ESMTP\n" "C: HELO\n" "S: 501 Syntax: HELO hostname\n",
		1, "client.helo_name_invalid", NULL, "proven" },
	{ "a command line of 700 octets",
		GREETED "C: NOOP xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n" "S: 500 5.5.2 line too long\n",
		1, "client.line_too_long", NULL, "proven" },
	{ "a command line of 400 octets",
		GREETED "C: NOOP xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n" "S: 500 5.5.2 error\n",
		1, NULL, "client.line_too_long", NULL },
	{ "UTF-8 in an address without SMTPUTF8",
		GREETED SENDER "C: RCPT TO:<b\\xc3\\xb8b@mx.test>\n" "S: 553 5.6.7 refused\n",
		1, "message.needs_unavailable_encoding", NULL, NULL },
};

int main(void)
{
	return TABLE_RUN("grammar rules", cases, diagnose);
}
