/* change.c - takes aligned turns, gives what a box did to them. What one capture merely lacks is weighed here: a hole, an early end,
 * a late start, or TLS explains an absence; a line is called swallowed, added or answered only where nothing else explains it. */
#include "why/changing.h"

#include "base/banned.h"

enum {
	CLOSE = 3,               /* turns */
	MOVED_FAR = 12,          /* steps between two places of a line that was moved: pipelined groups are short */
	SLOW = 2,                /* seconds beyond the session's usual transit that are told as a delay */
	SAMPLES_LEAST = 4, SAMPLES_MOST = 4096,
	CLOCK_ERROR = 50000,     /* nanoseconds */
	CLOSE_BY = 20000000,     /* nanoseconds */
};
static const int64_t second = 1000000000;

/* ---- what explains an absence ---- */

struct window { size_t before, after; }; /* turns of one side: so many are before a place, and those from after on behind it */

static int64_t time_of(const struct turn *t)
{
	if (t->answered)
		return t->exchange->reply.last.time;
	return t->spoken ? t->command.spoken.last.time : 0;
}

/* The time of one side's event on the other side's clock: not before what came before it stands there, if that was held up. */
static int64_t other_time(const struct changes *c, bool from_inside, int64_t time)
{
	int64_t usual = from_inside ? time + c->clock.offset : time - c->clock.offset;
	int64_t after = !c->anchored ? usual : from_inside ? time + c->anchor : time - c->anchor;
	return after > usual ? after : usual;
}

static void anchor(struct changes *c)
{
	const struct turn *a = c->inside, *b = c->outside;
	struct place inside = a->command.spoken.last, outside = b->command.spoken.last;
	if (a->answered && b->answered)
		inside = a->exchange->reply.last, outside = b->exchange->reply.last;
	c->anchored = inside.number && outside.number;
	c->anchor = outside.time - inside.time;
}

static uint64_t stream_end_of(const struct turn *t, enum direction d)
{
	const struct uttered *u = d == FROM_CLIENT ? t->spoken ? &t->command : NULL : t->nreply ? &t->reply[t->nreply - 1] : NULL;
	return u ? u->spoken.offset + u->spoken.length + (u->spoken.ending == LINE_LF ? 1 : 2) : 0;
}


/* Behind the last line of a side something is missing: nobody knows what the other side said to it. */
static bool tail_missing(const struct account *account)
{
	bool found = false;
	for (int d = 0; d < 2; d++) {
		const struct monologue *m = &account->transcript->of[d];
		const struct spoken *last = m->n ? &m->lines[m->n - 1] : NULL;
		uint64_t known = 0;
		for (size_t i = 0; i < m->nholes; i++)
			known += m->holes[i].missing;
		found |= account->connection->missing[d] > known || transcript_has_hole(account->transcript, (enum direction)d, last ? last->offset + last->length : 0, UINT64_MAX);
	}
	return found;
}

/* A hole lies around this place in an account: between the turns before and after it that the other side has as well, for those that it
 * has not stand in no order with what is missing. */
static bool hole_at(const struct account *account, enum direction d, struct window w)
{
	uint64_t from = 0, to = UINT64_MAX;
	for (size_t i = w.before; i-- > 0 && from == 0;)
		from = stream_end_of(&account->turns[i], d);
	for (size_t i = w.after; i < account->n && to == UINT64_MAX; i++) {
		const struct turn *t = &account->turns[i];
		if (d == FROM_CLIENT ? t->spoken : t->nreply > 0)
			to = d == FROM_CLIENT ? t->command.spoken.offset : t->reply[0].spoken.offset;
	}
	return (from == 0 && !account_begun(account, d)) || (to == UINT64_MAX && tail_missing(account)) || transcript_has_hole(account->transcript, d, from, to);
}

/* The account would hold what happened at this time of its clock: its beginning was seen or was earlier, and its end was seen or the
 * capture went on. The clocks are estimates, so a capture that begins or ends close by tells nothing. */
