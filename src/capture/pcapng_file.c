/* pcapng_file.c - pcapng, draft-ietf-opsawg-pcapng. Takes octets, gives frames. Sections may differ in byte order, interfaces in link
 * type, snaplen and clock; blocks and options that carry no packet are passed over. */
#include "capture/format.h"

#include "base/arena.h"
#include "capture/fields.h"

#include <stdio.h>
#include <stdlib.h>

enum block {
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 2, /* obsolete, still written by old tools */
	BLOCK_SIMPLE = 3,
	BLOCK_ENHANCED = 6,
	BLOCK_SECTION = 0x0a0d0d0a,
};

enum {
	BYTE_ORDER_MAGIC = 0x1a2b3c4d,
	BLOCK_LEAST = 12, /* type, length, length again */
	SECTION_LEAST = 28,
	/* octets of a block that are looked at: a packet, and as much again for its options */
	BLOCK_KEPT = 2 * FRAME_MOST,
	/* interfaces of a section: Wireshark writes one a device; USB and nflog setups have dozens */
	INTERFACES_MOST = 65536,
};

enum { OPTION_END = 0, OPTION_TSRESOL = 9, OPTION_TSOFFSET = 14 };

struct interface {
	int linktype;
	uint32_t snaplen;
	uint8_t resolution; /* if_tsresol: units of 10^-n, or of 2^-n with the highest bit set */
	int64_t offset;     /* if_tsoffset: seconds */
};

struct pcapng_state {
	bool big;
	struct interface *interfaces; /* of this section */
	size_t count, room;
	uint64_t blocks;
	int64_t time; /* of the last packet: simple packets have none of their own */
};

/* ---- times ---- */

static int64_t saturated(__int128 time)
{
	return time > INT64_MAX ? INT64_MAX : time < INT64_MIN ? INT64_MIN : (int64_t)time;
}

static int64_t nanoseconds(uint64_t stamp, const struct interface *of)
{
	unsigned exponent = of->resolution & 0x7f;
	__int128 offset = (__int128)of->offset * NANOSECONDS;
	unsigned __int128 units = 1;
	if (of->resolution == 6)
		return saturated((__int128)stamp * 1000 + offset);
	if (of->resolution == 9)
		return saturated((__int128)stamp + offset);
	if (of->resolution & 0x80)
		units <<= exponent;
	else if (exponent > 38) /* 10^39 exceeds 128 bits, and every stamp of 64 bits is nothing in it */
		return saturated(offset);
	else
		while (exponent--)
			units *= 10;
	unsigned __int128 fraction = (stamp % units) * (uint64_t)NANOSECONDS / units;
	return saturated((__int128)(stamp / units) * NANOSECONDS + (__int128)fraction + offset);
}

/* ---- sections and interfaces ---- */

static void options_read(struct bytes options, struct pcapng_state *ng, struct interface *interface)
{
	while (options.n >= 4) {
		uint16_t code = field_u16(options, 0, ng->big), length = field_u16(options, 2, ng->big);
		struct bytes value = bytes_first(bytes_from(options, 4), length);
		if (code == OPTION_END || value.n < length)
			return;
		if (code == OPTION_TSRESOL && length >= 1)
			interface->resolution = value.p[0];
		if (code == OPTION_TSOFFSET && length >= 8)
			interface->offset = (int64_t)field_u64(value, 0, ng->big);
		options = bytes_from(options, 4 + (((size_t)length + 3) & ~(size_t)3));
	}
}

static bool interface_read(struct reader *r, struct pcapng_state *ng, struct bytes body)
{
	if (body.n < 8 || ng->count == INTERFACES_MOST) {
		reader_trouble(r, "is damaged: interface %zu of a section, after packet %u, cannot be used; what is before it was read", ng->count, r->number);
		source_take(r->source, r->source->ready.n);
		return false;
	}
	if (ng->count == ng->room) {
		ng->room = ng->room ? ng->room * 2 : 4;
		ng->interfaces = memory_grow(ng->interfaces, ng->room, sizeof *ng->interfaces);
	}
	struct interface *interface = &ng->interfaces[ng->count++];
	*interface = (struct interface){ .linktype = field_u16(body, 0, ng->big), .snaplen = field_u32(body, 4, ng->big), .resolution = 6 };
	options_read(bytes_from(body, 8), ng, interface);
	r->snaplen = interface->snaplen > r->snaplen ? interface->snaplen : r->snaplen;
	if (r->linktype < 0)
		r->linktype = interface->linktype;
	return true;
}

