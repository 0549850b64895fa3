/* gen_wire.c - sends connections that were written down: one packet a call, as frames of a pcap. Disturbs them when asked. */
#include "gen.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };
enum { ETHERNET = 14, SEGMENT_MOST = 1440, START = 1700000000 };
enum stage { STAGE_SYN, STAGE_SYN_ACK, STAGE_ACK, STAGE_TALK, STAGE_FIN, STAGE_FIN_BACK, STAGE_LAST_ACK };

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

/* In the machine's byte order, which the sum does not mind (RFC 1071 2). */
static uint64_t sum_of(const uint8_t *p, size_t n, uint64_t sum)
{
	for (; n >= 4; p += 4, n -= 4) {
		uint32_t word;
		memcpy(&word, p, 4);
		sum += word;
	}
	if (n) {
		uint8_t rest[4] = { 0 };
		memcpy(rest, p, n);
		uint32_t word;
		memcpy(&word, rest, 4);
		sum += word;
	}
	return sum;
}

static void put_sum(uint8_t *p, uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	uint16_t folded = (uint16_t)~sum;
	memcpy(p, &folded, 2);
}

/* ---- the file ---- */

void wire_begin(struct gen *g)
{
	uint32_t header[6] = { 0xa1b2c3d4, 2 | 4 << 16, 0, 0, 262144, 1 };
	fwrite(header, sizeof header, 1, g->out);
	g->now = (int64_t)START * 1000000;
	g->octets = sizeof header;
}

static void write_frame(struct gen *g, const uint8_t *frame, size_t n)
{
	uint32_t record[4] = { (uint32_t)(g->now / 1000000), (uint32_t)(g->now % 1000000), (uint32_t)n, (uint32_t)n };
	fwrite(record, sizeof record, 1, g->out);
	fwrite(frame, n, 1, g->out);
	g->octets += sizeof record + n;
	g->packets++;
}

/* ---- one frame ---- */

static size_t ip_header(struct gen *g, struct conn *c, unsigned side, uint8_t *p, uint8_t protocol, size_t length)
{
	(void)g;
	if (c->v6) {
		put32(p, 0x60000000);
		put16(p + 4, (uint32_t)length);
		p[6] = protocol;
		p[7] = c->ttl[side];
		memcpy(p + 8, c->address[side], 16);
		memcpy(p + 24, c->address[!side], 16);
		return 40;
	}
	memset(p, 0, 20);
	p[0] = 0x45;
	put16(p + 2, (uint32_t)(length + 20));
	put16(p + 4, c->ip_id[side]++);
	p[6] = 0x40;
	p[8] = c->ttl[side];
	p[9] = protocol;
	memcpy(p + 12, c->address[side] + 12, 4);
	memcpy(p + 16, c->address[!side] + 12, 4);
	put_sum(p + 10, sum_of(p, 20, 0));
	return 20;
}

static uint64_t pseudo_sum(const struct conn *c, uint8_t protocol, size_t length)
{
	uint64_t sum = (uint64_t)htons((uint16_t)length) + htons(protocol);
	size_t skip = c->v6 ? 0 : 12;
	sum = sum_of(c->address[0] + skip, 16 - skip, sum);
	return sum_of(c->address[1] + skip, 16 - skip, sum);
}

static size_t tcp_options(struct gen *g, const struct conn *c, uint8_t *p, uint8_t flags)
{
	static const uint8_t syn[20] = { 2, 4, 0x05, 0xa0, 4, 2, 8, 10, [16] = 1, 3, 3, 7 };
	static const uint8_t syn_plain[8] = { 2, 4, 0x05, 0xa0, 1, 1, 4, 2 };
	uint32_t tick = (uint32_t)(g->now / 1000);
	if (!c->timestamps) {
		if (!(flags & SYN))
			return 0;
		memcpy(p, syn_plain, sizeof syn_plain);
		return sizeof syn_plain;
	}
	if (flags & SYN) {
		memcpy(p, syn, sizeof syn);
		put32(p + 8, tick);
		put32(p + 12, flags & ACK ? tick - 20 : 0);
		return sizeof syn;
	}
	put32(p, 0x0101080a);
	put32(p + 4, tick);
	put32(p + 8, tick - 5);
	return 12;
}

