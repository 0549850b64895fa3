/* link.c - the table of link types. Takes a frame, strips what stands before Ethernet or IP; never fails on an unknown number.
 * A new link type is a row here, and a function where no other row has it. Numbers: tcpdump.org/linktypes.html. */
#include "decode/link.h"

#include <stdio.h>

#include "decode/ether.h"
#include "decode/ip.h"
#include "decode/wifi.h"

#include "base/banned.h"

static enum decoded cut_short(const struct decoding *d)
{
	return d->missing ? DECODED_TRUNCATED : DECODED_MALFORMED;
}

static uint32_t read_u32_little(const uint8_t *p)
{
	return __builtin_bswap32(read_u32(p));
}

static uint16_t read_u16_little(const uint8_t *p)
{
	return __builtin_bswap16(read_u16(p));
}

/* Address families of the machine that captured: AF_INET is 2 everywhere, AF_INET6 10 on Linux, 23 on Windows, 24 on NetBSD
 * and OpenBSD, 28 on FreeBSD, 30 on macOS. */
static enum decoded family_packet(struct decoding *d, uint32_t family, struct bytes b)
{
	switch (family) {
	case 2: return ipv4_packet(d, b);
	case 10: case 23: case 24: case 28: case 30: return ipv6_packet(d, b);
	default: return DECODED_NOT_TCP;
	}
}

/* In the byte order of that machine (NULL), or in network order (LOOP): families are small, so the number itself tells. */
static enum decoded null_frame(struct decoding *d, struct bytes b)
{
	if (b.n < 4)
		return cut_short(d);
	uint32_t family = read_u32(b.p);
	return family_packet(d, family > 0xffff ? __builtin_bswap32(family) : family, bytes_from(b, 4));
}

/* OpenBSD's encapsulating interface: family, SPI and flags. */
static enum decoded enc_frame(struct decoding *d, struct bytes b)
{
	if (b.n < 12)
		return cut_short(d);
	uint32_t family = read_u32(b.p);
	return family_packet(d, family > 0xffff ? __builtin_bswap32(family) : family, bytes_from(b, 12));
}

/* The first octet is the header's length without its padding to 4 octets. */
static enum decoded pflog_frame(struct decoding *d, struct bytes b)
{
	size_t header = b.n ? ((size_t)b.p[0] + 3) & ~(size_t)3 : 0;
	return b.n < 2 || b.n < header ? cut_short(d) : family_packet(d, b.p[1], bytes_from(b, header));
}

/* "Cooked": Linux gives the hardware type (gre 778, radiotap 803, ...), and the protocol, which is an Ethernet type in nearly
 * all cases. */
static enum decoded cooked(struct decoding *d, uint16_t hardware, uint16_t protocol, struct bytes b)
{
	switch (hardware) {
	case 801: return wifi_frame(d, b);
	case 803: return radiotap_frame(d, b);
	case 824: return DECODED_NOT_TCP; /* netlink */
	default: return ether_payload(d, protocol, b);
	}
}

static enum decoded sll_frame(struct decoding *d, struct bytes b)
{
	return b.n < 16 ? cut_short(d) : cooked(d, read_u16(b.p + 2), read_u16(b.p + 14), bytes_from(b, 16));
}

static enum decoded sll2_frame(struct decoding *d, struct bytes b)
{
	return b.n < 20 ? cut_short(d) : cooked(d, read_u16(b.p + 8), read_u16(b.p), bytes_from(b, 20));
}

/* Cisco HDLC: address, control, Ethernet type. */
static enum decoded hdlc_frame(struct decoding *d, struct bytes b)
{
	return b.n < 4 ? cut_short(d) : ether_payload(d, read_u16(b.p + 2), bytes_from(b, 4));
}

/* RFC 1547: Cisco's addresses tell its framing from PPP's. */
static enum decoded ppp_hdlc_frame(struct decoding *d, struct bytes b)
{
	bool cisco = b.n >= 2 && (b.p[0] == 0x0f || b.p[0] == 0x8f) && b.p[1] == 0;
	return cisco ? hdlc_frame(d, b) : ppp_packet(d, b);
}

static enum decoded ppp_direction_frame(struct decoding *d, struct bytes b)
{
	return b.n < 1 ? cut_short(d) : ppp_packet(d, bytes_from(b, 1));
}

/* RFC 2427 3: Q.922 address of 2 to 4 octets (the last has bit 0 set), control, perhaps a pad octet, NLPID. Cisco's own framing
 * has an Ethernet type instead. */
