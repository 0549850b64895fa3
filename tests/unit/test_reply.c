/* test_reply - lines become replies, the same at every cut. */
#include "smtp/line.h"
#include "smtp/reply.h"

#include "support/guard.h"
#include "support/table.h"

#include <string.h>

enum { MOST = 4 };

struct want {
	const char *text;
	int code;
	unsigned enhanced; /* 571: 5.7.1 */
	unsigned nlines, flags;
};

static const struct kase {
	const char *name, *stream;
	struct want want[MOST];
} cases[] = {
	{ "one line", "220 mx ESMTP\r\n", { { "mx ESMTP", 220, 0, 1, 0 } } },
	{ "an enhanced code", "550 5.7.1 no\r\n", { { "no", 550, 571, 1, 0 } } },
	{ "blanks around a text behind one", "550 5.7.1  no \r\n", { { "no", 550, 571, 1, 0 } } },
	{ "a blank at its end", "550 5.7.1 no \r\n", { { "no", 550, 571, 1, 0 } } },
	{ "a blank at the end of a text without", "550 no \r\n", { { "no ", 550, 0, 1, 0 } } },
	{ "two digits", "550 5.7.26 no\r\n550 5.10.1 no\r\n", { { "no", 550, 596, 1, 0 }, { "no", 550, 601, 1, 0 } } },
	{ "an enhanced code on each line", "550-5.1.1 no\r\n550 5.1.1 user\r\n", { { "no\nuser", 550, 511, 2, 0 } } },
	{ "an enhanced code alone", "500 5.5.2\r\n", { { "", 500, 552, 1, 0 } } },
	{ "a number sign keeps it in the text", "500 #5.5.1 command\r\n", { { "#5.5.1 command", 500, 0, 1, 0 } } },
	{ "an address is no enhanced code", "554 5.7.1.9 listed\r\n", { { "5.7.1.9 listed", 554, 0, 1, 0 } } },
	{ "a class of 3 is none", "554 3.7.1 x\r\n", { { "3.7.1 x", 554, 0, 1, 0 } } },
	{ "classes differ", "550 4.7.1 later\r\n", { { "later", 550, 471, 1, REPLY_ENHANCED_MISMATCH } } },
	{ "several lines", "250-mx\r\n250-SIZE\r\n250 HELP\r\n", { { "mx\nSIZE\nHELP", 250, 0, 3, 0 } } },
	{ "a code alone", "500\r\n250 ok\r\n", { { "", 500, 0, 1, 0 }, { "ok", 250, 0, 1, 0 } } },
	{ "a tab", "500\tno\r\n", { { "no", 500, 0, 1, REPLY_SEPARATOR_ODD } } },
	{ "no separator", "500no\r\n", { { "no", 500, 0, 1, REPLY_SEPARATOR_ODD } } },
	{ "a code that changes", "250-a\r\n500 b\r\n", { { "a\nb", 500, 0, 2, REPLY_CODE_CHANGES } } },
	{ "a multi-line reply behind a whole one", "250 bar\r\n250-foo\r\n250 end\r\n", { { "bar", 250, 0, 1, 0 }, { "foo\nend", 250, 0, 2, 0 } } },
	{ "no code", "4.7.0 later\r\n250 ok\r\n", { { "later", -1, 470, 1, REPLY_CODE_MISSING }, { "ok", 250, 0, 1, 0 } } },
	{ "four digits are no code", "5000 x\r\n", { { "5000 x", -1, 0, 1, REPLY_CODE_MISSING } } },
	{ "junk swallows nothing", "\x16\x03\x01\r\n500 no\r\n", { { "\x16\x03\x01", -1, 0, 1, REPLY_CODE_MISSING }, { "no", 500, 0, 1, 0 } } },
	{ "junk inside", "500-you said\r\njunk\r\n500 end\r\n", { { "you said\njunk\nend", 500, 0, 3, REPLY_CODE_MISSING } } },
	{ "an odd code", "999 x\r\n", { { "x", 999, 0, 1, REPLY_CODE_ODD } } },
	{ "a bare LF", "250 x\n", { { "x", 250, 0, 1, REPLY_BARE_NEWLINE } } },
	{ "the end within", "250-x\r\n250-y", { { "x\ny", 250, 0, 2, REPLY_CUT } } },
	{ "an empty line between", "250 a\r\n\r\n250 b\r\n", { { "a", 250, 0, 1, 0 }, { "b", 250, 0, 1, 0 } } },
};

static void check(const struct want *want, struct reply r)
{
	assert_non_null(want->text);
	assert_int_equal(r.code, want->code);
	assert_int_equal(r.text.n, strlen(want->text));
	assert_memory_equal(r.text.p ? r.text.p : (const uint8_t *)"", want->text, r.text.n);
	assert_int_equal(r.enhanced.present ? r.enhanced.class * 100 + r.enhanced.subject * 10 + r.enhanced.detail : 0, want->enhanced);
	assert_int_equal(r.nlines, want->nlines);
	assert_int_equal(r.flags, want->flags);
	assert_true(r.raw.n >= r.text.n);
}

static void replies_at_every_cut(void **state)
{
	const struct kase *k = *state;
	size_t size = strlen(k->stream);
	for (size_t step = 1; step <= size; step++) {
		struct lines lines = { 0 };
		struct replies replies = { 0 };
		struct arena arena = { 0 };
		struct line line;
		struct reply reply;
		size_t n = 0;
		for (size_t at = 0; at < size; at += step) {
			struct guard g = guarded(bytes_first((struct bytes){ (const uint8_t *)k->stream + at, size - at }, step));
			struct chunk chunk = { .bytes = g.bytes, .offset = at };
			lines_push(&lines, &chunk);
			while (lines_next(&lines, &line))
				if (replies_line(&replies, &arena, &line, &reply))
					check(&k->want[n++], reply);
			guard_free(&g);
		}
		if (lines_end(&lines, &line) && replies_line(&replies, &arena, &line, &reply))
			check(&k->want[n++], reply);
		if (replies_cut(&replies, &arena, &reply))
			check(&k->want[n++], reply);
		assert_true(n == MOST || !k->want[n].text);
		lines_free(&lines);
		replies_free(&replies);
		arena_drop(&arena);
	}
}

int main(void)
{
	return TABLE_RUN("replies at every cut", cases, replies_at_every_cut) != 0;
}
