/* test_escape.c - no octet gets to a reader's terminal, page or file that acts there. */
#include "report/escape.h"

#include "support/guard.h"
#include "support/table.h"

#include <string.h>

enum how { TERMINAL_UTF8, TERMINAL_ASCII, CSV, HTML, JSON, SCRIPT };

static void escape(struct text *out, struct bytes in, enum how how)
{
	switch (how) {
	case TERMINAL_UTF8:
	case TERMINAL_ASCII:
		escape_terminal(out, in, how == TERMINAL_UTF8 ? CHARSET_UTF8 : CHARSET_ASCII);
		break;
	case CSV:
		escape_csv(out, in);
		break;
	case HTML:
		escape_html(out, in);
		break;
	case JSON:
		escape_json(out, in);
		break;
	case SCRIPT:
		escape_script(out, in);
		break;
	}
}

static const struct kase {
	const char *name;
	enum how how;
	struct bytes in;
	const char *want;
} cases[] = {
	{ "terminal: nothing", TERMINAL_UTF8, B(""), "" },
	{ "terminal: plain text stays", TERMINAL_UTF8, B("550 5.1.1 <a@b>: no"), "550 5.1.1 <a@b>: no" },
	{ "terminal: C escapes of the database stay", TERMINAL_UTF8, B("a\\x1bb\\n"), "a\\x1bb\\n" },
	{ "terminal: colour sequence", TERMINAL_UTF8, B("\033[31mred"), "\\x1b[31mred" },
	{ "terminal: title sequence", TERMINAL_UTF8, B("\033]0;x\007"), "\\x1b]0;x\\x07" },
	{ "terminal: C1 control as UTF-8", TERMINAL_UTF8, B("\xc2\x9b" "31m"), "\\xc2\\x9b31m" },
	{ "terminal: C1 control as one octet", TERMINAL_UTF8, B("\x9b" "31m"), "\\x9b31m" },
	{ "terminal: NUL", TERMINAL_UTF8, B("a\0b"), "a\\x00b" },
	{ "terminal: DEL and backspace", TERMINAL_UTF8, B("\x7f\x08"), "\\x7f\\x08" },
	{ "terminal: line ends are one line", TERMINAL_UTF8, B("a\r\nb\tc"), "a\\r\\nb\\tc" },
	{ "terminal: right-to-left override", TERMINAL_UTF8, B("\xe2\x80\xae" "gpj"), "\\xe2\\x80\\xaegpj" },
	{ "terminal: zero width space", TERMINAL_UTF8, B("MA\xe2\x80\x8bIL"), "MA\\xe2\\x80\\x8bIL" },
	{ "terminal: soft hyphen", TERMINAL_UTF8, B("\xc2\xad"), "\\xc2\\xad" },
	{ "terminal: letters beyond ASCII", TERMINAL_UTF8, B("Gr\xc3\xbc\xc3\x9f" "e"), "Gr\xc3\xbc\xc3\x9f" "e" },
	{ "terminal: letters beyond ASCII in an ASCII locale", TERMINAL_ASCII, B("Gr\xc3\xbc"), "Gr\\xc3\\xbc" },
	{ "terminal: overlong slash", TERMINAL_UTF8, B("\xc0\xaf"), "\\xc0\\xaf" },
	{ "terminal: surrogate", TERMINAL_UTF8, B("\xed\xa0\x80"), "\\xed\\xa0\\x80" },
	{ "terminal: beyond Unicode", TERMINAL_UTF8, B("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80" },
	{ "terminal: character cut by the end", TERMINAL_UTF8, B("\xe2\x82"), "\\xe2\\x82" },
	{ "terminal: character cut by another", TERMINAL_UTF8, B("\xe2\x82" "a"), "\\xe2\\x82" "a" },
	{ "csv: plain", CSV, B("abc"), "abc" },
	{ "csv: comma", CSV, B("a,b"), "\"a,b\"" },
	{ "csv: quote", CSV, B("say \"x\""), "\"say \"\"x\"\"\"" },
	{ "csv: line end", CSV, B("a\nb"), "\"a\nb\"" },
	{ "csv: formula", CSV, B("=HYPERLINK(1)"), "'=HYPERLINK(1)" },
	{ "csv: formula with a comma", CSV, B("@SUM(1,2)"), "\"'@SUM(1,2)\"" },
	{ "csv: formula by minus", CSV, B("-2+3"), "'-2+3" },
	{ "csv: negative number stays", CSV, B("-2.5"), "-2.5" },
	{ "csv: control", CSV, B("a\033b"), "a\\x1bb" },
	{ "csv: carriage return", CSV, B("\rx"), "\"'\\x0dx\"" },
	{ "html: tag", HTML, B("<script>alert(\"x\")</script>"), "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;" },
	{ "html: attribute breakers", HTML, B("' onload='&amp;"), "&#39; onload=&#39;&amp;amp;" },
	{ "html: control", HTML, B("a\0b\033"), "a\\x00b\\x1b" },
	{ "html: not UTF-8", HTML, B("\xff<"), "\\xff&lt;" },
	{ "html: direction override", HTML, B("\xe2\x80\xae"), "\\xe2\\x80\\xae" },
	{ "json: plain", JSON, B("abc"), "\"abc\"" },
	{ "json: quote and backslash", JSON, B("a\"b\\c"), "\"a\\\"b\\\\c\"" },
	{ "json: controls", JSON, B("\n\r\t\001\x7f"), "\"\\n\\r\\t\\u0001\\u007f\"" },
	{ "json: NUL", JSON, B("\0"), "\"\\u0000\"" },
	{ "json: not UTF-8 becomes readable octets", JSON, B("\xff"), "\"\\\\xff\"" },
	{ "json: line separator", JSON, B("\xe2\x80\xa8"), "\"\\u2028\"" },
	{ "json: tag character as a surrogate pair", JSON, B("\xf3\xa0\x80\x81"), "\"\\udb40\\udc01\"" },
	{ "json: letters stay", JSON, B("\xc3\xbc"), "\"\xc3\xbc\"" },
	{ "script: the end of a script element", SCRIPT, B("</script><!--"), "\"\\u003c/script\\u003e\\u003c!--\"" },
	{ "script: a character reference", SCRIPT, B("&lt;"), "\"\\u0026lt;\"" },
	{ "script: quote, backslash, line end", SCRIPT, B("\"\\\n"), "\"\\\"\\\\\\n\"" },
	{ "script: controls are shown as octets", SCRIPT, B("\0\t\033"), "\"\\\\x00\\\\x09\\\\x1b\"" },
	{ "script: direction override is shown as octets", SCRIPT, B("\xe2\x80\xae"), "\"\\\\xe2\\\\x80\\\\xae\"" },
	{ "script: not UTF-8", SCRIPT, B("\xff\xc3"), "\"\\\\xff\\\\xc3\"" },
	{ "script: letters stay", SCRIPT, B("\xc3\xbc"), "\"\xc3\xbc\"" },
};

static void escapes(void **state)
{
	const struct kase *k = *state;
	struct guard guard = guarded(k->in);
	struct text out = { 0 };
	escape(&out, guard.bytes, k->how);
	assert_string_equal((const char *)text_view(&out).p, k->want);
	text_free(&out);
	guard_free(&guard);
}

static const struct fit {
	const char *name;
	struct bytes in;
	size_t columns;
	enum charset charset;
	const char *want;
} fits[] = {
	{ "it fits", B("abc"), 3, CHARSET_UTF8, "abc" },
	{ "cut with an ellipsis", B("abcdef"), 4, CHARSET_UTF8, "abc\xe2\x80\xa6" },
	{ "cut with dots", B("abcdef"), 5, CHARSET_ASCII, "ab..." },
	{ "an escape is not cut in two", B("ab\033cd"), 5, CHARSET_UTF8, "ab\xe2\x80\xa6" },
	{ "wide characters count twice", B("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"), 5, CHARSET_UTF8, "\xe6\x97\xa5\xe6\x9c\xac\xe2\x80\xa6" },
	{ "no room at all", B("abc"), 0, CHARSET_UTF8, "" },
	{ "no room for dots", B("abc"), 2, CHARSET_ASCII, "" },
};

static void fits_columns(void **state)
{
	const struct fit *k = *state;
	struct text out = { 0 };
	escape_terminal_fit(&out, k->in, k->charset, k->columns);
	assert_string_equal((const char *)text_view(&out).p, k->want);
	assert_true(escape_width(text_view(&out)) <= k->columns);
	text_free(&out);
}

static const struct fit ends[] = {
	{ "it fits", B("abc"), 3, CHARSET_UTF8, "abc" },
	{ "cut in front", B("abcdef"), 4, CHARSET_UTF8, "\xe2\x80\xa6" "def" },
	{ "cut in front with dots", B("abcdef"), 5, CHARSET_ASCII, "...ef" },
	{ "an escape is not cut in two", B("ab\033cd"), 6, CHARSET_UTF8, "\xe2\x80\xa6" "cd" },
	{ "no room for dots", B("abc"), 2, CHARSET_ASCII, "" },
};

static void fits_end(void **state)
{
	const struct fit *k = *state;
	struct text out = { 0 };
	escape_terminal_fit_end(&out, k->in, k->charset, k->columns);
	assert_string_equal((const char *)text_view(&out).p ? (const char *)text_view(&out).p : "", k->want);
	assert_true(escape_width(text_view(&out)) <= k->columns);
	text_free(&out);
}

/* Whatever two octets come after each other, nothing that a terminal obeys comes out. */
static const struct every { const char *name; enum charset charset; } every_pair[] = {
	{ "every pair of octets, UTF-8", CHARSET_UTF8 }, { "every pair of octets, ASCII", CHARSET_ASCII },
};

static void harmless(void **state)
{
	const struct every *k = *state;
	struct text out = { 0 };
	for (unsigned pair = 0; pair < 65536; pair++) {
		uint8_t octets[2] = { (uint8_t)(pair >> 8), (uint8_t)pair };
		text_clear(&out);
		escape_terminal(&out, (struct bytes){ octets, 2 }, k->charset);
		struct bytes rest = text_view(&out);
		while (rest.n) {
			struct glyph glyph = glyph_at(rest);
			assert_true(glyph.valid && glyph.visible && glyph.code >= 0x20);
			assert_true(k->charset == CHARSET_UTF8 || glyph.code < 0x7f);
			rest = bytes_from(rest, glyph.octets);
		}
	}
	text_free(&out);
}

int main(void)
{
	int failed = TABLE_RUN("escape", cases, escapes);
	failed += TABLE_RUN("fit", fits, fits_columns);
	failed += TABLE_RUN("fit the end", ends, fits_end);
	failed += TABLE_RUN("harmless", every_pair, harmless);
	return failed != 0;
}
