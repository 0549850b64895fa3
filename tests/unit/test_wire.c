/* test_wire.c - escaping and quoting at once gives what one after the other gives, wherever it is cut; numbers are as printf writes them. */
#include "support/table.h"

#include "store/wire.h"

#include <inttypes.h>
#include <stdio.h>

static const struct kase { const char *name; struct bytes wire; } cases[] = {
	{ "nothing", { NULL, 0 } },
	{ "short and plain", B("QUIT") },
	{ "eight octets", B("NOOP 234") },
	{ "plain", B("RCPT TO:<someone.with.a.long.name@mail.example.net>") },
	{ "quotation marks", B("\"MAIL\" FROM:<\"a b\"@example.net>\"") },
	{ "backslashes", B("\\MAIL FROM:<a\\b@example.net> \\x01 \\\\") },
	{ "lines", B("250-mx.example.net\n250-SIZE 1000\n250 HELP\n") },
	{ "octets of all kinds", B("\x00\x01\t\r\n\x1f \x7e\x7f\x80\xff plain for a while, sixteen \xc3\xa4 and more \t") },
	{ "one odd octet at the end of a group", B("0123456789abcde\xff" "0123456789abcdef\n") },
};

static void both(void **state)
{
	const struct kase *k = *state;
	for (size_t n = 0; n <= k->wire.n; n++)
		for (size_t most = 0; most <= 4 * n + 1; most++)
			for (int lines = 0; lines < 2; lines++) {
				struct text escaped = { 0 }, one = { 0 }, other = { 0 };
				struct bytes wire = { k->wire.p, n };
				(lines ? wire_add_lines : wire_add)(&escaped, wire, most);
				wire_add_quoted(&other, text_view(&escaped));
				text_add_octet(&one, '-');
				wire_add_both(&one, wire, most, lines);
				assert_string_equal(one.p + 1, other.p);
				assert_int_equal(one.n, other.n + 1);
				text_free(&escaped);
				text_free(&one);
				text_free(&other);
			}
}

static const struct number { const char *name; int64_t number; } numbers[] = {
	{ "none", 0 }, { "a digit", 9 }, { "two", 10 }, { "two more", 99 }, { "three", 100 }, { "less than none", -1 },
	{ "a power less one", 99999999 }, { "a power", 100000000 }, { "of 32 bits the last", 4294967295 }, { "of more the first", 4294967296 },
	{ "nine noughts", 5000000000 }, { "a time", 1700000000966594000 }, { "the most", INT64_MAX }, { "the least", INT64_MIN },
};

static void as_printf(void **state)
{
	const struct number *k = *state;
	struct text t = { 0 };
	char room[32];
	for (int64_t by = -2; by <= 2; by++) {
		int64_t number = (int64_t)((uint64_t)k->number + (uint64_t)by);
		snprintf(room, sizeof room, "%" PRId64, number);
		text_clear(&t);
		wire_add_number(&t, number);
		assert_string_equal(t.p, room);
	}
	text_free(&t);
}

/* All numbers of five digits, and every seventh-hundred of the longer ones up to nine. */
static void many(void **state)
{
	(void)state;
	struct text t = { 0 };
	char room[32];
	for (int64_t number = 0; number < 1100000000; number += number < 110000 ? 1 : number < 11000000 ? 7 : 701) {
		text_clear(&t);
		wire_add_number(&t, number);
		int64_t back = 0;
		for (size_t i = 0; i < t.n; i++)
			back = back * 10 + (t.p[i] - '0');
		if (back != number || (t.n > 1 && t.p[0] == '0')) {
			snprintf(room, sizeof room, "%" PRId64, number);
			fail_msg("%s became %s", room, t.p);
		}
	}
	text_free(&t);
}

static const struct sweep { const char *name; } sweeps[] = { { "many numbers" } }, letters[] = { { "every octet at every place of a group" } };

static void lower(void **state)
{
	enum { MOST = 19 };
	uint8_t wire[MOST];
	(void)state;
	for (size_t n = 1; n <= MOST; n++)
		for (size_t at = 0; at < n; at++)
			for (unsigned c = 0; c < 256; c++) {
				struct text small = { 0 }, want = { 0 };
				memset(wire, 'Q', sizeof wire);
				wire[at] = (uint8_t)c;
				text_add_string(&small, "Before");
				wire_add_lower(&small, (struct bytes){ wire, n }, MOST);
				text_add_string(&want, "Before");
				wire_add(&want, (struct bytes){ wire, n }, MOST);
				for (size_t i = strlen("Before"); i < want.n; i++)
					want.p[i] = (char)octet_lower((uint8_t)want.p[i]);
				assert_int_equal(small.n, want.n);
				assert_string_equal(small.p, want.p);
				text_free(&small);
				text_free(&want);
			}
}

int main(void)
{
	return TABLE_RUN("wire: escaped and quoted", cases, both) + TABLE_RUN("wire: numbers", numbers, as_printf) +
		TABLE_RUN("wire: a sweep", sweeps, many) + TABLE_RUN("wire: small letters", letters, lower);
}
