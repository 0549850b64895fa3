/* compare.c - the whole comparison on one screen: two sides -> accounts -> pairs -> turns side by side -> changes -> better verdicts -> rows. */
#include "compare.h"

#include "side.h"
#include "store/store.h"
#include "why/match.h"
#include "why/prove.h"

#include <stdlib.h>

enum { TIMES_MOST = 1 << 20 };

struct compare {
	struct compare_options options;
	struct side sides[2];
	struct why *why;
	struct store *store;
	struct error begun;      /* trouble of compare_new, told by the first call */
	struct arena arena;
	struct matches matches;
	struct sides *aligned;   /* of each match */
	struct clock clock;
};

struct compare *compare_new(const struct compare_options *options)
{
	struct compare *c = memory_new(1, sizeof *c);
	c->options = *options;
	c->why = why_new((struct why_options){ 0 }, &c->begun);
	for (int i = 0; i < 2; i++)
		side_begin(&c->sides[i], options, c->why);
	return c;
}

void compare_add(struct compare *c, enum compare_side side, const char *path)
{
	timeline_add(c->sides[side].timeline, path);
}

/* ---- clocks ---- */

static void clock_find(struct compare *c)
{
	int64_t *times[2] = { memory_new(TIMES_MOST, sizeof(int64_t)), memory_new(TIMES_MOST, sizeof(int64_t)) };
	size_t n[2] = { 0, 0 };
	for (size_t i = 0; i < c->matches.n; i++)
		for (int d = 0; d < 2; d++)
			n[d] += sides_times(&c->aligned[i], (enum direction)d, times[d] + n[d], TIMES_MOST - n[d]);
	c->clock = clock_estimate(times[FROM_CLIENT], n[FROM_CLIENT], times[FROM_SERVER], n[FROM_SERVER]);
	free(times[0]);
	free(times[1]);
}

/* ---- rows ---- */

static uint64_t session_of(const struct account *a)
{
	return a ? a->windows[0]->id : 0;
}

static bool store_changes(struct compare *c, const struct change *first, const struct account *inside, const struct account *outside, struct error *error)
{
	for (const struct change *i = first; i; i = i->next) {
		struct difference d = {
			.inside_session = session_of(inside), .outside_session = session_of(outside), .direction = i->direction, .inside = i->inside,
			.outside = i->outside, .inside_text = i->inside_text, .outside_text = i->outside_text, .kind = change_name(i->kind), .cause = i->cause,
			.inside_exchange = i->at_inside ? i->at_inside->ordinal : 0, .detail = i->detail,
		};
		if (!store_difference(c->store, &d, error))
			return false;
	}
	return true;
}

static bool store_accounts(struct compare *c, const struct side *side, struct error *error)
{
	for (size_t i = 0; i < side->n; i++)
		for (size_t w = 0; w < side->accounts[i].nwindows; w++)
			if (!store_session(c->store, side->accounts[i].windows[w], &side->accounts[i].verdicts[w], w + 1 == side->accounts[i].nwindows, error))
				return false;
	return true;
}

static bool store_captures(struct compare *c, const struct side *side, struct error *error)
{
	for (size_t i = 0; i < timeline_count(side->timeline); i++) {
		uint32_t file = side->first_file + (uint32_t)i;
		if (!store_capture(c->store, file, timeline_capture(side->timeline, i), decoder_counts(side->decoder, file), error))
			return false;
	}
	return true;
}

