/* test_veil.c - names become tokens, the language of SMTP stays; the same name is the same token, another key another one. */
#include "base/siphash.h"
#include "store/veil.h"

#include "support/guard.h"
#include "support/table.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the hash: vectors of the reference implementation (github.com/veorq/SipHash, vectors.h): octets 0, 1, 2 ... under key 0 .. 15 ---- */

static const struct vector { const char *name; size_t n; uint64_t want; } vectors[] = {
	{ "no octet", 0, 0x726fdb47dd0e0e31 },   { "one octet", 1, 0x74f839c593dc67fd },  { "seven octets", 7, 0xab0200f58b01d137 },
	{ "eight octets", 8, 0x93f5f5799a932462 }, { "15 octets, the paper's own", 15, 0xa129ca6149be45e5 },
};

static void hashes(void **state)
{
	const struct vector *k = *state;
	uint8_t key[SIPHASH_KEY], octets[16];
	for (uint8_t i = 0; i < 16; i++)
		key[i] = octets[i] = i;
	struct guard input = guarded((struct bytes){ octets, k->n });
	assert_true(siphash(key, input.bytes) == k->want);
	guard_free(&input);
}

/* ---- texts: tokens are written as <kind>, so that rows can be read ---- */

static const struct kase { const char *name; enum veil_form form; const char *in, *want; } cases[] = {
	{ "nothing", VEIL_LINE, "", "" },
	{ "a mailbox", VEIL_LINE, "RCPT TO:<alice@corp.test>", "RCPT TO:<{box}@{host}>" },
	{ "a mailbox with parameters", VEIL_LINE, "MAIL FROM:<a.b@corp.test> SIZE=1234 BODY=8BITMIME", "MAIL FROM:<{box}@{host}> SIZE=1234 BODY=8BITMIME" },
	{ "the null sender", VEIL_LINE, "MAIL FROM:<> RET=HDRS", "MAIL FROM:<> RET=HDRS" },
	{ "SRS and VERP", VEIL_LINE, "MAIL FROM:<SRS0=x=TT=dom.test=u@fwd.test>", "MAIL FROM:<{box}@{host}>" },
	{ "a local part that begins with a mark", VEIL_LINE, "RCPT TO:<+alice@corp.test>", "RCPT TO:<{box}@{host}>" },
	{ "a mailbox without domain", VEIL_LINE, "RCPT TO:<alice>", "RCPT TO:<{word}>" },
	{ "a quoted local part", VEIL_LINE, "RCPT TO:<\"john smith\"@corp.test>", "RCPT TO:<\"{word} {word}\"@{host}>" },
	{ "a source route", VEIL_LINE, "RCPT TO:<@gate.test:bob@corp.test>", "RCPT TO:<@{host}:{box}@{host}>" },
	{ "ORCPT", VEIL_LINE, "RCPT TO:<b@c.test> ORCPT=rfc822;bob@corp.test NOTIFY=NEVER", "RCPT TO:<{box}@{host}> ORCPT=rfc822;{box}@{host} NOTIFY=NEVER" },
	{ "a parameter that nobody knows", VEIL_LINE, "MAIL FROM:<> FOO=smithers", "MAIL FROM:<> FOO={word}" },
	{ "an envelope id", VEIL_LINE, "MAIL FROM:<> ENVID=QQ314159", "MAIL FROM:<> ENVID={id}" },
	{ "EHLO with one label", VEIL_LINE, "EHLO mailhub", "EHLO {host}" },
	{ "EHLO with a plain word", VEIL_LINE, "EHLO server", "EHLO {host}" },
	{ "EHLO with an address literal", VEIL_LINE, "EHLO [192.0.2.1]", "EHLO [{v4}]" },
	{ "EHLO with an IPv6 literal", VEIL_LINE, "EHLO [IPv6:2001:db8::1]", "EHLO [IPv6:{v6}]" },
	{ "XCLIENT", VEIL_LINE, "XCLIENT NAME=spike.test ADDR=192.0.2.1 HELO=spike", "XCLIENT NAME={host} ADDR={v4} HELO={word}" },
	{ "a verb that nobody knows", VEIL_LINE, "XYZZY now", "XYZZY now" },
	{ "a near miss", VEIL_LINE, "MIAL FROM:<a@b.test>", "MIAL FROM:<{box}@{host}>" },
	{ "a word of content", VEIL_LINE, "Alice, <redacted>", "{word}, <redacted>" },
	{ "a masked command", VEIL_LINE, "XXXX client.test", "XXXX {host}" },
	{ "a masked keyword", VEIL_REPLY, "250-XXXXXXXA\n250 8BITMIME", "250-XXXXXXXA\n250 8BITMIME" },
	{ "EHLO reply", VEIL_REPLY, "250-mx.corp.test Hello client.test [192.0.2.1]\n250-SIZE 10240000\n250-AUTH PLAIN CRAM-MD5\n250 X-EXPS=LOGIN",
	  "250-{host} Hello {host} [{v4}]\n250-SIZE 10240000\n250-AUTH PLAIN CRAM-MD5\n250 X-EXPS=LOGIN" },
	{ "user unknown", VEIL_REPLY, "550 5.1.1 <alice@corp.test>: Recipient address rejected: User unknown in virtual mailbox table",
	  "550 5.1.1 <{box}@{host}>: Recipient address rejected: User unknown in virtual mailbox table" },
	{ "sendmail's way", VEIL_REPLY, "550 5.1.1 smithers... User unknown", "550 5.1.1 {word}... User unknown" },
	{ "a person's name", VEIL_REPLY, "550 Mailbox of Monty Burns is full", "550 Mailbox of {word} {word} is full" },
	{ "a list and its URL", VEIL_REPLY, "554 5.7.1 Service unavailable; Client host [192.0.2.9] blocked using zen.dnsbl.test; https://www.dnsbl.test/query/ip/192.0.2.9",
	  "554 5.7.1 Service unavailable; Client host [{v4}] blocked using {host}; {url}" },
	{ "a URL without scheme", VEIL_REPLY, "554 see dnsbl.test/q/192.0.2.9.", "554 see {url}." },
	{ "a queue id", VEIL_REPLY, "250 2.0.0 Ok: queued as 4F2A1123B", "250 2.0.0 Ok: queued as {id}" },
	{ "a name in reverse", VEIL_REPLY, "550 4.113.0.203.in-addr.arpa has no PTR", "550 {host} has no PTR" },
	{ "an address in a sentence", VEIL_REPLY, "550 192.0.2.1, 2001:db8::5 and 5.7.1", "550 {v4}, {v6} and 5.7.1" },
	{ "not every colon is IPv6", VEIL_REPLY, "421 at 10:02:03 error: timeout", "421 at 10:02:03 error: timeout" },
	{ "a date stays", VEIL_LINE, "RCPT TO:<b@c.test> RRVS=2014-04-03T23:01:00Z", "RCPT TO:<{box}@{host}> RRVS=2014-04-03T23:01:00Z" },
	{ "a telephone number", VEIL_REPLY, "550 call 4930123456789", "550 call {id}" },
	{ "a word beyond ASCII", VEIL_REPLY, "550 Gr\xc3\xbc\xc3\x9f" "e", "550 {word}" },
	{ "a joined pair of plain words", VEIL_REPLY, "530 authentication-required and/or TLS", "530 authentication-required and/or TLS" },
	{ "a host named by plain words", VEIL_REPLY, "550 mail.server refused", "550 {host} refused" },
	{ "a greeting", VEIL_REPLY, "220 mx.corp.test ESMTP Acme Mail 7.2 ready", "220 {host} ESMTP {banner}" },
	{ "a greeting's text", VEIL_GREETING, "mx.corp.test ESMTP Acme", "{host} ESMTP {banner}" },
	{ "a starred greeting", VEIL_REPLY, "220 ****************2***", "220 ****************2***" },
	{ "220 of STARTTLS is no greeting", VEIL_REPLY, "220 2.0.0 Ready to start TLS", "220 2.0.0 Ready to start TLS" },
	{ "a sentence of ours", VEIL_OURS, "The words \"no such smithers\" stand for it.", "The words \"no such {word}\" stand for it." },
	{ "who documents it", VEIL_OURS, "The words \"User unknown\" stand for it, as documented by Acme, Sendmail.",
	  "The words \"User unknown\" stand for it, as documented by Acme, Sendmail." },
	{ "the wire cannot say who", VEIL_OURS, "The words \"x\" stand for it, as documented by smithers\" stand for it.",
	  "The words \"x\" stand for it, as documented by {word}\" stand for it." },
	{ "a name", VEIL_NAME, "Mail.Corp.Test", "{host}" },
	{ "no name", VEIL_NAME, "", "" },
	{ "a capture", VEIL_FILE, "/home/smithers/springfield.pcap.gz", "{capture}.pcap.gz" },
	{ "standard input", VEIL_FILE, "-", "-" },
	{ "controls stay", VEIL_LINE, "\x16\x03\x01 smithers\x07", "\x16\x03\x01 {word}\x07" },
	{ "a token stays", VEIL_REPLY, "550 <box-abcdefghij@host-abcdefghij> unknown", "550 <{box}@{host}> unknown" },
};

