/* test_words.c - replies of known servers and providers, replies in plain words, traps; the rules file and its errors. */
#include "support/guard.h"
#include "support/table.h"

#include "why/words.h"
#include "why/words_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct reply_case {
	const char *name;
	enum stage stage;
	int code;
	const char *enhanced; /* "5.7.1", "" none */
	const char *text;
	const char *causes;   /* accepted ones, joined by '|' */
};

static const struct reply_case servers[] = {
	{ "Postfix: unknown local user", STAGE_RCPT, 550, "5.1.1", "<bob@a.example>: Recipient address rejected: User unknown in virtual mailbox table", "recipient.unknown" },
	{ "Postfix: unknown alias", STAGE_RCPT, 550, "5.1.1", "<bob@a.example>: Recipient address rejected: User unknown in virtual alias table", "recipient.unknown" },
	{ "Postfix: unknown relay recipient", STAGE_RCPT, 550, "5.1.1", "<bob@a.example>: Recipient address rejected: User unknown in relay recipient table", "recipient.unknown" },
	{ "Postfix: relay", STAGE_RCPT, 454, "5.7.1", "<bob@b.example>: Relay access denied", "policy.relay_denied" },
	{ "Postfix: verify by callout", STAGE_RCPT, 550, "5.1.1", "<bob@a.example>: Recipient address rejected: undeliverable address: host mx.a.example[192.0.2.3] said: 550 5.1.1 <bob@a.example> user unknown (in reply to RCPT TO command)", "recipient.unknown" },
	{ "Postfix: callout finds full mailbox", STAGE_RCPT, 550, "5.1.1", "<bob@a.example>: Recipient address rejected: undeliverable address: host mx.a.example[192.0.2.3] said: 552 5.2.2 <bob@a.example>: mailbox full (in reply to RCPT TO command)", "recipient.mailbox_full" },
	{ "Postfix: helo not fqdn", STAGE_RCPT, 504, "5.5.2", "<pc>: Helo command rejected: need fully-qualified hostname", "client.helo_name_invalid" },
	{ "Postfix: reverse name", STAGE_RCPT, 550, "5.7.25", "Client host rejected: cannot find your hostname, [192.0.2.7]", "sender.reverse_dns" },
	{ "Postfix: header check", STAGE_CONTENT, 550, "5.7.1", "message content rejected", "policy.spam_content" },
	{ "Postfix: mime check", STAGE_CONTENT, 550, "5.7.1", "file \"invoice.exe\" has unacceptable extension", "policy.attachment_banned" },
	{ "Postfix: queue limit", STAGE_RCPT, 452, "5.3.1", "Insufficient system storage", "server.out_of_resources" },
	{ "Postfix: hops", STAGE_CONTENT, 554, "5.4.0", "Error: too many hops", "message.loop" },
	{ "Postfix: no account by sasl", STAGE_MAIL, 553, "5.7.1", "<a@b.example>: Sender address rejected: not owned by user c", "sender.not_owned" },
	{ "Postfix: rate", STAGE_MAIL, 550, "5.7.1", "Error: too much mail from 192.0.2.4", "sender.rate_limited" },
	{ "Postfix: pipe delivery quota", STAGE_CONTENT, 552, "5.2.2", "<bob@a.example> Quota exceeded (mailbox for user is full)", "recipient.mailbox_full" },
	{ "Postfix: loop to itself", STAGE_RCPT, 554, "5.4.6", "mail for a.example loops back to myself", "message.loop" },
	{ "Postfix: nullmx sender", STAGE_RCPT, 550, "5.7.27", "<a@b.example>: Sender address rejected: Domain b.example does not accept mail (nullMX)", "sender.domain_invalid" },
	{ "Postfix: policyd-spf", STAGE_RCPT, 550, "5.7.23", "<bob@a.example>: Recipient address rejected: Message rejected due to: SPF fail - not authorized", "sender.spf" },
	{ "Postfix: greylist policy quota", STAGE_RCPT, 554, "5.7.1", "<bob@a.example>: Recipient address rejected: Policy Rejection- Quota Exceeded", "sender.rate_limited|recipient.mailbox_full" },
	{ "postscreen: dnsbl", STAGE_RCPT, 550, "5.7.1", "Service unavailable; client [192.0.2.4] blocked using dnsbl.b.example", "sender.ip_blocklisted" },
	{ "Exim: unknown user", STAGE_RCPT, 550, "", "Unknown user", "recipient.unknown" },
	{ "Exim: unrouteable", STAGE_RCPT, 550, "", "Unrouteable address", "recipient.unknown" },
	{ "Exim Debian: relay", STAGE_RCPT, 550, "", "relay not permitted", "policy.relay_denied" },
	{ "Exim: sender verify", STAGE_RCPT, 550, "", "Sender verify failed", "sender.domain_invalid" },
	{ "Exim cPanel: no such user", STAGE_RCPT, 550, "", "No Such User Here", "recipient.unknown" },
	{ "Exim cPanel: hourly", STAGE_RCPT, 550, "", "Domain b.example has exceeded the max emails per hour (500/500 (100%)) allowed. Message discarded.", "sender.rate_limited" },
	{ "Exim cPanel: sender not logged in", STAGE_RCPT, 550, "", "Please turn on SMTP Authentication in your mail client. host [192.0.2.4]:5000 is not permitted to relay through this server without authentication.", "auth.required|policy.relay_denied" },
	{ "Exim cPanel: helo as us", STAGE_HELO, 550, "", "\"REJECTED - Bad HELO - Host impersonating [mail.a.example]\"", "client.helo_name_invalid" },
	{ "Exim DirectAdmin: auth", STAGE_RCPT, 550, "", "authentication required", "auth.required" },
	{ "Exim: callout", STAGE_RCPT, 550, "", "Callback setup failed while verifying <a@b.example>: The initial connection, or a HELO or MAIL FROM:<> command was rejected", "sender.domain_invalid|recipient.unknown" },
	{ "Exim: dnsbl", STAGE_RCPT, 550, "", "192.0.2.4 is listed at zen.spamhaus.org (127.0.0.2: see https://www.spamhaus.org/query/ip/192.0.2.4)", "sender.ip_blocklisted" },
	{ "Exim: spam score", STAGE_CONTENT, 550, "", "This message scored 9.2 spam points.", "policy.spam_content" },
	{ "Exim: malware", STAGE_CONTENT, 550, "", "This message contains malware (Eicar-Signature)", "policy.virus" },
	{ "Exim: header syntax", STAGE_CONTENT, 550, "", "Headers failed syntax check", "message.malformed" },
	{ "Exim: max line", STAGE_CONTENT, 550, "", "maximum allowed line length is 998 octets, got 1200", "client.line_too_long" },
	{ "Exim: lf", STAGE_CONTENT, 550, "", "message contains bare LF", "client.bare_newline" },
	{ "Exim: hops", STAGE_CONTENT, 550, "", "Too many \"Received\" headers - suspected mail loop", "message.loop" },
	{ "Exim: size", STAGE_CONTENT, 552, "", "Message size exceeds maximum permitted", "message.too_large" },
	{ "Exim: sync", STAGE_HELO, 554, "", "SMTP synchronization error", "client.pipelining_not_advertised" },
	{ "sendmail: access map", STAGE_MAIL, 550, "5.7.1", "Access denied", "policy.unspecified|sender.refused|sender.ip_blocklisted" },
	{ "sendmail: relay", STAGE_RCPT, 550, "5.7.1", "<bob@b.example>... Relaying denied", "policy.relay_denied" },
	{ "sendmail: relay by name", STAGE_RCPT, 550, "5.7.1", "<bob@b.example>... Relaying denied. IP name lookup failed [192.0.2.4]", "sender.reverse_dns|policy.relay_denied" },
	{ "sendmail: user", STAGE_RCPT, 550, "5.1.1", "<bob@a.example>... User unknown", "recipient.unknown" },
	{ "sendmail: sender domain", STAGE_MAIL, 553, "5.1.8", "<a@b.example>... Domain of sender address a@b.example does not exist", "sender.domain_invalid" },
	{ "sendmail: domain required", STAGE_MAIL, 553, "5.5.4", "<a>... Domain name required for sender address a", "client.address_syntax" },
	{ "sendmail: hops", STAGE_CONTENT, 554, "5.4.6", "Too many hops 26 (25 max): from <a@b.example>", "message.loop" },
	{ "sendmail: mx to self", STAGE_RCPT, 553, "5.3.5", "mx.a.example. config error: mail loops back to me (MX problem?)", "message.loop|server.internal_error" },
	{ "sendmail: dnsbl", STAGE_MAIL, 550, "5.7.1", "Rejected: 192.0.2.4 listed at bl.b.example", "sender.ip_blocklisted" },
	{ "sendmail: disk", STAGE_MAIL, 552, "5.3.4", "Message is too large; 10000000 bytes max", "message.too_large" },
	{ "qmail: rcpthosts", STAGE_RCPT, 553, "", "sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", "policy.relay_denied" },
	{ "qmail: no mailbox", STAGE_CONTENT, 550, "", "Sorry, no mailbox here by that name. (#5.1.1)", "recipient.unknown" },
	{ "qmail-ldap: over quota", STAGE_CONTENT, 552, "", "The users mailfolder is over the allowed quota (size). (#5.2.2)", "recipient.mailbox_full" },
	{ "qmail: badmailfrom", STAGE_MAIL, 553, "", "sorry, your envelope sender is in my badmailfrom list (#5.7.1)", "sender.refused" },
	{ "qmail: envelope domain", STAGE_MAIL, 553, "", "sorry, your envelope sender domain must exist (#5.7.1)", "sender.domain_invalid" },
	{ "qmail: databytes", STAGE_CONTENT, 552, "", "sorry, that message size exceeds my databytes limit (#5.3.4)", "message.too_large" },
	{ "qmail: hops", STAGE_CONTENT, 554, "", "too many hops, this message is looping (#5.4.6)", "message.loop" },
	{ "qmail: bare lf", STAGE_CONTENT, 451, "", "See http://pobox.com/~djb/docs/smtplf.html.", "client.bare_newline" },
	{ "spamdyke: rdns missing", STAGE_RCPT, 554, "", "Refused. You have no reverse DNS entry. See: http://www.spamdyke.org/", "sender.reverse_dns" },
	{ "spamdyke: auth", STAGE_RCPT, 554, "", "Refused. Authentication is required to send mail.", "auth.required" },
	{ "vpopmail: vdelivermail", STAGE_CONTENT, 511, "5.1.1", "sorry, no mailbox here by that name (#5.1.1 - chkuser)", "recipient.unknown" },
	{ "chkuser: over quota", STAGE_RCPT, 552, "", "sorry, recipient mailbox is over quota (#5.2.2)", "recipient.mailbox_full" },
	{ "chkuser: sender mx", STAGE_MAIL, 550, "", "invalid sender MX domain (#5.1.8)", "sender.domain_invalid" },
	{ "simscan: virus", STAGE_CONTENT, 554, "", "Your email was rejected because it contains the Eicar-Test-Signature virus", "policy.virus" },
	{ "Exchange: recipient not found", STAGE_RCPT, 550, "5.1.10", "RESOLVER.ADR.RecipientNotFound; Recipient bob@a.example not found by SMTP address lookup", "recipient.unknown" },
	{ "Exchange: anonymous", STAGE_MAIL, 530, "5.7.57", "SMTP; Client was not authenticated to send anonymous mail during MAIL FROM", "auth.required" },
	{ "Exchange: send as", STAGE_MAIL, 550, "5.7.60", "SMTP; Client does not have permissions to send as this sender", "sender.not_owned" },
	{ "Exchange: restricted group", STAGE_RCPT, 550, "5.7.1", "RESOLVER.RST.AuthRequired; authentication required", "recipient.refused" },
	{ "Exchange: org size", STAGE_CONTENT, 552, "5.3.4", "Message size exceeds fixed maximum message size", "message.too_large" },
	{ "Exchange: loop", STAGE_CONTENT, 554, "5.4.14", "Hop count exceeded - possible mail loop ATTR34", "message.loop" },
	{ "Exchange: mailbox full", STAGE_CONTENT, 554, "5.2.2", "mailbox full;STOREDRV.Deliver.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded; Failed to process message due to a permanent exception", "recipient.mailbox_full" },
	{ "Exchange: sender id", STAGE_CONTENT, 550, "5.7.1", "Missing purported responsible address", "message.malformed|sender.spf|policy.unspecified" },
	{ "Exchange Online: edge blocking", STAGE_RCPT, 550, "5.4.1", "Recipient address rejected: Access denied. AS(201806281) [DB5EUR01FT030.eop-EUR01.prod.protection.outlook.com]", "recipient.unknown" },
	{ "Exchange Online: tenant", STAGE_RCPT, 550, "5.7.64", "TenantAttribution; Relay Access Denied SMTP", "policy.relay_denied" },
	{ "Exchange Online: tenant traffic", STAGE_CONTENT, 550, "5.7.705", "Access denied, tenant has exceeded threshold", "sender.refused|sender.rate_limited" },
	{ "Exchange Online: bad tenant ip", STAGE_CONTENT, 550, "5.7.708", "Service unavailable. Access denied, traffic not accepted from this IP.", "sender.ip_blocklisted|sender.refused" },
	{ "Exchange Online: outbound spam", STAGE_CONTENT, 550, "5.1.8", "Access denied, bad outbound sender. For more information please go to http://go.microsoft.com/fwlink/?LinkId=875724", "sender.refused" },
	{ "Exchange Online: basic auth", STAGE_AUTH, 535, "5.7.139", "Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.", "auth.credentials_rejected" },
	{ "Exchange Online: auth", STAGE_AUTH, 535, "5.7.3", "Authentication unsuccessful [AM0PR01CA0001.eurprd01.prod.exchangelabs.com]", "auth.credentials_rejected" },
	{ "Exchange Online: recipient limit", STAGE_RCPT, 550, "5.5.3", "RESOLVER.ADR.RecipLimit; too many recipients", "recipient.too_many" },
	{ "Exchange Online: transport rule", STAGE_CONTENT, 550, "5.7.1", "TRANSPORT.RULES.RejectMessage; the message was rejected by organization policy", "policy.unspecified" },
	{ "Exchange Online: rate to user", STAGE_RCPT, 550, "5.2.121", "Recipient's per hour message receive limit from specific sender exceeded", "sender.rate_limited" },
	{ "Gmail: no such user", STAGE_RCPT, 550, "5.1.1", "The email account that you tried to reach does not exist. Please try double-checking the recipient's email address for typos or unnecessary spaces. x1-20020a05600c - gsmtp", "recipient.unknown" },
	{ "Gmail: full", STAGE_RCPT, 552, "5.2.2", "The recipient's inbox is out of storage space. Please direct the recipient to https://support.google.com/mail/?p=OverQuotaPerm - gsmtp", "recipient.mailbox_full" },
	{ "Gmail: spam", STAGE_CONTENT, 550, "5.7.1", "Our system has detected that this message is likely unsolicited mail. To reduce the amount of spam sent to Gmail, this message has been blocked. - gsmtp", "policy.spam_content" },
	{ "Gmail: low reputation domain", STAGE_CONTENT, 550, "5.7.1", "Our system has detected that this message is likely suspicious due to the very low reputation of the sending domain. - gsmtp", "sender.refused|policy.spam_content|sender.ip_blocklisted" },
	{ "Gmail: ipv6 ptr", STAGE_CONTENT, 550, "5.7.25", "The IP address sending this message does not have a PTR record setup, or the corresponding forward DNS entry does not point to the sending IP. - gsmtp", "sender.reverse_dns" },
	{ "Gmail: spf and dkim", STAGE_CONTENT, 550, "5.7.26", "This mail has been blocked because the sender is unauthenticated. Gmail requires all senders to authenticate with either SPF or DKIM. DKIM = did not pass SPF [b.example] with ip: [192.0.2.4] = did not pass - gsmtp", "sender.spf|sender.dkim" },
	{ "Gmail: attachment", STAGE_CONTENT, 552, "5.7.0", "This message was blocked because its content presents a potential security issue. - gsmtp", "policy.attachment_banned|policy.virus" },
	{ "Gmail: daily", STAGE_MAIL, 550, "5.4.5", "Daily user sending quota exceeded. - gsmtp", "sender.rate_limited" },
	{ "Gmail: auth required", STAGE_MAIL, 530, "5.5.1", "Authentication Required. For more information, go to https://support.google.com/mail/?p=WantAuthError - gsmtp", "auth.required" },
	{ "Gmail: starttls", STAGE_MAIL, 530, "5.7.0", "Must issue a STARTTLS command first. - gsmtp", "tls.required" },
	{ "Gmail: no from", STAGE_CONTENT, 550, "5.7.1", "Messages missing a valid messageId header are not accepted. - gsmtp", "message.malformed" },
	{ "Gmail: rate of user", STAGE_RCPT, 550, "5.2.1", "The user you are trying to contact is receiving mail too quickly. Please resend your message at a later time. - gsmtp", "sender.rate_limited" },
	{ "Yahoo: no user", STAGE_CONTENT, 554, "", "delivery error: dd This user doesn't have a yahoo.com account (bob@yahoo.com) [0] - mta1001.mail.bf1.yahoo.com", "recipient.unknown" },
	{ "Yahoo: blocklist", STAGE_MAIL, 553, "5.7.1", "[BL23] Connections will not be accepted from 192.0.2.4, because the ip is in Spamhaus's list", "sender.ip_blocklisted" },
	{ "Yahoo: unsolicited", STAGE_MAIL, 554, "5.7.1", "[TSS09] All messages from 192.0.2.4 will be permanently deferred; Retrying will NOT succeed.", "sender.rate_limited|sender.ip_blocklisted" },
	{ "AOL: dynamic", STAGE_CONNECT, 554, "5.7.1", "(DYN:T1) https://postmaster.aol.com/error-codes#554dynt1", "sender.ip_blocklisted" },
	{ "Hotmail: block", STAGE_MAIL, 550, "5.7.1", "Unfortunately, messages from [192.0.2.4] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3140).", "sender.ip_blocklisted" },
	{ "Hotmail: dynamic", STAGE_MAIL, 550, "", "DY-001 Mail rejected by Windows Live Hotmail for policy reasons. We generally do not accept email from dynamic IP's", "sender.ip_blocklisted" },
	{ "iCloud: policy", STAGE_CONTENT, 550, "5.7.1", "[CS01] Message rejected due to local policy. Please visit https://support.apple.com/en-us/HT204137", "policy.unspecified|policy.spam_content" },
	{ "iCloud: unknown", STAGE_RCPT, 550, "5.1.1", "<bob@icloud.com>: user does not exist", "recipient.unknown" },
	{ "Comcast: unknown", STAGE_RCPT, 550, "5.1.1", "Not our Customer", "recipient.unknown" },
	{ "Comcast: ptr", STAGE_CONNECT, 554, "", "resimta-po-01v.sys.comcast.net comcast 192.0.2.4 found on one or more DNSBLs, see http://postmaster.comcast.net/smtp-error-codes.php#BL000001", "sender.ip_blocklisted" },
	{ "Charter: limit", STAGE_MAIL, 554, "", "charter.net The amount of messages sent from your address has exceeded the limit. AUP#1350", "sender.rate_limited" },
	{ "AT&T: block", STAGE_CONNECT, 550, "5.7.1", "Connections not accepted from servers without a valid sender domain.alph733 Fix reverse DNS for 192.0.2.4", "sender.reverse_dns" },
	{ "GMX: policy", STAGE_CONNECT, 554, "", "gmx.net (mxgmx016) Nemesis ESMTP Service not available No SMTP service IP address is block listed.", "sender.ip_blocklisted" },
	{ "web.de: message limit", STAGE_RCPT, 550, "", "Requested mail action aborted: exceeded message rate limit", "sender.rate_limited" },
	{ "T-Online: unknown", STAGE_RCPT, 550, "", "user unknown - Unbekannter Empfaenger", "recipient.unknown" },
	{ "Free: unknown", STAGE_RCPT, 550, "", "spam detected, utilisateur inconnu !", "recipient.unknown|policy.spam_content" },
	{ "SFR: unknown", STAGE_RCPT, 550, "5.1.1", "<bob@sfr.fr>: Adresse du destinataire inconnue", "recipient.unknown" },
	{ "Libero: spam", STAGE_CONTENT, 550, "", "5.7.1 Messaggio rifiutato: contenuto identificato come spam", "policy.spam_content" },
	{ "Aruba: full", STAGE_RCPT, 552, "", "Casella piena - mailbox over quota", "recipient.mailbox_full" },
	{ "Tiscali: unknown", STAGE_RCPT, 550, "5.1.1", "Destinatario sconosciuto", "recipient.unknown" },
	{ "KPN: unknown", STAGE_RCPT, 550, "5.1.1", "Onbekende gebruiker", "recipient.unknown" },
	{ "Seznam: unknown", STAGE_RCPT, 550, "", "Sorry, no mailbox here by that name", "recipient.unknown" },
	{ "WP.pl: unknown", STAGE_RCPT, 550, "", "<bob@wp.pl>: Nie ma takiego uzytkownika", "recipient.unknown" },
	{ "mail.ru: spam", STAGE_CONTENT, 550, "", "spam message rejected. Please visit http://help.mail.ru/notspam-support/id?c=abc or report details to abuse@corp.mail.ru", "policy.spam_content" },
	{ "mail.ru: inactive", STAGE_RCPT, 550, "", "Message was not accepted -- invalid mailbox. Local mailbox bob@mail.ru is unavailable: account is disabled", "recipient.disabled" },
	{ "Yandex: spam", STAGE_CONTENT, 554, "5.7.1", "Message rejected under suspicion of SPAM; https://ya.cc/1IrBc 1700000000-AbCdEf", "policy.spam_content" },
	{ "Yandex: no user", STAGE_RCPT, 550, "5.7.1", "No such user!", "recipient.unknown" },
	{ "Yandex: policy", STAGE_MAIL, 553, "5.7.1", "Sender address rejected: not owned by auth user.", "sender.not_owned" },
	{ "Rambler: unknown", STAGE_RCPT, 550, "5.1.1", "User is unknown", "recipient.unknown" },
	{ "QQ: frequency", STAGE_CONTENT, 550, "", "Connection frequency limited. http://service.mail.qq.com/cgi-bin/help?subtype=1&&id=20022&&no=1000722", "sender.rate_limited" },
	{ "QQ: suspected", STAGE_CONTENT, 550, "", "Suspected spam http://service.mail.qq.com/cgi-bin/help?no=1001256", "policy.spam_content" },
	{ "163: frequency", STAGE_MAIL, 550, "", "RP:TRC 163 smtp10,QcCowAC", "sender.rate_limited" },
	{ "163: spam", STAGE_CONTENT, 554, "", "DT:SPM 163 smtp3,DdGowABH http://mail.163.com/help/help_spam_16.htm?ip=192.0.2.4", "policy.spam_content" },
	{ "163: user", STAGE_RCPT, 550, "", "User not found: bob@163.com", "recipient.unknown" },
	{ "126: dmarc", STAGE_CONTENT, 550, "", "MI:DMA 126 mx5,NMmowAC", "sender.dmarc" },
	{ "Sina: unknown", STAGE_RCPT, 553, "", "SINAEMAIL 用户不存在", "recipient.unknown" },
	{ "Aliyun: full", STAGE_RCPT, 552, "", "收件人邮箱已满", "recipient.mailbox_full" },
	{ "docomo: unknown", STAGE_CONTENT, 550, "", "Unknown user bob@docomo.ne.jp", "recipient.unknown" },
	{ "Japanese: full", STAGE_RCPT, 552, "", "宛先のメールボックスの容量が超過しています", "recipient.mailbox_full" },
	{ "Naver: unknown", STAGE_RCPT, 550, "5.1.1", "No such user", "recipient.unknown" },
	{ "Zoho: relay", STAGE_RCPT, 553, "", "Relaying disallowed as bob@b.example", "policy.relay_denied" },
	{ "Zoho: unusual", STAGE_MAIL, 550, "5.4.6", "Unusual sending activity detected. Please try after sometime", "sender.rate_limited|sender.refused" },
	{ "Mimecast: unknown", STAGE_RCPT, 550, "", "Invalid Recipient - https://community.mimecast.com/docs/DOC-1369#550", "recipient.unknown" },
	{ "Mimecast: rejected by header", STAGE_CONTENT, 554, "", "Email rejected due to security policies - https://community.mimecast.com/docs/DOC-1369#554", "policy.unspecified|policy.spam_content|policy.virus" },
	{ "Proofpoint: blocked", STAGE_CONNECT, 554, "", "Blocked - see https://ipcheck.proofpoint.com/?ip=192.0.2.4", "sender.ip_blocklisted" },
	{ "Barracuda: blocked", STAGE_RCPT, 554, "", "Service unavailable; Client host [192.0.2.4] blocked using Barracuda Reputation; http://www.barracudanetworks.com/reputation/", "sender.ip_blocklisted" },
	{ "Barracuda: no user", STAGE_RCPT, 550, "", "No such recipient here", "recipient.unknown" },
	{ "IronPort: dha", STAGE_RCPT, 550, "", "Too many invalid recipients", "sender.ip_blocklisted|server.too_many_errors|recipient.too_many|sender.rate_limited" },
	{ "MessageLabs: unknown", STAGE_RCPT, 550, "", "Invalid recipient <bob@a.example> (#5.1.1)", "recipient.unknown" },
	{ "MessageLabs: honeypot", STAGE_CONNECT, 553, "", "message filtered. Refer to the Troubleshooting page at http://www.symanteccloud.com/troubleshooting for more information. (#5.7.1)", "policy.spam_content|policy.unspecified" },
	{ "Trend: ers", STAGE_CONNECT, 550, "5.7.1", "Service unavailable; Client host [192.0.2.4] blocked using Trend Micro RBL+", "sender.ip_blocklisted" },
	{ "amavis: banned", STAGE_CONTENT, 554, "5.7.0", "Reject, id=01234-05 - BANNED: .exe,.exe-ms,setup.exe", "policy.attachment_banned" },
	{ "amavis: spam", STAGE_CONTENT, 554, "5.7.0", "Reject, id=01234-05 - spam", "policy.spam_content" },
	{ "amavis: infected", STAGE_CONTENT, 554, "5.7.0", "Reject, id=01234-05 - INFECTED: Eicar-Signature", "policy.virus" },
	{ "rspamd: spam", STAGE_CONTENT, 554, "5.7.1", "Spam message rejected", "policy.spam_content" },
	{ "rspamd: gtube", STAGE_CONTENT, 554, "5.7.1", "Gtube pattern", "policy.spam_content" },
	{ "opendkim: reject", STAGE_CONTENT, 554, "5.7.1", "DKIM verification failed: bad signature data", "sender.dkim" },
	{ "Domino: unknown", STAGE_RCPT, 550, "", "bob@a.example... No such user", "recipient.unknown" },
	{ "Domino: directory", STAGE_CONTENT, 550, "5.1.1", "User bob (bob@a.example) not listed in Domino Directory", "recipient.unknown" },
	{ "MDaemon: relay", STAGE_RCPT, 550, "", "This message cannot be relayed; not a local user", "policy.relay_denied" },
	{ "Kerio: spf", STAGE_MAIL, 550, "5.7.1", "Sender SPF check failed, mail from b.example not permitted from 192.0.2.4", "sender.spf" },
	{ "IceWarp: user", STAGE_RCPT, 550, "5.1.1", "<bob@a.example> User unknown; rejecting", "recipient.unknown" },
	{ "hMailServer: auth", STAGE_RCPT, 530, "", "SMTP authentication is required.", "auth.required" },
	{ "hMailServer: size", STAGE_MAIL, 552, "", "Message size exceeds fixed maximum message size. Size: 30000 KB, Max size: 20480 KB", "message.too_large" },
	{ "OpenSMTPD: relay", STAGE_RCPT, 550, "", "Invalid recipient: <bob@b.example>", "recipient.unknown|policy.relay_denied" },
	{ "Haraka: early", STAGE_CONNECT, 550, "", "Early talker detected", "client.pipelining_not_advertised" },
	{ "Haraka: helo", STAGE_HELO, 550, "", "HELO hostname does not match rDNS", "client.helo_name_invalid|sender.reverse_dns" },
	{ "Dovecot LMTP: quota", STAGE_CONTENT, 552, "5.2.2", "<bob@a.example> Quota exceeded (mailbox for user is full)", "recipient.mailbox_full" },
	{ "Dovecot LMTP: unknown", STAGE_RCPT, 550, "5.1.1", "<bob@a.example> User doesn't exist: bob@a.example", "recipient.unknown" },
	{ "Cyrus LMTP: quota", STAGE_RCPT, 552, "5.2.2", "Over quota", "recipient.mailbox_full" },
	{ "Cyrus LMTP: permission", STAGE_RCPT, 550, "5.7.1", "Permission denied", "recipient.refused|server.internal_error|policy.unspecified" },
	{ "Courier: unknown", STAGE_RCPT, 550, "", "User unknown.", "recipient.unknown" },
	{ "Courier: bofh", STAGE_CONTENT, 550, "", "Message headers fail syntax check", "message.malformed" },
	{ "Mailman: members", STAGE_CONTENT, 550, "5.7.1", "Posting to this list is restricted to members", "recipient.refused" },
	{ "SES: suppression", STAGE_CONTENT, 554, "", "Message rejected: Sending paused for this account.", "sender.refused" },
	{ "SendGrid: unverified", STAGE_CONTENT, 550, "", "The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved.", "sender.not_owned" },
	{ "SendGrid: credits", STAGE_RCPT, 550, "", "Maximum credits exceeded", "sender.rate_limited" },
	{ "Spamhaus: dbl", STAGE_MAIL, 554, "5.7.1", "Service unavailable; Sender address [a@b.example] blocked using dbl.spamhaus.org", "sender.refused" },
	{ "SURBL: body", STAGE_CONTENT, 550, "5.7.1", "Message contains a URL listed in multi.surbl.org", "policy.spam_content" },
	{ "German: quota", STAGE_RCPT, 552, "", "Postfach des Empfängers ist voll", "recipient.mailbox_full" },
	{ "German: unknown", STAGE_RCPT, 550, "", "Empfänger unbekannt", "recipient.unknown" },
	{ "French: relay", STAGE_RCPT, 554, "", "Relais refusé", "policy.relay_denied" },
	{ "Spanish: unknown", STAGE_RCPT, 550, "", "El usuario no existe", "recipient.unknown" },
	{ "Portuguese: full", STAGE_RCPT, 552, "", "Caixa postal cheia", "recipient.mailbox_full" },
	{ "Portuguese: unknown", STAGE_RCPT, 550, "", "Usuário inexistente", "recipient.unknown" },
	{ "Russian: unknown", STAGE_RCPT, 550, "", "Пользователь не найден", "recipient.unknown" },
	{ "Russian: full", STAGE_RCPT, 552, "", "Почтовый ящик переполнен", "recipient.mailbox_full" },
	{ "Polish: full", STAGE_RCPT, 552, "", "Skrzynka odbiorcy jest pełna", "recipient.mailbox_full" },
	{ "Trap: mailbox called spam", STAGE_RCPT, 550, "5.1.1", "<spam@a.example>: Recipient address rejected: User unknown", "recipient.unknown" },
	{ "Trap: host called virus", STAGE_RCPT, 550, "5.1.1", "<bob@virus.example.com>: User unknown on virus.example.com", "recipient.unknown" },
	{ "Trap: host called quota", STAGE_CONTENT, 554, "5.7.1", "quota.example.com: message identified as spam", "policy.spam_content" },
	{ "Trap: server called relay1", STAGE_RCPT, 550, "5.1.1", "relay1.example.net said user unknown", "recipient.unknown" },
	{ "Trap: help page named spam", STAGE_RCPT, 550, "5.2.2", "Mailbox full, see http://www.example.com/help/spam.html", "recipient.mailbox_full" },
	{ "Trap: quoted subject", STAGE_CONTENT, 552, "5.3.4", "Message \"Re: your virus scanner quota\" is too large", "message.too_large" },
};

