/* test_offer_rules.c - used without offer, offered and refused */
#include "support/diagnose.h"
#include "support/table.h"
#include "support/talks.h"

static const struct diagnosis cases[] = {
	{ "what the server finds too long it does know",
		GREETED "C: AUTH PLAIN AGEAYg==\n" "S: 500 5.5.6 Authentication Exchange line is too long\n",
		1, NULL, "server.contradicts_advertisement", NULL },
	{ "AUTH again, behind a proxy whose server has none",
		GREETED "C: AUTH PLAIN AGEAYg==\n" "S: 235 2.7.0 in\n" "C: AUTH PLAIN AGEAYg==\n" "S: 500 Error: command not recognized\n",
		1, "client.bad_sequence", "server.contradicts_advertisement", "likely" },
	{ "STARTTLS without offer",
		BARE "C: STARTTLS\n" "S: 502 5.5.1 command not implemented\n",
		1, "client.extension_not_advertised", "middlebox.starttls_stripped", "proven" },
	{ "STARTTLS without offer, a line of the offer empty",
		"S: 220 mx ESMTP\n" "C: EHLO a.test\n" "S: 250-mx.test\n" "S: 250-\n" "S: 250 DSN\n" "C: STARTTLS\n" "S: 502 5.5.1 command not implemented\n",
		1, "client.extension_not_advertised", NULL, NULL },
	{ "AUTH after HELO",
		"S: 220 mx ESMTP\n" "C: HELO a.test\n" "S: 250 mx\n" "C: AUTH PLAIN AGEAYg==\n" "S: 503 5.5.1 authentication not enabled\n",
		1, "client.extension_not_advertised", NULL, NULL },
	{ "SIZE= without offer",
		BARE "C: MAIL FROM:<a@b.test> SIZE=9\n" "S: 555 5.5.4 unsupported option\n",
		1, "client.parameter_not_advertised", NULL, "proven" },
	{ "SIZE= without offer, and an unknown user later",
		BARE "C: MAIL FROM:<a@b.test> SIZE=9\n" "S: 250 ok\n" "C: RCPT TO:<c@mx.test>\n" "S: 550 5.1.1 user unknown\n",
		1, NULL, "client.parameter_not_advertised", NULL },
	{ "SIZE= as offered",
		GREETED "C: MAIL FROM:<a@b.test> SIZE=9\n" "S: 555 5.5.4 unsupported option\n",
		1, "server.contradicts_advertisement", "client.parameter_not_advertised", NULL },
	{ "a mechanism beside the list",
		GREETED "C: AUTH NTLM\n" "S: 504 5.5.4 unknown mechanism\n",
		1, "client.auth_mechanism_not_advertised", NULL, "proven" },
	{ "a mechanism of the list",
		GREETED "C: AUTH CRAM-MD5\n" "S: 504 5.5.4 unknown mechanism\n",
		1, NULL, "client.auth_mechanism_not_advertised", NULL },
	{ "ETRN offered and unknown",
		GREETED "C: ETRN b.test\n" "S: 500 command not recognized\n",
		1, "server.contradicts_advertisement", NULL, "proven" },
	{ "an offer with a gap in it",
		"S: 220 mx ESMTP\n" "C: EHLO a.test\n" "S: 250-mx.test\n" "S-: 40\n" "S: 250 HELP\n" "C: ETRN b.test\n" "S: 500 command not recognized\n",
		1, NULL, "client.extension_not_advertised", NULL },
	{ "a second path where parameters belong",
		BARE SENDER "C: RCPT TO:<c@mx.test> <d@mx.test>\n" "S: 555 5.5.4 unsupported option\n",
		1, "client.argument_syntax", "client.parameter_not_advertised", NULL },
	{ "AUTH without offer, answered as if it had been looked at",
		BARE "C: AUTH PLAIN AGEAYg==\n" "S: 535 authentication rejected\n",
		1, "client.extension_not_advertised", NULL, "likely" },
	{ "AUTH offered with no mechanism",
		"S: 220 mx ESMTP\n" "C: EHLO a.test\n" "S: 250-mx.test\n" "S: 250 AUTH\n" "C: AUTH CRAM-MD5\n" "S: 504 5.5.4 Unsupported mechanism\n",
		1, "client.auth_mechanism_not_advertised", "server.contradicts_advertisement", NULL },
};

int main(void)
{
	return TABLE_RUN("offer rules", cases, diagnose);
}
