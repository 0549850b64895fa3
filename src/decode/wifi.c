/* wifi.c - takes 802.11 frames, gives the LLC packet of a data frame in the clear; never decrypts. */
#include "decode/wifi.h"

#include "decode/ether.h"

#include "base/banned.h"

static enum decoded cut_short(const struct decoding *d)
{
	return d->missing ? DECODED_TRUNCATED : DECODED_MALFORMED;
}

/* IEEE 802.11-2016 9.2.3: frame control, then addresses, QoS and HT control as its bits say. */
static enum decoded data_frame(struct decoding *d, struct bytes b, bool padded)
{
	if (b.n < 2)
		return cut_short(d);
	uint8_t control = b.p[0], flags = b.p[1];
	bool qos = control & 0x80, aggregate = false;
	if ((control & 0x0f) != 0x08 || control & 0x40 || flags & 0x40)
		return DECODED_NOT_TCP; /* no data frame, one without data, or protected */
	size_t header = (flags & 3) == 3 ? 30 : 24;
	if (b.n < header + (qos ? 2 : 0))
		return cut_short(d);
	if (flags & 0x04 || b.p[22] & 0x0f)
		return DECODED_FRAGMENT;
	if (qos) {
		aggregate = b.p[header] & 0x80;
		header += flags & 0x80 ? 6 : 2;
	}
	if (padded)
		header = (header + 3) & ~(size_t)3;
	if (aggregate)
		header += 14; /* destination, source and length of the first frame */
	return b.n < header ? cut_short(d) : llc_packet(d, bytes_from(b, header));
}

enum decoded wifi_frame(struct decoding *d, struct bytes b)
{
	return data_frame(d, b, false);
}

/* radiotap.org: version 0, length, presence words (bit 31: one more), then TSFT aligned to 8, then the flags octet, whose
 * bit 5 says that the 802.11 header is padded to 4 octets. All little-endian. */
enum decoded radiotap_frame(struct decoding *d, struct bytes b)
{
	if (b.n < 8)
		return cut_short(d);
	size_t length = (size_t)b.p[2] | (size_t)b.p[3] << 8, at = 4;
	uint8_t present = b.p[4], flags = 0;
	if (b.p[0] != 0 || length < 8)
		return DECODED_MALFORMED;
	if (b.n < length)
		return cut_short(d);
	while (at + 4 <= length && b.p[at + 3] & 0x80)
		at += 4;
	at += 4;
	if (present & 1)
		at = ((at + 7) & ~(size_t)7) + 8;
	if (present & 2 && at < length)
		flags = b.p[at];
	return data_frame(d, bytes_from(b, length), flags & 0x20);
}

/* AVS: magic 0x80211001 and the header's length, both in network order. */
enum decoded avs_frame(struct decoding *d, struct bytes b)
{
	if (b.n < 8)
		return cut_short(d);
	size_t length = read_u32(b.p + 4);
	if (length < 8)
		return DECODED_MALFORMED;
	return b.n < length ? cut_short(d) : wifi_frame(d, bytes_from(b, length));
}

/* A Prism header's message length is in the byte order of the machine that captured; it is 144 with all its fields. */
enum decoded prism_frame(struct decoding *d, struct bytes b)
{
	if (b.n < 8)
		return cut_short(d);
	if (read_u16(b.p) == 0x8021)
		return avs_frame(d, b);
	uint32_t length = read_u32(b.p + 4);
	if (length > 0xffff)
		length = __builtin_bswap32(length);
	if (length < 8)
		return DECODED_MALFORMED;
	return b.n < length ? cut_short(d) : wifi_frame(d, bytes_from(b, length));
}
