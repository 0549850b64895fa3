/* test_compare.c - one session written as both sides of a box heard it: what is told as a change, and what is not. Each row at whole
 * segments and at small ones, so that segmentation is never a change. */
#include "support/table.h"
#include "support/talk.h"

#include "base/text.h"
#include "smtp/dialogue.h"
#include "why/match.h"

#include <stdlib.h>

#define GREETING "S: 220 mx.example.com ESMTP\n"
#define EHLO "C: EHLO a.example.org\nS: 250-mx.example.com\nS+: 250-PIPELINING\nS+: 250-STARTTLS\nS+: 250 DSN\n"
#define OFFER_IN "C: EHLO a.example.org\n"
#define MAIL "C: MAIL FROM:<a@example.org>\nS: 250 2.1.0 Ok\n"
#define RCPT "C: RCPT TO:<b@example.com>\nS: 250 2.1.5 Ok\n"
#define DATA "C: DATA\nS: 354 go ahead\n"
#define QUIT "C: QUIT\nS: 221 bye\nC.: FIN\nS.: FIN\n"

static const struct kase { const char *name, *inside, *outside, *want; } cases[] = {
	{ "the same on both sides", GREETING EHLO MAIL RCPT DATA "C: Subject: x\nC+: \nC+: hi\nC+: .\nS: 250 ok\n" QUIT,
	  GREETING EHLO MAIL RCPT DATA "C: Subject: x\nC+: \nC+: hi\nC+: .\nS: 250 ok\n" QUIT, "" },
	{ "a masked greeting", "S: 220 ************************\n" EHLO QUIT, "S: 220 mx.example.com ESMTP abc\n" EHLO QUIT,
	  "masked S 220 ************************ < 220 mx.example.com ESMTP abc [middlebox.stream_altered]\n" },
	{ "a masked keyword", GREETING OFFER_IN "S: 250-mx\nS+: 250-XXXXXXXA\nS+: 250 DSN\n" QUIT, GREETING OFFER_IN "S: 250-mx\nS+: 250-STARTTLS\nS+: 250 DSN\n" QUIT,
	  "masked S 250-XXXXXXXA < 250-STARTTLS [middlebox.starttls_stripped]\n" },
	{ "a removed keyword is told once, with the reply", GREETING OFFER_IN "S: 250-mx\nS+: 250 DSN\n" QUIT, GREETING OFFER_IN "S: 250-mx\nS+: 250-DSN\nS+: 250 STARTTLS\n" QUIT,
	  "removed S 250-mx\\r\\n250 DSN < 250-mx\\r\\n250-DSN\\r\\n250 STARTTLS [middlebox.starttls_stripped]\n" },
	{ "an added keyword", GREETING OFFER_IN "S: 250-mx\nS+: 250-AUTH PLAIN\nS+: 250 DSN\n" QUIT, GREETING OFFER_IN "S: 250-mx\nS+: 250 DSN\n" QUIT,
	  "added S 250-mx\\r\\n250-AUTH PLAIN\\r\\n250 DSN < 250-mx\\r\\n250 DSN [middlebox.stream_altered]\n" },
	{ "a masked command", GREETING EHLO "C: STARTTLS\nS: 500 no\n" QUIT, GREETING EHLO "C: XXXXXXXX\nS: 500 no\n" QUIT,
	  "masked C STARTTLS > XXXXXXXX [middlebox.starttls_stripped]\n" },
	{ "EHLO masked, then HELO as it is", GREETING "C: EHLO a\nS: 500 no\nC: HELO a\nS: 250 mx\n" QUIT, GREETING "C: XXXX a\nS: 500 no\nC: HELO a\nS: 250 mx\n" QUIT,
	  "masked C EHLO a > XXXX a [middlebox.ehlo_blocked]\n" },
	{ "a verb made NOOP", GREETING EHLO "C: FROB x\nS: 250 ok\n" QUIT, GREETING EHLO "C: NOOP  \nS: 250 ok\n" QUIT,
	  "rewritten C FROB x > NOOP   [middlebox.command_masked]\n" },
	{ "a parameter changed", GREETING EHLO "C: MAIL FROM:<a@example.org> SIZE=5\nS: 552 big\n" QUIT, GREETING EHLO "C: MAIL FROM:<a@example.org> SIZE=5000\nS: 552 big\n" QUIT,
	  "rewritten C MAIL FROM:<a@example.org> SIZE=5 > MAIL FROM:<a@example.org> SIZE=5000 [middlebox.stream_altered]\n" },
	{ "a line end", GREETING EHLO "C: NOOP\nS: 250 ok\n" QUIT, GREETING EHLO "C: NOOP\\n\\\nS: 250 ok\n" QUIT,
	  "rewritten C NOOP\\r\\n > NOOP\\n [middlebox.stream_altered]\n" },
	{ "the box answers, the server never sees it", GREETING EHLO "C: VRFY b\nS: 502 no\n" MAIL QUIT, GREETING EHLO MAIL QUIT,
	  "answered_by_box S 502 no < - [middlebox.reply_injected]\nswallowed C VRFY b > - [middlebox.stream_altered]\n" },
	{ "the box answers ahead of the server", GREETING EHLO "C: MAIL FROM:<a@example.org>\nS: 554 no\n" QUIT, GREETING EHLO MAIL QUIT,
	  "answered_by_box S 554 no < 250 2.1.0 Ok [middlebox.reply_injected]\n" },
	{ "an XCLIENT of the box's own", GREETING EHLO QUIT, GREETING "C: XCLIENT ADDR=192.0.2.1\nS: 220 again\n" EHLO QUIT,
	  "added C - > XCLIENT ADDR=192.0.2.1 [-]\nswallowed S - < 220 again [-]\n" },
	{ "two recipients change places", GREETING EHLO MAIL "C: RCPT TO:<b@example.com>\nC+: RCPT TO:<c@example.com>\nS: 250 ok\nS+: 250 ok\n" QUIT,
	  GREETING EHLO MAIL "C: RCPT TO:<c@example.com>\nC+: RCPT TO:<b@example.com>\nS: 250 ok\nS+: 250 ok\n" QUIT,
	  "reordered C RCPT TO:<b@example.com> > RCPT TO:<b@example.com> [middlebox.stream_altered]\n" },
	{ "replies that quote recipients change places with them", GREETING EHLO MAIL "C: RCPT TO:<b@example.com>\nC+: RCPT TO:<c@example.com>\nS: 250 <c> ok\nS+: 250 <b> ok\n" QUIT,
	  GREETING EHLO MAIL "C: RCPT TO:<c@example.com>\nC+: RCPT TO:<b@example.com>\nS: 250 <c> ok\nS+: 250 <b> ok\n" QUIT,
	  "reordered C RCPT TO:<b@example.com> > RCPT TO:<b@example.com> [middlebox.stream_altered]\n" },
	{ "a header field added, its content untold", GREETING EHLO MAIL RCPT DATA "C: Subject: x\nC+: \nC+: hi\nC+: .\nS: 250 ok\n" QUIT,
	  GREETING EHLO MAIL RCPT DATA "C: Received: by box\nC+:  with secrets\nC+: Subject: x\nC+: \nC+: hi\nC+: .\nS: 250 ok\n" QUIT,
	  "added C - > Received: [middlebox.stream_altered]\n" },
	{ "a changed body has no text", GREETING EHLO MAIL RCPT DATA "C: Subject: x\nC+: \nC+: hi\nC+: .\nS: 250 ok\n" QUIT,
	  GREETING EHLO MAIL RCPT DATA "C: Subject: x\nC+: \nC+: ho\nC+: .\nS: 250 ok\n" QUIT, "rewritten C - > - [middlebox.stream_altered]\n" },
	{ "a hole outside hides a command", GREETING EHLO "C: VRFY b\nS: 252 maybe\n" MAIL QUIT, GREETING EHLO "C-: 8\nS: 252 maybe\n" MAIL QUIT, "" },
	{ "a hole outside hides an exchange", GREETING EHLO "C: VRFY b\nS: 252 maybe\n" MAIL QUIT, GREETING EHLO "C-: 8\nS-: 11\n" MAIL QUIT, "" },
	{ "a hole inside hides a reply", GREETING EHLO "C: VRFY b\nS-: 11\n" MAIL QUIT, GREETING EHLO "C: VRFY b\nS: 252 maybe\n" MAIL QUIT, "" },
	{ "a hole beside a change hides nothing", GREETING EHLO "C: STARTTLS\nS: 500 no\n" MAIL QUIT, GREETING EHLO "C: XXXXXXXX\nS: 500 no\nC-: 30\nS: 250 2.1.0 Ok\n" QUIT,
	  "masked C STARTTLS > XXXXXXXX [middlebox.starttls_stripped]\n" },
	{ "the outside capture ended in another's place", GREETING EHLO "C: VRFY b\nS: 252 maybe\n" QUIT, GREETING EHLO "C: XWHOAMI gateway\nS: 250 ok\n",
	  "added C - > XWHOAMI gateway [middlebox.stream_altered]\nswallowed S - < 250 ok [middlebox.stream_altered]\n" },
	{ "the inside capture ended in mid-line", GREETING "C: EHLO a.exa\\\n", GREETING EHLO MAIL RCPT QUIT, "" },
	{ "the outside capture ended early", GREETING EHLO MAIL RCPT QUIT, GREETING EHLO, "" },
	{ "the inside capture ended early", GREETING EHLO, GREETING EHLO MAIL RCPT QUIT, "" },
};

