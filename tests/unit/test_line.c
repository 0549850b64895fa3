/* test_line - streams become lines, the same at every cut. */
#include "smtp/line.h"

#include "base/limits.h"
#include "support/guard.h"
#include "support/table.h"

#include <string.h>

enum { MOST = 6 };

struct want {
	const char *text;
	enum line_ending ending;
	unsigned flags;
};

static const struct kase {
	const char *name, *stream;
	size_t n;
	bool bare_cr_ends;
	struct want want[MOST];
} cases[] = {
#define STREAM(s) s, sizeof(s) - 1
	{ "two lines with CRLF", STREAM("EHLO a\r\nQUIT\r\n"), false, { { "EHLO a", LINE_CRLF, 0 }, { "QUIT", LINE_CRLF, 0 } } },
	{ "a bare LF", STREAM("NOOP\nQUIT\r\n"), false, { { "NOOP", LINE_LF, 0 }, { "QUIT", LINE_CRLF, 0 } } },
	{ "empty lines", STREAM("\r\n\n\r\n"), false, { { "", LINE_CRLF, 0 }, { "", LINE_LF, 0 }, { "", LINE_CRLF, 0 } } },
	{ "a bare CR does not end a line", STREAM("NOOP\rQUIT\r\n"), false, { { "NOOP\rQUIT", LINE_CRLF, LINE_HAS_BARE_CR } } },
	{ "two CRs before the LF", STREAM("NOOP\r\r\nA\r\n"), false, { { "NOOP\r", LINE_CRLF, LINE_HAS_BARE_CR }, { "A", LINE_CRLF, 0 } } },
	{ "a bare CR ends a line where the peer ends its lines so", STREAM("NOOP\rQUIT\r\nA\r"), true,
	  { { "NOOP", LINE_CR, 0 }, { "QUIT", LINE_CRLF, 0 }, { "A", LINE_CR, 0 } } },
	{ "control octets, tab is none", STREAM("A\tB\r\nA\x01\r\n"), false, { { "A\tB", LINE_CRLF, 0 }, { "A\x01", LINE_CRLF, LINE_HAS_CONTROL } } },
	{ "8-bit octets", STREAM("b\xc3\xb8\r\n"), false, { { "b\xc3\xb8", LINE_CRLF, LINE_HAS_8BIT } } },
	{ "a no-break space", STREAM("MAIL\xc2\xa0X\r\n"), false, { { "MAIL\xc2\xa0X", LINE_CRLF, LINE_HAS_8BIT | LINE_INVISIBLE } } },
	{ "a byte order mark", STREAM("\xef\xbb\xbf" "EHLO\r\n"), false, { { "\xef\xbb\xbf" "EHLO", LINE_CRLF, LINE_HAS_8BIT | LINE_INVISIBLE } } },
	{ "the stream ends in a line", STREAM("QUIT\r\nRS"), false, { { "QUIT", LINE_CRLF, 0 }, { "RS", LINE_END, 0 } } },
	{ "the stream ends behind a CR", STREAM("QUIT\r"), false, { { "QUIT", LINE_END, LINE_HAS_BARE_CR } } },
};

static void check(const struct want *want, const struct line *line, size_t *at)
{
	assert_non_null(want->text);
	assert_int_equal(line->text.n, strlen(want->text));
	assert_memory_equal(line->text.p ? line->text.p : (const uint8_t *)"", want->text, line->text.n);
	assert_int_equal(line->ending, want->ending);
	assert_int_equal(line->flags, want->flags);
	assert_int_equal(line->length, line->text.n);
	assert_int_equal(line->offset, *at);
	*at += line->text.n + (want->ending == LINE_CRLF ? 2 : want->ending == LINE_END ? 0 : 1);
}

static void lines_at_every_cut(void **state)
{
	const struct kase *k = *state;
	for (size_t step = 1; step <= k->n; step++) {
		struct lines lines = { .bare_cr_ends = k->bare_cr_ends };
		struct line line;
		size_t n = 0, offset = 0;
		for (size_t at = 0; at < k->n; at += step) {
			struct guard g = guarded(bytes_first((struct bytes){ (const uint8_t *)k->stream + at, k->n - at }, step));
			struct chunk chunk = { .bytes = g.bytes, .offset = at, .place = { .number = (uint32_t)at + 1 } };
			lines_push(&lines, &chunk);
			while (lines_next(&lines, &line)) {
				assert_int_equal(line.first.number, line.offset - line.offset % step + 1);
				assert_true(line.segments >= 1 && line.segments <= line.length / step + 3);
				check(&k->want[n++], &line, &offset);
			}
			guard_free(&g);
		}
		if (lines_end(&lines, &line))
			check(&k->want[n++], &line, &offset);
		assert_true(n == MOST || !k->want[n].text);
		lines_free(&lines);
	}
}

static const struct cut_kase {
	const char *name;
	size_t length, step;
} long_cases[] = {
	{ "as long as is kept", LIMIT_LINE, 4000 },  { "one more", LIMIT_LINE + 1, 4000 }, { "one more in parts", LIMIT_LINE + 1, 7 },
	{ "much more in parts", 9000, 100 },         { "much more, whole", 9000, 9002 },   { "a cut before the LF", 5000, 5001 },
};

