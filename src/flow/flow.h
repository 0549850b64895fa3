/* flow - packets become connections, and connections two ordered streams of bytes.
 * In:    TCP segments in the order of the timeline.
 * Out:   to the sink: data, gaps, conflicting overlaps and ends, in causal order: a chunk comes out only after the bytes of the
 *        other direction that its segment acknowledges have come out, or have been declared a gap. So a capture that recorded
 *        the two directions out of order still tells the dialogue as it was (RFC 9293 3.10.7.4 on ACK).
 * Keeps: one small record for each connection alive; of a short or idle one on a mail port its packets so far (JOURNAL_MOST), which the
 *        sink hears of when there are more, or one is out of order, or it ends; of the others out-of-order data (LIMIT_OUT_OF_ORDER a
 *        direction), held data (LIMIT_HOLD_PACKETS), delivered bytes that are remembered for comparison (LIMIT_HISTORY).
 * Never: fails on input; uses any clock but that of the packets.
 * Gaps:  a hole that the receiver acknowledged was lost in the capture; one that was never acknowledged was lost on the wire. */
#ifndef SMTPWHY_FLOW_FLOW_H
#define SMTPWHY_FLOW_FLOW_H

#include "base/arena.h"
#include "decode/packet.h"

enum direction { FROM_CLIENT, FROM_SERVER };

static inline enum direction direction_other(enum direction d)
{
	return d == FROM_CLIENT ? FROM_SERVER : FROM_CLIENT;
}

/* What does not fit the other packets of the same sender on this connection (path.c). */
enum odd {
	ODD_TTL = 1,            /* hop count differs by 2 or more from the sender's baseline */
	ODD_IP_ID = 2,          /* IP ID out of its series, or 0 where it counts */
	ODD_NO_TIMESTAMP = 4,   /* the timestamp option was negotiated and is missing (RFC 7323 3.2), RST excepted */
	ODD_TIMESTAMP = 8,      /* TSval off the sender's line */
	ODD_WINDOW = 16,        /* window far from all others and unscaled-looking */
	ODD_ACK_BEHIND = 32,    /* does not acknowledge what it answers */
	ODD_DONT_FRAGMENT = 64, /* DF or TOS differ from the baseline */
	ODD_TTL_FAR = 128,      /* with ODD_TTL: no route is as much longer, so it set out with another hop count */
};

struct chunk {
	struct bytes bytes;
	uint64_t offset;     /* of its first octet in the stream, 0 = first octet after the SYN (or the first seen) */
	uint64_t acked;      /* octets of the other stream that this segment acknowledges */
	struct place place;
	struct marks marks;
	uint16_t odd;        /* enum odd */
	bool retransmitted;  /* it filled a hole late */
	bool pushed;         /* PSH */
};

enum gap_kind {
	GAP_CAPTURE,  /* the receiver acknowledged it: the capture lacks it */
	GAP_WIRE,     /* never acknowledged, or the connection ended before it came again */
	GAP_SNAPLEN,  /* the frame was cut */
	GAP_LIMIT,    /* our own cap was reached (LIMIT_OUT_OF_ORDER) */
};

struct gap {
	uint64_t offset, missing;
	enum gap_kind kind;
	struct place place; /* of the packet that made it known */
};

/* Two copies of the same octets that differ. Both views live until the callback returns. */
struct overlap {
	uint64_t offset;
	struct bytes first, second;
	struct place first_place, second_place;
	struct marks first_marks, second_marks;
	uint16_t first_odd, second_odd;
	bool second_longer;  /* the second copy goes on beyond what had been delivered: then second may be longer than first, and
	                      * what is new of it also comes out as data, next */
};

enum ending { END_OPEN, END_FIN, END_RST, END_REUSED, END_IDLE, END_CAPTURE };

struct reset {
	struct place place;
	enum direction from;
	uint64_t offset;      /* where in its sender's stream it stands */
	bool expected;        /* its sequence number is the next expected one */
	uint16_t odd;
	struct marks marks;
	bool data_after;      /* its alleged sender went on sending */
};

enum { RESETS_KEPT = 4 };

