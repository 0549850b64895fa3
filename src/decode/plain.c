/* plain.c - takes the common frame, fills the packet in one go; leaves every other one to the layers. Never judges what they judge. */
#include "decode/plain.h"

#include <arpa/inet.h>

#include "decode/checksum.h"
#include "decode/tcp.h"

#include "base/banned.h"

enum { ETHERNET = 14, IP = 20, TCP = 20, TIMESTAMPED = 32 };

static uint64_t ip_sum(const uint8_t *ip)
{
	uint64_t a, b;
	uint32_t c;
	memcpy(&a, ip, 8);
	memcpy(&b, ip + 8, 8);
	memcpy(&c, ip + 16, 4);
	return (a & 0xffffffff) + (a >> 32) + (b & 0xffffffff) + (b >> 32) + c;
}

/* ::ffff:a.b.c.d, in words as they are read again: one that was written in parts would wait for all that was written before it. */
static void mapped(struct address *a, const uint8_t *ip)
{
	const bool big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	uint64_t zeros = 0, rest;
	uint32_t four;
	memcpy(&four, ip, sizeof four);
	rest = big ? UINT64_C(0xffff) << 32 | four : (uint64_t)four << 32 | 0xffff0000u;
	memcpy(a->octets, &zeros, sizeof zeros);
	memcpy(a->octets + sizeof zeros, &rest, sizeof rest);
}

/* RFC 9293 3.1: behind addresses, protocol and length. */
static uint64_t tcp_sum(const uint8_t *ip, struct bytes segment)
{
	return checksum_add(checksum_word(ip + 12) + htonl((uint32_t)segment.n) + htonl(6), segment);
}

/* A function of its own: what it needs of registers, the others need not keep. */
static __attribute__((noinline)) void count_tcp_sum(struct decode_counts *counts, const uint8_t *ip, const struct packet *p)
{
	counts->bad_tcp_checksums += !checksum_is_right(tcp_sum(ip, p->segment));
}

bool plain_segment(struct decode_counts *counts, struct bytes frame, struct packet *p)
{
	const uint8_t *ip = frame.p + ETHERNET, *tcp = ip + IP;
	if (frame.n < ETHERNET + IP + TCP || read_u16(frame.p + 12) != 0x0800 || ip[0] != 0x45 || ip[9] != 6 || read_u16(ip + 6) & 0x3fff)
		return false;
	size_t total = read_u16(ip + 2), header = (size_t)(tcp[12] >> 4) * 4;
	bool timestamp = header == TIMESTAMPED && read_u32(tcp + TCP) == TCP_ALIGNED_TIMESTAMP;
	if (total > frame.n - ETHERNET || total < IP + header || header < TCP)
		return false;
	p->marks = (struct marks){ .ttl = ip[8], .tos = ip[1], .dont_fragment = ip[6] & 0x40, .timestamp = timestamp, .window_scale = 255,
		.ip_id = read_u16(ip + 4), .window = read_u16(tcp + 14), .options = timestamp ? tcp_aligned_options() : 0 };
	if (timestamp) { /* RFC 7323 appendix A */
		p->marks.tsval = read_u32(tcp + TCP + 4);
		p->marks.tsecr = read_u32(tcp + TCP + 8);
	} else if (header > TCP) {
		tcp_options(&p->marks, tcp[13] & TCP_SYN, (struct bytes){ tcp + TCP, header - TCP });
	}
	mapped(&p->from.address, ip + 12);
	mapped(&p->to.address, ip + 16);
	p->from.port = read_u16(tcp);
	p->to.port = read_u16(tcp + 2);
	p->seq = read_u32(tcp + 4);
	p->ack = read_u32(tcp + 8);
	p->flags = tcp[13] & 0x3f;
	p->urgent = p->flags & TCP_URG ? read_u16(tcp + 18) : 0;
	p->segment = (struct bytes){ tcp, total - IP };
	p->payload_length = (uint32_t)(total - IP - header);
	p->payload = p->payload_length ? (struct bytes){ tcp + header, p->payload_length } : (struct bytes){ 0 };
	counts->bad_ip_checksums += !checksum_is_right(ip_sum(ip));
	if (tcp_is_mail(p))
		count_tcp_sum(counts, ip, p);
	return true;
}
