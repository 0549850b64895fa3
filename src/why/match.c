/* match.c - takes the accounts of two sides, gives pairs. Candidates are scored, the best taken first, each session once. */
#include "why/match.h"

#include "base/map.h"

#include "base/banned.h"

enum {
	SAME_TUPLE = 4000, SAME_ISN = 8000, SAME_CLIENT_PORT = 300, SAME_SERVER = 60, SAME_SERVER_PORT = 20,
	RARE_LINE = 100,     /* a client's line that one session of each side has */
	SERVER_LINE = 25,    /* a server says much the same to everybody */
	LEAST = 150,         /* below it two sessions have nothing in common that tells */
	LINES_COUNTED = 400, /* of a session: the first ones of each direction */
	OCCURRENCES = 64,    /* a line that more sessions have tells nothing */
	SHORT_LINE = 13,     /* as "250 2.1.0 Ok", "QUIT", "DATA": everybody's */
	SAME_MAIL = 160,     /* the same senders and recipients, or the same commands where there are none, at the same place among those that have them */
	LATE_SECOND = 400,   /* what a second off the usual difference takes away, where no number makes it sure */
	SAME_START = 50,     /* another pair that began as far apart: more than a few lines in common */
	SAME_COMMAND = 10,   /* a command at the same place of both */
	PLACES = 16,
	NEAREST = 8,         /* sessions of the same mail around the expected time that are looked at */
	APART = 120,         /* seconds by which a pair's starts may differ from those of the others */
};
static const int64_t nanoseconds = 1000000000;

const char *match_name(enum match_by by)
{
	static const char *const names[] = { [MATCH_CONNECTION] = "addresses and ports", [MATCH_SEQUENCE] = "sequence number", [MATCH_CONTENT] = "content" };
	return names[by];
}

/* Sessions that have a key, of each side: most keys have one. */
struct bucket {
	uint32_t n[2], first[2], *more[2];
};

static size_t bucket_at(const struct bucket *b, int side, size_t i)
{
	return i ? b->more[side][i - 1] : b->first[side];
}

/* Sessions of the same mail, of each side in order of time: what monitoring and tests send again and again. */
struct alike {
	size_t n[2], room[2], *of[2];
};

struct candidate {
	size_t inside, outside;
	unsigned score;
	enum match_by by;
	int64_t start; /* outside start minus inside start */
	int64_t off;   /* from what the sure pairs say */
};

struct matching {
	struct arena *arena, scratch;
	const struct account *side[2];
	size_t n[2];
	struct map buckets, seen; /* seen: candidates by their two numbers */
	struct map mails;         /* sessions with the same senders and recipients */
	struct candidate *found;
	size_t nfound, room;
};

/* ---- keys ---- */

struct key { uint64_t kind, a, b; };
enum { KEY_TUPLE = 1, KEY_ISN, KEY_CLIENT_PORT, KEY_CLIENT_LINE, KEY_SERVER_LINE, KEY_SERVER };

static void bucket_add(struct matching *m, int side, size_t i, struct key key)
{
	void **slot = map_put(&m->buckets, (struct bytes){ (const uint8_t *)&key, sizeof key });
	if (!*slot)
		*slot = ARENA_NEW(&m->scratch, struct bucket);
	struct bucket *b = *slot;
	if (b->n[side] && b->n[side] <= OCCURRENCES && bucket_at(b, side, b->n[side] - 1) == i)
		return; /* the same line twice in a session */
	if (b->n[side] == 0) {
		b->first[side] = (uint32_t)i;
	} else if (b->n[side] < OCCURRENCES) {
		if (!b->more[side])
			b->more[side] = ARENA_ARRAY(&m->scratch, uint32_t, OCCURRENCES);
		b->more[side][b->n[side] - 1] = (uint32_t)i;
	}
	b->n[side]++;
}

static uint64_t endpoint_key(const struct endpoint *e)
{
	return bytes_hash((struct bytes){ e->address.octets, sizeof e->address.octets }) * 65599 + e->port;
}

static void line_key(struct matching *m, int side, size_t i, const struct uttered *u, uint64_t kind)
{
	if (u->spoken.length >= SHORT_LINE && !u->spoken.holed)
		bucket_add(m, side, i, (struct key){ kind, u->spoken.hash, u->spoken.length });
}

