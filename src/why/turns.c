/* turns.c - takes sightings, gives changes. A value that alternates is a pool; one that turns once, and stays, is a change: how
 * likely an accident is is counted (runs of two kinds in random order), not guessed. */
#include "why/turns.h"

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

struct series {
	const struct sightings *in;
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
	return seen(s, i)->value[s->kind];
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

static void find_runs(struct series *s)
{
	s->nruns = 0;
	for (size_t i = 0; i < s->n && s->nruns <= RUNS_MOST; i++) {
		struct run *r = s->nruns ? &s->runs[s->nruns - 1] : NULL;
		if (!r || !same(s, r->value, value(s, i)))
			s->runs[s->nruns++] = (struct run){ value(s, i), false, i, i, 1 };
		else
			r->last = i, r->n++, r->mixed |= s->coarse && r->value != value(s, i);
	}
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
	find_runs(s);
	if (s->nruns < 2 || is_clear(s))
		return s->nruns >= 2;
	s->coarse = true;
	find_runs(s);
	if (is_clear(s))
		return true;
	s->coarse = false;
	find_runs(s);
	return false;
}

/* ---- who can have done it ---- */

/* Networks that were seen on both sides of a turn. */
static unsigned count_networks(const struct series *s, size_t r)
{
	enum { BEFORE = 1, BOTH };
	unsigned both = 0;
	const struct run *a = &s->runs[r], *b = &s->runs[r + 1];
	uint8_t *mark = s->in->marks;
	for (size_t i = a->first; i <= a->last; i++)
		mark[seen(s, i)->network] = BEFORE;
	for (size_t i = b->first; i <= b->last; i++) {
		uint8_t *m = &mark[seen(s, i)->network];
		both += *m == BEFORE;
		*m = *m == BEFORE ? BOTH : *m;
	}
	for (size_t i = a->first; i <= a->last; i++)
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

static struct series series_of(const struct sightings *in, enum turn_kind kind, size_t from, size_t to, struct arena *arena)
{
	struct series s = { .in = in, .kind = kind, .at = ARENA_ARRAY(arena, uint32_t, to - from) };
	uint32_t stack = 0;
	bool masked = false;
	for (size_t i = from; i < to && kind == TURN_STARTTLS; i++)
		masked |= in->all[i].value[kind] == VALUE_MASKED;
	for (size_t i = from; i < to; i++) {
		const struct sighting *x = &in->all[i];
		/* Where EHLO is refused nothing is seen of a keyword that is overwritten elsewhere. */
		if (!x->value[kind] || (masked && kind == TURN_STARTTLS && x->value[kind] == VALUE_EHLO_REFUSED))
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
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

/* The sessions of one server, network by network, put in order once for all kinds that ask. */
struct paths {
	const struct sightings *in;
	size_t from, to;
	uint32_t *order; /* NULL: nobody has asked */
};

static const uint32_t *paths_order(struct paths *p, struct arena *scratch)
{
	size_t n = p->to - p->from;
	if (p->order)
		return p->order;
	uint64_t *keys = ARENA_ARRAY(scratch, uint64_t, n);
	p->order = ARENA_ARRAY(scratch, uint32_t, n);
	for (size_t i = 0; i < n; i++)
		keys[i] = (uint64_t)p->in->all[p->from + i].network << 32 | (p->from + i);
	qsort(keys, n, sizeof *keys, by_number);
	for (size_t i = 0; i < n; i++)
		p->order[i] = (uint32_t)keys[i];
	return p->order;
}

/* The same indexes as those of the series, network by network; within one they stay in order of time. */
static uint32_t *sort_by_network(const struct series *all, struct paths *paths, struct arena *scratch)
{
	const uint32_t *whole = paths_order(paths, scratch);
	uint32_t *order = ARENA_ARRAY(scratch, uint32_t, all->n);
	bool *member = ARENA_ARRAY(scratch, bool, paths->to - paths->from);
	size_t n = 0;
	for (size_t i = 0; i < all->n; i++)
		member[all->at[i] - paths->from] = true;
	for (size_t i = 0; i < paths->to - paths->from; i++)
		if (member[whole[i] - paths->from])
			order[n++] = whole[i];
	return order;
}

static void each_path(const struct series *all, struct paths *paths, struct arena *scratch, struct arena *arena, struct turns *out)
{
	uint32_t *order = sort_by_network(all, paths, scratch);
	struct part *parts = ARENA_ARRAY(scratch, struct part, all->n);
	size_t nparts = 0;
	bool turned = false;
	for (size_t i = 0, end; i < all->n; i = end) {
		uint32_t network = all->in->all[order[i]].network;
		for (end = i; end < all->n && all->in->all[order[end]].network == network; end++)
			;
		struct part *p = &parts[nparts++];
		*p = (struct part){ network, { .in = all->in, .kind = all->kind, .at = order + i, .n = end - i } };
		bool clear = has_clear_runs(&p->series);
		for (size_t r = 0; clear && r + 1 < p->series.nruns; r++, turned = true)
			add_turn(&p->series, all, network, r, arena, out);
	}
	if (!turned && nparts > 1)
		by_path(parts, nparts, arena, out);
}

static void each_kind(const struct sightings *in, size_t from, size_t to, struct arena *scratch, struct arena *arena, struct turns *out)
{
	struct paths paths = { .in = in, .from = from, .to = to };
	for (enum turn_kind kind = 0; kind < SEEN_KINDS; kind++) {
		struct series s = series_of(in, kind, from, to, scratch);
		bool clear = s.n && has_clear_runs(&s), one = true;
		if (s.nruns < 2)
			continue;
		uint32_t network = seen(&s, 0)->network;
		for (size_t i = 0; one && i < s.n; i++)
			one = seen(&s, i)->network == network;
		for (size_t r = 0; clear && !one && r + 1 < s.nruns; r++)
			clear = count_networks(&s, r) > 1;
		for (size_t r = 0; clear && r + 1 < s.nruns; r++)
			add_turn(&s, &s, one ? network : NETWORK_ANY, r, arena, out);
		if (!clear && !one)
			each_path(&s, &paths, scratch, arena, out);
	}
}

/* ---- one network ---- */

static bool turns_to_mask(const struct sightings *in, const struct turn *t)
{
	return t->kind != TURN_TTL && in->values[t->after].masked;
}

static int compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/* What may be one event: of one network, of one kind, in one direction; where it depends on the path alone, after the others. */
static int same_event(const struct turn *x, const struct turn *y)
{
	int order = compare(x->network, y->network);
	order = order ? order : compare(x->kind, y->kind);
	order = order ? order : compare(x->party, y->party);
	return order ? order : compare(!x->since, !y->since);
}

static int by_event(const void *a, const void *b)
{
	const struct turn *x = a, *y = b;
	int order = same_event(x, y);
	order = order ? order : compare((uint64_t)x->since, (uint64_t)y->since);
	order = order ? order : compare(x->server, y->server);
	return order ? order : compare((uint64_t)x->session_since, (uint64_t)y->session_since);
}

/* Many servers that turn for one network between the same two moments: one event, and it lies at the network's end. */
static bool is_one_event(const struct sightings *in, const struct turn *turns, size_t n)
{
	int64_t latest_before = turns[0].last_before, first_since = turns[0].since;
	for (size_t i = 1; i < n; i++) {
		if (turns[i].server == turns[i - 1].server || turns_to_mask(in, &turns[i]) != turns_to_mask(in, &turns[0]))
			return false;
		latest_before = turns[i].last_before > latest_before ? turns[i].last_before : latest_before;
		first_since = turns[i].since < first_since ? turns[i].since : first_since;
	}
	return n > 1 && turns[0].network != NETWORK_ANY && (!first_since || latest_before < first_since);
}

static struct turn join(const struct turn *turns, size_t n)
{
	struct turn one = turns[0];
	one.server = SERVER_ANY;
	for (size_t i = 1; i < n; i++) {
		const struct turn *t = &turns[i];
		one.before = t->before == one.before ? one.before : 0;
		one.after = t->after == one.after ? one.after : 0;
		if (t->last_before > one.last_before)
			one.last_before = t->last_before, one.session_before = t->session_before;
		one.nbefore += t->nbefore;
		one.nafter += t->nafter;
		one.servers += t->servers;
		one.networks = t->networks > one.networks ? t->networks : one.networks;
		one.certainty = t->certainty > one.certainty ? t->certainty : one.certainty;
	}
	return one;
}

static void join_networks(const struct sightings *in, struct turns *out)
{
	size_t kept = 0;
	if (out->n)
		qsort(out->all, out->n, sizeof *out->all, by_event);
	for (size_t from = 0, to; from < out->n; from = to) {
		for (to = from; to < out->n && same_event(&out->all[from], &out->all[to]) == 0; to++)
			;
		bool one = is_one_event(in, out->all + from, to - from);
		struct turn joined = one ? join(out->all + from, to - from) : out->all[from];
		out->all[kept++] = joined;
		for (size_t i = from + 1; !one && i < to; i++)
			out->all[kept++] = out->all[i];
	}
	out->n = kept;
}

static int by_time(const void *a, const void *b)
{
	const struct sighting *x = a, *y = b;
	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->session < y->session ? -1 : x->session > y->session;
}

/* By server, then time: in order of time first (which they mostly are), then each behind the last of its server. */
static void sort(struct sightings *in)
{
	uint32_t nservers = 0;
	bool sorted = true;
	for (size_t i = 0; i < in->n; i++) {
		sorted = sorted && (i == 0 || by_time(&in->all[i - 1], &in->all[i]) <= 0);
		nservers = in->all[i].server >= nservers ? in->all[i].server + 1 : nservers;
	}
	if (!sorted)
		qsort(in->all, in->n, sizeof *in->all, by_time);
	struct arena scratch = { 0 };
	size_t *next = ARENA_ARRAY(&scratch, size_t, nservers + 1);
	struct sighting *copy = ARENA_ARRAY(&scratch, struct sighting, in->n);
	for (size_t i = 0; i < in->n; i++) {
		copy[i] = in->all[i];
		next[in->all[i].server + 1]++;
	}
	for (uint32_t s = 0; s < nservers; s++)
		next[s + 1] += next[s];
	for (size_t i = 0; i < in->n; i++)
		in->all[next[copy[i].server]++] = copy[i];
	arena_drop(&scratch);
}

void turns_find(struct sightings *in, struct arena *arena, struct turns *out)
{
	if (!in->n)
		return;
	sort(in);
	in->marks = ARENA_ARRAY(arena, uint8_t, in->nnetworks);
	struct arena_pool pool = { 0 }; /* most servers need the same few blocks */
	for (size_t from = 0, to; from < in->n; from = to) {
		struct arena scratch = { .pool = &pool };
		for (to = from; to < in->n && in->all[to].server == in->all[from].server; to++)
			;
		each_kind(in, from, to, &scratch, arena, out);
		arena_drop(&scratch);
	}
	arena_pool_drop(&pool);
	join_networks(in, out);
}