/* Tokens and addresses of the text that was made, as {kind}. */
static void shown(struct text *out, struct bytes b)
{
	static const char *const kinds[] = { "box", "host", "url", "id", "word", "banner", "capture" };
	for (uint8_t before = ' '; b.n;) {
		size_t skip = 0;
		bool begins = !octet_is_digit(before) && !octet_is_alpha(before);
		for (size_t i = 0; i < sizeof kinds / sizeof *kinds && !skip; i++) {
			size_t n = strlen(kinds[i]);
			if (b.n < n + 11 || memcmp(b.p, kinds[i], n) != 0 || b.p[n] != '-')
				continue;
			text_addf(out, "{%s}", kinds[i]);
			skip = n + 11;
		}
		for (size_t n = 45; n >= 3 && !skip && begins && (octet_is_digit(b.p[0]) || octet_is_alpha(b.p[0])); n--) {
			char address[46] = "";
			uint8_t octets[16];
			if (n > b.n)
				continue;
			memcpy(address, b.p, n);
			bool v4 = inet_pton(AF_INET, address, octets) == 1;
			if (v4 || inet_pton(AF_INET6, address, octets) == 1) {
				text_add_string(out, v4 ? "{v4}" : "{v6}");
				skip = n;
			}
		}
		if (!skip) {
			text_add_octet(out, b.p[0]);
			skip = 1;
		}
		before = b.p[skip - 1];
		b = bytes_from(b, skip);
	}
}

