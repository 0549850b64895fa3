/* reassembly - one direction of a connection: sequence numbers become places in a stream, segments wait in order.
 * In:    sequence numbers; segments that cannot be delivered at once; what was delivered.
 * Out:   64-bit stream positions; the waiting pieces in order, without overlaps; differing copies of the same octets.
 * Keeps: copies of waiting octets, within LIMIT_OUT_OF_ORDER and LIMIT_PIECES; the octets delivered last (LIMIT_HISTORY),
 *        each with the packet that brought it.
 * Never: delivers, waits or judges: connection.c does. The first copy of an octet stands.
 * Lives: until stream_drop. Zeroed storage is an empty stream. stock->held counts every byte on the heap. */
#ifndef SMTPWHY_FLOW_REASSEMBLY_H
#define SMTPWHY_FLOW_REASSEMBLY_H

#include "flow/cells.h"
#include "flow/path.h"

#include <stdalign.h>

/* Where octets came from. */
struct origin {
	struct place place;
	struct marks marks;
	uint16_t odd;
};

/* Another copy of octets of a waiting piece, with other bytes: told once the piece has been delivered. */
struct rival {
	struct rival *next;
	int64_t pos;
	struct origin origin;
	uint32_t n;
	uint8_t bytes[];
};

struct piece {
	struct piece *before, *next;
	struct rival *rivals;
	int64_t pos, acked;
	int64_t time;          /* capture time when it came */
	uint32_t arrival;      /* the connection's packet count when it came */
	uint32_t n;
	struct origin origin;
	bool cut;              /* the snaplen took its octets: n of them, none here */
	bool pushed, retransmitted;
	bool late;             /* octets behind it had come before: sent again, perhaps, and what it acknowledges is newer than they are */
	uint8_t cell;          /* enum cell_kind */
	uint8_t bytes[];
};

/* A part of what was delivered, rows in order. Rows never move: they lie in memory that is not in the caches. */
struct past {
	struct past *older;
	uint16_t used, room;   /* used: once there is a newer one */
	uint16_t all;          /* of the newest: room of it and of all older ones, which need not be looked at for it */
	alignas(8) uint8_t rows[];
};

/* What all streams share: memory for small pieces, and that of pasts that others have given back; that is in no cache, so that nothing is
 * read of it until it is used. */
enum { PAST_KINDS = 3, SPARE_MOST = 256 };
struct spares {
	struct cells cells;
	struct past *pasts[PAST_KINDS][SPARE_MOST];
	unsigned npasts[PAST_KINDS];
};
void spares_drop(struct spares *);

/* What those share whose bytes count together. */
struct stock {
	size_t held; /* for the memory cap; not what is spare */
	struct spares *spares;
};

/* What a packet in order touches comes first: one cache line. */
struct stream {
	int64_t next;          /* delivered, or given up, up to here */
	int64_t end;           /* the highest position sent */
	int64_t acked;         /* the highest position the peer acknowledged */
	int64_t fin_pos;
	struct piece *head;
	struct past *past;     /* what was delivered last, the newest first */
	uint16_t used, room;   /* of the newest */
	uint32_t base;         /* sequence number of position 0 */
	uint32_t hint;
	bool known : 1;        /* base is */
	bool hinted : 1;       /* the peer has acknowledged hint, before base was known; until then acked counts from it */
	bool far_known : 1, fin_known : 1, fin_acked : 1, ended : 1;
	bool in_line : 1;      /* what was delivered last ends in mid-line */
	bool fin_rides : 1;    /* the FIN came with octets: a tool that cut a segment in parts may have put it on each of them */
	uint8_t bulk;          /* full segments in a row, no more than BULK_AFTER */
	uint16_t npieces;
	/* what waits, and how it ends */
	struct piece *tail;
	uint32_t waiting;      /* bytes of the pieces on the heap */
	uint32_t hole_arrival; /* the packet at which the hole was first noticed, and its position */
	int64_t hole;
	int64_t far;           /* a position beyond all reason: believed when a second packet is there too */
	int64_t fin_ack;
	struct place fin_place;
	struct stock *stock;
};
_Static_assert(sizeof(struct stream) == 128, "two cache lines, the second one rarely touched");

/* A segment, or a part of one, that is to wait. */
struct segment {
	int64_t pos, acked;
	struct bytes bytes;    /* what was captured */
	uint32_t length;       /* on the wire */
	uint32_t arrival;
	struct origin origin;
	bool pushed, retransmitted, late;
	bool duplicate;        /* a frame recorded twice: it may bring what a cut one lacks, and is no rival */
};

/* A lone NUL that came before what it may repeat (RFC 9293 3.8.4: a keep-alive's octet means nothing): any other copy stands. */
bool piece_is_probe(const struct piece *);
int64_t stream_position(const struct stream *, uint32_t seq);
bool stream_is_far(struct stream *, int64_t pos); /* too far to be believed, so far; remembers it */
bool stream_wait(struct stream *, const struct segment *); /* true: it brought octets that were not there */
void stream_pop(struct stream *, struct piece *);          /* the head is taken out and freed */
void stream_shorten(struct stream *, struct piece *, uint32_t n); /* its first n octets have come out; it has more, and no rivals */
bool stream_is_full(const struct stream *);
size_t stream_first(const struct stream *, uint8_t *room, size_t n); /* copies the waiting octets at next, contiguous ones only */
void stream_skip(struct stream *, uint32_t n);             /* before anything is delivered: position 0 is behind the first n octets */
void stream_drop(struct stream *);
size_t stream_held(const struct stream *);      /* bytes on the heap */

/* Delivered octets are remembered, and compared with further copies of them. */
struct conflict {
	void (*found)(void *to, const struct overlap *);
	void *to;
};
void stream_remember(struct stream *, int64_t pos, struct bytes, const struct origin *);
void stream_compare(const struct stream *, const struct segment *, struct conflict);
void rival_tell(const struct piece *, const struct rival *, struct conflict);

#endif
