/* test_content.c - facts of message data and where it ends, at every chunk size. */
#include "support/guard.h"
#include "support/table.h"

#include "smtp/content.h"

#include <string.h>

static const struct kase { const char *name, *data; size_t end; struct content want; } cases[] = {
	{ "a message", "From: a\r\nDate: b\r\n\r\nhi\r\n.\r\nQUIT\r\n", 27,
	  { .octets = 24, .lines = 4, .longest_line = 7, .has_header = true, .header_from = true, .header_date = true } },
	{ "an empty one", ".\r\n", 3, { .octets = 0 } },
	{ "a stuffed dot does not end it", "..\r\n.\r\n", 7, { .octets = 4, .lines = 1, .longest_line = 2 } },
	{ "bare LF", "a: b\nc\r\n.\r\n", 11, { .octets = 8, .lines = 2, .longest_line = 4, .bare_lf = 1, .has_header = true } },
	{ "a dot behind a bare LF", "a\n.\r\nb\r\n.\r\n", 11, { .octets = 8, .lines = 3, .longest_line = 1, .bare_lf = 1, .lone_dots_odd = 1 } },
	{ "a dot before a bare LF", "a\r\n.\nb\r\n.\r\n", 11, { .octets = 8, .lines = 3, .longest_line = 1, .bare_lf = 1, .lone_dots_odd = 1 } },
	{ "bare CR", "a\rb\r\n.\r\n", 8, { .octets = 5, .lines = 1, .longest_line = 3, .bare_cr = 1 } },
	{ "8-bit in the header", "Subject: \xe4\r\n\r\n\xe4\r\n.\r\n", 20,
	  { .octets = 17, .lines = 3, .longest_line = 10, .octets_8bit = 2, .header_8bit = true, .has_header = true } },
	{ "Received is counted", "Received: a\r\nreceived: b\r\n.\r\n", 29,
	  { .octets = 26, .lines = 2, .longest_line = 11, .has_header = true, .received_headers = 2 } },
	{ "a long name", "X-MS-Exchange-Organization-Authenticated: x\r\nFrom: a\r\n\r\n.\r\n", 59,
	  { .octets = 56, .lines = 3, .longest_line = 43, .has_header = true, .header_from = true } },
	{ "a word that is no field", "From \r\nTo: a\r\n.\r\n", 17, { .octets = 14, .lines = 2, .longest_line = 5 } },
	{ "folded lines have no name", "a: b\r\n From: c\r\n\tTo : d\r\n.\r\n", 28, { .octets = 25, .lines = 3, .longest_line = 8, .has_header = true } },
	{ "a blank before the colon", "To\t : a\r\n.\r\n", 12, { .octets = 9, .lines = 1, .longest_line = 7, .has_header = true, .header_to = true } },
	{ "no end", "a: b\r\n", 0, { .octets = 6, .lines = 1, .longest_line = 4, .has_header = true } },
};

static void reads(void **state)
{
	const struct kase *k = *state;
	for (size_t size = 1; size <= strlen(k->data); size++) {
		struct reader_of_content r = { 0 };
		size_t at = 0, all = strlen(k->data);
		bool ended = false, odd;
		while (at < all && !ended) {
			struct guard g = guarded((struct bytes){ (const uint8_t *)k->data + at, size < all - at ? size : all - at });
			at += content_read(&r, g.bytes, true, &ended, &odd);
			guard_free(&g);
		}
		assert_int_equal(ended ? at : 0, k->end);
		assert_memory_equal(&r.facts, &k->want, sizeof r.facts);
	}
}

/* ---- headers and bodies made of pieces: in single octets, and in chunks long enough for the way that reads many at once ---- */

static const struct mixture { const char *name; unsigned odd; } mixtures[] = { /* odd: of 64 pieces, how many are no plain line */
	{ "plain lines", 0 }, { "some odd ones", 3 }, { "many odd ones", 24 },
};