/* ---- packets ---- */

/* The three packet blocks: where their fields stand in the body; simple packets lack most of them. */
struct packet_block {
	uint32_t type;
	uint8_t interface_size; /* octets of the interface id, 0: always the first */
	uint8_t stamp, captured, wire, data;
};

static const struct packet_block packet_blocks[] = {
	{ BLOCK_ENHANCED, 4, 4, 12, 16, 20 },
	{ BLOCK_SIMPLE, 0, 0, 0, 0, 4 },
	{ BLOCK_PACKET, 2, 4, 12, 16, 20 },
};

static const struct packet_block *packet_block_of(uint32_t type)
{
	for (size_t i = 0; i < sizeof packet_blocks / sizeof *packet_blocks; i++)
		if (packet_blocks[i].type == type)
			return &packet_blocks[i];
	return NULL;
}

static bool packet_read(struct reader *r, struct pcapng_state *ng, const struct packet_block *at, struct bytes body, struct frame *frame)
{
	uint32_t id = at->interface_size == 4 ? field_u32(body, 0, ng->big) : at->interface_size == 2 ? field_u16(body, 0, ng->big) : 0;
	if (body.n < at->data || id >= ng->count) {
		r->number++;
		reader_trouble(r, "is damaged: packet %u names interface %u, which its section does not describe; it was left out", r->number, id);
		return false;
	}
	const struct interface *interface = &ng->interfaces[id];
	struct bytes data = bytes_from(body, at->data);
	uint32_t captured = field_u32(body, at->captured, ng->big);
	if (at->type == BLOCK_SIMPLE) {
		/* 4.4: the captured length is the least of the original length, the first interface's snaplen and what is there */
		if (interface->snaplen && captured > interface->snaplen)
			captured = interface->snaplen;
		if (captured > data.n)
			captured = (uint32_t)data.n;
	} else {
		uint64_t stamp = (uint64_t)field_u32(body, at->stamp, ng->big) << 32 | field_u32(body, at->stamp + 4u, ng->big);
		ng->time = nanoseconds(stamp, interface);
	}
	if (captured > data.n) {
		r->number++;
		reader_trouble(r, "is damaged: packet %u claims %u octets in a block of %zu; it was left out", r->number, captured, data.n);
		return false;
	}
	frame->bytes = bytes_first(data, captured < FRAME_MOST ? captured : FRAME_MOST);
	frame->wire_length = field_u32(body, at->wire, ng->big);
	frame->linktype = interface->linktype;
	frame->time = ng->time;
	return true;
}

/* Blocks without a packet that Wireshark (4.0) shows as records all the same, so that they take a frame number: systemd journal,
 * sysdig events, custom blocks. */
static bool is_numbered(uint32_t type)
{
	static const uint32_t numbered[] = { 0x9, 0x204, 0x216, 0x221, 0xbad, 0x40000bad };
	for (size_t i = 0; i < sizeof numbered / sizeof *numbered; i++)
		if (numbered[i] == type)
			return true;
	return false;
}

/* What the specification, Wireshark and its kin write without packets: names, statistics, secrets, journals, custom blocks. */
static bool is_known(uint32_t type)
{
	static const uint32_t known[] = { 0x4, 0x5, 0x7, 0x8, 0xa, 0xb };
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (known[i] == type)
			return true;
	return is_numbered(type);
}

/* ---- blocks ---- */

static bool damaged(struct reader *r, const struct pcapng_state *ng, uint32_t length, uint32_t again)
{
	char other[40] = "";
	if (again != length)
		snprintf(other, sizeof other, " and at its end %u", again);
	reader_trouble(r, "is damaged: block %llu, after packet %u, claims %u octets%s; what is before it was read", (unsigned long long)ng->blocks,
	    r->number, length, other);
	source_take(r->source, r->source->ready.n);
	return false;
}

