/* across.c - takes a database whose sessions are all there, gives the rows that only all of them together give. */
#include "store/across.h"

#include "store/counts.h"
#include "store/outbreak.h"

#include <pthread.h>
#include <stdlib.h>

/* ---- sentences ---- */

static const char *const kind_names[] = {
	[TURN_STARTTLS] = "starttls", [TURN_KEYWORDS] = "keywords", [TURN_BANNER] = "banner", [TURN_NAME] = "name",
	[TURN_STACK] = "stack", [TURN_TTL] = "ttl", [TURN_ERRORS] = "errors",
};

static void value_text(struct text *t, const struct population *p, const struct turn *c, uint32_t value)
{
	if (!value)
		text_add_string(t, "several values");
	else if (c->kind == TURN_TTL)
		text_addf(t, "%u", value);
	else
		text_add(t, p->values[value].text);
}

static void where(struct text *t, const struct population *p, const struct turn *c)
{
	bool one = c->server != SERVER_ANY, path = c->network != NETWORK_ANY;
	if (path) {
		text_add_string(t, one ? " on the path from " : " on the paths from ");
		text_add(t, p->networks[c->network]);
	}
	if (one) {
		text_add_string(t, path ? " to " : " at ");
		text_add(t, p->servers[c->server].address);
		text_addf(t, " port %u", p->ports[c->server]);
	}
	if (!one && path && c->kind != TURN_ERRORS)
		text_addf(t, " to %u servers", c->servers);
	if (!path && !one)
		text_add_string(t, " at all servers seen");
}

/* "PIPELINING, DSN" less "DSN": the items of one list that another lacks. */
static void lacking(struct text *t, struct bytes list, struct bytes other, const char *label)
{
	bool any = false;
	for (struct cut cut = { .tail = list, .found = list.n > 0 }; cut.found;) {
		cut = bytes_cut(cut.tail, ',');
		struct bytes item = bytes_trim(cut.head);
		bool there = false;
		for (struct cut look = { .tail = other, .found = other.n > 0 }; look.found && !there;) {
			look = bytes_cut(look.tail, ',');
			there = bytes_equal(bytes_trim(look.head), item);
		}
		if (there)
			continue;
		text_add_string(t, any ? ", " : label);
		text_add(t, item);
		any = true;
	}
}

static void what(struct text *t, const struct population *p, const struct turn *c)
{
	bool seen = c->kind != TURN_TTL && c->kind != TURN_ERRORS;
	bool masked = seen && p->values[c->after].masked, was_masked = seen && p->values[c->before].masked;
	switch (c->kind) {
	case TURN_STARTTLS:
		text_add_string(t, masked ? "STARTTLS is overwritten in transit" : was_masked ? "STARTTLS is no longer overwritten in transit" :
		                c->after == VALUE_OFFERED ? "STARTTLS is offered" : c->after == VALUE_ABSENT ? "STARTTLS is not offered" :
		                "EHLO is refused and HELO accepted");
		return;
	case TURN_KEYWORDS:
		text_add_string(t, masked ? "EHLO keywords are overwritten in transit" : was_masked ? "EHLO keywords are no longer overwritten in transit" :
		                "the EHLO keywords differ");
		return;
	case TURN_BANNER:
		text_add_string(t, c->after == VALUE_STARRED ? "the greeting is nothing but stars" : "the greeting differs");
		return;
	case TURN_NAME:
		text_add_string(t, "the server calls itself otherwise");
		return;
	case TURN_STACK:
		text_add_string(t, "the TCP options of the SYN-ACK differ");
		return;
	case TURN_TTL:
		text_add_string(t, "the server's packets arrive with another hop count");
		return;
	default:
		text_addf(t, "more 5xx replies of cause %s", cause_entry(c->cause)->slug);
	}
}

static const char *plural(unsigned n)
{
	return n == 1 ? "" : "s";
}