static struct veil *fresh(void)
{
	struct error error = { 0 };
	struct veil *veil = veil_new(NULL, &error);
	assert_non_null(veil);
	return veil;
}

static void texts(void **state)
{
	const struct kase *k = *state;
	struct veil *veil = fresh();
	struct text out = { 0 }, seen = { 0 };
	struct guard input = guarded(bytes_of(k->in));
	veil_text(veil, k->form, input.bytes, &out, NULL);
	shown(&seen, text_view(&out));
	assert_string_equal(seen.p ? seen.p : "", k->want);
	guard_free(&input);
	text_free(&out);
	text_free(&seen);
	veil_free(veil);
}

/* ---- promises ---- */

static char *veiled(struct veil *veil, enum veil_form form, const char *in)
{
	struct text out = { 0 };
	veil_text(veil, form, bytes_of(in), &out, NULL);
	return out.p;
}

static void same_name_same_token(void **state)
{
	(void)state;
	struct veil *veil = fresh(), *other = fresh();
	char *line = veiled(veil, VEIL_LINE, "RCPT TO:<Alice@Corp.test>"), *reply = veiled(veil, VEIL_REPLY, "550 <alice@corp.test> corp.test alice");
	char *again = veiled(other, VEIL_LINE, "RCPT TO:<Alice@Corp.test>");
	char *box = strchr(line, '<') + 1, *at = strchr(box, '@');
	*strchr(at, '>') = 0;
	assert_non_null(strstr(reply, box));           /* box-...@host-... */
	assert_non_null(strstr(strchr(reply, '>'), at + 1)); /* host-... alone */
	*at = 0;
	assert_non_null(strstr(strstr(reply, "word-"), strchr(box, '-'))); /* the letters of the box */
	assert_null(strstr(again, box));
	free(line);
	free(reply);
	free(again);
	veil_free(veil);
	veil_free(other);
}

static void key_file_makes_tokens_stable(void **state)
{
	(void)state;
	struct error error = { 0 };
	char path[] = "/tmp/smtpwhy-test-XXXXXX";
	int file = mkstemp(path);
	assert_true(file >= 0);
	assert_int_equal(write(file, "0123456789abcdef", 16), 16);
	struct veil *one = veil_new(path, &error), *two = veil_new(path, &error);
	char *first = veiled(one, VEIL_NAME, "mx.corp.test"), *second = veiled(two, VEIL_NAME, "mx.corp.test");
	assert_string_equal(first, second);
	assert_int_equal(ftruncate(file, 15), 0);
	assert_null(veil_new(path, &error));
	assert_int_equal(error.kind, ERROR_USAGE);
	assert_null(veil_new("/nonexistent/key", &error));
	close(file);
	unlink(path);
	free(first);
	free(second);
	veil_free(one);
	veil_free(two);
}

