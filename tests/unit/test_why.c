/* test_why.c - the engine: unknown is an answer, every 5xx has one, server causes */
#include "support/diagnose.h"
#include "support/table.h"
#include "support/talks.h"

static const struct diagnosis cases[] = {
	{ "VRFY switched off",
		GREETED "C: VRFY bob\n" "S: 502 5.5.1 VRFY command is disabled\n",
		1, "server.command_disabled", "server.contradicts_advertisement", NULL },
	{ "a standard verb unknown",
		BARE "C: EXPN staff\n" "S: 502 5.5.1 command not implemented\n",
		1, "server.command_not_implemented", NULL, NULL },
	{ "a refused greeting",
		"S: 554 no SMTP service here\n",
		1, "server.no_mail_service", NULL, NULL },
	{ "an early talker greeted by 554",
		"C: EHLO a.test\n" "S: 554 5.5.1 protocol error\n",
		1, "client.pipelining_not_advertised", NULL, NULL },
	{ "one error too many",
		GREETED "C: FOO\n" "S: 500 what\n" "C: BAR\n" "S: 500 what\n" "C: BAZ\n" "S: 500 too many unrecognized commands\n",
		3, "server.too_many_errors", NULL, NULL },
	{ "the errors before it are their own",
		GREETED "C: FOO\n" "S: 500 what\n" "C: BAR\n" "S: 500 what\n" "C: BAZ\n" "S: 500 too many unrecognized commands\n",
		1, "client.verb_unknown", NULL, NULL },
	{ "too many recipients is no error of that kind",
		GREETED SENDER "C: RCPT TO:<c@mx.test>\n" "S: 552 5.5.3 too many recipients\n",
		1, NULL, "server.too_many_errors", NULL },
	{ "words that end within UTF-8",
		GREETED SENDER "C: RCPT TO:<c@mx.test>\n" "S: 552 5.2.2 Quota de la bo\\xc3\\xaete d\\xc3\\xa9pass\\xc3\\xa9\n",
		1, "recipient.mailbox_full", NULL, NULL },
	{ "words in Latin-1",
		GREETED SENDER "C: RCPT TO:<c@mx.test>\n" "S: 552 5.2.2 Quota de la bo\\xeete d\\xe9pass\\xe9\n",
		1, "recipient.mailbox_full", NULL, NULL },
	{ "a verb in Latin-1",
		GREETED "C: VR\\xcfY bob\n" "S: 500 5.5.2 what\n",
		1, NULL, "unknown", NULL },
	{ "the next reading of words that the dialogue refutes",
		GREETED SENDER "C: RCPT TO:<c@mx.test>\n" "S: 501 syntax error in parameters: unable to parse recipient\n",
		1, "client.address_syntax", "message.malformed", "possible" },
	{ "a policy under the code of an unknown command",
		GREETED SENDER "C: RCPT TO:<c@mx.test>\n" "S: 500 Message rejected\n",
		1, "policy.unspecified", "server.command_not_implemented", NULL },
	{ "too many, in a session that shows none of them",
		GREETED SENDER "C: RCPT TO:<c@mx.test>\n" "S: 502 5.5.1 Too many unrecognized commands, goodbye\n",
		1, "server.too_many_errors", "server.command_not_implemented", NULL },
	{ "nothing decides",
		GREETED "C: NOOP\n" "S: 599 hm\n",
		1, "unknown", NULL, "possible" },
};

int main(void)
{
	return TABLE_RUN("why", cases, diagnose);
}
