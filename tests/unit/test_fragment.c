/* test_fragment - sequences of fragments, with their wanted results; the datagram is V4_EHLO's TCP segment of 24 octets. */
#include "support/frames.h"

#include <stdio.h>
#include <string.h>

/* IPv4 fragments of 10.0.0.1 > 10.0.0.2, protocol 6: flags and offset in units of 8, as four hex digits. */
#define PIECE(id, length, place) "4500" length id place "4006 0000 0a000001 0a000002 "
#define FIRST PIECE("0007", "001c", "2000") "0bb80019 00000064"
#define MIDDLE PIECE("0007", "001c", "2001") "000000c8 5018 2000"
#define LAST PIECE("0007", "001c", "0002") "0000 0000 45484c4f"
#define OTHER PIECE("0008", "001c", "0002") "0000 0000 45484c4f"
#define MIDDLE_OTHER PIECE("0007", "001c", "2001") "000000c8 5014 ffff"
#define LONGER PIECE("0007", "001c", "2003") "4141414141414141"
#define PIECE6(next, place) "60000000 0010 2c 40" V6_ADDRESSES next "00" place "00000009 "

struct step {
	const char *hex;
	enum decoded want;
	unsigned seconds, cut; /* capture time; octets that a snaplen took */
};

static const struct sequence {
	const char *name;
	struct step steps[8];
	uint64_t lost, overlaps;
} sequences[] = {
	{ "in order", { { FIRST, DECODED_FRAGMENT, 0, 0 }, { MIDDLE, DECODED_FRAGMENT, 0, 0 }, { LAST, DECODED_TCP, 0, 0 } }, 0, 0 },
	{ "last first", { { LAST, DECODED_FRAGMENT, 0, 0 }, { MIDDLE, DECODED_FRAGMENT, 0, 0 }, { FIRST, DECODED_TCP, 0, 0 } }, 0, 0 },
	{ "each twice", { { FIRST, DECODED_FRAGMENT, 0, 0 }, { FIRST, DECODED_FRAGMENT, 0, 0 }, { MIDDLE, DECODED_FRAGMENT, 0, 0 }, { MIDDLE, DECODED_FRAGMENT, 0, 0 },
		{ LAST, DECODED_TCP, 0, 0 }, { LAST, DECODED_FRAGMENT, 0, 0 }, { FIRST, DECODED_FRAGMENT, 0, 0 } }, 0, 0 },
	{ "the first copy is kept", { { MIDDLE, DECODED_FRAGMENT, 0, 0 }, { MIDDLE_OTHER, DECODED_FRAGMENT, 0, 0 }, { FIRST, DECODED_FRAGMENT, 0, 0 }, { LAST, DECODED_TCP, 0, 0 } }, 0, 1 },
	{ "octets beyond the end", { { FIRST, DECODED_FRAGMENT, 0, 0 }, { LAST, DECODED_FRAGMENT, 0, 0 }, { LONGER, DECODED_FRAGMENT, 0, 0 }, { MIDDLE, DECODED_TCP, 0, 0 } }, 0, 1 },
	{ "octets beyond the end, before it", { { FIRST, DECODED_FRAGMENT, 0, 0 }, { LONGER, DECODED_FRAGMENT, 0, 0 }, { LAST, DECODED_FRAGMENT, 0, 0 }, { MIDDLE, DECODED_TCP, 0, 0 } }, 0, 1 },
	{ "another identification", { { FIRST, DECODED_FRAGMENT, 0, 0 }, { MIDDLE, DECODED_FRAGMENT, 0, 0 }, { OTHER, DECODED_FRAGMENT, 0, 0 } }, 2, 0 },
	{ "thirty-one seconds later", { { FIRST, DECODED_FRAGMENT, 0, 0 }, { MIDDLE, DECODED_FRAGMENT, 31, 0 }, { LAST, DECODED_FRAGMENT, 31, 0 } }, 2, 0 },
	{ "twenty-nine seconds later", { { FIRST, DECODED_FRAGMENT, 0, 0 }, { MIDDLE, DECODED_FRAGMENT, 29, 0 }, { LAST, DECODED_TCP, 29, 0 } }, 0, 0 },
	{ "the identification is used again", { { FIRST, DECODED_FRAGMENT, 0, 0 }, { MIDDLE, DECODED_FRAGMENT, 0, 0 }, { LAST, DECODED_TCP, 0, 0 },
		{ MIDDLE_OTHER, DECODED_FRAGMENT, 0, 0 } }, 1, 0 },
	{ "the last cut by the snaplen", { { FIRST, DECODED_FRAGMENT, 0, 0 }, { MIDDLE, DECODED_FRAGMENT, 0, 0 }, { LAST, DECODED_TCP, 0, 2 } }, 0, 0 },
	{ "a ping of death", { { PIECE("0007", "001c", "1fff") "4141414141414141", DECODED_MALFORMED, 0, 0 } }, 0, 0 },
	{ "an empty fragment", { { PIECE("0007", "0014", "2001"), DECODED_FRAGMENT, 0, 0 } }, 0, 0 },
	{ "IPv6", { { PIECE6("06", "0001") "0bb80019 00000064", DECODED_FRAGMENT, 0, 0 }, { PIECE6("06", "0010") "0000 0000 45484c4f", DECODED_FRAGMENT, 0, 0 },
		{ PIECE6("06", "0009") "000000c8 5018 2000", DECODED_TCP, 0, 0 } }, 0, 0 },
	{ "IPv6, the first names the next header", { { PIECE6("3b", "0010") "0000 0000 45484c4f", DECODED_FRAGMENT, 0, 0 },
		{ PIECE6("3b", "0009") "000000c8 5018 2000", DECODED_FRAGMENT, 0, 0 }, { PIECE6("06", "0001") "0bb80019 00000064", DECODED_TCP, 0, 0 } }, 0, 0 },
};

