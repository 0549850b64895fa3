/* ip.c - takes IP datagrams, gives their TCP segments or what their tunnels carry; never looks at ICMP's quoted packets,
 * which were not sent here. */
#include "decode/ip.h"

#include <string.h>

#include "decode/checksum.h"
#include "decode/fragment.h"
#include "decode/tcp.h"
#include "decode/tunnel.h"

#include "base/banned.h"

enum { V4_HEADER = 20, V6_HEADER = 40, EXTENSIONS_MOST = 16 };

enum protocol {
	HOP_BY_HOP = 0, TCP = 6, ROUTING = 43, FRAGMENT = 44, AUTHENTICATION = 51, DESTINATION = 60, MOBILITY = 135, HIP = 139, SHIM6 = 140,
};

static enum decoded upper(struct decoding *d, uint8_t protocol, struct bytes b)
{
	return protocol == TCP ? tcp_segment(d, b) : tunnel_payload(d, protocol, b);
}

/* RFC 4302 2: counted in units of 4 octets, less 2. ESP stays opaque. */
static enum decoded skip_authentication(struct decoding *d, uint8_t protocol, struct bytes b)
{
	for (unsigned i = 0; protocol == AUTHENTICATION; i++) {
		struct cursor c = cursor_at(b);
		protocol = cursor_u8(&c);
		uint8_t length = cursor_u8(&c);
		cursor_skip(&c, (length + 2u) * 4 - 2);
		if (c.truncated)
			return d->missing ? DECODED_TRUNCATED : DECODED_MALFORMED;
		if (i == EXTENSIONS_MOST)
			return DECODED_MALFORMED;
		b = c.rest;
	}
	return upper(d, protocol, b);
}

static void v4_mapped(struct address *a, const uint8_t *p)
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };
	memcpy(a->octets, prefix, sizeof prefix);
	memcpy(a->octets + 12, p, 4);
}

static void v4_marks(struct packet *p, const uint8_t *header)
{
	v4_mapped(&p->from.address, header + 12);
	v4_mapped(&p->to.address, header + 16);
	p->marks.v6 = false;
	p->marks.tos = header[1];
	p->marks.ip_id = read_u16(header + 4);
	p->marks.dont_fragment = header[6] & 0x40;
	p->marks.ttl = header[8];
}

static enum decoded v4_fragment(struct decoding *d, uint8_t protocol, uint16_t place, struct bytes b)
{
	struct fragment f = {
		.id = d->packet->marks.ip_id, .protocol = protocol, .offset = (place & 0x1fffu) * 8, .more = place & 0x2000, .bytes = b,
	};
	enum decoded got = fragments_add(d, &f);
	return got == DECODED_TCP ? skip_authentication(d, f.protocol, f.bytes) : got;
}

/* Straight-line for a header without options: every packet of the capture comes through here. */
static inline uint64_t header_sum(const uint8_t *p, size_t header)
{
	uint64_t a, b;
	uint32_t c;
	memcpy(&a, p, 8);
	memcpy(&b, p + 8, 8);
	memcpy(&c, p + 16, 4);
	uint64_t sum = (a & 0xffffffff) + (a >> 32) + (b & 0xffffffff) + (b >> 32) + c;
	return header == V4_HEADER ? sum : checksum_add(sum, (struct bytes){ p + V4_HEADER, header - V4_HEADER });
}

enum decoded ipv4_packet(struct decoding *d, struct bytes b)
{
	if (b.n < V4_HEADER)
		return d->missing ? DECODED_TRUNCATED : DECODED_MALFORMED;
	size_t header = (b.p[0] & 15u) * 4, total = read_u16(b.p + 2);
	if (b.p[0] >> 4 != 4 || header < V4_HEADER || (total && total < header))
		return DECODED_MALFORMED;
	if (b.n < header)
		return d->missing ? DECODED_TRUNCATED : DECODED_MALFORMED;
	if (!checksum_is_right(header_sum(b.p, header)))
		d->counts->bad_ip_checksums++;
	if (total)
		b = decoding_trim(d, b, total);
	uint8_t protocol = b.p[9];
	uint16_t place = read_u16(b.p + 6);
	v4_marks(d->packet, b.p);
	b = (struct bytes){ b.p + header, b.n - header };
	if (__builtin_expect(place & 0x3fff, 0))
		return v4_fragment(d, protocol, place, b);
	if (protocol == TCP)
		return tcp_segment(d, b);
	return skip_authentication(d, protocol, b);
}