static bool store_pairs(struct compare *c, struct error *error)
{
	bool *paired[2] = { ARENA_ARRAY(&c->arena, bool, c->sides[0].n + 1), ARENA_ARRAY(&c->arena, bool, c->sides[1].n + 1) };
	for (size_t i = 0; i < c->matches.n; i++) {
		const struct match *m = &c->matches.pairs[i];
		paired[SIDE_INSIDE][m->inside] = paired[SIDE_OUTSIDE][m->outside] = true;
		if (!store_pair(c->store, session_of(c->aligned[i].inside), session_of(c->aligned[i].outside), match_name(m->by), error))
			return false;
	}
	for (int side = 0; side < 2; side++)
		for (size_t i = 0; i < c->sides[side].n; i++) {
			uint64_t id = session_of(&c->sides[side].accounts[i]);
			if (!paired[side][i] && !store_pair(c->store, side == SIDE_INSIDE ? id : 0, side == SIDE_OUTSIDE ? id : 0, NULL, error))
				return false;
		}
	return true;
}

static bool store_all(struct compare *c, struct change **changes, struct error *error)
{
	struct comparison comparison = { c->clock.known, c->clock.offset, c->clock.transit, c->sides[SIDE_OUTSIDE].first_file };
	c->store = store_new((struct store_options){ .path = c->options.database, .redact = c->options.redact,
	                                             .redact_key = c->options.redact_key }, error);
	if (!c->store)
		return false;
	for (int side = 0; side < 2; side++)
		if (!store_captures(c, &c->sides[side], error) || !store_accounts(c, &c->sides[side], error))
			return false;
	if (!store_comparison(c->store, &comparison, error) || !store_pairs(c, error))
		return false;
	for (size_t i = 0; i < c->matches.n; i++)
		if (!store_changes(c, changes[i], c->aligned[i].inside, c->aligned[i].outside, error))
			return false;
	return store_finish(c->store, error);
}

/* ---- the whole ---- */

static bool sides_read(struct compare *c)
{
	struct side *in = &c->sides[SIDE_INSIDE], *out = &c->sides[SIDE_OUTSIDE];
	if (!side_read(in, &c->options))
		return false;
	out->first_file = (uint32_t)timeline_count(in->timeline);
	out->first_ordinal = in->packets;
	return side_read(out, &c->options);
}

bool compare_run(struct compare *c, struct error *error)
{
	if (c->begun.kind != ERROR_NONE) {
		*error = c->begun;
		return false;
	}
	if (!sides_read(c))
		return error_set(error, ERROR_OUTPUT, "stopped: nothing was written");
	struct side *in = &c->sides[SIDE_INSIDE], *out = &c->sides[SIDE_OUTSIDE];
	c->matches = sessions_match(&c->arena, in->accounts, in->n, out->accounts, out->n);
	c->aligned = ARENA_ARRAY(&c->arena, struct sides, c->matches.n + 1);
	struct change **changes = ARENA_ARRAY(&c->arena, struct change *, c->matches.n + 1);
	for (size_t i = 0; i < c->matches.n; i++)
		c->aligned[i] = sides_align(&c->arena, &in->accounts[c->matches.pairs[i].inside], &out->accounts[c->matches.pairs[i].outside]);
	clock_find(c);
	for (size_t i = 0; i < c->matches.n; i++) {
		const struct match *m = &c->matches.pairs[i];
		changes[i] = sides_changes(&c->arena, &c->aligned[i], c->clock);
		prove(changes[i], &in->accounts[m->inside], &out->accounts[m->outside]);
	}
	return store_all(c, changes, error);
}

const char *compare_database(const struct compare *c)
{
	return c->store ? store_path(c->store) : NULL;
}

const char *compare_input_trouble(const struct compare *c, size_t i)
{
	for (int side = 0; side < 2; side++)
		for (size_t file = 0; file < timeline_count(c->sides[side].timeline); file++) {
			const struct capture *capture = timeline_capture(c->sides[side].timeline, file);
			if (capture->trouble && i-- == 0)
				return capture->trouble;
		}
	return NULL;
}

void compare_free(struct compare *c)
{
	if (!c)
		return;
	store_free(c->store);
	side_free(&c->sides[0]);
	side_free(&c->sides[1]);
	why_free(c->why);
	arena_drop(&c->arena);
	free(c);
}
