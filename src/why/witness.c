/* witness.c - takes sightings and changes, gives suspicions: what one session cannot show and another one does. A keyword that is not
 * there proves nothing (most servers without it never had it), and a server may treat some networks otherwise; so an accusation needs
 * two unrelated servers that lose it on one path, or one that loses it at a moment while other paths keep it. */
#include "why/turns.h"

#include <stdlib.h>

#include "base/banned.h"

enum { LEAST = 2 };

/* One server seen from one network, by what its greeting offers. */
struct pair {
	uint32_t server, network;
	size_t from, to;            /* indexes of the order by network */
	const struct sighting *lost; /* the first session without; NULL: none, or the order is unclear */
	const struct sighting *witness;
	unsigned nlost;
};

struct search {
	const struct sightings *in;
	uint32_t *order; /* sightings by network, server, time */
	struct arena *arena;
	struct turns *out;
};

static bool text_same(const struct sighting *a, const struct sighting *b, enum turn_kind kind)
{
	return a->value[kind] && a->value[kind] == b->value[kind];
}

/* The same server software, by all but the keyword in question. */
static bool is_alike(const struct sighting *a, const struct sighting *b)
{
	return text_same(a, b, TURN_BANNER) && text_same(a, b, TURN_KEYWORDS) && a->value[TURN_NAME] == b->value[TURN_NAME];
}