static void sides(struct text *t, const struct population *p, const struct turn *c)
{
	if (c->kind == TURN_ERRORS) {
		text_addf(t, " (before: met by %u of %u session%s; since: by %u of %u)", c->hits_before, c->nbefore, plural(c->nbefore),
		          c->hits_after, c->nafter);
		return;
	}
	text_add_string(t, c->since ? " (before: " : " (elsewhere: ");
	bool lists = c->kind == TURN_KEYWORDS && c->before && c->after;
	if (lists) {
		size_t begin = t->n;
		lacking(t, p->values[c->before].text, p->values[c->after].text, "with ");
		if (t->n == begin)
			text_add_string(t, "fewer");
	} else {
		value_text(t, p, c, c->before);
	}
	text_addf(t, " in %u session%s; %s: ", c->nbefore, plural(c->nbefore), c->since ? "since" : "here");
	if (lists) {
		size_t begin = t->n;
		lacking(t, p->values[c->after].text, p->values[c->before].text, "with ");
		if (t->n == begin)
			text_add_string(t, "without");
	} else {
		value_text(t, p, c, c->after);
	}
	text_addf(t, " in %u)", c->nafter);
}

static void who(struct text *t, const struct turn *c)
{
	if (c->kind == TURN_ERRORS)
		return;
	if (c->server == SERVER_ANY && c->party != PARTY_MIDDLEBOX) {
		text_add_string(t, "; of several servers at once, so it is the network's own way out");
		return;
	}
	if (c->party == PARTY_SERVER)
		text_add_string(t, "; on every path, so it is the server's own or what stands before it");
	else if (c->party == PARTY_ROUTING)
		text_add_string(t, "; other paths to the server still show the old: a box on this one, or a rule of the server for it");
	else if (c->party == PARTY_UNKNOWN && !c->since)
		text_add_string(t, "; a rule of the server for this network, or a box on the path: a capture at the server tells");
	else if (c->party == PARTY_UNKNOWN)
		text_add_string(t, "; the server's own, or the path's: only this path was seen");
}

/* ---- rows ---- */

/* What a reader wants first: what a box did, then errors, then what servers say, then what only their packets show. */
static int rank(const struct turn *c)
{
	static const int ranks[] = { [TURN_STARTTLS] = 2, [TURN_KEYWORDS] = 3, [TURN_BANNER] = 3, [TURN_NAME] = 4, [TURN_STACK] = 5,
	                             [TURN_TTL] = 5, [TURN_ERRORS] = 1 };
	if (c->party == PARTY_MIDDLEBOX)
		return c->alters ? 0 : 2;
	return ranks[c->kind];
}

static int by_weight(const void *a, const void *b)
{
	const struct turn *x = a, *y = b;
	if (rank(x) != rank(y))
		return rank(x) - rank(y);
	if (!x->since != !y->since)
		return !x->since - !y->since;
	unsigned m = x->kind == TURN_ERRORS ? x->hits_after : x->nafter, n = y->kind == TURN_ERRORS ? y->hits_after : y->nafter;
	if (m != n)
		return m > n ? -1 : 1;
	if (x->since != y->since)
		return x->since < y->since ? -1 : 1;
	if (x->session_since != y->session_since)
		return x->session_since < y->session_since ? -1 : 1;
	if (x->kind != y->kind)
		return (int)x->kind - (int)y->kind;
	return (int)x->cause - (int)y->cause;
}

static bool change_row(struct database *d, sqlite3_stmt *row, const struct population *p, const struct turn *c, int64_t cause_id, int64_t id,
                       struct error *error)
{
	struct text says = { 0 }, before = { 0 }, after = { 0 };
	bool errors = c->kind == TURN_ERRORS, one = c->server != SERVER_ANY;
	what(&says, p, c);
	where(&says, p, c);
	sides(&says, p, c);
	who(&says, c);
	if (!errors) {
		value_text(&before, p, c, c->before);
		value_text(&after, p, c, c->after);
	}
	struct bytes null = { 0 };
	const int64_t numbers[] = { c->nbefore, errors ? c->hits_before : c->nbefore, c->nafter, errors ? c->hits_after : c->nafter };
	sqlite3_bind_int64(row, 1, id);
	database_bind_text(row, 2, bytes_of(kind_names[c->kind]));
	database_bind_text(row, 3, one ? p->servers[c->server].address : null);
	database_bind_id(row, 4, one ? p->ports[c->server] : 0);
	database_bind_text(row, 5, c->network == NETWORK_ANY ? null : p->networks[c->network]);
	database_bind_id(row, 6, cause_id);
	database_bind_id(row, 7, c->last_before);
	database_bind_id(row, 8, c->since);
	database_bind_text(row, 9, errors ? null : text_view(&before));
	database_bind_text(row, 10, errors ? null : text_view(&after));
	for (int k = 0; k < 4; k++)
		sqlite3_bind_int64(row, 11 + k, numbers[k]);
	database_bind_id(row, 15, c->session_before);
	database_bind_id(row, 16, c->session_since);
	database_bind_text(row, 17, bytes_of(party_name(c->party)));
	sqlite3_bind_int64(row, 18, c->certainty);
	database_bind_text(row, 19, text_view(&says));
	bool done = database_step(d, row, error);
	text_free(&says);
	text_free(&before);
	text_free(&after);
	return done;
}

