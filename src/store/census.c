/* census.c - takes sessions and errors as they are stored, gives them back. Never asks the database. */
#include "store/census.h"

/* Looked up nowhere: a table of hosts would have left the caches by the next session. Who reads the census has it at hand. */
static struct census_address keep(struct census *c, const struct address *a, bool *v6)
{
	struct census_address kept;
	*v6 = !address_is_v4(a);
	if (!*v6) {
		memcpy(&kept.word, a->octets + 12, sizeof kept.word);
		return kept;
	}
	BULK_ROOM(c->bulk, c->v6, c->nv6, c->v6_room);
	kept.word = (uint32_t)c->nv6;
	c->v6[c->nv6++] = *a;
	return kept;
}

static struct address address_of(const struct census *c, struct census_address a, bool v6)
{
	if (v6)
		return c->v6[a.word];
	struct address v4 = { .octets = { [10] = 0xff, [11] = 0xff } };
	memcpy(v4.octets + 12, &a.word, sizeof a.word);
	return v4;
}

struct address census_server(const struct census *c, const struct census_session *session)
{
	return address_of(c, session->server_addr, session->server_v6);
}

struct address census_client(const struct census *c, const struct census_session *session)
{
	return address_of(c, session->client_addr, session->client_v6);
}

struct census_session *census_session(struct census *c, const struct address *server, const struct address *client)
{
	bulk_rest(c->bulk, &c->pace);
	BULK_ROOM(c->bulk, c->sessions, c->nsessions, c->sessions_room);
	struct census_session *session = &c->sessions[c->nsessions++];
	*session = (struct census_session){ 0 };
	session->server_addr = keep(c, server, &session->server_v6);
	session->client_addr = keep(c, client, &session->client_v6);
	return session;
}

void census_look(struct census *c, struct census_look look)
{
	BULK_ROOM(c->bulk, c->looks, c->nlooks, c->looks_room);
	c->looks[c->nlooks++] = look;
}

void census_error(struct census *c, int64_t session_id, uint32_t cause_id, int64_t time)
{
	for (size_t i = c->nhits; i-- > 0 && c->hits[i].id == session_id;) {
		struct census_hit *hit = &c->hits[i];
		if (hit->cause_id != cause_id)
			continue;
		hit->errors++;
		hit->first = time < hit->first ? time : hit->first;
		hit->last = time > hit->last ? time : hit->last;
		return;
	}
	BULK_ROOM(c->bulk, c->hits, c->nhits, c->hits_room);
	c->hits[c->nhits++] = (struct census_hit){ session_id, time, time, cause_id, 1 };
}

void census_forget(struct census *c, int64_t beyond)
{
	size_t kept = 0, hits = 0;
	for (size_t i = 0; i < c->nsessions; i++, bulk_rest(c->bulk, &c->pace))
		if (c->sessions[i].id <= beyond)
			c->sessions[kept++] = c->sessions[i];
	for (size_t i = 0; i < c->nhits; i++, bulk_rest(c->bulk, &c->pace))
		if (c->hits[i].id <= beyond)
			c->hits[hits++] = c->hits[i];
	c->nsessions = kept;
	c->nhits = hits;
}

void census_sessions_free(struct census *c)
{
	bulk_free(c->bulk, c->sessions);
	bulk_free(c->bulk, c->looks);
	c->sessions = NULL;
	c->looks = NULL;
	c->nsessions = c->sessions_room = c->nlooks = c->looks_room = 0;
}

void census_free(struct census *c)
{
	bulk_free(c->bulk, c->v6);
	bulk_free(c->bulk, c->looks);
	bulk_free(c->bulk, c->sessions);
	bulk_free(c->bulk, c->hits);
	*c = (struct census){ .bulk = c->bulk };
}