static enum decoded v6_headers(struct decoding *d, uint8_t next, struct bytes b);

/* RFC 8200 4.5. A whole datagram in one fragment is processed alone (RFC 6946 4). The next header of the first fragment
 * counts, and is no part of the key. */
static enum decoded v6_fragment(struct decoding *d, struct bytes b)
{
	struct cursor c = cursor_at(b);
	uint8_t next = cursor_u8(&c);
	cursor_skip(&c, 1);
	uint16_t place = cursor_u16(&c);
	uint32_t id = cursor_u32(&c);
	if (c.truncated)
		return d->missing ? DECODED_TRUNCATED : DECODED_MALFORMED;
	if ((place & 0xfff9) == 0)
		return v6_headers(d, next, c.rest);
	struct fragment f = { .id = id, .v6 = true, .protocol = next, .offset = place & 0xfff8u, .more = place & 1, .bytes = c.rest };
	enum decoded got = fragments_add(d, &f);
	return got == DECODED_TCP ? v6_headers(d, f.protocol, f.bytes) : got;
}

/* RFC 8200 4: the headers may come in any order and number; a fragment inside a reassembled datagram counts as one deeper. */
static enum decoded v6_headers(struct decoding *d, uint8_t next, struct bytes b)
{
	for (unsigned i = 0; i < EXTENSIONS_MOST; i++) {
		struct cursor c = cursor_at(b);
		switch (next) {
		case HOP_BY_HOP: case ROUTING: case DESTINATION: case MOBILITY: case HIP: case SHIM6:
			next = cursor_u8(&c);
			cursor_skip(&c, cursor_u8(&c) * 8u + 6);
			break;
		case AUTHENTICATION:
			next = cursor_u8(&c);
			cursor_skip(&c, (cursor_u8(&c) + 2u) * 4 - 2);
			break;
		case FRAGMENT:
			return decoding_deeper(d) ? v6_fragment(d, b) : DECODED_TOO_DEEP;
		default:
			return upper(d, next, b);
		}
		if (c.truncated)
			return d->missing ? DECODED_TRUNCATED : DECODED_MALFORMED;
		b = c.rest;
	}
	return DECODED_MALFORMED;
}

enum decoded ipv6_packet(struct decoding *d, struct bytes b)
{
	struct packet *p = d->packet;
	if (b.n < V6_HEADER)
		return d->missing ? DECODED_TRUNCATED : DECODED_MALFORMED;
	if (b.p[0] >> 4 != 6)
		return DECODED_MALFORMED;
	size_t length = read_u16(b.p + 4);
	if (length)
		b = decoding_trim(d, b, length + V6_HEADER);
	memcpy(p->from.address.octets, b.p + 8, 16);
	memcpy(p->to.address.octets, b.p + 24, 16);
	p->marks.v6 = true;
	p->marks.tos = (uint8_t)(b.p[0] << 4 | b.p[1] >> 4);
	p->marks.ip_id = 0;
	p->marks.dont_fragment = false;
	p->marks.ttl = b.p[7];
	return v6_headers(d, b.p[6], (struct bytes){ b.p + V6_HEADER, b.n - V6_HEADER });
}

enum decoded ip_packet(struct decoding *d, struct bytes b)
{
	if (b.n == 0)
		return d->missing ? DECODED_TRUNCATED : DECODED_MALFORMED;
	return b.p[0] >> 4 == 6 ? ipv6_packet(d, b) : ipv4_packet(d, b);
}