static bool write_changes(struct database *d, const struct population *p, struct turns *changes, const int64_t *cause_ids, struct error *error)
{
	sqlite3_stmt *row = database_statement(d, "INSERT INTO change VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", error);
	bool done = row;
	if (changes->n)
		qsort(changes->all, changes->n, sizeof *changes->all, by_weight);
	for (size_t i = 0; done && i < changes->n; i++) {
		const struct turn *c = &changes->all[i];
		done = change_row(d, row, p, c, c->cause < CAUSE_COUNT ? cause_ids[c->cause] : 0, (int64_t)i + 1, error);
	}
	sqlite3_finalize(row);
	return done;
}

/* ---- findings ---- */

static int64_t keep_text(struct database *d, const char *text, struct error *error)
{
	sqlite3_stmt *row = database_statement(d, "INSERT INTO text (text) VALUES (?)", error);
	if (row)
		database_bind_text(row, 1, bytes_of(text));
	bool done = row && database_step(d, row, error);
	sqlite3_finalize(row);
	return done ? sqlite3_last_insert_rowid(d->db) : 0;
}

#define FINDING(time, capture, frame, proof) \
	"INSERT OR IGNORE INTO finding SELECT t.session_id * 100000 + ?3, t.session_id, " time ", " capture ", " frame ", NULL, ?4, NULL, ?5, ?6, " \
	"json_array(" proof("s", "t") ", ?7), " proof("v", "w") ", ?8)) FROM trace AS t JOIN session AS s ON s.session_id = t.session_id " \
	"JOIN trace AS w ON w.session_id = ?2 JOIN session AS v ON v.session_id = ?2 WHERE t.session_id = ?1"
#define OFFER(session, trace) "json_array(coalesce(" trace ".offer_capture_id, 0), coalesce(" trace ".offer_frame, 0), 1, coalesce(" trace ".offer_id, '')"
#define STACK(session, trace) "json_array(coalesce(" session ".capture_id, 0), coalesce(" session ".first_frame, 0), 1, coalesce(" trace ".server_stack_id, '')"

/* How each kind is told: where, and what its two proofs say: of this session, and of another. */
static const struct telling {
	const char *sql, *many, *alone, *here, *there;
} tellings[] = {
	[SUSPICION_LOST] = { FINDING("coalesce(t.offer_time, s.start)", "t.offer_capture_id", "t.offer_frame", OFFER),
		"STARTTLS is removed on this path: unrelated servers that offer it elsewhere do not offer it here.",
		"STARTTLS went on this path alone, while other paths to the same server still have it: a box removes it, or the server treats this network "
		"otherwise.",
		"this EHLO reply does not list STARTTLS", "the same server's EHLO reply in another session does, and is alike in all else" },
	[SUSPICION_SAME_OFFER] = { FINDING("coalesce(t.offer_time, s.start)", "t.offer_capture_id", "t.offer_frame", OFFER),
		"A box answers EHLO in place of the servers: unrelated ones, of different products by their greetings, make the very same offer here.", "",
		"an offer, with its limit of size and in this order", "the very same, from a server of another product" },
	[SUSPICION_SAME_STACK] = { FINDING("s.start", "s.capture_id", "s.first_frame", STACK),
		"A box takes the connections in place of the servers: unrelated ones answer SYN with the same options and hop count, and at once, while no "
		"reply comes before many times as long.", "",
		"SYN-ACK of the server, and long before any reply", "the same from a server elsewhere" },
};

