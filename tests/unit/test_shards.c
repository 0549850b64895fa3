/* test_shards.c - threads that take turns at reading: every session once whatever their number, whoever reads, wherever the source ends,
 * and a packet's payload gone as soon as the next is asked for. */
#include "shards.h"

#include "support/table.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { CONNECTIONS = 400, AT_ONCE = 25 };

static const struct kase {
	const char *name;
	unsigned threads, strangers; /* frames without a segment before each packet */
	bool here_only;
	unsigned in_window;          /* packets whose payload stands in the same window; 0: in none */
	unsigned clients;            /* of so many different addresses: with one port each they hash apart, with one all look alike to the hash or not */
	unsigned stop_after;         /* packets; 0: never */
} cases[] = {
	{ "two threads", 2, 0, false, 0, 200, 0 },
	{ "three threads", 3, 0, false, 0, 200, 0 },
	{ "more threads than work", 16, 0, false, 0, 3, 0 },
	{ "one connection after the other", 2, 0, false, 0, 1, 0 },
	{ "frames that are no segments", 2, 40, false, 0, 200, 0 },
	{ "a pipe: the caller's thread alone reads", 2, 0, true, 0, 200, 0 },
	{ "a pipe, four threads, strangers", 4, 9, true, 0, 200, 0 },
	{ "payload in windows", 2, 0, false, 100, 200, 0 },
	{ "payload in large windows", 3, 3, false, 3000, 200, 0 },
	{ "more windows than can be held", 2, 0, false, 3, 200, 0 },
	{ "payload in windows, stopped in the middle", 2, 0, false, 100, 200, 1000 },
	{ "stopped in the middle", 2, 0, false, 0, 200, 1000 },
	{ "stopped at once", 3, 0, false, 0, 200, 1 },
};

/* What a connection says, in turn; flags alone where there is no text. */
static const struct turn {
	bool client;
	uint8_t flags;
	const char *says;
} turns[] = {
	{ true, TCP_SYN, "" }, { false, TCP_SYN | TCP_ACK, "" }, { true, TCP_ACK, "" },
	{ false, TCP_ACK | TCP_PSH, "220 mail.example ESMTP\r\n" }, { true, TCP_ACK | TCP_PSH, "EHLO client.example\r\n" },
	{ false, TCP_ACK | TCP_PSH, "250 mail.example\r\n" }, { true, TCP_ACK | TCP_PSH, "MAIL FROM:<a@client.example>\r\n" },
	{ false, TCP_ACK | TCP_PSH, "550 5.7.1 no\r\n" }, { true, TCP_ACK | TCP_PSH, "QUIT\r\n" },
	{ false, TCP_ACK | TCP_PSH, "221 bye\r\n" }, { true, TCP_ACK | TCP_FIN, "" }, { false, TCP_ACK | TCP_FIN, "" }, { true, TCP_ACK, "" },
};
enum { TURNS = sizeof turns / sizeof *turns };

struct world {
	const struct kase *kase;
	pthread_t caller;
	unsigned packet, strangers;
	uint64_t frames, pauses;
	char payload[64];                /* beside all windows */
	struct window *window;
	size_t used;
	atomic_int inside, reading;      /* of the sink, of next */
	unsigned sessions, errors;
	uint32_t seq[AT_ONCE][2];
};

/* Where the next payload comes to stand: over the last one, or behind it in a window that goes when it is full and nobody holds it. */
static char *payload_room(struct world *w)
{
	enum { ROOM = sizeof w->payload };
	if (!w->kase->in_window)
		return memset(w->payload, '?', ROOM);
	if (w->packet % w->kase->in_window == 0) {
		window_drop(w->window);
		w->window = window_new(ROOM * w->kase->in_window);
		w->used = 0;
	}
	w->used += ROOM;
	return memset(w->window->octets + w->used - ROOM, '?', ROOM);
}

