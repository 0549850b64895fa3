/* analyser.c - hands what flow hears to dialogues, and what dialogues become to why. Takes packets, gives outcomes. */
#include "analyser.h"

#include "smtp/offers.h"
#include "why/words.h"

#include <stdlib.h>

enum { LARGE = 64 * 1024 /* octets of a session that does not wait for others */ };

struct analyser {
	struct flow *flow;
	const struct why *why;
	struct words_memo *memo; /* why is shared between threads, an analyser is not */
	struct offers *offers;
	struct arena_pool pool;
	struct outcome_sink sink;
	struct outcome ended[ANALYSER_AT_ONCE]; /* that wait for their verdicts */
	unsigned nended;
};

static void explain_ended(struct analyser *a)
{
	for (unsigned i = 0; i < a->nended; i++)
		a->ended[i].verdicts = why_explain_with(a->why, a->memo, a->ended[i].session);
	for (unsigned i = 0; i < a->nended; i++)
		a->sink.outcome(a->sink.to, a->ended[i]);
	a->nended = 0;
}

static void session_ended(void *to, struct session *session, bool final)
{
	struct analyser *a = to;
	a->ended[a->nended++] = (struct outcome){ .session = session, .final = final };
	if (a->nended == ANALYSER_AT_ONCE || session->arena.size > LARGE)
		explain_ended(a);
}

static void *opened(void *to, const struct connection *connection)
{
	struct analyser *a = to;
	return dialogue_new(connection, (struct dialogue_sink){ session_ended, to, a->offers, a->sink.here ? &a->pool : NULL });
}

static enum interest kept(struct dialogue *dialogue, enum interest interest)
{
	if (interest == INTEREST_NONE)
		dialogue_discard(dialogue);
	return interest;
}

static enum interest data_came(void *dialogue, enum direction direction, const struct chunk *chunk)
{
	return kept(dialogue, dialogue_data(dialogue, direction, chunk));
}

static enum interest gap_came(void *dialogue, enum direction direction, const struct gap *gap)
{
	return kept(dialogue, dialogue_gap(dialogue, direction, gap));
}

static void overlap_came(void *dialogue, enum direction direction, const struct overlap *overlap)
{
	dialogue_overlap(dialogue, direction, overlap);
}

static void side_ended(void *dialogue, enum direction direction, enum ending ending, struct place place)
{
	dialogue_end(dialogue, direction, ending, place);
}

static size_t size_of(const void *dialogue)
{
	return dialogue_size(dialogue);
}

static void fetch(const void *dialogue, unsigned part)
{
	dialogue_fetch(dialogue, part);
}

static void closed(void *dialogue, const struct connection *connection, const char *speaks)
{
	dialogue_close(dialogue, connection, speaks);
}

struct analyser *analyser_new(struct flow_options options, const struct why *why, struct outcome_sink sink)
{
	struct analyser *a = memory_new(1, sizeof *a);
	a->why = why;
	a->memo = words_memo_new();
	a->offers = offers_new();
	a->sink = sink;
	a->flow = flow_new(options, (struct flow_sink){
		.open = opened, .data = data_came, .gap = gap_came, .overlap = overlap_came, .end = side_ended, .close = closed, .size = size_of, .to = a, .fetch = fetch,
	});
	return a;
}

void analyser_packet(struct analyser *a, const struct packet *packet)
{
	flow_packet(a->flow, packet);
}

void analyser_end(struct analyser *a, int64_t clock, uint64_t ordinal)
{
	flow_clock(a->flow, clock, ordinal);
	flow_end(a->flow);
	explain_ended(a);
}

uint64_t analyser_cut_short(const struct analyser *a)
{
	return flow_counts(a->flow)->cut_short;
}

void analyser_free(struct analyser *a)
{
	if (!a)
		return;
	flow_free(a->flow);
	words_memo_free(a->memo);
	offers_free(a->offers);
	arena_pool_drop(&a->pool);
	free(a);
}
