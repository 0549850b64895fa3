/* gen_mail.c - what clients and servers of mail say to each other: servers' wordings in a table, dialogues that end in one refusal
 * or another. Each refusal that was planned gives exactly one 5xx reply. */
#include "gen.h"

#include <string.h>

/* A server's wordings, codes included; %s: host, address, or number, as each needs. LF stands between lines of one reply. */
struct wording {
	const char *greeting, *ehlo, *helo, *sender, *recipient, *data, *queued, *bye, *tls, *reset, *noop;
	const char *refused, *ehlo_refused, *sender_refused, *user_unknown, *relay, *login, *tls_first, *password, *spam, *too_large,
		*verb, *sequence, *syntax, *parameter;
};

static const struct wording wordings[] = {
	{ "220 %s ESMTP Postfix (Debian/GNU)",
	  "250-%s\n250-PIPELINING\n250-SIZE 52428800\n250-VRFY\n250-ETRN\n250-STARTTLS\n250-AUTH PLAIN LOGIN\n250-ENHANCEDSTATUSCODES\n250-8BITMIME\n250-DSN\n250-SMTPUTF8\n250 CHUNKING",
	  "250 %s", "250 2.1.0 Ok", "250 2.1.5 Ok", "354 End data with <CR><LF>.<CR><LF>", "250 2.0.0 Ok: queued as %s", "221 2.0.0 Bye",
	  "220 2.0.0 Ready to start TLS", "250 2.0.0 Ok", "250 2.0.0 Ok",
	  "554 5.7.1 %s ESMTP not accepting messages from your network", "502 5.5.1 Error: command not recognized",
	  "553 5.1.8 <%s>: Sender address rejected: Domain not found",
	  "550 5.1.1 <%s>: Recipient address rejected: User unknown in local recipient table",
	  "554 5.7.1 <%s>: Relay access denied", "530 5.7.0 Authentication required", "530 5.7.0 Must issue a STARTTLS command first",
	  "535 5.7.8 Error: authentication failed: UGFzc3dvcmQ6", "550 5.7.1 Message content rejected, id=%s: looks like spam",
	  "552 5.3.4 Message size exceeds fixed limit", "502 5.5.2 Error: command not recognized", "503 5.5.1 Error: need MAIL command",
	  "501 5.1.7 Bad sender address syntax", "555 5.5.4 Unsupported option: %s" },
	{ "220 %s ESMTP Exim 4.96 Wed, 15 Nov 2023 06:13:20 +0000",
	  "250-%s Hello client [10.0.0.1]\n250-SIZE 52428800\n250-8BITMIME\n250-PIPELINING\n250-PIPECONNECT\n250-AUTH PLAIN LOGIN\n250-CHUNKING\n250-STARTTLS\n250-PRDR\n250 HELP",
	  "250 %s Hello client", "250 OK", "250 Accepted", "354 Enter message, ending with \".\" on a line by itself", "250 OK id=1r3abc-%s",
	  "221 mx closing connection", "220 TLS go ahead", "250 Reset OK", "250 OK",
	  "554 SMTP synchronization error on %s", "500 unrecognized command",
	  "550 Sender verify failed for <%s>", "550 <%s>: No such user here", "550 relay not permitted to <%s>", "550 authentication is needed",
	  "530 STARTTLS is mandatory here", "535 Incorrect authentication data", "550 This message was classified as spam (%s)",
	  "552 message too big for this host", "500 unrecognized command", "503 sender not yet given", "501 <who knows>: malformed address: end of input",
	  "555 %s: not supported" },
	{ "220 %s ESMTP Sendmail 8.17.1/8.17.1; Wed, 15 Nov 2023 06:13:20 GMT",
	  "250-%s Hello client.example [10.0.0.1], pleased to meet you\n250-ENHANCEDSTATUSCODES\n250-PIPELINING\n250-8BITMIME\n250-SIZE 36700160\n250-DSN\n250-ETRN\n250-AUTH DIGEST-MD5 CRAM-MD5 LOGIN PLAIN\n250-STARTTLS\n250-DELIVERBY\n250 HELP",
	  "250 %s Hello client.example, pleased to meet you", "250 2.1.0 Sender ok", "250 2.1.5 Recipient ok",
	  "354 Enter mail, end with \".\" on a line by itself", "250 2.0.0 3AF6DKt%s Message accepted for delivery", "221 2.0.0 closing connection",
	  "220 2.0.0 Ready to start TLS", "250 2.0.0 Reset state", "250 2.0.0 OK",
	  "554 %s ESMTP not accepting messages", "500 5.5.1 Command unrecognized: \"EHLO client\"",
	  "553 5.1.8 <%s>... Domain of sender address does not exist", "550 5.1.1 <%s>... User unknown",
	  "550 5.7.1 <%s>... Relaying denied. Proper authentication required.", "530 5.7.0 Authentication required",
	  "530 5.7.0 Must issue a STARTTLS command first", "535 5.7.0 authentication failed", "554 5.7.1 Message %s rejected by content filter",
	  "552 5.2.3 Message size exceeds fixed maximum message size (36700160)", "500 5.5.1 Command unrecognized: \"TURNIP\"",
	  "503 5.0.0 Need MAIL before RCPT", "501 5.5.2 Syntax error in parameters scanning \"FROM\"", "555 5.5.4 %s parameter unrecognized" },
	{ "220 %s Microsoft ESMTP MAIL Service ready at Wed, 15 Nov 2023 06:13:20 +0000",
	  "250-%s Hello [10.0.0.1]\n250-SIZE 37748736\n250-PIPELINING\n250-DSN\n250-ENHANCEDSTATUSCODES\n250-STARTTLS\n250-AUTH NTLM LOGIN\n250-X-EXPS GSSAPI NTLM\n250-8BITMIME\n250-BINARYMIME\n250-CHUNKING\n250 SMTPUTF8",
	  "250 %s Hello [10.0.0.1]", "250 2.1.0 Sender OK", "250 2.1.5 Recipient OK", "354 Start mail input; end with <CRLF>.<CRLF>",
	  "250 2.6.0 <%s@client.example> [InternalId=412316860417] Queued mail for delivery", "221 2.0.0 Service closing transmission channel",
	  "220 2.0.0 SMTP server ready", "250 2.0.0 Resetting", "250 2.0.0 OK",
	  "554 5.7.1 Service unavailable on %s", "502 5.3.3 Command not implemented", "550 5.1.8 <%s> sender denied",
	  "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient %s not found by SMTP address lookup", "550 5.7.54 SMTP; Unable to relay recipient %s in non-accepted domain",
	  "530 5.7.57 Client not authenticated to send mail", "530 5.7.0 Must issue a STARTTLS command first", "535 5.7.3 Authentication unsuccessful",
	  "550 5.7.1 Message rejected as spam by Content Filtering (%s)", "552 5.3.4 Message size exceeds fixed maximum message size",
	  "500 5.3.3 Unrecognized command 'TURNIP'", "503 5.5.2 Need mail command", "501 5.1.7 Invalid address", "555 5.5.4 Unsupported option %s" },
	{ "220 %s ESMTP", "250-%s\n250-PIPELINING\n250-8BITMIME\n250-STARTTLS\n250-AUTH LOGIN PLAIN\n250 SIZE 20971520",
	  "250 %s", "250 ok", "250 ok", "354 go ahead", "250 ok 1700028800 qp %s", "221 mx", "220 ready for tls", "250 flushed", "250 ok",
	  "554 %s: your address is listed", "502 unimplemented (#5.5.1)", "553 sorry, <%s> is not allowed to send (#5.7.1)", "550 sorry, no mailbox here by the name of %s (#5.1.1)",
	  "553 sorry, that domain isn't in my list of allowed rcpthosts: %s (#5.7.1)", "530 authenticate first (#5.7.1)", "530 must use TLS first (#5.7.0)",
	  "535 authorization failed (#5.7.0)", "554 mail server permanently rejected message %s (#5.3.0)", "552 sorry, that message size exceeds my databytes limit (#5.3.4)",
	  "502 unimplemented (#5.5.1)", "503 MAIL first (#5.5.1)", "501 syntax error in MAIL (#5.5.4)", "555 syntax error (%s)" },
};
enum { NWORDINGS = sizeof wordings / sizeof *wordings };

