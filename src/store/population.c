/* population.c - takes the tables session, look and error, or a census of them; gives small numbers in place of their texts. Two
 * texts of the same words have one number, whatever their rows. Never writes. */
#include "store/population.h"

#include "base/order.h"

#include <stdlib.h>
#include <string.h>

enum { STACK_MOST = (1 << 24) - 1, CAUSE_IDS = (1 << 14) - 1, HIT_ERRORS = (1 << 18) - 1 }; /* as wide as they are kept */
enum { VOCABULARY_SERVER, VOCABULARY_CLIENT, VOCABULARY_NETWORK, VOCABULARY_VALUE };
static const struct prefixes site = { PREFIX_V4, PREFIX_V6 };

static struct bytes column(sqlite3_stmt *row, int at)
{
	const uint8_t *text = sqlite3_column_text(row, at);
	return (struct bytes){ text, text ? (size_t)sqlite3_column_bytes(row, at) : 0 };
}

/* The number of a text in a vocabulary, from 1; *new when it had none. */
static uint32_t number_of(struct population *p, int vocabulary, struct bytes text, bool *new)
{
	void **slot = map_put(&p->names[vocabulary], text);
	*new = !*slot;
	if (*new)
		*slot = (void *)(uintptr_t)p->names[vocabulary].count;
	return (uint32_t)(uintptr_t)*slot;
}

/* ---- values ---- */

static uint32_t add_value(struct population *p, struct bytes text, bool masked)
{
	MEMORY_ROOM(p->values, p->nvalues, p->values_room);
	p->values[p->nvalues] = (struct value){ text.n ? arena_copy(&p->arena, text) : B(""), masked };
	return (uint32_t)p->nvalues++;
}

static uint32_t value_of(struct population *p, struct bytes text, bool masked)
{
	void **slot = map_put(&p->names[VOCABULARY_VALUE], text);
	if (!*slot)
		*slot = (void *)(uintptr_t)add_value(p, text, masked);
	return (uint32_t)(uintptr_t)*slot;
}

static void reserved_values(struct population *p)
{
	add_value(p, B(""), false);
	add_value(p, B("offered"), false);
	add_value(p, B("overwritten"), true);
	add_value(p, B("not offered"), false);
	add_value(p, B("EHLO refused"), false);
	add_value(p, B("nothing but stars"), false); /* or so configured: no proof by itself */
}

/* A filler word: X and one counting letter, as boxes put it in a keyword's place. */
static bool is_filler(struct bytes line)
{
	size_t n = line.n;
	while (n > 1 && line.p[n - 1] == ' ')
		n--;
	for (size_t i = 0; i + 1 < n; i++)
		if (line.p[i] != 'X')
			return false;
	return n >= 3 && octet_is_alpha(line.p[n - 1]);
}

struct offer_values {
	uint32_t starttls, keywords;
};

static bool names_starttls(struct bytes lines)
{
	for (struct cut cut = { .tail = lines, .found = lines.n > 0 }; cut.found;) {
		cut = bytes_cut(cut.tail, '\n');
		if (bytes_is(cut.head, B("STARTTLS")))
			return true;
	}
	return false;
}

/* Keywords in words: those that stand there but STARTTLS, which has a row of its own, and behind them what is overwritten. */
static struct offer_values read_offer(struct population *p, struct bytes offer, struct bytes hidden)
{
	struct text words = { 0 };
	bool masked = false;
	for (struct cut cut = { .tail = offer, .found = offer.n > 0 }; cut.found;) {
		cut = bytes_cut(cut.tail, '\n');
		if (bytes_is(bytes_trim(cut.head), B("STARTTLS")) || (hidden.n && is_filler(cut.head)))
			continue;
		text_add_string(&words, words.n ? ", " : "");
		text_add(&words, cut.head);
	}
	for (struct cut cut = { .tail = hidden, .found = hidden.n > 0 }; cut.found;) {
		cut = bytes_cut(cut.tail, '\n');
		if (bytes_is(cut.head, B("STARTTLS")))
			continue;
		masked = true;
		text_add_string(&words, words.n ? ", (" : "(");
		if (cut.head.n && cut.head.p[0] == '?') {
			text_add(&words, bytes_from(cut.head, 1));
			text_add_string(&words, " letters");
		} else {
			text_add(&words, cut.head);
		}
		text_add_string(&words, " overwritten)");
	}
	if (!words.n)
		text_add_string(&words, "none");
	struct offer_values v = { names_starttls(offer) ? VALUE_OFFERED : names_starttls(hidden) ? VALUE_MASKED : VALUE_ABSENT,
	                          value_of(p, text_view(&words), masked) };
	text_free(&words);
	return v;
}

