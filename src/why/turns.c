/* turns.c - takes sightings, gives changes. A value that alternates is a pool; one that turns once, and stays, is a change: how
 * likely an accident is is counted (runs of two kinds in random order), not guessed. */
#include "why/turns.h"

#include <stdlib.h>

#include "base/banned.h"

enum {
	RUNS_MOST = 4,     /* more turns than three are no moment any more */
	SIDE_LEAST = 2,    /* sessions on each side; one is an accident, but for bytes overwritten in transit */
	TTL_APART = 2,     /* one hop more or less happens with load-shared routes */
};
static const double by_accident = 0.01, hardly = 0.001;

struct run {
	uint32_t value;
	bool mixed;            /* of a coarse series: of several values */
	size_t first, last, n; /* indexes of the series */
};

/* Room for one server at a time, as large as the largest needs it. */
struct room {
	uint32_t *at;            /* of the series */
	uint32_t *paths, *order; /* network by network: indexes of all of the server's sightings, and those of the series */
	bool *member;            /* which of them are of the series */
	uint8_t *marks;          /* one a network */
	uint32_t *begins;        /* one a network: how many sightings, then where the next one goes; 0 between two servers */
	uint32_t *networks;      /* those of the server, ascending */
	struct part *parts;      /* one a network of the server */
	size_t nnetworks, parts_room;
	struct bulk_pace pace;   /* of all loops here */
};

struct series {
	const struct sightings *in;
	struct room *room;
	enum turn_kind kind;
	uint32_t *at; /* indexes of sightings that know the value, in order of time */
	size_t n;
	bool coarse;  /* only whether it is overwritten counts */
	struct run runs[RUNS_MOST + 1];
	size_t nruns; /* RUNS_MOST + 1: that many or more */
};

static const struct sighting *seen(const struct series *s, size_t i)
{
	return &s->in->all[s->at[i]];
}

static uint32_t value(const struct series *s, size_t i)
{
	return sighting_value(s->in, seen(s, i), s->kind);
}

static bool is_masked(const struct series *s, uint32_t v)
{
	return s->kind != TURN_TTL && s->in->values[v].masked;
}

static bool same(const struct series *s, uint32_t a, uint32_t b)
{
	if (s->coarse && is_masked(s, a) == is_masked(s, b))
		return true;
	return a == b || (s->kind == TURN_TTL && (a > b ? a - b : b - a) < TTL_APART);
}

static void begin_runs(struct series *s)
{
	s->runs[0] = (struct run){ value(s, 0), false, 0, 0, 1 };
	s->nruns = 1;
}

/* Of a series that is not empty. */
static void find_runs(struct series *s)
{
	struct run *r = s->runs;
	begin_runs(s);
	for (size_t i = 1; i < s->n && r < s->runs + RUNS_MOST; i++) {
		uint32_t v = value(s, i);
		bulk_rest(s->in->bulk, &s->room->pace);
		if (!same(s, r->value, v))
			*++r = (struct run){ v, false, i, i, 1 };
		else
			r->last = i, r->n++, r->mixed |= s->coarse && r->value != v;
	}
	s->nruns = (size_t)(r - s->runs) + 1;
}

/* Of all orders of a and b things of two kinds, the share that has each kind together. */
static double accident(size_t a, size_t b)
{
	size_t less = a < b ? a : b, more = a < b ? b : a;
	double orders = 1;
	for (size_t i = 1; i <= less && orders < 1e9; i++)
		orders *= (double)(more + i) / (double)i;
	return 2 / orders;
}

static bool is_starred(const struct series *s, uint32_t v)
{
	return s->kind == TURN_BANNER && v == VALUE_STARRED;
}

static bool turn_is_clear(const struct series *s, size_t r)
{
	const struct run *a = &s->runs[r], *b = &s->runs[r + 1];
	if (is_masked(s, a->value) != is_masked(s, b->value))
		return true;
	return a->n >= SIDE_LEAST && b->n >= SIDE_LEAST && accident(a->n, b->n) <= by_accident;
}