static bool cut_in_block(struct reader *r, const struct pcapng_state *ng)
{
	if (r->source->ready.n || r->skip)
		reader_cut(r, "block %llu, after packet %u", (unsigned long long)ng->blocks, r->number);
	source_take(r->source, r->source->ready.n);
	return false;
}

/* The byte order of a section that begins at the window; false: it is none. */
static bool byte_order(struct bytes head, bool *big)
{
	*big = field_u32(head, 8, true) == BYTE_ORDER_MAGIC;
	return *big || field_u32(head, 8, false) == BYTE_ORDER_MAGIC;
}

/* Some writers leave the padding out of the length, but write it: Wireshark rounds up, and so do we. */
static uint64_t padded(uint32_t length)
{
	return ((uint64_t)length + 3) & ~UINT64_C(3);
}

/* Makes the next block's head part ready; false: the file has ended, or is damaged. */
static bool block_begin(struct reader *r, struct pcapng_state *ng, uint32_t *type, uint32_t *length)
{
	struct source *s = r->source;
	if (r->skip && source_skip(s, r->skip) < r->skip)
		return cut_in_block(r, ng);
	r->skip = 0;
	ng->blocks++;
	if (!source_has(s, BLOCK_LEAST))
		return cut_in_block(r, ng);
	*type = field_u32(s->ready, 0, ng->big);
	bool known = *type != BLOCK_SECTION || byte_order(s->ready, &ng->big);
	*length = field_u32(s->ready, 4, ng->big);
	if (!known || *length < (*type == BLOCK_SECTION ? SECTION_LEAST : BLOCK_LEAST))
		return damaged(r, ng, *length, *length);
	return true;
}

/* Takes the whole block; its body ends before the second length. Of a block longer than BLOCK_KEPT the rest is left to r->skip. */
static bool block_take(struct reader *r, struct pcapng_state *ng, uint32_t length, struct bytes *body)
{
	struct source *s = r->source;
	uint64_t whole = padded(length);
	size_t kept = whole < BLOCK_KEPT ? (size_t)whole : BLOCK_KEPT;
	if (!source_has(s, kept))
		return cut_in_block(r, ng);
	uint32_t again = kept == whole ? field_u32(s->ready, kept - 4, ng->big) : length;
	if (again != length && padded(again) != whole)
		return damaged(r, ng, length, again);
	*body = bytes_first(bytes_from(s->ready, 8), kept - (kept == whole ? BLOCK_LEAST : 8));
	source_take(s, kept);
	r->skip = whole - kept;
	return true;
}

static bool pcapng_next(struct reader *r, struct frame *frame)
{
	struct pcapng_state *ng = r->state;
	uint32_t type = 0, length = 0;
	struct bytes body = { 0 };
	while (block_begin(r, ng, &type, &length)) {
		const struct packet_block *packet = packet_block_of(type);
		if (!packet && type != BLOCK_SECTION && type != BLOCK_INTERFACE) {
			r->skip = padded(length);
			r->number += is_numbered(type);
			if (!is_known(type)) {
				r->unknown_blocks++;
				r->unknown_type = type;
			}
			continue;
		}
		if (!block_take(r, ng, length, &body))
			return false;
		if (type == BLOCK_SECTION)
			ng->count = 0; /* interfaces are numbered anew in each section */
		else if (type == BLOCK_INTERFACE && !interface_read(r, ng, body))
			return false;
		else if (packet && packet_read(r, ng, packet, body, frame))
			return true;
	}
	return false;
}

static bool pcapng_open(struct reader *r)
{
	bool big;
	(void)source_has(r->source, SECTION_LEAST);
	struct bytes head = r->source->ready;
	if (field_u32(head, 0, false) != BLOCK_SECTION || (head.n >= BLOCK_LEAST && !byte_order(head, &big)))
		return false;
	r->format_name = "pcapng";
	r->state = memory_new(1, sizeof(struct pcapng_state));
	return true;
}

static void pcapng_close(struct reader *r)
{
	struct pcapng_state *ng = r->state;
	free(ng->interfaces);
	free(ng);
}

const struct format pcapng_format = { pcapng_open, pcapng_next, pcapng_close };