/* ---- rows ---- */

enum { ID, CLIENT, SERVER, PORT, START, LOOK, TTL, CLIENT_STACK, HANDSHAKE, QUICKEST, ERRORS, PROTOCOL, TLS_STATE, INCOMPLETE };
static const char sessions_sql[] =
	"SELECT session_id, client_addr, server_addr, server_port, start, look_id, server_ttl, client_stack_id, handshake, quickest, "
	"errors, protocol, tls_state, incomplete "
	"FROM session ORDER BY session_id";

enum { LOOK_ID, NAME, BANNER, STARRED, HELLO, OFFER, HIDDEN, SERVER_STACK };
static const char looks_sql[] = "SELECT look_id, name_id, banner_id, starred, hello, offer_id, hidden_id, server_stack_id FROM look";

struct loader {
	struct population *p;
	sqlite3_stmt *text;
	uint32_t (*values)[2]; /* by text_id: of the text, and of what stands before its segment size; 0 where nobody asked yet */
	size_t ntexts;
	struct map offers; /* offer_id and hidden_id to their values */
	size_t people_room, seen_room;
	struct bulk_pace pace;
};

static struct bytes text_of(struct loader *l, int64_t id)
{
	sqlite3_reset(l->text);
	sqlite3_bind_int64(l->text, 1, id);
	return id && sqlite3_step(l->text) == SQLITE_ROW ? column(l->text, 0) : (struct bytes){ 0 };
}

static uint32_t text_value(struct loader *l, int64_t id, bool up_to_comma)
{
	if (id <= 0 || (size_t)id >= l->ntexts)
		return 0;
	uint32_t *value = &l->values[id][up_to_comma];
	if (!*value) {
		struct bytes text = text_of(l, id);
		size_t comma = up_to_comma ? bytes_find(text, B(", mss")) : BYTES_NONE;
		*value = value_of(l->p, comma == BYTES_NONE ? text : bytes_first(text, comma), false);
	}
	return *value;
}

static struct offer_values offer_values(struct loader *l, int64_t offer, int64_t hidden)
{
	int64_t key[2] = { offer, hidden };
	void **slot = map_put(&l->offers, (struct bytes){ (const uint8_t *)key, sizeof key });
	if (!*slot) {
		struct text lines = { 0 };
		text_add(&lines, text_of(l, offer));
		struct offer_values v = read_offer(l->p, text_view(&lines), text_of(l, hidden));
		text_free(&lines);
		*slot = ARENA_NEW(&l->p->arena, struct offer_values);
		*(struct offer_values *)*slot = v;
	}
	return *(struct offer_values *)*slot;
}

static void server_new(struct population *p, struct bytes address, uint16_t port)
{
	struct text network = { 0 };
	network_add(&network, address, site);
	if (p->nservers == p->servers_room)
		p->ports = memory_grow(p->ports, p->servers_room ? 2 * p->servers_room : 64, sizeof *p->ports);
	MEMORY_ROOM(p->servers, p->nservers, p->servers_room);
	p->ports[p->nservers] = port;
	p->servers[p->nservers++] = (struct server_seen){ arena_copy(&p->arena, address), arena_copy(&p->arena, text_view(&network)) };
	text_free(&network);
}

static uint32_t server_number(struct population *p, struct bytes address, uint16_t port)
{
	uint8_t key[64];
	size_t n = address.n < sizeof key - 2 ? address.n : sizeof key - 2;
	memcpy(key, address.p, n);
	memcpy(key + n, &port, sizeof port);
	bool new;
	uint32_t number = number_of(p, VOCABULARY_SERVER, (struct bytes){ key, n + sizeof port }, &new) - 1;
	if (new)
		server_new(p, address, port);
	return number;
}

static void network_new(struct population *p, struct bytes network)
{
	MEMORY_ROOM(p->networks, p->nnetworks, p->networks_room);
	p->networks[p->nnetworks++] = arena_copy(&p->arena, network);
}

static uint32_t network_number(struct population *p, struct bytes address)
{
	struct text network = { 0 };
	bool new;
	network_add(&network, address, site);
	uint32_t number = number_of(p, VOCABULARY_NETWORK, text_view(&network), &new) - 1;
	if (new)
		network_new(p, text_view(&network));
	text_free(&network);
	return number;
}

