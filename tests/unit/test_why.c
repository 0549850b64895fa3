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
	{ "nothing decides",
		GREETED "C: NOOP\n" "S: 599 hm\n",
		1, "unknown", NULL, "possible" },
};

int main(void)
{
	return TABLE_RUN("why", cases, diagnose);
}
