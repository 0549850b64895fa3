/* ether.c - takes Ethernet frames and their kin, gives the IP packet inside; never takes padding for payload: IP's length decides. */
#include "decode/ether.h"

#include "decode/checksum.h"
#include "decode/ip.h"

#include "base/banned.h"

enum ethertype {
	TYPE_LENGTH_MOST = 1500,
	TYPE_LLC = 0x0004, /* Linux: a frame with an 802.2 header (SLL) */
	TYPE_IPV4 = 0x0800, TYPE_TRANSPARENT = 0x6558, TYPE_VLAN = 0x8100, TYPE_IPV6 = 0x86dd, TYPE_MPLS = 0x8847, TYPE_MPLS_MULTICAST = 0x8848,
	TYPE_TRILL = 0x22f3, TYPE_PPP = 0x880b, TYPE_PPPOE = 0x8864, TYPE_QINQ = 0x88a8, TYPE_MACSEC = 0x88e5, TYPE_BACKBONE = 0x88e7,
	TYPE_METADATA = 0x8909, TYPE_VN = 0x8926, TYPE_HSR = 0x892f, TYPE_NSH = 0x894f, TYPE_REDUNDANCY = 0xf1c1,
	TYPE_QINQ_OLD = 0x9100, TYPE_QINQ_OLD2 = 0x9200, TYPE_QINQ_OLD3 = 0x9300,
};

static enum decoded cut_short(const struct decoding *d)
{
	return d->missing ? DECODED_TRUNCATED : DECODED_MALFORMED;
}

static enum decoded vlan_tag(struct decoding *d, struct bytes b)
{
	if (b.n < 4)
		return cut_short(d);
	uint16_t type = read_u16(b.p + 2);
	b = bytes_from(b, 4);
	return type > TYPE_LENGTH_MOST ? ether_payload(d, type, b) : llc_packet(d, type ? decoding_trim(d, b, type) : b);
}

/* Tags of 4 octets before the next type: Cisco's VN-Tag, IEC 62439-3 (HSR), IEEE 802.1CB (R-TAG). */
static enum decoded short_tag(struct decoding *d, struct bytes b)
{
	return b.n < 6 ? cut_short(d) : ether_payload(d, read_u16(b.p + 4), bytes_from(b, 6));
}

/* Cisco metadata: version, length in units of 4 octets, options (a security group), the next type. */
static enum decoded metadata_tag(struct decoding *d, struct bytes b)
{
	size_t header = b.n < 2 ? 2 : 2 + (size_t)b.p[1] * 4;
	return b.n < header + 2 ? cut_short(d) : ether_payload(d, read_u16(b.p + header), bytes_from(b, header + 2));
}

/* IEEE 802.1AE 9.3: the tag that authenticates without encrypting has neither of the bits E and C; with SC an identifier follows. */
static enum decoded macsec_tag(struct decoding *d, struct bytes b)
{
	if (b.n < 1)
		return cut_short(d);
	if (b.p[0] & 0x0c)
		return DECODED_NOT_TCP;
	size_t header = b.p[0] & 0x20 ? 14 : 6;
	return b.n < header + 2 ? cut_short(d) : ether_payload(d, read_u16(b.p + header), bytes_from(b, header + 2));
}

/* RFC 6325 3: 6 octets and options in units of 4, then the frame. */
static enum decoded trill(struct decoding *d, struct bytes b)
{
	if (b.n < 2)
		return cut_short(d);
	size_t header = 6 + (read_u16(b.p) >> 6 & 0x1fu) * 4;
	return b.n < header ? cut_short(d) : ethernet_frame(d, bytes_from(b, header));
}

