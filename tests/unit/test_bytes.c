/* test_bytes.c - views, the cursor and UTF-8: what they cut, compare and refuse, flush against memory that cannot be read. */
#include "base/bytes.h"
#include "base/cursor.h"
#include "base/utf8.h"
#include "support/guard.h"
#include "support/table.h"

static const struct cut_case {
	const char *name, *text;
	uint8_t at;
	const char *head, *tail;
	bool found;
} cut_cases[] = {
	{ "cut in the middle", "a:b:c", ':', "a", "b:c", true },
	{ "cut at the start", ":b", ':', "", "b", true },
	{ "cut at the end", "a:", ':', "a", "", true },
	{ "nothing to cut", "abc", ':', "abc", "", false },
	{ "nothing at all", "", ':', "", "", false },
};

static void cuts(void **state)
{
	const struct cut_case *k = *state;
	struct guard g = guarded(bytes_of(k->text));
	struct cut cut = bytes_cut(g.bytes, k->at);
	assert_int_equal(cut.found, k->found);
	assert_true(bytes_equal(cut.head, bytes_of(k->head)));
	assert_true(bytes_equal(cut.tail, bytes_of(k->tail)));
	guard_free(&g);
}

static const struct word_case {
	const char *name, *text, *word, *rest;
} word_cases[] = {
	{ "a verb and its argument", "MAIL FROM:<a@b>", "MAIL", "FROM:<a@b>" },
	{ "blanks in front and between", "  \tRSET \t x", "RSET", "x" },
	{ "a word alone", "QUIT", "QUIT", "" },
	{ "blanks alone", "   ", "", "" },
	{ "nothing", "", "", "" },
};

static void words(void **state)
{
	const struct word_case *k = *state;
	struct guard g = guarded(bytes_of(k->text));
	struct cut cut = bytes_word(g.bytes);
	assert_true(bytes_equal(cut.head, bytes_of(k->word)));
	assert_true(bytes_equal(cut.tail, bytes_of(k->rest)));
	assert_int_equal(cut.found, k->word[0] != 0);
	guard_free(&g);
}

static const struct number_case {
	const char *name, *text;
	bool right;
	uint64_t value;
} number_cases[] = {
	{ "zero", "0", true, 0 },
	{ "leading zeros", "007", true, 7 },
	{ "the largest", "18446744073709551615", true, UINT64_MAX },
	{ "one too many", "18446744073709551616", false, 0 },
	{ "far too many", "99999999999999999999999", false, 0 },
	{ "a sign", "-1", false, 0 },
	{ "a blank", " 1", false, 0 },
	{ "a letter behind", "1k", false, 0 },
	{ "nothing", "", false, 0 },
};

static void numbers(void **state)
{
	const struct number_case *k = *state;
	struct guard g = guarded(bytes_of(k->text));
	uint64_t value = 0;
	assert_int_equal(bytes_number(g.bytes, &value), k->right);
	assert_int_equal(value, k->value);
	guard_free(&g);
}

static const struct find_case {
	const char *name, *text, *needle;
	size_t at;
} find_cases[] = {
	{ "letters of either case", "220 mx esmtp", "ESMTP", 7 },
	{ "at the very end", "abc", "C", 2 },
	{ "longer than the text", "ab", "abc", BYTES_NONE },
	{ "nothing is everywhere", "ab", "", 0 },
	{ "octets beyond ASCII keep their case", "\xc3\xa9", "\xe3\xa9", BYTES_NONE },
};

static void finds(void **state)
{
	const struct find_case *k = *state;
	struct guard g = guarded(bytes_of(k->text));
	assert_int_equal(bytes_find(g.bytes, bytes_of(k->needle)), k->at);
	guard_free(&g);
}

static const struct utf8_case {
	const char *name, *text;
	size_t octets;
	uint32_t code;
} utf8_cases[] = {
	{ "ASCII", "a", 1, 'a' },
	{ "two octets", "\xc3\xa9", 2, 0xe9 },
	{ "three octets", "\xe2\x82\xac", 3, 0x20ac },
	{ "four octets", "\xf0\x9f\x93\xa7", 4, 0x1f4e7 },
	{ "the last code point", "\xf4\x8f\xbf\xbf", 4, 0x10ffff },
	{ "beyond the last", "\xf4\x90\x80\x80", 0, 0 },
	{ "an overlong slash", "\xc0\xaf", 0, 0 },
	{ "an overlong of three", "\xe0\x80\xaf", 0, 0 },
	{ "a surrogate", "\xed\xa0\x80", 0, 0 },
	{ "cut short", "\xe2\x82", 0, 0 },
	{ "a lone continuation", "\x80", 0, 0 },
	{ "nothing", "", 0, 0 },
};

static void utf8(void **state)
{
	const struct utf8_case *k = *state;
	struct guard g = guarded(bytes_of(k->text));
	uint32_t code = 0;
	assert_int_equal(utf8_character(g.bytes, &code), k->octets);
	assert_int_equal(code, k->code);
	guard_free(&g);
}

static const struct { const char *name; } cursor_cases[] = { { "fields in order, then an error that sticks" } };

static void cursor(void **state)
{
	(void)state;
	struct guard g = guarded(B("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b"));
	struct cursor c = cursor_at(g.bytes);
	assert_int_equal(cursor_u8(&c), 1);
	assert_int_equal(cursor_u16(&c), 0x0203);
	assert_int_equal(cursor_u32(&c), 0x04050607);
	assert_int_equal(cursor_u24(&c), 0x08090a);
	assert_false(c.truncated);
	assert_int_equal(cursor_u16(&c), 0);
	assert_true(c.truncated);
	assert_int_equal(cursor_u8(&c), 0); /* an octet is left, but the error sticks */
	assert_true(c.truncated);
	guard_free(&g);
}

static const struct { const char *name; } hash_cases[] = { { "each octet and the length count, at every length" } };

static void hashes(void **state)
{
	enum { MOST = 70 };
	uint8_t octets[MOST] = { 0 };
	uint64_t before = 0;
	(void)state;
	for (size_t n = 0; n <= MOST; n++) {
		struct guard g = guarded((struct bytes){ octets, n });
		uint64_t hash = bytes_hash(g.bytes);
		assert_true(n == 0 || hash != before); /* zeros of another length */
		for (size_t i = 0; i < n; i++) {
			octets[i] = 1;
			assert_true(bytes_hash((struct bytes){ octets, n }) != hash);
			octets[i] = 0;
		}
		before = hash;
		guard_free(&g);
	}
}

int main(void)
{
	return TABLE_RUN("cut", cut_cases, cuts) + TABLE_RUN("word", word_cases, words) + TABLE_RUN("number", number_cases, numbers) +
	       TABLE_RUN("find", find_cases, finds) + TABLE_RUN("utf8", utf8_cases, utf8) + TABLE_RUN("cursor", cursor_cases, cursor) +
	       TABLE_RUN("hash", hash_cases, hashes);
}
