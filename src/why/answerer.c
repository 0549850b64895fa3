/* answerer.c - takes sightings, gives suspicions of boxes that answer in place of many servers: what one connection cannot show, for all its
 * packets and words are the box's. Servers of one house, of one product or behind one switch are alike as well; so only what no honest
 * servers share counts: one offer of different products, or one stack near by before servers that are far. */
#include "why/dialect.h"
#include "why/turns.h"

#include <stdlib.h>

#include "base/banned.h"

enum { PRODUCTS_LEAST = 2, SERVERS_LEAST = 3, PATHS_MOST = 4096 };

/* One server seen from one network: what all its sessions there have in common. */
struct seen_server {
	const struct sighting *first;
	size_t from, to;         /* indexes of those by network */
	uint32_t offer, starttls, stack, ttl; /* 0: they differ, or unknown */
	const char *product;     /* NULL: none that is known, or its offer tells nothing */
	uint32_t handshake, quickest; /* microseconds: the longest handshake, the quickest reply; 0 unknown */
	bool late;               /* its replies take far longer than its SYN-ACK */
};

enum { PRODUCTS_KNOWN = 64 };

struct search {
	const struct sightings *in;
	struct { uint32_t after; const char *product; } known[PRODUCTS_KNOWN]; /* servers greet in few words; after: the banner's value + 1 */
	struct arena *scratch;
	struct turns *out;
};

static void keep_common(uint32_t *common, uint32_t value)
{
	if (*common != value)
		*common = 0;
}

/* A limit of size is an administrator's, and the order of the words a product's: two products never have both in common. */
static bool is_telling(struct bytes offer)
{
	size_t size = bytes_find(offer, B("SIZE "));
	return size != BYTES_NONE && size + 5 < offer.n && octet_is_digit(offer.p[size + 5]) && bytes_index(offer, ',') != BYTES_NONE;
}

static const char *product_of(struct search *s, uint32_t banner)
{
	uint32_t at = banner % PRODUCTS_KNOWN;
	if (s->known[at].after != banner + 1) {
		s->known[at].after = banner + 1;
		s->known[at].product = dialect_product(s->in->values[banner].text);
	}
	return s->known[at].product;
}

static struct seen_server look_at(struct search *s, size_t from, size_t to)
{
	enum { TIMES = 8 };
	const uint32_t least = 5000; /* 5 ms: less is what a busy server takes to think */
	const struct sightings *in = s->in;
	const struct sighting *first = &in->by_network[from];
	struct seen_server v = { .first = first, .from = from, .to = to, .offer = sighting_value(in, first, TURN_KEYWORDS),
	                         .starttls = sighting_value(in, first, TURN_STARTTLS), .stack = sighting_value(in, first, TURN_STACK), .ttl = first->ttl };
	for (size_t i = from; i < to; i++) {
		const struct sighting *x = &in->by_network[i];
		keep_common(&v.offer, sighting_value(in, x, TURN_KEYWORDS));
		keep_common(&v.starttls, sighting_value(in, x, TURN_STARTTLS));
		keep_common(&v.stack, sighting_value(in, x, TURN_STACK));
		keep_common(&v.ttl, x->ttl);
		v.handshake = x->handshake > v.handshake ? x->handshake : v.handshake;
		if (x->quickest && (!v.quickest || x->quickest < v.quickest))
			v.quickest = x->quickest;
	}
	if (v.offer && v.starttls && is_telling(in->values[v.offer].text))
		v.product = product_of(s, sighting_value(in, first, TURN_BANNER));
	v.late = v.handshake && v.quickest >= v.handshake && v.quickest - v.handshake >= least && v.quickest / TIMES >= v.handshake;
	return v;
}

/* How many of these are of houses of their own, counted from the first on. */
static unsigned count_unrelated(const struct search *s, const struct seen_server *const *list, size_t n)
{
	enum { ENOUGH = 8 };
	const struct sighting *kept[ENOUGH];
	unsigned found = 0;
	for (size_t i = 0; i < n && found < ENOUGH; i++) {
		bool new = true;
		for (unsigned k = 0; new && k < found; k++)
			new = sightings_unrelated(s->in, kept[k], list[i]->first)
				&& !bytes_equal(s->in->servers[kept[k]->server].network, s->in->servers[list[i]->first->server].network);
		if (new && sighting_value(s->in, list[i]->first, TURN_NAME))
			kept[found++] = list[i]->first;
	}
	return found;
}

