/* test_middlebox.c - masks and what honest servers say alike */
#include "support/diagnose.h"
#include "support/table.h"
#include "support/talks.h"

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
};

int main(void)
{
	return TABLE_RUN("middlebox", cases, diagnose);
}