struct heard {
	struct account account;
	struct session *window;
	struct verdicts verdicts;
};

static void hear(struct heard *h, const char *talk, size_t chunk)
{
	*h = (struct heard){ .account.transcript = transcript_new() };
	h->window = talk_heard(talk, chunk, h->account.transcript);
	assert_non_null(h->window);
	h->account.windows = &h->window;
	h->account.verdicts = &h->verdicts;
	h->account.nwindows = 1;
	for (int d = 0; d < 2; d++) { /* the capture ends with the talk */
		const struct monologue *m = &h->account.transcript->of[d];
		if (m->n && m->lines[m->n - 1].last.time > h->account.watched_until)
			h->account.watched_until = m->lines[m->n - 1].last.time;
	}
	account_begin(&h->account);
}

static void unhear(struct heard *h)
{
	account_end(&h->account);
	session_free(h->window);
	transcript_free(h->account.transcript);
}

static void describe(struct text *out, const struct change *c)
{
	bool client = c->direction == FROM_CLIENT;
	text_addf(out, "%s %s ", change_name(c->kind), client ? "C" : "S");
	if (c->inside_text.p)
		text_add_c(out, c->inside_text, 1000);
	else
		text_add_octet(out, '-');
	text_add_string(out, client ? " > " : " < ");
	if (c->outside_text.p)
		text_add_c(out, c->outside_text, 1000);
	else
		text_add_octet(out, '-');
	text_addf(out, " [%s]\n", c->cause < CAUSE_COUNT ? cause_entry(c->cause)->slug : "-");
}