static bool watched(const struct changes *c, const struct account *account, int64_t time)
{
	int64_t transit = c->clock.transit < 0 ? -c->clock.transit : c->clock.transit; /* below 0: what was sent again came later in one capture */
	int64_t margin = CLOSE_BY + 2 * transit;
	bool begun = account->connection->syn_seen || account->connection->first.time + margin < time;
	return begun && (account_closed(account) || (c->clock.known && account->watched_until >= time + margin));
}

static bool covers(const struct changes *c, const struct account *account, int64_t time)
{
	return !account->encrypted && watched(c, account, time);
}

/* A session that was not seen to end may have gone on: what lies behind its last packet was perhaps only not recorded. */
static bool heard_until(const struct account *account, int64_t time)
{
	return account_closed(account) || account->connection->last.time >= time;
}

/* The reply's own packet says that it is another sender's (path.c): then no other capture is needed. */
static bool is_forged(const struct turn *t)
{
	return t->answered && (t->exchange->reply.odd & (ODD_TTL | ODD_NO_TIMESTAMP | ODD_ACK_BEHIND));
}

static bool ended_before(const struct account *account, enum direction d, int64_t time)
{
	const struct monologue *m = &account->transcript->of[d];
	return m->ending != END_OPEN && m->ended_at.time <= time;
}

static bool has_rivals(const struct account *account, enum direction d)
{
	for (size_t w = 0; w < account->nwindows; w++)
		for (const struct note *n = account->windows[w]->notes; n; n = n->next)
			if ((n->kind == NOTE_OVERLAP || n->kind == NOTE_ALTERED_TAIL) && n->direction == d)
				return true;
	return false;
}

/* ---- resets ---- */

/* A reset in this direction that its alleged sender, seen on its own side, did not send and had no reason to. */
static const struct reset *foreign_reset(const struct changes *c, enum direction from)
{
	const struct account *seen = from == FROM_SERVER ? c->sides->inside : c->sides->outside;
	const struct account *home = from == FROM_SERVER ? c->sides->outside : c->sides->inside;
	for (unsigned i = 0; i < seen->connection->nresets && i < RESETS_KEPT; i++) {
		const struct reset *r = &seen->connection->resets[i];
		/* What a sender sends is on its own side first, by the transit. */
		int64_t then = other_time(c, from == FROM_SERVER, r->place.time) - c->clock.transit / 2;
		bool of_its_own = false;
		for (unsigned k = 0; k < home->connection->nresets && k < RESETS_KEPT; k++)
			of_its_own |= home->connection->resets[k].from == from;
		if (r->from == from && !of_its_own && watched(c, home, then) && !ended_before(home, from, then) && !ended_before(home, direction_other(from), then - 2 * second))
			return r;
	}
	return NULL;
}

static const struct turn *last_spoken(const struct account *account)
{
	for (size_t i = account->n; i-- > 0;)
		if (account->turns[i].spoken)
			return &account->turns[i];
	return NULL;
}

static bool is_over(const struct account *account)
{
	const struct turn *last = account->n ? &account->turns[account->n - 1] : NULL;
	return last && last->answered && (last->exchange->reply.code == 221 || last->exchange->reply.code == 421);
}

/* One row for the session that was cut, with the frames of both sides. Where the box also answered, the answer is the row. */
static bool resets(struct changes *c)
{
	const struct reset *client = c->cut_inside, *server = c->cut_outside;
	bool answered = false;
	for (struct change *i = c->first; i; i = i->next) {
		answered |= i->kind == CHANGE_ANSWERED;
		if (i->kind == CHANGE_ANSWERED && server && !i->outside.number)
			i->outside = server->place;
	}
	if ((!client && !server) || (!client && answered) || is_over(c->sides->inside))
		return client || server;
	c->inside = last_spoken(c->sides->inside);
	c->outside = NULL;
	struct change *change = change_add(c, CHANGE_INJECTED, client ? FROM_SERVER : FROM_CLIENT,
	                                   cause_of_command(c->inside, CAUSE_MIDDLEBOX_REPLY_INJECTED),
	                                   client && server ? "both sides were sent a reset in the other's name" : client
	                                   ? "the client was sent a reset in the server's name" : "the server was sent a reset in the client's name");
	change->inside = client ? client->place : (struct place){ 0 };
	change->outside = server ? server->place : (struct place){ 0 };
	return true;
}

