/* reassembly.c - takes segments of one direction, gives ordered pieces and differing copies; never delivers or waits by itself. */
#include "flow/reassembly.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/limits.h"

#include "base/banned.h"

enum {
	FAR = 4 * 1024 * 1024,   /* a jump ahead that needs a second witness; windows are smaller in mail */
	HISTORY_PIECE = 960,     /* of the end of a long one; with what stands before it, the largest that malloc keeps at hand */
	BULK_SEGMENT = 1000,     /* a segment this long is message content, or a large pipelined group */
	BULK_AFTER = 4,          /* so many of them in a row are content: not worth remembering */
};

/* ---- positions ---- */

/* The position nearest to the highest one seen: so 2^32 octets wrap (RFC 9293 3.4). */
int64_t stream_position(const struct stream *s, uint32_t seq)
{
	return s->end + (int32_t)(seq - (s->base + (uint32_t)s->end));
}

bool stream_is_far(struct stream *s, int64_t pos)
{
	int64_t top = s->end > s->acked ? s->end : s->acked;
	if (pos <= top + FAR)
		return false;
	if (s->far_known && pos >= s->far && pos <= s->far + FAR) {
		s->far_known = false;
		return false;
	}
	s->far_known = true;
	s->far = pos;
	return true;
}

bool stream_is_full(const struct stream *s)
{
	return s->waiting > LIMIT_OUT_OF_ORDER || s->npieces > LIMIT_PIECES;
}

/* ---- pieces ---- */

static size_t piece_size(const struct piece *piece)
{
	return offsetof(struct piece, bytes) + (piece->cut ? 0 : piece->n);
}

static size_t piece_held(const struct piece *piece)
{
	return cell_size((enum cell_kind)piece->cell, piece_size(piece));
}

static void piece_insert(struct stream *s, struct piece *before, struct piece *piece)
{
	piece->before = before;
	piece->next = before ? before->next : s->head;
	*(before ? &before->next : &s->head) = piece;
	*(piece->next ? &piece->next->before : &s->tail) = piece;
	s->npieces++;
	s->waiting += (uint32_t)piece_size(piece);
	s->stock->held += piece_held(piece);
}

/* The octets [from, to) of a segment become a piece behind `before`; captured ones and cut ones apart. */
static struct piece *piece_new(struct stream *s, struct piece *before, const struct segment *g, int64_t from, int64_t to)
{
	int64_t captured = g->pos + (int64_t)g->bytes.n;
	if (from < captured && captured < to) {
		before = piece_new(s, before, g, from, captured);
		from = captured;
	}
	bool cut = from >= captured;
	uint32_t n = (uint32_t)(to - from);
	size_t size = offsetof(struct piece, bytes) + (cut ? 0 : n);
	enum cell_kind kind = cell_kind(size);
	struct piece *piece = cells_take(&s->stock->spares->cells, kind, size < sizeof *piece ? sizeof *piece : size);
	*piece = (struct piece){ .pos = from, .acked = g->acked, .arrival = g->arrival, .time = g->origin.place.time,
		.origin = g->origin, .cut = cut, .pushed = g->pushed, .retransmitted = g->retransmitted, .late = g->late, .n = n, .cell = (uint8_t)kind };
	if (!cut)
		memcpy(piece->bytes, bytes_from(g->bytes, (size_t)(from - g->pos)).p, n);
	piece_insert(s, before, piece);
	return piece;
}

static void piece_remove(struct stream *s, struct piece *piece)
{
	*(piece->before ? &piece->before->next : &s->head) = piece->next;
	*(piece->next ? &piece->next->before : &s->tail) = piece->before;
	s->npieces--;
	s->waiting -= (uint32_t)piece_size(piece);
	s->stock->held -= piece_held(piece);
	while (piece->rivals) {
		struct rival *next = piece->rivals->next;
		s->stock->held -= sizeof *next + piece->rivals->n;
		s->waiting -= (uint32_t)sizeof *next + piece->rivals->n;
		free(piece->rivals);
		piece->rivals = next;
	}
	cells_give(&s->stock->spares->cells, (enum cell_kind)piece->cell, piece);
}

void stream_pop(struct stream *s, struct piece *piece)
{
	piece_remove(s, piece);
}

