/* test_security_rules.c - TLS and authentication */
#include "support/diagnose.h"
#include "support/table.h"
#include "support/talks.h"

static const struct diagnosis cases[] = {
	{ "STARTTLS demanded",
		GREETED "C: MAIL FROM:<a@b.test>\n" "S: 530 5.7.0 Must issue a STARTTLS command first\n",
		1, "tls.required", "middlebox.starttls_stripped", NULL },
	{ "a login demanded",
		GREETED "C: MAIL FROM:<a@b.test>\n" "S: 530 5.7.0 Authentication required\n",
		1, "auth.required", "tls.required", NULL },
	{ "no base64",
		GREETED "C: AUTH PLAIN !!\n" "S: 501 5.5.2 cannot decode\n",
		1, "client.auth_exchange_malformed", NULL, "proven" },
	{ "wrong password, well formed",
		GREETED "C: AUTH PLAIN AGEAYg==\n" "S: 535 5.7.8 authentication failed\n",
		1, "auth.credentials_rejected", "client.auth_exchange_malformed", NULL },
	{ "cancelled",
		GREETED "C: AUTH CRAM-MD5\n" "S: 334 PDE+\n" "C: *\n" "S: 501 5.7.0 aborted\n",
		1, "client.auth_exchange_malformed", NULL, "proven" },
	{ "AUTH in clear",
		GREETED "C: AUTH PLAIN AGEAYg==\n" "S: 538 5.7.11 Encryption required\n",
		1, "auth.encryption_required", NULL, NULL },
	{ "too weak",
		GREETED "C: AUTH PLAIN AGEAYg==\n" "S: 534 5.7.9 mechanism too weak\n",
		1, "auth.mechanism_too_weak", NULL, NULL },
	{ "STARTTLS offered and refused",
		GREETED "C: STARTTLS\n" "S: 502 5.5.1 not available\n",
		1, "tls.unavailable", "client.extension_not_advertised", NULL },
	{ "plain text after STARTTLS",
		GREETED "C: STARTTLS\n" "S: 220 go\n" "C: MAIL FROM:<a@b.test>\n",
		0, "tls.plaintext_after_starttls", NULL, NULL },
	{ "no base64 behind a mechanism that is refused",
		"S: 220 mx ESMTP\n" "C: EHLO a.test\n" "S: 250-mx.test\n" "S: 250 AUTH CRAM-MD5\n" "C: AUTH PLAIN !!\n" "S: 504 PLAIN not supported\n",
		1, "client.auth_mechanism_not_advertised", "client.auth_exchange_malformed", NULL },
	{ "no base64 behind a mechanism of the list",
		GREETED "C: AUTH PLAIN !!\n" "S: 504 Invalid AUTH string\n",
		1, "client.auth_exchange_malformed", NULL, NULL },
	{ "AUTH in clear, by its enhanced code",
		GREETED "C: AUTH PLAIN AGEAYg==\n" "S: 523 5.7.10 Plaintext authentication disabled\n",
		1, "auth.encryption_required", "tls.required", NULL },
};

int main(void)
{
	return TABLE_RUN("security rules", cases, diagnose);
}