static void long_lines(void **state)
{
	const struct cut_kase *k = *state;
	uint8_t stream[10000];
	memset(stream, 'a', sizeof stream);
	stream[k->length - 1] = 0x80; /* a fact of the excess is kept, too */
	stream[k->length] = '\r';
	stream[k->length + 1] = '\n';
	struct lines lines = { 0 };
	struct line line = { 0 };
	unsigned n = 0;
	for (size_t at = 0; at < k->length + 2; at += k->step) {
		struct chunk chunk = { .bytes = bytes_first((struct bytes){ stream + at, k->length + 2 - at }, k->step), .offset = at };
		lines_push(&lines, &chunk);
		while (lines_next(&lines, &line)) {
			n++;
			assert_int_equal(line.length, k->length);
			assert_int_equal(line.text.n, k->length < LIMIT_LINE ? k->length : LIMIT_LINE);
			assert_int_equal(line.flags, LINE_HAS_8BIT);
			assert_int_equal(line.ending, LINE_CRLF);
		}
	}
	assert_int_equal(n, 1);
	lines_free(&lines);
}

static void a_gap(void **state)
{
	(void)state;
	struct lines lines = { 0 };
	struct line line;
	struct gap gap = { .missing = 10 };
	struct chunk one = { .bytes = B("NOOP\r\nMAIL FR") }, two = { .bytes = B("com>\r\nQUIT\r\n"), .offset = 23 };
	lines_push(&lines, &one);
	assert_true(lines_next(&lines, &line));
	assert_false(lines_next(&lines, &line));
	assert_true(lines_gap(&lines, &gap, &line));
	assert_true(bytes_equal(line.text, B("MAIL FR")) && line.ending == LINE_GAP);
	lines_push(&lines, &two);
	assert_true(lines_next(&lines, &line));
	assert_true(bytes_equal(line.text, B("com>")) && line.flags == LINE_AFTER_GAP && line.offset == 23);
	assert_true(lines_next(&lines, &line));
	assert_true(bytes_equal(line.text, B("QUIT")) && line.flags == 0);
	assert_false(lines_gap(&lines, &gap, &line));
	lines_free(&lines);
}

static unsigned flags_of(uint8_t octet)
{
	if (octet == 0)
		return LINE_HAS_NUL;
	if (octet == '\r')
		return LINE_HAS_BARE_CR;
	if (octet >= 0x80)
		return LINE_HAS_8BIT;
	return (octet < 0x20 && octet != '\t') || octet == 0x7f ? LINE_HAS_CONTROL : 0;
}

/* Any octet but LF, at any place of a line of several groups of eight. */
static void each_octet_at_each_place(void **state)
{
	(void)state;
	for (unsigned octet = 0; octet < 256; octet++) {
		for (size_t at = 0; octet != '\n' && at < 20; at++) {
			uint8_t text[] = "an ordinary line of text~\r\n";
			text[at] = (uint8_t)octet;
			struct chunk chunk = { .bytes = { text, sizeof text - 1 } };
			struct lines lines = { 0 };
			struct line line;
			lines_push(&lines, &chunk);
			assert_true(lines_next(&lines, &line));
			assert_int_equal(line.flags, flags_of((uint8_t)octet));
			lines_free(&lines);
		}
	}
}

static void another_mode(void **state)
{
	(void)state;
	struct lines lines = { 0 };
	struct line line;
	struct chunk chunk = { .bytes = B("BDAT 3 LAST\r\nab\nQUIT\r\n") };
	lines_push(&lines, &chunk);
	assert_true(lines_next(&lines, &line));
	assert_int_equal(lines_rest(&lines).n, 9);
	lines_take(&lines, 3);
	assert_true(lines_next(&lines, &line));
	assert_true(bytes_equal(line.text, B("QUIT")) && line.offset == 16);
	lines_free(&lines);
}

/* ---- an end: the chunk that came last is gone, and nothing of it may be looked at ---- */

static const struct ended { const char *name; bool gap; } ends[] = { { "at the end of the stream", false }, { "at a hole", true } };

static void forgets(void **state)
{
	const struct ended *k = *state;
	struct lines l = { 0 };
	struct line line;
	struct chunk chunk = { .bytes = B("EHLO a\r\nQUI") };
	struct gap gap = { .offset = 11, .missing = 4 };
	lines_push(&l, &chunk);
	assert_true(lines_next(&l, &line));
	assert_int_equal(lines_rest(&l).n, 3);
	assert_false(lines_next(&l, &line));
	chunk.bytes = (struct bytes){ (const uint8_t *)1, 100 };
	assert_true(k->gap ? lines_gap(&l, &gap, &line) : lines_end(&l, &line));
	assert_true(bytes_equal(line.text, B("QUI")));
	assert_int_equal(lines_rest(&l).n, 0);
	lines_free(&l);
}

int main(void)
{
	const struct CMUnitTest others[] = { cmocka_unit_test(a_gap), cmocka_unit_test(another_mode), cmocka_unit_test(each_octet_at_each_place) };
	int failed = TABLE_RUN("lines at every cut", cases, lines_at_every_cut);
	failed += TABLE_RUN("long lines", long_cases, long_lines);
	failed += TABLE_RUN("ends", ends, forgets);
	failed += cmocka_run_group_tests_name("gaps and modes", others, NULL, NULL);
	return failed != 0;
}