static void keys_add(struct matching *m, int side, size_t i)
{
	const struct account *a = &m->side[side][i];
	const struct connection *c = a->connection;
	bucket_add(m, side, i, (struct key){ KEY_TUPLE, endpoint_key(&c->client), endpoint_key(&c->server) });
	bucket_add(m, side, i, (struct key){ KEY_CLIENT_PORT, c->client.port, c->server.port });
	bucket_add(m, side, i, (struct key){ KEY_SERVER, endpoint_key(&c->server), 0 });
	if (a->isn_known)
		bucket_add(m, side, i, (struct key){ KEY_ISN, a->isn, c->server.port });
	size_t lines = 0;
	for (size_t t = 0; t < a->n && lines < LINES_COUNTED; t++) {
		const struct turn *turn = &a->turns[t];
		if (turn->spoken && turn->kind != COMMAND_CONTENT)
			line_key(m, side, i, &turn->command, KEY_CLIENT_LINE);
		for (size_t k = 0; k < turn->ncontent && k < 40; k++, lines++)
			line_key(m, side, i, &turn->content[k], KEY_CLIENT_LINE);
		for (size_t k = 0; k < turn->nreply && k < 20; k++, lines++)
			line_key(m, side, i, &turn->reply[k], KEY_SERVER_LINE);
	}
}

static uint64_t mail_of(const struct account *a)
{
	uint64_t mail = 0, all = 0;
	for (size_t t = 0; t < a->n; t++) {
		const struct exchange *e = a->turns[t].exchange;
		if (!e || !a->turns[t].spoken || e->command.kind != COMMAND_LINE)
			continue;
		all = all * 0x9e3779b97f4a7c15u + a->turns[t].command.spoken.hash;
		if (e->command.verb == VERB_MAIL || e->command.verb == VERB_RCPT)
			mail = mail * 0x9e3779b97f4a7c15u + a->turns[t].command.spoken.hash;
	}
	return mail ? mail : all;
}

static void mail_add(struct matching *m, int side, size_t i)
{
	const uint64_t mail = mail_of(&m->side[side][i]);
	if (!mail)
		return;
	void **slot = map_put(&m->mails, (struct bytes){ (const uint8_t *)&mail, sizeof mail });
	if (!*slot)
		*slot = ARENA_NEW(&m->scratch, struct alike);
	struct alike *l = *slot;
	if (l->n[side] == l->room[side]) {
		l->room[side] = l->room[side] ? 2 * l->room[side] : 4;
		l->of[side] = memory_grow(l->of[side], l->room[side], sizeof *l->of[side]);
	}
	l->of[side][l->n[side]++] = i;
}

/* ---- candidates ---- */

static void candidate_add(struct matching *m, size_t inside, size_t outside, unsigned score, enum match_by by)
{
	const struct { size_t a, b; } pair = { inside, outside };
	void **slot = map_put(&m->seen, (struct bytes){ (const uint8_t *)&pair, sizeof pair });
	size_t at = (size_t)(uintptr_t)*slot;
	if (!at) {
		if (m->nfound == m->room) {
			m->room = m->room ? 2 * m->room : 256;
			m->found = memory_grow(m->found, m->room, sizeof *m->found);
		}
		m->found[m->nfound++] = (struct candidate){ .inside = inside, .outside = outside, .by = MATCH_CONTENT,
			.start = m->side[1][outside].connection->first.time - m->side[0][inside].connection->first.time };
		at = m->nfound;
		*slot = (void *)(uintptr_t)at;
	}
	struct candidate *c = &m->found[at - 1];
	c->score += score;
	if (by < c->by)
		c->by = by;
}

static void bucket_candidates(struct matching *m, const struct key *key, const struct bucket *b)
{
	uint32_t sessions = b->n[0] > b->n[1] ? b->n[0] : b->n[1];
	if (!b->n[0] || !b->n[1])
		return;
	unsigned score = 0;
	enum match_by by = MATCH_CONTENT;
	switch (key->kind) {
	case KEY_TUPLE: score = SAME_TUPLE; by = MATCH_CONNECTION; break;
	case KEY_ISN: score = SAME_ISN; by = MATCH_SEQUENCE; break;
	case KEY_CLIENT_PORT: score = SAME_CLIENT_PORT; break;
	case KEY_SERVER: score = SAME_SERVER; break;
	case KEY_SERVER_LINE: score = SERVER_LINE / (sessions < SERVER_LINE ? sessions : SERVER_LINE); break;
	default: score = RARE_LINE / (sessions < RARE_LINE ? sessions : RARE_LINE); break;
	}
	if (sessions > OCCURRENCES && key->kind != KEY_TUPLE)
		return;
	for (size_t i = 0; i < b->n[0] && i < OCCURRENCES; i++)
		for (size_t k = 0; k < b->n[1] && k < OCCURRENCES; k++)
			candidate_add(m, bucket_at(b, 0, i), bucket_at(b, 1, k), score, by);
}

