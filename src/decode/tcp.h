/* tcp - the TCP header and its options (RFC 9293 3.1).
 * In:    the payload of an IP datagram; addresses and the marks of IP already stand in the packet.
 * Out:   the packet is filled. Options and payload may be cut by the snaplen, the fixed header may not.
 * Keeps: nothing. */
#ifndef SMTPWHY_DECODE_TCP_H
#define SMTPWHY_DECODE_TCP_H

#include "decode/decoding.h"

enum decoded tcp_segment(struct decoding *, struct bytes);
void tcp_options(struct marks *, bool syn, struct bytes); /* into marks that have none */

enum option { OPTION_END, OPTION_NOP, OPTION_MSS, OPTION_SCALE, OPTION_SACK_PERMITTED, OPTION_TIMESTAMP = 8 };
enum { TCP_ALIGNED_TIMESTAMP = 0x0101080a }; /* NOP NOP timestamp */

/* FNV-1a, a step a kind. */
static inline uint32_t tcp_hash_kind(uint32_t hash, uint8_t kind)
{
	return ((hash ? hash : 0x811c9dc5u) ^ kind) * 0x01000193u;
}

static inline uint32_t tcp_aligned_options(void)
{
	return tcp_hash_kind(tcp_hash_kind(tcp_hash_kind(0, OPTION_NOP), OPTION_NOP), OPTION_TIMESTAMP);
}

/* The sum over a body costs what reading it from the file costs, so the decoder looks at commands and replies only. */
static inline bool tcp_is_mail(const struct packet *p)
{
	uint16_t from = p->from.port, to = p->to.port;
	return p->payload_length <= DECODE_CHECKSUM_MOST && (from == 25 || to == 25 || from == 465 || to == 465 || from == 587 || to == 587);
}

static inline void tcp_count_checksum(struct decode_counts *counts, const struct packet *p)
{
	if (tcp_is_mail(p))
		counts->bad_tcp_checksums += packet_checksum_is_bad(p);
}

#endif