void stream_shorten(struct stream *s, struct piece *piece, uint32_t n)
{
	s->waiting -= n;
	s->stock->held -= piece->cell == CELL_NONE ? n : 0;
	piece->pos += n;
	piece->n -= n;
	memmove(piece->bytes, piece->bytes + n, piece->n);
}

bool piece_is_probe(const struct piece *piece)
{
	return piece->n == 1 && !piece->cut && !piece->pushed && piece->bytes[0] == 0;
}

/* Another copy of some octets of a waiting piece: equal ones are silent. */
static void piece_rival(struct stream *s, struct piece *piece, const struct segment *g, int64_t from, int64_t to)
{
	struct bytes second = bytes_from(g->bytes, (size_t)(from - g->pos));
	if (second.n > (size_t)(to - from))
		second.n = (size_t)(to - from);
	if (second.n == 0 || memcmp(piece->bytes + (from - piece->pos), second.p, second.n) == 0)
		return;
	if (piece_is_probe(piece)) {
		piece->bytes[0] = second.p[0];
		piece->origin = g->origin;
		piece->pushed = g->pushed;
		return;
	}
	if (g->duplicate || stream_is_full(s) || (second.n == 1 && second.p[0] == 0 && !g->pushed))
		return;
	struct rival *rival = memory_new(1, sizeof *rival + second.n);
	*rival = (struct rival){ .next = piece->rivals, .pos = from, .origin = g->origin, .n = (uint32_t)second.n };
	memcpy(rival->bytes, second.p, second.n);
	piece->rivals = rival;
	s->stock->held += sizeof *rival + second.n;
	s->waiting += (uint32_t)(sizeof *rival + second.n);
}

void rival_tell(const struct piece *piece, const struct rival *rival, struct conflict conflict)
{
	struct overlap overlap = { .offset = (uint64_t)rival->pos,
		.first = { piece->bytes + (rival->pos - piece->pos), rival->n }, .second = { rival->bytes, rival->n },
		.first_place = piece->origin.place, .second_place = rival->origin.place,
		.first_marks = piece->origin.marks, .second_marks = rival->origin.marks,
		.first_odd = piece->origin.odd, .second_odd = rival->origin.odd };
	conflict.found(conflict.to, &overlap);
}

/* Octets that a cut frame lacked have come: the cut piece gives way to them. */
static struct piece *piece_fill(struct stream *s, struct piece *piece, const struct segment *g, int64_t from, int64_t to)
{
	int64_t end = piece->pos + piece->n;
	int64_t captured = g->pos + (int64_t)g->bytes.n;
	if (to > captured)
		to = captured;
	if (from >= to)
		return piece;
	struct segment rest = { .pos = piece->pos, .acked = piece->acked, .arrival = piece->arrival, .origin = piece->origin };
	struct piece *at = piece->before;
	int64_t start = piece->pos;
	piece_remove(s, piece);
	if (start < from)
		at = piece_new(s, at, &rest, start, from);
	at = piece_new(s, at, g, from, to);
	if (to < end)
		at = piece_new(s, at, &rest, to, end);
	return at;
}

bool stream_wait(struct stream *s, const struct segment *g)
{
	int64_t from = g->pos, to = g->pos + g->length;
	bool brought = false;
	struct piece *before = s->tail;
	while (before && before->pos > from)
		before = before->before;
	if (before && before->pos + before->n <= from && !before->next) {
		piece_new(s, before, g, from, to);
		return true;
	}
	struct piece *piece = before ? before : s->head;
	while (from < to) {
		int64_t until = to;
		if (piece && piece->pos <= from && piece->pos + piece->n > from) { /* octets that are here */
			int64_t end = piece->pos + piece->n;
			until = until < end ? until : end;
			if (piece->cut) {
				piece = piece_fill(s, piece, g, from, until);
				brought = true;
			} else {
				piece_rival(s, piece, g, from, until);
			}
			bool whole = g->pos <= piece->pos && to >= piece->pos + piece->n;
			if (whole && g->acked < piece->acked) /* of two copies, the one that knows less was sent first */
				piece->acked = g->acked;
			before = piece;
			piece = piece->next;
		} else if (piece && piece->pos <= from) {
			before = piece;
			piece = piece->next;
			continue;
		} else {
			if (piece && piece->pos < until)
				until = piece->pos;
			before = piece_new(s, before, g, from, until);
			brought = true;
		}
		from = until;
	}
	return brought;
}

