/* packet - one TCP segment as the decoders give it.
 * Lives: payload until the frame it came from is gone, or, from a reassembled datagram, until the next decode. */
#ifndef SMTPWHY_DECODE_PACKET_H
#define SMTPWHY_DECODE_PACKET_H

#include "base/bytes.h"

/* Where something stood in the input. */
struct place {
	int64_t time;    /* nanoseconds since 1970, UTC */
	uint32_t file;   /* index of the capture in the run */
	uint32_t number; /* frame number in that file; 0: nowhere */
};

/* An IPv4 address is kept as ::ffff:a.b.c.d (RFC 4291 2.5.5.2). */
struct address {
	uint8_t octets[16];
};

struct endpoint {
	struct address address;
	uint16_t port;
};

bool address_is_v4(const struct address *);
size_t address_text(const struct address *, char text[46]); /* 192.0.2.1, 2001:db8::1 (RFC 5952); gives its length */

enum tcp_flag { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16, TCP_URG = 32 };

/* What the hops and the sender's stack leave on a packet: path.c compares them. */
struct marks {
	uint8_t ttl;         /* or hop limit */
	uint8_t tos;
	bool v6 : 1, dont_fragment : 1;
	bool timestamp : 1;  /* the TCP timestamp option is there */
	bool sack_permitted : 1; /* SYN only */
	uint8_t window_scale; /* 255 none; SYN only */
	uint16_t ip_id;      /* 0 for IPv6 */
	uint16_t window;     /* as on the wire, not scaled */
	uint16_t mss;        /* 0 none; SYN only */
	uint32_t tsval, tsecr;
	uint32_t options;    /* hash of the kinds of the TCP options in their order; 0 none */
};
_Static_assert(sizeof(struct marks) == 24, "every octet that is remembered comes with them");

struct packet {
	struct place place;
	uint64_t ordinal;        /* of its frame in the run: 1.. */
	int64_t clock;           /* the latest time of any frame so far, less the pauses: it never steps back, and leaps no more than 50 s */
	struct endpoint from, to;
	uint32_t seq, ack;
	uint8_t flags;           /* enum tcp_flag */
	struct marks marks;
	struct bytes payload;    /* what was captured of it */
	uint32_t payload_length; /* on the wire; more than payload.n when the snaplen cut it */
	struct bytes segment;    /* header and payload, as captured; lives like the payload */
	uint16_t urgent;         /* urgent pointer, 0 when URG is not set */
	bool in_tunnel;
	bool was_fragmented;
};

/* The whole segment is there and its checksum is wrong: damage, or a sum that the sender's network card fills in. A cut one
 * cannot be judged: false. Costs a pass over the payload, so it is for the packets that matter. */
bool packet_checksum_is_bad(const struct packet *);

#endif
