/* pcap_file.c - classic pcap, draft-ietf-opsawg-pcap. Takes octets, gives frames. Knows version 2.4 with the two magics; the
 * variants of other programs are libpcap's. */
#include "capture/format.h"

#include "base/arena.h"
#include "capture/fields.h"

#include <stdlib.h>
#include <string.h>

enum { HEADER = 24, RECORD = 16 };
enum { MICROSECONDS_MAGIC = 0xa1b2c3d4u, NANOSECONDS_MAGIC = 0xa1b23c4du };

struct pcap_state {
	bool big, swapped; /* swapped: not in the order of this machine */
	uint32_t fraction; /* nanoseconds of one unit of the second field */
	int linktype;
	uint32_t most;
};

static bool header_read(struct bytes head, struct pcap_state *p)
{
	for (int big = 0; big < 2; big++) {
		uint32_t magic = field_u32(head, 0, big);
		bool right = head.n < 8 || (field_u16(head, 4, big) == 2 && field_u16(head, 6, big) == 4); /* the version is cut off as well */
		if ((magic == MICROSECONDS_MAGIC || magic == NANOSECONDS_MAGIC) && right) {
			p->big = big;
			p->swapped = big != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
			p->fraction = magic == MICROSECONDS_MAGIC ? 1000 : 1;
			/* section 4: the upper bits tell of frame check sequences, the link type is the lower 16 */
			p->linktype = (int)(field_u32(head, 20, big) & 0xffff);
			p->most = linktype_most(p->linktype);
			return true;
		}
	}
	return false;
}

static void header_took(struct reader *r, const struct pcap_state *p)
{
	uint32_t snaplen = field_u32(r->source->ready, 16, p->big);
	r->snaplen = snaplen > r->snaplen ? snaplen : r->snaplen;
	source_take(r->source, HEADER);
}

static bool pcap_open(struct reader *r)
{
	struct pcap_state p = { 0 };
	bool whole = source_has(r->source, HEADER);
	if (!header_read(r->source->ready, &p))
		return false;
	r->format_name = p.fraction == 1 ? "pcap (nanoseconds)" : "pcap";
	struct pcap_state *kept = r->state = memory_new(1, sizeof p);
	*kept = p;
	if (!whole) {
		source_take(r->source, r->source->ready.n);
		reader_cut(r, "its file header");
		return true;
	}
	r->linktype = p.linktype;
	header_took(r, &p);
	return true;
}

/* The n-th number of the record header, which is there. */
static uint32_t record_number(const uint8_t *record, unsigned n, const struct pcap_state *p)
{
	uint32_t value;
	memcpy(&value, record + 4 * n, sizeof value);
	return p->swapped ? __builtin_bswap32(value) : value;
}

/* A second capture written behind the first ("tcpdump -w - >> file"): its file header stands where a record header should. As a
 * record it would be an empty packet of the year 2055 whose fraction is the version, so it cannot be taken for one. */
static bool header_again(struct reader *r, struct pcap_state *p)
{
	struct bytes head = r->source->ready;
	struct pcap_state next = { 0 };
	if (!header_read(head, &next) || field_u32(head, 8, next.big) != 0 || field_u32(head, 12, next.big) != 0)
		return false;
	if (!source_has(r->source, HEADER)) {
		reader_cut(r, "the file header behind packet %u", r->number);
		source_take(r->source, r->source->ready.n);
		return true;
	}
	(void)header_read(r->source->ready, &next);
	*p = next;
	header_took(r, p);
	return true;
}

/* More than any capture of this link type can hold. */
static bool record_is_absurd(struct reader *r, uint32_t captured)
{
	reader_trouble(r, "is damaged: packet %u claims %u octets; what is before it was read", r->number + 1, captured);
	source_take(r->source, r->source->ready.n);
	return true;
}

/* Stands at a record header; false: the file has ended. */
static bool record_begin(struct reader *r, struct pcap_state *p)
{
	struct source *s = r->source;
	if (__builtin_expect(r->skip > 0, 0)) {
		if (source_skip(s, r->skip) < r->skip) {
			reader_cut(r, "packet %u", r->number);
			return false;
		}
		r->skip = 0;
	}
	do {
		if (!source_has(s, RECORD)) {
			if (s->ready.n)
				reader_cut(r, "the header of packet %u", r->number + 1);
			source_take(s, s->ready.n);
			return false;
		}
	} while (record_number(s->ready.p, 2, p) == 0 && header_again(r, p));
	return true;
}

/* The record behind this one, its headers and the first of its payload, into the caches while this one is at work: its place is known
 * only now, and what read() copied has gone from the first-level cache since. Behind the window there is nothing to fetch, and no harm. */
static void next_fetch(const uint8_t *record)
{
	__builtin_prefetch(record);
	__builtin_prefetch(record + 64);
}

static void record_take(struct reader *r, const struct pcap_state *p, struct frame *frame, uint32_t kept)
{
	struct source *s = r->source;
	const uint8_t *record = s->ready.p;
	frame->time = (int64_t)record_number(record, 0, p) * NANOSECONDS + (int64_t)record_number(record, 1, p) * p->fraction;
	frame->wire_length = record_number(record, 3, p);
	frame->linktype = p->linktype;
	frame->bytes = (struct bytes){ record + RECORD, kept };
	source_take(s, RECORD + kept);
	next_fetch(s->ready.p);
}

/* At an end, behind what was too long to be kept, at another header, or where the window has to go on. */
static __attribute__((noinline)) bool pcap_next_seldom(struct reader *r, struct frame *frame)
{
	struct pcap_state *p = r->state;
	struct source *s = r->source;
	if (!record_begin(r, p))
		return false;
	uint32_t captured = record_number(s->ready.p, 2, p);
	if (captured > p->most && record_is_absurd(r, captured))
		return false;
	uint32_t kept = captured < FRAME_MOST ? captured : FRAME_MOST;
	if (!source_has(s, RECORD + kept)) {
		reader_cut(r, "packet %u", r->number + 1);
		source_take(s, s->ready.n);
		return false;
	}
	record_take(r, p, frame, kept);
	r->skip = captured - kept;
	return true;
}

static bool pcap_next(struct reader *r, struct frame *frame)
{
	const struct pcap_state *p = r->state;
	const struct bytes ready = r->source->ready;
	if (r->skip || ready.n < RECORD)
		return pcap_next_seldom(r, frame);
	uint32_t captured = record_number(ready.p, 2, p);
	if (captured == 0 || captured > FRAME_MOST || captured > p->most || ready.n - RECORD < captured)
		return pcap_next_seldom(r, frame);
	record_take(r, p, frame, captured);
	return true;
}

static void pcap_close_state(struct reader *r)
{
	free(r->state);
}

const struct format pcap_format = { pcap_open, pcap_next, pcap_close_state };
