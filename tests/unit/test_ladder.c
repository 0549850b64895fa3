/* test_ladder.c - the picture of a dialogue: rails, arrows, what is shown and what is left out. */
#include "report/ladder.h"

#include "support/table.h"

struct said {
	enum rung_kind kind;
	int64_t exchange;
	const char *text, *remark;
	bool keep;
};

enum { SAID_MOST = 16 };

static const struct kase {
	const char *name;
	enum charset charset;
	unsigned width;
	int64_t error; /* exchange that is explained */
	struct said said[SAID_MOST];
	const char *want;
} cases[] = {
	{ "a command and its refusal", CHARSET_ASCII, 60, 2,
	  { { RUNG_CLIENT, 2, "HLEO a", "", false }, { RUNG_SERVER, 2, "500 what?", "", false } },
	  "  seconds    frame  c                                      s\n"
	  ">   1.000        1  | HLEO a ----------------------------->|\n"
	  ">   2.000        2  |<-------------------------- 500 what? |\n" },
	{ "a reply of several lines is one block", CHARSET_ASCII, 60, 9,
	  { { RUNG_SERVER, 9, "250-mx.example\n250 SIZE", "", false } },
	  "  seconds    frame  c                                      s\n"
	  ">   1.000        1  |<--------------------- 250-mx.example |\n"
	  "                    |                       250 SIZE       |\n" },
	{ "a long refused command is shown whole", CHARSET_ASCII, 60, 1,
	  { { RUNG_CLIENT, 1, "MAIL FROM:<someone@a.very.long.domain.example.org> X=1", "", false } },
	  "  seconds    frame  c                                      s\n"
	  ">   1.000        1  | MAIL FROM:<someone@a.very.long.d     |\n"
	  "                    | omain.example.org> X=1 ------------->|\n" },
	{ "a long line beside it is cut", CHARSET_ASCII, 60, 2,
	  { { RUNG_CLIENT, 1, "MAIL FROM:<someone@a.very.long.domain.example.org> X=1", "", false } },
	  "  seconds    frame  c                                      s\n"
	  "    1.000        1  | MAIL FROM:<someone@a.very.lon... --->|\n" },
	{ "a remark stands below its line", CHARSET_ASCII, 60, 2,
	  { { RUNG_CLIENT, 1, "RSET", "sent again", false } },
	  "  seconds    frame  c                                      s\n"
	  "    1.000        1  | RSET ------------------------------->|\n"
	  "                    |   sent again                         |\n" },
	{ "a long remark stays between the rails", CHARSET_ASCII, 60, 2,
	  { { RUNG_CLIENT, 1, "RSET", "message content is withheld; sent again", false } },
	  "  seconds    frame  c                                      s\n"
	  "    1.000        1  | RSET ------------------------------->|\n"
	  "                    |   message content is withheld; sent  |\n"
	  "                    |   again                              |\n" },
	{ "a long refusal is broken at a blank", CHARSET_ASCII, 60, 1,
	  { { RUNG_SERVER, 1, "550 5.1.1 <nobody@example> rejected: unknown", "", false } },
	  "  seconds    frame  c                                      s\n"
	  ">   1.000        1  |<--------- 550 5.1.1 <nobody@example> |\n"
	  "                    |           rejected: unknown          |\n" },
	{ "what is far from the error is left out, the kept stays", CHARSET_ASCII, 60, 9,
	  { { RUNG_SERVER, 1, "220 mx", "", true }, { RUNG_CLIENT, 2, "NOOP", "", false }, { RUNG_CLIENT, 3, "NOOP", "", false },
	    { RUNG_CLIENT, 9, "BAD", "", false }, { RUNG_CLIENT, 20, "QUIT", "", false } },
	  "  seconds    frame  c                                      s\n"
	  "    1.000        1  |<----------------------------- 220 mx |\n"
	  "                    : 2 lines not shown\n"
	  ">   4.000        4  | BAD -------------------------------->|\n"
	  "                    : 1 line not shown\n" },
	{ "a note stands between the rails", CHARSET_ASCII, 60, 2,
	  { { RUNG_NOTE, 2, "40 octets are missing", "", false } },
	  "  seconds    frame  c                                      s\n"
	  "    1.000        1  |   40 octets are missing\n" },
	{ "a terminal escape is inert", CHARSET_ASCII, 60, 2,
	  { { RUNG_CLIENT, 1, "\033[2J", "", false } },
	  "  seconds    frame  c                                      s\n"
	  "    1.000        1  | \\x1b[2J ---------------------------->|\n" },
	{ "an empty line has its arrow", CHARSET_ASCII, 60, 2,
	  { { RUNG_CLIENT, 1, "", "", false } },
	  "  seconds    frame  c                                      s\n"
	  "    1.000        1  |  ----------------------------------->|\n" },
	{ "rails of UTF-8", CHARSET_UTF8, 60, 1,
	  { { RUNG_CLIENT, 2, "QUIT", "", false } },
	  "  seconds    frame  c                                      s\n"
	  "    1.000        1  \xe2\x94\x82 QUIT \xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80"
	  "\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80"
	  "\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80"
	  "\xe2\x94\x80\xe2\x96\xb6\xe2\x94\x82\n" },
};

