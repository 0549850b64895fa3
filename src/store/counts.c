/* counts.c - takes all sessions and what they met, gives how many by server, by client and by cause. Never asks the database. */
#include "store/counts.h"

#include "base/order.h"
#include "store/feed.h"

#include <stdlib.h>

/* ---- causes of one group of hits ---- */

struct met { /* a hit, and of whom */
	uint32_t group;
	uint32_t cause_id : 14, errors : 18; /* as in struct hit */
	int64_t first, last;
};

struct tally {
	uint32_t cause_id, errors, sessions, clients;
	int64_t first, last;
};

struct tallies { /* in order of cause_id: a group meets few */
	struct tally *all;
	size_t n, room;
};

static struct tally *tally_of(struct tallies *t, uint32_t cause_id)
{
	size_t i = t->n;
	while (i > 0 && t->all[i - 1].cause_id > cause_id)
		i--;
	if (i > 0 && t->all[i - 1].cause_id == cause_id)
		return &t->all[i - 1];
	MEMORY_ROOM(t->all, t->n, t->room);
	for (size_t k = t->n++; k > i; k--)
		t->all[k] = t->all[k - 1];
	t->all[i] = (struct tally){ .cause_id = cause_id, .first = INT64_MAX, .last = INT64_MIN };
	return &t->all[i];
}

static void add(struct tallies *t, const struct met *h)
{
	struct tally *to = tally_of(t, h->cause_id);
	to->errors += h->errors;
	to->sessions++;
	to->first = h->first < to->first ? h->first : to->first;
	to->last = h->last > to->last ? h->last : to->last;
}

/* Those of one group more. */
static void add_all(struct tallies *to, const struct tallies *from)
{
	for (size_t i = 0; i < from->n; i++) {
		const struct tally *t = &from->all[i];
		struct tally *sum = tally_of(to, t->cause_id);
		sum->errors += t->errors;
		sum->sessions += t->sessions;
		sum->first = t->first < sum->first ? t->first : sum->first;
		sum->last = t->last > sum->last ? t->last : sum->last;
	}
}

/* ---- hits by group ---- */

struct groups {
	const struct population *p;
	struct met *met;   /* group by group */
	struct bulk_pace pace;
	size_t at;         /* of those that no group has taken */
};

static struct groups group(const struct population *p, bool servers)
{
	struct met *met = BULK_BARE(p->bulk, struct met, p->nhits);
	struct groups g = { .p = p };
	for (size_t i = 0; i < p->nhits; i++, bulk_rest(p->bulk, &g.pace)) {
		const struct hit *h = &p->hits[i];
		const struct person *who = &p->people[h->number];
		met[i] = (struct met){ servers ? who->server : who->client, h->cause_id, h->errors, h->first, h->last };
	}
	g.met = ORDER_BY(p->bulk, struct met, met, p->nhits, group, servers ? p->nservers : p->nclients);
	bulk_free(p->bulk, met);
	return g;
}

static void groups_free(struct groups *g)
{
	bulk_free(g->p->bulk, g->met);
}

/* Groups are asked for in their order. */
static void tally_group(struct tallies *t, struct groups *g, size_t k)
{
	t->n = 0;
	for (; g->at < g->p->nhits && g->met[g->at].group == k; g->at++, bulk_rest(g->p->bulk, &g->pace))
		add(t, &g->met[g->at]);
}

/* ---- rows ---- */

enum { SERVER_CAUSE_COLUMNS = 7, CLIENT_COLUMNS = 6, CAUSE_COLUMNS = 6 };

static bool numbers(struct feed *row, const int64_t *all, size_t n, struct error *error)
{
	for (size_t c = 0; c < n; c++)
		feed_number(row, all[c]);
	return feed_row(row, error);
}

#define NUMBERS(row, error, ...) numbers((row), (const int64_t[]){ __VA_ARGS__ }, sizeof (const int64_t[]){ __VA_ARGS__ } / sizeof(int64_t), (error))

static bool server_causes(struct feed *row, const struct population *p, struct tallies *all, struct error *error)
{
	struct groups g = group(p, true);
	struct tallies t = { 0 };
	bool done = true;
	for (size_t k = 0; k < p->nservers; k++) {
		tally_group(&t, &g, k);
		for (size_t i = 0; done && i < t.n; i++) {
			feed_text(row, p->servers[k].address);
			done = NUMBERS(row, error, p->ports[k], t.all[i].cause_id, t.all[i].errors, t.all[i].sessions, t.all[i].first, t.all[i].last);
		}
		add_all(all, &t);
	}
	groups_free(&g);
	free(t.all);
	return done;
}