static void told(void **state)
{
	const struct kase *k = *state;
	static const size_t chunks[][2] = { { 0, 0 }, { 7, 0 }, { 0, 3 }, { 5, 11 } };
	for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
		struct heard inside, outside;
		struct arena arena = { 0 };
		struct text got = { 0 };
		hear(&inside, k->inside, chunks[i][0]);
		hear(&outside, k->outside, chunks[i][1]);
		struct sides sides = sides_align(&arena, &inside.account, &outside.account);
		int64_t times[2][64];
		size_t nclient = sides_times(&sides, FROM_CLIENT, times[0], 64), nserver = sides_times(&sides, FROM_SERVER, times[1], 64);
		for (const struct change *c = sides_changes(&arena, &sides, clock_estimate(times[0], nclient, times[1], nserver)); c; c = c->next)
			if (c->kind != CHANGE_DELAYED)
				describe(&got, c);
		assert_string_equal(got.p ? got.p : "", k->want);
		text_free(&got);
		unhear(&inside);
		unhear(&outside);
		arena_drop(&arena);
	}
}

/* ---- clocks ---- */

static const struct clock_kase { const char *name; int64_t client[5], server[5]; size_t nclient, nserver; int64_t offset, transit; bool known; } clocks[] = {
	{ "nothing to go by", { 0 }, { 0 }, 0, 0, 0, 0, false },
	{ "the mean of both ways", { 1010, 1010 }, { 990, 990 }, 2, 2, 1000, 10, true },
	{ "a slow frame moves nothing", { 1010, 1010, 900000 }, { 990, 990, 990 }, 3, 3, 1000, 10, true },
	{ "one way only", { 500, 700, 600 }, { 0 }, 3, 0, 600, 0, true },
};

