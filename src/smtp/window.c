/* window.c - handing the record over, and going on with a fresh arena that keeps only what is in force. Takes the dialogue; gives
 * its sink sessions; never loses a command that still waits for its reply. */
#include "smtp/inside.h"

#include "base/banned.h"

/* A session lies in its own arena: what begins together lies together. */
static struct session *session_new(struct arena_pool *pool)
{
	struct arena arena = { .pool = pool };
	struct session *s = ARENA_NEW(&arena, struct session);
	s->arena = arena;
	return s;
}

struct session *session_begin(const struct connection *connection, struct arena_pool *pool)
{
	struct session *s = session_new(pool);
	s->id = connection->ordinal;
	s->notes_end = &s->notes;
	return s;
}

void session_free(struct session *s)
{
	if (!s)
		return;
	struct arena arena = s->arena;
	arena_drop(&arena);
}

static struct tls tls_copy(struct arena *arena, const struct tls *old)
{
	struct tls tls = *old;
	tls.server_name = arena_copy(arena, old->server_name);
	tls.plaintext = arena_copy(arena, old->plaintext);
	return tls;
}

/* What the whole session knows; the window's lists stay behind. */
static struct session *session_continued(struct session *old)
{
	struct session *s = session_new(old->arena.pool);
	struct arena arena = s->arena;
	*s = *old;
	s->arena = arena;
	s->first = s->last = NULL;
	s->nexchanges = 0;
	s->offers = NULL;
	s->notes = NULL;
	s->notes_end = &s->notes;
	s->banner = arena_copy(&s->arena, old->banner);
	s->helo = arena_copy(&s->arena, old->helo);
	s->server_name = arena_copy(&s->arena, old->server_name);
	s->tls = tls_copy(&s->arena, &old->tls);
	s->window = old->window + 1;
	return s;
}

static struct exchange *exchange_moved(struct session *to, const struct exchange *old)
{
	struct exchange *e = ARENA_NEW(&to->arena, struct exchange);
	*e = *old;
	e->next = e->previous = NULL;
	e->command.params = NULL;
	e->command.nparams = 0;
	e->command.path = &no_path;
	e->command.word = (struct bytes){ 0 };
	e->command.line.text = arena_copy(&to->arena, old->command.line.text);
	if (old->command.kind == COMMAND_LINE || old->command.kind == COMMAND_CHUNK) {
		enum command_kind kind = old->command.kind;
		grammar_parse(&to->arena, &e->command);
		e->command.kind = kind;
		e->command.verb = old->command.verb;
		e->command.meant = old->command.meant;
		e->command.protocol = old->command.protocol;
	}
	e->command.fault = fault_copy(&to->arena, old->command.fault); /* judged on the line as sent, before it was masked */
	if (old->content) {
		e->content = ARENA_NEW(&to->arena, struct content);
		*e->content = *old->content;
	}
	return e;
}

static const struct offer *offer_moved(const struct offer *wanted, const struct offer *old, const struct offer *new)
{
	return wanted && wanted == old ? new : NULL;
}

static void queue_moved(struct dialogue *d, struct session *to, const struct offer *offer, const struct offer *before)
{
	struct session *from = d->session;
	struct exchange *first = d->waiting, *last = NULL;
	d->waiting = NULL;
	if (first) {
		from->last = first->previous;
		if (from->last)
			from->last->next = NULL;
		else
			from->first = NULL;
	}
	for (struct exchange *old = first; old; old = old->next) {
		struct exchange *e = exchange_moved(to, old);
		const struct offer *in_force = offer_moved(old->command.offer, d->offer, offer);
		e->command.offer = in_force ? in_force : before ? before : offer;
		e->previous = last;
		if (last)
			last->next = e;
		else
			to->first = d->waiting = e;
		last = to->last = e;
		to->nexchanges++;
		from->nexchanges--;
		if (d->held_for == old)
			d->held_for = e;
		if (d->chunk_exchange == old)
			d->chunk_exchange = e;
	}
}

void session_hand_over(struct dialogue *d, bool final)
{
	struct session *old = d->session, *s = NULL;
	if (!final) {
		s = session_continued(old);
		struct offer *offer = offer_copy(&s->arena, d->offer);
		const struct offer *before = d->offer_before ? offer_copy(&s->arena, d->offer_before) : NULL;
		queue_moved(d, s, offer, before);
		s->offers = offer;
		d->offer = offer;
		d->offer_before = before;
	}
	old->connection = *d->connection;
	if (old->connection.resets) {
		old->connection.resets = ARENA_ARRAY(&old->arena, struct reset, RESETS_KEPT);
		memcpy(old->connection.resets, d->connection->resets, RESETS_KEPT * sizeof *old->connection.resets);
	}
	old->closed = final;
	d->session = s;
	d->sink.session(d->sink.to, old, final);
}

static bool is_quiet(const struct dialogue *d)
{
	return !d->latent && !d->early && !d->nput_off && !d->content_exchange && !d->shadow && !loss_any(d)
	       && (d->mode == MODE_LINES || d->mode == MODE_CONTENT || d->mode == MODE_HELD) && !d->tls;
}

void window_check(struct dialogue *d)
{
	size_t size = d->session->arena.size;
	bool between = d->state.phase <= PHASE_READY;
	if (size < LIMIT_SESSION_MEMORY || (!between && size < 2 * LIMIT_SESSION_MEMORY))
		return;
	if (!is_quiet(d)) {
		if (size < 4 * LIMIT_SESSION_MEMORY || d->tls)
			return;
		d->session->memory_limit = true; /* a session that never comes to rest is cut all the same */
		pairing_settle(d, UINT64_MAX, true);
		latent_drop(d);
		d->early = NULL;
		d->content_exchange = NULL;
		loss_forget_all(d);
		if (d->mode == MODE_CHUNK)
			return;
	}
	if (d->nwaiting < d->session->nexchanges || size > 4 * LIMIT_SESSION_MEMORY)
		session_hand_over(d, false);
}
