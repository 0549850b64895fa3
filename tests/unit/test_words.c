/* test_words.c - mixed replies and traps; the rules file and its errors; patterns; stages. */
#include "support/replies.h"

#include "why/words_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct reply_case mixed[] = {
	{ "mixed: \"JunkMail rejected - host.b.example [192.0.2.7]:34", STAGE_OTHER, 550, "", "\"JunkMail rejected - host.b.example [192.0.2.7]:34032 is in an RBL, see https://www.spamhaus.org/query/ip/192.0.2.7\"", "sender.ip_blocklisted" },
	{ "mixed: This message does not meet our delivery requiremen", STAGE_CONTENT, 554, "5.7.1", "This message does not meet our delivery requirements", "policy.unspecified|policy.spam_content" },
	{ "mixed: Rejected: mail.b.example listed at relays.ordb.org", STAGE_OTHER, 550, "5.7.1", "Rejected: mail.b.example listed at relays.ordb.org", "sender.ip_blocklisted" },
	{ "mixed: Requested action not taken: mailbox full", STAGE_OTHER, 551, "", "Requested action not taken: mailbox full", "recipient.mailbox_full" },
	{ "mixed: bad reverse dns", STAGE_OTHER, 553, "", "bad reverse dns", "sender.reverse_dns" },
	{ "mixed: delivery error: Sorry, your message to bob cannot ", STAGE_OTHER, 554, "", "delivery error: Sorry, your message to bob cannot be delivered. This account is over quota.", "recipient.mailbox_full" },
	{ "mixed: SND-RTE: Hourly send rate exceeded, retry later", STAGE_OTHER, 550, "", "SND-RTE: Hourly send rate exceeded, retry later", "sender.rate_limited" },
	{ "mixed: Sender domain does not exist (b.example)", STAGE_MAIL, 550, "", "Sender domain does not exist (b.example)", "sender.domain_invalid" },
	{ "mixed: Recipient domain not found in DNS", STAGE_OTHER, 550, "", "Recipient domain not found in DNS", "routing.domain_not_found" },
	{ "mixed: Your message does not conform to RFC2822 standard", STAGE_CONTENT, 550, "", "Your message does not conform to RFC2822 standard", "message.malformed" },
	{ "mixed: Blacklisted high risk file extension detected (scr", STAGE_CONTENT, 550, "", "Blacklisted high risk file extension detected (scr)", "policy.attachment_banned" },
	{ "mixed: Relay Prohibited", STAGE_OTHER, 550, "", "Relay Prohibited", "policy.relay_denied" },
	{ "mixed: Content reject", STAGE_CONTENT, 554, "", "Content reject", "policy.spam_content" },
	{ "mixed: Spam denied", STAGE_CONTENT, 550, "", "Spam denied", "policy.spam_content" },
	{ "mixed: sending quota exceeded", STAGE_MAIL, 550, "", "sending quota exceeded", "sender.rate_limited" },
	{ "mixed: rcpt handle timeout", STAGE_OTHER, 550, "", "rcpt handle timeout", "routing.unreachable|server.internal_error" },
	{ "mixed: exceeded mailsize limit", STAGE_CONTENT, 552, "", "exceeded mailsize limit", "message.too_large" },
	{ "mixed: DNS query error", STAGE_OTHER, 550, "", "DNS query error", "routing.domain_not_found" },
	{ "mixed: user not exist", STAGE_OTHER, 550, "", "user not exist", "recipient.unknown" },
	{ "mixed: Service unavailable; Client host [192.0.2.7] block", STAGE_CONNECT, 554, "5.7.1", "Service unavailable; Client host [192.0.2.7] blocked using b.barracudacentral.org; http://www.barracudanetworks.com/reputation/?pr=1&ip=192.0.2.7", "sender.ip_blocklisted" },
	{ "mixed: Service unavailable; client [192.0.2.7] blocked us", STAGE_CONNECT, 521, "5.7.1", "Service unavailable; client [192.0.2.7] blocked using psbl.surriel.com", "sender.ip_blocklisted" },
	{ "mixed: Mail from IP 192.0.2.7 was rejected due to listing", STAGE_OTHER, 550, "5.7.1", "Mail from IP 192.0.2.7 was rejected due to listing in Spamhaus PBL. For details please see http://www.spamhaus.org/query/bl?ip=192.0.2.7", "sender.ip_blocklisted" },
	{ "mixed: mx.a.example 192.0.2.7 rejected (see https://abusi", STAGE_CONNECT, 554, "", "mx.a.example 192.0.2.7 rejected (see https://abusix.com/lookup)", "sender.ip_blocklisted" },
	{ "mixed: bob@a.example: Recipient address rejected: User em", STAGE_OTHER, 550, "5.1.1", "bob@a.example: Recipient address rejected: User email address is marked as invalid", "recipient.unknown" },
	{ "mixed: sorry, no such user here (#5.1.1)", STAGE_OTHER, 550, "", "sorry, no such user here (#5.1.1)", "recipient.unknown" },
	{ "mixed: 5.1.1 unknown or illegal alias: bob@a.example", STAGE_OTHER, 550, "5.1.1", "5.1.1 unknown or illegal alias: bob@a.example", "recipient.unknown" },
	{ "mixed: Recipient unknown (in reply to RCPT TO)", STAGE_OTHER, 554, "", "Recipient unknown (in reply to RCPT TO)", "recipient.unknown" },
	{ "mixed: MXIN607 no such user", STAGE_OTHER, 550, "5.1.1", "MXIN607 no such user", "recipient.unknown" },
	{ "mixed: RP-001 The mail server could not deliver mail to b", STAGE_OTHER, 550, "5.1.1", "RP-001 The mail server could not deliver mail to bob@hotmail. The account or domain may not exist, they may be blacklisted, or missing the proper dns entries.", "recipient.unknown" },
	{ "mixed: permission denied by your ip reputation", STAGE_OTHER, 550, "", "permission denied by your ip reputation", "sender.ip_blocklisted|policy.unspecified" },
	{ "mixed: Access denied...2f1e6a...", STAGE_MAIL, 550, "", "Access denied...2f1e6a...", "sender.refused|policy.unspecified" },
	{ "mixed: 5.7.1 - Connection refused. Your IP has a poor rep", STAGE_CONNECT, 554, "", "5.7.1 - Connection refused. Your IP has a poor reputation", "sender.ip_blocklisted" },
	{ "mixed: This mailbox has been blocked due to inactivity", STAGE_OTHER, 550, "5.2.1", "This mailbox has been blocked due to inactivity", "recipient.disabled" },
	{ "mixed: The email account that you tried to reach is disab", STAGE_OTHER, 554, "5.2.1", "The email account that you tried to reach is disabled", "recipient.disabled" },
	{ "mixed: Email rejected per DMARC policy for b.example (in ", STAGE_CONTENT, 550, "5.7.1", "Email rejected per DMARC policy for b.example (in reply to end of DATA command)", "sender.dmarc" },
	{ "mixed: Message not accepted for policy reasons. DMARC", STAGE_CONTENT, 554, "5.7.9", "Message not accepted for policy reasons. DMARC", "sender.dmarc" },
	{ "mixed: Client host rejected: SPF: 192.0.2.7 is not allowe", STAGE_MAIL, 550, "5.7.1", "Client host rejected: SPF: 192.0.2.7 is not allowed to send mail for b.example", "sender.spf" },
	{ "mixed: SPF (Sender Policy Framework) domain authenticatio", STAGE_MAIL, 550, "", "SPF (Sender Policy Framework) domain authentication fail. Refer to the Troubleshooting page (#5.7.1)", "sender.spf" },
	{ "mixed: [P4] Message blocked due to spam content in the me", STAGE_CONTENT, 554, "5.7.1", "[P4] Message blocked due to spam content in the message.", "policy.spam_content" },
	{ "mixed: Message rejected due to content judged to be spam ", STAGE_CONTENT, 550, "", "Message rejected due to content judged to be spam by the internet community IB212", "policy.spam_content" },
	{ "mixed: Our system detected an illegal attachment on your ", STAGE_CONTENT, 552, "5.7.0", "Our system detected an illegal attachment on your message", "policy.attachment_banned" },
	{ "mixed: Message is not RFC 5322 compliant: the From header", STAGE_CONTENT, 550, "5.7.1", "Message is not RFC 5322 compliant: the From header has multiple addresses", "message.malformed" },
	{ "mixed: STARTTLS is required to send mail", STAGE_MAIL, 550, "5.7.10", "STARTTLS is required to send mail", "tls.required" },
	{ "mixed: Encryption required: use STARTTLS", STAGE_MAIL, 530, "5.7.0", "Encryption required: use STARTTLS", "tls.required" },
	{ "mixed: Error: authentication failed: UGFzc3dvcmQ6", STAGE_OTHER, 535, "5.7.8", "Error: authentication failed: UGFzc3dvcmQ6", "auth.credentials_rejected" },
	{ "mixed: authentication failed (#5.7.1)", STAGE_OTHER, 535, "", "authentication failed (#5.7.1)", "auth.credentials_rejected" },
	{ "mixed: (#AUTH005) Too many bad auth attempts.", STAGE_OTHER, 535, "5.7.0", "(#AUTH005) Too many bad auth attempts.", "auth.credentials_rejected" },
	{ "mixed: Authentication Required", STAGE_RCPT, 550, "5.7.1", "Authentication Required", "auth.required" },
	{ "mixed: AUTH first (#5.5.1)", STAGE_OTHER, 503, "", "AUTH first (#5.5.1)", "auth.required" },
	{ "mixed: Relaying to <bob@c.example> denied (authentication", STAGE_OTHER, 550, "5.7.1", "Relaying to <bob@c.example> denied (authentication required)", "policy.relay_denied" },
	{ "mixed: bob@c.example we do not relay mail for this domain", STAGE_OTHER, 550, "", "bob@c.example we do not relay mail for this domain", "policy.relay_denied" },
	{ "mixed: Delivery not authorized, message refused: relay", STAGE_OTHER, 571, "", "Delivery not authorized, message refused: relay", "policy.relay_denied" },
	{ "mixed: RESOLVER.RST.SenderNotAuthenticatedForGroup; authe", STAGE_OTHER, 550, "5.7.133", "RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required; Delivery restriction check failed because the sender was not authenticated when sending to this group", "recipient.refused" },
	{ "mixed: You are not allowed to post to this mailing list", STAGE_OTHER, 550, "5.7.1", "You are not allowed to post to this mailing list", "recipient.refused" },
	{ "mixed: 5.7.1 This recipient only accepts mail from sender", STAGE_CONTENT, 554, "", "5.7.1 This recipient only accepts mail from senders in his contact list", "recipient.refused" },
	{ "mixed: SMTP; Client does not have permissions to send as ", STAGE_CONTENT, 550, "5.7.60", "SMTP; Client does not have permissions to send as this sender", "sender.not_owned" },
	{ "mixed: SendAsDenied; bob@a.example not allowed to send as", STAGE_CONTENT, 554, "5.2.252", "SendAsDenied; bob@a.example not allowed to send as info@a.example; STOREDRV.Submission.Exception:SendAsDeniedException", "sender.not_owned" },
	{ "mixed: Your message can't be sent because your trial tena", STAGE_OTHER, 550, "5.7.232", "Your message can't be sent because your trial tenant has exceeded its daily limit for sending email to external recipients", "sender.rate_limited" },
	{ "mixed: Your message can't be sent because your tenant exc", STAGE_OTHER, 550, "5.7.233", "Your message can't be sent because your tenant exceeded its daily limit (tenant external recipient rate limit)", "sender.rate_limited" },
	{ "mixed: Access denied, bad outbound sender AS(42003)", STAGE_OTHER, 550, "5.1.8", "Access denied, bad outbound sender AS(42003)", "sender.refused" },
	{ "mixed: Hop count exceeded - possible mail loop", STAGE_OTHER, 554, "5.4.14", "Hop count exceeded - possible mail loop", "message.loop" },
	{ "mixed: Mail loop detected: too many Delivered-To headers", STAGE_OTHER, 550, "", "Mail loop detected: too many Delivered-To headers", "message.loop" },
	{ "mixed: Domain does not accept mail (null MX)", STAGE_OTHER, 550, "", "Domain does not accept mail (null MX)", "routing.no_mail_accepted" },
	{ "mixed: Transaction failed unexpectedly: internal problem", STAGE_OTHER, 554, "5.3.0", "Transaction failed unexpectedly: internal problem", "server.internal_error" },
	{ "mixed: Internal server error", STAGE_OTHER, 550, "", "Internal server error", "server.internal_error" },
	{ "mixed: Insufficient disk space on server; try again later", STAGE_OTHER, 552, "", "Insufficient disk space on server; try again later", "server.out_of_resources" },
	{ "mixed: Invalid HELO name (See RFC2821 4.1.1.1)", STAGE_HELO, 550, "", "Invalid HELO name (See RFC2821 4.1.1.1)", "client.helo_name_invalid" },
	{ "mixed: Access denied - HELO is an IP address (See RFC2821", STAGE_HELO, 550, "", "Access denied - HELO is an IP address (See RFC2821 4.1.3)", "client.helo_name_invalid" },
	{ "mixed: Client sent data before greeting; protocol violati", STAGE_OTHER, 554, "", "Client sent data before greeting; protocol violation", "client.pipelining_not_advertised" },
	{ "mixed: mx.a.example Error: bare <LF> received", STAGE_CONTENT, 521, "5.5.2", "mx.a.example Error: bare <LF> received", "client.bare_newline" },
	{ "mixed: Too many recipients", STAGE_OTHER, 550, "5.5.3", "Too many recipients", "recipient.too_many" },
	{ "mixed: Error: too many recipients", STAGE_OTHER, 552, "", "Error: too many recipients", "recipient.too_many" },
	{ "mixed: Sender domain has no valid MX or A record", STAGE_MAIL, 550, "5.1.8", "Sender domain has no valid MX or A record", "sender.domain_invalid" },
	{ "mixed: Sender's domain b.example could not be resolved", STAGE_MAIL, 554, "", "Sender's domain b.example could not be resolved", "sender.domain_invalid" },
	{ "mixed: Sender domain must exist", STAGE_MAIL, 501, "", "Sender domain must exist", "sender.domain_invalid" },
	{ "mixed: Message infected: Heuristics.Phishing.Email.Spoofe", STAGE_CONTENT, 550, "", "Message infected: Heuristics.Phishing.Email.SpoofedDomain", "policy.virus" },
	{ "mixed: Virus found: Win.Trojan.Agent", STAGE_CONTENT, 554, "", "Virus found: Win.Trojan.Agent", "policy.virus" },
	{ "mixed: Mail from b.example rejected by our administrator", STAGE_MAIL, 550, "", "Mail from b.example rejected by our administrator", "sender.refused" },
	{ "mixed: bob@a.example Mailbox size exceeded; try later", STAGE_OTHER, 550, "5.2.2", "bob@a.example Mailbox size exceeded; try later", "recipient.mailbox_full" },
	{ "mixed: Mailbox full", STAGE_OTHER, 452, "4.2.2", "Mailbox full", "recipient.mailbox_full" },
	{ "mixed: Over quota (bob)", STAGE_OTHER, 552, "5.7.0", "Over quota (bob)", "recipient.mailbox_full" },
	{ "mixed: Error: message file too big", STAGE_OTHER, 552, "5.3.4", "Error: message file too big", "message.too_large" },
	{ "mixed: SMTPSEND.OverAdvertisedSize; message size exceeds ", STAGE_OTHER, 550, "5.3.4", "SMTPSEND.OverAdvertisedSize; message size exceeds fixed maximum size", "message.too_large" },
	{ "mixed: Message expired -> 451 4.4.0 connection timed out", STAGE_OTHER, 550, "5.4.300", "Message expired -> 451 4.4.0 connection timed out", "routing.unreachable" },
	{ "mixed: DNS domain c.example does not exist", STAGE_OTHER, 550, "5.4.310", "DNS domain c.example does not exist", "routing.domain_not_found" },
};

