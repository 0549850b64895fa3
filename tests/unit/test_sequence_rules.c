/* test_sequence_rules.c - order, sending ahead, bodies read as commands, refusals put off */
#include "support/diagnose.h"
#include "support/table.h"
#include "support/talks.h"

static const struct diagnosis cases[] = {
	{ "RCPT before MAIL",
		GREETED "C: RCPT TO:<c@mx.test>\n" "S: 503 5.5.1 need MAIL command\n",
		1, "client.bad_sequence", NULL, "proven" },
	{ "a nested MAIL",
		GREETED SENDER "C: MAIL FROM:<a@b.test>\n" "S: 503 5.5.1 nested MAIL command\n",
		1, "client.bad_sequence", NULL, "proven" },
	{ "MAIL refused in order",
		GREETED "C: MAIL FROM:<a@b.test>\n" "S: 550 5.7.1 sender rejected\n",
		1, NULL, "client.bad_sequence", NULL },
	{ "DATA when every recipient was refused",
		GREETED SENDER "C: RCPT TO:<c@mx.test>\n" "S: 550 5.1.1 unknown\n" "C: DATA\n" "S: 554 5.5.1 no valid recipients\n",
		2, "client.bad_sequence", NULL, NULL },
	{ "a body behind a refused DATA",
		GREETED SENDER "C: DATA\n" "S: 503 5.5.1 need RCPT\n" "C: From: a@b.test\n" "S: 500 5.5.2 what\n",
		2, "client.body_as_commands", NULL, NULL },
	{ "a verb typed after a refused DATA",
		GREETED SENDER "C: DATA\n" "S: 503 5.5.1 need RCPT\n" "C: RSET x\n" "S: 501 5.5.4 syntax\n",
		2, "client.argument_syntax", "client.body_as_commands", NULL },
	{ "pipelining that the server names",
		BARE "C: MAIL FROM:<a@b.test>\n" "C+: RCPT TO:<c@mx.test>\n" "C+: DATA\n" "S: 250 ok\n" "S: 250 ok\n" "S: 503 5.5.0 improper use of SMTP command pipelining\n",
		1, "client.pipelining_not_advertised", NULL, "proven" },
	{ "pipelining as offered",
		GREETED "C: MAIL FROM:<a@b.test>\n" "C+: RCPT TO:<c@mx.test>\n" "S: 250 ok\n" "S: 550 5.1.1 unknown\n",
		1, NULL, "client.pipelining_not_advertised", NULL },
	{ "talking before the greeting",
		"C: EHLO a.test\n" "S: 554 SMTP synchronization error\n",
		1, "client.pipelining_not_advertised", NULL, NULL },
	{ "a protocol error put off until RCPT",
		"S: 220 mx.test ESMTP\n" "C: EHLO a.test\\n\\\n" "S: 250 mx.test\n" SENDER "C: RCPT TO:<c@mx.test>\n" "S: 550 5.5.1 Protocol error\n",
		1, "client.bare_newline", NULL, NULL },
	{ "a protocol error without any fault",
		GREETED SENDER "C: RCPT TO:<c@mx.test>\n" "S: 550 5.5.1 Protocol error\n",
		1, NULL, "client.bare_newline", NULL },
	{ "RCPT before MAIL, called unknown",
		GREETED "C: RCPT TO:<c@mx.test>\n" "S: 502 command error\n",
		1, "client.bad_sequence", "server.command_not_implemented", "likely" },
	{ "RCPT in order, called unknown",
		GREETED SENDER "C: RCPT TO:<c@mx.test>\n" "S: 502 command error\n",
		1, NULL, "client.bad_sequence", NULL },
	{ "DATA in order, and the code of a wrong one",
		GREETED SENDER "C: RCPT TO:<c@mx.test>\n" "S: 550 5.5.1 Refused\n",
		1, NULL, "client.bad_sequence", NULL },
	{ "more behind EHLO, a protocol error",
		"S: 220 mx ESMTP\n" "C: EHLO a.test\n" "C: MAIL FROM:<a@b.test>\n" "S: 554 5.5.0 SMTP protocol error\n" "S: 550 5.0.0 Command rejected\n",
		2, "client.pipelining_not_advertised", "sender.refused", NULL },
	{ "nothing behind EHLO, a protocol error",
		"S: 220 mx ESMTP\n" "C: EHLO a.test\n" "S: 554 5.5.0 SMTP protocol error\n" "C: MAIL FROM:<a@b.test>\n" "S: 550 5.0.0 Command rejected\n",
		2, NULL, "client.pipelining_not_advertised", NULL },
};

int main(void)
{
	return TABLE_RUN("sequence rules", cases, diagnose);
}
