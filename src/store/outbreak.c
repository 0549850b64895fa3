/* outbreak.c - takes which sessions met which cause, gives the moments since which they do. */
#include "store/outbreak.h"

#include "base/order.h"

#include <stdlib.h>

enum scope { SCOPE_ALL, SCOPE_NETWORK, SCOPE_SERVER, SCOPES };

struct struck { /* a session that met a cause, among those of its group */
	uint32_t cause_id, group, place; /* place: in order of time */
	uint32_t before, hit;            /* the session before it in the group, if there is one; population.hits */
};

struct found {
	struct turn change;
	double weight;
};

struct outcome { /* of a cause at a scope */
	struct found *all;
	size_t n;
	double weight; /* of the clearest */
};

struct search {
	const struct population *p;
	uint32_t *numbers;    /* all sessions in order of time; NULL: they are */
	uint32_t *first_hits; /* by session, and behind the last: hits lie in order of session */
	size_t *begins;       /* by cause, and behind the last: how many hits have a lesser one */
	size_t ncauses, nmet; /* met: causes that were met at all */
	size_t most;          /* hits of a cause */
	struct arena scratch;
};

static uint32_t group_of(const struct population *p, const struct person *who, enum scope scope)
{
	return scope == SCOPE_SERVER ? who->server : scope == SCOPE_NETWORK ? p->client_networks[who->client] : 0;
}

static size_t groups_of(const struct population *p, enum scope scope)
{
	return scope == SCOPE_SERVER ? p->nservers : scope == SCOPE_NETWORK ? p->nnetworks : 1;
}

/* Ids are in order of time, but where databases were merged. */
static uint32_t *in_time(const struct population *p)
{
	struct bulk_pace pace = { 0 };
	for (size_t i = 1; i < p->n; i++, bulk_rest(p->bulk, &pace))
		if (p->people[i - 1].start > p->people[i].start)
			return order_of_keys(&p->people->start, sizeof *p->people, p->n, p->bulk);
	return NULL;
}

/* ---- one scope ---- */

struct scoped {
	enum scope scope;
	struct struck *struck; /* by cause, group, place */
	uint32_t *sizes;       /* sessions by group */
	uint32_t *places;      /* room for those of one cause */
};

/* In order of time. */
static struct struck *strike(const struct search *s, struct scoped *at)
{
	const struct population *p = s->p;
	struct struck *struck = BULK_BARE(p->bulk, struct struck, p->nhits), *to = struck;
	uint32_t *last = memory_new(groups_of(p, at->scope), sizeof *last);
	struct bulk_pace pace = { 0 };
	for (size_t i = 0; i < p->n; i++, bulk_rest(p->bulk, &pace)) {
		uint32_t number = s->numbers ? s->numbers[i] : (uint32_t)i, group = group_of(p, &p->people[number], at->scope);
		for (uint32_t h = s->first_hits[number]; h < s->first_hits[number + 1]; h++)
			if (p->hits[h].cause_id < s->ncauses)
				*to++ = (struct struck){ p->hits[h].cause_id, group, at->sizes[group], last[group], h };
		at->sizes[group]++;
		last[group] = number;
	}
	free(last);
	return struck;
}

static void strike_in_order(const struct search *s, struct scoped *at)
{
	struct bulk *bulk = s->p->bulk;
	size_t n = s->begins[s->ncauses], groups = groups_of(s->p, at->scope);
	struct struck *in_time = strike(s, at), *by_group = in_time;
	if (groups > 1) {
		by_group = ORDER_BY(bulk, struct struck, in_time, n, group, groups);
		bulk_free(bulk, in_time);
	}
	at->struck = ORDER_BY(bulk, struct struck, by_group, n, cause_id, s->ncauses);
	bulk_free(bulk, by_group);
}

/* One cause in one group. */
static bool judge(const struct search *s, const struct scoped *at, const struct struck *struck, size_t n, struct found *out)
{
	const struct population *p = s->p;
	uint32_t group = struck->group, size = at->sizes[group];
	struct bulk_pace pace = { 0 };
	for (size_t i = 0; i < n; i++, bulk_rest(p->bulk, &pace))
		at->places[i] = struck[i].place;
	struct onset onset;
	if (!onset_find(at->places, n, size, groups_of(p, at->scope) * s->nmet, &onset))
		return false;
	const struct struck *first = &struck[onset.at];
	const struct hit *hit = &p->hits[first->hit];
	const struct person *last = &p->people[first->before], *since = &p->people[hit->number];
	*out = (struct found){ .weight = onset.weight, .change = {
		.kind = TURN_ERRORS, .server = at->scope == SCOPE_SERVER ? group : SERVER_ANY, .network = at->scope == SCOPE_NETWORK ? group : NETWORK_ANY,
		.last_before = last->start, .since = hit->first, .session_before = last->id, .session_since = since->id, .nbefore = first->place,
		.nafter = size - first->place, .hits_before = onset.hits_before, .hits_after = (unsigned)(n - onset.at), .party = PARTY_UNKNOWN,
		.certainty = CERTAINTY_LIKELY } };
	return true;
}

