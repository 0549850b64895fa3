/* sightings - what each session shows of its server, put in order.
 * In:    sightings in any order, with texts that are canonical (equal text, equal value).
 * Out:   the same by server and by network, each in order of time.
 * Order: of time and session id, never of arrival: the same sightings give the same order.
 * Keeps: two copies of them, 40 octets each, in bulk arrays.
 * Lives: until sightings_free; looks, values and servers are the caller's. */
#ifndef SMTPWHY_WHY_SIGHTINGS_H
#define SMTPWHY_WHY_SIGHTINGS_H

#include "base/bulk.h"

enum turn_kind { TURN_STARTTLS, TURN_KEYWORDS, TURN_BANNER, TURN_NAME, TURN_STACK, TURN_TTL, SEEN_KINDS, TURN_ERRORS = SEEN_KINDS };

/* Values: 0 is not known in this session. Those of TURN_TTL are the hop count itself; the others are indexes of texts. */
enum { VALUE_OFFERED = 1, VALUE_MASKED, VALUE_ABSENT, VALUE_EHLO_REFUSED, VALUE_STARRED, VALUE_FIRST };
struct value {
	struct bytes text;
	bool masked; /* overwritten in transit: it accuses a box by itself */
};

struct sighting {
	int64_t session, time;
	uint32_t server, network, look; /* indexes */
	uint32_t handshake, quickest;   /* microseconds from SYN to SYN-ACK, and from a command to its reply at best; 0 unknown */
	uint32_t client_stack : 24;     /* a SYN-ACK answers it: only stacks that answer the same are compared; a value, 0 as well where it is greater */
	uint32_t ttl : 8;
};

struct server_seen {
	struct bytes address, network; /* "192.0.2.1", "192.0.2.0/24" */
};

struct sightings {
	struct bulk *bulk;           /* of the arrays below; NULL: heap */
	struct sighting *all;        /* sightings_sort: by server, then time */
	struct sighting *by_network; /* sightings_sort: the same by network, server, time */
	size_t n;
	const uint32_t (*looks)[SEEN_KINDS]; /* values, but for the hop count */
	const struct value *values;
	const struct server_seen *servers;
	size_t nservers, nnetworks;
};

static inline uint32_t sighting_value(const struct sightings *in, const struct sighting *x, enum turn_kind kind)
{
	return kind == TURN_TTL ? x->ttl : in->looks[x->look][kind];
}

void sightings_sort(struct sightings *);
void sightings_free(struct sightings *);
bool sightings_unrelated(const struct sightings *, const struct sighting *, const struct sighting *); /* servers of different houses */

#endif
