/* talk - what the files of one connection share: connection.c (packets come in), causal.c (what may come out now), telling.c (what the
 * sink hears), first_look.c (is it SMTP?).
 * Never: included by anything else. */
#ifndef SMTPWHY_FLOW_TALK_H
#define SMTPWHY_FLOW_TALK_H

#include "base/limits.h"
#include "flow/connection.h"

enum {
	FIRST_KEPT = 512,
	LOOK_MOST = 128, /* octets of each side that a first look reads */
	RECENT = 4,
};

/* What tells a frame recorded twice from a segment sent twice. */
struct recent {
	uint32_t sum, sample, ms;
};

struct talk {
	struct connection connection; /* first: its address is the sink's */
	struct surroundings *around;
	void *session;
	struct stream streams[2];
	struct path paths[2];
	struct recent recent[2][RECENT];
	uint8_t *first[2];            /* FIRST_KEPT octets, for nDPI */
	uint16_t nfirst[2];
	uint8_t recent_at[2];
	uint64_t npackets, payloads;
	size_t listener;              /* bytes that the sink keeps for it */
	struct place now;
	bool opened, unwanted, deaf;  /* deaf: no more bytes are wanted */
	bool closing, reset, swapped, strange[2], plain[2];
	bool alone[2];                /* this side was heard long enough without the other one: not waited for any more */
};

struct teller {
	struct talk *t;
	unsigned side;
};

static inline bool is_silent(const struct talk *t, unsigned side)
{
	return t->connection.packets[side] == 0;
}

static inline uint64_t positive(int64_t pos)
{
	return pos > 0 ? (uint64_t)pos : 0;
}

/* telling.c */
void talk_emit(struct talk *, unsigned side, const struct chunk *);
void talk_emit_piece(struct talk *, unsigned side, struct piece *);
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