/* ---- turns of one side alone ---- */

/* Between the nearest turns that agree, or close by, the other side has a command of the same verb that this one lacks: beside a loss, it may
 * be this one. */
static bool may_be_another(const struct changes *c, const struct account *other, struct window w, const struct turn *t)
{
	if (c->impaired && t->exchange && t->exchange->command.content_of)
		return true; /* a line of a message: what is one depends on what was lost */
	struct bytes verb = bytes_word(t->command.text).head;
	size_t from = w.before > CLOSE ? w.before - CLOSE : 0, to = w.after + CLOSE < other->n ? w.after + CLOSE : other->n;
	for (size_t i = from; c->impaired && i < to; i++) {
		const struct turn *u = &other->turns[i];
		if (u->spoken && bytes_is(bytes_word(u->command.text).head, verb) && line_exceeds(c, FROM_CLIENT, &u->command, other == c->sides->inside))
			return true;
	}
	return false;
}

static bool client_lacks(const struct changes *c, struct window outside, const struct turn *t, bool tail)
{
	const struct account *out = c->sides->outside;
	int64_t then = other_time(c, true, time_of(t));
	if (t->command.spoken.holed || t->command.spoken.ending == LINE_END || hole_at(out, FROM_CLIENT, outside))
		return false;
	if (!tail)
		return out->connection->syn_seen || covers(c, out, then);
	if (t->answered)
		return covers(c, out, then);
	if (c->sides->inside->connection->repeated_unacknowledged[FROM_CLIENT] >= 2)
		return true; /* sent again and again, never acknowledged: it was dropped, whoever watched */
	return !ended_before(out, FROM_SERVER, then) && !ended_before(out, FROM_CLIENT, then) && !out->encrypted && out->watched_until >= then + second;
}

/* The outside connection was dead by then: what looks like loss behind a forged reset is what the box never passed on. */
static bool cut_outside(const struct changes *c, int64_t then)
{
	return c->cut_outside && c->cut_outside->place.time <= then + c->clock.transit + CLOCK_ERROR; /* the answer may overtake the reset */
}

static void only_inside(struct changes *c, struct window outside, bool tail, bool cut)
{
	const struct turn *t = c->inside;
	const struct account *out = c->sides->outside;
	int64_t then = other_time(c, true, time_of(t));
	bool dead = cut_outside(c, then);
	if (t->answered && !t->reply_holed && reply_exceeds(c, t, true) && (dead || !hole_at(out, FROM_SERVER, outside)) && (is_forged(t) || covers(c, out, then))) {
		struct change *change = change_add(c, CHANGE_ANSWERED, FROM_SERVER, cause_of_command(t, CAUSE_MIDDLEBOX_REPLY_INJECTED),
		                                   "the box answered; the server did not");
		change->inside = t->exchange->reply.last;
		change->inside_text = reply_lines(c, t);
	}
	if (t->spoken && !dead && !may_be_another(c, out, outside, t) && line_exceeds(c, FROM_CLIENT, &t->command, true) && !(tail && cut && !t->answered) && client_lacks(c, outside, t, tail)) {
		struct change *change = change_add(c, CHANGE_SWALLOWED, FROM_CLIENT, cause_of_command(t, CAUSE_MIDDLEBOX_STREAM_ALTERED),
		                                   t->answered ? "it was not passed on" : "it did not come through");
		change->inside = t->command.spoken.last;
		change->inside_text = t->command.text;
	}
}

/* A proxy that says whose session it passes on does its work (nginx xclient, HAProxy send-proxy): told, and no fault of the path's. */
static bool is_proxy_header(struct bytes line)
{
	return bytes_is(bytes_word(line).head, B("PROXY")) || bytes_starts(line, B("\r\n\r\n\0\r\nQUIT\n")); /* version 1, and 2 */
}