static void client_new(struct population *p, struct bytes address, uint32_t network)
{
	if (p->nclients == p->clients_room)
		p->client_networks = memory_grow(p->client_networks, p->clients_room ? 2 * p->clients_room : 64, sizeof *p->client_networks);
	MEMORY_ROOM(p->clients, p->nclients, p->clients_room);
	p->client_networks[p->nclients] = network;
	p->clients[p->nclients++] = arena_copy(&p->arena, address);
}

static uint32_t client_number(struct population *p, struct bytes address)
{
	bool new;
	uint32_t number = number_of(p, VOCABULARY_CLIENT, address, &new) - 1;
	if (new)
		client_new(p, address, network_number(p, address));
	return number;
}

static void read_look(struct loader *l, const struct census_look *look, uint32_t *value)
{
	if (look->hello == 3 && look->offer_id) {
		struct offer_values v = offer_values(l, look->offer_id, look->hidden_id);
		value[TURN_STARTTLS] = v.starttls;
		value[TURN_KEYWORDS] = v.keywords;
	} else if (look->hello == 2) {
		value[TURN_STARTTLS] = VALUE_EHLO_REFUSED;
	}
	value[TURN_BANNER] = look->starred ? (uint32_t)VALUE_STARRED : text_value(l, look->banner_id, false);
	value[TURN_NAME] = text_value(l, look->name_id, false);
	value[TURN_STACK] = text_value(l, look->server_stack_id, true);
}

static void looks_new(struct population *p, size_t n)
{
	p->nlooks = n;
	p->looks = bulk_array(p->bulk, n, sizeof *p->looks);
}

static bool load_looks(struct loader *l, struct database *d, struct error *error)
{
	struct population *p = l->p;
	int64_t n;
	if (!database_number(d, "SELECT coalesce(max(look_id), 0) + 1 FROM look", &n, error))
		return false;
	looks_new(p, (size_t)n);
	sqlite3_stmt *row = database_statement(d, looks_sql, error);
	int step = SQLITE_ERROR;
	while (row && (step = sqlite3_step(row)) == SQLITE_ROW) {
		struct census_look look = {
			.name_id = (uint32_t)sqlite3_column_int64(row, NAME), .banner_id = (uint32_t)sqlite3_column_int64(row, BANNER),
			.offer_id = (uint32_t)sqlite3_column_int64(row, OFFER), .hidden_id = (uint32_t)sqlite3_column_int64(row, HIDDEN),
			.server_stack_id = (uint32_t)sqlite3_column_int64(row, SERVER_STACK), .hello = (uint8_t)sqlite3_column_int(row, HELLO),
			.starred = sqlite3_column_int(row, STARRED) != 0,
		};
		read_look(l, &look, p->looks[sqlite3_column_int64(row, LOOK_ID)]);
	}
	sqlite3_finalize(row);
	return step == SQLITE_DONE || (error->kind == ERROR_NONE && database_trouble(d, error));
}

/* One more session. What a census knows of its hosts is not looked at: they have their numbers. */
static void add_session(struct loader *l, const struct census_session *session, uint32_t server, uint32_t client)
{
	struct population *p = l->p;
	uint32_t stack = text_value(l, session->client_stack, true);
	if (session->look > 0 && session->look < p->nlooks) {
		BULK_ROOM(p->bulk, p->seen.all, p->seen.n, l->seen_room);
		p->seen.all[p->seen.n++] = (struct sighting){ .session = session->id, .time = session->start, .server = server, .network = p->client_networks[client],
		                                              .look = session->look, .handshake = session->handshake, .quickest = session->quickest,
		                                              .client_stack = stack <= STACK_MOST ? stack & STACK_MOST : 0, .ttl = session->server_ttl };
	}
	BULK_ROOM(p->bulk, p->people, p->n, l->people_room);
	p->people[p->n++] = (struct person){ .id = session->id, .start = session->start, .server = server, .client = client, .errors = session->errors,
	                                     .protocol = session->protocol, .tls_state = session->tls_state, .incomplete = session->incomplete };
	bulk_rest(p->bulk, &l->pace);
}

