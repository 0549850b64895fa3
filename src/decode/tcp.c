/* tcp.c - takes the payload of an IP datagram, fills the packet; never judges sequence numbers, never drops a bad checksum. */
#include "decode/tcp.h"

#include "base/banned.h"

enum { HEADER = 20 };

static void take_option(struct marks *m, bool syn, uint8_t kind, struct bytes value)
{
	if (kind == OPTION_TIMESTAMP && value.n == 8) {
		m->timestamp = true;
		m->tsval = read_u32(value.p);
		m->tsecr = read_u32(value.p + 4);
	} else if (!syn) {
		return; /* the others speak in a SYN only (RFC 9293 3.2, RFC 7323 2.2, RFC 2018 2) */
	} else if (kind == OPTION_MSS && value.n == 2) {
		m->mss = read_u16(value.p);
	} else if (kind == OPTION_SCALE && value.n == 1) {
		m->window_scale = value.p[0];
	} else if (kind == OPTION_SACK_PERMITTED && value.n == 0) {
		m->sack_permitted = true;
	}
}

/* An option that is cut, or too short for its own length octet, ends the list. */
void tcp_options(struct marks *m, bool syn, struct bytes b)
{
	struct cursor c = cursor_at(b);
	while (c.rest.n) {
		uint8_t kind = cursor_u8(&c);
		struct bytes value = { 0 };
		if (kind == OPTION_END)
			return;
		m->options = tcp_hash_kind(m->options, kind);
		if (kind == OPTION_NOP)
			continue;
		uint8_t length = cursor_u8(&c);
		if (length < 2)
			return;
		value = cursor_take(&c, length - 2u);
		if (c.truncated)
			return;
		take_option(m, syn, kind, value);
	}
}

/* NOP NOP timestamp: what nearly every segment of a connection with timestamps carries (RFC 7323 appendix A). */
static bool take_aligned_timestamp(struct marks *m, struct bytes b)
{
	if (b.n != 12 || read_u32(b.p) != TCP_ALIGNED_TIMESTAMP)
		return false;
	m->options = tcp_aligned_options();
	m->timestamp = true;
	m->tsval = read_u32(b.p + 4);
	m->tsecr = read_u32(b.p + 8);
	return true;
}

enum decoded tcp_segment(struct decoding *d, struct bytes b)
{
	struct packet *p = d->packet;
	struct marks *m = &p->marks;
	if (b.n < HEADER)
		return d->missing ? DECODED_TRUNCATED : DECODED_MALFORMED;
	size_t header = (size_t)(b.p[12] >> 4) * 4;
	if (header < HEADER || header > b.n + d->missing)
		return DECODED_MALFORMED;
	p->from.port = read_u16(b.p);
	p->to.port = read_u16(b.p + 2);
	p->seq = read_u32(b.p + 4);
	p->ack = read_u32(b.p + 8);
	p->flags = b.p[13] & 0x3f;
	p->urgent = p->flags & TCP_URG ? read_u16(b.p + 18) : 0;
	p->segment = b;
	p->payload = header < b.n ? (struct bytes){ b.p + header, b.n - header } : (struct bytes){ 0 };
	p->payload_length = (uint32_t)(b.n + d->missing - header);
	m->window = read_u16(b.p + 14);
	m->timestamp = m->sack_permitted = false;
	m->tsval = m->tsecr = m->options = 0;
	m->mss = 0;
	m->window_scale = 255;
	if (header > HEADER) {
		struct bytes options = bytes_first(bytes_from(b, HEADER), header - HEADER);
		if (!take_aligned_timestamp(m, options))
			tcp_options(m, p->flags & TCP_SYN, options);
	}
	tcp_count_checksum(d->counts, p);
	return DECODED_TCP;
}
