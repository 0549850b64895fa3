/* talk - what the files of one connection share: connection.c (packets come in), straight.c (those in order), causal.c (what may come out
 * now), telling.c (what the sink hears), first_look.c (is it SMTP?), talk_slab.c (their memory).
 * Never: included by anything else. */
#ifndef SMTPWHY_FLOW_TALK_H
#define SMTPWHY_FLOW_TALK_H

#include <stdalign.h>

#include "base/limits.h"
#include "flow/connection.h"
#include "flow/recent.h"

enum {
	FIRST_KEPT = 512,
	LOOK_MOST = 128, /* octets of each side that a first look reads */
};

/* What is known of a side beside its stream. */
struct side {
	alignas(CACHE_LINE) struct path path;
	struct recents recents;
	bool strange, plain;
	bool alone;                   /* heard long enough without the other one: that is not waited for any more */
	uint16_t nfirst;
	uint8_t *first;               /* FIRST_KEPT octets, for nDPI */
};

/* Each part on cache lines of its own: most packets touch six of them. */
struct talk {
	alignas(CACHE_LINE) struct connection connection; /* first: its address is the sink's */
	alignas(CACHE_LINE) struct surroundings *around;
	void *session;                /* the sink's object; NULL: it has not heard of this connection yet */
	size_t listener;              /* bytes that the sink keeps for it */
	uint32_t npackets, payloads;
	bool negotiated;              /* both SYN carried the timestamp option */
	bool opened, unwanted, deaf;  /* deaf: no more bytes are wanted */
	bool closing, reset, swapped, no_past;
	alignas(CACHE_LINE) struct stream streams[2];
	alignas(CACHE_LINE) struct side sides[2];
};

struct teller {
	struct talk *t;
	unsigned side;
};

static inline struct stock *talk_stock(const struct talk *t)
{
	return t->streams[0].stock;
}

static inline bool is_silent(const struct talk *t, unsigned side)
{
	return t->connection.packets[side] == 0;
}

static inline uint64_t positive(int64_t pos)
{
	return pos > 0 ? (uint64_t)pos : 0;
}

static inline void talk_count_packet(struct talk *t, const struct packet *p, unsigned side)
{
	t->npackets++;
	t->connection.last = p->place;
	t->connection.packets[side]++;
	t->connection.in_tunnel |= p->in_tunnel;
}

/* talk_slab.c */
struct talk *talk_take(struct surroundings *); /* zeroed; its bytes do not count yet */
void talk_give(struct talk *);

/* telling.c */
void talk_open(struct talk *); /* it may be SMTP */
/* The sink's object, made with the first thing that it is told. */
static inline void *talk_listener(struct talk *t)
{
	if (!t->session)
		t->session = t->around->sink.open(t->around->sink.to, &t->connection);
	return t->session;
}
void talk_emit(struct talk *, unsigned side, const struct chunk *);
void talk_emit_piece(struct talk *, unsigned side, struct piece *);
void talk_emit_head(struct talk *, unsigned side, struct piece *, uint32_t n, int64_t acked); /* its first n octets, of a piece without rivals */
void talk_emit_gap(struct talk *, unsigned side, int64_t to, enum gap_kind, struct place);
void talk_conflict(void *teller, const struct overlap *);
void talk_count_listener(struct talk *); /* what the listener keeps counts as ours: a flood of short sessions costs mostly there */

/* causal.c */
bool talk_is_causal(const struct talk *, unsigned side, int64_t acked); /* may data with this acknowledgement come out? */
bool talk_syn_seen(const struct talk *, unsigned side);
bool talk_may_begin(const struct talk *); /* may anything come out yet? */
void talk_drain(struct talk *);

/* first_look.c */
void talk_decide(struct talk *);
bool talk_greets(const struct talk *);

#endif