struct mail {
	struct gen *gen;
	struct conn *conn;
	const struct wording *words;
	char host[48], client[40], sender[64], recipient[64], id[16];
	bool extended;
};

static const char *const names[] = { "anna", "ben", "carla", "dmitri", "elif", "farid", "greta", "hugo", "ines", "jonas", "kim", "lena" };

static void name_all(struct mail *m)
{
	struct gen *g = m->gen;
	snprintf(m->host, sizeof m->host, "mx%u.mail%u.example", gen_below(g, 4), gen_below(g, 200));
	snprintf(m->client, sizeof m->client, "out%u.client%u.example", gen_below(g, 8), gen_below(g, 4000));
	snprintf(m->sender, sizeof m->sender, "%s.%u@client%u.example", names[gen_below(g, 12)], gen_below(g, 100), gen_below(g, 4000));
	snprintf(m->id, sizeof m->id, "%08X", (unsigned)gen_random(g));
}

static void name_recipient(struct mail *m)
{
	struct gen *g = m->gen;
	snprintf(m->recipient, sizeof m->recipient, "%s%u@mail%u.example", names[gen_below(g, 12)], gen_below(g, 5000), gen_below(g, 200));
}

/* LF becomes CRLF. A 5xx is written down as one. */
static void reply(struct mail *m, const char *wording, const char *argument)
{
	char text[1024], wire[1100];
	size_t n = 0;
	snprintf(text, sizeof text, wording, argument);
	for (const char *p = text; *p; p++) {
		if (*p == '\n')
			wire[n++] = '\r';
		wire[n++] = *p;
	}
	wire[n++] = '\r';
	wire[n++] = '\n';
	struct conn *c = m->conn;
	uint64_t from = c->said[SERVER];
	conn_put(c, SERVER, gen_between(m->gen, 200, 8000), wire, n);
	if (text[0] == '5' && c->nrefusals < REFUSALS_MOST)
		c->refusals[c->nrefusals++] = (struct refusal){ from, c->said[SERVER], (text[0] - '0') * 100 + (text[1] - '0') * 10 + text[2] - '0' };
}