/* The first of one side may be the first of the other, and the last the last: if none is missing, all are right. */
static void alike_candidates(struct matching *m, const struct alike *l)
{
	size_t n = l->n[0] < l->n[1] ? l->n[0] : l->n[1];
	for (size_t k = 0; k < n; k++) {
		candidate_add(m, l->of[0][k], l->of[1][k], SAME_MAIL, MATCH_CONTENT);
		if (l->n[0] != l->n[1])
			candidate_add(m, l->of[0][l->n[0] - 1 - k], l->of[1][l->n[1] - 1 - k], SAME_MAIL, MATCH_CONTENT);
	}
}

static int64_t start_of(const struct matching *m, int side, size_t i)
{
	return m->side[side][i].connection->first.time;
}

/* Once the clocks' difference is known: those that began when this one did. */
static void timely_candidates(struct matching *m, const struct alike *l, int64_t usual)
{
	size_t next = 0;
	for (size_t k = 0; k < l->n[0]; k++) {
		int64_t expected = start_of(m, 0, l->of[0][k]) + usual;
		while (next < l->n[1] && start_of(m, 1, l->of[1][next]) < expected - nanoseconds)
			next++;
		for (size_t i = next; i < l->n[1] && i < next + NEAREST && start_of(m, 1, l->of[1][i]) <= expected + nanoseconds; i++)
			candidate_add(m, l->of[0][k], l->of[1][i], SAME_MAIL, MATCH_CONTENT);
	}
}

/* ---- choice ---- */

struct vote { int64_t start; unsigned weight; };

static int by_time(const void *a, const void *b)
{
	int64_t x = ((const struct vote *)a)->start, y = ((const struct vote *)b)->start;
	return (x > y) - (x < y);
}

static int64_t distance(int64_t a, int64_t b)
{
	return a > b ? a - b : b - a;
}

/* The clocks' difference by the starts of pairs: of those that a sequence number or their addresses make sure; else the one that most
 * candidates share within a second, by what they have in common, however little: sessions that are all alike share little with each
 * other, and only at the true difference all of them have a partner. */
static bool usual_start(const struct matching *m, int64_t *usual)
{
	struct vote *starts = memory_new(m->nfound + 1, sizeof *starts);
	size_t n = 0, best = 0;
	uint64_t weight = 0, most = 0;
	for (size_t i = 0; i < m->nfound; i++)
		if (m->found[i].score >= SAME_TUPLE)
			starts[n++] = (struct vote){ m->found[i].start, 1 };
	bool sure = n > 0;
	for (size_t i = 0; i < m->nfound && !sure; i++)
		if (m->found[i].score)
			starts[n++] = (struct vote){ m->found[i].start, SAME_START + m->found[i].score };
	qsort(starts, n, sizeof *starts, by_time);
	for (size_t i = 0, k = 0; i < n; i++) {
		weight += starts[i].weight;
		while (starts[i].start - starts[k].start > nanoseconds)
			weight -= starts[k++].weight;
		if (weight > most) {
			most = weight;
			best = k + (i - k) / 2;
		}
	}
	*usual = n ? starts[best].start : 0;
	free(starts);
	return n > 0;
}

static int by_score(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	if (x->score != y->score)
		return x->score < y->score ? 1 : -1;
	if (x->off != y->off)
		return x->off < y->off ? -1 : 1;
	if (x->inside != y->inside)
		return x->inside < y->inside ? -1 : 1;
	return (x->outside > y->outside) - (x->outside < y->outside);
}

static int by_inside(const void *a, const void *b)
{
	const struct match *x = a, *y = b;
	return (x->inside > y->inside) - (x->inside < y->inside);
}

/* What two sessions say alike, in tenths of the shorter one's turns. */
static unsigned likeness(const struct account *a, const struct account *b)
{
	enum { TURNS = 64 };
	size_t na = a->n < TURNS ? a->n : TURNS, nb = b->n < TURNS ? b->n : TURNS, least = na < nb ? na : nb, alike = 0;
	for (size_t i = 0; i < na; i++)
		for (size_t k = 0; k < nb; k++)
			if (a->turns[i].command_key == b->turns[k].command_key && a->turns[i].reply_key == b->turns[k].reply_key) {
				alike++;
				break;
			}
	return least ? (unsigned)(10 * alike / least) : 0;
}

/* The only one of a side that is left over and begins about then; BYTES_NONE: there is none, or several. */
static size_t alone_at(const struct matching *m, int side, const bool *taken, int64_t time)
{
	size_t found = BYTES_NONE;
	for (size_t i = 0; i < m->n[side]; i++) {
		if (taken[i] || distance(start_of(m, side, i), time) > nanoseconds)
			continue;
		if (found != BYTES_NONE)
			return BYTES_NONE;
		found = i;
	}
	return found;
}