/* Turns are told when none of the runs is an accident: A B A B in singles is a pool. */
static bool is_clear(const struct series *s)
{
	if (s->nruns < 2 || s->nruns > RUNS_MOST)
		return false;
	for (size_t r = 0; r + 1 < s->nruns; r++)
		if (!turn_is_clear(s, r))
			return false;
	return true;
}

/* Values may come and go while a box is at work all the same: then only that is looked at. */
static bool has_clear_runs(struct series *s)
{
	if (s->n == 1) {
		begin_runs(s);
		return false;
	}
	find_runs(s);
	if (s->nruns < 2 || is_clear(s))
		return s->nruns >= 2;
	if (s->kind == TURN_TTL) /* is never overwritten */
		return false;
	struct series fine = *s;
	s->coarse = true;
	find_runs(s);
	if (is_clear(s))
		return true;
	*s = fine;
	return false;
}

/* ---- who can have done it ---- */

/* Networks that were seen on both sides of a turn. */
static unsigned count_networks(const struct series *s, size_t r)
{
	enum { BEFORE = 1, BOTH };
	unsigned both = 0;
	const struct run *a = &s->runs[r], *b = &s->runs[r + 1];
	uint8_t *mark = s->room->marks;
	for (size_t i = a->first; i <= a->last; i++, bulk_rest(s->in->bulk, &s->room->pace))
		mark[seen(s, i)->network] = BEFORE;
	for (size_t i = b->first; i <= b->last; i++, bulk_rest(s->in->bulk, &s->room->pace)) {
		uint8_t *m = &mark[seen(s, i)->network];
		both += *m == BEFORE;
		*m = *m == BEFORE ? BOTH : *m;
	}
	for (size_t i = a->first; i <= a->last; i++, bulk_rest(s->in->bulk, &s->room->pace))
		mark[seen(s, i)->network] = 0;
	return both;
}

/* Whether sessions of other networks with the same server show the old value after the change. The latest are looked at. */
static bool kept_elsewhere(const struct series *all, uint32_t network, uint32_t old, int64_t since)
{
	enum { LOOKED_AT_MOST = 10000 };
	unsigned n = 0, looked = 0;
	for (size_t i = all->n; i-- > 0 && n < SIDE_LEAST && looked < LOOKED_AT_MOST && seen(all, i)->time >= since; looked++)
		n += seen(all, i)->network != network && same(all, value(all, i), old);
	return n >= SIDE_LEAST;
}

static void add_turn(const struct series *s, const struct series *all, uint32_t network, size_t r, struct arena *arena, struct turns *out)
{
	const struct run *a = &s->runs[r], *b = &s->runs[r + 1];
	const struct sighting *last = seen(s, a->last), *first = seen(s, b->first);
	struct turn c = {
		.kind = s->kind, .server = first->server, .network = network, .cause = CAUSE_COUNT,
		.before = a->mixed && !is_masked(s, a->value) ? 0 : a->value, .after = b->mixed && !is_masked(s, b->value) ? 0 : b->value,
		.alters = is_masked(s, b->value) || is_starred(s, b->value),
		.last_before = last->time, .since = first->time, .session_before = last->session, .session_since = first->session,
		.nbefore = (unsigned)a->n, .nafter = (unsigned)b->n, .party = PARTY_UNKNOWN, .networks = count_networks(s, r), .servers = 1,
		.certainty = accident(a->n, b->n) <= hardly ? CERTAINTY_LIKELY : CERTAINTY_POSSIBLE,
	};
	if (is_masked(s, a->value) != is_masked(s, b->value)) {
		c.party = PARTY_MIDDLEBOX;
		c.certainty = CERTAINTY_PROVEN;
	} else if (network == NETWORK_ANY && c.networks > 1) {
		c.party = PARTY_SERVER;
	} else if (network != NETWORK_ANY && kept_elsewhere(all, network, a->value, first->time)) {
		/* A greeting of stars may be configured, but not for one path. */
		c.party = is_starred(s, b->value) ? PARTY_MIDDLEBOX : PARTY_ROUTING;
	}
	turns_add(out, arena, c);
}