/* fields: lines of the header; of 64 of them, odd are none, or odd ones. */
static const struct header { const char *name; unsigned fields, odd; } headers[] = {
	{ "a header", 12, 0 }, { "a header with odd lines", 12, 3 }, { "odd lines", 6, 24 },
};

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static size_t make_body(uint8_t *room, uint32_t *seed, unsigned odd)
{
	static const char *const pieces[] = { "\n", "\r", ".\r\n", "\r\n.", "..\r\n", "x\xe4y", "z", ".\n" };
	size_t n = 0;
	for (unsigned i = 0; i < 40; i++) {
		if (next_random(seed) % 64 < odd) {
			const char *piece = pieces[next_random(seed) % 8];
			memcpy(room + n, piece, strlen(piece));
			n += strlen(piece);
		} else {
			size_t length = next_random(seed) % 50;
			memset(room + n, 'a', length);
			memcpy(room + n + length, "\r\n", 2);
			n += length + 2;
		}
		if (next_random(seed) % 512 < odd)
			room[n++] = 0;
	}
	return n;
}

static size_t make_header(uint8_t *room, uint32_t *seed, const struct header *h)
{
	static const char *const fields[] = {
		"From: a@b.example\r\n", "to: c\r\n", "Date : d\r\n", "MESSAGE-ID:\r\n", "Received: from a by b\r\n", "Subject: a line that is longer than the room for names\r\n",
		"\tfolded\r\n", " folded: too\r\n",
	};
	static const char *const odd[] = { "no field\r\n", "a b: none\r\n", "X: \xe4\r\n", "X: a\rb\r\n", "X: bare\n", ".\r\n", "..\r\n", "\r\n" };
	size_t n = 0;
	for (unsigned i = 0; i < h->fields; i++) {
		const char *line = next_random(seed) % 64 < h->odd ? odd[next_random(seed) % 8] : fields[next_random(seed) % 8];
		memcpy(room + n, line, strlen(line));
		n += strlen(line);
	}
	memcpy(room + n, "\r\n", 2);
	return n + 2;
}

struct seen { struct content facts; size_t ends, odd_ends, at; };

static struct seen read_in(const uint8_t *body, size_t n, size_t chunk, bool header)
{
	struct seen s = { 0 };
	struct reader_of_content r = { .past_header = !header };
	while (s.at < n) {
		bool ended, odd;
		struct guard g = guarded((struct bytes){ body + s.at, chunk < n - s.at ? chunk : n - s.at });
		s.at += content_read(&r, g.bytes, true, &ended, &odd);
		guard_free(&g);
		s.odd_ends += odd ? s.at : 0;
		if (ended) {
			s.ends = s.at;
			break;
		}
	}
	s.facts = r.facts;
	return s;
}

static void check_chunks(const uint8_t *body, size_t n, bool header)
{
	struct seen one = read_in(body, n, 1, header);
	for (size_t chunk = 2; chunk < 2000; chunk = chunk * 3 / 2 + 1) {
		struct seen other = read_in(body, n, chunk, header);
		assert_memory_equal(&other, &one, sizeof one);
	}
}

static void reads_alike(void **state)
{
	const struct mixture *m = *state;
	uint32_t seed = 1;
	for (unsigned round = 0; round < 300; round++) {
		uint8_t body[4096];
		check_chunks(body, make_body(body, &seed, m->odd), false);
	}
}

static void headers_read_alike(void **state)
{
	const struct header *h = *state;
	uint32_t seed = 1;
	for (unsigned round = 0; round < 300; round++) {
		uint8_t message[4096 + 1024];
		size_t n = make_header(message, &seed, h);
		check_chunks(message, n + make_body(message + n, &seed, h->odd), true);
	}
}

int main(void)
{
	int failed = TABLE_RUN("content", cases, reads);
	failed += TABLE_RUN("bodies at any chunk size", mixtures, reads_alike);
	failed += TABLE_RUN("headers at any chunk size", headers, headers_read_alike);
	return failed != 0;
}
