/* counts.c - takes all sessions and what they met, gives how many by server, by client and by cause. Never asks the database. */
#include "store/counts.h"

#include "store/feed.h"

#include <stdlib.h>

/* ---- causes of one group of hits ---- */

struct tally {
	uint32_t cause_id, errors, sessions, clients;
	int64_t first, last;
};

struct tallies { /* by cause, in the order of their coming: a group meets few */
	struct tally *all;
	size_t n, room;
};

static struct tally *tally_of(struct tallies *t, uint32_t cause_id)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->all[i].cause_id == cause_id)
			return &t->all[i];
	MEMORY_ROOM(t->all, t->n, t->room);
	t->all[t->n] = (struct tally){ .cause_id = cause_id, .first = INT64_MAX, .last = INT64_MIN };
	return &t->all[t->n++];
}

static void add(struct tallies *t, const struct hit *h)
{
	struct tally *to = tally_of(t, h->cause_id);
	to->errors += h->errors;
	to->sessions++;
	to->first = h->first < to->first ? h->first : to->first;
	to->last = h->last > to->last ? h->last : to->last;
}

static int by_cause(const void *a, const void *b)
{
	const struct tally *x = a, *y = b;
	return x->cause_id < y->cause_id ? -1 : x->cause_id > y->cause_id;
}

static void sort(struct tallies *t)
{
	if (t->n > 1)
		qsort(t->all, t->n, sizeof *t->all, by_cause);
}

/* ---- hits by group ---- */

struct groups {
	uint32_t *hits;   /* their numbers, group by group */
	uint32_t *begins; /* where each group begins, and behind the last */
	size_t n;
};

static uint32_t group_of(const struct population *p, size_t hit, bool servers)
{
	const struct person *who = &p->people[p->hits[hit].number];
	return servers ? who->server : who->client;
}

static struct groups group(const struct population *p, bool servers)
{
	size_t n = servers ? p->nservers : p->nclients;
	struct groups g = { memory_new(p->nhits + 1, sizeof *g.hits), memory_new(n + 2, sizeof *g.begins), n };
	uint32_t *next = g.begins + 1; /* becomes the begins when each hit has moved its own one on */
	for (size_t i = 0; i < p->nhits; i++)
		if (group_of(p, i, servers) + 1 < n)
			next[group_of(p, i, servers) + 1]++;
	for (size_t k = 1; k < n; k++)
		next[k] += next[k - 1];
	for (size_t i = 0; i < p->nhits; i++)
		g.hits[next[group_of(p, i, servers)]++] = (uint32_t)i;
	return g;
}

static void groups_free(struct groups *g)
{
	free(g->hits);
	free(g->begins);
}

static void tally_group(struct tallies *t, const struct population *p, const struct groups *g, size_t k)
{
	enum { AHEAD = 8 }; /* hits of a group lie far apart */
	t->n = 0;
	for (uint32_t i = g->begins[k]; i < g->begins[k + 1]; i++) {
		if (i + AHEAD < p->nhits)
			__builtin_prefetch(&p->hits[g->hits[i + AHEAD]]);
		add(t, &p->hits[g->hits[i]]);
	}
	sort(t);
}

/* ---- rows ---- */

enum { SERVER_CAUSE_COLUMNS = 7, CLIENT_COLUMNS = 6, CAUSE_COLUMNS = 6 };

static bool server_causes(struct database *d, const struct population *p, struct error *error)
{
	struct feed row;
	struct groups g = group(p, true);
	struct tallies t = { 0 };
	bool done = feed_open(&row, d, "server_cause", SERVER_CAUSE_COLUMNS, error);
	for (size_t k = 0; k < g.n; k++) {
		tally_group(&t, p, &g, k);
		for (size_t i = 0; done && i < t.n; i++) {
			feed_text(&row, p->servers[k].address);
			feed_number(&row, p->ports[k]);
			const int64_t numbers[] = { t.all[i].cause_id, t.all[i].errors, t.all[i].sessions, t.all[i].first, t.all[i].last };
			for (size_t c = 0; c < sizeof numbers / sizeof *numbers; c++)
				feed_number(&row, numbers[c]);
			done = feed_row(&row, error);
		}
	}
	done = done && feed_flush(&row, error);
	feed_close(&row);
	groups_free(&g);
	free(t.all);
	return done;
}

/* One row of a client that met errors: its most frequent cause, of those as frequent the first of the catalogue. */
static bool client_row(struct feed *row, struct bytes address, const struct tallies *t, size_t sessions, size_t with_errors, struct error *error)
{
	const struct tally *most = &t->all[0];
	int64_t errors = 0, first = INT64_MAX;
	for (size_t i = 0; i < t->n; i++) {
		errors += t->all[i].errors;
		most = t->all[i].errors > most->errors ? &t->all[i] : most;
		first = t->all[i].first < first ? t->all[i].first : first;
	}
	feed_text(row, address);
	const int64_t numbers[] = { (int64_t)sessions, (int64_t)with_errors, errors, most->cause_id, first };
	for (size_t c = 0; c < sizeof numbers / sizeof *numbers; c++)
		feed_number(row, numbers[c]);
	return feed_row(row, error);
}

