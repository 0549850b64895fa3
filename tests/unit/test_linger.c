/* test_linger.c - for how many packets of the run a finished connection waits for what comes late. */
#include "flow/flow.h"

#include "support/listener.h"
#include "support/table.h"

#include <string.h>

enum { SWEPT = 512, STEPS_MOST = 8 }; /* packets of the run between two looks at what is over */

struct step {
	unsigned side;
	uint8_t flags;
	uint32_t seq, ack;
	const char *text;
};

#define C 0
#define S 1
#define BEGIN { C, TCP_SYN, 99, 0, "" }, { S, TCP_SYN | TCP_ACK, 499, 100, "" }
static const struct kase {
	const char *name;
	struct step steps[STEPS_MOST];
	unsigned waits; /* packets */
	enum ending ending;
} cases[] = {
	{ "both sides ended, and all is there", { BEGIN, { S, TCP_ACK, 500, 100, "421 no\r\n" }, { S, TCP_ACK | TCP_FIN, 508, 100, "" }, { C, TCP_ACK | TCP_FIN, 100, 509, "" } }, 2048, END_FIN },
	{ "octets are missing before the end", { BEGIN, { S, TCP_ACK, 500, 100, "220 mx\r\n" }, { C, TCP_ACK | TCP_FIN, 106, 508, "" }, { S, TCP_ACK | TCP_FIN, 508, 107, "" } }, 4096, END_FIN },
	{ "the octets of one side wait behind a hole", { BEGIN, { S, TCP_ACK, 508, 100, "421 no\r\n" }, { S, TCP_ACK | TCP_FIN, 516, 100, "" }, { C, TCP_ACK | TCP_FIN, 100, 517, "" } }, 4096, END_FIN },
	{ "a reset", { BEGIN, { S, TCP_ACK, 500, 100, "421 no\r\n" }, { C, TCP_RST, 100, 0, "" } }, 4096, END_RST },
};

struct listener {
	unsigned closed;
	enum ending ending;
};

static void *open_one(void *to, const struct connection *c)
{
	(void)c;
	return to;
}

static void hear_close(void *to, const struct connection *c, const char *speaks)
{
	struct listener *l = to;
	(void)speaks;
	l->closed++;
	l->ending = c->ending;
}

static void send(struct flow *f, struct packet *p, const struct step *s)
{
	struct endpoint ends[2];
	memset(ends, 0, sizeof ends);
	ends[C].address.octets[15] = 1;
	ends[S].address.octets[15] = 2;
	ends[C].port = 40000;
	ends[S].port = 25;
	p->ordinal++;
	p->place.number++;
	p->place.time += 1000;
	p->clock = p->place.time;
	p->from = ends[s->side];
	p->to = ends[!s->side];
	p->flags = s->flags;
	p->seq = s->seq;
	p->ack = s->ack;
	p->payload = (struct bytes){ (const uint8_t *)s->text, strlen(s->text) };
	p->payload_length = (uint32_t)p->payload.n;
	flow_packet(f, p);
}

static void waited_for(void **state)
{
	const struct kase *k = *state;
	struct listener l = { 0 };
	struct packet p = { .marks = { .ttl = 64 } };
	struct flow *f = flow_new((struct flow_options){ .no_ndpi = true }, (struct flow_sink){
		.open = open_one, .data = hear_data, .gap = hear_gap, .close = hear_close, .to = &l });
	for (unsigned i = 0; i < STEPS_MOST && k->steps[i].flags; i++)
		send(f, &p, &k->steps[i]);
	flow_clock(f, p.clock, p.ordinal + k->waits);
	assert_int_equal(l.closed, 0);
	flow_clock(f, p.clock, p.ordinal + k->waits + SWEPT);
	assert_int_equal(l.closed, 1);
	assert_int_equal(l.ending, k->ending);
	flow_end(f);
	assert_int_equal(l.closed, 1);
	flow_free(f);
}

int main(void)
{
	return TABLE_RUN("linger", cases, waited_for);
}
