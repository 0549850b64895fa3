/* telling.c - takes what comes out of the streams, gives it to the sink and the counts; never judges whether it may come out. */
#include "flow/talk.h"

#include <string.h>

#include "base/banned.h"

/* Where no SYN has been seen, what comes waits for it, and may be no more than two packets until the connection is closed: the sink hears of it then. */
void talk_open(struct talk *t)
{
	t->opened = true;
	t->around->counts.smtp++;
	if (t->connection.syn_seen)
		(void)talk_listener(t);
}

void talk_count_listener(struct talk *t)
{
	const struct flow_sink *sink = &t->around->sink;
	size_t now = sink->size && t->session && !t->unwanted ? sink->size(t->session) : 0;
	talk_stock(t)->held += now - t->listener;
	t->listener = now;
}

static void heed(struct talk *t, enum interest interest)
{
	if (interest == INTEREST_NONE)
		t->unwanted = true;
	if (interest == INTEREST_ALL)
		return;
	t->deaf = true;
}

static void keep_first(struct talk *t, unsigned side, struct bytes b)
{
	if (!t->sides[side].first) {
		t->sides[side].first = memory_new(1, FIRST_KEPT);
		talk_stock(t)->held += FIRST_KEPT;
	}
	b = bytes_first(b, FIRST_KEPT - t->sides[side].nfirst);
	memcpy(t->sides[side].first + t->sides[side].nfirst, b.p, b.n);
	t->sides[side].nfirst = (uint16_t)(t->sides[side].nfirst + b.n);
}

/* A TLS record: handshake, version 3.x (RFC 8446 5.1). */
static bool is_tls(struct bytes b)
{
	return b.n >= 2 && b.p[0] == 0x16 && b.p[1] == 3;
}

/* The first chunk of each side: what is neither SMTP nor TLS is kept, so that nDPI can be asked at the end. */
static void first_chunk(struct talk *t, unsigned side, int64_t pos, struct bytes b)
{
	if (t->around->options.no_ndpi || !(t->connection.syn_seen || t->connection.syn_ack_seen))
		return;
	if (pos == 0) {
		enum look look = side == FROM_CLIENT ? speaks_client(b) : speaks_server(b);
		t->sides[side].plain = look != LOOK_NO || is_tls(b);
		t->sides[side].strange = !t->sides[side].plain;
	}
	if (t->sides[side].strange && t->sides[side].nfirst < FIRST_KEPT)
		keep_first(t, side, b);
}

void talk_conflict(void *to, const struct overlap *overlap)
{
	const struct teller *teller = to;
	struct talk *t = teller->t;
	t->connection.overlaps[teller->side]++;
	if (t->opened && !t->deaf)
		t->around->sink.overlap(talk_listener(t), (enum direction)teller->side, overlap);
}

void talk_emit(struct talk *t, unsigned side, const struct chunk *chunk)
{
	struct stream *s = &t->streams[side];
	int64_t pos = (int64_t)chunk->offset;
	s->next = pos + (int64_t)chunk->bytes.n;
	s->in_line = chunk->bytes.n && chunk->bytes.p[chunk->bytes.n - 1] != '\n';
	t->connection.octets[side] += chunk->bytes.n;
	if (t->deaf)
		return;
	struct origin origin = { chunk->place, chunk->marks, chunk->odd };
	if (pos < LOOK_MOST || t->sides[side].strange)
		first_chunk(t, side, pos, chunk->bytes);
	heed(t, t->around->sink.data(talk_listener(t), (enum direction)side, chunk));
	if (!t->deaf && !t->closing && !t->no_past) /* else nothing comes that it would be compared with */
		stream_remember(s, pos, chunk->bytes, &origin);
}

static struct chunk chunk_of(const struct piece *piece)
{
	return (struct chunk){ .bytes = { piece->bytes, piece->n }, .offset = (uint64_t)piece->pos, .acked = positive(piece->acked),
		.place = piece->origin.place, .marks = piece->origin.marks, .odd = piece->origin.odd,
		.retransmitted = piece->retransmitted, .pushed = piece->pushed };
}

/* What is left of the piece stays in its place, with what it acknowledges. */
void talk_emit_head(struct talk *t, unsigned side, struct piece *piece, uint32_t n, int64_t acked)
{
	struct chunk chunk = chunk_of(piece);
	chunk.bytes.n = n;
	chunk.acked = positive(acked);
	talk_emit(t, side, &chunk);
	stream_shorten(&t->streams[side], piece, n);
}

void talk_emit_piece(struct talk *t, unsigned side, struct piece *piece)
{
	struct chunk chunk = chunk_of(piece);
	talk_emit(t, side, &chunk);
	struct teller teller = { t, side };
	for (const struct rival *rival = piece->rivals; rival; rival = rival->next)
		rival_tell(piece, rival, (struct conflict){ talk_conflict, &teller });
	stream_pop(&t->streams[side], piece);
}

void talk_emit_gap(struct talk *t, unsigned side, int64_t to, enum gap_kind kind, struct place place)
{
	struct stream *s = &t->streams[side];
	struct connection *c = &t->connection;
	struct gap gap = { .offset = (uint64_t)s->next, .missing = (uint64_t)(to - s->next), .kind = kind, .place = place };
	s->next = to;
	s->in_line = false;
	c->gaps[side]++;
	c->missing[side] += gap.missing;
	c->limit_reached |= kind == GAP_LIMIT;
	c->snaplen_cut |= kind == GAP_SNAPLEN;
	if (kind == GAP_SNAPLEN)
		c->octets[side] += gap.missing;
	if (!t->deaf)
		heed(t, t->around->sink.gap(talk_listener(t), (enum direction)side, &gap));
}