static bool load_sessions(struct loader *l, struct database *d, struct error *error)
{
	sqlite3_stmt *row = database_statement(d, sessions_sql, error);
	int step = SQLITE_ERROR;
	while (row && (step = sqlite3_step(row)) == SQLITE_ROW) {
		struct census_session session = {
			.id = sqlite3_column_int64(row, ID), .start = sqlite3_column_int64(row, START), .handshake = census_time(sqlite3_column_int64(row, HANDSHAKE)),
			.quickest = census_time(sqlite3_column_int64(row, QUICKEST)), .look = (uint32_t)sqlite3_column_int64(row, LOOK),
			.client_stack = (uint32_t)sqlite3_column_int64(row, CLIENT_STACK), .errors = (uint32_t)sqlite3_column_int(row, ERRORS),
			.protocol = (uint8_t)sqlite3_column_int(row, PROTOCOL), .tls_state = (uint8_t)sqlite3_column_int(row, TLS_STATE),
			.server_ttl = (uint8_t)sqlite3_column_int(row, TTL), .incomplete = sqlite3_column_int(row, INCOMPLETE) != 0,
		};
		uint32_t server = server_number(l->p, column(row, SERVER), (uint16_t)sqlite3_column_int(row, PORT));
		add_session(l, &session, server, client_number(l->p, column(row, CLIENT)));
	}
	sqlite3_finalize(row);
	return step == SQLITE_DONE || (error->kind == ERROR_NONE && database_trouble(d, error));
}

/* Hits come in order of session. */
struct hits_place {
	size_t number, begin; /* the session at hand, and its first hit */
	struct bulk_pace pace;
};

/* Errors of a cause in the session of this id; of a session that is not there nothing is kept. */
static void add_hit(struct population *p, struct hits_place *at, int64_t id, struct hit hit)
{
	while (at->number < p->n && p->people[at->number].id < id)
		at->number++, at->begin = p->nhits;
	if (at->number == p->n || p->people[at->number].id != id)
		return;
	bulk_rest(p->bulk, &at->pace);
	size_t k = at->begin;
	while (k < p->nhits && p->hits[k].cause_id != hit.cause_id)
		k++;
	if (k == p->nhits) {
		hit.number = (uint32_t)at->number;
		BULK_ROOM(p->bulk, p->hits, p->nhits, p->hits_room);
		p->hits[p->nhits++] = hit;
		return;
	}
	struct hit *h = &p->hits[k];
	h->errors = (h->errors + hit.errors) & HIT_ERRORS;
	h->first = hit.first < h->first ? hit.first : h->first;
	h->last = hit.last > h->last ? hit.last : h->last;
}

/* Errors lie in order of session, for their ids do. */
static bool load_errors(struct population *p, struct database *d, struct error *error)
{
	sqlite3_stmt *row = database_statement(d, "SELECT session_id, cause_id, time FROM error ORDER BY error_id", error);
	int step = SQLITE_ERROR;
	struct hits_place at = { 0 };
	while (row && (step = sqlite3_step(row)) == SQLITE_ROW) {
		int64_t time = sqlite3_column_int64(row, 2);
		add_hit(p, &at, sqlite3_column_int64(row, 0), (struct hit){ .cause_id = (uint32_t)sqlite3_column_int64(row, 1) & CAUSE_IDS, .errors = 1, .first = time, .last = time });
	}
	sqlite3_finalize(row);
	return step == SQLITE_DONE || (error->kind == ERROR_NONE && database_trouble(d, error));
}

/* ---- a census ---- */

static void take_looks(struct loader *l, const struct census *c)
{
	looks_new(l->p, c->nlooks + 1);
	for (size_t i = 0; i < c->nlooks; i++, bulk_rest(l->p->bulk, &l->pace))
		read_look(l, &c->looks[i], l->p->looks[i + 1]);
}

static uint32_t server_of(struct population *p, struct address address, uint16_t port)
{
	uint8_t key[sizeof address.octets + sizeof port];
	char text[46];
	bool new;
	memcpy(key, address.octets, sizeof address.octets);
	memcpy(key + sizeof address.octets, &port, sizeof port);
	uint32_t number = number_of(p, VOCABULARY_SERVER, (struct bytes){ key, sizeof key }, &new) - 1;
	if (new) {
		server_new(p, (struct bytes){ (const uint8_t *)text, address_text(&address, text) }, port);
	}
	return number;
}