size_t stream_first(const struct stream *s, uint8_t *room, size_t n)
{
	size_t used = 0;
	int64_t at = s->next;
	for (const struct piece *piece = s->head; piece && piece->pos == at && !piece->cut && used < n; piece = piece->next) {
		size_t some = piece->n < n - used ? piece->n : n - used;
		memcpy(room + used, piece->bytes, some);
		used += some;
		at += piece->n;
	}
	return used;
}

void stream_skip(struct stream *s, uint32_t n)
{
	while (s->head && s->head->pos + s->head->n <= n)
		piece_remove(s, s->head);
	struct piece *first = s->head;
	if (first && first->pos < n) {
		struct segment rest = { .pos = first->pos, .acked = first->acked, .arrival = first->arrival, .origin = first->origin,
			.bytes = { first->bytes, first->cut ? 0 : first->n }, .length = first->n, .pushed = first->pushed, .retransmitted = first->retransmitted, .late = first->late };
		piece_new(s, first, &rest, n, first->pos + first->n);
		piece_remove(s, first);
	}
	for (struct piece *piece = s->head; piece; piece = piece->next) {
		piece->pos -= n;
		for (struct rival *rival = piece->rivals; rival; rival = rival->next)
			rival->pos -= n;
	}
	s->base += n;
	s->end -= s->end < n ? s->end : n;
	s->acked -= s->acked < n ? s->acked : n;
	s->hole_arrival = 0;
	s->far_known = false;
	s->fin_pos -= n;
}

/* ---- history ---- */

/* A row of the history: this, then its octets, padded to 8. */
struct memory {
	int64_t pos;
	struct place place;
	struct marks marks;
	uint16_t n, odd;
};
/* The first one holds what a silent session hears, most others some lines, the largest a row of any size. With a further one, the
 * oldest go. */
enum { PAST_FIRST = 240, PAST_NEXT = 480, PAST_LARGEST = (int)sizeof(struct memory) + HISTORY_PIECE, PAST_MOST = 3 * PAST_LARGEST,
       PASTS = PAST_MOST / PAST_NEXT + 2 };

static size_t memory_size(size_t n)
{
	return sizeof(struct memory) + ((n + 7) & ~(size_t)7);
}

static const struct memory *memory_at(const struct past *past, size_t at)
{
	return (const struct memory *)(const void *)(past->rows + at);
}

static unsigned past_kind(size_t room)
{
	return room == PAST_FIRST ? 0 : room == PAST_NEXT ? 1 : 2;
}

static struct past *past_new(struct stream *s, size_t room)
{
	struct spares *spares = s->stock->spares;
	unsigned kind = past_kind(room);
	struct past *past = spares->npasts[kind] ? spares->pasts[kind][--spares->npasts[kind]] : memory_grow(NULL, sizeof *past + room, 1);
	s->stock->held += sizeof *past + room;
	past->room = (uint16_t)room;
	return past;
}

static void past_free(struct stream *s, struct past *past)
{
	struct spares *spares = s->stock->spares;
	unsigned kind = past_kind(past->room);
	s->stock->held -= sizeof *past + past->room;
	if (spares->npasts[kind] == SPARE_MOST) {
		free(past);
		return;
	}
	spares->pasts[kind][spares->npasts[kind]++] = past;
}

void spares_drop(struct spares *spares)
{
	for (unsigned kind = 0; kind < PAST_KINDS; kind++)
		while (spares->npasts[kind])
			free(spares->pasts[kind][--spares->npasts[kind]]);
	cells_drop(&spares->cells);
}

size_t stream_held(const struct stream *s)
{
	size_t n = 0;
	for (const struct piece *piece = s->head; piece; piece = piece->next) {
		n += piece_held(piece);
		for (const struct rival *rival = piece->rivals; rival; rival = rival->next)
			n += sizeof *rival + rival->n;
	}
	for (const struct past *past = s->past; past; past = past->older)
		n += sizeof *past + past->room;
	return n;
}