static size_t frame_of(struct gen *g, struct conn *c, unsigned side, uint8_t flags, uint64_t pos, const uint8_t *data, size_t n, uint8_t *frame)
{
	static const uint8_t macs[2][6] = { { 2, 0, 0, 0, 0, 1 }, { 2, 0, 0, 0, 0, 2 } };
	memcpy(frame, macs[!side], 6);
	memcpy(frame + 6, macs[side], 6);
	put16(frame + 12, c->v6 ? 0x86dd : 0x0800);
	uint8_t *ip = frame + ETHERNET, *tcp = ip + (c->v6 ? 40 : 20);
	if (c->udp) {
		ip_header(g, c, side, ip, 17, 8 + n);
		put16(tcp, c->port[side]);
		put16(tcp + 2, c->port[!side]);
		put16(tcp + 4, (uint32_t)(8 + n));
		put16(tcp + 6, 0);
		memcpy(tcp + 8, data, n);
		put_sum(tcp + 6, sum_of(tcp, 8 + n, pseudo_sum(c, 17, 8 + n)));
		return (size_t)(tcp + 8 + n - frame);
	}
	memset(tcp, 0, 20);
	size_t header = 20 + tcp_options(g, c, tcp + 20, flags);
	put16(tcp, c->port[side]);
	put16(tcp + 2, c->port[!side]);
	put32(tcp + 4, flags & SYN ? c->isn[side] : c->isn[side] + 1 + (uint32_t)pos);
	if (flags & ACK)
		put32(tcp + 8, c->isn[!side] + 1 + (uint32_t)c->sent[!side] + c->fin[!side]);
	tcp[12] = (uint8_t)(header / 4 << 4);
	tcp[13] = flags;
	put16(tcp + 14, flags & SYN ? 64240 : 502);
	if (n)
		memcpy(tcp + header, data, n);
	ip_header(g, c, side, ip, 6, header + n);
	put_sum(tcp + 16, sum_of(tcp, header + n, pseudo_sum(c, 6, header + n)));
	return (size_t)(tcp + header + n - frame);
}

/* ---- disturbance ---- */

static void note_lost(struct conn *c, uint64_t from, size_t n)
{
	c->lost = realloc(c->lost, (c->nlost + 1) * sizeof *c->lost);
	c->lost[c->nlost++] = (struct lost){ from, from + n };
}

static void release(struct gen *g, struct conn *c)
{
	if (!c->held)
		return;
	write_frame(g, c->held->frame, c->held->n);
	free(c->held);
	c->held = NULL;
}

static void hold(struct conn *c, const uint8_t *frame, size_t n)
{
	c->held = malloc(sizeof *c->held);
	c->held->n = (uint32_t)n;
	memcpy(c->held->frame, frame, n);
}

/* Lost in the capture, late by one packet of its connection, captured twice, or sent twice. */
static void disturb(struct gen *g, struct conn *c, unsigned side, uint8_t flags, uint64_t pos, const uint8_t *data, size_t n)
{
	uint8_t frame[FRAME_ROOM];
	size_t size = frame_of(g, c, side, flags, pos, data, n, frame);
	unsigned dice = gen_below(g, 1000);
	bool free_slot = !c->held;
	if (dice < g->disturbed) {
		if (n && side == SERVER)
			note_lost(c, pos, n);
		release(g, c);
		return;
	}
	if (dice < 2 * g->disturbed && free_slot && !(flags & (SYN | FIN | RST))) {
		hold(c, frame, size);
		return;
	}
	write_frame(g, frame, size);
	release(g, c);
	if (dice >= 2 * g->disturbed && dice < 3 * g->disturbed) {
		write_frame(g, frame, size);
	} else if (dice >= 3 * g->disturbed && dice < 4 * g->disturbed && n && free_slot) {
		size = frame_of(g, c, side, flags, pos, data, n, frame); /* again, with an IP ID of its own */
		hold(c, frame, size);
	}
}

static void send_packet(struct gen *g, struct conn *c, unsigned side, uint8_t flags, const uint8_t *data, size_t n)
{
	uint64_t pos = c->sent[side] + c->fin[side];
	if (g->disturbed) {
		disturb(g, c, side, flags, pos, data, n);
	} else {
		uint8_t frame[FRAME_ROOM];
		write_frame(g, frame, frame_of(g, c, side, flags, pos, data, n, frame));
	}
	c->sent[side] += n;
	c->packets++;
}

/* ---- the order of packets ---- */

static const uint8_t *turn_octets(const struct gen *g, const struct conn *c, const struct turn *t)
{
	return (t->pool == OWN ? c->octets : g->pools[t->pool]) + t->at;
}

/* As much of the stretch as fits a segment. */
static size_t gather(const struct gen *g, struct conn *c, uint8_t *room)
{
	size_t n = 0;
	unsigned side = c->turns[c->turn].side;
	while (n < SEGMENT_MOST && c->turn < c->nturns && c->turns[c->turn].side == side) {
		const struct turn *t = &c->turns[c->turn];
		if (n && t->wait && c->turn_at == 0)
			break;
		size_t some = t->n - c->turn_at;
		if (some > SEGMENT_MOST - n)
			some = SEGMENT_MOST - n;
		memcpy(room + n, turn_octets(g, c, t) + c->turn_at, some);
		n += some;
		c->turn_at += (uint32_t)some;
		if (c->turn_at == t->n) {
			c->turn++;
			c->turn_at = 0;
		}
	}
	return n;
}