static enum decoded frame_relay_frame(struct decoding *d, struct bytes b)
{
	size_t address = 2;
	while (address < 4 && address <= b.n && !(b.p[address - 1] & 1))
		address++;
	if (b.n < address + 2)
		return cut_short(d);
	b = bytes_from(b, address);
	if (b.p[0] != 0x03)
		return ether_payload(d, read_u16(b.p), bytes_from(b, 2));
	b = bytes_from(b, b.p[1] == 0 ? 2 : 1);
	if (b.n < 1)
		return cut_short(d);
	switch (b.p[0]) {
	case 0xcc: return ipv4_packet(d, bytes_from(b, 1));
	case 0x8e: return ipv6_packet(d, bytes_from(b, 1));
	case 0x80: break;
	default: return DECODED_NOT_TCP;
	}
	if (b.n < 6)
		return cut_short(d);
	bool bridged = read_u32(b.p) == 0x800080c2u; /* RFC 2427 4.2: Ethernet, with its check sequence (1) or without (7) */
	uint16_t type = read_u16(b.p + 4);
	b = bytes_from(b, 6);
	if (bridged)
		return type == 1 || type == 7 ? ethernet_frame(d, b) : DECODED_NOT_TCP;
	return ether_payload(d, type, b);
}

/* Fields of type and length in the byte order of the machine that captured; 9 is the packet. The length includes its own 4
 * octets and not the padding to 4. */
static enum decoded nflog_frame(struct decoding *d, struct bytes b)
{
	if (b.n < 4)
		return cut_short(d);
	uint8_t family = b.p[0];
	b = bytes_from(b, 4);
	while (b.n >= 4) {
		bool little = b.p[3] <= b.p[2]; /* types are small numbers */
		size_t length = little ? read_u16_little(b.p) : read_u16(b.p);
		uint8_t type = little ? b.p[2] : b.p[3];
		if (length < 4)
			return DECODED_MALFORMED;
		if (type == 9)
			return family_packet(d, family, decoding_trim(d, bytes_from(b, 4), length - 4));
		b = bytes_from(b, (length + 3) & ~(size_t)3);
	}
	return b.n || d->missing ? cut_short(d) : DECODED_NOT_TCP;
}

/* CACE's per-packet information: length, then the link type of what follows, little-endian. */
static enum decoded ppi_frame(struct decoding *d, struct bytes b)
{
	if (b.n < 8)
		return cut_short(d);
	size_t header = read_u16_little(b.p + 2);
	if (header < 8)
		return DECODED_MALFORMED;
	if (b.n < header)
		return cut_short(d);
	return decoding_deeper(d) ? link_frame(d, (int)(read_u32_little(b.p + 4) & 0xffff), bytes_from(b, header)) : DECODED_TOO_DEEP;
}

/* Apple's: header length, record type, link type, little-endian. */
static enum decoded pktap_frame(struct decoding *d, struct bytes b)
{
	if (b.n < 12)
		return cut_short(d);
	size_t header = read_u32_little(b.p);
	if (header < 12)
		return DECODED_MALFORMED;
	if (b.n < header)
		return cut_short(d);
	return decoding_deeper(d) ? link_frame(d, (int)(read_u32_little(b.p + 8) & 0xffff), bytes_from(b, header)) : DECODED_TOO_DEEP;
}

/* FDDI: frame control and two addresses, then 802.2. */
static enum decoded fddi_frame(struct decoding *d, struct bytes b)
{
	return b.n < 13 ? cut_short(d) : llc_packet(d, bytes_from(b, 13));
}

/* Hilscher netANALYZER: 4 octets before Ethernet; the transparent kind has preamble and start delimiter as well. */
static enum decoded netanalyzer_frame(struct decoding *d, struct bytes b)
{
	return b.n < 4 ? cut_short(d) : ethernet_frame(d, bytes_from(b, 4));
}

static enum decoded netanalyzer_transparent_frame(struct decoding *d, struct bytes b)
{
	return b.n < 12 ? cut_short(d) : ethernet_frame(d, bytes_from(b, 12));
}

/* RFC 2625 3.3: two addresses of 8 octets, then 802.2. */
static enum decoded fibre_channel_frame(struct decoding *d, struct bytes b)
{
	return b.n < 16 ? cut_short(d) : llc_packet(d, bytes_from(b, 16));
}

/* IEEE 802.5: access and frame control, two addresses, the route where the source's first bit says that there is one, 802.2. */
static enum decoded token_ring_frame(struct decoding *d, struct bytes b)
{
	if (b.n < 15)
		return cut_short(d);
	size_t header = 14 + (b.p[8] & 0x80 ? b.p[14] & 0x1fu : 0u);
	return b.n < header ? cut_short(d) : llc_packet(d, bytes_from(b, header));
}

static enum decoded firewire_frame(struct decoding *d, struct bytes b)
{
	return b.n < 18 ? cut_short(d) : ether_payload(d, read_u16(b.p + 16), bytes_from(b, 18));
}

/* Direction, and what a compressed header was: 16 octets before IP. */
static enum decoded slip_frame(struct decoding *d, struct bytes b)
{
	return b.n < 16 ? cut_short(d) : ip_packet(d, bytes_from(b, 16));
}