/* One row of a client that met errors: its most frequent cause, of those as frequent the first of the catalogue. */
static bool client_row(struct feed *row, struct bytes address, const struct tallies *t, uint32_t sessions, uint32_t with_errors, struct error *error)
{
	const struct tally *most = &t->all[0];
	int64_t errors = 0, first = INT64_MAX;
	for (size_t i = 0; i < t->n; i++) {
		errors += t->all[i].errors;
		most = t->all[i].errors > most->errors ? &t->all[i] : most;
		first = t->all[i].first < first ? t->all[i].first : first;
	}
	feed_text(row, address);
	return NUMBERS(row, error, sessions, with_errors, errors, most->cause_id, first);
}

/* all: by cause, what no group tells: the clients that met it. */
static bool clients(struct feed *row, const struct population *p, struct tallies *all, struct error *error)
{
	struct groups g = group(p, false);
	struct tallies t = { 0 };
	struct bulk_pace pace = { 0 };
	uint32_t *sessions = memory_new(2 * p->nclients + 1, sizeof *sessions), *with_errors = sessions + p->nclients;
	for (size_t i = 0; i < p->n; i++, bulk_rest(p->bulk, &pace)) {
		sessions[p->people[i].client]++;
		with_errors[p->people[i].client] += p->people[i].errors > 0;
	}
	bool done = true;
	for (size_t k = 0; done && k < p->nclients; k++) {
		tally_group(&t, &g, k);
		for (size_t i = 0; i < t.n; i++)
			tally_of(all, t.all[i].cause_id)->clients++;
		done = !t.n || client_row(row, p->clients[k], &t, sessions[k], with_errors[k], error);
	}
	groups_free(&g);
	free(sessions);
	free(t.all);
	return done;
}

/* Few, and their first column is a number, but not the table's key: they are SQLite's. */
static bool causes(struct database *d, struct tallies *all, struct error *error)
{
	struct feed row;
	bool done = feed_open(&row, d, "cause_count", CAUSE_COLUMNS, error);
	for (size_t i = 0; done && i < all->n; i++) {
		const struct tally *t = &all->all[i];
		done = NUMBERS(&row, error, t->cause_id, t->errors, t->sessions, t->clients, t->first, t->last);
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

static bool servers(struct feed *row, const struct population *p, struct error *error)
{
	uint32_t (*counts)[SERVER_COUNTS] = memory_new(p->nservers + 1, sizeof *counts);
	struct bulk_pace pace = { 0 };
	for (size_t i = 0; i < p->n; i++, bulk_rest(p->bulk, &pace))
		count_session(counts[p->people[i].server], &p->people[i]);
	bool done = true;
	for (size_t k = 0; done && k < p->nservers; k++) {
		feed_text(row, p->servers[k].address);
		feed_number(row, p->ports[k]);
		for (enum server_count c = 0; c < SERVER_COUNTS; c++)
			feed_number(row, counts[k][c]);
		done = feed_row(row, error);
	}
	free(counts);
	return done;
}

/* ---- all of it ---- */

enum { SERVER, SERVER_CAUSE, CLIENT, TABLES };

/* Past SQLite, where the database is a file, and in a transaction as it is while it is made. */
static bool hosts(struct database *d, const struct population *p, struct tallies *all, struct error *error)
{
	static const struct { const char *table; unsigned columns; } tables[TABLES] = {
		[SERVER] = { "server", 2 + SERVER_COUNTS }, [SERVER_CAUSE] = { "server_cause", SERVER_CAUSE_COLUMNS }, [CLIENT] = { "client", CLIENT_COLUMNS },
	};
	struct feed rows[TABLES] = { 0 };
	struct feed *const feeds[TABLES] = { &rows[SERVER], &rows[SERVER_CAUSE], &rows[CLIENT] };
	struct tree_file file = { 0 };
	bool done = true;
	for (size_t i = 0; done && i < TABLES; i++)
		done = feed_open(&rows[i], d, tables[i].table, tables[i].columns, error);
	if (done && d->path && !sqlite3_get_autocommit(d->db))
		done = feeds_direct(feeds, TABLES, &file, NULL, 0, error);
	done = done && servers(&rows[SERVER], p, error) && server_causes(&rows[SERVER_CAUSE], p, all, error) && clients(&rows[CLIENT], p, all, error) &&
		feeds_settle(feeds, TABLES, &file, error);
	for (size_t i = 0; i < TABLES; i++)
		feed_close(&rows[i]);
	tree_file_free(&file);
	return done;
}

bool counts_write(struct database *d, const struct population *p, struct error *error)
{
	struct tallies all = { 0 };
	bool done = hosts(d, p, &all, error) && causes(d, &all, error);
	free(all.all);
	return done;
}