static int64_t wait_of_turn(struct gen *g, const struct conn *c, unsigned side)
{
	if (c->turn == c->nturns)
		return gen_between(g, 100, 2000);
	const struct turn *t = &c->turns[c->turn];
	if (c->turn_at)
		return gen_between(g, 10, 400);
	return t->wait + (t->side != side ? c->rtt / 2 : 10);
}

static int64_t send_talk(struct gen *g, struct conn *c)
{
	uint8_t room[SEGMENT_MOST];
	unsigned side = c->turns[c->turn].side;
	if (c->unacked >= 2) {
		c->unacked = 0;
		send_packet(g, c, !side, ACK, NULL, 0);
		return gen_between(g, 5, 100);
	}
	size_t n = gather(g, c, room);
	bool ends = c->turn_at == 0;
	send_packet(g, c, side, (uint8_t)(ACK | (ends ? PSH : 0)), room, n);
	c->unacked = ends ? 0 : c->unacked + 1;
	if (c->turn == c->nturns)
		c->stage = c->closing == CLOSE_NEVER ? STAGE_LAST_ACK + 1 : STAGE_FIN;
	return wait_of_turn(g, c, side);
}

static int64_t send_stage(struct gen *g, struct conn *c)
{
	switch ((enum stage)c->stage++) {
	case STAGE_SYN:
		send_packet(g, c, CLIENT, SYN, NULL, 0);
		return c->rtt / 2;
	case STAGE_SYN_ACK:
		send_packet(g, c, SERVER, SYN | ACK, NULL, 0);
		return c->rtt / 2;
	case STAGE_ACK:
		send_packet(g, c, CLIENT, ACK, NULL, 0);
		if (c->nturns == 0)
			c->stage = c->closing == CLOSE_NEVER ? STAGE_LAST_ACK + 1 : STAGE_FIN;
		return c->nturns ? c->turns[0].wait + 50 : 1000;
	case STAGE_TALK:
		c->stage = STAGE_TALK;
		return send_talk(g, c);
	case STAGE_FIN:
		if (c->closing == CLOSE_RESET) {
			c->stage = STAGE_LAST_ACK + 1;
			send_packet(g, c, CLIENT, RST | ACK, NULL, 0);
			return 1;
		}
		send_packet(g, c, CLIENT, FIN | ACK, NULL, 0);
		c->fin[CLIENT] = true;
		return c->rtt / 2;
	case STAGE_FIN_BACK:
		send_packet(g, c, SERVER, FIN | ACK, NULL, 0);
		c->fin[SERVER] = true;
		return c->rtt / 2;
	case STAGE_LAST_ACK:
		send_packet(g, c, CLIENT, ACK, NULL, 0);
		return 1;
	}
	return -1;
}

static int64_t send_datagram(struct gen *g, struct conn *c)
{
	uint8_t room[SEGMENT_MOST];
	unsigned side = c->turns[c->turn].side;
	size_t n = gather(g, c, room);
	send_packet(g, c, side, 0, room, n);
	return c->turn < c->nturns ? wait_of_turn(g, c, side) : -1;
}

int64_t conn_send(struct gen *g, struct conn *c)
{
	int64_t wait = c->udp ? send_datagram(g, c) : send_stage(g, c);
	if (c->stage > STAGE_LAST_ACK || (c->stop_after && c->packets >= c->stop_after))
		wait = -1;
	if (wait < 0)
		release(g, c);
	return wait;
}

/* ---- truth ---- */

static bool is_whole(const struct conn *c, const struct refusal *r)
{
	for (size_t i = 0; i < c->nlost; i++)
		if (c->lost[i].from < r->to && r->from < c->lost[i].to)
			return false;
	return r->to <= c->sent[SERVER];
}

void conn_truth(struct gen *g, const struct conn *c)
{
	if (!c->is_mail)
		return;
	for (unsigned side = 0; side < 2; side++) {
		char text[INET6_ADDRSTRLEN];
		inet_ntop(c->v6 ? AF_INET6 : AF_INET, c->address[side] + (c->v6 ? 0 : 12), text, sizeof text);
		fprintf(g->truth, "%s\t%u\t", text, c->port[side]);
	}
	const char *between = "";
	for (unsigned i = 0; i < c->nrefusals; i++) {
		if (!is_whole(c, &c->refusals[i]))
			continue;
		fprintf(g->truth, "%s%d", between, c->refusals[i].code);
		between = ",";
		g->refusals++;
	}
	fputc('\n', g->truth);
}
