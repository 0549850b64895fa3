/* test_census.c - what was noted of sessions, looks and errors while they were stored gives the same population as reading their rows, in whatever
 * order they came. */
#include "store/population.h"

#include "support/table.h"

#include "base/text.h"

#include <stdlib.h>

enum { ADDRESSES = 23, TEXTS = 9, LOOKS = 12, CAUSES = 7, ERRORS_MOST = 5, BEYOND = 1 << 30 };

static const struct kase {
	const char *name;
	unsigned sessions, late; /* late: how many places a session may be stored behind that of its id */
	bool forgets;            /* as many sessions more, that are forgotten */
	bool in_files;           /* nothing on the heap */
} cases[] = {
	{ "none", 0, 0, false, false },
	{ "one", 1, 0, false, false },
	{ "in order", 300, 0, false, false },
	{ "some late", 2000, 20, false, false },
	{ "any order", 2000, 2000, false, false },
	{ "forgotten ones", 500, 50, true, false },
	{ "none but forgotten ones", 0, 0, true, false },
	{ "in files", 2000, 20, false, true },
	{ "forgotten ones, in files", 500, 50, true, true },
};

static const char tables_sql[] =
	"CREATE TABLE text (text_id INTEGER PRIMARY KEY, text TEXT);"
	"CREATE TABLE look (look_id INTEGER PRIMARY KEY, name_id, banner_id, starred, hello, offer_id, hidden_id, server_stack_id);"
	"CREATE TABLE session (session_id INTEGER PRIMARY KEY, client_addr, server_addr, server_port, start, look_id, server_ttl, client_stack_id, "
	"handshake, quickest, errors, protocol, tls_state, incomplete);"
	"CREATE TABLE error (error_id INTEGER PRIMARY KEY, session_id, cause_id, time);"
	"INSERT INTO text WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT i, iif(i % 2, 'SIZE ' || i || char(10) || 'STARTTLS', "
	"'options, window ' || i || ', mss 1460') FROM n;";

struct made { /* a session */
	struct census_session session;
	struct address server, client;
	struct { uint32_t cause_id; int64_t time; } errors[ERRORS_MOST];
	uint64_t order; /* of storing */
};

static uint64_t next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Every third one is IPv6. */
static struct address address_made(uint64_t number, uint8_t side)
{
	struct address a = { .octets = { [10] = 0xff, [11] = 0xff, [12] = 192, [13] = side, [15] = (uint8_t)number } };
	if (number % 3 == 0)
		a = (struct address){ .octets = { 0x20, 0x01, 0x0d, 0xb8, [4] = side, [15] = (uint8_t)number } };
	return a;
}

static struct made make(const struct kase *k, unsigned i, uint64_t *seed)
{
	struct made m = { .server = address_made(next(seed) % ADDRESSES, 1), .client = address_made(next(seed) % ADDRESSES, 2), .session = {
		.id = 1 + 3 * (int64_t)i + (int64_t)(next(seed) % 3), .start = 1000000 * (int64_t)i, .server_port = next(seed) % 4 ? 25 : 587,
		.handshake = (uint32_t)(next(seed) % 3), .quickest = (uint32_t)(next(seed) % 5), .look = (uint32_t)(next(seed) % (LOOKS + 1)),
		.client_stack = (uint32_t)(next(seed) % (TEXTS + 1)), .errors = (uint32_t)(next(seed) % (ERRORS_MOST + 1)), .protocol = (uint8_t)(next(seed) % 5),
		.tls_state = (uint8_t)(next(seed) % 8), .server_ttl = next(seed) % 3 ? 64 : 0, .incomplete = next(seed) % 2,
	} };
	for (unsigned e = 0; e < m.session.errors; e++) {
		m.errors[e].cause_id = (uint32_t)(1 + next(seed) % CAUSES);
		m.errors[e].time = m.session.start + (int64_t)(next(seed) % 900000);
	}
	m.order = i + (k->late ? next(seed) % k->late : 0);
	return m;
}

static void bind_known(sqlite3_stmt *row, int column, int64_t number)
{
	if (number)
		sqlite3_bind_int64(row, column, number);
	else
		sqlite3_bind_null(row, column);
}