/* Connections go on side by side, AT_ONCE of them, a turn of each after the other. */
static void packet_make(struct world *w, struct packet *p)
{
	unsigned lane = w->packet % AT_ONCE, turn = w->packet / AT_ONCE % TURNS, connection = w->packet / (AT_ONCE * TURNS) * AT_ONCE + lane;
	const struct turn *t = &turns[turn];
	struct endpoint client = { .port = (uint16_t)(2000 + connection) }, server = { .port = 25 };
	memcpy(client.address.octets + 10, "\xff\xff\x0a\0\0", 5);
	client.address.octets[15] = (uint8_t)(1 + connection % w->kase->clients);
	memcpy(server.address.octets + 10, "\xff\xff\xc0\0\2\1", 6);
	if (turn == 0)
		memset(w->seq[lane], 0, sizeof w->seq[lane]);
	uint32_t *seq = &w->seq[lane][!t->client];
	char *payload = payload_room(w);
	*p = (struct packet){ .from = t->client ? client : server, .to = t->client ? server : client, .flags = t->flags, .seq = *seq,
		.ack = t->flags & TCP_ACK ? w->seq[lane][t->client] : 0, .marks = { .ttl = 60, .window = 30000, .window_scale = 255 } };
	p->ordinal = w->frames;
	p->place = (struct place){ .time = (int64_t)w->frames * 1000, .number = (uint32_t)w->frames };
	p->clock = p->place.time;
	p->payload = (struct bytes){ (const uint8_t *)payload, strlen(t->says) };
	memcpy(payload, t->says, p->payload.n);
	p->payload_length = (uint32_t)p->payload.n;
	*seq += p->payload_length + !!(t->flags & (TCP_SYN | TCP_FIN));
}

static enum reading next(void *to, struct packet *packet, struct window **window)
{
	struct world *w = to;
	const struct kase *k = w->kase;
	assert_int_equal(atomic_fetch_add(&w->reading, 1), 0);
	assert_true(!k->here_only || pthread_equal(w->caller, pthread_self()));
	enum reading got = READ_NOTHING;
	w->frames++;
	if (w->strangers++ == k->strangers) {
		w->strangers = 0;
		got = w->packet == CONNECTIONS * TURNS || (k->stop_after && w->packet == k->stop_after) ? READ_END : READ_PACKET;
		if (got == READ_PACKET) {
			packet_make(w, packet);
			*window = w->window;
			w->packet++;
		}
	}
	atomic_fetch_sub(&w->reading, 1);
	return got;
}

static void paused(void *to)
{
	struct world *w = to;
	assert_true(pthread_equal(w->caller, pthread_self()));
	assert_int_equal(atomic_fetch_add(&w->reading, 1), 0);
	w->pauses++;
	atomic_fetch_sub(&w->reading, 1);
}

static void outcome_came(void *to, struct outcome outcome)
{
	struct world *w = to;
	assert_int_equal(atomic_fetch_add(&w->inside, 1), 0);
	w->sessions++;
	w->errors += (unsigned)outcome.verdicts.nerrors;
	session_free(outcome.session);
	atomic_fetch_sub(&w->inside, 1);
}

static void shared(void **state)
{
	const struct kase *k = *state;
	struct world w = { .kase = k, .caller = pthread_self() };
	struct error error = { 0 };
	struct why *why = why_new((struct why_options){ 0 }, &error);
	assert_non_null(why);
	struct shards *s = shards_new((struct shards_options){ .threads = k->threads }, (struct flow_options){ 0 }, why,
	                              (struct outcome_sink){ .outcome = outcome_came, .to = &w, .here = true });
	assert_true(shards_several(s));
	shards_run(s, &(struct packets_source){ next, paused, &w, k->here_only });
	shards_end(s);
	shards_free(s);
	why_free(why);
	assert_true(!w.window || window_is_alone(w.window));
	window_drop(w.window);
	if (k->stop_after) {
		assert_int_equal(w.packet, k->stop_after);
		return;
	}
	assert_int_equal(w.sessions, CONNECTIONS);
	assert_int_equal(w.errors, CONNECTIONS);
	assert_true(w.frames < 2 * 16384 || w.pauses > 0);
}

int main(void)
{
	return TABLE_RUN("shards", cases, shared);
}