static bool write_kind(struct database *d, const struct turns *changes, enum suspicion_kind kind, const int64_t *cause_ids, struct error *error)
{
	const struct telling *t = &tellings[kind];
	size_t from = 0;
	while (from < changes->nsuspicions && changes->suspicions[from].kind != kind)
		from++;
	if (from == changes->nsuspicions)
		return true;
	int64_t many = keep_text(d, t->many, error), alone = *t->alone ? keep_text(d, t->alone, error) : many;
	int64_t here = keep_text(d, t->here, error), there = keep_text(d, t->there, error);
	sqlite3_stmt *row = error->kind == ERROR_NONE ? database_statement(d, t->sql, error) : NULL;
	bool done = row;
	struct bulk_pace pace = { 0 };
	for (size_t i = from; done && i < changes->nsuspicions; i++, bulk_rest(changes->bulk, &pace)) {
		const struct suspicion *s = &changes->suspicions[i];
		if (s->kind != kind)
			continue;
		const int64_t numbers[] = { s->session, s->witness, ACROSS_FIRST + (int)kind, cause_ids[s->cause], s->certainty, s->servers > 1 ? many : alone,
		                            here, there };
		for (int k = 0; k < 8; k++)
			sqlite3_bind_int64(row, 1 + k, numbers[k]);
		done = database_step(d, row, error);
	}
	sqlite3_finalize(row);
	return done;
}

static bool write_findings(struct database *d, const struct turns *changes, const int64_t *cause_ids, struct error *error)
{
	for (enum suspicion_kind kind = 0; kind < SUSPICION_KINDS; kind++)
		if (!write_kind(d, changes, kind, cause_ids, error))
			return false;
	return true;
}

/* ---- all of it ---- */

enum { CAUSE_IDS_MOST = 1024 };

/* cause_id by cause, and back. Causes of a catalogue that this program does not know have no number here. */
static bool read_causes(struct database *d, int64_t ids[CAUSE_COUNT], enum cause causes[CAUSE_IDS_MOST], struct error *error)
{
	for (size_t i = 0; i < CAUSE_IDS_MOST; i++)
		causes[i] = CAUSE_COUNT;
	for (size_t i = 0; i < CAUSE_COUNT; i++)
		ids[i] = 0;
	sqlite3_stmt *row = database_statement(d, "SELECT cause_id, cause FROM cause", error);
	int step = SQLITE_ERROR;
	while (row && (step = sqlite3_step(row)) == SQLITE_ROW) {
		int64_t id = sqlite3_column_int64(row, 0);
		enum cause cause = cause_find(bytes_of((const char *)sqlite3_column_text(row, 1)));
		if (cause == CAUSE_COUNT || id < 0 || id >= CAUSE_IDS_MOST)
			continue;
		ids[cause] = id;
		causes[id] = cause;
	}
	sqlite3_finalize(row);
	return step == SQLITE_DONE || (error->kind == ERROR_NONE && database_trouble(d, error));
}

/* Comparing needs no database and no hits, so it can go on while these are loaded, and beside the counts; only it allocates on the population's arena. Nobody else
 * asks for the sightings. */
struct compared {
	struct population p;
	enum cause causes[CAUSE_IDS_MOST];
	struct turns changes, struck; /* struck: by outbreaks_find, on an arena of its own */
	struct arena arena;
};

static void *compare(void *to)
{
	struct compared *c = to;
	c->changes.bulk = c->p.bulk;
	turns_find(&c->p.seen, &c->p.arena, &c->changes);
	suspicions_find(&c->p.seen, &c->changes);
	answerers_find(&c->p.seen, &c->changes);
	sightings_free(&c->p.seen);
	return NULL;
}

/* As long as what is compared meanwhile. */
static void compare_causes(struct compared *c)
{
	outbreaks_find(&c->p, c->causes, CAUSE_IDS_MOST, &c->arena, &c->struck);
}

bool across_fill(struct database *d, const char *indexes_sql, struct census *census, bool beside, struct error *error)
{
	int64_t ids[CAUSE_COUNT];
	struct compared c = { 0 };
	pthread_t thread;
	if (!database_run(d, "DELETE FROM finding WHERE finding_id % 100000 >= 99901", error) || !read_causes(d, ids, c.causes, error))
		return false;
	bool done = population_load(&c.p, d, census, error);
	if (done) {
		beside = beside && pthread_create(&thread, NULL, compare, &c) == 0;
		if (!beside)
			compare(&c);
		done = population_load_hits(&c.p, d, census, error) && counts_write(d, &c.p, error) && database_run(d, indexes_sql, error);
		if (done)
			compare_causes(&c);
		if (beside)
			pthread_join(thread, NULL);
		for (size_t i = 0; i < c.struck.n; i++)
			turns_add(&c.changes, &c.p.arena, c.struck.all[i]);
		done = done && write_changes(d, &c.p, &c.changes, ids, error) && write_findings(d, &c.changes, ids, error);
	}
	turns_free(&c.changes);
	population_free(&c.p);
	arena_drop(&c.arena);
	return done;
}