/* RFC 8300 2.2: the length in units of 4 octets, and the kind of what follows. */
enum decoded nsh_packet(struct decoding *d, struct bytes b)
{
	if (b.n < 4)
		return cut_short(d);
	size_t header = (b.p[1] & 0x3fu) * 4;
	uint8_t next = b.p[3];
	if (header < 8)
		return DECODED_MALFORMED;
	if (b.n < header)
		return cut_short(d);
	b = bytes_from(b, header);
	switch (next) {
	case 1: return ipv4_packet(d, b);
	case 2: return ipv6_packet(d, b);
	case 3: return ethernet_frame(d, b);
	case 5: return mpls_packet(d, b);
	default: return DECODED_NOT_TCP;
	}
}

/* IEEE 802.1ah: the I-TAG is 4 octets, then the customer's own frame. */
static enum decoded backbone_tag(struct decoding *d, struct bytes b)
{
	return b.n < 4 ? cut_short(d) : ethernet_frame(d, bytes_from(b, 4));
}

static const struct row {
	uint16_t type;
	enum decoded (*function)(struct decoding *, struct bytes);
} rows[] = {
	{ TYPE_LLC, llc_packet },
	{ TYPE_TRANSPARENT, ethernet_frame },
	{ TYPE_VLAN, vlan_tag }, { TYPE_QINQ, vlan_tag }, { TYPE_QINQ_OLD, vlan_tag }, { TYPE_QINQ_OLD2, vlan_tag }, { TYPE_QINQ_OLD3, vlan_tag },
	{ TYPE_BACKBONE, backbone_tag }, { TYPE_VN, short_tag }, { TYPE_HSR, short_tag }, { TYPE_REDUNDANCY, short_tag },
	{ TYPE_METADATA, metadata_tag }, { TYPE_MACSEC, macsec_tag }, { TYPE_TRILL, trill }, { TYPE_NSH, nsh_packet },
	{ TYPE_MPLS, mpls_packet }, { TYPE_MPLS_MULTICAST, mpls_packet },
	{ TYPE_PPP, ppp_packet }, { TYPE_PPPOE, pppoe_packet },
};

enum decoded ether_payload(struct decoding *d, uint16_t type, struct bytes b)
{
	if (type == TYPE_IPV4)
		return ipv4_packet(d, b);
	if (type == TYPE_IPV6)
		return ipv6_packet(d, b);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].type == type) /* tags count as well: a frame may be made of nothing else */
			return decoding_deeper(d) ? rows[i].function(d, b) : DECODED_TOO_DEEP;
	return DECODED_NOT_TCP;
}

enum decoded ethernet_frame(struct decoding *d, struct bytes b)
{
	if (b.n < 14)
		return cut_short(d);
	uint16_t type = read_u16(b.p + 12);
	b = (struct bytes){ b.p + 14, b.n - 14 };
	if (type > TYPE_LENGTH_MOST)
		return ether_payload(d, type, b);
	return llc_packet(d, type ? decoding_trim(d, b, type) : b);
}

/* SNAP (RFC 1042) for Ethernet types; SAP 0x06 is IP itself. */
enum decoded llc_packet(struct decoding *d, struct bytes b)
{
	if (b.n < 3)
		return cut_short(d);
	if (b.p[0] == 0x06 && b.p[1] == 0x06 && b.p[2] == 0x03)
		return ip_packet(d, bytes_from(b, 3));
	if (b.p[0] != 0xaa || b.p[1] != 0xaa || b.p[2] != 0x03)
		return DECODED_NOT_TCP;
	if (b.n < 8)
		return cut_short(d);
	uint32_t organisation = read_u32(b.p + 2) & 0xffffff;
	if (organisation == 0x0080c2 && (read_u16(b.p + 6) == 1 || read_u16(b.p + 6) == 7)) { /* RFC 2684 5.2: bridged Ethernet, 2 pad octets */
		if (!decoding_deeper(d))
			return DECODED_TOO_DEEP;
		return b.n < 10 ? cut_short(d) : ethernet_frame(d, bytes_from(b, 10));
	}
	if (organisation != 0 && organisation != 0x0000f8)
		return DECODED_NOT_TCP;
	return ether_payload(d, read_u16(b.p + 6), bytes_from(b, 8));
}