/* A box may have changed all that tells a session from others. When the clocks are known, and nothing else is left that began at that time,
 * and half of what is said is said on both sides, it is the same. */
static void choose_by_time(const struct matching *m, bool *const taken[2], int64_t usual, struct matches *to)
{
	enum { KNOWN_PAIRS = 3, HALF = 5, LEFT_MOST = 1000 };
	const int64_t near = to->n < KNOWN_PAIRS ? nanoseconds / 50 : nanoseconds / 4; /* few pairs say little of how starts differ */
	size_t left = 0;
	if (!to->n)
		return;
	for (size_t i = 0; i < m->n[0] && left < LEFT_MOST; i++) {
		if (taken[0][i])
			continue;
		left++;
		int64_t expected = start_of(m, 0, i) + usual;
		size_t k = alone_at(m, 1, taken[1], expected);
		if (k == BYTES_NONE || distance(start_of(m, 1, k), expected) > near || alone_at(m, 0, taken[0], start_of(m, 1, k) - usual) != i)
			continue;
		if (likeness(&m->side[0][i], &m->side[1][k]) < HALF)
			continue;
		taken[0][i] = taken[1][k] = true;
		to->pairs[to->n++] = (struct match){ i, k, MATCH_CONTENT };
	}
}

/* Sessions that are alike differ in the order of what is said. */
static unsigned at_same_places(const struct account *a, const struct account *b)
{
	unsigned alike = 0;
	for (size_t i = 0; i < a->n && i < b->n && i < PLACES; i++)
		alike += a->turns[i].spoken && b->turns[i].spoken && a->turns[i].command_key == b->turns[i].command_key;
	return alike;
}

static void choose(struct matching *m, struct matches *to)
{
	bool *taken[2] = { ARENA_ARRAY(&m->scratch, bool, m->n[0] + 1), ARENA_ARRAY(&m->scratch, bool, m->n[1] + 1) };
	int64_t usual;
	for (size_t i = 0; i < m->nfound; i++)
		if (m->found[i].score >= LEAST)
			m->found[i].score += SAME_COMMAND * at_same_places(&m->side[0][m->found[i].inside], &m->side[1][m->found[i].outside]);
	bool known = usual_start(m, &usual);
	for (size_t i = 0; known && i < m->mails.count; i++)
		timely_candidates(m, m->mails.entries[i]->value, usual);
	for (size_t i = 0; i < m->nfound; i++) {
		struct candidate *c = &m->found[i];
		c->off = known ? distance(c->start, usual) : 0;
		int64_t loss = c->off / (nanoseconds / LATE_SECOND);
		if (c->score < SAME_TUPLE)
			c->score -= loss < (int64_t)c->score ? (unsigned)loss : c->score;
	}
	if (m->nfound)
		qsort(m->found, m->nfound, sizeof *m->found, by_score);
	for (size_t i = 0; i < m->nfound; i++) {
		const struct candidate *c = &m->found[i];
		bool sure = c->score >= SAME_TUPLE;
		if (taken[0][c->inside] || taken[1][c->outside] || c->score < LEAST || (!sure && c->off > APART * nanoseconds))
			continue;
		taken[0][c->inside] = taken[1][c->outside] = true;
		to->pairs[to->n++] = (struct match){ c->inside, c->outside, c->by };
	}
	if (known)
		choose_by_time(m, taken, usual, to);
	qsort(to->pairs, to->n, sizeof *to->pairs, by_inside);
}

struct matches sessions_match(struct arena *arena, const struct account *inside, size_t ninside, const struct account *outside, size_t noutside)
{
	struct matching m = { .arena = arena, .side = { inside, outside }, .n = { ninside, noutside } };
	struct matches found = { ARENA_ARRAY(arena, struct match, ninside + 1), 0 };
	for (int side = 0; side < 2; side++)
		for (size_t i = 0; i < m.n[side]; i++) {
			keys_add(&m, side, i);
			mail_add(&m, side, i);
		}
	for (size_t i = 0; i < m.buckets.count; i++)
		bucket_candidates(&m, (const struct key *)(const void *)m.buckets.entries[i]->key.p, m.buckets.entries[i]->value);
	for (size_t i = 0; i < m.mails.count; i++)
		alike_candidates(&m, m.mails.entries[i]->value);
	choose(&m, &found);
	for (size_t i = 0; i < m.mails.count; i++)
		for (int side = 0; side < 2; side++)
			free(((struct alike *)m.mails.entries[i]->value)->of[side]);
	map_free(&m.mails);
	free(m.found);
	map_free(&m.buckets);
	map_free(&m.seen);
	arena_drop(&m.scratch);
	return found;
}
