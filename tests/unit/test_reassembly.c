/* test_reassembly.c - segments of one direction in any cut, order and copy give the same octets. */
#include "flow/reassembly.h"

#include "base/limits.h"
#include "support/table.h"

#include <stdlib.h>
#include <string.h>

static const char said[] = "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n";
enum { SAID = sizeof said - 1 };

static void push(struct stream *s, int64_t pos, const char *bytes, size_t captured, size_t length)
{
	uint8_t *copy = memcpy(malloc(captured ? captured : 1), bytes, captured);
	struct segment g = { .pos = pos, .bytes = { copy, captured }, .length = (uint32_t)length };
	stream_wait(s, &g);
	free(copy);
}

static void expect(const struct stream *s, size_t n)
{
	uint8_t room[256];
	assert_int_equal(stream_first(s, room, sizeof room), n);
	assert_memory_equal(room, said, n);
	int64_t at = 0;
	for (const struct piece *piece = s->head; piece; piece = piece->next) {
		assert_true(piece->pos >= at && piece->n > 0);
		at = piece->pos + piece->n;
	}
}

static const struct kase {
	const char *name;
	unsigned step;      /* the order: 1 in order, else (i * step) modulo a prime */
	size_t overlap;     /* each segment reaches so far into the next */
	bool cut_first;     /* a copy cut by the snaplen comes before each */
} cases[] = {
	{ "in order", 1, 0, false },           { "scattered", 17, 0, false },
	{ "backwards", 60, 0, false },         { "overlapping", 1, 3, false },
	{ "scattered and overlapping", 23, 5, false }, { "each cut first", 1, 0, true },
	{ "cut, scattered and overlapping", 29, 4, true },
};

static void any_cut(void **state)
{
	const struct kase *k = *state;
	enum { PRIME = 61 };
	for (size_t size = 1; size <= SAID; size++) {
		struct spares spares = { 0 };
		struct stock stock = { .spares = &spares };
		struct stream s = { .stock = &stock };
		for (unsigned i = 0; i < PRIME; i++) {
			size_t from = i * k->step % PRIME * size;
			if (from >= SAID)
				continue;
			size_t n = from + size + k->overlap > SAID ? SAID - from : size + k->overlap;
			if (k->cut_first)
				push(&s, (int64_t)from, said + from, n / 2, n);
			push(&s, (int64_t)from, said + from, n, n);
		}
		expect(&s, SAID);
		stream_drop(&s);
		assert_int_equal(stock.held, 0);
		spares_drop(&spares);
		assert_int_equal(s.waiting, 0);
	}
}

/* ---- the history finds other bytes ---- */

struct found {
	unsigned n;
	uint64_t offset;
	size_t first, second;
	bool longer;
};

static void remember_overlap(void *to, const struct overlap *o)
{
	struct found *f = to;
	f->n++;
	f->offset = o->offset;
	f->first = o->first.n;
	f->second = o->second.n;
	f->longer = o->second_longer;
}

static const struct copy {
	const char *name;
	int64_t pos;
	const char *second;
	struct found want;
} copies[] = {
	{ "equal", 0, "MAIL FROM:<a@b.example>\r\n", { 0 } },
	{ "one octet other", 0, "MAIL FROM:<a@X.example>\r\n", { 1, 0, 25, 25, false } },
	{ "a part of it", 5, "XXXX:", { 1, 5, 5, 5, false } },
	{ "the second row only", 25, "XXXX", { 1, 25, 4, 4, false } },
	{ "over both rows", 20, "XXXXXXXXXX", { 2, 25, 5, 5, false } },
	{ "beyond the end", 50, "XXTA\r\nQUIT\r\n", { 1, 48, 6, 12, true } },
};

static void compared(void **state)
{
	const struct copy *k = *state;
	struct spares spares = { 0 };
	struct stock stock = { .spares = &spares };
	struct stream s = { .stock = &stock, .next = SAID };
	struct origin origin = { 0 };
	struct found f = { 0 };
	int64_t pos = k->want.longer ? SAID - 6 : k->pos;
	stream_remember(&s, 0, (struct bytes){ (const uint8_t *)said, 25 }, &origin);
	stream_remember(&s, 25, (struct bytes){ (const uint8_t *)said + 25, SAID - 25 }, &origin);
	struct bytes second = bytes_of(k->second);
	struct segment g = { .pos = pos, .bytes = second, .length = (uint32_t)second.n };
	stream_compare(&s, &g, (struct conflict){ remember_overlap, &f });
	assert_int_equal(f.n, k->want.n);
	if (f.n) {
		assert_int_equal(f.offset, k->want.longer ? SAID - 6 : k->want.offset);
		assert_int_equal(f.first, k->want.first);
		assert_int_equal(f.second, k->want.second);
		assert_int_equal(f.longer, k->want.longer);
	}
	stream_drop(&s);
	assert_int_equal(stock.held, 0);
	spares_drop(&spares);
}

/* ---- bounds ---- */

static const struct bound { const char *name; size_t size; } bounds[] = { { "octets one by one", 1 }, { "commands", 40 }, { "segments", 900 } };

static void bounded(void **state)
{
	const struct bound *k = *state;
	struct spares spares = { 0 };
	struct stock stock = { .spares = &spares };
	struct stream s = { .stock = &stock };
	static const char x[1000];
	struct origin origin = { 0 };
	for (unsigned i = 0; i < 3000; i++) {
		stream_remember(&s, (int64_t)(i * k->size), (struct bytes){ (const uint8_t *)x, k->size }, &origin);
		assert_true(stock.held <= LIMIT_HISTORY * 2);
		assert_true(i < 40 || (s.past->older && s.used + s.past->older->used >= 300));
	}
	stream_drop(&s);
	for (unsigned i = 0; i < 3000; i++)
		push(&s, (int64_t)(1 + i * 2 * k->size), x, k->size, k->size);
	assert_true(stream_is_full(&s));
	stream_drop(&s);
	assert_int_equal(stock.held, 0);
	spares_drop(&spares);
}

/* What one stream gives back, another one takes; it is not counted meanwhile. */
static void given_back(void **state)
{
	const struct bound *k = *state;
	struct spares spares = { 0 };
	struct stock stock = { .spares = &spares };
	struct stream one = { .stock = &stock }, other = { .stock = &stock };
	static const char x[1000];
	struct origin origin = { 0 };
	unsigned spare = 0;
	stream_remember(&one, 0, (struct bytes){ (const uint8_t *)x, k->size }, &origin);
	size_t held = stock.held;
	const struct past *past = one.past;
	stream_drop(&one);
	for (unsigned i = 0; i < PAST_KINDS; i++)
		spare += spares.npasts[i];
	assert_int_equal(stock.held, 0);
	assert_int_equal(spare, 1);
	stream_remember(&other, 0, (struct bytes){ (const uint8_t *)x, k->size }, &origin);
	assert_ptr_equal(other.past, past);
	assert_int_equal(stock.held, held);
	stream_drop(&other);
	spares_drop(&spares);
}

int main(void)
{
	int failed = TABLE_RUN("any cut", cases, any_cut);
	failed += TABLE_RUN("copies", copies, compared);
	failed += TABLE_RUN("bounds", bounds, bounded);
	failed += TABLE_RUN("given back", bounds, given_back);
	return failed != 0;
}