/* The first sighting of the server in the sightings sorted by server. */
static size_t server_begin(const struct sightings *in, uint32_t server)
{
	size_t low = 0, high = in->n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (in->all[middle].server < server)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Two sessions with the server that were offered STARTTLS, alike in all else: before, or on another path. */
static const struct sighting *find_witness(const struct sightings *in, const struct sighting *lost)
{
	enum { LOOKED_AT_MOST = 20000 };
	size_t begin = server_begin(in, lost->server), n = 0;
	for (size_t i = begin; i < in->n && i < begin + LOOKED_AT_MOST && in->all[i].server == lost->server; i++) {
		const struct sighting *x = &in->all[i];
		n += x->value[TURN_STARTTLS] == VALUE_OFFERED && is_alike(x, lost);
		if (n == LEAST)
			return x;
	}
	return NULL;
}

/* Never offered, or offered and from a moment on no more; anything else is a pool, or told by its bytes. */
static void look_at_pair(const struct search *s, struct pair *p)
{
	unsigned offered = 0;
	for (size_t i = p->from; i < p->to; i++) {
		const struct sighting *x = &s->in->all[s->order[i]];
		uint32_t v = x->value[TURN_STARTTLS];
		if (v == VALUE_ABSENT) {
			p->lost = p->lost ? p->lost : x;
			p->nlost += is_alike(x, p->lost);
		} else if (v == VALUE_OFFERED && !p->nlost) {
			offered++;
		} else if (v) {
			p->lost = NULL;
			return;
		}
	}
	if (p->nlost < LEAST || offered == 1)
		p->lost = NULL;
	if (p->lost)
		p->witness = find_witness(s->in, p->lost);
	if (!p->witness)
		p->lost = NULL;
}

static struct bytes domain_of(struct bytes name)
{
	size_t dots = 0;
	for (size_t i = name.n; i-- > 0;)
		if (name.p[i] == '.' && ++dots == 2)
			return bytes_from(name, i + 1);
	return name;
}

bool sightings_unrelated(const struct sightings *in, const struct sighting *a, const struct sighting *b)
{
	struct bytes x = in->values[a->value[TURN_NAME]].text, y = in->values[b->value[TURN_NAME]].text;
	if (!x.n || !y.n || bytes_is(domain_of(x), domain_of(y)))
		return false;
	bool apart = !bytes_equal(in->servers[a->server].network, in->servers[b->server].network);
	return apart || !text_same(a, b, TURN_BANNER);
}

void suspicion_add(struct turns *out, struct arena *arena, struct suspicion one)
{
	if (out->nsuspicions == out->suspicions_room) {
		size_t room = out->suspicions_room ? 2 * out->suspicions_room : 64;
		struct suspicion *more = ARENA_ARRAY(arena, struct suspicion, room);
		for (size_t k = 0; k < out->nsuspicions; k++)
			more[k] = out->suspicions[k];
		out->suspicions = more;
		out->suspicions_room = room;
	}
	out->suspicions[out->nsuspicions++] = one;
}

static void suspect(const struct search *s, const struct pair *p, enum certainty certainty, unsigned servers)
{
	for (size_t i = p->from; i < p->to; i++) {
		const struct sighting *x = &s->in->all[s->order[i]];
		if (x->value[TURN_STARTTLS] == VALUE_ABSENT && is_alike(x, p->lost))
			suspicion_add(s->out, s->arena, (struct suspicion){ SUSPICION_LOST, x->session, p->witness->session,
				CAUSE_MIDDLEBOX_STARTTLS_STRIPPED, certainty, servers });
	}
}

/* It turned on this path at a moment, and other paths to the server did not. */
static bool turned_here_alone(const struct search *s, const struct pair *p)
{
	for (size_t i = 0; i < s->out->n; i++) {
		const struct turn *c = &s->out->all[i];
		if (c->kind == TURN_STARTTLS && (c->server == p->server || c->server == SERVER_ANY) && c->network == p->network && c->party == PARTY_ROUTING &&
				c->after == VALUE_ABSENT && c->since)
			return true;
	}
	return false;
}

/* A box that removes the keyword does so for every server: one that still offers it on this path speaks against the box. */
static bool is_offered_after(const struct search *s, size_t from, size_t to, int64_t since)
{
	for (size_t i = from; i < to; i++) {
		const struct sighting *x = &s->in->all[s->order[i]];
		if (x->value[TURN_STARTTLS] == VALUE_OFFERED && x->time >= since)
			return true;
	}
	return false;
}

static void look_at_network(const struct search *s, size_t from, size_t to)
{
	enum { PAIRS_MOST = 64 }; /* servers that lost it; more do not make it surer */
	struct pair pairs[PAIRS_MOST];
	size_t n = 0;
	int64_t since = 0;
	for (size_t i = from, end; i < to && n < PAIRS_MOST; i = end) {
		const struct sighting *x = &s->in->all[s->order[i]];
		for (end = i; end < to && s->in->all[s->order[end]].server == x->server; end++)
			;
		pairs[n] = (struct pair){ .server = x->server, .network = x->network, .from = i, .to = end };
		look_at_pair(s, &pairs[n]);
		if (!pairs[n].lost)
			continue;
		since = pairs[n].lost->time > since ? pairs[n].lost->time : since;
		n++;
	}
	unsigned unrelated = n ? 1 : 0;
	for (size_t i = 1; i < n; i++) {
		bool new = true;
		for (size_t k = 0; new && k < i; k++)
			new = sightings_unrelated(s->in, pairs[k].lost, pairs[i].lost);
		unrelated += new;
	}
	bool many = unrelated >= LEAST && !is_offered_after(s, from, to, since);
	for (size_t i = 0; i < n; i++)
		if (many || turned_here_alone(s, &pairs[i]))
			suspect(s, &pairs[i], many ? CERTAINTY_LIKELY : CERTAINTY_POSSIBLE, many ? unrelated : 1);
}

uint32_t *sightings_by_network(const struct sightings *in, struct arena *arena)
{
	uint32_t *order = ARENA_ARRAY(arena, uint32_t, in->n);
	uint32_t *next = memory_new(in->nnetworks + 1, sizeof *next); /* where the next of each network goes */
	for (size_t i = 0; i < in->n; i++)
		next[in->all[i].network + 1]++;
	for (size_t k = 0; k < in->nnetworks; k++)
		next[k + 1] += next[k];
	for (size_t i = 0; i < in->n; i++) /* they lie in order of server and time */
		order[next[in->all[i].network]++] = (uint32_t)i;
	free(next);
	return order;
}

void suspicions_find(const struct sightings *in, struct arena *arena, struct turns *out)
{
	struct arena scratch = { 0 };
	if (!in->n)
		return;
	struct search s = { .in = in, .order = sightings_by_network(in, &scratch), .arena = arena, .out = out };
	for (size_t from = 0, to; from < in->n; from = to) {
		for (to = from; to < in->n && in->all[s.order[to]].network == in->all[s.order[from]].network; to++)
			;
		look_at_network(&s, from, to);
	}
	arena_drop(&scratch);
}