static void insert(struct database *d, const struct made *m)
{
	char client[46], server[46];
	struct error error = { 0 };
	const struct census_session *s = &m->session;
	sqlite3_stmt *row = database_statement(d, "INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", &error);
	address_text(&m->client, client);
	address_text(&m->server, server);
	sqlite3_bind_int64(row, 1, s->id);
	database_bind_text(row, 2, bytes_of(client));
	database_bind_text(row, 3, bytes_of(server));
	const int64_t known[] = { s->server_port, s->start, s->errors, s->protocol, s->tls_state, s->incomplete ? 9 : 0 };
	const int64_t maybe[] = { s->look, s->server_ttl, s->client_stack, 1000 * (int64_t)s->handshake, 1000 * (int64_t)s->quickest };
	sqlite3_bind_int64(row, 4, known[0]);
	sqlite3_bind_int64(row, 5, known[1]);
	for (int i = 0; i < 5; i++)
		bind_known(row, 6 + i, maybe[i]);
	for (int i = 2; i < 6; i++)
		sqlite3_bind_int64(row, 9 + i, known[i]);
	assert_true(database_step(d, row, &error));
	sqlite3_finalize(row);
	row = database_statement(d, "INSERT INTO error VALUES (?, ?, ?, ?)", &error);
	for (unsigned e = 0; e < s->errors; e++) {
		sqlite3_bind_int64(row, 1, s->id * 100000 + e + 1);
		sqlite3_bind_int64(row, 2, s->id);
		sqlite3_bind_int64(row, 3, m->errors[e].cause_id);
		sqlite3_bind_int64(row, 4, m->errors[e].time);
		assert_true(database_step(d, row, &error));
	}
	sqlite3_finalize(row);
}

/* Each a row and a note. */
static void look(struct database *d, struct census *c, unsigned i)
{
	struct error error = { 0 };
	struct census_look l = {
		.name_id = i % 10, .banner_id = i * 3 % 10, .offer_id = i * 7 % 10, .hidden_id = i % 3, .server_stack_id = i % 4 * 2, .hello = i % 4, .starred = i % 5 == 0,
	};
	sqlite3_stmt *row = database_statement(d, "INSERT INTO look VALUES (?, ?, ?, ?, ?, ?, ?, ?)", &error);
	const int64_t known[] = { i, l.name_id, l.banner_id, l.starred, l.hello, l.offer_id, l.hidden_id, l.server_stack_id };
	for (int column = 0; column < (int)(sizeof known / sizeof *known); column++)
		bind_known(row, 1 + column, known[column]);
	assert_true(database_step(d, row, &error));
	sqlite3_finalize(row);
	census_look(c, l);
}

static void note_errors(struct census *c, const struct made *m, unsigned from, unsigned to)
{
	for (unsigned e = from; e < to; e++)
		census_error(c, m->session.id, m->errors[e].cause_id, m->errors[e].time);
}

static void note_session(struct census *c, const struct made *m)
{
	struct census_session *session = census_session(c, &m->server, &m->client), ends = *session;
	*session = m->session;
	session->server_addr = ends.server_addr;
	session->client_addr = ends.client_addr;
	session->server_v6 = ends.server_v6;
	session->client_v6 = ends.client_v6;
}

/* A session's errors come in one window; every fourth one's in two, with those of the next session between them. */
static void note(struct census *c, const struct made *m, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool parted = i % 4 == 0 && i + 1 < n;
		unsigned part = parted ? m[i].session.errors / 2 : m[i].session.errors;
		note_errors(c, &m[i], 0, part);
		if (parted) {
			i++;
			note_errors(c, &m[i], 0, m[i].session.errors);
			note_errors(c, &m[i - 1], part, m[i - 1].session.errors);
			note_session(c, &m[i - 1]);
		}
		note_session(c, &m[i]);
	}
}