static void run_sequence(void **state)
{
	const struct sequence *s = *state;
	struct decoder *d = decoder_new();
	for (const struct step *at = s->steps; at < s->steps + 8 && at->hex; at++) {
		uint8_t room[256];
		struct bytes b = unhex(at->hex, room);
		struct guard g = guarded(bytes_first(b, b.n - at->cut));
		struct packet p;
		struct frame f = { .bytes = g.bytes, .wire_length = (uint32_t)b.n, .linktype = 101, .time = at->seconds * INT64_C(1000000000) };
		assert_int_equal(decoder_packet(d, &f, &p), at->want);
		if (at->want == DECODED_TCP) {
			check_ehlo(&p);
			assert_int_equal(p.payload.n, 4 - at->cut);
			assert_true(p.was_fragmented);
		}
		guard_free(&g);
	}
	assert_int_equal(decoder_counts(d, 0)->fragments_lost, s->lost);
	assert_int_equal(decoder_counts(d, 0)->fragment_overlaps, s->overlaps);
	decoder_free(d);
}

/* A flood of first fragments: the oldest are given up, and a new datagram still becomes whole. */
static void flood(void **state)
{
	(void)state;
	struct decoder *d = decoder_new();
	struct packet p;
	uint8_t room[256];
	for (unsigned id = 0; id < 5000; id++) {
		char hex[256];
		snprintf(hex, sizeof hex, "4500001c%04x2fff40060000%08x0a000002 4141414141414141", id, id);
		struct bytes b = unhex(hex, room);
		struct frame f = { .bytes = b, .wire_length = (uint32_t)b.n, .linktype = 101 };
		assert_int_equal(decoder_packet(d, &f, &p), DECODED_FRAGMENT);
	}
	assert_int_equal(decode_cut(d, 101, unhex(FIRST, room), 28, &p), DECODED_FRAGMENT);
	assert_int_equal(decode_cut(d, 101, unhex(MIDDLE, room), 28, &p), DECODED_FRAGMENT);
	assert_int_equal(decode_cut(d, 101, unhex(LAST, room), 28, &p), DECODED_TCP);
	assert_int_equal(decoder_counts(d, 0)->fragments_lost, 5000);
	decoder_free(d);
}

static const struct named { const char *name; } floods[] = { { "a flood of fragments" } };

int main(void)
{
	return TABLE_RUN("fragment", sequences, run_sequence) + TABLE_RUN("limits", floods, flood) ? 1 : 0;
}
