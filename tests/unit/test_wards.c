/* test_wards.c - who is closed for want of memory, when, and how, is the same however many flows follow the connections, each with some wards. */
#include "flow/flow.h"

#include "support/listener.h"
#include "support/table.h"

#include <stdlib.h>
#include <string.h>

enum { CONNECTIONS = 3000, STEPS = 40000, MEMORY = 1024 * 1024 };

static const struct kase {
	const char *name;
	unsigned flows;
	unsigned pause;  /* milliseconds that may pass between two packets */
	unsigned idle;   /* seconds until a silent connection expires; 0: many */
	unsigned ends;   /* of a hundred steps, those that end a connection */
	size_t listener; /* what the listener keeps of each, for each packet that it hears */
	size_t memory;
} cases[] = {
	{ "two flows", 2, 1, 0, 0, 300, MEMORY },
	{ "two flows, and connections end", 2, 1, 0, 10, 300, MEMORY },
	{ "what has ended is more than what is alive", 2, 1, 0, 50, 3000, MEMORY },
	{ "three flows: some have more wards than others", 3, 1, 0, 5, 300, MEMORY },
	{ "a flow for each ward", FLOW_WARDS, 1, 0, 5, 300, MEMORY },
	{ "idle connections expire as well", 2, 10, 5, 5, 300, MEMORY / 4 },
	{ "little is kept of each", 4, 5, 0, 5, 10, MEMORY },
};

struct told { /* of a connection that was closed */
	uint64_t ordinal;
	uint32_t packets[2];
	enum ending ending;
	bool limit;
};

struct listener {
	const struct kase *kase;
	struct told told[2 * STEPS];
	size_t n;
};

struct one {
	struct listener *all;
	size_t heard;
};

static void *open_one(void *to, const struct connection *c)
{
	(void)c;
	struct one *one = calloc(1, sizeof *one);
	assert_non_null(one);
	one->all = to;
	return one;
}

static enum interest data_came(void *to, enum direction from, const struct chunk *chunk)
{
	((struct one *)to)->heard++;
	return hear_data(to, from, chunk);
}

static void hear_close(void *to, const struct connection *c, const char *speaks)
{
	struct one *one = to;
	struct listener *l = one->all;
	(void)speaks;
	assert_true(l->n < 2 * STEPS);
	l->told[l->n++] = (struct told){ c->ordinal, { c->packets[0], c->packets[1] }, c->ending, c->limit_reached };
	free(one);
}

static size_t size_of(const void *to)
{
	const struct one *one = to;
	return one->heard * one->all->kase->listener;
}

static uint32_t dice(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*seed >> 33);
}

struct side {
	uint32_t seq; /* 0: no SYN yet */
	bool over;
};

/* The next packet of one of the connections: a handshake that may stop, lines of both sides, an end. */
static void step(const struct kase *k, uint64_t *seed, struct side (*sides)[2], struct packet *p)
{
	static const uint8_t lines[] = "250 an answer, or a command, of some length\r\n";
	uint32_t which = dice(seed) % CONNECTIONS;
	struct side *client = &sides[which][0], *server = &sides[which][1];
	unsigned from = !client->seq ? 0 : !server->seq ? 1 : dice(seed) % 2;
	struct side *me = from ? server : client, *peer = from ? client : server;
	struct endpoint ends[2] = { { .port = (uint16_t)(1024 + which) }, { .port = 25 } };
	ends[0].address.octets[12] = (uint8_t)which;
	ends[1].address.octets[15] = 1;
	p->ordinal++;
	p->place.number++;
	p->place.time += INT64_C(1000000) * (dice(seed) % k->pause) + 1000;
	p->clock = p->place.time;
	p->from = ends[from];
	p->to = ends[!from];
	p->payload = (struct bytes){ 0 };
	p->flags = TCP_ACK;
	if (!me->seq) {
		p->flags = from ? TCP_SYN | TCP_ACK : TCP_SYN;
		me->seq = 1000;
	} else if (dice(seed) % 100 < k->ends || me->over) {
		p->flags |= TCP_FIN;
		me->over = true;
	} else {
		p->payload = (struct bytes){ lines, sizeof lines - 1 };
	}
	p->seq = me->seq;
	p->ack = p->flags & TCP_ACK ? peer->seq : 0;
	p->payload_length = (uint32_t)p->payload.n;
	me->seq += p->flags & TCP_SYN ? 1 : p->payload_length;
}

static int by_ordinal(const void *a, const void *b)
{
	const struct told *x = a, *y = b;
	return (x->ordinal > y->ordinal) - (x->ordinal < y->ordinal);
}

/* The same packets to so many flows, each with its wards. */
static struct listener *followed(const struct kase *k, unsigned nflows, uint64_t *cut_short)
{
	static struct side sides[CONNECTIONS][2];
	struct listener *l = calloc(1, sizeof *l);
	assert_non_null(l);
	struct flow *flows[FLOW_WARDS];
	uint64_t seed = 7;
	struct packet p = { .marks = { .ttl = 64 } };
	memset(sides, 0, sizeof sides);
	l->kase = k;
	for (unsigned i = 0; i < nflows; i++)
		flows[i] = flow_new((struct flow_options){ .memory = k->memory, .idle = k->idle * INT64_C(1000000000), .no_ndpi = true }, (struct flow_sink){
			.open = open_one, .data = data_came, .gap = hear_gap, .overlap = hear_overlap, .close = hear_close, .size = size_of, .to = l });
	for (unsigned i = 0; i < STEPS; i++) {
		step(k, &seed, sides, &p);
		flow_packet(flows[flow_ward(&p) * nflows / FLOW_WARDS], &p);
	}
	*cut_short = 0;
	for (unsigned i = 0; i < nflows; i++) {
		flow_clock(flows[i], p.clock, p.ordinal);
		flow_end(flows[i]);
		*cut_short += flow_counts(flows[i])->cut_short;
		flow_free(flows[i]);
	}
	qsort(l->told, l->n, sizeof *l->told, by_ordinal);
	return l;
}

static void the_same(void **state)
{
	const struct kase *k = *state;
	uint64_t cut[2];
	struct listener *one = followed(k, 1, &cut[0]), *several = followed(k, k->flows, &cut[1]);
	assert_int_equal(one->n, several->n);
	assert_int_equal(cut[0], cut[1]);
	assert_true(cut[0] > 500); /* else nothing was seen */
	uint64_t limits = 0;
	for (size_t i = 0; i < one->n; i++) {
		const struct told *a = &one->told[i], *b = &several->told[i];
		assert_int_equal(a->ordinal, b->ordinal);
		assert_int_equal(a->ending, b->ending);
		assert_int_equal(a->limit, b->limit);
		assert_memory_equal(a->packets, b->packets, sizeof a->packets);
		limits += a->limit;
	}
	assert_true(limits <= cut[0] && limits >= cut[0] - cut[0] / 100); /* who was closed for want of memory says so, where the listener hears of it */
	free(one);
	free(several);
}

int main(void)
{
	return TABLE_RUN("the same", cases, the_same);
}