/* What the packets say of a connection as a whole; complete when the sink's close is called. What each packet touches comes first. */
struct connection {
	uint64_t ordinal;           /* of its first packet in the timeline: the session's id */
	struct place last;
	uint32_t packets[2];
	uint64_t octets[2];         /* payload octets on the wire, each counted once */
	uint32_t repeated_unacknowledged[2]; /* how often the last octets that nobody acknowledged were sent again: a silent drop on the path */
	bool syn_seen : 1, syn_ack_seen : 1;
	bool roles_guessed : 1;     /* no SYN: who is the server was judged by ports and first bytes */
	bool simultaneous_open : 1;
	bool snaplen_cut : 1;
	bool limit_reached : 1;
	bool in_tunnel : 1;
	bool server_silent : 1, client_silent : 1; /* no packet at all from that side: a one-sided capture */
	bool fin[2];                /* by enum direction */
	enum ending ending : 8;
	unsigned nresets;
	unsigned gaps[2];
	struct reset *resets;       /* the first RESETS_KEPT of nresets; NULL: none */
	struct place first;
	struct endpoint client, server;
	uint32_t duplicates, retransmissions[2], out_of_order[2], overlaps[2], keep_alives[2];
	uint64_t missing[2];        /* octets in gaps */
	uint64_t unacknowledged[2]; /* octets sent at the end that the other side never acknowledged */
	int64_t handshake_rtt;      /* nanoseconds from SYN to SYN-ACK, 0 unknown */
	struct marks syn[2];        /* marks of the SYN and of the SYN-ACK */
	struct marks baseline[2];   /* marks most of the sender's packets share */
};

enum interest {
	INTEREST_ALL,  /* goes on */
	INTEREST_END,  /* no more bytes wanted (encrypted, say); only the close */
	INTEREST_NONE, /* forget it: not SMTP. close is not called */
};

struct flow_sink {
	/* A connection that may be SMTP has sent payload, and the next call tells something of it. Returns the listener's own object, given back in every call. The
	 * connection's address holds until close returns. */
	void *(*open)(void *to, const struct connection *);
	enum interest (*data)(void *session, enum direction, const struct chunk *);
	enum interest (*gap)(void *session, enum direction, const struct gap *);
	void (*overlap)(void *session, enum direction, const struct overlap *);
	void (*end)(void *session, enum direction, enum ending, struct place); /* FIN in order, or RST, of one side */
	/* The last call. speaks: what nDPI says of a connection on an SMTP port whose first bytes are no SMTP, else NULL. */
	void (*close)(void *session, const struct connection *, const char *speaks);
	size_t (*size)(const void *session); /* bytes that the listener keeps for it, towards flow_options.memory; NULL: not counted */
	void *to;
	/* The session will be closed soon: what it keeps, from first to last part (0..), into the caches; the parts before are there. NULL: nothing. */
	void (*fetch)(const void *session, unsigned part);
};

/* Bytes for all connections where nobody says how many: some 130,000 short dialogues that wait, 25,000 long ones, or 600,000 half-open
 * connections. With what malloc and the database add, the process stays below 200 MiB. */
enum { FLOW_MEMORY = 128 * 1024 * 1024 };

/* Connections fall into wards by a hash of their ends, and each ward has its share of that memory: who is closed for want of it depends on the
 * packets of the ward alone, and so is the same however many flows follow it, each with some of the wards. What has ended counts apart: it is
 * closed within 4,096 packets of the run, and never for want of memory. */
enum { FLOW_WARDS = 16 };

struct flow_options {
	size_t memory;            /* bytes for all connections, of all flows; 0: FLOW_MEMORY. Where its ward has its share of it, the longest idle is closed (END_IDLE) */
	int64_t idle;             /* nanoseconds of capture time until an idle connection is closed; 0: 15 minutes for established,
	                           * less for half-open ones */
	const uint16_t *ports;    /* further SMTP ports, ended by 0; NULL none */
	bool no_ndpi;
};

struct flow_counts {
	uint64_t connections, smtp, not_smtp, half_open, expired_idle, expired_memory, without_payload;
	uint64_t cut_short; /* of those expired for want of memory, those that had spoken and may be mail: they have limit_reached */
	uint64_t asked_ndpi;
};

struct flow;
struct flow *flow_new(struct flow_options, struct flow_sink);
void flow_packet(struct flow *, const struct packet *);
void flow_clock(struct flow *, int64_t clock, uint64_t ordinal); /* the run has come so far, with packets of other flows: before flow_end */
/* Which ward a packet belongs to: both directions of a connection, and all tunnels, to the same. And which of so many parts, in each ward. */
unsigned flow_ward(const struct packet *);
uint32_t flow_part(const struct packet *, uint32_t parts);
void flow_end(struct flow *); /* the timeline is over: what is open is closed, in order of ordinal */
const struct flow_counts *flow_counts(const struct flow *);
void flow_free(struct flow *);

#endif