static uint32_t think(struct mail *m)
{
	return gen_between(m->gen, 50, 5000);
}

#define SAY(m, ...) conn_say((m)->conn, CLIENT, think(m), __VA_ARGS__)

static void greet(struct mail *m)
{
	m->extended = true;
	reply(m, m->words->greeting, m->host);
	SAY(m, "EHLO %s\r\n", m->client);
	reply(m, m->words->ehlo, m->host);
}

static void quit(struct mail *m)
{
	SAY(m, "QUIT\r\n");
	reply(m, m->words->bye, "");
}

/* ---- a message ---- */

static void headers(struct mail *m, char *room, size_t n)
{
	snprintf(room, n, "Received: from app (localhost [127.0.0.1])\r\n\tby %s (Postfix) with ESMTP id %s\r\n\tfor <%s>; Wed, 15 Nov 2023 06:13:20 +0000 (UTC)\r\n"
		 "From: <%s>\r\nTo: <%s>\r\nSubject: Report %s of today\r\nDate: Wed, 15 Nov 2023 06:13:20 +0000\r\nMessage-ID: <%s@%s>\r\n"
		 "MIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n",
		 m->client, m->id, m->recipient, m->sender, m->recipient, m->id, m->id, m->client);
}

static size_t whole_lines(struct gen *g, size_t least, size_t most)
{
	size_t span = most - least + 1;
	return (least + (size_t)(gen_random(g) % span)) / LINES_WIDTH * LINES_WIDTH;
}

static size_t line_at(struct gen *g)
{
	return (size_t)gen_below(g, POOL_ROOM / LINES_WIDTH) * LINES_WIDTH;
}

static void content(struct mail *m, struct mail_plan plan)
{
	char head[1024];
	headers(m, head, sizeof head);
	conn_put(m->conn, CLIENT, think(m), head, strlen(head));
	conn_pool(m->conn, CLIENT, 0, LINES, line_at(m->gen), whole_lines(m->gen, plan.least, plan.most));
	conn_put(m->conn, CLIENT, 0, ".\r\n", 3);
}

static void chunks(struct mail *m, struct mail_plan plan)
{
	char head[1024];
	size_t n = whole_lines(m->gen, plan.least, plan.most);
	headers(m, head, sizeof head);
	SAY(m, "BDAT %zu LAST\r\n%s", n + strlen(head), head);
	conn_pool(m->conn, CLIENT, 0, LINES, line_at(m->gen), n);
	reply(m, m->words->queued, m->id);
}

/* MAIL, RCPT and DATA in one segment, and their replies in one. */
static void pipelined(struct mail *m)
{
	SAY(m, "MAIL FROM:<%s> SIZE=%u\r\nRCPT TO:<%s>\r\nDATA\r\n", m->sender, 4000 + gen_below(m->gen, 4000), m->recipient);
	conn_say(m->conn, SERVER, 900, "%s\r\n%s\r\n%s\r\n", m->words->sender, m->words->recipient, m->words->data);
}

