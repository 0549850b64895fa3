/* test_words_grid.c - what a reply speaks of, times what it says of it: every pair of a group means the same. */
#include "support/replies.h"

#include <stdio.h>
#include <string.h>

enum { SUBJECTS = 26, STATES = 24, CODES = 4, STAGES = 3 };

struct grid {
	const char *name;
	const char *causes;
	int nstages;
	enum stage stages[STAGES];
	int codes[CODES]; /* 0 ends */
	const char *subjects[SUBJECTS], *states[STATES];
};

static const struct grid grids[] = {
	{ "policy.spam_content, 1", "policy.spam_content",
		1, { STAGE_CONTENT }, { 550, 554, 571, 552 },
		{
			"Message", "Your message", "Mail", "This email", "The message", "Your mail", "Content", "The content of your message",
		},
		{
			"was identified as spam", "is spam", "looks like spam", "detected as spam", "was classified as junk", "rejected as spam",
			"considered unsolicited bulk email", "flagged as phishing", "scored too high in our spam filter", "contains spam",
			"blocked by spam filter", "seems to be spam", "has been marked as spam", "appears to be spam", "is unsolicited", "refused: spam",
			"was rejected by our antispam system", "contains a blacklisted URL", "contains a link listed in URIBL",
			"matches a known spam fingerprint",
		} },
	{ "policy.virus, 2", "policy.virus",
		1, { STAGE_CONTENT }, { 550, 554, 552 },
		{
			"Message", "Your message", "Mail", "The attachment", "This email",
		},
		{
			"contains a virus", "is infected", "was infected with W32/Test", "contains malware", "virus detected", "carries a trojan",
			"contains malicious code", "has been found to contain a virus",
		} },
	{ "policy.attachment_banned, 3", "policy.attachment_banned",
		1, { STAGE_CONTENT }, { 550, 554, 552 },
		{
			"", "Message rejected:", "Your mail was refused,",
		},
		{
			"attachment type not allowed", ".exe attachments are not accepted", "forbidden attachment", "executable attachments are prohibited",
			"contains a banned attachment", "blocked file extension .scr", "attachment name is not permitted", "dangerous attachment",
			"file type .js is blocked", "encrypted attachment not allowed",
		} },
	{ "message.too_large, 4", "message.too_large",
		2, { STAGE_CONTENT, STAGE_MAIL }, { 552, 550, 554 },
		{
			"Message", "Your message", "Mail", "This email", "The message",
		},
		{
			"is too large", "too big", "exceeds the maximum size", "size exceeds limit", "exceeds size limit", "exceeds fixed maximum message size",
			"is larger than the allowed 10 MB", "exceeded the size limit of 20480000 bytes", "size limit exceeded", "over the size limit",
		} },
	{ "sender.rate_limited, 5", "sender.rate_limited",
		2, { STAGE_MAIL, STAGE_RCPT }, { 550, 554, 552 },
		{
			"You", "This user", "Your account", "Sender", "The sender", "Your domain",
		},
		{
			"exceeded the hourly limit", "has sent too many messages", "sent too many mails", "reached the daily sending limit",
			"is over the sending quota", "exceeded the rate limit", "is sending too fast", "has exceeded the maximum number of messages per hour",
			"has been rate limited",
		} },
	{ "sender.spf, 6", "sender.spf",
		3, { STAGE_MAIL, STAGE_RCPT, STAGE_CONTENT }, { 550, 554 },
		{
			"", "Message rejected:", "Sender rejected:", "Mail refused:",
		},
		{
			"SPF check failed", "SPF fail", "failed SPF", "does not pass SPF", "SPF validation failed", "SPF record does not permit this host",
			"not permitted by SPF", "SPF softfail", "SPF error", "sender IP is not authorized by SPF", "fails SPF check",
		} },
	{ "sender.dkim, 7", "sender.dkim",
		1, { STAGE_CONTENT }, { 550, 554 },
		{
			"", "Message rejected:", "Mail refused:",
		},
		{
			"DKIM check failed", "DKIM signature invalid", "invalid DKIM signature", "no DKIM signature", "DKIM signature missing",
			"DKIM verification failed", "bad DKIM signature", "DKIM required", "message is not DKIM signed", "fails DKIM",
		} },
	{ "sender.dmarc, 8", "sender.dmarc",
		1, { STAGE_CONTENT }, { 550, 554 },
		{
			"", "Message rejected:", "Mail refused:",
		},
		{
			"DMARC check failed", "fails DMARC", "rejected by DMARC policy", "DMARC policy violation", "does not pass DMARC", "DMARC failure",
			"due to DMARC policy of example.org", "DMARC verification failed", "violates the DMARC policy of example.org",
		} },
	{ "sender.reverse_dns, 9", "sender.reverse_dns",
		3, { STAGE_CONNECT, STAGE_MAIL, STAGE_RCPT }, { 550, 554, 521 },
		{
			"", "Rejected:", "Mail refused,", "Connection refused:", "Access denied.",
		},
		{
			"no reverse DNS", "missing reverse DNS", "no PTR record", "reverse DNS lookup failed", "your IP has no rDNS",
			"your host has no PTR record", "reverse DNS does not match", "invalid reverse DNS", "PTR record required", "fix your reverse DNS",
			"cannot resolve your IP address to a hostname", "your hostname cannot be found", "reverse lookup failed for your IP",
			"IP address has no hostname",
		} },
	{ "client.helo_name_invalid, 10", "client.helo_name_invalid",
		3, { STAGE_HELO, STAGE_MAIL, STAGE_RCPT }, { 550, 554 },
		{
			"", "Rejected:", "Access denied -", "Mail refused:",
		},
		{
			"invalid HELO", "HELO name is invalid", "bad HELO", "HELO does not resolve", "HELO hostname not found", "HELO must be a FQDN",
			"forged HELO", "your HELO name does not match your IP", "invalid EHLO name", "HELO command rejected", "EHLO hostname is not valid",
		} },
	{ "policy.relay_denied, 11", "policy.relay_denied",
		1, { STAGE_RCPT }, { 550, 554, 553, 551 },
		{
			"", "Sorry,", "<x@elsewhere.example>:", "Rejected:",
		},
		{
			"relaying denied", "relay not permitted", "relaying not allowed", "we do not relay", "relay access denied", "unable to relay",
			"relaying is prohibited", "no relaying", "not a relay", "this server does not relay", "you may not relay", "relay denied",
			"relaying disallowed", "open relay not allowed",
		} },
	{ "sender.domain_invalid, 12", "sender.domain_invalid",
		2, { STAGE_MAIL, STAGE_RCPT }, { 550, 553, 554 },
		{
			"Sender domain", "Your domain", "The domain of the sender", "Sender address domain", "Sender's domain",
		},
		{
			"does not exist", "not found", "cannot be resolved", "has no MX record", "is invalid", "could not be resolved", "has no DNS records",
			"does not resolve", "is unresolvable", "has no MX or A record",
		} },
	{ "auth.required, 13", "auth.required",
		2, { STAGE_MAIL, STAGE_RCPT }, { 550, 530, 554, 553 },
		{
			"", "Sorry,", "Rejected:",
		},
		{
			"authentication required", "you must authenticate first", "please authenticate", "SMTP authentication is required", "login required",
			"authentication is needed", "please log in first", "you need to authenticate", "not authenticated",
		} },
	{ "auth.credentials_rejected, 14", "auth.credentials_rejected",
		1, { STAGE_AUTH }, { 535, 550, 554 },
		{
			"", "Error:", "Sorry,",
		},
		{
			"authentication failed", "invalid username or password", "wrong password", "bad credentials", "login incorrect", "login denied",
			"authentication failure", "incorrect password", "user unknown", "credentials rejected", "account is locked", "password expired",
			"authentication unsuccessful",
		} },
	{ "recipient.refused, 15", "recipient.refused",
		2, { STAGE_RCPT, STAGE_CONTENT }, { 550, 554 },
		{
			"The recipient", "The user", "This user", "The mailbox owner",
		},
		{
			"does not accept mail from you", "has blocked your address", "refuses your messages", "only accepts mail from known senders",
			"does not want mail from this sender", "rejected your message",
		} },
	{ "recipient.refused, 16", "recipient.refused",
		1, { STAGE_RCPT }, { 550, 554, 553 },
		{
			"This list", "This mailing list", "The group", "This distribution list",
		},
		{
			"is for members only", "accepts posts from subscribers only", "is restricted", "only accepts mail from members",
			"does not accept external mail", "is closed to outsiders", "is private",
		} },
	{ "routing.unreachable, 17", "routing.unreachable",
		2, { STAGE_RCPT, STAGE_CONTENT }, { 550, 554 },
		{
			"", "Delivery failed:", "Error:",
		},
		{
			"connection timed out", "could not connect to host", "host unreachable", "no route to host", "connection to mail server refused",
			"cannot reach the next hop", "destination host did not respond", "delivery time expired",
		} },
	{ "server.internal_error, 18", "server.internal_error",
		2, { STAGE_RCPT, STAGE_CONTENT }, { 550, 554 },
		{
			"", "Sorry,", "Error:",
		},
		{
			"internal server error", "internal error", "system error", "server configuration error", "database error", "temporary internal failure",
			"an internal error occurred", "server is misconfigured", "local error in processing",
		} },
	{ "recipient.unknown, 19", "recipient.unknown",
		2, { STAGE_RCPT, STAGE_CONTENT }, { 550, 554 },
		{
			"Mailbox", "The mailbox", "User", "This user", "Account", "The account", "Recipient", "Recipient address", "Address", "This address",
			"x@example.com", "<x@example.com>", "User x@example.com", "Inbox", "Email account", "E-mail address", "Recipient's mailbox",
			"User's mailbox", "The email address you wrote to", "Customer", "Subscriber", "Local user", "Destination mailbox", "Addressee",
		},
		{
			"not found", "does not exist", "is unknown", "doesn't exist", "is invalid", "could not be found", "is not known here",
			"no longer exists", "is not valid", "not recognised", "was not found on this server", "is not in our directory", "is not registered",
			"cannot be located", "is not a valid mailbox", "is nonexistent", "unknown",
		} },
	{ "recipient.disabled, 20", "recipient.disabled",
		2, { STAGE_RCPT, STAGE_CONTENT }, { 550, 554 },
		{
			"Mailbox", "The mailbox", "User", "This user", "Account", "The account", "Recipient", "Recipient address", "Address", "This address",
			"x@example.com", "<x@example.com>", "User x@example.com", "Inbox", "Email account", "E-mail address", "Recipient's mailbox",
			"User's mailbox", "The email address you wrote to", "Customer", "Subscriber", "Local user", "Destination mailbox", "Addressee",
		},
		{
			"is disabled", "suspended", "has been suspended", "is inactive", "is locked", "was deactivated", "is frozen", "has expired",
			"is on hold", "has been terminated", "is administratively disabled", "is temporarily disabled", "is not active", "was shut down",
			"is suspended due to non-payment", "has been disabled for security reasons", "is dormant",
		} },
	{ "recipient.mailbox_full, 21", "recipient.mailbox_full",
		2, { STAGE_RCPT, STAGE_CONTENT }, { 552, 550, 554 },
		{
			"Mailbox", "The mailbox", "User", "This user", "Account", "The account", "Recipient", "Recipient address", "Address", "This address",
			"x@example.com", "<x@example.com>", "User x@example.com", "Inbox", "Email account", "E-mail address", "Recipient's mailbox",
			"User's mailbox", "The email address you wrote to", "Customer", "Subscriber", "Local user", "Destination mailbox", "Addressee",
		},
		{
			"is full", "over quota", "exceeded its quota", "has exceeded the storage limit", "is over its limit", "has no space left",
			"quota exceeded", "out of space", "storage full", "size limit reached", "is over quota", "has reached its quota",
			"has insufficient space", "would exceed quota", "has run out of storage", "storage quota is exhausted", "disk quota exceeded",
			"cannot take more mail, it is full", "is overfull", "has too much mail",
		} },
	{ "sender.spf, 22", "sender.spf",
		3, { STAGE_MAIL, STAGE_RCPT, STAGE_CONTENT }, { 550, 554 },
		{
			"Sender domain rejected", "Message refused", "Email blocked", "Your domain blocked", "Sender not accepted", "Mail not accepted",
			"Your server was rejected", "Connection denied",
		},
		{
			"due to SPF failure", "because SPF check failed",
		} },
	{ "sender.dmarc, 23", "sender.dmarc",
		3, { STAGE_MAIL, STAGE_RCPT, STAGE_CONTENT }, { 550, 554 },
		{
			"Sender domain rejected", "Message refused", "Email blocked", "Your domain blocked", "Sender not accepted", "Mail not accepted",
			"Your server was rejected", "Connection denied",
		},
		{
			"due to DMARC policy", "because of its DMARC policy",
		} },
	{ "sender.dkim, 24", "sender.dkim",
		3, { STAGE_MAIL, STAGE_RCPT, STAGE_CONTENT }, { 550, 554 },
		{
			"Sender domain rejected", "Message refused", "Email blocked", "Your domain blocked", "Sender not accepted", "Mail not accepted",
			"Your server was rejected", "Connection denied",
		},
		{
			"because the DKIM signature is invalid", "due to a missing DKIM signature",
		} },
	{ "sender.reverse_dns, 25", "sender.reverse_dns",
		3, { STAGE_MAIL, STAGE_RCPT, STAGE_CONTENT }, { 550, 554 },
		{
			"Sender domain rejected", "Message refused", "Email blocked", "Your domain blocked", "Sender not accepted", "Mail not accepted",
			"Your server was rejected", "Connection denied",
		},
		{
			"due to missing reverse DNS", "because no PTR record was found",
		} },
	{ "client.helo_name_invalid, 26", "client.helo_name_invalid",
		3, { STAGE_MAIL, STAGE_RCPT, STAGE_CONTENT }, { 550, 554 },
		{
			"Sender domain rejected", "Message refused", "Email blocked", "Your domain blocked", "Sender not accepted", "Mail not accepted",
			"Your server was rejected", "Connection denied",
		},
		{
			"due to invalid HELO",
		} },
	{ "sender.ip_blocklisted, 27", "sender.ip_blocklisted",
		3, { STAGE_MAIL, STAGE_RCPT, STAGE_CONTENT }, { 550, 554 },
		{
			"Sender domain rejected", "Message refused", "Email blocked", "Your domain blocked", "Sender not accepted", "Mail not accepted",
			"Your server was rejected", "Connection denied",
		},
		{
			"because your IP is blacklisted", "due to poor reputation of your IP", "by zen.spamhaus.org", "using bl.spamcop.net",
		} },
	{ "policy.relay_denied, 28", "policy.relay_denied",
		3, { STAGE_MAIL, STAGE_RCPT, STAGE_CONTENT }, { 550, 554 },
		{
			"Sender domain rejected", "Message refused", "Email blocked", "Your domain blocked", "Sender not accepted", "Mail not accepted",
			"Your server was rejected", "Connection denied",
		},
		{
			"because relaying is denied",
		} },
	{ "auth.required, 29", "auth.required",
		3, { STAGE_MAIL, STAGE_RCPT, STAGE_CONTENT }, { 550, 554 },
		{
			"Sender domain rejected", "Message refused", "Email blocked", "Your domain blocked", "Sender not accepted", "Mail not accepted",
			"Your server was rejected", "Connection denied",
		},
		{
			"because authentication is required",
		} },
	{ "tls.required, 30", "tls.required",
		3, { STAGE_MAIL, STAGE_RCPT, STAGE_CONTENT }, { 550, 554 },
		{
			"Sender domain rejected", "Message refused", "Email blocked", "Your domain blocked", "Sender not accepted", "Mail not accepted",
			"Your server was rejected", "Connection denied",
		},
		{
			"because TLS is required",
		} },
	{ "message.loop, 31", "message.loop",
		3, { STAGE_MAIL, STAGE_RCPT, STAGE_CONTENT }, { 550, 554 },
		{
			"Sender domain rejected", "Message refused", "Email blocked", "Your domain blocked", "Sender not accepted", "Mail not accepted",
			"Your server was rejected", "Connection denied",
		},
		{
			"because of a mail loop",
		} },
};

