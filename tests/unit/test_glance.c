/* test_glance - paths, names and replies that are read at a glance are what the grammar, clause by clause, makes of them. */
#include "smtp/domain.h"
#include "smtp/grammar.h"
#include "smtp/line.h"
#include "smtp/reply.h"

#include "support/guard.h"
#include "support/table.h"

#include <string.h>

/* ---- RFC 5321 4.1.2, octet by octet ---- */

static bool is_let_dig(uint8_t c)
{
	return octet_is_alpha(c) || octet_is_digit(c);
}

static bool is_sub_domain(struct bytes b)
{
	bool fits = b.n && b.n <= 63 && is_let_dig(b.p[0]) && is_let_dig(b.p[b.n - 1]);
	for (size_t i = 0; i < b.n; i++)
		fits &= is_let_dig(b.p[i]) || b.p[i] == '-';
	return fits;
}

static bool is_domain(struct bytes b)
{
	bool fits = b.n <= 255;
	for (struct cut cut = { .tail = b, .found = true }; cut.found;) {
		cut = bytes_cut(cut.tail, '.');
		fits &= is_sub_domain(cut.head);
	}
	return fits;
}

static bool is_dot_string(struct bytes b)
{
	bool fits = true;
	for (struct cut cut = { .tail = b, .found = true }; cut.found;) {
		cut = bytes_cut(cut.tail, '.');
		fits &= cut.head.n > 0;
		for (size_t i = 0; i < cut.head.n; i++)
			fits &= is_let_dig(cut.head.p[i]) || bytes_index(B("!#$%&'*+-/=?^_`{|}~"), cut.head.p[i]) != BYTES_NONE;
	}
	return fits;
}

/* ---- names of few kinds of octets, all there are of them ---- */

static const struct kase {
	const char *name, *octets;
	size_t most; /* octets in a name */
} cases[] = {
	{ "domains", "a1-.", 7 }, { "domains with what does not belong", "b.-_@", 6 }, { "mailboxes", "a.@-", 7 },
	{ "mailboxes with marks", "a@.+=", 6 }, { "mailboxes with odd octets", "x@!<\"", 6 }, { "addresses", "1.@a", 7 },
};

static void check_domain(struct bytes b)
{
	struct domain_shape shape = domain_shape(b);
	assert_true(!shape.ordinary || is_domain(b));
	assert_true(shape.ordinary || !is_domain(b) || b.n > 62);
	assert_int_equal(domain_check(b).found, !is_domain(b));
	if (!shape.ordinary)
		return;
	assert_int_equal(shape.dotted, bytes_index(b, '.') != BYTES_NONE);
	assert_true(!shape.lettered || (!domain_is_v4(b) && !domain_is_v6(b)));
}

static struct command parsed(struct arena *arena, struct bytes before, struct bytes b, struct bytes after)
{
	uint8_t line[512];
	struct command c = { .kind = COMMAND_LINE };
	memcpy(line, before.p, before.n);
	if (b.n)
		memcpy(line + before.n, b.p, b.n);
	memcpy(line + before.n + b.n, after.p, after.n);
	c.line.text = arena_copy(arena, (struct bytes){ line, before.n + b.n + after.n });
	c.line.length = c.line.text.n;
	grammar_parse(arena, &c);
	return c;
}

static void check_path(struct bytes b)
{
	struct arena arena = { 0 };
	struct cut cut = bytes_cut(b, '@');
	struct command c = parsed(&arena, B("RCPT TO:<"), b, B(">"));
	if (is_dot_string(cut.head) && is_domain(cut.tail) && cut.found) {
		assert_true(c.fault->kind == FAULT_NONE || domain_is_v4(cut.tail) || cut.head.n > 64);
		assert_true(bytes_equal(c.path->local, cut.head));
		assert_true(bytes_equal(c.path->domain, cut.tail));
		assert_int_equal(c.path->whole.n, b.n + 2);
		assert_int_equal(c.path->flags, bytes_index(cut.tail, '.') == BYTES_NONE ? PATH_DOMAIN_NOT_QUALIFIED : 0);
	} else if (b.n && b.p[0] != '"' && b.p[0] != '@') {
		assert_true(c.fault->kind != FAULT_NONE);
	}
	c = parsed(&arena, B("EHLO "), b, B(""));
	assert_int_equal(c.fault->kind == FAULT_NONE, is_domain(b) && !domain_is_v4(b));
	arena_drop(&arena);
}

static void read_alike(void **state)
{
	const struct kase *k = *state;
	size_t kinds = strlen(k->octets);
	for (size_t n = 0, names = 1; n <= k->most; n++, names *= kinds)
		for (size_t name = 0; name < names; name++) {
			uint8_t octets[8];
			for (size_t i = 0, left = name; i < n; i++, left /= kinds)
				octets[i] = (uint8_t)k->octets[left % kinds];
			struct guard g = guarded((struct bytes){ octets, n });
			check_domain(g.bytes);
			check_path(g.bytes);
			guard_free(&g);
		}
}

/* ---- at the edges of sixteen octets, and beyond sixty-four ---- */

static const struct long_name {
	const char *name;
	struct bytes repeated, tail;
} long_names[] = {
	{ "one label", B("a"), B("") },         { "a dot at the end", B("a"), B(".") },   { "a hyphen at the end", B("a"), B("-") },
	{ "short labels", B("a-b.c"), B("d") }, { "a mailbox", B("ab.c_d+"), B("e@d.example") }, { "no letter behind", B("a1"), B("@1.2.3.4") },
	{ "two signs", B("a1"), B("@b@c") },    { "a long domain", B("x@a"), B(".b") },
};

