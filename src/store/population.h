/* population - all sessions of a database in memory, as small numbers, and the errors they met.
 * In:    an open database; the census of its sessions, if there is one, which is used up: else they are read.
 * Out:   sightings (why/turns.h) of the sessions whose trace is known; for each session its server, client and network; for each
 *        error its session and cause.
 * Keeps: 32 octets a session, 40 a sighting, 24 a pair of session and cause, in bulk arrays.
 * Lives: until population_free. */
#ifndef SMTPWHY_STORE_POPULATION_H
#define SMTPWHY_STORE_POPULATION_H

#include "base/map.h"
#include "base/network.h"
#include "store/census.h"
#include "store/database.h"
#include "why/turns.h"

struct hit { /* a session met a cause */
	uint32_t number;           /* of the session, in order of id */
	uint32_t cause_id : 14;    /* a catalogue has some hundred causes */
	uint32_t errors : 18;      /* LIMIT_ERRORS_PER_SESSION */
	int64_t first, last;       /* times */
};

struct person { /* a session */
	int64_t id, start;
	uint32_t server, client, errors;
	uint8_t protocol, tls_state; /* as in the table session */
	bool incomplete;
};

struct population {
	struct bulk *bulk;         /* the database's: of people, sightings, hits */
	struct arena arena;
	struct person *people;
	size_t n;
	struct sightings seen;
	uint32_t (*looks)[SEEN_KINDS]; /* values by look_id */
	size_t nlooks;
	struct value *values;
	size_t nvalues, values_room;
	struct server_seen *servers;
	uint16_t *ports;
	size_t nservers, servers_room;
	struct bytes *clients, *networks;
	uint32_t *client_networks; /* network of each client */
	size_t nclients, clients_room, nnetworks, networks_room;
	struct hit *hits;          /* by session */
	size_t nhits, hits_room;
	struct map names[4];       /* texts to numbers, one a vocabulary */
};

/* Sessions, and what they saw; then hits, which nobody needs who looks at what was seen. census: NULL none; each frees its part of it. */
bool population_load(struct population *, struct database *, struct census *, struct error *);
bool population_load_hits(struct population *, struct database *, struct census *, struct error *);
void population_free(struct population *);

#endif
