/* journal.c - rows one behind the other in pages of some cache lines. Takes packets, gives them again; never looks at what they say. */
#include "flow/journal.h"

#include <string.h>

#include "base/arena.h"

#include "base/banned.h"

struct row { /* and behind it its look, where it has one, and its payload, padded to 8 */
	uint32_t number;                   /* of its frame */
	uint32_t later; uint16_t much_later; /* nanoseconds since the row before it: the lower bits, and the upper ones */
	uint16_t behind[2];                /* octets: its first one behind the next one of its side, and what it acknowledges behind the other one's */
	uint16_t n;
	uint32_t tsval, tsecr;
	uint16_t ip_id, window;
	uint8_t flags, bits;
};
enum { ROW_SIDE = 1, ROW_IN_TUNNEL = 2, ROW_HAS_LOOK = 4 };
_Static_assert(sizeof(struct row) == 32, "as journal.h says");

struct look { /* of a packet unlike those of its side before it, or in another file, or earlier */
	struct place place;
	struct marks marks;
};

struct page {
	struct page *newer;
	uint16_t room, used; /* octets of rows */
	uint8_t cell;
	_Alignas(8) uint8_t rows[];
};

struct journal { /* at the beginning of its first page */
	struct page *newest;
	uint32_t next[2];
	int64_t time;
	uint32_t file;
	uint16_t held;
	uint8_t ended : 2;  /* a bit for each side that sent a FIN */
	bool repeats : 1;
	uint8_t unlike;     /* the same for each whose last packet had an MSS: the next one is not like it */
	struct like {
		uint32_t hop;     /* the first octets of the marks: ttl, tos, what is a bit, window scale */
		uint32_t options;
	} like[2];
};
_Static_assert(sizeof(struct page) + sizeof(struct journal) == CACHE_LINE, "all that a packet in order looks at but its row");

static struct page *first_page(const struct journal *j)
{
	return (struct page *)(void *)((uintptr_t)j - offsetof(struct page, rows));
}

static size_t row_size(bool has_look, size_t payload)
{
	return sizeof(struct row) + (has_look ? sizeof(struct look) : 0) + ((payload + 7) & ~(size_t)7);
}

static size_t page_size(const struct page *page)
{
	return cell_size((enum cell_kind)page->cell, sizeof *page + page->room);
}

static struct page *page_new(struct stock *stock, enum cell_kind kind, size_t need)
{
	while (kind != CELL_NONE && sizeof(struct page) + need > cell_size(kind, 0))
		kind = kind == CELL_HALF ? CELL_PAGE : CELL_NONE;
	size_t size = cell_size(kind, sizeof(struct page) + need);
	struct page *page = cells_take(&stock->spares->cells, kind, size);
	*page = (struct page){ .room = (uint16_t)(size - sizeof *page), .cell = (uint8_t)kind };
	stock->held += size;
	return page;
}

/* ---- what stays the same ---- */

_Static_assert(offsetof(struct marks, window_scale) == 3, "in four octets, as struct like says");

static struct like like_of(const struct marks *m)
{
	struct like like = { .options = m->options };
	memcpy(&like.hop, m, sizeof like.hop);
	return like;
}

static bool is_like(const struct journal *j, unsigned side, const struct marks *m)
{
	const struct like a = j->like[side], b = like_of(m);
	return a.hop == b.hop && a.options == b.options && !m->mss && !(j->unlike >> side & 1);
}

struct journal *journal_new(struct stock *stock, const struct journal_start *start)
{
	struct page *page = page_new(stock, CELL_HALF, sizeof(struct journal));
	struct journal *j = (struct journal *)(void *)page->rows;
	page->used = sizeof *j;
	*j = (struct journal){ .newest = page, .next = { start->next[0], start->next[1] }, .time = start->place.time, .file = start->place.file,
		.held = (uint16_t)page_size(page), .like = { like_of(&start->like[0]), like_of(&start->like[1]) } };
	return j;
}

/* ---- a packet ---- */

/* What comes next, or came before; it acknowledges nothing that has not come. Behind its FIN a side has nothing to say. */
static bool is_in_order(const struct journal *j, const struct packet *p, unsigned side)
{
	uint32_t seq = j->next[side] - p->seq, ack = j->next[!side] - p->ack;
	if ((p->flags & (TCP_ACK | TCP_SYN | TCP_RST)) != TCP_ACK || p->payload.n != p->payload_length)
		return false;
	return seq <= UINT16_MAX && ack <= UINT16_MAX && !(j->ended >> side & 1 && p->payload_length);
}

static uint8_t *room_for(struct journal *j, struct stock *stock, size_t size)
{
	struct page *page = j->newest;
	if ((size_t)(page->room - page->used) < size) {
		page = page_new(stock, CELL_HALF, size);
		j->held = (uint16_t)(j->held + page_size(page));
		j->newest->newer = page;
		j->newest = page;
	}
	uint8_t *at = page->rows + page->used;
	page->used = (uint16_t)(page->used + size);
	return at;
}

