/* test_tcp - the TCP header, its options and marks, and checksums. */
#include "support/frames.h"

#define V4(length) "4500" length "1234 4000 4006 0000 0a000001 0a000002 "
#define PORTS "0bb80019 00000064 000000c8 "

static const struct kase cases[] = {
	{ "no options", 101, V4_EHLO, DECODED_TCP },
	{ "a data offset below 20", 101, V4("0028") PORTS "4018 2000 0000 0000", DECODED_MALFORMED },
	{ "a data offset beyond the segment", 101, V4("0028") PORTS "6018 2000 0000 0000", DECODED_MALFORMED },
	{ "an option of length 0", 101, V4("0030") PORTS "6018 2000 0000 0000 08000000 45484c4f", DECODED_TCP },
	{ "an option longer than the header", 101, V4("0030") PORTS "6018 2000 0000 0000 080a0000 45484c4f", DECODED_TCP },
	{ "ten octets of TCP", 101, V4("001e") PORTS, DECODED_MALFORMED },
};

static const struct syn {
	const char *name, *hex;
	struct marks want;
} syns[] = {
	{ "SYN of Linux", V4("003c") "0bb80019 00000064 00000000 a002 7210 0000 0000 020405b4 0402080a 00000001 00000002 01030307",
		{ .mss = 1460, .window_scale = 7, .sack_permitted = true, .timestamp = true, .tsval = 1, .tsecr = 2, .window = 0x7210 } },
	{ "SYN without options", V4("0028") "0bb80019 00000064 00000000 5002 0200 0000 0000", { .window_scale = 255, .window = 512 } },
	{ "MSS outside a SYN says nothing", V4("002c") PORTS "6010 0200 0000 0000 020405b4", { .window_scale = 255, .window = 512 } },
	{ "an aligned timestamp", V4("0034") PORTS "8010 0200 0000 0000 0101080a 00000003 00000004",
		{ .window_scale = 255, .window = 512, .timestamp = true, .tsval = 3, .tsecr = 4 } },
};

static void marks(void **state)
{
	const struct syn *s = *state;
	uint8_t room[256];
	struct bytes b = unhex(s->hex, room);
	struct guard g = guarded(b);
	struct frame f = { .bytes = g.bytes, .wire_length = (uint32_t)b.n, .linktype = 101 };
	struct packet p;
	struct decoder *d = decoder_new();
	assert_int_equal(decoder_packet(d, &f, &p), DECODED_TCP);
	assert_int_equal(p.marks.mss, s->want.mss);
	assert_int_equal(p.marks.window, s->want.window);
	assert_int_equal(p.marks.window_scale, s->want.window_scale);
	assert_int_equal(p.marks.sack_permitted, s->want.sack_permitted);
	assert_int_equal(p.marks.timestamp, s->want.timestamp);
	assert_int_equal(p.marks.tsval, s->want.tsval);
	assert_int_equal(p.marks.tsecr, s->want.tsecr);
	assert_int_equal(p.marks.options != 0, b.n > 40);
	assert_int_equal(p.marks.ip_id, 0x1234);
	assert_int_equal(p.marks.ttl, 0x40);
	assert_true(p.marks.dont_fragment);
	assert_int_equal(p.payload_length, 0);
	decoder_free(d);
	guard_free(&g);
}

static const struct sum {
	const char *name, *hex;
	unsigned cut;
	uint64_t bad_ip, bad_tcp;
} sums[] = {
	{ "both right", "4500002c 00010000 4006 66c9 0a000001 0a000002 0bb80019 00000064 000000c8 5018 2000 dd31 0000 45484c4f", 0, 0, 0 },
	{ "both wrong", "4500002c 00010000 4006 66c8 0a000001 0a000002 0bb80019 00000064 000000c8 5018 2000 dd32 0000 45484c4f", 0, 1, 1 },
	{ "an odd length", "4500002d 00010000 4006 66c8 0a000001 0a000002 0bb80019 00000064 000000c8 5018 2000 dc30 0000 45484c4f01", 0, 0, 0 },
	{ "cut by the snaplen", "4500002c 00010000 4006 66c9 0a000001 0a000002 0bb80019 00000064 000000c8 5018 2000 ffff 0000 45484c4f", 1, 0, 0 },
	{ "no mail port", "4500002c 00010000 4006 66c9 0a000001 0a000002 0bb801bb 00000064 000000c8 5018 2000 ffff 0000 45484c4f", 0, 0, 0 },
};

static void checksums(void **state)
{
	const struct sum *s = *state;
	uint8_t room[256];
	struct bytes b = unhex(s->hex, room);
	struct guard g = guarded(bytes_first(b, b.n - s->cut));
	struct frame f = { .bytes = g.bytes, .wire_length = (uint32_t)b.n, .linktype = 101 };
	struct packet p;
	struct decoder *d = decoder_new();
	assert_int_equal(decoder_packet(d, &f, &p), DECODED_TCP);
	assert_int_equal(decoder_counts(d, 0)->bad_ip_checksums, s->bad_ip);
	assert_int_equal(decoder_counts(d, 0)->bad_tcp_checksums, s->bad_tcp);
	decoder_free(d);
	guard_free(&g);
}

int main(void)
{
	return TABLE_RUN("tcp", cases, check_kase) + TABLE_RUN("marks", syns, marks) + TABLE_RUN("checksums", sums, checksums) ? 1 : 0;
}