static bool is_introduction(struct bytes line)
{
	struct bytes verb = bytes_word(line).head;
	return is_proxy_header(line) || bytes_is(verb, B("XCLIENT")) || bytes_is(verb, B("XFORWARD"));
}

static const char *added_phrase(const struct turn *t)
{
	if (is_proxy_header(t->command.text))
		return "a PROXY header: the box tells the server whose connection it passes on";
	if (is_introduction(t->command.text))
		return "the box tells the server whose session it passes on";
	return "the client did not send it";
}

/* The server's reply is not on the inside: absorbed, unless something explains why it could not be there. */
static bool reply_lost(const struct changes *c, struct window inside, const struct turn *outside, bool tail)
{
	const struct account *in = c->sides->inside;
	int64_t then = other_time(c, false, outside->exchange->reply.last.time);
	if (outside->reply_holed || !reply_exceeds(c, outside, false) || hole_at(in, FROM_SERVER, inside) || has_rivals(in, FROM_SERVER))
		return false;
	if (!covers(c, in, then))
		return false;
	return !tail || (!ended_before(in, FROM_CLIENT, then) && !ended_before(in, FROM_SERVER, then));
}

static void reply_swallowed(struct changes *c, const struct turn *outside, enum cause cause)
{
	struct change *change = change_add(c, CHANGE_SWALLOWED, FROM_SERVER, cause, "the server's reply was not passed on");
	change->outside = outside->exchange->reply.last;
	change->outside_text = reply_lines(c, outside);
}

static void only_outside(struct changes *c, struct window inside, bool tail)
{
	const struct turn *t = c->outside;
	const struct account *in = c->sides->inside;
	int64_t then = other_time(c, false, t->spoken ? t->command.spoken.last.time : time_of(t));
	bool whole = t->spoken && !t->command.spoken.holed && t->command.spoken.ending != LINE_END;
	if (whole && !may_be_another(c, in, inside, t) && line_exceeds(c, FROM_CLIENT, &t->command, false) && !hole_at(in, FROM_CLIENT, inside) && covers(c, in, then) && heard_until(in, then)) {
		enum cause cause = is_introduction(t->command.text) ? CAUSE_COUNT : CAUSE_MIDDLEBOX_STREAM_ALTERED;
		struct change *change = change_add(c, CHANGE_ADDED, FROM_CLIENT, cause, added_phrase(t));
		change->outside = t->command.spoken.last;
		change->outside_text = t->command.text;
		if (t->answered && !t->reply_holed && reply_exceeds(c, t, false))
			reply_swallowed(c, t, cause);
	} else if (!t->spoken && t->answered && t->kind != COMMAND_UNSEEN && reply_lost(c, inside, t, tail)) {
		reply_swallowed(c, t, CAUSE_MIDDLEBOX_STREAM_ALTERED);
	}
}

/* ---- turns of both ---- */

/* Far slower than the session's other lines, and nothing was sent twice: the box held it. */
static void delayed(struct changes *c, enum direction d, struct place inside, struct place outside, struct bytes text)
{
	for (int i = 0; i < 2; i++) {
		const struct connection *k = i ? c->sides->outside->connection : c->sides->inside->connection;
		if (k->retransmissions[d] || k->out_of_order[d] || k->gaps[d])
			return;
	}
	if (c->impaired || !c->clock.known || !inside.number || !outside.number)
		return;
	int64_t took = outside.time - inside.time - c->clock.offset;
	if (d == FROM_SERVER)
		took = -took;
	if (took < SLOW * second)
		return;
	struct change *change = change_add(c, CHANGE_DELAYED, d, CAUSE_COUNT, NULL);
	change->detail = change_phrase(c, "held for %.1f s on the way", (double)took / (double)second);
	change->inside = inside;
	change->outside = outside;
	change->inside_text = change->outside_text = text;
}

