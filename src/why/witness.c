/* witness.c - takes sightings and changes, gives suspicions: what one session cannot show and another one does. A keyword that is not
 * there proves nothing (most servers without it never had it), and a server may treat some networks otherwise; so an accusation needs
 * two unrelated servers that lose it on one path, or one that loses it at a moment while other paths keep it. */
#include "why/turns.h"

#include "base/banned.h"

enum { LEAST = 2 };

/* One server seen from one network, by what its greeting offers. */
struct pair {
	uint32_t server, network;
	size_t from, to;            /* indexes of those by network */
	const struct sighting *lost; /* the first session without; NULL: none, or the order is unclear */
	const struct sighting *witness;
	unsigned nlost;
};

struct search {
	const struct sightings *in;
	struct turns *out;
};

static bool text_same(const struct sightings *in, const struct sighting *a, const struct sighting *b, enum turn_kind kind)
{
	uint32_t value = sighting_value(in, a, kind);
	return value && value == sighting_value(in, b, kind);
}

/* The same server software, by all but the keyword in question. */
static bool is_alike(const struct sightings *in, const struct sighting *a, const struct sighting *b)
{
	return text_same(in, a, b, TURN_BANNER) && text_same(in, a, b, TURN_KEYWORDS) &&
		sighting_value(in, a, TURN_NAME) == sighting_value(in, b, TURN_NAME);
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
		n += sighting_value(in, x, TURN_STARTTLS) == VALUE_OFFERED && is_alike(in, x, lost);
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
		const struct sighting *x = &s->in->by_network[i];
		uint32_t v = sighting_value(s->in, x, TURN_STARTTLS);
		if (v == VALUE_ABSENT) {
			p->lost = p->lost ? p->lost : x;
			p->nlost += is_alike(s->in, x, p->lost);
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

void suspicion_add(struct turns *out, struct suspicion one)
{
	BULK_ROOM(out->bulk, out->suspicions, out->nsuspicions, out->suspicions_room);
	out->suspicions[out->nsuspicions++] = one;
}

static void suspect(const struct search *s, const struct pair *p, enum certainty certainty, unsigned servers)
{
	for (size_t i = p->from; i < p->to; i++) {
		const struct sighting *x = &s->in->by_network[i];
		if (sighting_value(s->in, x, TURN_STARTTLS) == VALUE_ABSENT && is_alike(s->in, x, p->lost))
			suspicion_add(s->out, (struct suspicion){ SUSPICION_LOST, x->session, p->witness->session,
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
		const struct sighting *x = &s->in->by_network[i];
		if (sighting_value(s->in, x, TURN_STARTTLS) == VALUE_OFFERED && x->time >= since)
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
		const struct sighting *x = &s->in->by_network[i];
		for (end = i; end < to && s->in->by_network[end].server == x->server; end++)
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

void suspicions_find(const struct sightings *in, struct turns *out)
{
	struct search s = { .in = in, .out = out };
	struct bulk_pace pace = { 0 };
	for (size_t from = 0, to; from < in->n; from = to) {
		for (to = from; to < in->n && in->by_network[to].network == in->by_network[from].network; to++)
			bulk_rest(in->bulk, &pace);
		look_at_network(&s, from, to);
	}
}