static void clock_found(void **state)
{
	const struct clock_kase *k = *state;
	struct clock_kase copy = *k;
	struct clock got = clock_estimate(copy.client, k->nclient, copy.server, k->nserver);
	assert_int_equal(got.known, k->known);
	assert_int_equal(got.offset, k->offset);
	assert_int_equal(got.transit, k->transit);
}

/* ---- matching ---- */

enum { SESSIONS = 3 };
/* Sessions of each side as talk, client port and initial sequence number (0: not known), in order; the outside partner of each inside one. */
static const struct match_kase {
	const char *name;
	struct { const char *talk; uint16_t port; uint32_t isn; int64_t start; } side[2][SESSIONS];
	const char *want;
} matched[] = {
	{ "by addresses and ports", { { { GREETING EHLO QUIT, 1000, 0, 0 }, { GREETING EHLO QUIT, 1001, 0, 50 } }, { { GREETING EHLO QUIT, 1001, 0, 60 }, { GREETING EHLO QUIT, 1000, 0, 10 } } }, "0-1 1-0 " },
	{ "by sequence number when ports are new", { { { GREETING EHLO QUIT, 1000, 77, 0 }, { GREETING EHLO QUIT, 1001, 88, 0 } }, { { GREETING EHLO QUIT, 5001, 88, 0 }, { GREETING EHLO QUIT, 5000, 77, 0 } } }, "0-1 1-0 " },
	{ "by content when all is new", { { { GREETING EHLO "C: MAIL FROM:<one@example.org>\nS: 250 ok\n", 1000, 1, 0 }, { GREETING EHLO "C: MAIL FROM:<two@example.org>\nS: 250 ok\n", 1001, 2, 0 } },
	  { { GREETING EHLO "C: MAIL FROM:<two@example.org>\nS: 250 ok\n", 5001, 3, 0 }, { GREETING EHLO "C: MAIL FROM:<one@example.org>\nS: 250 ok\n", 5000, 4, 0 } } }, "0-1 1-0 " },
	{ "the same content twice: by time", { { { GREETING EHLO MAIL, 1000, 0, 0 }, { GREETING EHLO MAIL, 1001, 0, 30 } }, { { GREETING EHLO MAIL, 5001, 0, 3600 }, { GREETING EHLO MAIL, 5000, 0, 3630 } } }, "0-0 1-1 " },
	{ "alike in every word, and no mail: by time", { { { GREETING EHLO QUIT, 1000, 0, 0 }, { GREETING EHLO QUIT, 1001, 0, 16 }, { GREETING EHLO QUIT, 1002, 0, 29 } },
	  { { GREETING EHLO QUIT, 5001, 0, 3600 }, { GREETING EHLO QUIT, 5000, 0, 3616 }, { GREETING EHLO QUIT, 5002, 0, 3629 } } }, "0-0 1-1 2-2 " },
	{ "the same mail again and again, one of it seen by one side", { { { GREETING EHLO MAIL RCPT, 1000, 0, 0 }, { GREETING EHLO MAIL RCPT, 1001, 0, 300 }, { GREETING EHLO MAIL RCPT "C: HELP me if you can\nS: 214 no\n", 1002, 0, 900 } },
	  { { GREETING EHLO MAIL RCPT, 5001, 0, 3900 }, { GREETING EHLO MAIL RCPT "C: HELP me if you can\nS: 214 no\n", 5002, 0, 4500 } } }, "1-0 2-1 " },
	{ "nothing in common", { { { "S: 220 one\nC: HELO here.example.org\nS: 250 one\n", 1000, 0, 0 } }, { { "S: 220 two\nC: EHLO there.example.net\nS: 250 two\n", 5001, 0, 0 } } }, "" },
	{ "one side empty", { { { GREETING EHLO QUIT, 1000, 0, 0 } }, { { NULL, 0, 0, 0 } } }, "" },
};