static unsigned common_bits(const char *a, const char *b, int family)
{
	uint8_t one[16], two[16];
	assert_int_equal(inet_pton(family, a, one), 1);
	assert_int_equal(inet_pton(family, b, two), 1);
	unsigned bits = 0;
	while (bits < (family == AF_INET ? 32 : 128) && !((one[bits / 8] ^ two[bits / 8]) & 0x80 >> bits % 8))
		bits++;
	return bits;
}

static void networks_stay_networks(void **state)
{
	(void)state;
	static const struct { int family; const char *a, *b; } pairs[] = {
		{ AF_INET, "192.0.2.1", "192.0.2.200" },     { AF_INET, "192.0.2.1", "192.0.3.1" }, { AF_INET, "10.0.0.1", "192.0.2.1" },
		{ AF_INET, "192.0.2.1", "192.0.2.1" },       { AF_INET6, "2001:db8::1", "2001:db8::2" }, { AF_INET6, "2001:db8::1", "2001:db8:1::1" },
	};
	struct veil *veil = fresh();
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		struct text a = { 0 }, b = { 0 };
		veil_address(veil, bytes_of(pairs[i].a), &a);
		veil_address(veil, bytes_of(pairs[i].b), &b);
		assert_int_equal(common_bits(pairs[i].a, pairs[i].b, pairs[i].family), common_bits(a.p, b.p, pairs[i].family));
		text_free(&a);
		text_free(&b);
	}
	veil_free(veil);
}

static void a_plain_word_may_be_a_name(void **state)
{
	(void)state;
	struct veil *veil = fresh();
	char *before = veiled(veil, VEIL_REPLY, "550 sales refused");
	veil_learn(veil, VEIL_LINE, B("RCPT TO:<filter@corp.test>"));
	veil_learn(veil, VEIL_LINE, B("RCPT TO:<user@corp.test>"));
	veil_learn(veil, VEIL_NAME, B("gateway"));
	char *filter = veiled(veil, VEIL_REPLY, "550 no filter here"), *user = veiled(veil, VEIL_REPLY, "550 'user': user unknown");
	char *host = veiled(veil, VEIL_REPLY, "250 Hello gateway");
	assert_null(strstr(filter, "filter"));
	assert_non_null(strstr(filter, "box-"));
	assert_non_null(strstr(user, "': user unknown"));
	assert_null(strstr(user, "'user'"));
	assert_null(strstr(host, "gateway"));
	free(before);
	free(filter);
	free(user);
	free(host);
	veil_free(veil);
}

static void a_place_is_followed(void **state)
{
	(void)state;
	static const struct { const char *in; size_t at; char octet; } places[] = {
		{ "MAIL FROM:<a@b.test> SIZE=x", 26, 'x' }, { "MAIL FROM:<a@b.test>", 11, 'b' }, { "MAIL FROM:<a@b.test>", 19, '>' },
		{ "MAIL FROM <a@b.test>", 9, ' ' }, { "MAIL FROM:<a@b.test>", 20, 0 }, { "MAIL", 4, 0 },
	};
	struct veil *veil = fresh();
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		struct text out = { 0 };
		size_t at = places[i].at;
		veil_text(veil, VEIL_LINE, bytes_of(places[i].in), &out, &at);
		assert_true(at <= out.n);
		assert_int_equal(out.p[at], places[i].octet);
		text_free(&out);
	}
	veil_free(veil);
}

static const struct promise { const char *name; void (*keep)(void **); } promises[] = {
	{ "the same name is the same token, another key another", same_name_same_token },
	{ "a key file makes tokens stable", key_file_makes_tokens_stable },
	{ "networks stay networks", networks_stay_networks },
	{ "a plain word may be a name", a_plain_word_may_be_a_name },
	{ "a place of the text is followed", a_place_is_followed },
};

static void promised(void **state)
{
	const struct promise *p = *state;
	p->keep(NULL);
}

int main(void)
{
	return TABLE_RUN("siphash", vectors, hashes) + TABLE_RUN("texts", cases, texts) + TABLE_RUN("promises", promises, promised) != 0;
}