static void long_ones_read_alike(void **state)
{
	const struct long_name *k = *state;
	for (size_t n = 1; n <= 150; n++) {
		uint8_t octets[200];
		for (size_t i = 0; i < n; i++)
			octets[i] = k->repeated.p[i % k->repeated.n];
		if (k->tail.n)
			memcpy(octets + n, k->tail.p, k->tail.n);
		struct guard g = guarded((struct bytes){ octets, n + k->tail.n });
		check_domain(g.bytes);
		check_path(g.bytes);
		guard_free(&g);
	}
}

/* ---- replies ---- */

static const struct stream {
	const char *name;
	struct bytes octets;
	bool whole; /* it is a whole reply in good form */
	bool further; /* so it is with another first line of code 250 */
} streams[] = {
	{ "one line", B("250 2.1.0 Ok\r\n"), true, false },
	{ "two replies", B("250 2.1.0 Ok\r\n550 no\r\n"), true, false },
	{ "several lines", B("250-mx.example\r\n250-SIZE 1000\r\n250-\r\n250 HELP\r\n"), true, true },
	{ "lines to remember", B("250-mx.example\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-8BITMIME\r\n250 CHUNKING\r\n"), true, true },
	{ "another reply behind them", B("250-mx.example\r\n250-PIPELINING AND MORE OF IT\r\n250 SIZE 10240000\r\n250 Ok\r\n"), true, true },
	{ "enhanced codes", B("550-5.1.1 no such\r\n550-4.1.1\r\n550 5.1.1 user\r\n"), true, false },
	{ "the class is another", B("550 4.7.1 later\r\n"), true, false },
	{ "an enhanced code behind two blanks", B("550  5.7.1 no\r\n"), true, false },
	{ "a tab", B("550 \t5.7.1\tno\r\n"), true, false },
	{ "an address", B("550 5.7.1.9 no\r\n"), true, false },
	{ "an odd code", B("999 x\r\n"), true, false },
	{ "no text", B("250 \r\n"), true, false },
	{ "a code alone", B("250\r\n"), false, false },
	{ "another code", B("250-a\r\n550 b\r\n"), false, false },
	{ "cut off", B("250-a\r\n250-b\r\n250 c\r"), false, false },
	{ "a bare LF", B("250-a\n250 b\r\n"), false, true },
	{ "a CR within", B("250 a\rb\r\n"), false, false },
	{ "an octet with the high bit", B("250 caf\xc3\xa9\r\n"), false, false },
	{ "a NUL", B("250 a\0b\r\n"), false, false },
	{ "no separator", B("250x\r\n"), false, false },
	{ "junk", B("hello there\r\n"), false, false },
};

static struct reply reply_by_lines(struct arena *arena, const struct chunk *chunk)
{
	struct lines lines = { 0 };
	struct replies replies = { 0 };
	struct line line;
	struct reply reply = { .code = -2 };
	bool done = false;
	lines_push(&lines, chunk);
	while (!done && lines_next(&lines, &line))
		done = replies_line(&replies, arena, &line, &reply);
	replies_free(&replies);
	lines_free(&lines);
	return reply;
}

static void check_whole(struct bytes octets, struct sayings *sayings, bool whole)
{
	struct guard g = guarded(octets);
	struct arena arena = { 0 };
	struct chunk chunk = { .bytes = g.bytes, .offset = 7, .acked = 9, .place = { 1, 2, 3 }, .marks = { .ttl = 64 }, .odd = 5 };
	struct reply reply;
	size_t n = replies_whole(&arena, sayings, &chunk, 0, &reply);
	assert_int_equal(n > 0, whole);
	if (whole) {
		struct reply want = reply_by_lines(&arena, &chunk);
		assert_int_equal(reply.code, want.code);
		assert_int_equal(reply.flags, want.flags);
		assert_int_equal(reply.nlines, want.nlines);
		assert_memory_equal(&reply.enhanced, &want.enhanced, sizeof want.enhanced);
		assert_true(bytes_equal(reply.text, want.text) && bytes_equal(reply.raw, want.raw));
		assert_true(reply.offset == want.offset && reply.acked == want.acked && reply.odd == want.odd && reply.ttl == want.ttl);
		assert_memory_equal(&reply.first, &want.first, sizeof want.first);
		assert_memory_equal(&reply.last, &want.last, sizeof want.last);
	}
	arena_drop(&arena);
	guard_free(&g);
}

/* The second time its further lines are remembered; so they are behind another first line, but not under another code. */
static void whole_as_by_lines(void **state)
{
	const struct stream *k = *state;
	struct sayings *sayings = sayings_new();
	uint8_t other[256];
	check_whole(k->octets, NULL, k->whole);
	check_whole(k->octets, sayings, k->whole);
	check_whole(k->octets, sayings, k->whole);
	size_t n = 0;
	for (const char *p = "250-2.0.0 another.example\r\n"; *p; p++)
		other[n++] = (uint8_t)*p;
	size_t first = bytes_index(k->octets, '\n') + 1;
	memcpy(other + n, k->octets.p + first, k->octets.n - first);
	check_whole((struct bytes){ other, n + k->octets.n - first }, sayings, k->further);
	other[2] = '1';
	check_whole((struct bytes){ other, n + k->octets.n - first }, sayings, false);
	sayings_free(sayings);
}

int main(void)
{
	int failed = TABLE_RUN("read alike", cases, read_alike);
	failed += TABLE_RUN("long ones read alike", long_names, long_ones_read_alike);
	failed += TABLE_RUN("whole as by lines", streams, whole_as_by_lines);
	return failed != 0;
}