static void put_down(struct journal *j, struct stock *stock, const struct packet *p, unsigned side)
{
	uint64_t later = (uint64_t)(p->place.time - j->time);
	bool has_look = p->place.file != j->file || later >> 48 || !is_like(j, side, &p->marks);
	uint8_t *at = room_for(j, stock, row_size(has_look, p->payload.n));
	struct row *row = (struct row *)(void *)at;
	row->number = p->place.number;
	row->later = (uint32_t)later;
	row->much_later = (uint16_t)(later >> 32);
	row->behind[0] = (uint16_t)(j->next[side] - p->seq);
	row->behind[1] = (uint16_t)(j->next[!side] - p->ack);
	row->n = (uint16_t)p->payload.n;
	row->tsval = p->marks.tsval;
	row->tsecr = p->marks.tsecr;
	row->ip_id = p->marks.ip_id;
	row->window = p->marks.window;
	row->flags = p->flags;
	row->bits = (uint8_t)(side | (p->in_tunnel ? ROW_IN_TUNNEL : 0) | (has_look ? ROW_HAS_LOOK : 0));
	at += sizeof *row;
	if (has_look) {
		struct look look = { p->place, p->marks };
		memcpy(at, &look, sizeof look);
		at += sizeof look;
		j->like[side] = like_of(&p->marks);
		j->unlike = (uint8_t)((j->unlike & 1u << !side) | (p->marks.mss ? 1u << side : 0));
		j->file = p->place.file;
	}
	j->time = p->place.time;
	if (p->payload.n)
		memmove(at, p->payload.p, p->payload.n); /* of a memcpy of so few octets gcc makes a string instruction, which begins slowly */
}

/* Behind the octets of a packet, or its FIN. */
static uint32_t next_after(uint32_t next, const struct packet *p)
{
	uint32_t end = p->seq + p->payload_length + (p->flags & TCP_FIN ? 1 : 0);
	return (int32_t)(end - next) > 0 ? end : next;
}

bool journal_takes(struct journal *j, struct stock *stock, const struct packet *p, unsigned side)
{
	if (!is_in_order(j, p, side) || p->payload.n > JOURNAL_PAYLOAD || j->held + p->payload.n > JOURNAL_MOST)
		return false;
	put_down(j, stock, p, side);
	j->repeats |= p->payload_length && p->seq != j->next[side];
	j->next[side] = next_after(j->next[side], p);
	if (p->flags & TCP_FIN)
		j->ended |= side ? 2 : 1;
	return true;
}

bool journal_has_ended(const struct journal *j)
{
	return j->ended == 3;
}

bool journal_repeats(const struct journal *j)
{
	return j->repeats;
}

void journal_count_with(const struct journal *j, struct stock *before, struct stock *after)
{
	before->held -= j->held;
	after->held += j->held;
}

void journal_fetch(const struct journal *j, unsigned part)
{
	const struct page *page = first_page(j);
	unsigned octets = CELL_HALF_BYTES;
	for (; page && part > 0; part--)
		page = page->newer;
	for (unsigned at = 0; page && at < octets; at += CACHE_LINE)
		__builtin_prefetch((const uint8_t *)page + at);
}

void journal_free(struct journal *j, struct stock *stock)
{
	stock->held -= j->held;
	for (struct page *page = first_page(j), *newer; page; page = newer) {
		newer = page->newer;
		cells_give(&stock->spares->cells, (enum cell_kind)page->cell, page);
	}
}

/* ---- again ---- */

struct journal_reading journal_read(const struct journal *j, const struct journal_start *start)
{
	return (struct journal_reading){ *start, first_page(j), sizeof *j };
}

bool journal_next(struct journal_reading *r, struct packet *p, unsigned *side)
{
	struct journal_start *now = &r->now;
	while (r->page && r->at == r->page->used) {
		r->page = r->page->newer;
		r->at = 0;
	}
	if (!r->page)
		return false;
	const struct row *row = (const struct row *)(const void *)(r->page->rows + r->at);
	const uint8_t *payload = (const uint8_t *)(row + 1);
	bool has_look = row->bits & ROW_HAS_LOOK;
	r->at += row_size(has_look, row->n);
	*side = row->bits & ROW_SIDE;
	now->place.time += (int64_t)((uint64_t)row->much_later << 32 | row->later);
	now->place.number = row->number;
	if (has_look) {
		const struct look *look = (const struct look *)(const void *)payload;
		now->place = look->place;
		now->like[*side] = look->marks;
		payload += sizeof *look;
	}
	p->place = now->place;
	p->marks = now->like[*side];
	p->marks.tsval = row->tsval;
	p->marks.tsecr = row->tsecr;
	p->marks.ip_id = row->ip_id;
	p->marks.window = row->window;
	p->seq = now->next[*side] - row->behind[0];
	p->ack = now->next[!*side] - row->behind[1];
	p->flags = row->flags;
	p->payload = (struct bytes){ row->n ? payload : NULL, row->n };
	p->payload_length = row->n;
	p->in_tunnel = row->bits & ROW_IN_TUNNEL;
	now->next[*side] = next_after(now->next[*side], p);
	return true;
}