/* Found by its octets: as a text it is spelled out once. */
static uint32_t network_of(struct population *p, struct address address, struct bytes spelled)
{
	_Static_assert(PREFIX_V4 % 8 == 0 && PREFIX_V6 % 8 == 0, "whole octets");
	size_t keep = address_is_v4(&address) ? sizeof address.octets - (32 - PREFIX_V4) / 8 : PREFIX_V6 / 8;
	bool new;
	memset(address.octets + keep, 0, sizeof address.octets - keep);
	uint32_t number = number_of(p, VOCABULARY_NETWORK, (struct bytes){ address.octets, sizeof address.octets }, &new) - 1;
	if (new) {
		struct text network = { 0 };
		network_add(&network, spelled, site);
		network_new(p, text_view(&network));
		text_free(&network);
	}
	return number;
}

static uint32_t client_of(struct population *p, struct address address)
{
	char text[46];
	bool new;
	uint32_t number = number_of(p, VOCABULARY_CLIENT, (struct bytes){ address.octets, sizeof address.octets }, &new) - 1;
	if (new) {
		struct bytes spelled = { (const uint8_t *)text, address_text(&address, text) };
		client_new(p, spelled, network_of(p, address, spelled));
	}
	return number;
}

static void take_sessions(struct loader *l, const struct census *c)
{
	uint32_t *order = order_of_keys(c->sessions, sizeof *c->sessions, c->nsessions, c->bulk);
	struct population *p = l->p;
	l->people_room = l->seen_room = c->nsessions;
	p->people = BULK_BARE(p->bulk, struct person, c->nsessions);
	p->seen.all = BULK_BARE(p->bulk, struct sighting, c->nsessions);
	for (size_t i = 0; i < c->nsessions; i++) {
		const struct census_session *session = &c->sessions[order[i]];
		uint32_t server = server_of(p, census_server(c, session), session->server_port);
		add_session(l, session, server, client_of(p, census_client(c, session)));
	}
	bulk_free(c->bulk, order);
}

static void take_hits(struct population *p, const struct census *c)
{
	uint32_t *order = order_of_keys(c->hits, sizeof *c->hits, c->nhits, c->bulk);
	struct hits_place at = { 0 };
	p->hits_room = c->nhits;
	p->hits = BULK_BARE(p->bulk, struct hit, c->nhits);
	for (size_t i = 0; i < c->nhits; i++) {
		const struct census_hit *hit = &c->hits[order[i]];
		add_hit(p, &at, hit->id, (struct hit){ .cause_id = hit->cause_id & CAUSE_IDS, .errors = hit->errors & HIT_ERRORS, .first = hit->first, .last = hit->last });
	}
	bulk_free(c->bulk, order);
}

bool population_load(struct population *p, struct database *d, struct census *census, struct error *error)
{
	struct loader l = { .p = p };
	int64_t ntexts = 0;
	*p = (struct population){ .bulk = d->bulk, .seen.bulk = d->bulk };
	reserved_values(p);
	l.text = database_statement(d, "SELECT text FROM text WHERE text_id = ?", error);
	bool done = l.text && database_number(d, "SELECT coalesce(max(text_id), 0) + 1 FROM text", &ntexts, error);
	l.ntexts = (size_t)ntexts;
	l.values = bulk_array(p->bulk, l.ntexts, sizeof *l.values);
	if (done && census) {
		take_looks(&l, census);
		take_sessions(&l, census);
		census_sessions_free(census); /* before more memory is taken */
	} else {
		done = done && load_looks(&l, d, error) && load_sessions(&l, d, error);
	}
	bulk_free(p->bulk, l.values);
	p->seen.looks = (const uint32_t (*)[SEEN_KINDS])p->looks;
	p->seen.values = p->values;
	p->seen.servers = p->servers;
	p->seen.nservers = p->nservers;
	p->seen.nnetworks = p->nnetworks;
	sqlite3_finalize(l.text);
	map_free(&l.offers);
	return done;
}

bool population_load_hits(struct population *p, struct database *d, struct census *census, struct error *error)
{
	if (!census)
		return load_errors(p, d, error);
	take_hits(p, census);
	census_free(census);
	return true;
}

void population_free(struct population *p)
{
	for (size_t i = 0; i < sizeof p->names / sizeof *p->names; i++)
		map_free(&p->names[i]);
	bulk_free(p->bulk, p->people);
	bulk_free(p->bulk, p->hits);
	bulk_free(p->bulk, p->looks);
	sightings_free(&p->seen);
	free(p->values);
	free(p->servers);
	free(p->ports);
	free(p->clients);
	free(p->networks);
	free(p->client_networks);
	arena_drop(&p->arena);
}