static const struct words *words;

static bool is_one_of(const char *causes, enum cause cause)
{
	const char *slug = cause < CAUSE_COUNT ? cause_entry(cause)->slug : "unknown", *found = strstr(causes, slug);
	size_t n = strlen(slug);
	return found && (found == causes || found[-1] == '|') && (found[n] == '|' || !found[n]);
}

static void pair(const struct grid *g, enum stage stage, int code, const char *subject, const char *state)
{
	char text[200];
	snprintf(text, sizeof text, "%s%s%s", subject, *subject ? " " : "", state);
	struct reply_case one = { g->name, stage, code, "", text, g->causes };
	struct words_result r = reply_judge(words, &one);
	if (!is_one_of(g->causes, r.cause))
		fail_msg("%d at stage %d: %s -> %s, wanted %s", code, (int)stage, text, r.cause < CAUSE_COUNT ? cause_entry(r.cause)->slug : "none", g->causes);
}

static void holds(void **state)
{
	const struct grid *g = *state;
	for (int s = 0; s < g->nstages; s++)
		for (int c = 0; c < CODES && g->codes[c]; c++)
			for (int a = 0; a < SUBJECTS && g->subjects[a]; a++)
				for (int b = 0; b < STATES && g->states[b]; b++)
					pair(g, g->stages[s], g->codes[c], g->subjects[a], g->states[b]);
}

int main(void)
{
	struct error error = { 0 };
	struct words *table = words_new(NULL, &error);
	if (!table)
		return 1;
	words = table;
	int failed = TABLE_RUN("words: subjects and states", grids, holds);
	words_free(table);
	return failed != 0;
}