static void both(struct changes *c, struct window inside, struct window outside, bool tail)
{
	const struct turn *a = c->inside, *b = c->outside;
	altered_content(c);
	if (a->command_key != b->command_key)
		altered_command(c);
	else if (a->spoken && b->spoken && a->kind != COMMAND_CONTENT)
		delayed(c, FROM_CLIENT, a->command.spoken.last, b->command.spoken.last, a->command.text);
	if (a->answered && b->answered) {
		if (a->reply_key != b->reply_key)
			altered_reply(c);
		else
			delayed(c, FROM_SERVER, a->exchange->reply.last, b->exchange->reply.last, reply_lines(c, a));
	} else if (a->answered) {
		const struct account *out = c->sides->outside;
		if (a->reply_holed || !reply_exceeds(c, a, true) || hole_at(out, FROM_SERVER, outside) || !(is_forged(a) || covers(c, out, other_time(c, true, time_of(a)))))
			return;
		struct change *change = change_add(c, CHANGE_ANSWERED, FROM_SERVER, cause_of_command(a, CAUSE_MIDDLEBOX_REPLY_INJECTED),
		                                   "the box answered; the server did not");
		change->inside = a->exchange->reply.last;
		change->inside_text = reply_lines(c, a);
	} else if (b->answered && reply_lost(c, inside, b, tail)) {
		reply_swallowed(c, b, CAUSE_MIDDLEBOX_STREAM_ALTERED);
	}
}

/* ---- lines that were moved ---- */

/* Of a step with one side alone: the step within reach that has the same command on the other side alone; ALIGN_NONE. */
static size_t moved_to(const struct sides *s, const bool *done, size_t at)
{
	struct step here = s->turns.steps[at];
	const struct turn *t = here.b == ALIGN_NONE ? &s->inside->turns[here.a] : &s->outside->turns[here.b];
	if (!t->spoken || t->command.spoken.length == 0 || t->kind != COMMAND_LINE)
		return ALIGN_NONE;
	size_t from = at > MOVED_FAR ? at - MOVED_FAR : 0, to = at + MOVED_FAR < s->turns.n ? at + MOVED_FAR : s->turns.n - 1;
	for (size_t i = from; i <= to; i++) {
		struct step there = s->turns.steps[i];
		bool alone = here.b == ALIGN_NONE ? there.a == ALIGN_NONE && there.b != ALIGN_NONE : there.b == ALIGN_NONE && there.a != ALIGN_NONE;
		if (done[i] || !alone)
			continue;
		const struct turn *u = here.b == ALIGN_NONE ? &s->outside->turns[there.b] : &s->inside->turns[there.a];
		if (u->spoken && u->command_key == t->command_key)
			return i;
	}
	return ALIGN_NONE;
}

static void reordered(struct changes *c, bool later)
{
	if (c->impaired)
		return;
	struct change *change = change_add(c, CHANGE_REORDERED, FROM_CLIENT, CAUSE_MIDDLEBOX_STREAM_ALTERED,
	                                   later ? "it was passed on later than lines behind it" : "it was passed on before lines ahead of it");
	change->inside = c->inside->command.spoken.last;
	change->outside = c->outside->command.spoken.last;
	change->inside_text = c->inside->command.text;
	change->outside_text = c->outside->command.text;
	if (c->inside->answered && c->outside->answered && c->inside->reply_key != c->outside->reply_key)
		altered_reply(c);
}

/* ---- the walk ---- */

/* Where no line stands on both sides, SYNs do. */
static struct clock clock_of_starts(const struct sides *s)
{
	const struct connection *in = s->inside->connection, *out = s->outside->connection;
	return (struct clock){ .known = in->syn_seen && out->syn_seen, .offset = out->first.time - in->first.time };
}

static struct clock own_clock(const struct sides *s, struct clock common)
{
	int64_t *client = memory_new(SAMPLES_MOST, sizeof *client), *server = memory_new(SAMPLES_MOST, sizeof *server);
	size_t nclient = sides_times(s, FROM_CLIENT, client, SAMPLES_MOST), nserver = sides_times(s, FROM_SERVER, server, SAMPLES_MOST);
	struct clock own = nclient >= SAMPLES_LEAST && nserver >= SAMPLES_LEAST ? clock_estimate(client, nclient, server, nserver) : common;
	free(client);
	free(server);
	if (!own.known)
		own = clock_of_starts(s);
	return own;
}

