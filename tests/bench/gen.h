/* gen - what the files of the workload generator share: connections that are written down first and sent packet by packet later.
 * In:    the name of a workload, a scale, a seed.
 * Out:   a classic pcap (Ethernet, IPv4 and some IPv6, valid checksums) and the truth beside it: a row a session, with its 5xx
 *        codes whose octets are all in the file.
 * Never: uses a clock or any randomness but that of the seed: same options, same bytes. */
#ifndef BENCH_GEN_H
#define BENCH_GEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum side { CLIENT, SERVER };
enum pool { OWN, LINES, NOISE, POOLS }; /* where a turn's octets lie: the connection's own, mail text, random octets */
enum { LINES_WIDTH = 78, POOL_ROOM = LINES_WIDTH * 50000 };

/* Some octets of one side. Several of the same side with no wait between them are one stretch of the stream. */
struct turn {
	uint8_t side, pool;
	uint32_t at, n, wait; /* wait: microseconds before its first segment */
};

struct refusal {
	uint64_t from, to; /* of its reply in the server's stream */
	int code;
};

struct lost {
	uint64_t from, to;
};

enum closing { CLOSE_FIN, CLOSE_RESET, CLOSE_NEVER };
enum { REFUSALS_MOST = 8, FRAME_ROOM = 1600 };

struct held { /* a frame that is written after the connection's next one */
	uint32_t n;
	uint8_t frame[FRAME_ROOM];
};

struct conn {
	/* the plan */
	uint8_t address[2][16];
	uint16_t port[2];
	bool v6, udp, is_mail, timestamps;
	uint8_t ttl[2];
	enum closing closing;
	unsigned stop_after;    /* packets; 0: all */
	uint32_t rtt;           /* microseconds */
	uint8_t *octets;
	size_t noctets, room;
	struct turn *turns;
	size_t nturns, turns_room;
	uint64_t said[2];       /* octets planned for each side */
	struct refusal refusals[REFUSALS_MOST];
	unsigned nrefusals;
	/* how far it has been sent */
	unsigned stage, packets, unacked;
	size_t turn;
	uint32_t turn_at;
	uint32_t isn[2];
	uint64_t sent[2];
	bool fin[2];
	uint16_t ip_id[2];
	struct held *held;
	struct lost *lost;
	size_t nlost;
};

struct gen {
	uint64_t random;
	FILE *out, *truth;
	uint8_t *pools[POOLS];
	int64_t now;            /* microseconds since 1970 */
	uint64_t octets, packets, connections, refusals;
	unsigned disturbed;     /* of 1,000 packets, each kind of disturbance */
};

/* random.c of a generator: small, fast, good enough (splitmix64) */
uint64_t gen_random(struct gen *);
uint32_t gen_below(struct gen *, uint32_t n);
uint32_t gen_between(struct gen *, uint32_t least, uint32_t most);

/* gen_conn.c: writing a connection down */
void conn_begin(struct gen *, struct conn *, uint16_t port);
void conn_drop(struct conn *);
void conn_say(struct conn *, enum side, uint32_t wait, const char *format, ...) __attribute__((format(printf, 4, 5)));
void conn_put(struct conn *, enum side, uint32_t wait, const void *, size_t);
void conn_pool(struct conn *, enum side, uint32_t wait, enum pool, size_t at, size_t n);

/* gen_wire.c: sending it */
void wire_begin(struct gen *);
int64_t conn_send(struct gen *, struct conn *); /* one packet; microseconds until the next, -1: it was the last */
void conn_truth(struct gen *, const struct conn *);

/* gen_mail.c, gen_other.c: what is said */
struct mail_plan {
	unsigned refusals;
	size_t least, most; /* octets of a message */
	unsigned messages;
};
void mail_session(struct gen *, struct conn *, struct mail_plan);
void mail_idle(struct gen *, struct conn *);
void other_session(struct gen *, struct conn *);

#endif
