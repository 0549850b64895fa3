/* turns - what changed at a server or on a path, and when; and what only another session can prove.
 * In:    sightings (sightings.h), in any order.
 * Out:   changes: the last session before, the first since, how many on each side, who can have done it; and suspicions: sessions
 *        whose server is known, from other sessions, to offer or say something else.
 * Order: of time and session id, never of arrival: the same sightings give the same answer.
 * Never: takes a mixed pool for a change (values that alternate say nothing), a server that treats some networks otherwise for a
 *        box, or a change of all paths at once for anything but the server's.
 * Lives: changes on the arena that is given, suspicions until turns_free. */
#ifndef SMTPWHY_WHY_TURNS_H
#define SMTPWHY_WHY_TURNS_H

#include "why/sightings.h"
#include "why/why.h"

enum { NETWORK_ANY = UINT32_MAX, SERVER_ANY = UINT32_MAX };

struct turn {
	enum turn_kind kind;
	uint32_t server, network;          /* SERVER_ANY, NETWORK_ANY: all that were seen */
	enum cause cause;                  /* TURN_ERRORS */
	uint32_t before, after;            /* values; 0 for errors, and where several servers differ */
	int64_t last_before, since;        /* times; since 0: it differs by path, at all times */
	int64_t session_before, session_since;
	unsigned nbefore, nafter;          /* sessions on each side */
	unsigned hits_before, hits_after;  /* errors: sessions that met it, of those */
	unsigned networks;                 /* that were seen on both sides */
	bool alters;                       /* after is what a box makes of it */
	unsigned servers;                  /* that turned together; 1 when server names it */
	enum party party;                  /* middlebox, server, routing (the path or the box on it), unknown (server or path) */
	enum certainty certainty;
};

enum suspicion_kind {
	SUSPICION_LOST,       /* STARTTLS is offered elsewhere, and not here */
	SUSPICION_SAME_OFFER, /* servers of different products make the very same offer: somebody else makes it */
	SUSPICION_SAME_STACK, /* unrelated servers answer SYN alike and at once, and commands late: somebody near takes the connection */
	SUSPICION_KINDS
};

struct suspicion { /* a finding that rests on other sessions */
	enum suspicion_kind kind;
	int64_t session, witness;          /* the witness shows what the server says otherwise */
	enum cause cause;
	enum certainty certainty;
	unsigned servers;                  /* unrelated servers that show the same on this path */
};

struct turns {
	struct turn *all;
	size_t n, room;
	struct bulk *bulk;             /* of the suspicions, one a session where all are; NULL: heap */
	struct suspicion *suspicions;
	size_t nsuspicions, suspicions_room;
};

void turns_find(struct sightings *, struct arena *, struct turns *);
void turns_add(struct turns *, struct arena *, struct turn);
void turns_join(const struct sightings *, struct turns *); /* what happened to many servers of a network at one moment (one_event.c) */
void suspicions_find(const struct sightings *, struct turns *); /* after turns_find (witness.c) */
void answerers_find(const struct sightings *, struct turns *);  /* after turns_find (answerer.c) */
void suspicion_add(struct turns *, struct suspicion);
void turns_free(struct turns *); /* suspicions; changes lie on the arena */

/* When a cause of errors set in. hits: which of n sessions in order of time met it, ascending; tried: how many such series are judged,
 * for among many one turns by accident. False: no clear moment. */
struct onset {
	size_t at;             /* index in hits of the first since then */
	unsigned hits_before;
	double weight;         /* log likelihood gained; comparable */
};
bool onset_find(const uint32_t *hits, size_t nhits, size_t n, size_t tried, struct onset *);

#endif
