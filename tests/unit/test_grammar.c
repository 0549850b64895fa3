/* test_grammar - client lines become commands, with the first fault of each. */
#include "smtp/grammar.h"
#include "smtp/line.h"

#include "support/guard.h"
#include "support/table.h"

#include <string.h>

static struct command parse(struct arena *arena, struct bytes text)
{
	struct command c = { .line = { .text = text, .length = text.n } };
	for (size_t i = 0; i + 1 < text.n; i++)
		if ((text.p[i] == 0xc2 && text.p[i + 1] == 0xa0) || (text.p[i] == 0xe2 && text.p[i + 1] == 0x80))
			c.line.flags |= LINE_INVISIBLE;
	grammar_parse(arena, &c);
	assert_true(c.fault->at <= text.n);
	assert_true(c.fault->kind == FAULT_NONE || (c.fault->wanted && c.fault->clause));
	return c;
}

/* Lines of a known verb: the fault and where it is. */
static const struct fault_kase {
	const char *line;
	enum fault_kind fault;
	size_t at;
} faults[] = {
	{ "EHLO mx.example.org", FAULT_NONE, 0 },
	{ "ehlo [192.0.2.1]", FAULT_NONE, 0 },
	{ "EHLO [IPv6:2001:db8::1]", FAULT_NONE, 0 },
	{ "EHLO [IPv6:::ffff:192.0.2.1]", FAULT_NONE, 0 },
	{ "EHLO [x-tag:abc]", FAULT_NONE, 0 },
	{ "EHLO localhost", FAULT_NONE, 0 },
	{ "EHLO mx.example.org ", FAULT_NONE, 0 },
	{ "EHLO", FAULT_HELO_NAME, 4 },
	{ "HELO ", FAULT_HELO_NAME, 5 },
	{ "EHLO my_host", FAULT_HELO_NAME, 7 },
	{ "EHLO 192.0.2.1", FAULT_HELO_NAME, 5 },
	{ "EHLO 2001:db8::1", FAULT_HELO_NAME, 5 },
	{ "EHLO [192.0.2.256]", FAULT_HELO_NAME, 6 },
	{ "EHLO [192.0.2.1", FAULT_HELO_NAME, 15 },
	{ "EHLO [2001:db8::1]", FAULT_HELO_NAME, 6 },
	{ "EHLO my host", FAULT_HELO_NAME, 8 },
	{ "EHLO mx..example", FAULT_HELO_NAME, 8 },
	{ "EHLO -mx.example", FAULT_HELO_NAME, 5 },
	{ "EHLO mx.example.", FAULT_HELO_NAME, 16 },
	{ "EHLO m\xc3\xbc.example", FAULT_OCTET, 6 },
	{ "MAIL FROM:<a@b.example>", FAULT_NONE, 0 },
	{ "mail from:<>", FAULT_NONE, 0 },
	{ "MAIL FROM:<\"a b\"@b.example>", FAULT_NONE, 0 },
	{ "MAIL FROM:<\"a>\\\"b\"@b.example>", FAULT_NONE, 0 },
	{ "MAIL FROM:<@x.example,@y.example:a@b.example>", FAULT_NONE, 0 },
	{ "MAIL FROM:<a@[192.0.2.1]>", FAULT_NONE, 0 },
	{ "MAIL FROM:<a+b=c@b.example> ", FAULT_NONE, 0 },
	{ "MAIL FROM:<b\xc3\xb8@b.example>", FAULT_NONE, 0 },
	{ "MAIL", FAULT_ARGUMENT_MISSING, 4 },
	{ "MAIL FROM:", FAULT_ARGUMENT_MISSING, 10 },
	{ "MAIL FROM: <a@b.example>", FAULT_ARGUMENT_FORM, 10 },
	{ "MAIL FROM : <a@b.example>", FAULT_ARGUMENT_FORM, 9 },
	{ "MAIL FROM <a@b.example>", FAULT_ARGUMENT_FORM, 9 },
	{ "MAIL a@b.example", FAULT_ARGUMENT_FORM, 5 },
	{ "MAIL TO:<a@b.example>", FAULT_ARGUMENT_FORM, 5 },
	{ "MAIL\tFROM:<a@b.example>", FAULT_ARGUMENT_FORM, 4 },
	{ "MAIL FROM:a@b.example", FAULT_ADDRESS, 10 },
	{ "MAIL FROM:<a@b.example", FAULT_ADDRESS, 22 },
	{ "MAIL FROM:a@b.example>", FAULT_ADDRESS, 10 },
	{ "MAIL FROM:<<a@b.example>>", FAULT_ADDRESS, 11 },
	{ "MAIL FROM:<A <a@b.example>>", FAULT_ADDRESS, 13 },
	{ "MAIL FROM:A B <a@b.example>", FAULT_ADDRESS, 10 },
	{ "MAIL FROM:a b@b.example", FAULT_ADDRESS, 11 },
	{ "MAIL FROM:<a@@b.example>", FAULT_ADDRESS, 13 },
	{ "MAIL FROM:<a@>", FAULT_ADDRESS, 13 },
	{ "MAIL FROM:<@b.example>", FAULT_ADDRESS, 11 },
	{ "MAIL FROM:<a>", FAULT_ADDRESS, 12 },
	{ "MAIL FROM:<.a@b.example>", FAULT_ADDRESS, 11 },
	{ "MAIL FROM:<a.@b.example>", FAULT_ADDRESS, 12 },
	{ "MAIL FROM:<a..b@b.example>", FAULT_ADDRESS, 13 },
	{ "MAIL FROM:<a b@b.example>", FAULT_ADDRESS, 12 },
	{ "MAIL FROM:<a@b_c.example>", FAULT_ADDRESS, 14 },
	{ "MAIL FROM:<a@[192.0.2]>", FAULT_ADDRESS, 14 },
	{ "MAIL FROM:<a@b.example>,<c@d.example>", FAULT_ADDRESS, 23 },
	{ "MAIL FROM:<a@b.example>SIZE=1", FAULT_ADDRESS, 23 },
	{ "MAIL FROM:<\xff@b.example>", FAULT_OCTET, 11 },
	{ "MAIL FROM:<a\x01@b.example>", FAULT_OCTET, 12 },
	{ "MAIL FROM:<a@b.example> SIZE=100 BODY=8BITMIME RET=HDRS ENVID=x+2By", FAULT_NONE, 0 },
	{ "MAIL FROM:<a@b.example> SMTPUTF8 REQUIRETLS AUTH=<> BY=120;RT MT-PRIORITY=-9", FAULT_NONE, 0 },
	{ "MAIL FROM:<a@b.example> HOLDUNTIL=2026-01-31T12:00:00Z", FAULT_NONE, 0 },
	{ "MAIL FROM:<a@b.example> SIZE=abc", FAULT_PARAMETER_VALUE, 29 },
	{ "MAIL FROM:<a@b.example> SIZE=", FAULT_PARAMETER_VALUE, 29 },
	{ "MAIL FROM:<a@b.example> SIZE=123456789012345678901", FAULT_PARAMETER_VALUE, 49 },
	{ "MAIL FROM:<a@b.example> BODY=9BIT", FAULT_PARAMETER_VALUE, 29 },
	{ "MAIL FROM:<a@b.example> SMTPUTF8=1", FAULT_PARAMETER_VALUE, 33 },
	{ "MAIL FROM:<a@b.example> RET=SOME", FAULT_PARAMETER_VALUE, 28 },
	{ "MAIL FROM:<a@b.example> ENVID=x+2by", FAULT_PARAMETER_VALUE, 30 },
	{ "MAIL FROM:<a@b.example> MT-PRIORITY=10", FAULT_PARAMETER_VALUE, 36 },
	{ "MAIL FROM:<a@b.example> BY=;R", FAULT_PARAMETER_VALUE, 27 },
	{ "MAIL FROM:<a@b.example> FOO=BAR", FAULT_PARAMETER_UNKNOWN, 24 },
	{ "MAIL FROM:<a@b.example> NOTIFY=NEVER", FAULT_PARAMETER_UNKNOWN, 24 },
	{ "MAIL FROM:<a@b.example> SIZE=1 SIZE=1", FAULT_PARAMETER_TWICE, 31 },
	{ "MAIL FROM:<a@b.example> <c@d.example>", FAULT_PARAMETER_FORM, 24 },
	{ "RCPT TO:<a@b.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a@b.example", FAULT_NONE, 0 },
	{ "RCPT TO:<a@b.example> RRVS=2026-01-31T12:00:00Z;C", FAULT_NONE, 0 },
	{ "RCPT TO:<Postmaster>", FAULT_NONE, 0 },
	{ "RCPT TO:<a@b.example> NOTIFY=NEVER,DELAY", FAULT_PARAMETER_VALUE, 29 },
	{ "RCPT TO:<a@b.example> ORCPT=a@b.example", FAULT_PARAMETER_VALUE, 28 },
	{ "RCPT TO:<a@b.example> RRVS=2026-01-31", FAULT_PARAMETER_VALUE, 27 },
	{ "RCPT TO:<>", FAULT_ADDRESS, 9 },
	{ "RCPT TO:<@>", FAULT_ADDRESS, 9 },
	{ "RCPT TO:<b>", FAULT_ADDRESS, 10 },
	{ "RCPT TO:", FAULT_ARGUMENT_MISSING, 8 },
	{ "RCPT", FAULT_ARGUMENT_MISSING, 4 },
	{ "RCPT FROM:<a@b.example>", FAULT_ARGUMENT_FORM, 5 },
	{ "RCPT <a@b.example>", FAULT_ARGUMENT_FORM, 5 },
	{ "DATA", FAULT_NONE, 0 },
	{ "DATA x", FAULT_ARGUMENT_EXTRA, 5 },
	{ "RSET x", FAULT_ARGUMENT_EXTRA, 5 },
	{ "QUIT  ", FAULT_NONE, 0 },
	{ "NOOP anything at all", FAULT_NONE, 0 },
	{ "HELP MAIL", FAULT_NONE, 0 },
	{ "VRFY", FAULT_ARGUMENT_MISSING, 4 },
	{ "VRFY smith", FAULT_NONE, 0 },
	{ "EXPN", FAULT_ARGUMENT_MISSING, 4 },
	{ "STARTTLS", FAULT_NONE, 0 },
	{ "STARTTLS now", FAULT_ARGUMENT_EXTRA, 9 },
	{ "AUTH PLAIN", FAULT_NONE, 0 },
	{ "AUTH PLAIN =", FAULT_NONE, 0 },
	{ "AUTH PLAIN AGEAYg==", FAULT_NONE, 0 },
	{ "AUTH", FAULT_ARGUMENT_MISSING, 4 },
	{ "AUTH PLAIN x y z", FAULT_ARGUMENT_FORM, 11 },
	{ "AUTH PLAIN AGEAYg== more", FAULT_ARGUMENT_EXTRA, 20 },
	{ "AUTH PLA.IN", FAULT_ARGUMENT_FORM, 8 },
	{ "AUTH ABCDEFGHIJKLMNOPQRSTU", FAULT_ARGUMENT_FORM, 25 },
	{ "BDAT 100", FAULT_NONE, 0 },
	{ "BDAT 0 LAST", FAULT_NONE, 0 },
	{ "BDAT", FAULT_ARGUMENT_MISSING, 4 },
	{ "BDAT x", FAULT_ARGUMENT_FORM, 5 },
	{ "BDAT 5 FIRST", FAULT_ARGUMENT_FORM, 7 },
	{ "ETRN example.org", FAULT_NONE, 0 },
	{ "ETRN @example.org", FAULT_NONE, 0 },
	{ "ETRN #queue", FAULT_NONE, 0 },
	{ "ETRN", FAULT_ARGUMENT_MISSING, 4 },
	{ "ETRN ex_ample", FAULT_ARGUMENT_FORM, 7 },
	{ "ATRN", FAULT_NONE, 0 },
	{ "ATRN a.example,b.example", FAULT_NONE, 0 },
	{ "ATRN a.example,,b", FAULT_ARGUMENT_FORM, 15 },
	{ "XCLIENT NAME=a.example ADDR=192.0.2.1", FAULT_NONE, 0 },
	{ "XCLIENT", FAULT_ARGUMENT_MISSING, 7 },
	{ "XCLIENT NAME", FAULT_ARGUMENT_FORM, 12 },
	{ "XFORWARD COLOUR=red", FAULT_PARAMETER_UNKNOWN, 9 },
	{ "NOOP a\x01", FAULT_OCTET, 6 },
	{ "NOOP \xc2\xa0", FAULT_OCTET, 5 },
};