void stream_drop(struct stream *s)
{
	while (s->head)
		piece_remove(s, s->head);
	for (struct past *older; s->past; s->past = older) {
		older = s->past->older;
		past_free(s, s->past);
	}
	s->used = s->room = 0;
}

/* Takes the oldest out where they and so much more are too many octets; gives the last that it took, with its memory. */
static struct past *oldest_taken(struct stream *s, size_t more)
{
	struct past *taken = NULL, **at = &s->past;
	size_t stays = 0;
	if (!s->past || more + s->past->all <= PAST_MOST)
		return NULL;
	while (*at && more + stays + (*at)->room <= PAST_MOST) {
		stays += (*at)->room;
		at = &(*at)->older;
	}
	while (*at) {
		struct past *older = (*at)->older;
		if (taken)
			past_free(s, taken);
		taken = *at;
		*at = older;
	}
	if (s->past)
		s->past->all = (uint16_t)stays;
	return taken;
}

static void past_make_room(struct stream *s, size_t need)
{
	size_t room = need > PAST_NEXT ? PAST_LARGEST : need > PAST_FIRST || s->past ? PAST_NEXT : PAST_FIRST;
	struct past *newest = s->past, *past = oldest_taken(s, room);
	if (newest && s->past)
		newest->used = s->used;
	if (past && past->room != room) {
		past_free(s, past);
		past = NULL;
	}
	if (!past)
		past = past_new(s, room);
	past->older = s->past;
	past->all = (uint16_t)(past->room + (s->past ? s->past->all : 0));
	s->past = past;
	s->room = past->room;
	s->used = 0;
}

void stream_remember(struct stream *s, int64_t pos, struct bytes b, const struct origin *origin)
{
	if (b.n < BULK_SEGMENT) {
		s->bulk = 0;
	} else if (s->bulk >= BULK_AFTER) {
		return;
	} else {
		s->bulk++;
	}
	if (b.n > HISTORY_PIECE) {
		pos += (int64_t)(b.n - HISTORY_PIECE);
		b = bytes_from(b, b.n - HISTORY_PIECE);
	}
	if (s->used + memory_size(b.n) > s->room)
		past_make_room(s, memory_size(b.n));
	struct memory *row = (struct memory *)(void *)(s->past->rows + s->used);
	*row = (struct memory){ .pos = pos, .place = origin->place, .marks = origin->marks, .n = (uint16_t)b.n, .odd = origin->odd };
	memmove(row + 1, b.p, b.n); /* of a memcpy of so few octets gcc makes a string instruction, which begins slowly */
	s->used = (uint16_t)(s->used + memory_size(b.n));
}

static void past_compare(const struct stream *s, const struct past *past, size_t used, const struct segment *g, struct conflict conflict)
{
	int64_t to = g->pos + (int64_t)g->bytes.n;
	for (size_t at = 0; at < used;) {
		const struct memory *m = memory_at(past, at);
		const uint8_t *old = past->rows + at + sizeof *m;
		at += memory_size(m->n);
		int64_t start = m->pos > g->pos ? m->pos : g->pos;
		int64_t end = m->pos + m->n < to ? m->pos + m->n : to;
		if (start >= end)
			continue;
		struct bytes first = { old + (start - m->pos), (size_t)(end - start) };
		struct bytes second = bytes_from(g->bytes, (size_t)(start - g->pos));
		if (memcmp(first.p, second.p, first.n) == 0)
			continue;
		bool longer = g->pos + g->length > s->next;
		if (!longer || end < s->next)
			second.n = first.n;
		struct overlap overlap = { .offset = (uint64_t)start, .first = first, .second = second,
			.first_place = m->place, .second_place = g->origin.place,
			.first_marks = m->marks, .second_marks = g->origin.marks,
			.first_odd = m->odd, .second_odd = g->origin.odd, .second_longer = longer };
		conflict.found(conflict.to, &overlap);
	}
}

/* The oldest first. */
void stream_compare(const struct stream *s, const struct segment *g, struct conflict conflict)
{
	const struct past *all[PASTS];
	unsigned n = 0;
	for (const struct past *past = s->past; past; past = past->older)
		all[n++] = past;
	while (n-- > 0)
		past_compare(s, all[n], n ? all[n]->used : s->used, g, conflict);
}