/* The onsets of one cause. */
static struct outcome judge_cause(struct search *s, const struct scoped *at, const struct struck *struck, size_t n)
{
	enum { FOUND_MOST = 200 };
	struct found found[FOUND_MOST];
	struct outcome out = { 0 };
	struct bulk_pace pace = { 0 };
	for (size_t from = 0, to; from < n && out.n < FOUND_MOST; from = to) {
		for (to = from; to < n && struck[to].group == struck[from].group; to++)
			bulk_rest(s->p->bulk, &pace);
		if (!judge(s, at, struck + from, to - from, &found[out.n]))
			continue;
		out.weight = found[out.n].weight > out.weight ? found[out.n].weight : out.weight;
		out.n++;
	}
	out.all = out.n ? ARENA_ARRAY(&s->scratch, struct found, out.n) : NULL;
	for (size_t i = 0; i < out.n; i++)
		out.all[i] = found[i];
	return out;
}

static void judge_scope(struct search *s, enum scope scope, struct outcome *outcomes)
{
	const struct population *p = s->p;
	struct scoped at = { .scope = scope, .sizes = memory_new(groups_of(p, scope), sizeof(uint32_t)), .places = BULK_BARE(p->bulk, uint32_t, s->most) };
	strike_in_order(s, &at);
	for (size_t c = 0; c < s->ncauses; c++)
		outcomes[c] = judge_cause(s, &at, at.struck + s->begins[c], s->begins[c + 1] - s->begins[c]);
	bulk_free(p->bulk, at.struck);
	bulk_free(p->bulk, at.places);
	free(at.sizes);
}

/* ---- all scopes ---- */

/* A cause at the widest scope that is as clear as any narrower one. */
static void tell(const struct search *s, const struct outcome outcomes[SCOPES], enum cause cause, struct arena *arena, struct turns *out)
{
	size_t best = SCOPE_ALL;
	for (size_t scope = SCOPE_NETWORK; scope < SCOPES; scope++)
		if (outcomes[scope].weight > outcomes[best].weight)
			best = scope;
	/* One server (one network) among one: its own name says more than "everywhere". */
	if (best == SCOPE_ALL && s->p->nservers == 1 && outcomes[SCOPE_SERVER].n == 1)
		best = SCOPE_SERVER;
	for (size_t i = 0; i < outcomes[best].n; i++) {
		struct turn c = outcomes[best].all[i].change;
		c.cause = cause;
		turns_add(out, arena, c);
	}
}

static void count_hits(struct search *s)
{
	const struct population *p = s->p;
	struct bulk_pace pace = { 0 };
	for (size_t h = 0; h < p->nhits; h++, bulk_rest(p->bulk, &pace)) {
		s->first_hits[p->hits[h].number + 1]++;
		if (p->hits[h].cause_id < s->ncauses)
			s->begins[p->hits[h].cause_id + 1]++;
	}
	for (size_t i = 0; i < p->n; i++, bulk_rest(p->bulk, &pace))
		s->first_hits[i + 1] += s->first_hits[i];
	for (size_t c = 0; c < s->ncauses; c++) {
		s->nmet += s->begins[c + 1] > 0;
		s->most = s->begins[c + 1] > s->most ? s->begins[c + 1] : s->most;
		s->begins[c + 1] += s->begins[c];
	}
}

void outbreaks_find(const struct population *p, const enum cause *cause_of, size_t ncauses, struct arena *arena, struct turns *out)
{
	if (!p->nhits)
		return;
	struct search s = { .p = p, .ncauses = ncauses, .numbers = in_time(p), .first_hits = BULK_ARRAY(p->bulk, uint32_t, p->n + 1) };
	s.begins = ARENA_ARRAY(&s.scratch, size_t, ncauses + 1);
	struct outcome *outcomes[SCOPES];
	count_hits(&s);
	for (enum scope scope = SCOPE_ALL; scope < SCOPES; scope++) {
		outcomes[scope] = ARENA_ARRAY(&s.scratch, struct outcome, ncauses);
		judge_scope(&s, scope, outcomes[scope]);
	}
	for (size_t c = 0; c < ncauses; c++)
		if (cause_of[c] < CAUSE_COUNT)
			tell(&s, (struct outcome[SCOPES]){ outcomes[SCOPE_ALL][c], outcomes[SCOPE_NETWORK][c], outcomes[SCOPE_SERVER][c] }, cause_of[c], arena, out);
	bulk_free(p->bulk, s.numbers);
	bulk_free(p->bulk, s.first_hits);
	arena_drop(&s.scratch);
}
