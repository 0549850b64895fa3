/* test_journal.c - what a journal takes it gives again as it was; what shows disorder, or is too much, it does not take. */
#include "flow/journal.h"

#include "support/table.h"

#include <string.h>

enum { SERVER_ISN = 0xfffffff0u, CLIENT_ISN = 1000, MOST = 16 };

static const struct marks looks[2] = {
	{ .ttl = 64, .dont_fragment = true, .timestamp = true, .window_scale = 255, .options = 0x1234 },
	{ .ttl = 54, .tos = 8, .v6 = true, .window_scale = 255 },
};

/* Relative to what goes before: numbers to where each side goes on. */
static const struct kase {
	const char *name;
	unsigned n; /* packets, all taken but for the last where it says so */
	struct step {
		unsigned side;
		int32_t seq, ack;
		uint8_t flags;
		uint32_t length; /* on the wire */
		int64_t later;   /* nanoseconds */
		uint32_t file;
		uint8_t ttl;     /* 0: as usual */
		uint32_t cut;
		uint16_t mss;
	} steps[MOST];
	bool refused;
} cases[] = {
	{ "a greeting", 1, { { 1, 0, 0, TCP_ACK | TCP_PSH, 40, 5000000, 0, 0, 0, 0 } }, false },
	{ "lines of both sides, and numbers that wrap", 4,
	  { { 1, 0, 0, TCP_ACK, 40, 1, 0, 0, 0, 0 }, { 0, 0, 0, TCP_ACK, 25, 1, 0, 0, 0, 0 }, { 1, 0, 0, TCP_ACK | TCP_PSH, 180, 1, 0, 0, 0, 0 }, { 0, 0, 0, TCP_ACK, 0, 1, 0, 0, 0, 0 } }, false },
	{ "an acknowledgement that is behind", 2, { { 1, 0, 0, TCP_ACK, 40, 1, 0, 0, 0, 0 }, { 0, 0, -40, TCP_ACK, 5, 1, 0, 0, 0, 0 } }, false },
	{ "octets sent once more, and new ones with them", 2, { { 1, 0, 0, TCP_ACK, 40, 1, 0, 0, 0, 0 }, { 1, -40, 0, TCP_ACK, 60, 1, 0, 0, 0, 0 } }, false },
	{ "a probe of one octet", 2, { { 1, 0, 0, TCP_ACK, 40, 1, 0, 0, 0, 0 }, { 1, -1, 0, TCP_ACK, 1, 1, 0, 0, 0, 0 } }, false },
	{ "a FIN each, and its acknowledgement", 4,
	  { { 1, 0, 0, TCP_ACK, 40, 1, 0, 0, 0, 0 }, { 1, 0, 0, TCP_ACK | TCP_FIN, 0, 1, 0, 0, 0, 0 }, { 0, 0, 0, TCP_ACK | TCP_FIN, 9, 1, 0, 0, 0, 0 }, { 1, 0, 0, TCP_ACK, 0, 1, 0, 0, 0, 0 } }, false },
	{ "a clock that steps back", 2, { { 1, 0, 0, TCP_ACK, 40, 1, 0, 0, 0, 0 }, { 0, 0, 0, TCP_ACK, 6, -3600000000000, 0, 0, 0, 0 } }, false },
	{ "a silence of a week", 3, { { 1, 0, 0, TCP_ACK, 40, 1, 0, 0, 0, 0 }, { 0, 0, 0, TCP_ACK, 6, 604800000000000, 0, 0, 0, 0 }, { 0, 0, 0, TCP_ACK, 6, 1, 0, 0, 0, 0 } }, false },
	{ "it goes on in the next file", 3, { { 1, 0, 0, TCP_ACK, 40, 1, 0, 0, 0, 0 }, { 0, 0, 0, TCP_ACK, 6, 1, 7, 0, 0, 0 }, { 1, 0, 0, TCP_ACK, 6, 1, 7, 0, 0, 0 } }, false },
	{ "one packet came another way", 3, { { 1, 0, 0, TCP_ACK, 40, 1, 0, 0, 0, 0 }, { 1, 0, 0, TCP_ACK, 6, 1, 0, 61, 0, 0 }, { 1, 0, 0, TCP_ACK, 6, 1, 0, 0, 0, 0 } }, false },
	{ "an option where none belongs", 3, { { 1, 0, 0, TCP_ACK, 40, 1, 0, 0, 0, 536 }, { 1, 0, 0, TCP_ACK, 6, 1, 0, 0, 0, 1460 }, { 1, 0, 0, TCP_ACK, 6, 1, 0, 0, 0, 0 } }, false },
	{ "a page filled to its last octet, and beyond", 3, { { 1, 0, 0, TCP_ACK, 160, 1, 0, 0, 0, 0 }, { 1, 0, 0, TCP_ACK, 200, 1, 0, 0, 0, 0 }, { 1, 0, 0, TCP_ACK, 1000, 1, 0, 0, 0, 0 } }, false },
	{ "all that it keeps", 3, { { 0, 0, 0, TCP_ACK, 1000, 1, 0, 0, 0, 0 }, { 0, 0, 0, TCP_ACK, 1000, 1, 0, 0, 0, 0 }, { 0, 0, 0, TCP_ACK, 1000, 1, 0, 0, 0, 0 } }, false },
	{ "more than that", 4, { { 0, 0, 0, TCP_ACK, 1000, 1, 0, 0, 0, 0 }, { 0, 0, 0, TCP_ACK, 1000, 1, 0, 0, 0, 0 }, { 0, 0, 0, TCP_ACK, 1000, 1, 0, 0, 0, 0 }, { 0, 0, 0, TCP_ACK, 1000, 1, 0, 0, 0, 0 } }, true },
	{ "content", 1, { { 0, 0, 0, TCP_ACK, JOURNAL_PAYLOAD + 1, 1, 0, 0, 0, 0 } }, true },
	{ "a hole", 2, { { 1, 0, 0, TCP_ACK, 40, 1, 0, 0, 0, 0 }, { 1, 1, 0, TCP_ACK, 40, 1, 0, 0, 0, 0 } }, true },
	{ "it acknowledges what has not come", 2, { { 1, 0, 0, TCP_ACK, 40, 1, 0, 0, 0, 0 }, { 0, 0, 1, TCP_ACK, 5, 1, 0, 0, 0, 0 } }, true },
	{ "a SYN", 1, { { 0, 0, 0, TCP_ACK | TCP_SYN, 0, 1, 0, 0, 0, 0 } }, true },
	{ "a RST", 1, { { 0, 0, 0, TCP_ACK | TCP_RST, 0, 1, 0, 0, 0, 0 } }, true },
	{ "no ACK", 1, { { 0, 0, 0, TCP_PSH, 5, 1, 0, 0, 0, 0 } }, true },
	{ "a frame that was cut", 1, { { 1, 0, 0, TCP_ACK, 40, 1, 0, 0, 20, 0 } }, true },
	{ "octets behind a FIN", 2, { { 1, 0, 0, TCP_ACK | TCP_FIN, 40, 1, 0, 0, 0, 0 }, { 1, 0, 0, TCP_ACK, 4, 1, 0, 0, 0, 0 } }, true },
	{ "far behind", 1, { { 1, -70000, 0, TCP_ACK, 4, 1, 0, 0, 0, 0 } }, true },
};