static void a_fault(void **state)
{
	const struct fault_kase *k = *state;
	struct arena arena = { 0 };
	struct guard g = guarded(bytes_of(k->line));
	struct command c = parse(&arena, g.bytes);
	assert_true(c.verb < VERB_COUNT);
	assert_int_equal(c.fault->kind, k->fault);
	assert_int_equal(c.fault->at, k->at);
	guard_free(&g);
	arena_drop(&arena);
}

/* Lines whose first word is no verb: the fault, and what was meant. */
#define LINE(text) text, sizeof(text) - 1
static const struct word_kase {
	const char *line;
	size_t n;
	enum fault_kind fault;
	enum verb meant;
	const char *protocol;
} words[] = {
	{ LINE("HLEO x"), FAULT_VERB_NEAR, VERB_HELO, NULL },        { LINE("EHL0 x"), FAULT_VERB_NEAR, VERB_EHLO, NULL },
	{ LINE("ELHO x"), FAULT_VERB_NEAR, VERB_EHLO, NULL },        { LINE("HELLO x"), FAULT_VERB_NEAR, VERB_HELO, NULL },
	{ LINE("EHLP x"), FAULT_VERB_NEAR, VERB_EHLO, NULL },        { LINE("HLEP"), FAULT_VERB_NEAR, VERB_HELP, NULL },
	{ LINE("MIAL FROM:<a@b>"), FAULT_VERB_NEAR, VERB_MAIL, NULL }, { LINE("RCTP TO:<a@b>"), FAULT_VERB_NEAR, VERB_RCPT, NULL },
	{ LINE("DTAA"), FAULT_VERB_NEAR, VERB_DATA, NULL },          { LINE("QIUT"), FAULT_VERB_NEAR, VERB_QUIT, NULL },
	{ LINE("RSETT"), FAULT_VERB_NEAR, VERB_RSET, NULL },         { LINE("STRATTLS"), FAULT_VERB_NEAR, VERB_STARTTLS, NULL },
	{ LINE("STARTTSL"), FAULT_VERB_NEAR, VERB_STARTTLS, NULL },  { LINE("STARTLS"), FAULT_VERB_NEAR, VERB_STARTTLS, NULL },
	{ LINE("START TLS"), FAULT_VERB_NEAR, VERB_STARTTLS, NULL }, { LINE("STARTTLS;"), FAULT_VERB_NEAR, VERB_STARTTLS, NULL },
	{ LINE("MAILFROM:<a@b>"), FAULT_VERB_NEAR, VERB_MAIL, NULL }, { LINE("RCPTTO:<a@b>"), FAULT_VERB_NEAR, VERB_RCPT, NULL },
	{ LINE("HELOmx.example"), FAULT_VERB_NEAR, VERB_HELO, NULL }, { LINE("EHLO: x"), FAULT_VERB_NEAR, VERB_EHLO, NULL },
	{ LINE("QUIT."), FAULT_VERB_NEAR, VERB_QUIT, NULL },         { LINE("AUTH=PLAIN"), FAULT_VERB_NEAR, VERB_AUTH, NULL },
	{ LINE("BOGUS"), FAULT_VERB_UNKNOWN, VERB_UNKNOWN, NULL },   { LINE("FOO bar"), FAULT_VERB_UNKNOWN, VERB_UNKNOWN, NULL },
	{ LINE("TEST"), FAULT_VERB_UNKNOWN, VERB_UNKNOWN, NULL },    { LINE("WIZ"), FAULT_VERB_UNKNOWN, VERB_UNKNOWN, NULL },
	{ LINE("DEBUG"), FAULT_VERB_UNKNOWN, VERB_UNKNOWN, NULL },   { LINE("NOPE"), FAULT_VERB_UNKNOWN, VERB_UNKNOWN, NULL },
	{ LINE("XYZZY"), FAULT_VERB_UNKNOWN, VERB_UNKNOWN, NULL },   { LINE("PING"), FAULT_VERB_UNKNOWN, VERB_UNKNOWN, NULL },
	{ LINE("HEAD"), FAULT_VERB_UNKNOWN, VERB_UNKNOWN, NULL },    { LINE("GET"), FAULT_VERB_UNKNOWN, VERB_UNKNOWN, NULL },
	{ LINE("LOGIN alice x"), FAULT_VERB_UNKNOWN, VERB_UNKNOWN, NULL }, { LINE("DATABASE"), FAULT_VERB_UNKNOWN, VERB_UNKNOWN, NULL },
	{ LINE("XXXX x"), FAULT_VERB_UNKNOWN, VERB_UNKNOWN, NULL },  { LINE("********"), FAULT_VERB_UNKNOWN, VERB_UNKNOWN, NULL },
	{ LINE("Subject: x"), FAULT_VERB_UNKNOWN, VERB_UNKNOWN, NULL }, { LINE("Date: x"), FAULT_VERB_UNKNOWN, VERB_UNKNOWN, NULL },
	{ LINE(""), FAULT_VERB_UNKNOWN, VERB_UNKNOWN, NULL },        { LINE("END"), FAULT_VERB_UNKNOWN, VERB_UNKNOWN, NULL },
	{ LINE("GET / HTTP/1.1"), FAULT_PROTOCOL, VERB_UNKNOWN, "HTTP" }, { LINE("POST /x HTTP/1.0"), FAULT_PROTOCOL, VERB_UNKNOWN, "HTTP" },
	{ LINE("CONNECT a.example:25 HTTP/1.1"), FAULT_PROTOCOL, VERB_UNKNOWN, "HTTP" }, { LINE("GET /"), FAULT_PROTOCOL, VERB_UNKNOWN, "HTTP" },
	{ LINE("Host: a.example"), FAULT_PROTOCOL, VERB_UNKNOWN, "HTTP" }, { LINE("SSH-2.0-x"), FAULT_PROTOCOL, VERB_UNKNOWN, "SSH" },
	{ LINE("OPTIONS sip:a SIP/2.0"), FAULT_PROTOCOL, VERB_UNKNOWN, "SIP" }, { LINE("OPTIONS / RTSP/1.0"), FAULT_PROTOCOL, VERB_UNKNOWN, "RTSP" },
	{ LINE("PROXY TCP4 192.0.2.1 192.0.2.2 1 25"), FAULT_PROTOCOL, VERB_UNKNOWN, "PROXY" }, { LINE("a1 LOGIN x y"), FAULT_PROTOCOL, VERB_UNKNOWN, "IMAP" },
	{ LINE("\r\n\r\n\0\r\nQUIT\n!"), FAULT_PROTOCOL, VERB_UNKNOWN, "PROXY" }, { LINE("\x16\x03\x01\x02\x00\x01"), FAULT_PROTOCOL, VERB_UNKNOWN, "TLS" },
	{ LINE("CAPA"), FAULT_PROTOCOL, VERB_UNKNOWN, "POP3" },      { LINE("USER x"), FAULT_PROTOCOL, VERB_UNKNOWN, "POP3 or FTP" },
	{ LINE("MA\0IL FROM:<a@b>"), FAULT_OCTET, VERB_MAIL, NULL }, { LINE("NOO\x08P"), FAULT_OCTET, VERB_NOOP, NULL },
	{ LINE("RS\xe2\x80\x8b" "ET"), FAULT_OCTET, VERB_RSET, NULL }, { LINE("MAIL\xc2\xa0" "FROM:<a@b>"), FAULT_OCTET, VERB_MAIL, NULL },
	{ LINE("\xef\xbb\xbf" "EHLO x"), FAULT_OCTET, VERB_EHLO, NULL }, { LINE("\xff\xf4\xff\xfd\x06quit"), FAULT_OCTET, VERB_QUIT, NULL },
	{ LINE("QU\xc2\xad" "IT"), FAULT_OCTET, VERB_QUIT, NULL },   { LINE("\x01\x02\x03"), FAULT_OCTET, VERB_UNKNOWN, NULL },
};