void turns_add(struct turns *out, struct arena *arena, struct turn change)
{
	if (out->n == out->room) {
		size_t room = out->room ? 2 * out->room : 16;
		struct turn *more = ARENA_ARRAY(arena, struct turn, room);
		for (size_t i = 0; i < out->n; i++)
			more[i] = out->all[i];
		out->all = more;
		out->room = room;
	}
	out->all[out->n++] = change;
}

void turns_free(struct turns *out)
{
	bulk_free(out->bulk, out->suspicions);
	*out = (struct turns){ 0 };
}

/* ---- by path ---- */

struct part { /* the sessions of one network with one server */
	uint32_t network;
	struct series series;
};

/* The networks that share one value. */
struct camp {
	uint32_t value;
	size_t n;              /* sessions */
	int64_t first, last;   /* times */
	int64_t session;       /* the first */
};

static size_t camps_of(const struct part *parts, size_t n, struct camp *camps, size_t most)
{
	size_t ncamps = 0;
	for (size_t i = 0; i < n; i++) {
		const struct series *s = &parts[i].series;
		if (s->nruns != 1 || s->n < SIDE_LEAST)
			return 0;
		size_t k = 0;
		while (k < ncamps && !same(s, camps[k].value, s->runs[0].value))
			k++;
		if (k == most)
			return 0;
		const struct sighting *first = seen(s, 0), *last = seen(s, s->n - 1);
		if (k == ncamps)
			camps[ncamps++] = (struct camp){ s->runs[0].value, 0, first->time, last->time, first->session };
		camps[k].n += s->n;
		camps[k].first = first->time < camps[k].first ? first->time : camps[k].first;
		camps[k].last = last->time > camps[k].last ? last->time : camps[k].last;
	}
	return ncamps;
}

/* What a server says by itself: never what is overwritten; the keyword rather than its absence; else what most sessions show. */
static bool is_more_usual(const struct series *s, const struct camp *a, const struct camp *b)
{
	bool altered = is_masked(s, a->value) || is_starred(s, a->value);
	if (altered != (is_masked(s, b->value) || is_starred(s, b->value)))
		return !altered;
	if (s->kind == TURN_STARTTLS && (a->value == VALUE_OFFERED || b->value == VALUE_OFFERED))
		return a->value == VALUE_OFFERED;
	return a->n > b->n;
}

/* Where each network has one value, and the networks differ at the same time, it depends on the path. */
static void by_path(const struct part *parts, size_t n, struct arena *arena, struct turns *out)
{
	enum { CAMPS_MOST = 4 };
	struct camp camps[CAMPS_MOST];
	size_t ncamps = camps_of(parts, n, camps, CAMPS_MOST), usual = 0;
	for (size_t k = 1; k < ncamps; k++)
		if (is_more_usual(&parts[0].series, &camps[k], &camps[usual]))
			usual = k;
	for (size_t i = 0; ncamps > 1 && i < n; i++) {
		const struct series *s = &parts[i].series;
		const struct camp *witness = &camps[usual];
		const struct sighting *first = seen(s, 0);
		bool masked = is_masked(s, s->runs[0].value) != is_masked(s, witness->value), starred = is_starred(s, s->runs[0].value);
		if (same(s, s->runs[0].value, witness->value) || witness->first > seen(s, s->n - 1)->time || witness->last < first->time)
			continue;
		if (!masked && accident(s->n, witness->n) > by_accident)
			continue;
		turns_add(out, arena, (struct turn){
			.kind = s->kind, .server = first->server, .network = parts[i].network, .cause = CAUSE_COUNT, .before = witness->value,
			.after = s->runs[0].value, .session_before = witness->session, .session_since = first->session, .nbefore = (unsigned)witness->n,
			.nafter = (unsigned)s->n, .party = masked || starred ? PARTY_MIDDLEBOX : PARTY_UNKNOWN, .networks = (unsigned)n, .servers = 1,
			.alters = masked || starred,
			.certainty = masked ? CERTAINTY_PROVEN : starred ? CERTAINTY_LIKELY : CERTAINTY_POSSIBLE,
		});
	}
}