static void fill(struct ladder *ladder, const struct kase *k)
{
	ladder->client = B("c");
	ladder->server = B("s");
	for (size_t i = 0; i < SAID_MOST && k->said[i].text; i++) {
		struct rung *rung = ladder_add(ladder, k->said[i].kind);
		rung->exchange = k->said[i].exchange;
		rung->text = bytes_of(k->said[i].text);
		rung->remark = bytes_of(k->said[i].remark);
		rung->keep = k->said[i].keep;
		rung->frame = (int64_t)i + 1;
		rung->at = (double)i + 1;
		rung->error = rung->exchange == k->error && rung->kind != RUNG_NOTE;
	}
}

static void draws(void **state)
{
	const struct kase *k = *state;
	struct ladder ladder = { 0 };
	struct page page = { .style = { .charset = k->charset, .width = k->width } };
	fill(&ladder, k);
	ladder_around(&ladder, k->error, 4, 2);
	ladder_draw(&page, &ladder);
	assert_string_equal(page.out.p, k->want);
	page_free(&page);
	ladder_free(&ladder);
}

/* Whatever a server says, no line is wider than the page. */
static const struct wide { const char *name; unsigned width; } widths[] = {
	{ "never wider than 60 columns", 60 }, { "never wider than 80 columns", 80 }, { "never wider than 110 columns", 110 },
};

static void stays_within(void **state)
{
	const struct wide *k = *state;
	for (size_t n = 0; n < 300; n += 7) {
		struct ladder ladder = { .client = B("192.0.2.1:40000"), .server = B("[2001:db8:1234:5678:9abc:def0:1234:5678]:25") };
		struct page page = { .style = { .charset = CHARSET_UTF8, .width = k->width } };
		struct text text = { 0 };
		for (size_t i = 0; i < n; i++)
			text_add_string(&text, i % 3 ? "\xe6\x97\xa5" : i % 5 ? "x" : "\n");
		for (int error = 0; error < 2; error++) {
			struct rung *rung = ladder_add(&ladder, error ? RUNG_SERVER : RUNG_CLIENT);
			rung->text = text_view(&text);
			rung->error = n % 2;
		}
		ladder_draw(&page, &ladder);
		for (struct cut cut = { .tail = text_view(&page.out), .found = true }; cut.found;) {
			cut = bytes_cut(cut.tail, '\n');
			assert_true(escape_width(cut.head) <= k->width);
		}
		text_free(&text);
		page_free(&page);
		ladder_free(&ladder);
	}
}

int main(void)
{
	int failed = TABLE_RUN("ladder", cases, draws);
	failed += TABLE_RUN("widths", widths, stays_within);
	return failed != 0;
}