/* A global routing header of 40 octets, an Ethernet type, two octets. */
static enum decoded infiniband_frame(struct decoding *d, struct bytes b)
{
	return b.n < 44 ? cut_short(d) : ether_payload(d, read_u16(b.p + 40), bytes_from(b, 44));
}

/* Solaris: 24 octets with zone and interface, of which the second is the family. */
static enum decoded ipnet_frame(struct decoding *d, struct bytes b)
{
	return b.n < 24 ? cut_short(d) : ip_packet(d, bytes_from(b, 24));
}

/* Endace's records: 16 octets, extensions of 8 as long as the first bit says that one follows; Ethernet has two more. */
static enum decoded erf_frame(struct decoding *d, struct bytes b)
{
	size_t header = 16;
	if (b.n < header)
		return cut_short(d);
	for (uint8_t more = b.p[8]; more & 0x80; more = b.p[header - 8])
		if (b.n < (header += 8))
			return cut_short(d);
	uint8_t type = b.p[8] & 0x7f;
	b = bytes_from(b, header);
	switch (type) {
	case 1: return ppp_hdlc_frame(d, b);
	case 2: case 11: case 16: case 20: return b.n < 2 ? cut_short(d) : ethernet_frame(d, bytes_from(b, 2));
	case 22: return ipv4_packet(d, b);
	case 23: return ipv6_packet(d, b);
	default: return DECODED_NOT_TCP;
	}
}

static const struct row {
	int number;
	const char *name;
	enum decoded (*function)(struct decoding *, struct bytes);
} rows[] = {
	{ 0, "NULL", null_frame },
	{ 1, "ETHERNET", ethernet_frame },
	{ 6, "IEEE802_5", token_ring_frame },
	{ 8, "SLIP", slip_frame },
	{ 9, "PPP", ppp_packet },
	{ 10, "FDDI", fddi_frame },
	{ 12, "RAW", ip_packet }, /* DLT_RAW of most systems, and of OpenBSD, written as it is by old programs */
	{ 14, "RAW", ip_packet },
	{ 50, "PPP_HDLC", ppp_hdlc_frame },
	{ 51, "PPP_ETHER", pppoe_packet },
	{ 100, "ATM_RFC1483", llc_packet },
	{ 101, "RAW", ip_packet },
	{ 104, "C_HDLC", hdlc_frame },
	{ 105, "IEEE802_11", wifi_frame },
	{ 107, "FRELAY", frame_relay_frame },
	{ 108, "LOOP", null_frame },
	{ 109, "ENC", enc_frame },
	{ 113, "LINUX_SLL", sll_frame },
	{ 117, "PFLOG", pflog_frame },
	{ 119, "IEEE802_11_PRISM", prism_frame },
	{ 122, "IP_OVER_FC", fibre_channel_frame },
	{ 127, "IEEE802_11_RADIOTAP", radiotap_frame },
	{ 138, "APPLE_IP_OVER_IEEE1394", firewire_frame },
	{ 163, "IEEE802_11_AVS", avs_frame },
	{ 166, "PPP_PPPD", ppp_direction_frame },
	{ 192, "PPI", ppi_frame },
	{ 197, "ERF", erf_frame },
	{ 204, "PPP_WITH_DIR", ppp_direction_frame },
	{ 219, "MPLS", mpls_packet },
	{ 226, "IPNET", ipnet_frame },
	{ 228, "IPV4", ipv4_packet },
	{ 229, "IPV6", ipv6_packet },
	{ 239, "NFLOG", nflog_frame },
	{ 240, "NETANALYZER", netanalyzer_frame },
	{ 241, "NETANALYZER_TRANSPARENT", netanalyzer_transparent_frame },
	{ 242, "IPOIB", infiniband_frame },
	{ 258, "PKTAP", pktap_frame },
	{ 276, "LINUX_SLL2", sll2_frame },
};

static const struct row *row_of(int linktype)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].number == linktype)
			return &rows[i];
	return NULL;
}

enum decoded link_frame(struct decoding *d, int linktype, struct bytes b)
{
	const struct row *row = row_of(linktype);
	if (row)
		return row->function(d, b);
	d->counts->unknown_linktype = linktype;
	return DECODED_UNKNOWN_LINK;
}

/* Names of link types without a decoder, for the report. */
static const struct name {
	int number;
	const char *name;
} names[] = {
	{ 143, "DOCSIS" }, { 147, "USER0" },
	{ 187, "BLUETOOTH_HCI_H4" }, { 189, "USB_LINUX" }, { 195, "IEEE802_15_4_WITHFCS" }, { 201, "BLUETOOTH_HCI_H4_WITH_PHDR" },
	{ 220, "USB_LINUX_MMAPPED" }, { 227, "CAN_SOCKETCAN" }, { 249, "USBPCAP" }, { 253, "NETLINK" },
	{ 271, "VSOCK" },
};

const char *linktype_name(int linktype)
{
	const struct row *row = row_of(linktype);
	if (row)
		return row->name;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].number == linktype)
			return names[i].name;
	return "unknown";
}