/* What stands in names, URLs, ids, quotes and addresses is not what the server says. */
static const struct reply_case traps[] = {
	{ "a list's name in an address", STAGE_RCPT, 550, "5.1.1", "<spamhaus@a.example>: user unknown", "recipient.unknown" },
	{ "an id that spells a tag", STAGE_CONTENT, 554, "5.7.1", "rejected as spam, id=IB501ABCDEF123", "policy.spam_content" },
	{ "a mail host called full", STAGE_RCPT, 550, "5.1.1", "full.example.net: no such user", "recipient.unknown" },
	{ "a domain called dkim", STAGE_RCPT, 554, "5.7.1", "<bob@dkim.example.org>: Relay access denied", "policy.relay_denied" },
	{ "a page about greylisting and spf", STAGE_RCPT, 550, "5.1.1", "No such user, see https://help.example.com/spf-and-dmarc", "recipient.unknown" },
	{ "a quoted command", STAGE_OTHER, 500, "", "command \"AUTHENTICATE\" not recognized", "client.verb_unknown" },
	{ "only quotes speak", STAGE_RCPT, 550, "", "\"mailbox is full\"", "recipient.mailbox_full" },
	{ "a quoted reply inside", STAGE_RCPT, 550, "5.1.1", "undeliverable: host a.example said: 552 5.2.2 over quota", "recipient.mailbox_full" },
	{ "an address behind dots", STAGE_RCPT, 550, "", "user unknown...bob@a.example", "recipient.unknown" },
	{ "full is no word of its own", STAGE_CONTENT, 550, "5.7.1", "Carefully refused; fullness counts", "policy.unspecified" },
	{ "relayed over a host", STAGE_RCPT, 550, "5.1.1", "mail relayed through mx; user unknown", "recipient.unknown" },
	{ "nothing but a code", STAGE_RCPT, 550, "5.1.1", "", "recipient.unknown" },
	{ "nothing but a trusted code", STAGE_CONTENT, 550, "5.7.23", "", "sender.spf" },
	{ "a bare refusal to a connection", STAGE_CONNECT, 554, "", "Access denied", "sender.ip_blocklisted" },
	{ "a bare refusal of a message", STAGE_CONTENT, 554, "", "Rejected", "policy.unspecified" },
};