bool ethernet_stands_at(struct bytes b, size_t offset)
{
	static const uint16_t types[] = { TYPE_IPV4, TYPE_IPV6, TYPE_VLAN, TYPE_QINQ, TYPE_MPLS, TYPE_PPPOE, 0x0806 };
	b = bytes_from(b, offset);
	for (size_t i = 0; b.n >= 14 && i < sizeof types / sizeof *types; i++)
		if (read_u16(b.p + 12) == types[i])
			return true;
	return false;
}

static bool has_right_sum(struct bytes b)
{
	size_t header = b.n ? (b.p[0] & 15u) * 4 : 0;
	return header >= 20 && b.n >= header && checksum_is_right(checksum_add(0, bytes_first(b, header)));
}

/* Below the last label nothing names the payload. The first nibble tells IP (RFC 4928 3) from a pseudowire, whose control word
 * begins with 0 (RFC 4385 3); without one a MAC address stands there, which may begin with any nibble. */
enum decoded mpls_packet(struct decoding *d, struct bytes b)
{
	bool bottom = false;
	for (unsigned i = 0; !bottom; i++) {
		if (b.n < 4)
			return cut_short(d);
		if (i == 16)
			return DECODED_TOO_DEEP;
		bottom = b.p[2] & 1;
		b = bytes_from(b, 4);
	}
	if (b.n == 0)
		return cut_short(d);
	bool ethernet = ethernet_stands_at(b, 0), behind_control_word = ethernet_stands_at(b, 4);
	uint8_t nibble = b.p[0] >> 4;
	if (nibble == 4 && (!ethernet || has_right_sum(b)))
		return ipv4_packet(d, b);
	if (nibble == 6 && b.n >= 40 && read_u16(b.p + 4) + (size_t)40 <= b.n + d->missing)
		return ipv6_packet(d, b);
	if (!decoding_deeper(d))
		return DECODED_TOO_DEEP;
	if (nibble == 0 && behind_control_word)
		return ethernet_frame(d, bytes_from(b, 4));
	if (ethernet)
		return ethernet_frame(d, b);
	return nibble == 6 ? ipv6_packet(d, b) : DECODED_NOT_TCP;
}

/* RFC 2516 4: version and type 1, code 0 in the session stage, session, length. */
enum decoded pppoe_packet(struct decoding *d, struct bytes b)
{
	struct cursor c = cursor_at(b);
	uint8_t version = cursor_u8(&c), code = cursor_u8(&c);
	cursor_skip(&c, 2);
	uint16_t length = cursor_u16(&c);
	if (c.truncated)
		return cut_short(d);
	if (version != 0x11)
		return DECODED_MALFORMED;
	return code == 0 ? ppp_packet(d, length ? decoding_trim(d, c.rest, length) : c.rest) : DECODED_NOT_TCP;
}

/* RFC 1661 2, RFC 1662 3.1: address and control may be absent, and the protocol may be one octet, which is odd. */
enum decoded ppp_packet(struct decoding *d, struct bytes b)
{
	struct cursor c = cursor_at(b);
	if (b.n >= 2 && b.p[0] == 0xff && b.p[1] == 0x03)
		cursor_skip(&c, 2);
	uint16_t protocol = cursor_u8(&c);
	if (!(protocol & 1))
		protocol = (uint16_t)(protocol << 8 | cursor_u8(&c));
	if (c.truncated)
		return cut_short(d);
	switch (protocol) {
	case 0x0021: return ipv4_packet(d, c.rest);
	case 0x0057: return ipv6_packet(d, c.rest);
	case 0x0281: case 0x0283: return ether_payload(d, TYPE_MPLS, c.rest);
	default: return DECODED_NOT_TCP;
	}
}
