/* tunnel.c - takes the payload of an IP datagram that is no TCP, gives the packet that a tunnel carries in it; never guesses a
 * tunnel on a port that is not registered for it. */
#include "decode/tunnel.h"

#include "decode/ether.h"
#include "decode/ip.h"

#include "base/banned.h"

static enum decoded cut_short(const struct decoding *d)
{
	return d->missing ? DECODED_TRUNCATED : DECODED_MALFORMED;
}

/* ERSPAN (draft-foschiano-erspan): type I is Ethernet behind a GRE header without sequence number, II has 8 octets, III 12 and
 * perhaps 8 more; III names what follows. */
static enum decoded erspan(struct decoding *d, struct cursor c, bool third)
{
	if (!third) {
		cursor_skip(&c, 8);
		return c.truncated ? cut_short(d) : ethernet_frame(d, c.rest);
	}
	cursor_skip(&c, 10);
	uint16_t bits = cursor_u16(&c);
	if (bits & 1)
		cursor_skip(&c, 8);
	if (c.truncated)
		return cut_short(d);
	return (bits >> 10 & 0x1f) == 2 ? ip_packet(d, c.rest) : ethernet_frame(d, c.rest);
}

/* WCCP's redirect header (4 octets) stands before IP in version 2, and does not in version 1. */
static enum decoded wccp(struct decoding *d, struct bytes b)
{
	if (b.n >= 5 && b.p[0] >> 4 != 4)
		b = bytes_from(b, 4);
	return ipv4_packet(d, b);
}

/* RFC 2784, RFC 2890; version 1 is PPTP's (RFC 2637 4.1). Source routes (RFC 1701) are not followed. */
static enum decoded gre(struct decoding *d, struct bytes b)
{
	struct cursor c = cursor_at(b);
	uint16_t flags = cursor_u16(&c), type = cursor_u16(&c);
	bool sequence = flags & 0x1000;
	if (flags & 0x4000 || (flags & 7) > 1)
		return DECODED_NOT_TCP;
	cursor_skip(&c, (flags & 0x8000 ? 4u : 0u) + (flags & 0x2000 ? 4u : 0u) + (sequence ? 4u : 0u));
	if ((flags & 7) == 1 && flags & 0x80)
		cursor_skip(&c, 4);
	if (c.truncated)
		return cut_short(d);
	switch (type) {
	case 0x88be: return sequence ? erspan(d, c, false) : ethernet_frame(d, c.rest);
	case 0x22eb: return erspan(d, c, true);
	case 0x883e: return wccp(d, c.rest);
	default: return ether_payload(d, type, c.rest);
	}
}

/* RFC 7348 5: the I flag, and three octets and one reserved. */
static enum decoded vxlan(struct decoding *d, struct bytes b)
{
	if (b.n < 8)
		return cut_short(d);
	return b.p[0] & 0x08 ? ethernet_frame(d, bytes_from(b, 8)) : DECODED_NOT_TCP;
}

/* draft-ietf-nvo3-vxlan-gpe 3: with the P flag the fourth octet names the payload. */
static enum decoded vxlan_gpe(struct decoding *d, struct bytes b)
{
	if (b.n < 8)
		return cut_short(d);
	uint8_t next = b.p[0] & 0x04 ? b.p[3] : 3;
	b = bytes_from(b, 8);
	switch (next) {
	case 1: return ipv4_packet(d, b);
	case 2: return ipv6_packet(d, b);
	case 3: return ethernet_frame(d, b);
	case 4: return nsh_packet(d, b);
	case 5: return mpls_packet(d, b);
	default: return DECODED_NOT_TCP;
	}
}

/* RFC 2661 3.1: data messages (T clear) of version 2; length, sequence numbers and padding where their bits say so; PPP follows. */
static enum decoded l2tp(struct decoding *d, struct bytes b)
{
	struct cursor c = cursor_at(b);
	uint16_t flags = cursor_u16(&c);
	if (!c.truncated && (flags & 0x8000 || (flags & 15) != 2))
		return DECODED_NOT_TCP;
	cursor_skip(&c, (flags & 0x4000 ? 2u : 0u) + 4 + (flags & 0x0800 ? 4u : 0u));
	if (flags & 0x0200)
		cursor_skip(&c, cursor_u16(&c));
	return c.truncated ? cut_short(d) : ppp_packet(d, c.rest);
}

/* RFC 3931 4.1.1: a session, then a cookie of 0, 4 or 8 octets and perhaps a sublayer of 4, as only the ends know. Session 0 is control. */
static enum decoded l2tp3(struct decoding *d, struct bytes b)
{
	if (b.n < 4)
		return cut_short(d);
	for (size_t at = 4; at <= 16 && read_u32(b.p); at += 4)
		if (ethernet_stands_at(b, at))
			return ethernet_frame(d, bytes_from(b, at));
	return DECODED_NOT_TCP;
}

/* RFC 9300 5.1: 8 octets of flags and nonces before IP. */
static enum decoded lisp(struct decoding *d, struct bytes b)
{
	return b.n < 9 ? cut_short(d) : b.p[8] >> 4 == 4 || b.p[8] >> 4 == 6 ? ip_packet(d, bytes_from(b, 8)) : DECODED_NOT_TCP;
}