static struct words *words;

static int words_make(void **state)
{
	struct error error = { 0 };
	(void)state;
	words = words_new(NULL, &error);
	if (!words)
		print_error("%s\n", error.sentence);
	return words ? 0 : -1;
}

/* ---- evidence ---- */

static void evidence_is_the_servers_own_text(void **state)
{
	struct reply reply = { .code = 550, .text = B("<B\xc3\xb6" "b@a.example>: Recipient address rejected: User Unknown in local table") };
	(void)state;
	struct words_result r = words_judge(words, NULL, STAGE_RCPT, &reply);
	assert_true(bytes_find(r.matched, B("User Unknown")) != BYTES_NONE);
	assert_true(r.matched.p > reply.text.p && r.matched.p + r.matched.n <= reply.text.p + reply.text.n);
}

/* ---- a rules file ---- */

struct rules_case {
	const char *name;
	const char *rules;
	const char *sentence; /* in the error; NULL none */
};

static const struct rules_case rules[] = {
	{ "a good row", "recipient.moved\t100\t\t\tzoo keeper\t\tmine\n", NULL },
	{ "a row without a source", "recipient.moved\t100\trcpt,eom\t550,5.1.1\tzoo * [a|b|] keeper~", NULL },
	{ "comments, blank lines, CRLF", "# mine\r\n\r\n  \nrecipient.moved\t100\t\t\tzoo keeper\r\n", NULL },
	{ "codes alone", "recipient.moved\t100\trcpt\t599\n", NULL },
	{ "no such cause", "# mine\nrecipient.lost\t90\t\t\tx\n", "rules, line 2: no such cause" },
	{ "no weight", "recipient.moved\t\t\t\tx\n", "rules, line 1: the weight is a number from 1 to 100" },
	{ "too much weight", "\n\nrecipient.moved\t101\t\t\tx\n", "rules, line 3: the weight is" },
	{ "no such stage", "recipient.moved\t90\trcpt,later\t\tx\n", "rules, line 1: stages are" },
	{ "a bad code", "recipient.moved\t90\t\t5500\tx\n", "rules, line 1: codes look like" },
	{ "a bad enhanced code", "recipient.moved\t90\t\t5.x.1\tx\n", "rules, line 1: codes look like" },
	{ "too many codes", "recipient.moved\t90\t\t1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17\tx\n", "rules, line 1: codes look like" },
	{ "neither pattern nor code", "recipient.moved\t90\trcpt\n", "rules, line 1: a row needs a pattern or a code" },
	{ "capitals", "recipient.moved\t90\t\t\tZoo\n", "rules, line 1: the pattern is wrong" },
	{ "an open bracket", "recipient.moved\t90\t\t\tzoo [a|b\n", "rules, line 1: the pattern is wrong" },
	{ "a closing bracket", "recipient.moved\t90\t\t\tzoo a]\n", "rules, line 1: the pattern is wrong" },
	{ "a star inside brackets", "recipient.moved\t90\t\t\t[a * b|c]\n", "rules, line 1: the pattern is wrong" },
	{ "nothing but what may be left out", "recipient.moved\t90\t\t\t[a|]\n", "rules, line 1: the pattern is wrong" },
	{ "an empty fragment", "recipient.moved\t90\t\t\tzoo *  * x\n", "rules, line 1: the pattern is wrong" },
	{ "a wrong exception", "recipient.moved\t90\t\t\tzoo\t[x\n", "rules, line 1: the exception is wrong" },
};

