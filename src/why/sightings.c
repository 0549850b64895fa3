/* sightings.c - takes sightings, puts them in order: each behind the last of its own kind, for to compare them costs more. */
#include "why/sightings.h"

#include "base/order.h"

#include "base/banned.h"

static bool is_ascending(const struct sightings *in, bool by_time)
{
	struct bulk_pace pace = { 0 };
	for (size_t i = 1; i < in->n; i++) {
		const struct sighting *x = &in->all[i - 1], *y = &in->all[i];
		bulk_rest(in->bulk, &pace);
		if (by_time && x->time != y->time ? x->time > y->time : x->session > y->session)
			return false;
	}
	return true;
}

/* What is equal keeps its order. */
static void put_in_order(struct sightings *in, const int64_t *first)
{
	uint32_t *order = order_of_keys(first, sizeof *in->all, in->n, in->bulk);
	struct sighting *sorted = BULK_BARE(in->bulk, struct sighting, in->n);
	struct bulk_pace pace = { 0 };
	for (size_t i = 0; i < in->n; i++) {
		bulk_rest(in->bulk, &pace);
		sorted[i] = in->all[order[i]];
	}
	bulk_free(in->bulk, order);
	bulk_free(in->bulk, in->all);
	in->all = sorted;
}

/* They mostly come in order of time. */
void sightings_sort(struct sightings *in)
{
	if (!in->n)
		return;
	if (!is_ascending(in, true)) {
		if (!is_ascending(in, false))
			put_in_order(in, &in->all->session);
		put_in_order(in, &in->all->time);
	}
	struct sighting *by_server = ORDER_BY(in->bulk, struct sighting, in->all, in->n, server, in->nservers);
	bulk_free(in->bulk, in->all);
	in->all = by_server;
	in->by_network = ORDER_BY(in->bulk, struct sighting, in->all, in->n, network, in->nnetworks);
}

void sightings_free(struct sightings *in)
{
	bulk_free(in->bulk, in->all);
	bulk_free(in->bulk, in->by_network);
	in->all = in->by_network = NULL;
	in->n = 0;
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
	struct bytes x = in->values[sighting_value(in, a, TURN_NAME)].text, y = in->values[sighting_value(in, b, TURN_NAME)].text;
	if (!x.n || !y.n || bytes_is(domain_of(x), domain_of(y)))
		return false;
	bool apart = !bytes_equal(in->servers[a->server].network, in->servers[b->server].network);
	uint32_t banner = sighting_value(in, a, TURN_BANNER);
	return apart || !banner || banner != sighting_value(in, b, TURN_BANNER);
}