/* ---- one server ---- */

static struct series series_of(const struct sightings *in, enum turn_kind kind, size_t from, size_t to, struct room *room)
{
	struct series s = { .in = in, .room = room, .kind = kind, .at = room->at };
	uint32_t stack = 0;
	bool masked = false;
	for (size_t i = from; i < to && kind == TURN_STARTTLS; i++, bulk_rest(in->bulk, &room->pace))
		masked |= sighting_value(in, &in->all[i], kind) == VALUE_MASKED;
	for (size_t i = from; i < to; i++, bulk_rest(in->bulk, &room->pace)) {
		const struct sighting *x = &in->all[i];
		/* Where EHLO is refused nothing is seen of a keyword that is overwritten elsewhere. */
		uint32_t value = sighting_value(in, x, kind);
		if (!value || (masked && kind == TURN_STARTTLS && value == VALUE_EHLO_REFUSED))
			continue;
		if (kind == TURN_STACK && stack && x->client_stack != stack)
			continue;
		stack = x->client_stack;
		s.at[s.n++] = (uint32_t)i;
	}
	return s;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

/* The sessions of one server, network by network, in order of time within each. */
static void find_paths(const struct sightings *in, size_t from, size_t to, struct room *room)
{
	room->nnetworks = 0;
	for (size_t i = from; i < to; i++, bulk_rest(in->bulk, &room->pace))
		if (!room->begins[in->all[i].network]++)
			room->networks[room->nnetworks++] = in->all[i].network;
	qsort(room->networks, room->nnetworks, sizeof *room->networks, by_number);
	uint32_t at = 0;
	for (size_t k = 0; k < room->nnetworks; k++) {
		uint32_t *begin = &room->begins[room->networks[k]], n = *begin;
		*begin = at;
		at += n;
	}
	for (size_t i = from; i < to; i++, bulk_rest(in->bulk, &room->pace))
		room->paths[room->begins[in->all[i].network]++] = (uint32_t)i;
	for (size_t k = 0; k < room->nnetworks; k++)
		room->begins[room->networks[k]] = 0;
	if (room->nnetworks > room->parts_room) {
		room->parts_room = 2 * room->nnetworks;
		room->parts = memory_grow(room->parts, room->parts_room, sizeof *room->parts);
	}
}

/* The same indexes as those of the series, network by network. */
static uint32_t *sort_by_network(const struct series *all, size_t from, size_t to)
{
	struct room *room = all->room;
	size_t n = 0;
	if (all->n == to - from) /* each sighting knows the value */
		return room->paths;
	for (size_t i = from; i < to; i++)
		room->member[i - from] = false;
	for (size_t i = 0; i < all->n; i++, bulk_rest(all->in->bulk, &all->room->pace))
		room->member[all->at[i] - from] = true;
	for (size_t i = 0; i < to - from; i++, bulk_rest(all->in->bulk, &all->room->pace))
		if (room->member[room->paths[i] - from])
			room->order[n++] = room->paths[i];
	return room->order;
}

/* find_paths was asked. */
static void each_path(const struct series *all, size_t from, size_t to, struct arena *arena, struct turns *out)
{
	uint32_t *order = sort_by_network(all, from, to);
	struct part *parts = all->room->parts;
	size_t nparts = 0;
	bool turned = false;
	for (size_t i = 0, end; i < all->n; i = end) {
		uint32_t network = all->in->all[order[i]].network;
		for (end = i; end < all->n && all->in->all[order[end]].network == network; end++)
			bulk_rest(all->in->bulk, &all->room->pace);
		struct part *p = &parts[nparts++];
		p->network = network;
		p->series.in = all->in;
		p->series.room = all->room;
		p->series.kind = all->kind;
		p->series.coarse = false;
		p->series.at = order + i;
		p->series.n = end - i;
		bool clear = has_clear_runs(&p->series);
		for (size_t r = 0; clear && r + 1 < p->series.nruns; r++, turned = true)
			add_turn(&p->series, all, network, r, arena, out);
	}
	if (!turned && nparts > 1)
		by_path(parts, nparts, arena, out);
}

static bool is_of_one_network(const struct series *s)
{
	uint32_t network = seen(s, 0)->network;
	for (size_t i = 1; i < s->n; i++, bulk_rest(s->in->bulk, &s->room->pace))
		if (seen(s, i)->network != network)
			return false;
	return true;
}

static void each_kind(const struct sightings *in, size_t from, size_t to, struct room *room, struct arena *arena, struct turns *out)
{
	bool paths = false;
	for (enum turn_kind kind = 0; kind < SEEN_KINDS; kind++) {
		struct series s = series_of(in, kind, from, to, room);
		bool clear = s.n && has_clear_runs(&s);
		if (s.nruns < 2)
			continue;
		bool one = is_of_one_network(&s);
		for (size_t r = 0; clear && !one && r + 1 < s.nruns; r++)
			clear = count_networks(&s, r) > 1;
		for (size_t r = 0; clear && r + 1 < s.nruns; r++)
			add_turn(&s, &s, one ? seen(&s, 0)->network : NETWORK_ANY, r, arena, out);
		if (clear || one)
			continue;
		if (!paths)
			find_paths(in, from, to, room);
		paths = true;
		each_path(&s, from, to, arena, out);
	}
}

/* ---- all servers ---- */

/* Where the sightings of the same server end. */
static size_t end_of(const struct sightings *in, size_t from, struct room *room)
{
	size_t to = from;
	for (; to < in->n && in->all[to].server == in->all[from].server; to++)
		bulk_rest(in->bulk, &room->pace);
	return to;
}

static struct room room_for(const struct sightings *in)
{
	struct room room = { .marks = memory_new(in->nnetworks, sizeof *room.marks), .begins = memory_new(in->nnetworks, sizeof *room.begins),
	                     .networks = memory_new(in->nnetworks, sizeof *room.networks) };
	size_t most = 0;
	for (size_t from = 0, to; from < in->n; from = to) {
		to = end_of(in, from, &room);
		most = to - from > most ? to - from : most;
	}
	room.at = BULK_BARE(in->bulk, uint32_t, most);
	room.paths = BULK_BARE(in->bulk, uint32_t, most);
	room.order = BULK_BARE(in->bulk, uint32_t, most);
	room.member = BULK_BARE(in->bulk, bool, most);
	return room;
}

static void room_free(const struct sightings *in, struct room *room)
{
	bulk_free(in->bulk, room->at);
	bulk_free(in->bulk, room->paths);
	bulk_free(in->bulk, room->order);
	bulk_free(in->bulk, room->member);
	free(room->marks);
	free(room->begins);
	free(room->networks);
	free(room->parts);
}

void turns_find(struct sightings *in, struct arena *arena, struct turns *out)
{
	if (!in->n)
		return;
	sightings_sort(in);
	struct room room = room_for(in);
	for (size_t from = 0, to; from < in->n; from = to) {
		to = end_of(in, from, &room);
		each_kind(in, from, to, &room, arena, out);
	}
	room_free(in, &room);
	turns_join(in, out);
}
