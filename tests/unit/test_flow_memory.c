/* test_flow_memory.c - what connections keep is counted, their listener's share too, and never passes the cap by more than one of them. */
#include "flow/flow.h"
#include "flow/journal.h"

#include "support/listener.h"
#include "support/table.h"

#include <string.h>

enum { CONNECTIONS = 300, OVERSHOOT = 8 * 1024 }; /* of one connection, until it is looked at again */

static const struct kase {
	const char *name;
	size_t memory;    /* the cap; 0: the default, which is far away */
	size_t listener;  /* what the listener says that it keeps for each */
	size_t waiting;   /* octets of each that lie behind a hole */
	unsigned flood;   /* half-open connections beside them */
	unsigned ahead;   /* so many connections later ones begin before one is answered */
	bool payload;     /* else handshakes alone */
	bool capped;
	bool midway;      /* the capture begins behind the handshakes */
	unsigned spoken;  /* segments of 1000 octets behind the greeting: with some of them it is no short dialogue any more */
	size_t content;   /* octets of a segment that the capture begins with */
} cases[] = {
	{ "within the cap", 0, 1000, 1000, 0, 0, true, false, false, 0, 0 },
	{ "the listener's share counts", 1024 * 1024, 20000, 0, 0, 0, true, true, false, 5, 0 },
	{ "a short dialogue waits without its listener", 2 * 1024 * 1024, 20000, 0, 0, 0, true, false, false, 2, 0 },
	{ "but what it says counts", 256 * 1024, 20000, 0, 0, 0, true, true, false, 2, 0 },
	{ "octets behind a hole count", 1024 * 1024, 0, 8000, 0, 0, true, true, false, 0, 0 },
	{ "both", 1024 * 1024, 3000, 3000, 0, 0, true, true, false, 0, 0 },
	{ "half-open connections count", 256 * 1024, 0, 0, 5000, 0, false, true, false, 0, 0 },
	{ "a flood of half-open ones leaves those that speak alone", 1024 * 1024, 100, 100, 20000, 0, true, true, false, 0, 0 },
	{ "handshakes go on while memory is short", 1024 * 1024, 20000, 0, 0, 10, true, true, false, 5, 0 },
	{ "and while octets behind holes fill it", 1024 * 1024, 0, 8000, 0, 3, true, true, false, 0, 0 },
	{ "what begins in mid-session waits without its listener", 1024 * 1024, 20000, 0, 0, 0, true, false, true, 0, 0 },
	{ "content that a capture begins with", 0, 1000, 0, 0, 0, true, false, true, 0, 1448 },
	{ "but octets behind its holes count", 1024 * 1024, 0, 8000, 0, 0, true, true, true, 0, 0 },
};

struct listener {
	const struct kase *kase;
	unsigned alive, opened, closed[END_CAPTURE + 1];
};

static void *open_one(void *to, const struct connection *c)
{
	struct listener *l = to;
	assert_true(c->syn_seen == !l->kase->midway && c->syn_ack_seen == !l->kase->midway);
	l->alive++;
	l->opened++;
	return l;
}

static void hear_close(void *to, const struct connection *c, const char *speaks)
{
	struct listener *l = to;
	(void)speaks;
	l->alive--;
	l->closed[c->ending]++;
}

static size_t size_of(const void *to)
{
	return ((const struct listener *)to)->kase->listener;
}

static void send(struct flow *f, struct packet *p, uint32_t client, unsigned side, uint8_t flags, uint32_t seq, struct bytes payload)
{
	struct endpoint ends[2];
	memset(ends, 0, sizeof ends);
	memcpy(ends[0].address.octets + 12, &client, 4);
	ends[1].address.octets[15] = 1;
	ends[0].port = 40000;
	ends[1].port = 25;
	p->ordinal++;
	p->place.number++;
	p->place.time += 1000;
	p->clock = p->place.time;
	p->from = ends[side];
	p->to = ends[!side];
	p->flags = flags;
	p->seq = seq;
	p->ack = flags & TCP_ACK ? 1 : 0;
	p->payload = payload;
	p->payload_length = (uint32_t)payload.n;
	flow_packet(f, p);
}

static void counted(void **state)
{
	static const uint8_t octets[8000];
	const struct kase *k = *state;
	bool waits = k->midway || (!k->waiting && k->spoken * JOURNAL_PAYLOAD < JOURNAL_MOST); /* the listener hears of it when it is closed */
	struct listener l = { .kase = k };
	struct packet p = { .marks = { .ttl = 64 } };
	struct flow *f = flow_new((struct flow_options){ .memory = k->memory, .no_ndpi = true }, (struct flow_sink){
		.open = open_one, .data = hear_data, .gap = hear_gap, .overlap = hear_overlap, .close = hear_close, .size = size_of, .to = &l });
	unsigned most = 0, floods = 0;
	uint32_t begun = 1;
	for (uint32_t c = 1; c <= CONNECTIONS; c++) {
		for (; floods < k->flood * c / CONNECTIONS; floods++)
			send(f, &p, 0x1000000 + floods, 0, TCP_SYN, 0, (struct bytes){ 0 });
		for (; !k->midway && begun <= c + k->ahead && begun <= CONNECTIONS; begun++)
			send(f, &p, begun, 0, TCP_SYN, 0, (struct bytes){ 0 });
		if (!k->midway)
			send(f, &p, c, 1, TCP_SYN | TCP_ACK, 0, (struct bytes){ 0 });
		if (!k->payload)
			continue;
		if (k->content)
			send(f, &p, c, 0, TCP_ACK, 1, (struct bytes){ octets, k->content });
		send(f, &p, c, 1, TCP_ACK | TCP_PSH, 1, B("220 mx ESMTP\r\n"));
		for (unsigned i = 0; i < k->spoken; i++)
			send(f, &p, c, 0, TCP_ACK, 1 + i * JOURNAL_PAYLOAD, (struct bytes){ octets, JOURNAL_PAYLOAD });
		if (k->waiting)
			send(f, &p, c, 0, TCP_ACK, 1001, (struct bytes){ octets, k->waiting });
		most = l.alive > most ? l.alive : most;
		assert_true(!k->memory || waits || l.alive * (k->listener + k->waiting) <= k->memory + OVERSHOOT);
	}
	const struct flow_counts *counts = flow_counts(f);
	assert_int_equal(counts->expired_memory > 0, k->capped);
	if (!k->capped)
		assert_int_equal(most, waits ? 0 : CONNECTIONS);
	if (k->payload && k->flood)
		assert_int_equal(l.alive, CONNECTIONS); /* the half-open ones went first */
	assert_int_equal(l.opened, k->payload && waits ? counts->expired_memory : k->payload ? CONNECTIONS : 0);
	flow_end(f);
	assert_int_equal(l.opened, k->payload ? CONNECTIONS : 0);
	assert_int_equal(l.alive, 0);
	assert_int_equal(l.closed[END_IDLE] + l.closed[END_CAPTURE], l.opened);
	assert_int_equal(l.closed[END_IDLE], k->payload && !k->flood && k->capped ? counts->expired_memory : 0);
	flow_free(f);
}

int main(void)
{
	return TABLE_RUN("counted", cases, counted);
}
