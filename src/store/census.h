/* census - what is counted and compared of each session at the end, noted while its rows are written, so that they need not be read back.
 * In:    sessions and the causes they met, in any order; looks in the order of their ids; ids of texts and looks as their rows have them.
 * Out:   the same, in the order of storing.
 * Keeps: 56 octets a session, 32 a cause that a session met, 24 a look, 16 an IPv6 address, in bulk arrays.
 * Never: holds for a database that had rows before, or whose names become tokens: then it is not taken, and the rows are read.
 * Lives: until census_free. */
#ifndef SMTPWHY_STORE_CENSUS_H
#define SMTPWHY_STORE_CENSUS_H

#include "base/bulk.h"
#include "decode/packet.h"

struct census_address { /* an IPv4 address itself, else a number of one that is kept apart */
	uint32_t word;
};

struct census_session { /* as the columns of session_row of these names; 0 is NULL */
	int64_t id, start; /* id: first, the key of the order */
	uint32_t handshake, quickest; /* census_time */
	struct census_address server_addr, client_addr;
	uint32_t look, client_stack, errors;
	uint16_t server_port;
	uint8_t protocol, tls_state, server_ttl;
	bool incomplete, server_v6, client_v6;
};

struct census_hit { /* a session met a cause; one that came in windows may have several of the same */
	int64_t id, first, last; /* id: of the session, and the key of the order; times */
	uint32_t cause_id, errors;
};

struct census_look { /* as the columns of look of these names; 0 is NULL */
	uint32_t name_id, banner_id, offer_id, hidden_id, server_stack_id;
	uint8_t hello;
	bool starred;
};

struct census {
	struct bulk *bulk;   /* NULL: heap */
	struct bulk_pace pace;
	struct census_session *sessions;
	struct census_hit *hits;
	struct census_look *looks; /* by look_id, from 1 on */
	struct address *v6; /* one for each end of a session that has one */
	size_t nsessions, sessions_room, nhits, hits_room, nlooks, looks_room, nv6, v6_room;
};

/* In microseconds: a time that is known is never 0. */
static inline uint32_t census_time(int64_t nanoseconds)
{
	int64_t time = nanoseconds / 1000;
	return nanoseconds <= 0 ? 0 : time < 1 ? 1 : time > UINT32_MAX ? UINT32_MAX : (uint32_t)time;
}

/* The next one, its ends filled in, the rest zeroed; good until the next call. What is written to it member by member is not read again at once. */
struct census_session *census_session(struct census *, const struct address *server, const struct address *client);
struct address census_server(const struct census *, const struct census_session *);
struct address census_client(const struct census *, const struct census_session *);
void census_look(struct census *, struct census_look);
void census_error(struct census *, int64_t session_id, uint32_t cause_id, int64_t time);
void census_forget(struct census *, int64_t beyond); /* sessions with greater ids; their looks stay, as their rows do */
void census_sessions_free(struct census *);                /* they and looks alone */
void census_free(struct census *);

#endif
