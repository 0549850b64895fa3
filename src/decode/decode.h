/* decode - a frame becomes at most one TCP segment.
 * In:    frames of any link type of the table in link.c; tunnels and IP fragments are undone on the way.
 * Out:   a packet, or the reason why there is none, counted.
 * Keeps: incomplete IP datagrams, within LIMIT_FRAGMENTED and LIMIT_FRAGMENT_MEMORY; they expire on capture time.
 * Never: fails on input. */
#ifndef SMTPWHY_DECODE_DECODE_H
#define SMTPWHY_DECODE_DECODE_H

#include "base/text.h"
#include "capture/timeline.h"
#include "decode/packet.h"

enum decoded {
	DECODED_TCP,             /* the packet is filled */
	DECODED_NOT_TCP,         /* another protocol: ARP, UDP, ICMP ... */
	DECODED_FRAGMENT,        /* part of a datagram that is not yet whole */
	DECODED_TRUNCATED,       /* the headers are cut, by the snaplen or in the frame */
	DECODED_MALFORMED,       /* a header contradicts itself */
	DECODED_UNKNOWN_LINK,    /* no decoder for this link type */
	DECODED_TOO_DEEP,        /* more encapsulations than LIMIT_TUNNEL_DEPTH */
	DECODED_COUNT
};

struct decode_counts { /* of one capture file */
	uint64_t frames[DECODED_COUNT];
	uint64_t bad_ip_checksums, bad_tcp_checksums; /* accepted all the same; a sum that was never filled in (offload) counts too */
	uint64_t fragments_lost;                       /* datagrams given up incomplete, or not whole so far */
	uint64_t fragment_overlaps;                    /* overlaps with other bytes: the first copy is kept */
	int unknown_linktype;                          /* the last one met, -1 none */
};

/* TCP checksums are verified for segments from or to ports 25, 465 and 587 with no more payload than this: commands and
 * replies. A sum over the bodies would cost as much as reading them. For any other segment that matters ask
 * packet_checksum_is_bad. */
enum { DECODE_CHECKSUM_MOST = 512 };

struct decoder;
struct decoder *decoder_new(void);
enum decoded decoder_packet(struct decoder *, const struct frame *, struct packet *);
const struct decode_counts *decoder_counts(const struct decoder *, uint32_t file);
/* "36 packets of link type 147 (USER0), which cannot be decoded"; nothing where there are none. */
void decode_counts_blind(const struct decode_counts *, struct text *);
/* A file none of whose packets could be decoded was not read, as far as anybody can tell: it has that as its trouble. After the last packet. */
void decoder_blind(const struct decoder *, struct timeline *, uint32_t first_file);
void decoder_free(struct decoder *);

const char *linktype_name(int linktype); /* "ETHERNET", the name behind LINKTYPE_; "unknown" for one without: print the number too */

#endif
