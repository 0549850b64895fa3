/* outbreak.c - takes which sessions met which cause, gives the moments since which they do. */
#include "store/outbreak.h"

#include <stdlib.h>

enum scope { SCOPE_ALL, SCOPE_NETWORK, SCOPE_SERVER, SCOPES };

/* All sessions, group by group, in order of time. */
struct order {
	uint32_t *numbers;   /* place -> session */
	uint32_t *places;    /* session -> place */
	uint32_t *begins;    /* group -> its first place */
};

struct keyed {
	uint32_t number;
	int64_t time;
};

struct struck {
	uint32_t place;
	const struct hit *hit;
};

struct found {
	struct turn change;
	double weight;
	bool used;
};

struct search {
	const struct population *p;
	struct order orders[SCOPES];
	size_t ncauses; /* that struck at all */
	struct arena scratch;
};

static int by_time(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

static uint32_t group_of(const struct person *who, enum scope scope)
{
	return scope == SCOPE_SERVER ? who->server : scope == SCOPE_NETWORK ? who->network : 0;
}

/* All sessions in order of time: ids are, but where databases were merged. */
static struct keyed *in_time(const struct population *p)
{
	struct keyed *keys = memory_new(p->n, sizeof *keys);
	bool sorted = true;
	for (size_t i = 0; i < p->n; i++) {
		keys[i] = (struct keyed){ (uint32_t)i, p->people[i].start };
		sorted = sorted && (i == 0 || keys[i - 1].time <= keys[i].time);
	}
	if (!sorted)
		qsort(keys, p->n, sizeof *keys, by_time);
	return keys;
}

/* They keep their order within a group: each is put behind the last of its own. */
static struct order order_of(const struct population *p, enum scope scope, const struct keyed *keys, struct arena *arena)
{
	size_t ngroups = scope == SCOPE_SERVER ? p->nservers : scope == SCOPE_NETWORK ? p->nnetworks : 1;
	struct order o = { ARENA_ARRAY(arena, uint32_t, p->n), ARENA_ARRAY(arena, uint32_t, p->n), ARENA_ARRAY(arena, uint32_t, ngroups + 1) };
	uint32_t *next = memory_new(ngroups + 1, sizeof *next);
	for (size_t i = 0; i < p->n; i++)
		o.begins[group_of(&p->people[i], scope) + 1]++;
	for (size_t g = 0; g < ngroups; g++)
		next[g + 1] = o.begins[g + 1] += o.begins[g];
	for (size_t i = 0; i < p->n; i++) {
		uint32_t number = keys[i].number, at = next[group_of(&p->people[number], scope)]++;
		o.numbers[at] = number;
		o.places[number] = at;
	}
	free(next);
	return o;
}

/* One cause in one group: its hits lie at from..to. */
static bool judge(const struct search *s, enum scope scope, const struct struck *struck, size_t n, struct found *out)
{
	const struct order *o = &s->orders[scope];
	const struct person *who = &s->p->people[struck[0].hit->number];
	uint32_t group = group_of(who, scope), begin = o->begins[group], size = o->begins[group + 1] - begin;
	uint32_t *at = memory_new(n, sizeof *at);
	for (size_t i = 0; i < n; i++)
		at[i] = struck[i].place - begin;
	struct onset onset;
	size_t groups = scope == SCOPE_SERVER ? s->p->nservers : scope == SCOPE_NETWORK ? s->p->nnetworks : 1;
	bool found = onset_find(at, n, size, groups * s->ncauses, &onset);
	if (found) {
		const struct struck *first = &struck[onset.at];
		const struct person *last = &s->p->people[o->numbers[first->place - 1]], *since = &s->p->people[first->hit->number];
		unsigned before = first->place - begin;
		*out = (struct found){ .weight = onset.weight, .used = true, .change = {
			.kind = TURN_ERRORS, .server = scope == SCOPE_SERVER ? group : SERVER_ANY, .network = scope == SCOPE_NETWORK ? group : NETWORK_ANY,
			.last_before = last->start, .since = first->hit->first, .session_before = last->id, .session_since = since->id,
			.nbefore = before, .nafter = size - before, .hits_before = onset.hits_before, .hits_after = (unsigned)(n - onset.at),
			.party = PARTY_UNKNOWN, .certainty = CERTAINTY_LIKELY } };
	}
	free(at);
	return found;
}

/* The onsets of one cause at one scope; how clear the clearest is. struck: in order of place. */
static double judge_scope(const struct search *s, enum scope scope, const struct struck *struck, size_t n, struct found *found, size_t most, size_t *nfound)
{
	double weight = 0;
	*nfound = 0;
	for (size_t from = 0, to; from < n && *nfound < most; from = to) {
		uint32_t group = group_of(&s->p->people[struck[from].hit->number], scope), end = s->orders[scope].begins[group + 1];
		for (to = from; to < n && struck[to].place < end; to++)
			;
		if (judge(s, scope, struck + from, to - from, &found[*nfound])) {
			weight = found[*nfound].weight > weight ? found[*nfound].weight : weight;
			++*nfound;
		}
	}
	return weight;
}

/* A cause at the widest scope that is as clear as any narrower one. */
static void judge_cause(const struct search *s, struct struck *const struck[SCOPES], size_t from, size_t n, enum cause cause, struct arena *arena, struct turns *out)
{
	enum { FOUND_MOST = 200 };
	struct found *found = memory_new(SCOPES * FOUND_MOST, sizeof *found);
	size_t counts[SCOPES], best = SCOPE_ALL;
	double weights[SCOPES];
	for (enum scope scope = SCOPE_ALL; scope < SCOPES; scope++)
		weights[scope] = judge_scope(s, scope, struck[scope] + from, n, found + scope * FOUND_MOST, FOUND_MOST, &counts[scope]);
	for (size_t scope = SCOPE_NETWORK; scope < SCOPES; scope++)
		if (weights[scope] > weights[best])
			best = scope;
	/* One server (one network) among one: its own name says more than "everywhere". */
	if (best == SCOPE_ALL && s->p->nservers == 1 && counts[SCOPE_SERVER] == 1)
		best = SCOPE_SERVER;
	for (size_t i = 0; i < counts[best]; i++) {
		struct turn c = found[best * FOUND_MOST + i].change;
		c.cause = cause;
		turns_add(out, arena, c);
	}
	free(found);
}

/* The hits of each cause, in the order of a scope: begins says where each cause begins. */
static struct struck *in_order(const struct population *p, const struct order *order, const uint32_t *first_hits, const size_t *begins, size_t ncauses)
{
	enum { AHEAD = 8 }; /* hits of a server lie far apart */
	struct struck *struck = memory_new(p->nhits, sizeof *struck);
	size_t *next = memory_new(ncauses + 1, sizeof *next);
	for (size_t c = 0; c <= ncauses; c++)
		next[c] = begins[c];
	for (uint32_t place = 0; place < p->n; place++) {
		uint32_t number = order->numbers[place];
		if (place + AHEAD < p->n)
			__builtin_prefetch(&p->hits[first_hits[order->numbers[place + AHEAD]]]);
		for (uint32_t h = first_hits[number]; h < first_hits[number + 1]; h++)
			if (p->hits[h].cause_id < ncauses)
				struck[next[p->hits[h].cause_id]++] = (struct struck){ place, &p->hits[h] };
	}
	free(next);
	return struck;
}

/* first_hits: where the hits of each session begin; begins: those of each cause. */
static void count_hits(const struct population *p, uint32_t *first_hits, size_t *begins, size_t ncauses)
{
	for (size_t h = 0; h < p->nhits; h++) {
		first_hits[p->hits[h].number + 1]++;
		if (p->hits[h].cause_id < ncauses)
			begins[p->hits[h].cause_id + 1]++;
	}
	for (size_t i = 0; i < p->n; i++)
		first_hits[i + 1] += first_hits[i];
	for (size_t c = 0; c < ncauses; c++)
		begins[c + 1] += begins[c];
}

void outbreaks_find(const struct population *p, const enum cause *cause_of, size_t ncauses, struct arena *arena, struct turns *out)
{
	if (!p->nhits)
		return;
	struct search s = { .p = p };
	struct struck *struck[SCOPES];
	uint32_t *first_hits = ARENA_ARRAY(&s.scratch, uint32_t, p->n + 1);
	size_t *begins = ARENA_ARRAY(&s.scratch, size_t, ncauses + 1);
	struct keyed *keys = in_time(p);
	count_hits(p, first_hits, begins, ncauses);
	for (enum scope scope = SCOPE_ALL; scope < SCOPES; scope++) {
		s.orders[scope] = order_of(p, scope, keys, &s.scratch);
		struck[scope] = in_order(p, &s.orders[scope], first_hits, begins, ncauses);
	}
	free(keys);
	for (size_t c = 0; c < ncauses; c++)
		s.ncauses += begins[c + 1] > begins[c];
	for (size_t c = 0; c < ncauses; c++)
		if (begins[c + 1] > begins[c] && cause_of[c] < CAUSE_COUNT)
			judge_cause(&s, struck, begins[c], begins[c + 1] - begins[c], cause_of[c], arena, out);
	for (enum scope scope = SCOPE_ALL; scope < SCOPES; scope++)
		free(struck[scope]);
	arena_drop(&s.scratch);
}