static const struct reply_case plain[] = {
	{ "plain words: account is unavailable", STAGE_OTHER, 550, "", "account is unavailable", "recipient.unknown|recipient.disabled" },
	{ "plain words: ADDRESS_NOT_FOUND", STAGE_OTHER, 550, "", "ADDRESS_NOT_FOUND", "recipient.unknown" },
	{ "plain words: Destinatario errato", STAGE_OTHER, 550, "", "Destinatario errato", "recipient.unknown" },
	{ "plain words: Destinatario sconosciuto o mailbox disatttivata", STAGE_OTHER, 550, "", "Destinatario sconosciuto o mailbox disatttivata", "recipient.unknown|recipient.disabled" },
	{ "plain words: server doesn't handle mail for that user", STAGE_OTHER, 550, "", "server doesn't handle mail for that user", "recipient.unknown|policy.relay_denied" },
	{ "plain words: This address no longer accepts mail", STAGE_OTHER, 550, "", "This address no longer accepts mail", "recipient.disabled|recipient.unknown|recipient.refused" },
	{ "plain words: Unknown local part bob in <bob@a.example>", STAGE_OTHER, 550, "", "Unknown local part bob in <bob@a.example>", "recipient.unknown" },
	{ "plain words: This email address is not known to this system", STAGE_OTHER, 550, "", "This email address is not known to this system", "recipient.unknown" },
	{ "plain words: No one with that email address here", STAGE_OTHER, 550, "", "No one with that email address here", "recipient.unknown" },
	{ "plain words: Excessive userid unknowns", STAGE_OTHER, 550, "", "Excessive userid unknowns", "recipient.unknown" },
	{ "plain words: Indirizzo inesistente", STAGE_OTHER, 550, "", "Indirizzo inesistente", "recipient.unknown" },
	{ "plain words: Requested mail action not taken: Invalid IP", STAGE_OTHER, 550, "", "Requested mail action not taken: Invalid IP", "sender.ip_blocklisted" },
	{ "plain words: Requested mail action not taken: Fake sender", STAGE_OTHER, 550, "", "Requested mail action not taken: Fake sender", "sender.refused|sender.spf" },
	{ "plain words: Requested action not taken: mail is rejected", STAGE_OTHER, 550, "", "Requested action not taken: mail is rejected", "policy.unspecified|policy.spam_content" },
	{ "plain words: Requested action not taken: NULL sender is not allowed", STAGE_OTHER, 550, "", "Requested action not taken: NULL sender is not allowed", "sender.refused" },
	{ "plain words: sender is rejected", STAGE_OTHER, 550, "", "sender is rejected", "sender.refused" },
	{ "plain words: IP is Hangup", STAGE_OTHER, 550, "", "IP is Hangup", "sender.ip_blocklisted" },
	{ "plain words: User rejected", STAGE_OTHER, 550, "", "User rejected", "recipient.refused|recipient.disabled|recipient.unknown" },
	{ "plain words: User in blacklist", STAGE_OTHER, 550, "", "User in blacklist", "recipient.refused|sender.refused|recipient.disabled" },
	{ "plain words: User hangup", STAGE_OTHER, 550, "", "User hangup", "recipient.disabled" },
	{ "plain words: Requested action not taken: Local user only", STAGE_OTHER, 550, "", "Requested action not taken: Local user only", "auth.required|policy.relay_denied" },
	{ "plain words: Requested mail action aborted: exceeded storage allocation", STAGE_OTHER, 552, "", "Requested mail action aborted: exceeded storage allocation", "recipient.mailbox_full" },
	{ "plain words: Requested action not taken: mailbox name not allowed", STAGE_OTHER, 553, "", "Requested action not taken: mailbox name not allowed", "recipient.unknown" },
	{ "plain words: User not local; please try <bob@c.example>", STAGE_OTHER, 551, "", "User not local; please try <bob@c.example>", "recipient.moved" },
	{ "plain words: recipient storage full, try again later", STAGE_OTHER, 552, "", "recipient storage full, try again later", "recipient.mailbox_full" },
	{ "plain words: This message is larger than the current system limit or the ", STAGE_OTHER, 552, "", "This message is larger than the current system limit or the recipient's mailbox is full", "recipient.mailbox_full|message.too_large" },
	{ "plain words: We have no user by that name", STAGE_OTHER, 550, "", "We have no user by that name", "recipient.unknown" },
	{ "plain words: bob@a.example is not a recognized user", STAGE_OTHER, 550, "", "bob@a.example is not a recognized user", "recipient.unknown" },
	{ "plain words: Sorry, I don't know this person", STAGE_OTHER, 550, "", "Sorry, I don't know this person", "recipient.unknown" },
	{ "plain words: The recipient cannot be verified", STAGE_OTHER, 550, "", "The recipient cannot be verified", "recipient.unknown" },
	{ "plain words: This email address does not belong to us", STAGE_OTHER, 550, "", "This email address does not belong to us", "recipient.unknown" },
	{ "plain words: Mailbox does not seem to exist", STAGE_OTHER, 550, "", "Mailbox does not seem to exist", "recipient.unknown" },
	{ "plain words: qmail: Recipient not in directory", STAGE_OTHER, 554, "", "qmail: Recipient not in directory", "recipient.unknown" },
	{ "plain words: Mailbox temporarily disabled by administrator request", STAGE_OTHER, 550, "", "Mailbox temporarily disabled by administrator request", "recipient.disabled" },
	{ "plain words: The account has not been activated yet", STAGE_OTHER, 550, "", "The account has not been activated yet", "recipient.disabled" },
	{ "plain words: User has been terminated", STAGE_OTHER, 554, "", "User has been terminated", "recipient.disabled" },
	{ "plain words: Mail quota for this user has been reached", STAGE_OTHER, 550, "", "Mail quota for this user has been reached", "recipient.mailbox_full" },
	{ "plain words: The customer has reached his quota", STAGE_OTHER, 554, "", "The customer has reached his quota", "recipient.mailbox_full" },
	{ "plain words: No room left in mailbox", STAGE_OTHER, 552, "", "No room left in mailbox", "recipient.mailbox_full" },
	{ "plain words: Inbox storage limit hit", STAGE_OTHER, 550, "", "Inbox storage limit hit", "recipient.mailbox_full" },
	{ "plain words: The recipient has chosen not to receive your mail", STAGE_OTHER, 550, "", "The recipient has chosen not to receive your mail", "recipient.refused" },
	{ "plain words: You have been blocked by the recipient", STAGE_OTHER, 550, "", "You have been blocked by the recipient", "recipient.refused" },
	{ "plain words: This list is for announcements; replies are not accepted", STAGE_OTHER, 550, "", "This list is for announcements; replies are not accepted", "recipient.refused" },
	{ "plain words: Only registered senders can mail this address", STAGE_OTHER, 550, "", "Only registered senders can mail this address", "recipient.refused" },
	{ "plain words: This address only receives internal messages", STAGE_OTHER, 550, "", "This address only receives internal messages", "recipient.refused" },
	{ "plain words: You cannot relay through this host", STAGE_OTHER, 550, "", "You cannot relay through this host", "policy.relay_denied" },
	{ "plain words: We are not a relay for b.example", STAGE_OTHER, 553, "", "We are not a relay for b.example", "policy.relay_denied" },
	{ "plain words: Mail to b.example is not handled here", STAGE_OTHER, 550, "", "Mail to b.example is not handled here", "policy.relay_denied" },
	{ "plain words: Recipient domain not served by this machine", STAGE_OTHER, 554, "", "Recipient domain not served by this machine", "policy.relay_denied" },
	{ "plain words: Log in before sending mail", STAGE_OTHER, 530, "", "Log in before sending mail", "auth.required" },
	{ "plain words: You need to authenticate first", STAGE_OTHER, 550, "", "You need to authenticate first", "auth.required" },
	{ "plain words: SMTP AUTH is mandatory on this port", STAGE_OTHER, 554, "", "SMTP AUTH is mandatory on this port", "auth.required" },
	{ "plain words: Bad username or password", STAGE_OTHER, 535, "", "Bad username or password", "auth.credentials_rejected" },
	{ "plain words: Login incorrect", STAGE_OTHER, 535, "", "Login incorrect", "auth.credentials_rejected" },
	{ "plain words: Sorry, wrong password", STAGE_OTHER, 535, "", "Sorry, wrong password", "auth.credentials_rejected" },
	{ "plain words: Too many failed logins, account locked", STAGE_OTHER, 554, "", "Too many failed logins, account locked", "auth.credentials_rejected" },
	{ "plain words: Your server is on our deny list", STAGE_OTHER, 554, "", "Your server is on our deny list", "sender.ip_blocklisted" },
	{ "plain words: We have received too much spam from your network", STAGE_OTHER, 550, "", "We have received too much spam from your network", "sender.ip_blocklisted" },
	{ "plain words: Connection from 192.0.2.3 rejected: poor sender score", STAGE_OTHER, 554, "", "Connection from 192.0.2.3 rejected: poor sender score", "sender.ip_blocklisted" },
	{ "plain words: Host 192.0.2.3 is an open proxy", STAGE_OTHER, 550, "", "Host 192.0.2.3 is an open proxy", "sender.ip_blocklisted" },
	{ "plain words: Mail from your ISP is not accepted here", STAGE_OTHER, 554, "", "Mail from your ISP is not accepted here", "sender.ip_blocklisted" },
	{ "plain words: Mail server listed in RBL", STAGE_OTHER, 550, "5.7.1", "Mail server listed in RBL", "sender.ip_blocklisted" },
	{ "plain words: We don't accept mail from dynamic addresses", STAGE_OTHER, 550, "", "We don't accept mail from dynamic addresses", "sender.ip_blocklisted" },
	{ "plain words: Your mail server must have valid rDNS", STAGE_OTHER, 550, "", "Your mail server must have valid rDNS", "sender.reverse_dns" },
	{ "plain words: The IP 192.0.2.3 has no name in DNS", STAGE_OTHER, 550, "", "The IP 192.0.2.3 has no name in DNS", "sender.reverse_dns" },
	{ "plain words: PTR record does not resolve back to 192.0.2.3", STAGE_OTHER, 554, "", "PTR record does not resolve back to 192.0.2.3", "sender.reverse_dns" },
	{ "plain words: Unable to determine your host name", STAGE_OTHER, 550, "", "Unable to determine your host name", "sender.reverse_dns" },
	{ "plain words: 192.0.2.3 is not a designated mailer for b.example", STAGE_OTHER, 550, "", "192.0.2.3 is not a designated mailer for b.example", "sender.spf" },
	{ "plain words: Mail from b.example must come from its own servers (see SPF)", STAGE_OTHER, 550, "", "Mail from b.example must come from its own servers (see SPF)", "sender.spf" },
	{ "plain words: Message has no acceptable DKIM signature", STAGE_OTHER, 550, "", "Message has no acceptable DKIM signature", "sender.dkim" },
	{ "plain words: Signature check failed: body has been altered", STAGE_OTHER, 554, "", "Signature check failed: body has been altered", "sender.dkim" },
	{ "plain words: Failed DMARC alignment", STAGE_OTHER, 550, "", "Failed DMARC alignment", "sender.dmarc" },
	{ "plain words: Your address cannot be replied to", STAGE_OTHER, 550, "", "Your address cannot be replied to", "sender.domain_invalid" },
	{ "plain words: sender domain has neither MX nor A", STAGE_OTHER, 553, "", "sender domain has neither MX nor A", "sender.domain_invalid" },
	{ "plain words: We cannot bounce to your address", STAGE_OTHER, 550, "", "We cannot bounce to your address", "sender.domain_invalid" },
	{ "plain words: We do not want mail from your domain", STAGE_OTHER, 550, "", "We do not want mail from your domain", "sender.refused" },
	{ "plain words: b.example is on our list of banned senders", STAGE_OTHER, 553, "", "b.example is on our list of banned senders", "sender.refused" },
	{ "plain words: You are not welcome here", STAGE_OTHER, 554, "", "You are not welcome here", "sender.refused" },
	{ "plain words: You may only send mail as yourself", STAGE_OTHER, 553, "", "You may only send mail as yourself", "sender.not_owned" },
	{ "plain words: The From address is not one of your identities", STAGE_OTHER, 550, "", "The From address is not one of your identities", "sender.not_owned" },
	{ "plain words: You have sent too many messages in the last hour", STAGE_OTHER, 550, "", "You have sent too many messages in the last hour", "sender.rate_limited" },
	{ "plain words: Slow down, you are sending too fast", STAGE_OTHER, 554, "", "Slow down, you are sending too fast", "sender.rate_limited" },
	{ "plain words: Message limit for today reached", STAGE_OTHER, 550, "", "Message limit for today reached", "sender.rate_limited" },
	{ "plain words: Connection limit reached for your IP", STAGE_OTHER, 554, "", "Connection limit reached for your IP", "sender.rate_limited" },
	{ "plain words: We think this message is junk", STAGE_OTHER, 554, "", "We think this message is junk", "policy.spam_content" },
	{ "plain words: This looks a lot like spam to us", STAGE_OTHER, 550, "", "This looks a lot like spam to us", "policy.spam_content" },
	{ "plain words: The contents triggered our filters", STAGE_OTHER, 554, "", "The contents triggered our filters", "policy.spam_content" },
	{ "plain words: Message blocked: suspicious link", STAGE_OTHER, 550, "", "Message blocked: suspicious link", "policy.spam_content" },
	{ "plain words: ClamAV found Win.Test.EICAR_HDB-1", STAGE_OTHER, 554, "", "ClamAV found Win.Test.EICAR_HDB-1", "policy.virus" },
	{ "plain words: Infected attachment removed", STAGE_OTHER, 550, "", "Infected attachment removed", "policy.virus" },
	{ "plain words: ZIP files are not accepted", STAGE_OTHER, 554, "", "ZIP files are not accepted", "policy.attachment_banned" },
	{ "plain words: We do not accept .docm documents", STAGE_OTHER, 550, "", "We do not accept .docm documents", "policy.attachment_banned" },
	{ "plain words: Attachments of this kind are blocked", STAGE_OTHER, 554, "", "Attachments of this kind are blocked", "policy.attachment_banned" },
	{ "plain words: That is more than we accept: 30 MB", STAGE_OTHER, 552, "", "That is more than we accept: 30 MB", "message.too_large" },
	{ "plain words: Message length exceeds administrative limit", STAGE_OTHER, 523, "", "Message length exceeds administrative limit", "message.too_large" },
	{ "plain words: Mail over 20MB refused", STAGE_OTHER, 552, "", "Mail over 20MB refused", "message.too_large" },
	{ "plain words: This message has no Date header", STAGE_OTHER, 554, "", "This message has no Date header", "message.malformed" },
	{ "plain words: Broken MIME", STAGE_OTHER, 550, "", "Broken MIME", "message.malformed" },
	{ "plain words: Two From lines found", STAGE_OTHER, 554, "", "Two From lines found", "message.malformed" },
	{ "plain words: Message has been here before", STAGE_OTHER, 554, "", "Message has been here before", "message.loop" },
	{ "plain words: Too many Received lines", STAGE_OTHER, 550, "", "Too many Received lines", "message.loop" },
	{ "plain words: SMTPUTF8 was not offered by the next host", STAGE_OTHER, 550, "", "SMTPUTF8 was not offered by the next host", "message.needs_unavailable_encoding" },
	{ "plain words: There is no such domain a.example", STAGE_OTHER, 550, "", "There is no such domain a.example", "routing.domain_not_found" },
	{ "plain words: Can't find MX for a.example", STAGE_OTHER, 553, "", "Can't find MX for a.example", "routing.domain_not_found" },
	{ "plain words: Could not reach the next server", STAGE_OTHER, 554, "", "Could not reach the next server", "routing.unreachable" },
	{ "plain words: Gave up after 5 days", STAGE_OTHER, 550, "", "Gave up after 5 days", "routing.unreachable" },
	{ "plain words: a.example takes no mail", STAGE_OTHER, 556, "", "a.example takes no mail", "routing.no_mail_accepted" },
	{ "plain words: Something went wrong here, sorry", STAGE_OTHER, 554, "", "Something went wrong here, sorry", "server.internal_error" },
	{ "plain words: LDAP lookup failed", STAGE_OTHER, 554, "", "LDAP lookup failed", "server.internal_error" },
	{ "plain words: Disk full on server", STAGE_OTHER, 552, "", "Disk full on server", "server.out_of_resources" },
	{ "plain words: VRFY is turned off", STAGE_OTHER, 502, "", "VRFY is turned off", "server.command_disabled" },
	{ "plain words: You made too many mistakes, bye", STAGE_OTHER, 521, "", "You made too many mistakes, bye", "server.too_many_errors" },
	{ "plain words: Clear text sessions are refused", STAGE_OTHER, 550, "", "Clear text sessions are refused", "tls.required" },
	{ "plain words: Encrypt first", STAGE_OTHER, 530, "", "Encrypt first", "tls.required" },
	{ "plain words: TLS is broken here at the moment", STAGE_OTHER, 554, "", "TLS is broken here at the moment", "tls.unavailable" },
	{ "plain words: Passwords travel only over TLS", STAGE_OTHER, 538, "", "Passwords travel only over TLS", "auth.encryption_required" },
	{ "plain words: That is not your name", STAGE_OTHER, 550, "", "That is not your name", "client.helo_name_invalid" },
	{ "plain words: You may not call yourself localhost", STAGE_OTHER, 554, "", "You may not call yourself localhost", "client.helo_name_invalid" },
	{ "plain words: Who are you? Say hello first", STAGE_OTHER, 503, "", "Who are you? Say hello first", "client.bad_sequence" },
	{ "plain words: You talk before I greet", STAGE_OTHER, 554, "", "You talk before I greet", "client.pipelining_not_advertised" },
	{ "plain words: Lines must end in CRLF", STAGE_OTHER, 550, "", "Lines must end in CRLF", "client.bare_newline" },
	{ "plain words: Line exceeds 998 characters", STAGE_OTHER, 500, "", "Line exceeds 998 characters", "client.line_too_long" },
	{ "plain words: Unbalanced brackets in address", STAGE_OTHER, 501, "", "Unbalanced brackets in address", "client.address_syntax" },
	{ "plain words: MAIL takes FROM:<address>", STAGE_OTHER, 501, "", "MAIL takes FROM:<address>", "client.argument_syntax" },
	{ "plain words: At most 50 recipients, please", STAGE_OTHER, 552, "", "At most 50 recipients, please", "recipient.too_many" },
	{ "plain words: We refuse this mail for reasons of our own", STAGE_OTHER, 554, "", "We refuse this mail for reasons of our own", "policy.unspecified" },
	{ "plain words: Blocked by corporate rule 17", STAGE_OTHER, 550, "", "Blocked by corporate rule 17", "policy.unspecified" },
};

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