static void a_word(void **state)
{
	const struct word_kase *k = *state;
	struct arena arena = { 0 };
	struct guard g = guarded((struct bytes){ (const uint8_t *)k->line, k->n });
	struct command c = parse(&arena, g.bytes);
	assert_true(c.verb >= VERB_COUNT);
	assert_int_equal(c.fault->kind, k->fault);
	assert_int_equal(c.meant, k->meant);
	if (k->protocol)
		assert_string_equal(c.protocol, k->protocol);
	else
		assert_null(c.protocol);
	assert_int_equal(c.masked_run, k->n > 3 && (k->line[2] == '*' || (k->line[0] == 'X' && k->line[2] == 'X')));
	guard_free(&g);
	arena_drop(&arena);
}

static const struct path_kase {
	const char *line;
	const char *local, *domain;
	unsigned flags;
} paths[] = {
	{ "MAIL FROM:<>", "", "", PATH_NULL },
	{ "RCPT TO:<postmaster>", "postmaster", "", PATH_POSTMASTER | PATH_NO_DOMAIN },
	{ "RCPT TO:<@x.example:a@b.example>", "a", "b.example", PATH_SOURCE_ROUTE },
	{ "RCPT TO:<\"a@b\"@c.example>", "\"a@b\"", "c.example", PATH_QUOTED_LOCAL },
	{ "RCPT TO:<a@[192.0.2.1]>", "a", "[192.0.2.1]", PATH_LITERAL },
	{ "RCPT TO:<a@mail>", "a", "mail", PATH_DOMAIN_NOT_QUALIFIED },
	{ "RCPT TO: a@b.example", "a", "b.example", PATH_NO_BRACKETS | PATH_SPACE_AFTER_COLON },
	{ "RCPT TO:<\xc3\xb8@b.example>", "\xc3\xb8", "b.example", PATH_UTF8 },
	{ "VRFY <a@b.example>", "a", "b.example", 0 },
	{ "SEND FROM:<a@b.example>", "a", "b.example", 0 },
};

