/* frames - frames written as hex digits, and one check for all layers: whole, and at every cut as a snaplen makes it.
 * The packet inside is always the same: 10.0.0.1 or 2001:db8::1, port 3000, to port 25, sequence 100, payload "EHLO". */
#ifndef SMTPWHY_TESTS_FRAMES_H
#define SMTPWHY_TESTS_FRAMES_H

#include "decode/decode.h"
#include "support/guard.h"
#include "support/table.h"

#define TCP_EHLO "0bb80019 00000064 000000c8 5018 2000 0000 0000 45484c4f"
#define V4_EHLO "4500002c 00010000 4006 66c9 0a000001 0a000002 " TCP_EHLO
#define V6_ADDRESSES "20010db8000000000000000000000001 20010db8000000000000000000000002"
#define V6_EHLO "60000000 0018 06 40" V6_ADDRESSES TCP_EHLO
#define MACS "020000000001 020000000002"
#define ETHER_EHLO MACS "0800" V4_EHLO

struct kase {
	const char *name;
	int linktype;
	const char *hex; /* blanks ignored */
	enum decoded want;
};

static inline unsigned hex_digit(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static inline struct bytes unhex(const char *hex, uint8_t *room)
{
	size_t n = 0;
	for (; *hex; hex++)
		if (*hex != ' ') {
			room[n / 2] = (uint8_t)((n % 2 ? room[n / 2] * 16u : 0u) + hex_digit(*hex));
			n++;
		}
	return (struct bytes){ room, n / 2 };
}

static inline void check_ehlo(const struct packet *p)
{
	assert_int_equal(p->from.port, 3000);
	assert_int_equal(p->to.port, 25);
	assert_int_equal(p->seq, 100);
	assert_int_equal(p->ack, 200);
	assert_int_equal(p->payload_length, 4);
	assert_true(p->payload.n <= 4);
	assert_memory_equal(p->payload.n ? p->payload.p : (const uint8_t *)"", "EHLO", p->payload.n);
}

static inline enum decoded decode_cut(struct decoder *d, int linktype, struct bytes b, size_t cut, struct packet *p)
{
	struct guard g = guarded(bytes_first(b, cut));
	struct frame f = { .bytes = g.bytes, .wire_length = (uint32_t)b.n, .linktype = linktype, .ordinal = 1, .number = 1 };
	enum decoded got = decoder_packet(d, &f, p);
	if (got == DECODED_TCP)
		check_ehlo(p);
	guard_free(&g);
	return got;
}

/* Whole: the wanted result. Cut anywhere: no read behind the end, and a segment that still decodes is still the same one. */
static inline void check_kase(void **state)
{
	const struct kase *k = *state;
	uint8_t room[2048];
	struct bytes b = unhex(k->hex, room);
	struct packet p;
	struct decoder *d = decoder_new();
	assert_int_equal(decode_cut(d, k->linktype, b, b.n, &p), k->want);
	for (size_t cut = 0; cut < b.n; cut++) {
		enum decoded got = decode_cut(d, k->linktype, b, cut, &p);
		assert_true(got != DECODED_MALFORMED || k->want == DECODED_MALFORMED);
	}
	decoder_free(d);
}

#endif
