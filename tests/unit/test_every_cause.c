/* test_every_cause.c - each cause of the catalogue: a refusal that it explains, and a near miss that it does not. Causes without both
 * fail the test. */
#include "support/diagnose.h"
#include "support/table.h"
#include "support/talks.h"

#include <stdlib.h>
#include <string.h>

#define RCPT_REFUSED(reply) GREETED SENDER "C: RCPT TO:<c@mx.test>\n" "S: " reply "\n"
#define MAIL_REFUSED(reply) GREETED "C: MAIL FROM:<a@b.test>\n" "S: " reply "\n"
#define CONTENT GREETED SENDER RCPT "C: DATA\n" "S: 354 go\n" "C: From: a@b.test\n" "C+: Date: Mon, 02 Mar 2026 12:00:00 +0000\n" "C+: Message-ID: <1@b.test>\n" \
	"C+: To: c@mx.test\n" "C+: \n" "C+: text\n" "C+: .\n"
#define DATA_REFUSED(reply) CONTENT "S: " reply "\n"
#define CONNECT_REFUSED(reply) "S: " reply "\n"
#define HUNDRED "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define HELLO "C: \\x16\\x03\\x01\\x00\\x2f\\x01\\x00\\x00\\x2b\\x03\\x0301234567890123456789012345678901\\x00\\x00\\x02\\x00\\x2f\\x01\\x00\\x00\\x00\\\n"
#define HANDSHAKE_FAILURE "S: \\x15\\x03\\x01\\x00\\x02\\x02\\x28\\\n"
#define FIRES(slug, talk, n) { slug " fires", talk, n, slug, NULL, NULL },
#define NOT(slug, talk, n) { slug " does not", talk, n, NULL, slug, NULL },