static void a_path(void **state)
{
	const struct path_kase *k = *state;
	struct arena arena = { 0 };
	struct guard g = guarded(bytes_of(k->line));
	struct command c = parse(&arena, g.bytes);
	assert_true(bytes_equal(c.path->local, bytes_of(k->local)));
	assert_true(bytes_equal(c.path->domain, bytes_of(k->domain)));
	assert_int_equal(c.path->flags, k->flags);
	guard_free(&g);
	arena_drop(&arena);
}

static void values_of_a_command(void **state)
{
	(void)state;
	struct arena arena = { 0 };
	struct command c = parse(&arena, B("BDAT 18446744073709551615 last"));
	assert_true(c.chunk == UINT64_MAX && c.chunk_last);
	c = parse(&arena, B("auth cram-md5"));
	assert_true(bytes_equal(command_mechanism(&c), B("cram-md5")) && bytes_equal(c.word, B("auth")));
	c = parse(&arena, B("MAIL FROM:<a@b.example> SIZE=7 FOO"));
	assert_int_equal(c.nparams, 2);
	assert_true(c.params[0].known == PARAM_SIZE && bytes_equal(c.params[0].value, B("7")) && c.params[0].at == 24);
	assert_true(c.params[1].known == PARAM_UNKNOWN && !c.params[1].has_value);
	arena_drop(&arena);
}

static void a_long_line(void **state)
{
	(void)state;
	struct arena arena = { 0 };
	uint8_t text[600] = "NOOP ";
	memset(text + 5, 'a', sizeof text - 5);
	assert_int_equal(parse(&arena, (struct bytes){ text, 510 }).fault->kind, FAULT_NONE);
	struct command c = parse(&arena, (struct bytes){ text, 511 });
	assert_true(c.fault->kind == FAULT_TOO_LONG && c.fault->at == 510);
	arena_drop(&arena);
}

int main(void)
{
	const struct CMUnitTest others[] = { cmocka_unit_test(values_of_a_command), cmocka_unit_test(a_long_line) };
	int failed = TABLE_RUN("faults", faults, a_fault);
	failed += TABLE_RUN("words", words, a_word);
	failed += TABLE_RUN("paths", paths, a_path);
	failed += cmocka_run_group_tests_name("values", others, NULL, NULL);
	return failed != 0;
}