static bool accepted(const char *causes, enum cause cause)
{
	for (struct cut cut = bytes_cut(bytes_of(causes), '|');; cut = bytes_cut(cut.tail, '|')) {
		enum cause one = cause_find(cut.head);
		assert_true(one < CAUSE_COUNT);
		if (one == cause)
			return true;
		if (!cut.found)
			return false;
	}
}

static struct words_result judge(const struct words *table, const struct reply_case *k)
{
	struct guard guard = guarded(bytes_of(k->text));
	struct reply reply = { .code = k->code, .text = guard.bytes };
	unsigned class, subject, detail;
	if (sscanf(k->enhanced, "%u.%u.%u", &class, &subject, &detail) == 3)
		reply.enhanced = (struct enhanced){ true, (uint16_t)class, (uint16_t)subject, (uint16_t)detail };
	struct words_result result = words_judge(table, k->stage, &reply);
	if (result.matched.n) {
		assert_true(result.matched.p >= reply.text.p);
		assert_true(result.matched.p + result.matched.n <= reply.text.p + reply.text.n);
	}
	result.matched = (struct bytes){ 0 };
	guard_free(&guard);
	return result;
}

static void one_reply(void **state)
{
	const struct reply_case *k = *state;
	struct words_result result = judge(words, k);
	if (!accepted(k->causes, result.cause))
		fail_msg("%s: '%s' is taken for %s, not %s", k->name, k->text, cause_entry(result.cause)->slug, k->causes);
	for (size_t i = 0; i < result.nalso; i++)
		assert_int_not_equal(result.also[i], result.cause);
}