static void pairs_found(void **state)
{
	const struct match_kase *k = *state;
	struct heard heard[2][SESSIONS];
	struct account accounts[2][SESSIONS];
	size_t n[2] = { 0, 0 };
	struct arena arena = { 0 };
	struct text got = { 0 };
	for (int side = 0; side < 2; side++)
		for (size_t i = 0; i < SESSIONS && k->side[side][i].talk; i++) {
			struct heard *h = &heard[side][i];
			hear(h, k->side[side][i].talk, 0);
			h->window->connection.client.port = k->side[side][i].port;
			h->window->connection.first.time = k->side[side][i].start * 1000000000;
			h->account.isn = k->side[side][i].isn;
			h->account.isn_known = h->account.isn != 0;
			accounts[side][i] = h->account;
			n[side]++;
		}
	struct matches m = sessions_match(&arena, accounts[0], n[0], accounts[1], n[1]);
	for (size_t i = 0; i < m.n; i++)
		text_addf(&got, "%zu-%zu ", m.pairs[i].inside, m.pairs[i].outside);
	assert_string_equal(got.p ? got.p : "", k->want);
	text_free(&got);
	arena_drop(&arena);
	for (int side = 0; side < 2; side++)
		for (size_t i = 0; i < n[side]; i++)
			unhear(&heard[side][i]);
}

/* ---- sequences ---- */

static const struct align_kase { const char *name, *a, *b, *want; } sequences[] = {
	{ "equal", "abc", "abc", "aabbcc" }, { "one added", "abc", "abxc", "aabb-xcc" }, { "one gone", "abxc", "abc", "aabbx-cc" },
	{ "one changed", "abc", "aXc", "aabXcc" }, { "empty", "", "", "" }, { "one side empty", "ab", "", "a-b-" },
};

static unsigned letters(void *to, size_t i, size_t j)
{
	const struct align_kase *k = to;
	return k->a[i] == k->b[j] ? 0 : 3;
}

static void aligned(void **state)
{
	struct align_kase k = *(const struct align_kase *)*state;
	struct arena arena = { 0 };
	struct text got = { 0 };
	struct alignment s = align(&arena, bytes_of(k.a).n, bytes_of(k.b).n, (struct align_costs){ letters, 2, &k });
	for (size_t i = 0; i < s.n; i++) {
		text_add_octet(&got, s.steps[i].a == ALIGN_NONE ? '-' : (uint8_t)k.a[s.steps[i].a]);
		text_add_octet(&got, s.steps[i].b == ALIGN_NONE ? '-' : (uint8_t)k.b[s.steps[i].b]);
	}
	assert_string_equal(got.p ? got.p : "", k.want);
	text_free(&got);
	arena_drop(&arena);
}

int main(void)
{
	return TABLE_RUN("compare", cases, told) + TABLE_RUN("clocks", clocks, clock_found) + TABLE_RUN("matching", matched, pairs_found)
	       + TABLE_RUN("alignment", sequences, aligned);
}