static void accuse(const struct search *s, const struct seen_server *const *list, size_t n, enum suspicion_kind kind, unsigned servers)
{
	for (size_t i = 0; i < n; i++) {
		const struct seen_server *other = list[i ? 0 : 1];
		for (size_t k = list[i]->from; k < list[i]->to; k++)
			suspicion_add(s->out, (struct suspicion){ kind, s->in->by_network[k].session, other->first->session,
				CAUSE_MIDDLEBOX_REPLY_INJECTED, CERTAINTY_LIKELY, servers });
	}
}

static void same_offer(const struct search *s, const struct seen_server *const *list, size_t n)
{
	unsigned products = 0;
	for (size_t i = 0; i < n; i++) {
		bool new = list[i]->product != NULL;
		for (size_t k = 0; new && k < i; k++)
			new = list[k]->product != list[i]->product;
		products += new;
	}
	unsigned servers = products >= PRODUCTS_LEAST ? count_unrelated(s, list, n) : 0;
	if (servers >= PRODUCTS_LEAST)
		accuse(s, list, n, SUSPICION_SAME_OFFER, servers);
}

static void same_stack(const struct search *s, const struct seen_server *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!list[i]->late)
			return;
	unsigned servers = n >= SERVERS_LEAST ? count_unrelated(s, list, n) : 0;
	if (servers >= SERVERS_LEAST)
		accuse(s, list, n, SUSPICION_SAME_STACK, servers);
}

static uint64_t offer_key(const struct search *s, const struct seen_server *v)
{
	(void)s;
	return v->product ? (uint64_t)v->offer << 32 | v->starttls : 0;
}

static uint64_t stack_key(const struct search *s, const struct seen_server *v)
{
	(void)s;
	return v->stack && v->ttl && v->handshake && v->quickest ? (uint64_t)v->stack << 32 | v->ttl : 0;
}

struct keyed { uint64_t key; size_t index; };

static int by_key(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

/* Servers of the network with the same key, group by group. */
static void each_group(const struct search *s, const struct seen_server *all, size_t n, uint64_t (*key)(const struct search *, const struct seen_server *),
                       void (*judge)(const struct search *, const struct seen_server *const *, size_t))
{
	const struct seen_server **list = ARENA_ARRAY(s->scratch, const struct seen_server *, n);
	struct keyed *keys = ARENA_ARRAY(s->scratch, struct keyed, n);
	size_t nkeys = 0;
	for (size_t i = 0; i < n; i++) {
		uint64_t this = key(s, &all[i]);
		if (this)
			keys[nkeys++] = (struct keyed){ this, i };
	}
	if (nkeys)
		qsort(keys, nkeys, sizeof *keys, by_key);
	for (size_t from = 0, to; from < nkeys; from = to) {
		for (to = from; to < nkeys && keys[to].key == keys[from].key; to++)
			list[to - from] = &all[keys[to].index];
		if (to - from > 1)
			judge(s, list, to - from);
	}
}

static void look_at_network(struct search *s, size_t from, size_t to)
{
	size_t n = 0;
	struct seen_server *all = ARENA_ARRAY(s->scratch, struct seen_server, to - from < PATHS_MOST ? to - from : PATHS_MOST);
	for (size_t i = from, end; i < to && n < PATHS_MOST; i = end) {
		uint32_t server = s->in->by_network[i].server;
		for (end = i; end < to && s->in->by_network[end].server == server; end++)
			;
		all[n++] = look_at(s, i, end);
	}
	each_group(s, all, n, offer_key, same_offer);
	each_group(s, all, n, stack_key, same_stack);
}

void answerers_find(const struct sightings *in, struct turns *out)
{
	struct search s = { .in = in, .out = out };
	struct bulk_pace pace = { 0 };
	for (size_t from = 0, to; from < in->n; from = to) {
		struct arena scratch = { 0 };
		for (to = from; to < in->n && in->by_network[to].network == in->by_network[from].network; to++)
			bulk_rest(in->bulk, &pace);
		s.scratch = &scratch;
		look_at_network(&s, from, to);
		arena_drop(&scratch);
	}
}