/* ---- evidence ---- */

static void evidence_is_the_servers_own_text(void **state)
{
	struct reply reply = { .code = 550, .text = B("<B\xc3\xb6" "b@a.example>: Recipient address rejected: User Unknown in local table") };
	(void)state;
	struct words_result r = words_judge(words, STAGE_RCPT, &reply);
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
	struct words_result r = judge(own, &(struct reply_case){ k->name, STAGE_RCPT, bytes_find(bytes_of(k->rules), B("599")) == BYTES_NONE ? 550 : 599, "5.1.1",
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
	struct words_result r = judge(own, &(struct reply_case){ k->name, STAGE_RCPT, 550, "", k->text, "" });
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
	words_judge(words, STAGE_RCPT, &reply);
	memset(text, '"', sizeof text);
	words_judge(words, STAGE_RCPT, &reply);
	memset(text, 0xe4, sizeof text);
	words_judge(words, STAGE_RCPT, &reply);
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
	failed += TABLE_RUN("words of servers and providers", servers, one_reply);
	failed += TABLE_RUN("plain words", plain, one_reply);
	failed += TABLE_RUN("mixed replies", mixed, one_reply);
	failed += TABLE_RUN("traps", traps, one_reply);
	failed += TABLE_RUN("rules files", rules, one_rules_file);
	failed += TABLE_RUN("patterns", patterns, one_pattern);
	failed += cmocka_run_group_tests(others, NULL, NULL);
	words_free(words);
	return failed != 0;
}