static int by_order(const void *a, const void *b)
{
	const struct made *x = a, *y = b;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* Rows in order of id, notes in order of storing. */
static void fill(const struct kase *k, struct database *d, struct census *c)
{
	uint64_t seed = 88172645463325252u + k->sessions;
	unsigned more = k->forgets ? 40 : 0;
	struct made *made = memory_new(k->sessions + more + 1, sizeof *made);
	for (unsigned i = 1; i <= LOOKS; i++)
		look(d, c, i);
	for (unsigned i = 0; i < k->sessions + more; i++) {
		made[i] = make(k, i, &seed);
		if (i < k->sessions)
			insert(d, &made[i]);
		else
			made[i].session.id += BEYOND;
	}
	qsort(made, k->sessions + more, sizeof *made, by_order);
	note(c, made, k->sessions + more);
	if (k->forgets)
		census_forget(c, BEYOND);
	free(made);
}

static void same_text(struct bytes a, struct bytes b)
{
	assert_int_equal(a.n, b.n);
	assert_memory_equal(a.p, b.p, a.n);
}

static void same_hosts(const struct population *a, const struct population *b)
{
	assert_int_equal(a->nservers, b->nservers);
	assert_int_equal(a->nclients, b->nclients);
	assert_int_equal(a->nnetworks, b->nnetworks);
	assert_int_equal(a->nvalues, b->nvalues);
	for (size_t i = 0; i < a->nservers; i++) {
		same_text(a->servers[i].address, b->servers[i].address);
		same_text(a->servers[i].network, b->servers[i].network);
		assert_int_equal(a->ports[i], b->ports[i]);
	}
	for (size_t i = 0; i < a->nclients; i++) {
		same_text(a->clients[i], b->clients[i]);
		assert_int_equal(a->client_networks[i], b->client_networks[i]);
	}
	for (size_t i = 0; i < a->nnetworks; i++)
		same_text(a->networks[i], b->networks[i]);
	for (size_t i = 0; i < a->nvalues; i++)
		same_text(a->values[i].text, b->values[i].text);
}

static void same_people(const struct population *a, const struct population *b)
{
	assert_int_equal(a->n, b->n);
	for (size_t i = 0; i < a->n; i++) {
		const struct person *x = &a->people[i], *y = &b->people[i];
		const int64_t of_x[] = { x->id, x->start, x->server, x->client, x->errors, x->protocol, x->tls_state, x->incomplete };
		const int64_t of_y[] = { y->id, y->start, y->server, y->client, y->errors, y->protocol, y->tls_state, y->incomplete };
		assert_memory_equal(of_x, of_y, sizeof of_x);
	}
}

static void same_sightings(const struct sightings *a, const struct sightings *b)
{
	assert_int_equal(a->n, b->n);
	assert_int_equal(a->nnetworks, b->nnetworks);
	for (size_t i = 0; i < a->n; i++) {
		const struct sighting *x = &a->all[i], *y = &b->all[i];
		const int64_t of_x[] = { x->session, x->time, x->server, x->network, x->look, x->handshake, x->quickest, x->client_stack, x->ttl };
		const int64_t of_y[] = { y->session, y->time, y->server, y->network, y->look, y->handshake, y->quickest, y->client_stack, y->ttl };
		assert_memory_equal(of_x, of_y, sizeof of_x);
		assert_memory_equal(a->looks[x->look], b->looks[y->look], sizeof *a->looks);
	}
}

static int by_session_and_cause(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;
	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return x->cause_id < y->cause_id ? -1 : x->cause_id > y->cause_id;
}

/* Those of a session come in the order of their coming, which need not be that of its errors. */
static void same_hits(const struct population *a, const struct population *b)
{
	assert_int_equal(a->nhits, b->nhits);
	if (!a->nhits)
		return;
	qsort(a->hits, a->nhits, sizeof *a->hits, by_session_and_cause);
	qsort(b->hits, b->nhits, sizeof *b->hits, by_session_and_cause);
	for (size_t i = 0; i < a->nhits; i++) {
		const struct hit *x = &a->hits[i], *y = &b->hits[i];
		const int64_t of_x[] = { x->number, x->cause_id, x->errors, x->first, x->last }, of_y[] = { y->number, y->cause_id, y->errors, y->first, y->last };
		assert_memory_equal(of_x, of_y, sizeof of_x);
	}
}

static void noted_as_read(void **state)
{
	const struct kase *k = *state;
	struct bulk *bulk = bulk_new("/tmp/census", k->in_files ? 0 : BULK_HEAP);
	struct database d = { .bulk = bulk };
	struct census census = { .bulk = bulk };
	struct population read, noted;
	struct error error = { 0 };
	assert_int_equal(sqlite3_open(":memory:", &d.db), SQLITE_OK);
	assert_true(database_run(&d, tables_sql, &error));
	fill(k, &d, &census);
	assert_true(population_load(&read, &d, NULL, &error) && population_load_hits(&read, &d, NULL, &error));
	assert_true(population_load(&noted, &d, &census, &error) && population_load_hits(&noted, &d, &census, &error));
	assert_int_equal(read.n, k->sessions);
	assert_true(k->sessions < 300 || (read.nhits > k->sessions && read.seen.n > k->sessions / 2 && read.nservers > ADDRESSES));
	same_hosts(&read, &noted);
	same_people(&read, &noted);
	same_sightings(&read.seen, &noted.seen);
	same_hits(&read, &noted);
	population_free(&read);
	population_free(&noted);
	census_free(&census);
	sqlite3_close(d.db);
	bulk_drop(bulk);
}

int main(void)
{
	return TABLE_RUN("census", cases, noted_as_read);
}