/* RFC 8926 3.4: version 0, options in units of 4 octets, an Ethernet type. */
static enum decoded geneve(struct decoding *d, struct bytes b)
{
	struct cursor c = cursor_at(b);
	uint8_t first = cursor_u8(&c);
	cursor_skip(&c, 1);
	uint16_t type = cursor_u16(&c);
	cursor_skip(&c, 4u + (first & 0x3fu) * 4);
	if (c.truncated)
		return cut_short(d);
	return first >> 6 == 0 ? ether_payload(d, type, c.rest) : DECODED_NOT_TCP;
}

/* 3GPP TS 29.281 5.1, 5.2: version 1, G-PDU; each extension header counts its own units of 4 octets and names the next. */
static enum decoded gtp_user(struct decoding *d, struct bytes b)
{
	struct cursor c = cursor_at(b);
	uint8_t flags = cursor_u8(&c), type = cursor_u8(&c), next = 0;
	cursor_skip(&c, 6);
	if (flags & 7) {
		cursor_skip(&c, 3);
		next = cursor_u8(&c);
	}
	if (!c.truncated && (flags >> 4 != 3 || type != 255))
		return DECODED_NOT_TCP;
	for (unsigned i = 0; flags & 4 && next && !c.truncated; i++) {
		uint8_t units = cursor_u8(&c);
		if (i == 16 || (units == 0 && !c.truncated))
			return DECODED_MALFORMED;
		cursor_skip(&c, units ? units * 4u - 2 : 0);
		next = cursor_u8(&c);
	}
	if (c.truncated || c.rest.n == 0)
		return cut_short(d);
	return c.rest.p[0] >> 4 == 4 || c.rest.p[0] >> 4 == 6 ? ip_packet(d, c.rest) : DECODED_NOT_TCP;
}

/* TaZmen Sniffer Protocol, version 1: received packets of Ethernet (1) behind tagged fields up to tag 1. */
static enum decoded tzsp(struct decoding *d, struct bytes b)
{
	struct cursor c = cursor_at(b);
	uint8_t version = cursor_u8(&c), type = cursor_u8(&c), tag = 0;
	uint16_t carried = cursor_u16(&c);
	if (!c.truncated && (version != 1 || type > 1 || carried != 1))
		return DECODED_NOT_TCP;
	while (tag != 1 && !c.truncated) {
		tag = cursor_u8(&c);
		if (tag > 1)
			cursor_skip(&c, cursor_u8(&c));
	}
	return c.truncated ? cut_short(d) : ethernet_frame(d, c.rest);
}

/* RFC 4380 5.1.1: perhaps authentication (0, 1) and origin (0, 0) indications, then an IPv6 packet of the service's prefix. */
static enum decoded teredo(struct decoding *d, struct bytes b)
{
	struct cursor c = cursor_at(b);
	if (b.n >= 4 && read_u16(b.p) == 1)
		cursor_skip(&c, 13u + b.p[2] + b.p[3]);
	if (c.rest.n >= 2 && read_u16(c.rest.p) == 0)
		cursor_skip(&c, 8);
	if (c.truncated || c.rest.n < 40)
		return cut_short(d);
	const uint8_t *p = c.rest.p;
	bool prefix = read_u32(p + 8) == 0x20010000 || read_u32(p + 24) == 0x20010000;
	return p[0] >> 4 == 6 && prefix ? ipv6_packet(d, c.rest) : DECODED_NOT_TCP;
}

static const struct port {
	uint16_t port;
	bool either; /* the reply comes from this port */
	enum decoded (*function)(struct decoding *, struct bytes);
} ports[] = {
	{ 4789, false, vxlan }, { 8472, false, vxlan }, { 4790, false, vxlan_gpe }, { 6081, false, geneve }, { 2152, true, gtp_user },
	{ 37008, false, tzsp }, { 3544, true, teredo }, { 1701, true, l2tp }, { 4341, false, lisp },
	{ 6635, false, mpls_packet }, { 4754, false, gre }, /* RFC 7510, RFC 8086 */
};

static enum decoded udp(struct decoding *d, struct bytes b)
{
	if (b.n < 8)
		return cut_short(d);
	uint16_t from = read_u16(b.p), to = read_u16(b.p + 2);
	for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
		if (to != ports[i].port && !(ports[i].either && from == ports[i].port))
			continue;
		if (!decoding_deeper(d))
			return DECODED_TOO_DEEP;
		d->packet->in_tunnel = true;
		return ports[i].function(d, bytes_from(b, 8));
	}
	return DECODED_NOT_TCP;
}

/* RFC 3378: two octets, of which a nibble is the version. */
static enum decoded ether_in_ip(struct decoding *d, struct bytes b)
{
	return b.n < 2 ? cut_short(d) : ethernet_frame(d, bytes_from(b, 2));
}

static const struct protocol {
	uint8_t number;
	enum decoded (*function)(struct decoding *, struct bytes);
} protocols[] = {
	{ 4, ipv4_packet },  /* RFC 2003 */
	{ 41, ipv6_packet }, /* RFC 2473, RFC 4213 */
	{ 47, gre }, { 97, ether_in_ip }, { 115, l2tp3 },
	{ 137, mpls_packet }, /* RFC 4023 */
};

enum decoded tunnel_payload(struct decoding *d, uint8_t protocol, struct bytes b)
{
	if (protocol == 17)
		return udp(d, b);
	for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++) {
		if (protocols[i].number != protocol)
			continue;
		if (!decoding_deeper(d))
			return DECODED_TOO_DEEP;
		d->packet->in_tunnel = true;
		return protocols[i].function(d, b);
	}
	return DECODED_NOT_TCP;
}
