/* gen_conn.c - writes connections down: who talks to whom, and what is said in which order. */
#include "gen.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

uint64_t gen_random(struct gen *g)
{
	uint64_t z = g->random += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

uint32_t gen_below(struct gen *g, uint32_t n)
{
	return (uint32_t)((gen_random(g) >> 32) * n >> 32);
}

uint32_t gen_between(struct gen *g, uint32_t least, uint32_t most)
{
	return least + gen_below(g, most - least + 1);
}

/* The n-th connection has ends of its own: truth and report are matched by them. */
static void ends_of(struct conn *c, uint64_t n, uint16_t port)
{
	uint32_t client = (uint32_t)(n % 16000), server = (uint32_t)(n * 7 % 900);
	c->port[CLIENT] = (uint16_t)(32768 + n / 16000 % 28000);
	c->port[SERVER] = port;
	c->v6 = n % 20 == 7;
	if (c->v6) {
		static const uint8_t prefix[8] = { 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0 };
		memcpy(c->address[CLIENT], prefix, 8);
		memcpy(c->address[SERVER], prefix, 8);
		c->address[SERVER][7] = 1;
	} else {
		c->address[CLIENT][10] = c->address[CLIENT][11] = c->address[SERVER][10] = c->address[SERVER][11] = 0xff;
		c->address[CLIENT][12] = 10;
		c->address[SERVER][12] = 172;
		c->address[SERVER][13] = 16;
	}
	c->address[CLIENT][14] = (uint8_t)(client >> 8);
	c->address[CLIENT][15] = (uint8_t)client;
	c->address[SERVER][14] = (uint8_t)(server >> 8);
	c->address[SERVER][15] = (uint8_t)server;
}

void conn_begin(struct gen *g, struct conn *c, uint16_t port)
{
	*c = (struct conn){ .octets = c->octets, .room = c->room, .turns = c->turns, .turns_room = c->turns_room };
	ends_of(c, g->connections++, port);
	c->rtt = gen_between(g, 500, 40000);
	c->timestamps = gen_below(g, 10) < 8;
	for (unsigned side = 0; side < 2; side++) {
		c->isn[side] = (uint32_t)gen_random(g);
		c->ip_id[side] = (uint16_t)gen_random(g);
		c->ttl[side] = (uint8_t)(64 - (side == SERVER) * gen_below(g, 12));
	}
}

void conn_drop(struct conn *c)
{
	free(c->held);
	free(c->lost);
	c->held = NULL;
	c->lost = NULL;
}

static void add_turn(struct conn *c, struct turn turn)
{
	if (c->nturns == c->turns_room) {
		c->turns_room = c->turns_room ? 2 * c->turns_room : 32;
		c->turns = realloc(c->turns, c->turns_room * sizeof *c->turns);
	}
	c->turns[c->nturns++] = turn;
	c->said[turn.side] += turn.n;
}

static void make_room(struct conn *c, size_t n)
{
	if (c->noctets + n <= c->room)
		return;
	c->room = 2 * (c->noctets + n);
	c->octets = realloc(c->octets, c->room);
}

void conn_put(struct conn *c, enum side side, uint32_t wait, const void *data, size_t n)
{
	make_room(c, n);
	memcpy(c->octets + c->noctets, data, n);
	add_turn(c, (struct turn){ (uint8_t)side, OWN, (uint32_t)c->noctets, (uint32_t)n, wait });
	c->noctets += n;
}

void conn_say(struct conn *c, enum side side, uint32_t wait, const char *format, ...)
{
	char text[4096];
	va_list list;
	va_start(list, format);
	int n = vsnprintf(text, sizeof text, format, list);
	va_end(list);
	conn_put(c, side, wait, text, (size_t)n);
}

void conn_pool(struct conn *c, enum side side, uint32_t wait, enum pool pool, size_t at, size_t n)
{
	for (; n; wait = 0) {
		size_t some = n < POOL_ROOM - at ? n : POOL_ROOM - at;
		add_turn(c, (struct turn){ (uint8_t)side, (uint8_t)pool, (uint32_t)at, (uint32_t)some, wait });
		at = 0;
		n -= some;
	}
}