static const struct diagnosis cases[] = {
	FIRES("middlebox.command_masked", "S: 220 mx.test ESMTP\n" "C: XXXX a.test\n" "S: 500 5.5.1 command unrecognized\n", 1)
	NOT("middlebox.command_masked", "S: 220 mx.test ESMTP\n" "C: XXXY a.test\n" "S: 500 5.5.1 command unrecognized\n", 1)
	FIRES("middlebox.extension_masked", MASKED SENDER RCPT "C: BDAT 0 LAST\n" "S: 500 5.5.2 not recognized\n", 1)
	NOT("middlebox.extension_masked", BARE SENDER RCPT "C: BDAT 0 LAST\n" "S: 500 5.5.2 not recognized\n", 1)
	FIRES("middlebox.starttls_stripped", MASKED "C: STARTTLS\n" "S: 500 5.5.2 not recognized\n", 1)
	NOT("middlebox.starttls_stripped", BARE "C: STARTTLS\n" "S: 500 5.5.2 not recognized\n", 1)
	FIRES("middlebox.ehlo_blocked", STARS "C: EHLO a.test\n" "S: 500 5.5.2 not recognized\n" "C: HELO a.test\n" "S: 250 mx\n", 1)
	NOT("middlebox.ehlo_blocked", "S: 220 mx SMTP\n" "C: EHLO a.test\n" "S: 500 5.5.2 not recognized\n" "C: HELO a.test\n" "S: 250 mx\n", 1)
	FIRES("middlebox.reply_injected", GREETED SENDER "C: RCPT TO:<c@mx.test>\n" "S!: 250 2.1.5 ok | 550 5.7.1 not through here\n", 1)
	NOT("middlebox.reply_injected", GREETED SENDER "C: RCPT TO:<c@mx.test>\n" "S!: 550 5.1.1 User unknown | 550 5.1.1 user unknown\n", 1)
	FIRES("middlebox.stream_altered", GREETED "C!: NOOP | RSET\n" "S: 250 ok\n", 0)
	NOT("middlebox.stream_altered", GREETED "C!: NOOP | NOOP\n" "S: 250 ok\n", 0)
	FIRES("client.verb_misspelled", GREETED "C: MIAL FROM:<a@b.test>\n" "S: 500 5.5.2 not recognized\n", 1)
	NOT("client.verb_misspelled", GREETED "C: FROBNICATE\n" "S: 500 5.5.2 not recognized\n", 1)
	FIRES("client.verb_unknown", GREETED "C: FROBNICATE\n" "S: 500 5.5.2 not recognized\n", 1)
	NOT("client.verb_unknown", GREETED "C: EXPN x\n" "S: 500 5.5.2 not recognized\n", 1)
	FIRES("client.wrong_protocol", "S: 220 mx ESMTP\n" "C: GET / HTTP/1.1\n" "S: 500 5.5.2 what\n", 1)
	NOT("client.wrong_protocol", "S: 220 mx ESMTP\n" "C: GETTING\n" "S: 500 5.5.2 what\n", 1)
	FIRES("client.tls_on_plaintext_port", "S: 220 mx ESMTP\n" "C: \\x16\\x03\\x01\\x00\\x05\\x01\\x00\\x00\\x01\\x03\n" "S: 500 5.5.2 what\n", 1)
	NOT("client.tls_on_plaintext_port", "S: 220 mx ESMTP\n" "C: \\x16\\x13\\x01x\n" "S: 500 5.5.2 what\n", 1)
	FIRES("client.extension_not_advertised", BARE "C: ETRN b.test\n" "S: 502 5.5.1 not implemented\n", 1)
	NOT("client.extension_not_advertised", GREETED "C: ETRN b.test\n" "S: 502 5.5.1 not implemented\n", 1)
	FIRES("client.parameter_not_advertised", BARE "C: MAIL FROM:<a@b.test> SIZE=9\n" "S: 555 5.5.4 unsupported option\n", 1)
	NOT("client.parameter_not_advertised", GREETED "C: MAIL FROM:<a@b.test> SIZE=9\n" "S: 555 5.5.4 unsupported option\n", 1)
	FIRES("client.auth_mechanism_not_advertised", GREETED "C: AUTH GSSAPI\n" "S: 504 5.5.4 unknown mechanism\n", 1)
	NOT("client.auth_mechanism_not_advertised", GREETED "C: AUTH CRAM-MD5\n" "S: 504 5.5.4 unknown mechanism\n", 1)
	FIRES("client.auth_exchange_malformed", GREETED "C: AUTH PLAIN !!\n" "S: 501 5.5.2 cannot decode\n", 1)
	NOT("client.auth_exchange_malformed", GREETED "C: AUTH PLAIN AGEAYg==\n" "S: 535 5.7.8 authentication failed\n", 1)
	FIRES("client.pipelining_not_advertised", BARE "C: MAIL FROM:<a@b.test>\n" "C+: RCPT TO:<c@mx.test>\n" "C+: DATA\n" "S: 250 ok\n" "S: 250 ok\n"
		"S: 503 5.5.0 improper use of SMTP command pipelining\n", 1)
	NOT("client.pipelining_not_advertised", GREETED SENDER "C: RCPT TO:<c@mx.test>\n" "C+: DATA\n" "S: 550 5.1.1 user unknown\n" "S: 554 5.5.1 no valid recipients\n", 2)
	FIRES("client.bad_sequence", GREETED "C: RCPT TO:<c@mx.test>\n" "S: 503 5.5.1 need MAIL command\n", 1)
	NOT("client.bad_sequence", RCPT_REFUSED("550 5.1.1 user unknown"), 1)
	FIRES("client.argument_syntax", GREETED "C: RSET now\n" "S: 501 5.5.4 no parameters\n", 1)
	NOT("client.argument_syntax", GREETED "C: RSET\n" "S: 502 5.5.1 not implemented\n", 1)
	FIRES("client.address_syntax", GREETED "C: MAIL FROM:<a@@b.test>\n" "S: 501 5.1.7 bad address\n", 1)
	NOT("client.address_syntax", GREETED "C: MAIL FROM:<a@b.test>\n" "S: 550 5.7.1 rejected\n", 1)
	FIRES("client.helo_name_invalid", "S: 220 mx ESMTP\n" "C: EHLO a_b$c\n" "S: 501 5.5.2 invalid name\n", 1)
	NOT("client.helo_name_invalid", "S: 220 mx ESMTP\n" "C: EHLO a.test\n" "S: 500 5.5.2 not recognized\n", 1)
	FIRES("client.illegal_bytes", GREETED "C: RS\\xffET\n" "S: 500 5.5.2 what\n", 1)
	NOT("client.illegal_bytes", GREETED "C: RSEX\n" "S: 500 5.5.2 what\n", 1)
	FIRES("client.line_too_long", GREETED "C: NOOP " HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED "\n" "S: 500 5.5.2 what\n", 1)
	NOT("client.line_too_long", GREETED "C: NOOP " HUNDRED HUNDRED HUNDRED HUNDRED "\n" "S: 500 5.5.2 what\n", 1)
	FIRES("client.bare_newline", GREETED SENDER RCPT "C: DATA\n" "S: 354 go\n" "C: From: a@b.test\\nx\n" "C+: .\n" "S: 550 5.6.11 bare LF in the message\n", 1)
	NOT("client.bare_newline", DATA_REFUSED("550 5.6.0 refused"), 1)
	FIRES("client.body_as_commands", GREETED SENDER "C: DATA\n" "C+: From: a@b.test\n" "S: 503 5.5.1 need RCPT\n" "S: 500 5.5.2 what\n", 2)
	NOT("client.body_as_commands", GREETED SENDER "C: DATA\n" "S: 503 5.5.1 need RCPT\n" "C: FROBNICATE\n" "S: 500 5.5.2 what\n", 2)
	FIRES("tls.required", MAIL_REFUSED("530 5.7.0 Must issue a STARTTLS command first"), 1)
	NOT("tls.required", MAIL_REFUSED("530 5.7.0 Authentication required"), 1)
	FIRES("tls.plaintext_after_starttls", GREETED "C: STARTTLS\n" "C+: MAIL FROM:<a@b.test>\n" "S: 220 go\n" "S: 501 5.5.1 no\n", 1)
	NOT("tls.plaintext_after_starttls", GREETED "C: STARTTLS\n" "S: 454 4.7.0 later\n" "C: MAIL FROM:<a@b.test>\n" "S: 550 5.7.1 no\n", 1)
	FIRES("tls.handshake_failed", GREETED "C: STARTTLS\n" "S: 220 go\n" HELLO HANDSHAKE_FAILURE "S: 550 5.7.0 TLS failed\n", 1)
	FIRES("tls.handshake_failed", GREETED "C: STARTTLS\n" "S: 220 go\n" HELLO "S: 554 5.7.0 TLS is out of order\n", 1)
	NOT("tls.handshake_failed", GREETED "C: STARTTLS\n" "S: 220 go\n" "C: MAIL FROM:<a@b.test>\n" "S: 550 5.7.0 TLS failed\n", 1)
	FIRES("tls.unavailable", GREETED "C: STARTTLS\n" "S: 502 5.5.1 not available\n", 1)
	NOT("tls.unavailable", BARE "C: STARTTLS\n" "S: 502 5.5.1 not available\n", 1)
	FIRES("server.command_disabled", GREETED "C: VRFY a\n" "S: 502 5.5.1 VRFY command is disabled\n", 1)
	NOT("server.command_disabled", GREETED "C: VRFY a\n" "S: 550 5.1.1 user unknown\n", 1)
	FIRES("server.command_not_implemented", BARE "C: EXPN x\n" "S: 502 5.5.1 not implemented\n", 1)
	NOT("server.command_not_implemented", BARE "C: EXPN x\n" "S: 550 5.7.1 prohibited\n", 1)
	FIRES("server.contradicts_advertisement", GREETED "C: ETRN b.test\n" "S: 500 5.5.1 not recognized\n", 1)
	NOT("server.contradicts_advertisement", BARE "C: ETRN b.test\n" "S: 500 5.5.1 not recognized\n", 1)
	FIRES("server.parameter_not_implemented", "S: 220 mx ESMTP\n" "C: EHLO a.test\n" "S-: 40\n" "S: 250 HELP\n" "C: MAIL FROM:<a@b.test> SIZE=9\n" "S: 555 5.5.4 unsupported option\n", 1)
	NOT("server.parameter_not_implemented", MAIL_REFUSED("550 5.7.1 rejected"), 1)
	FIRES("server.no_mail_service", CONNECT_REFUSED("554 mx.test no SMTP service here"), 1)
	NOT("server.no_mail_service", CONNECT_REFUSED("554 5.7.1 mx.test your IP address is listed in zen.spamhaus.org"), 1)
	FIRES("server.too_many_errors", GREETED "C: FOO\n" "S: 500 what\n" "C: BAR\n" "S: 500 what\n" "C: BAZ\n" "S: 502 too many unrecognized commands, goodbye\n", 3)
	NOT("server.too_many_errors", RCPT_REFUSED("550 5.5.3 too many recipients"), 1)
	FIRES("server.out_of_resources", RCPT_REFUSED("552 5.3.1 insufficient disk space"), 1)
	NOT("server.out_of_resources", RCPT_REFUSED("552 5.2.2 mailbox full"), 1)
	FIRES("server.internal_error", RCPT_REFUSED("554 5.3.5 local configuration error"), 1)
	NOT("server.internal_error", RCPT_REFUSED("554 5.7.1 denied"), 1)
	FIRES("auth.required", MAIL_REFUSED("530 5.7.0 Authentication required"), 1)
	NOT("auth.required", MAIL_REFUSED("530 5.7.0 Must issue a STARTTLS command first"), 1)
	FIRES("auth.credentials_rejected", GREETED "C: AUTH PLAIN AGEAYg==\n" "S: 535 5.7.8 authentication failed\n", 1)
	NOT("auth.credentials_rejected", GREETED "C: AUTH PLAIN !!\n" "S: 501 5.5.2 cannot decode\n", 1)
	FIRES("auth.mechanism_too_weak", GREETED "C: AUTH PLAIN AGEAYg==\n" "S: 534 5.7.9 mechanism is too weak\n", 1)
	NOT("auth.mechanism_too_weak", GREETED "C: AUTH PLAIN AGEAYg==\n" "S: 535 5.7.8 authentication failed\n", 1)
	FIRES("auth.encryption_required", GREETED "C: AUTH PLAIN AGEAYg==\n" "S: 538 5.7.11 encryption required\n", 1)
	NOT("auth.encryption_required", GREETED "C: AUTH PLAIN AGEAYg==\n" "S: 535 5.7.8 authentication failed\n", 1)
	FIRES("recipient.unknown", RCPT_REFUSED("550 5.1.1 user unknown"), 1)
	NOT("recipient.unknown", RCPT_REFUSED("550 5.7.1 relaying denied"), 1)
	FIRES("recipient.disabled", RCPT_REFUSED("550 5.2.1 mailbox disabled"), 1)
	NOT("recipient.disabled", RCPT_REFUSED("550 5.1.1 user unknown"), 1)
	FIRES("recipient.mailbox_full", RCPT_REFUSED("552 5.2.2 mailbox is over quota"), 1)
	NOT("recipient.mailbox_full", RCPT_REFUSED("552 5.3.4 message size exceeds fixed limit"), 1)
	FIRES("recipient.moved", RCPT_REFUSED("551 5.1.6 user has moved, please try c@other.test"), 1)
	NOT("recipient.moved", RCPT_REFUSED("550 5.1.1 user unknown"), 1)
	FIRES("recipient.refused", RCPT_REFUSED("550 5.7.2 only members may post to this list"), 1)
	NOT("recipient.refused", RCPT_REFUSED("550 5.1.1 user unknown"), 1)
	FIRES("recipient.too_many", RCPT_REFUSED("550 5.5.3 too many recipients"), 1)
	NOT("recipient.too_many", RCPT_REFUSED("550 5.7.1 too many messages today"), 1)
	FIRES("sender.refused", MAIL_REFUSED("550 5.7.1 sender address rejected: access denied"), 1)
	NOT("sender.refused", RCPT_REFUSED("550 5.1.1 recipient address rejected: user unknown"), 1)
	FIRES("sender.domain_invalid", MAIL_REFUSED("550 5.1.8 sender address rejected: domain not found"), 1)
	NOT("sender.domain_invalid", RCPT_REFUSED("550 5.1.2 recipient address rejected: domain not found"), 1)
	FIRES("sender.not_owned", MAIL_REFUSED("553 5.7.1 sender address rejected: not owned by user a"), 1)
	NOT("sender.not_owned", MAIL_REFUSED("550 5.7.1 sender address rejected: access denied"), 1)
	FIRES("sender.ip_blocklisted", RCPT_REFUSED("554 5.7.1 client host [192.0.2.1] blocked using zen.spamhaus.org"), 1)
	NOT("sender.ip_blocklisted", RCPT_REFUSED("554 5.7.1 relay access denied"), 1)
	FIRES("sender.reverse_dns", RCPT_REFUSED("550 5.7.25 client host rejected: cannot find your reverse hostname"), 1)
	NOT("sender.reverse_dns", RCPT_REFUSED("554 5.7.1 client host rejected: access denied"), 1)
	FIRES("sender.spf", RCPT_REFUSED("550 5.7.23 SPF check failed"), 1)
	NOT("sender.spf", DATA_REFUSED("550 5.7.20 no DKIM signature passed"), 1)
	FIRES("sender.dkim", DATA_REFUSED("550 5.7.20 DKIM signature is not valid"), 1)
	NOT("sender.dkim", RCPT_REFUSED("550 5.7.23 SPF check failed"), 1)
	FIRES("sender.dmarc", DATA_REFUSED("550 5.7.1 rejected by DMARC policy"), 1)
	NOT("sender.dmarc", DATA_REFUSED("550 5.7.1 rejected by content policy"), 1)
	FIRES("sender.rate_limited", RCPT_REFUSED("550 5.7.1 too many messages from you, rate limit exceeded"), 1)
	NOT("sender.rate_limited", RCPT_REFUSED("550 5.5.3 too many recipients"), 1)
	FIRES("policy.relay_denied", RCPT_REFUSED("554 5.7.1 relay access denied"), 1)
	NOT("policy.relay_denied", RCPT_REFUSED("550 5.1.1 user unknown"), 1)
	FIRES("policy.spam_content", DATA_REFUSED("554 5.7.1 message was judged to be spam"), 1)
	NOT("policy.spam_content", DATA_REFUSED("552 5.3.4 message too large"), 1)
	FIRES("policy.virus", DATA_REFUSED("554 5.7.1 virus found in message"), 1)
	NOT("policy.virus", DATA_REFUSED("554 5.7.1 message was judged to be spam"), 1)
	FIRES("policy.attachment_banned", DATA_REFUSED("554 5.7.1 attachment type .exe is not allowed"), 1)
	NOT("policy.attachment_banned", DATA_REFUSED("554 5.7.1 virus found in message"), 1)
	FIRES("policy.unspecified", RCPT_REFUSED("554 5.7.1 refused"), 1)
	NOT("policy.unspecified", RCPT_REFUSED("554 5.7.1 relay access denied"), 1)
	FIRES("message.too_large", GREETED "C: MAIL FROM:<a@b.test> SIZE=9999\n" "S: 552 5.3.4 too large\n", 1)
	NOT("message.too_large", RCPT_REFUSED("552 5.2.2 mailbox is over quota"), 1)
	FIRES("message.malformed", DATA_REFUSED("550 5.6.0 message header is malformed"), 1)
	NOT("message.malformed", DATA_REFUSED("554 5.7.1 message was judged to be spam"), 1)
	FIRES("message.needs_unavailable_encoding", GREETED SENDER "C: RCPT TO:<b\\xc3\\xb8b@mx.test>\n" "S: 553 5.6.7 refused\n", 1)
	NOT("message.needs_unavailable_encoding", RCPT_REFUSED("550 5.1.1 user unknown"), 1)
	FIRES("message.loop", DATA_REFUSED("554 5.4.6 too many hops"), 1)
	NOT("message.loop", RCPT_REFUSED("554 5.5.0 too many errors"), 1)
	FIRES("routing.domain_not_found", RCPT_REFUSED("550 5.1.2 recipient address rejected: domain not found"), 1)
	NOT("routing.domain_not_found", MAIL_REFUSED("550 5.1.8 sender address rejected: domain not found"), 1)
	FIRES("routing.no_mail_accepted", RCPT_REFUSED("556 5.1.10 domain does not accept mail (nullMX)"), 1)
	NOT("routing.no_mail_accepted", RCPT_REFUSED("550 5.1.2 recipient address rejected: domain not found"), 1)
	FIRES("routing.unreachable", RCPT_REFUSED("550 5.4.1 no answer from host mail.mx.test"), 1)
	NOT("routing.unreachable", RCPT_REFUSED("550 5.1.1 user unknown"), 1)
	FIRES("unknown", GREETED "C: NOOP\n" "S: 599 xyzzy\n", 1)
	NOT("unknown", RCPT_REFUSED("550 5.1.1 user unknown"), 1)
};

static bool has_row(const char *slug, bool fires)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *named = fires ? cases[i].want : cases[i].never;
		if (named && !strcmp(named, slug))
			return true;
	}
	return false;
}

struct cause_row {
	const char *name;
};

static void covered(void **state)
{
	const struct cause_row *r = *state;
	assert_true(has_row(r->name, true) && has_row(r->name, false));
}

int main(void)
{
	struct cause_row rows[CAUSE_COUNT];
	for (enum cause c = 0; c < CAUSE_COUNT; c++)
		rows[c] = (struct cause_row){ cause_entry(c)->slug };
	return TABLE_RUN("causes have a row that fires and one that does not", rows, covered) + TABLE_RUN("every cause", cases, diagnose);
}
