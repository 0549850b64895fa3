/* census.c - takes sessions and errors as they are stored, gives their order. Never asks the database. */
#include "store/census.h"

#include "base/order.h"

#include <stdlib.h>

static uint32_t number_of(struct census_hosts *hosts, struct endpoint host)
{
	uint8_t key[sizeof host.address.octets + 2] = { (uint8_t)(host.port >> 8), (uint8_t)host.port };
	memcpy(key + 2, host.address.octets, sizeof host.address.octets);
	void **slot = map_put(&hosts->numbers, (struct bytes){ key, sizeof key });
	if (!*slot) {
		MEMORY_ROOM(hosts->all, hosts->n, hosts->room);
		hosts->all[hosts->n++] = host;
		*slot = (void *)(uintptr_t)hosts->n;
	}
	return (uint32_t)(uintptr_t)*slot - 1;
}

void census_session(struct census *c, struct census_session session, struct endpoint server, struct address client)
{
	session.server = number_of(&c->servers, server);
	session.client = number_of(&c->clients, (struct endpoint){ .address = client });
	MEMORY_ROOM(c->sessions, c->nsessions, c->sessions_room);
	c->sessions[c->nsessions++] = session;
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
	MEMORY_ROOM(c->hits, c->nhits, c->hits_room);
	c->hits[c->nhits++] = (struct census_hit){ session_id, time, time, cause_id, 1 };
}

void census_forget(struct census *c, int64_t beyond)
{
	size_t kept = 0, hits = 0;
	for (size_t i = 0; i < c->nsessions; i++)
		if (c->sessions[i].id <= beyond)
			c->sessions[kept++] = c->sessions[i];
	for (size_t i = 0; i < c->nhits; i++)
		if (c->hits[i].id <= beyond)
			c->hits[hits++] = c->hits[i];
	c->nsessions = kept;
	c->nhits = hits;
}

uint32_t *census_order_of_sessions(const struct census *c)
{
	int64_t *keys = memory_new(c->nsessions, sizeof *keys);
	for (size_t i = 0; i < c->nsessions; i++)
		keys[i] = c->sessions[i].id;
	uint32_t *order = order_of_keys(keys, c->nsessions);
	free(keys);
	return order;
}

uint32_t *census_order_of_hits(const struct census *c)
{
	int64_t *keys = memory_new(c->nhits, sizeof *keys);
	for (size_t i = 0; i < c->nhits; i++)
		keys[i] = c->hits[i].id;
	uint32_t *order = order_of_keys(keys, c->nhits);
	free(keys);
	return order;
}

void census_sessions_free(struct census *c)
{
	free(c->sessions);
	c->sessions = NULL;
	c->nsessions = c->sessions_room = 0;
}

static void hosts_free(struct census_hosts *hosts)
{
	map_free(&hosts->numbers);
	free(hosts->all);
}

void census_free(struct census *c)
{
	hosts_free(&c->servers);
	hosts_free(&c->clients);
	free(c->sessions);
	free(c->hits);
	*c = (struct census){ 0 };
}