/* Of each step: the next firm one, or the number of steps. */
static size_t *next_firm(struct arena *arena, const struct sides *s)
{
	size_t *next = ARENA_ARRAY(arena, size_t, s->turns.n + 1), at = s->turns.n;
	for (size_t i = s->turns.n; i-- > 0;) {
		next[i] = at;
		at = sides_agree(s, s->turns.steps[i]) ? i : at;
	}
	return next;
}

struct span { size_t first, last; }; /* of the steps that have both sides */

static struct span joined_span(const struct alignment *a)
{
	struct span s = { a->n, 0 };
	for (size_t i = 0; i < a->n; i++)
		if (a->steps[i].a != ALIGN_NONE && a->steps[i].b != ALIGN_NONE) {
			s.first = i < s.first ? i : s.first;
			s.last = i;
		}
	return s;
}

/* TLS from the first octet, another protocol, or a capture that begins inside TLS: nothing that could be set side by side. */
static bool is_opaque(const struct sides *s)
{
	const struct account *sides[2] = { s->inside, s->outside };
	for (int i = 0; i < 2; i++) {
		const struct account *a = sides[i], *other = sides[!i];
		enum protocol p = a->windows[0]->protocol;
		if (p == PROTOCOL_TLS || p == PROTOCOL_OTHER || a->windows[0]->tls.implicit || (a->windows[0]->mid_start && other->encrypted))
			return true;
	}
	return false;
}

struct change *sides_changes(struct arena *arena, const struct sides *s, struct clock common)
{
	struct changes c = { .arena = arena, .sides = s, .clock = own_clock(s, common) };
	struct span span = joined_span(&s->turns);
	bool *done = ARENA_ARRAY(arena, bool, s->turns.n + 1);
	c.cut_inside = foreign_reset(&c, FROM_SERVER);
	c.cut_outside = foreign_reset(&c, FROM_CLIENT);
	bool cut = c.cut_inside || c.cut_outside;
	size_t steps = is_opaque(s) ? 0 : s->turns.n, *next = next_firm(arena, s);
	struct window inside = { 0 }, outside = { 0 };
	c.end = &c.first;
	const struct account *both_sides[2] = { s->inside, s->outside };
	for (int side = 0; side < 2; side++)
		for (int d = 0; d < 2; d++)
			lines_count(&c, both_sides[side], (enum direction)d, side == 0);
	c.impaired = account_impaired(s->inside) || account_impaired(s->outside);
	for (size_t i = 0; i < steps; i++) {
		struct step step = s->turns.steps[i];
		c.inside = step.a == ALIGN_NONE ? NULL : &s->inside->turns[step.a];
		c.outside = step.b == ALIGN_NONE ? NULL : &s->outside->turns[step.b];
		bool last = next[i] == s->turns.n;
		inside.after = last ? s->inside->n : s->turns.steps[next[i]].a;
		outside.after = last ? s->outside->n : s->turns.steps[next[i]].b;
		size_t there = done[i] || (c.inside && c.outside) ? ALIGN_NONE : moved_to(s, done, i);
		if (done[i])
			continue;
		if (there != ALIGN_NONE) {
			bool inside_here = c.inside != NULL;
			done[there] = true;
			c.inside = inside_here ? c.inside : &s->inside->turns[s->turns.steps[there].a];
			c.outside = inside_here ? &s->outside->turns[s->turns.steps[there].b] : c.outside;
			reordered(&c, inside_here);
		} else if (c.inside && c.outside) {
			both(&c, inside, outside, i >= span.last);
			if (sides_agree(s, step)) {
				inside.before = step.a + 1;
				outside.before = step.b + 1;
				anchor(&c);
			}
		} else if (c.inside && !(i < span.first && s->outside->windows[0]->mid_start)) {
			only_inside(&c, outside, i > span.last, cut);
		} else if (c.outside && !(i < span.first && s->inside->windows[0]->mid_start)) {
			only_outside(&c, inside, i > span.last);
		}
	}
	resets(&c);
	map_free(&c.counts[0]);
	map_free(&c.counts[1]);
	return c.first;
}
