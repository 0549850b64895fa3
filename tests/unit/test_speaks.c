/* test_speaks.c - first bytes of SMTP and of what is not, whole and at every cut; nDPI's word for the strange. */
#include "flow/speaks.h"

#include "support/guard.h"
#include "support/table.h"

#include <string.h>

static const struct kase {
	const char *name;
	bool server;
	enum look want;
	const char *first;
} cases[] = {
	{ "EHLO", false, LOOK_SMTP, "EHLO mail.example\r\n" },
	{ "helo in small letters", false, LOOK_SMTP, "helo a\r\n" },
	{ "LHLO", false, LOOK_SMTP, "LHLO a\r\n" },
	{ "MAIL in the middle", false, LOOK_SMTP, "MAIL FROM:<a@b>\r\n" },
	{ "QUIT is said elsewhere too", false, LOOK_MAYBE, "QUIT\r\n" },
	{ "HTTP", false, LOOK_NO, "GET / HTTP/1.1\r\n" },
	{ "TLS", false, LOOK_NO, "\x16\x03\x01\x02" },
	{ "SSH", false, LOOK_NO, "SSH-2.0-x\r\n" },
	{ "FTP's USER", false, LOOK_NO, "USER a\r\n" },
	{ "IMAP", false, LOOK_NO, "a1 LOGIN a b\r\n" },
	{ "POP3's CAPA", false, LOOK_NO, "CAPA\r\n" },
	{ "HELOX is no HELO", false, LOOK_NO, "HELOX a\r\n" },
	{ "a greeting with SMTP in it", true, LOOK_SMTP, "220 mx.example ESMTP\r\n" },
	{ "a greeting of several lines", true, LOOK_SMTP, "220-mx.example ESMTP\r\n" },
	{ "a bare greeting", true, LOOK_MAYBE, "220 mx.example\r\n" },
	{ "a greeting masked", true, LOOK_SMTP, "220 ***********\r\n" },
	{ "a refusing greeting", true, LOOK_SMTP, "554 no service\r\n" },
	{ "521", true, LOOK_SMTP, "521 host does not accept mail\r\n" },
	{ "421 with a status", true, LOOK_SMTP, "421 4.7.0 too many\r\n" },
	{ "421 without", true, LOOK_MAYBE, "421 too many\r\n" },
	{ "FTP by name", true, LOOK_NO, "220 ProFTPD Server\r\n" },
	{ "a reply with a status", true, LOOK_SMTP, "250 2.1.0 Ok\r\n" },
	{ "POP3", true, LOOK_NO, "+OK ready\r\n" },
	{ "IMAP's greeting", true, LOOK_NO, "* OK ready\r\n" },
	{ "NNTP", true, LOOK_NO, "200 news\r\n" },
	{ "a number that goes on", true, LOOK_NO, "2201\r\n" },
};

static void look(void **state)
{
	const struct kase *k = *state;
	struct guard g = guarded(bytes_of(k->first));
	enum look (*speaks)(struct bytes) = k->server ? speaks_server : speaks_client;
	assert_int_equal(speaks(g.bytes), k->want);
	guard_free(&g);
	/* no beginning of it says the contrary: what is SMTP at the end was never let go */
	for (size_t n = 1; k->want != LOOK_NO && n < strlen(k->first); n++) {
		g = guarded((struct bytes){ (const uint8_t *)k->first, n });
		assert_int_not_equal(speaks(g.bytes), LOOK_NO);
		guard_free(&g);
	}
}

static const struct port {
	const char *name;
	uint16_t port, more[2];
	bool want;
} ports[] = {
	{ "25", 25, { 0 }, true }, { "587", 587, { 0 }, true }, { "465", 465, { 0 }, true }, { "2525", 2525, { 0 }, true },
	{ "80", 80, { 0 }, false }, { "one of the user's", 9025, { 9025, 0 }, true }, { "none of the user's", 9026, { 9025, 0 }, false },
};

static void port(void **state)
{
	const struct port *k = *state;
	assert_int_equal(speaks_port(k->port, k->more), k->want);
}

static const struct ask {
	const char *name, *client, *server, *want;
} asks[] = {
	{ "HTTP on port 25", "GET / HTTP/1.1\r\nHost: a.example\r\nUser-Agent: x\r\n\r\n", "HTTP/1.1 400 Bad\r\nServer: x\r\n\r\n", "HTTP" },
	{ "SSH on port 25", "SSH-2.0-OpenSSH_9.2\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "SSH" },
	{ "noise", "\x01\x02\x03\x7f\x55", "", NULL },
};

static void ask(void **state)
{
	const struct ask *k = *state;
	struct witness *w = NULL;
	struct connection c = { .client.port = 40000, .server.port = 25 };
	const char *name = witness_name(&w, &c, bytes_of(k->client), bytes_of(k->server));
	if (k->want)
		assert_string_equal(name ? name : "(none)", k->want);
	else
		assert_null(name);
	witness_free(w);
}

int main(void)
{
	int failed = TABLE_RUN("first look", cases, look);
	failed += TABLE_RUN("ports", ports, port);
	failed += TABLE_RUN("nDPI", asks, ask);
	return failed != 0;
}