static void envelope(struct mail *m)
{
	SAY(m, "MAIL FROM:<%s>\r\n", m->sender);
	reply(m, m->words->sender, "");
	SAY(m, "RCPT TO:<%s>\r\n", m->recipient);
	reply(m, m->words->recipient, "");
}

static void message(struct mail *m, struct mail_plan plan)
{
	name_recipient(m);
	unsigned way = gen_below(m->gen, 10);
	if (way < 5) {
		pipelined(m);
	} else {
		envelope(m);
		if (way == 5 && strstr(m->words->ehlo, "CHUNKING")) {
			chunks(m, plan);
			return;
		}
		SAY(m, "DATA\r\n");
		reply(m, m->words->data, "");
	}
	content(m, plan);
	reply(m, m->words->queued, m->id);
}

/* ---- refusals; true: the session ends with it ---- */

static bool refuse_recipient(struct mail *m, struct mail_plan plan)
{
	(void)plan;
	name_recipient(m);
	SAY(m, "MAIL FROM:<%s>\r\n", m->sender);
	reply(m, m->words->sender, "");
	SAY(m, "RCPT TO:<%s>\r\n", m->recipient);
	reply(m, gen_below(m->gen, 4) ? m->words->user_unknown : m->words->relay, m->recipient);
	SAY(m, "RSET\r\n");
	reply(m, m->words->reset, "");
	return false;
}

static bool refuse_sender(struct mail *m, struct mail_plan plan)
{
	(void)plan;
	SAY(m, "MAIL FROM:<%s>\r\n", m->sender);
	reply(m, m->words->sender_refused, m->sender);
	return false;
}

static bool refuse_stranger(struct mail *m, struct mail_plan plan)
{
	(void)plan;
	SAY(m, "MAIL FROM:<%s>\r\n", m->sender);
	reply(m, gen_below(m->gen, 2) ? m->words->login : m->words->tls_first, "");
	return false;
}

static bool refuse_password(struct mail *m, struct mail_plan plan)
{
	(void)plan;
	if (gen_below(m->gen, 2)) {
		SAY(m, "AUTH PLAIN AGFubmEAd3JvbmcgcGFzc3dvcmQ=\r\n");
	} else {
		SAY(m, "AUTH LOGIN\r\n");
		conn_say(m->conn, SERVER, 300, "334 VXNlcm5hbWU6\r\n");
		SAY(m, "YW5uYQ==\r\n");
		conn_say(m->conn, SERVER, 300, "334 UGFzc3dvcmQ6\r\n");
		SAY(m, "d3JvbmcgcGFzc3dvcmQ=\r\n");
	}
	reply(m, m->words->password, "");
	return false;
}

static bool refuse_content(struct mail *m, struct mail_plan plan)
{
	name_recipient(m);
	if (gen_below(m->gen, 2)) {
		pipelined(m);
	} else {
		envelope(m);
		SAY(m, "DATA\r\n");
		reply(m, m->words->data, "");
	}
	content(m, plan);
	reply(m, m->words->spam, m->id);
	return false;
}

static bool refuse_size(struct mail *m, struct mail_plan plan)
{
	(void)plan;
	SAY(m, "MAIL FROM:<%s> SIZE=%u\r\n", m->sender, 60000000 + gen_below(m->gen, 60000000));
	reply(m, m->words->too_large, "");
	return false;
}

static bool refuse_verb(struct mail *m, struct mail_plan plan)
{
	static const char *const verbs[] = { "TURNIP", "XADR", "HELLO there", "FOO BAR" };
	(void)plan;
	SAY(m, "%s\r\n", verbs[gen_below(m->gen, 4)]);
	reply(m, m->words->verb, "");
	return false;
}

static bool refuse_sequence(struct mail *m, struct mail_plan plan)
{
	(void)plan;
	name_recipient(m);
	SAY(m, "RCPT TO:<%s>\r\n", m->recipient);
	reply(m, m->words->sequence, "");
	return false;
}

static bool refuse_syntax(struct mail *m, struct mail_plan plan)
{
	static const char *const forms[] = { "MAIL FROM: who knows\r\n", "MAIL FROM:<anna@@client.example>\r\n", "MAIL FROM <anna@client.example>\r\n" };
	(void)plan;
	SAY(m, "%s", forms[gen_below(m->gen, 3)]);
	reply(m, m->words->syntax, "");
	return false;
}

static bool refuse_parameter(struct mail *m, struct mail_plan plan)
{
	(void)plan;
	SAY(m, "MAIL FROM:<%s> TURNIP=1\r\n", m->sender);
	reply(m, m->words->parameter, "TURNIP=1");
	return false;
}

