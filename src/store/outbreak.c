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
	uint32_t group, number;
	int64_t time;
};

struct struck {
	uint32_t cause_id, place;
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

static int by_group(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

static uint32_t group_of(const struct person *who, enum scope scope)
{
	return scope == SCOPE_SERVER ? who->server : scope == SCOPE_NETWORK ? who->network : 0;
}

static struct order order_of(const struct population *p, enum scope scope, struct arena *arena)
{
	size_t ngroups = scope == SCOPE_SERVER ? p->nservers : scope == SCOPE_NETWORK ? p->nnetworks : 1;
	struct keyed *keys = memory_new(p->n, sizeof *keys);
	struct order o = { ARENA_ARRAY(arena, uint32_t, p->n), ARENA_ARRAY(arena, uint32_t, p->n), ARENA_ARRAY(arena, uint32_t, ngroups + 1) };
	for (size_t i = 0; i < p->n; i++)
		keys[i] = (struct keyed){ group_of(&p->people[i], scope), (uint32_t)i, p->people[i].start };
	qsort(keys, p->n, sizeof *keys, by_group);
	for (size_t i = 0; i < p->n; i++) {
		o.numbers[i] = keys[i].number;
		o.places[keys[i].number] = (uint32_t)i;
		o.begins[keys[i].group + 1] = (uint32_t)i + 1;
	}
	for (size_t g = 0; g < ngroups; g++) /* groups without sessions begin where the one before ends */
		if (o.begins[g + 1] < o.begins[g])
			o.begins[g + 1] = o.begins[g];
	free(keys);
	return o;
}

static int by_cause_and_place(const void *a, const void *b)
{
	const struct struck *x = a, *y = b;
	if (x->cause_id != y->cause_id)
		return x->cause_id < y->cause_id ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
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

/* The onsets of one cause at one scope; how clear they are together. */
static double judge_scope(const struct search *s, enum scope scope, struct struck *struck, size_t n, struct found *found, size_t most, size_t *nfound)
{
	const struct order *o = &s->orders[scope];
	double weight = 0;
	*nfound = 0;
	for (size_t i = 0; i < n; i++)
		struck[i].place = o->places[struck[i].hit->number];
	qsort(struck, n, sizeof *struck, by_cause_and_place);
	for (size_t from = 0, to; from < n && *nfound < most; from = to) {
		uint32_t group = group_of(&s->p->people[struck[from].hit->number], scope);
		for (to = from; to < n && group_of(&s->p->people[struck[to].hit->number], scope) == group; to++)
			;
		if (judge(s, scope, struck + from, to - from, &found[*nfound])) {
			weight = found[*nfound].weight > weight ? found[*nfound].weight : weight;
			++*nfound;
		}
	}
	return weight;
}

/* A cause at the widest scope that is as clear as any narrower one. */
static void judge_cause(const struct search *s, struct struck *struck, size_t n, enum cause cause, struct arena *arena, struct turns *out)
{
	enum { FOUND_MOST = 200 };
	struct found *found = memory_new(SCOPES * FOUND_MOST, sizeof *found);
	size_t counts[SCOPES], best = SCOPE_ALL;
	double weights[SCOPES];
	for (enum scope scope = SCOPE_ALL; scope < SCOPES; scope++)
		weights[scope] = judge_scope(s, scope, struck, n, found + scope * FOUND_MOST, FOUND_MOST, &counts[scope]);
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

void outbreaks_find(const struct population *p, const enum cause *cause_of, size_t ncauses, struct arena *arena, struct turns *out)
{
	if (!p->nhits)
		return;
	struct search s = { .p = p };
	struct struck *struck = memory_new(p->nhits, sizeof *struck);
	for (enum scope scope = SCOPE_ALL; scope < SCOPES; scope++)
		s.orders[scope] = order_of(p, scope, &s.scratch);
	for (size_t i = 0; i < p->nhits; i++)
		struck[i] = (struct struck){ p->hits[i].cause_id, s.orders[SCOPE_ALL].places[p->hits[i].number], &p->hits[i] };
	qsort(struck, p->nhits, sizeof *struck, by_cause_and_place);
	for (size_t i = 0; i < p->nhits; i++)
		s.ncauses += i == 0 || struck[i].cause_id != struck[i - 1].cause_id;
	for (size_t from = 0, to; from < p->nhits; from = to) {
		uint32_t cause_id = struck[from].cause_id;
		for (to = from; to < p->nhits && struck[to].cause_id == cause_id; to++)
			;
		enum cause cause = cause_id < ncauses ? cause_of[cause_id] : CAUSE_COUNT;
		if (cause < CAUSE_COUNT)
			judge_cause(&s, struck + from, to - from, cause, arena, out);
	}
	free(struck);
	arena_drop(&s.scratch);
}
