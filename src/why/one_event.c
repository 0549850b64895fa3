/* one_event.c - takes changes of single servers, gives those that are one event of a network as one. Never drops what is not. */
#include "why/turns.h"

#include <stdlib.h>

#include "base/banned.h"

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

void turns_join(const struct sightings *in, struct turns *out)
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