typedef bool refusal_function(struct mail *, struct mail_plan);
static refusal_function *const refusals[] = {
	refuse_recipient, refuse_recipient, refuse_recipient, refuse_recipient, refuse_sender, refuse_stranger, refuse_password, refuse_content,
	refuse_size, refuse_verb, refuse_sequence, refuse_syntax, refuse_parameter,
};

static void refused_at_once(struct mail *m)
{
	reply(m, m->words->refused, m->host);
	quit(m);
}

static void refused_ehlo(struct mail *m)
{
	reply(m, m->words->greeting, m->host);
	SAY(m, "EHLO %s\r\n", m->client);
	reply(m, m->words->ehlo_refused, "");
	SAY(m, "HELO %s\r\n", m->client);
	reply(m, m->words->helo, m->host);
}

/* What follows STARTTLS is opaque: a handshake's records and some application data. */
static void encrypted(struct mail *m, size_t n)
{
	static const uint8_t hello[] = { 22, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3 }, server_hello[] = { 22, 3, 3, 0, 122, 2, 0, 0, 118, 3, 3 };
	static const uint8_t record[] = { 23, 3, 3, 0x10, 0 };
	struct conn *c = m->conn;
	size_t at = gen_below(m->gen, POOL_ROOM / 2);
	SAY(m, "STARTTLS\r\n");
	reply(m, m->words->tls, "");
	conn_put(c, CLIENT, 900, hello, sizeof hello);
	conn_pool(c, CLIENT, 0, NOISE, at, 517 - sizeof hello);
	conn_put(c, SERVER, 900, server_hello, sizeof server_hello);
	conn_pool(c, SERVER, 0, NOISE, at, 127 - sizeof server_hello);
	conn_put(c, SERVER, 0, record, sizeof record);
	conn_pool(c, SERVER, 0, NOISE, at, 4096);
	for (size_t sent = 0; sent < n; sent += 4096) {
		conn_put(c, CLIENT, sent ? 0 : 2000, record, sizeof record);
		conn_pool(c, CLIENT, 0, NOISE, at + sent % 65536, 4096);
	}
	conn_put(c, SERVER, 2000, "\x17\x03\x03\x00\x20", 5);
	conn_pool(c, SERVER, 0, NOISE, at, 32);
}

void mail_session(struct gen *g, struct conn *c, struct mail_plan plan)
{
	static const uint16_t ports[] = { 25, 25, 25, 25, 25, 25, 587, 587, 25, 2525 };
	conn_begin(g, c, ports[gen_below(g, 10)]);
	struct mail m = { .gen = g, .conn = c, .words = &wordings[gen_below(g, NWORDINGS)] };
	c->is_mail = true;
	c->closing = gen_below(g, 20) ? CLOSE_FIN : CLOSE_RESET;
	name_all(&m);
	unsigned refused = 0, dice = gen_below(g, 100);
	if (plan.refusals == 1 && dice < 5) {
		refused_at_once(&m);
		return;
	}
	if (plan.refusals && dice < 10) {
		refused_ehlo(&m);
		refused++;
	} else {
		greet(&m);
	}
	if (!plan.refusals && dice < 12) {
		encrypted(&m, plan.most);
		return;
	}
	while (refused < plan.refusals) {
		refusals[gen_below(g, sizeof refusals / sizeof *refusals)](&m, plan);
		refused++;
	}
	for (unsigned i = 0; i < plan.messages; i++)
		message(&m, plan);
	quit(&m);
}

/* Half open, open without a word, or greeted and then nothing but a NOOP now and then. */
void mail_idle(struct gen *g, struct conn *c)
{
	conn_begin(g, c, 25);
	struct mail m = { .gen = g, .conn = c, .words = &wordings[gen_below(g, NWORDINGS)] };
	unsigned dice = gen_below(g, 10);
	c->closing = CLOSE_NEVER;
	name_all(&m);
	if (dice < 3) {
		c->stop_after = 1 + gen_below(g, 2);
		return;
	}
	if (dice < 5)
		return;
	c->is_mail = true;
	greet(&m);
	if (dice < 7)
		refuse_recipient(&m, (struct mail_plan){ 0 });
	for (unsigned i = gen_below(g, 4); i; i--) {
		conn_say(c, CLIENT, gen_between(g, 20000000, 60000000), "NOOP\r\n");
		reply(&m, m.words->noop, "");
	}
}