static void rules_file_write(char *path, const char *text)
{
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void one_rules_file(void **state)
{
	const struct rules_case *k = *state;
	struct error error = { 0 };
	char path[] = "/tmp/smtpwhy-test-rules-XXXXXX";
	rules_file_write(path, k->rules);
	struct words *own = words_new(path, &error);
	unlink(path);
	if (k->sentence) {
		const char *colon = strchr(k->sentence, ',');
		assert_null(own);
		assert_int_equal(error.kind, ERROR_USAGE);
		assert_non_null(strstr(error.sentence, path)); /* the file, and behind it the line */
		assert_non_null(strstr(error.sentence, colon));
		return;
	}
	assert_non_null(own);
	struct words_result r = reply_judge(own, &(struct reply_case){ k->name, STAGE_RCPT, bytes_find(bytes_of(k->rules), B("599")) == BYTES_NONE ? 550 : 599, "5.1.1",
		"the zoo has a keeper, and the zoo keeper is full", "" });
	assert_int_equal(r.cause, CAUSE_RECIPIENT_MOVED);
	words_free(own);
}

static void rules_file_must_be_there(void **state)
{
	struct error error = { 0 };
	(void)state;
	assert_null(words_new("/nonexistent/rules.tsv", &error));
	assert_int_equal(error.kind, ERROR_USAGE);
	assert_non_null(strstr(error.sentence, "/nonexistent/rules.tsv"));
}

/* ---- the pattern language ---- */

struct pattern_case {
	const char *name;
	const char *pattern, *unless;
	const char *text;
	bool fits;
};

static const struct pattern_case patterns[] = {
	{ "whole words", "zoo", "", "the zoo.", true },
	{ "not inside a word", "zoo", "", "zoology", false },
	{ "not at the end of a word", "zoo", "", "razoo", false },
	{ "open end", "zoo~", "", "zoology", true },
	{ "open start", "~zoo", "", "razoo", true },
	{ "order", "zoo * ape", "", "zoo with an ape", true },
	{ "the other order", "zoo * ape", "", "an ape in the zoo", false },
	{ "a word that serves twice", "ape * ape", "", "one ape", false },
	{ "too far apart", "zoo * ape", "", "zoo .................................................................................................. ape", false },
	{ "an alternative", "big [ape|zebra] here", "", "a big zebra here", true },
	{ "none of the alternatives", "big [ape|zebra] here", "", "a big lion here", false },
	{ "something that may be left out", "big [old |]zebra", "", "big zebra", true },
	{ "and may be there", "big [old |]zebra", "", "big old zebra", true },
	{ "left out at the start", "[old |]zebra * ape", "", "zebra, ape", true },
	{ "left out at the end", "zebra [old|young|]", "", "zebra", true },
	{ "the longer of two that begin alike", "[ape|apes] run", "", "apes run", true },
	{ "glued means no word between", "big [ape] here", "", "big ape not here", false },
	{ "open for each alternative", "[zoo~|ape]", "", "zoological", true },
	{ "closed for the other", "[zoo~|ape]", "", "apes", false },
	{ "open behind a group", "[zoo|ape]~", "", "apes", true },
	{ "at the start", "^zoo", "", "zoo", true },
	{ "not at the start", "^zoo", "", "my zoo", false },
	{ "an exception", "zoo", "ape", "ape at the zoo", false },
	{ "another exception", "zoo", "lion ; [ape|bear]", "bear at the zoo", false },
	{ "no exception", "zoo", "lion ; [ape|bear]", "zebra at the zoo", true },
	{ "umlauts are folded", "zuruck", "", "zur\xc3\xbc" "ck", true },
};

static void one_pattern(void **state)
{
	const struct pattern_case *k = *state;
	struct error error = { 0 };
	char path[] = "/tmp/smtpwhy-test-rules-XXXXXX", row[512];
	snprintf(row, sizeof row, "recipient.moved\t100\t\t\t%s\t%s\ttest\n", k->pattern, k->unless);
	rules_file_write(path, row);
	struct words *own = words_new(path, &error);
	unlink(path);
	assert_non_null(own);
	struct words_result r = reply_judge(own, &(struct reply_case){ k->name, STAGE_RCPT, 550, "", k->text, "" });
	assert_int_equal(r.cause == CAUSE_RECIPIENT_MOVED, k->fits);
	words_free(own);
}

/* ---- stages ---- */

static void stages_follow_the_command(void **state)
{
	(void)state;
	assert_int_equal(words_stage(&(struct command){ .kind = COMMAND_CONNECT }), STAGE_CONNECT);
	assert_int_equal(words_stage(&(struct command){ .kind = COMMAND_CONTENT }), STAGE_CONTENT);
	assert_int_equal(words_stage(&(struct command){ .kind = COMMAND_CHUNK }), STAGE_CONTENT);
	assert_int_equal(words_stage(&(struct command){ .kind = COMMAND_AUTH }), STAGE_AUTH);
	assert_int_equal(words_stage(&(struct command){ .kind = COMMAND_LINE, .verb = VERB_RCPT }), STAGE_RCPT);
	assert_int_equal(words_stage(&(struct command){ .kind = COMMAND_LINE, .verb = VERB_STARTTLS }), STAGE_STARTTLS);
	assert_int_equal(words_stage(&(struct command){ .kind = COMMAND_LINE, .verb = VERB_QUIT }), STAGE_OTHER);
}

static void hostile_texts_end(void **state)
{
	static uint8_t text[4096];
	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (uint8_t)"user user no mail "[i % 18];
	struct reply reply = { .code = 550, .text = { text, sizeof text } };
	words_judge(words, NULL, STAGE_RCPT, &reply);
	memset(text, '"', sizeof text);
	words_judge(words, NULL, STAGE_RCPT, &reply);
	memset(text, 0xe4, sizeof text);
	words_judge(words, NULL, STAGE_RCPT, &reply);
}

int main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(evidence_is_the_servers_own_text), cmocka_unit_test(rules_file_must_be_there),
		cmocka_unit_test(stages_follow_the_command), cmocka_unit_test(hostile_texts_end),
	};
	int failed = 0;
	if (words_make(NULL))
		return 1;
	failed += REPLIES_RUN("mixed replies", mixed);
	failed += REPLIES_RUN("traps", traps);
	failed += TABLE_RUN("rules files", rules, one_rules_file);
	failed += TABLE_RUN("patterns", patterns, one_pattern);
	failed += cmocka_run_group_tests(others, NULL, NULL);
	words_free(words);
	return failed != 0;
}