static uint32_t behind(uint32_t next, const struct packet *p)
{
	uint32_t end = p->seq + p->payload_length + (p->flags & TCP_FIN ? 1 : 0);
	return (int32_t)(end - next) > 0 ? end : next;
}

static struct packet packet_of(const struct step *s, const struct packet *before, const uint32_t next[2])
{
	static uint8_t octets[2000];
	for (unsigned i = 0; i < sizeof octets; i++)
		octets[i] = (uint8_t)(i * 7 + 1);
	struct packet p = { .place = { before->place.time + s->later, s->file, before->place.number + 3 }, .marks = looks[s->side] };
	p.marks.ip_id = (uint16_t)(before->marks.ip_id + 5);
	p.marks.window = (uint16_t)(before->marks.window + 11);
	p.marks.tsval = before->marks.tsval + 13;
	p.marks.tsecr = before->marks.tsecr + 17;
	p.marks.ttl = s->ttl ? s->ttl : p.marks.ttl;
	p.marks.mss = s->mss;
	p.seq = next[s->side] + (uint32_t)s->seq;
	p.ack = next[!s->side] + (uint32_t)s->ack;
	p.flags = s->flags;
	p.payload = (struct bytes){ s->length ? octets : NULL, s->length - s->cut };
	p.payload_length = s->length;
	p.in_tunnel = s->side;
	return p;
}

static void again(void **state)
{
	const struct kase *k = *state;
	struct spares spares = { 0 };
	struct stock stock = { 0, &spares }, other = { 0, &spares };
	struct journal_start start = { { CLIENT_ISN, SERVER_ISN }, { INT64_C(1700000000000000000), 0, 1 }, { looks[0], looks[1] } };
	uint32_t next[2] = { CLIENT_ISN, SERVER_ISN };
	struct journal *j = journal_new(&stock, &start);
	struct packet sent[MOST], p, before = { .place = start.place };
	unsigned n = 0, side, fins = 0;
	bool repeats = false;
	for (; n < k->n; n++, before = sent[n - 1]) {
		const struct step *s = &k->steps[n];
		sent[n] = packet_of(s, &before, next);
		if (!journal_takes(j, &stock, &sent[n], s->side))
			break;
		repeats |= s->seq < 0 && s->length;
		next[s->side] = behind(next[s->side], &sent[n]);
		fins |= sent[n].flags & TCP_FIN ? 1u << s->side : 0;
	}
	assert_int_equal(n, k->n - k->refused);
	assert_int_equal(journal_has_ended(j), fins == 3);
	assert_int_equal(journal_repeats(j), repeats);
	assert_true(stock.held >= CELL_HALF_BYTES && stock.held < JOURNAL_MOST + 1024);
	struct journal_reading reading = journal_read(j, &start);
	for (unsigned i = 0; i < n; i++) {
		assert_true(journal_next(&reading, &p, &side));
		assert_int_equal(side, k->steps[i].side);
		assert_memory_equal(&p.place, &sent[i].place, sizeof p.place);
		assert_memory_equal(&p.marks, &sent[i].marks, sizeof p.marks);
		assert_int_equal(p.seq, sent[i].seq);
		assert_int_equal(p.ack, sent[i].ack);
		assert_int_equal(p.flags, sent[i].flags);
		assert_int_equal(p.in_tunnel, sent[i].in_tunnel);
		assert_int_equal(p.payload_length, sent[i].payload_length);
		assert_int_equal(p.payload.n, sent[i].payload.n);
		assert_true(p.payload.n == 0 || memcmp(p.payload.p, sent[i].payload.p, p.payload.n) == 0);
	}
	assert_false(journal_next(&reading, &p, &side));
	size_t held = stock.held;
	journal_count_with(j, &stock, &other);
	assert_int_equal(stock.held, 0);
	assert_int_equal(other.held, held);
	journal_free(j, &other);
	assert_int_equal(other.held, 0);
	spares_drop(&spares);
}

int main(void)
{
	return TABLE_RUN("again", cases, again);
}