/* all: by cause, what no group tells: the clients that met it. */
static bool clients(struct database *d, const struct population *p, struct tallies *all, struct error *error)
{
	struct feed row;
	struct groups g = group(p, false);
	struct tallies t = { 0 };
	uint32_t *sessions = memory_new(2 * g.n + 1, sizeof *sessions), *with_errors = sessions + g.n;
	for (size_t i = 0; i < p->n; i++) {
		sessions[p->people[i].client]++;
		with_errors[p->people[i].client] += p->people[i].errors > 0;
	}
	bool done = feed_open(&row, d, "client", CLIENT_COLUMNS, error);
	for (size_t k = 0; done && k < g.n; k++) {
		tally_group(&t, p, &g, k);
		for (size_t i = 0; i < t.n; i++)
			tally_of(all, t.all[i].cause_id)->clients++;
		done = !t.n || client_row(&row, p->clients[k], &t, sessions[k], with_errors[k], error);
	}
	done = done && feed_flush(&row, error);
	feed_close(&row);
	groups_free(&g);
	free(sessions);
	free(t.all);
	return done;
}

static bool causes(struct database *d, struct tallies *all, struct error *error)
{
	struct feed row;
	bool done = feed_open(&row, d, "cause_count", CAUSE_COLUMNS, error);
	sort(all);
	for (size_t i = 0; done && i < all->n; i++) {
		const struct tally *t = &all->all[i];
		const int64_t numbers[] = { t->cause_id, t->errors, t->sessions, t->clients, t->first, t->last };
		for (size_t c = 0; c < sizeof numbers / sizeof *numbers; c++)
			feed_number(&row, numbers[c]);
		done = feed_row(&row, error);
	}
	done = done && feed_flush(&row, error);
	feed_close(&row);
	return done;
}

/* ---- servers ---- */

enum server_count { SESSIONS, MAIL, OTHER, WITH_ERRORS, ERRORS, ENCRYPTED, INCOMPLETE, UNREAD, NOT_OFFERED, OFFERED, REFUSED, ACCEPTED, FAILED, SERVER_COUNTS };

/* What became of STARTTLS, by session.tls_state. */
static const uint8_t starttls[] = { NOT_OFFERED, OFFERED, REFUSED, ACCEPTED, ACCEPTED, ACCEPTED, FAILED, FAILED };

/* What went on inside TLS cannot be read, whether or not the packets are all there. */
static void count_session(uint32_t counts[SERVER_COUNTS], const struct person *who)
{
	bool encrypted = who->protocol == 3 || who->tls_state == 4 || who->tls_state == 5;
	counts[SESSIONS]++;
	counts[MAIL] += who->protocol <= 2;
	counts[OTHER] += who->protocol > 3;
	counts[WITH_ERRORS] += who->errors > 0;
	counts[ERRORS] += who->errors;
	counts[ENCRYPTED] += encrypted;
	counts[INCOMPLETE] += who->incomplete;
	counts[UNREAD] += encrypted || who->incomplete;
	if (who->protocol <= 3 && who->tls_state < sizeof starttls)
		counts[starttls[who->tls_state]]++;
}

static bool servers(struct database *d, const struct population *p, struct error *error)
{
	struct feed row;
	uint32_t (*counts)[SERVER_COUNTS] = memory_new(p->nservers + 1, sizeof *counts);
	for (size_t i = 0; i < p->n; i++)
		count_session(counts[p->people[i].server], &p->people[i]);
	bool done = feed_open(&row, d, "server", 2 + SERVER_COUNTS, error);
	for (size_t k = 0; done && k < p->nservers; k++) {
		feed_text(&row, p->servers[k].address);
		feed_number(&row, p->ports[k]);
		for (enum server_count c = 0; c < SERVER_COUNTS; c++)
			feed_number(&row, counts[k][c]);
		done = feed_row(&row, error);
	}
	done = done && feed_flush(&row, error);
	feed_close(&row);
	free(counts);
	return done;
}

bool counts_write(struct database *d, const struct population *p, struct error *error)
{
	struct tallies all = { 0 };
	for (size_t i = 0; i < p->nhits; i++)
		add(&all, &p->hits[i]);
	bool done = servers(d, p, error) && server_causes(d, p, error) && clients(d, p, &all, error) && causes(d, &all, error);
	free(all.all);
	return done;
}
