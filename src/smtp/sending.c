/* sending.c - the client's octets become exchanges. Takes chunks and gaps of the client's stream; gives the queue its commands;
 * never guesses what octets behind a DATA, AUTH or STARTTLS mean before its reply is known: they are held until then. */
#include "smtp/inside.h"

#include "base/banned.h"

static void read_chunk(struct dialogue *, const struct chunk *);

/* ---- lines become commands ---- */

static unsigned circumstances(const struct dialogue *d)
{
	return d->auth_tried || d->hole || d->content_lost || !d->state.certain ? NEAR_AUTH : 0;
}

/* The text is masked first; what the grammar says of the line as sent is kept, its views are those of the masked text. */
static void parse_masked(struct dialogue *d, struct exchange *e, struct bytes original, struct bytes masked)
{
	struct arena scratch = { 0 };
	struct command sent = { .kind = e->command.kind, .line = e->command.line };
	sent.line.text = original;
	grammar_parse(&scratch, &sent);
	e->command.line.text = masked;
	grammar_parse(&d->session->arena, &e->command);
	e->command.fault = sent.fault;
	e->command.verb = sent.verb;
	e->command.meant = sent.meant;
	e->command.masked_run = sent.masked_run;
	e->command.protocol = sent.protocol;
	arena_drop(&scratch);
}

static void note_initial_response(struct exchange *e, struct bytes original)
{
	struct cut verb = bytes_word(original), mechanism = bytes_word(verb.tail);
	if (e->command.verb == VERB_AUTH && mechanism.tail.n)
		e->auth = redact_auth_facts(mechanism.tail);
}

/* Copies the line, masked as its kind demands, and parses it. */
void line_fill(struct dialogue *d, struct exchange *e, const struct line *line)
{
	struct command *c = &e->command;
	struct arena *arena = &d->session->arena;
	bool masked = false;
	c->line = *line;
	if (c->kind == COMMAND_AUTH) {
		e->auth = redact_auth_facts(line->text);
		c->line.text = redact_answer(arena, &d->secrets, line->text);
		masked = !bytes_equal(c->line.text, line->text);
		d->secret_from = line->offset;
		d->secret_to = line->offset + line->length;
	} else if (c->kind == COMMAND_TLS) {
		c->line.text = arena_copy(arena, line->text);
		c->protocol = "TLS";
		c->fault = (struct fault){ FAULT_PROTOCOL, 0, "a command", "RFC 5321 4.1.1" };
	} else if (c->content_of) {
		struct bytes kept = redact_content(arena, line->text);
		c->line.flags |= LINE_CONTENT;
		parse_masked(d, e, kept, kept);
	} else {
		struct bytes kept = redact_line(arena, &d->secrets, line->text, circumstances(d), &masked);
		parse_masked(d, e, line->text, kept);
		note_initial_response(e, line->text);
	}
	if (masked) {
		c->line.flags |= LINE_MASKED;
		d->secret_from = line->offset;
		d->secret_to = line->offset + line->length;
		d->auth_tried = true;
	}
}

static const struct offer *offer_for(const struct dialogue *d, uint64_t acked)
{
	return d->offer_before && acked < d->offer_end ? d->offer_before : d->offer;
}

static bool is_before_greeting(const struct dialogue *d, uint64_t acked)
{
	const struct exchange *first = d->session->first;
	if (!first || first->command.kind != COMMAND_CONNECT)
		return false;
	if (first->answered)
		return acked < d->greeting_end;
	return acked == 0 || (d->waiting == first && !d->replies_lost); /* a lost greeting was received all the same */
}

/* Pipelining, as the client could know it: by what it had received when it spoke. */
static void describe_moment(struct dialogue *d, struct exchange *e)
{
	struct command *c = &e->command;
	struct exchange *last = d->session->last;
	uint64_t acked = c->line.acked;
	bool connect_waits = d->waiting && d->waiting->command.kind == COMMAND_CONNECT;
	c->offer = offer_for(d, acked);
	c->before_greeting = is_before_greeting(d, acked);
	if (c->before_greeting && (!last || !last->command.before_greeting))
		note_add(d, NOTE_EARLY_TALK, FROM_CLIENT, c->line.first);
	if (!last || last->command.kind == COMMAND_CONNECT)
		return;
	bool waits = d->nwaiting > (unsigned)connect_waits && last->command.kind != COMMAND_UNSEEN;
	bool received = d->replies_lost && acked > last->command.line.acked; /* its reply is lost in the capture only */
	bool later = !waits && last->answered && last->command.kind != COMMAND_UNSEEN && acked < d->answered_end && acked <= last->reply.offset;
	c->ahead = (waits && !received) || later;
	c->behind_starttls = c->ahead && (last->command.behind_starttls || last->command.verb == VERB_STARTTLS);
	if (!c->ahead)
		return;
	last->command.followed = true;
	last->command.first_of_group |= !last->command.ahead;
}

static void note_line(struct dialogue *d, const struct exchange *e)
{
	const struct line *line = &e->command.line;
	if (line->ending == LINE_LF || line->ending == LINE_CR || (line->flags & LINE_HAS_BARE_CR))
		note_add(d, NOTE_BARE_NEWLINE, FROM_CLIENT, line->last);
	if (line->length > 510 && e->command.kind == COMMAND_LINE) {
		struct note *n = note_add(d, NOTE_LINE_TOO_LONG, FROM_CLIENT, line->last);
		n->number = line->length + 2;
	}
	d->session->line_limit |= line->length > LIMIT_LINE;
}

static bool is_known(const struct command *c)
{
	return c->kind == COMMAND_LINE && c->verb < VERB_COUNT && c->fault.kind == FAULT_NONE;
}

/* Is this line, behind a refused DATA or a chunk, still the message? A verb in good order that the client sent after it had seen
 * every reply is a command again; the lone dot ends it in any case. */
static bool still_content(struct dialogue *d, const struct line *line)
{
	if (!d->surplus_of)
		return false;
	struct arena scratch = { 0 };
	struct command c = { .kind = COMMAND_LINE, .line = *line };
	grammar_parse(&scratch, &c);
	bool verb = is_known(&c), followed_all = !d->waiting && line->acked >= d->answered_end;
	arena_drop(&scratch);
	if (verb && (!d->surplus_begun || followed_all)) {
		d->surplus_of = 0;
		return false;
	}
	d->surplus_begun = true;
	return true;
}

static void hold(struct dialogue *d, struct exchange *e)
{
	d->mode = MODE_HELD;
	d->held_for = e;
}

static void chunk_begins(struct dialogue *d, struct exchange *e)
{
	bool offered = offer_has(e->command.offer, EXT_CHUNKING);
	e->command.kind = COMMAND_CHUNK;
	d->mode = MODE_CHUNK;
	d->chunk_left = e->command.chunk;
	d->chunk_exchange = e;
	memset(d->content, 0, sizeof *d->content);
	d->content->facts.seen = true;
	d->content_from = e->command.line.offset + e->command.line.length;
	if (!offered)
		latent_begin(d, e); /* a server that does not know BDAT reads the chunk as commands */
}

/* What the client sends next depends on what it has just sent. */
static void verb_begins(struct dialogue *d, struct exchange *e)
{
	const struct command *c = &e->command;
	switch (c->verb) {
	case VERB_DATA: case VERB_STARTTLS: case VERB_XANONYMOUSTLS: case VERB_AUTH: case VERB_XEXPS:
		d->auth_tried |= c->verb == VERB_AUTH || c->verb == VERB_XEXPS;
		hold(d, e);
		break;
	case VERB_BDAT:
		if (c->fault.kind != FAULT_NONE)
			break;
		if (!d->content)
			d->content = memory_new(1, sizeof *d->content);
		chunk_begins(d, e);
		break;
	case VERB_EHLO: case VERB_LHLO:
		if (d->session->protocol == PROTOCOL_SMTP)
			d->session->protocol = c->verb == VERB_EHLO ? PROTOCOL_ESMTP : PROTOCOL_LMTP;
		break;
	default:
		break;
	}
	if (is_known(c) && c->verb != VERB_AUTH && c->verb != VERB_XEXPS && !c->ahead)
		d->auth_tried = d->auth_tried && !d->state.authenticated && c->verb != VERB_MAIL;
}

static bool queue_is_full(struct dialogue *d)
{
	if (d->nwaiting < LIMIT_QUEUE)
		return false;
	d->session->queue_limit = true;
	d->hole = true;
	d->hole_after = d->session->last;
	return true;
}

/* A PROXY header before the greeting takes no slot where the server expects it; the number of replies tells. */
static bool is_proxy_header(struct dialogue *d, const struct line *line)
{
	struct exchange *connect = d->session->first;
	if (!connect || connect != d->session->last || connect->command.kind != COMMAND_CONNECT || connect->answered)
		return false;
	if (!bytes_starts(line->text, B("PROXY ")) || d->latent)
		return false;
	struct note *n = note_add(d, NOTE_PROXY_LINE, FROM_CLIENT, line->first);
	n->first = arena_copy(&d->session->arena, bytes_first(line->text, EXCERPT));
	struct exchange *e = exchange_new(d, COMMAND_LINE);
	line_fill(d, e, line);
	e->command.before_greeting = true;
	latent_begin(d, connect);
	latent_add(d, e);
	return true;
}

static enum command_kind kind_of(struct dialogue *d, const struct line *line)
{
	if (d->auth_expected)
		return COMMAND_AUTH;
	if (line->offset < d->tls_until)
		return COMMAND_TLS;
	if (!(line->flags & LINE_AFTER_GAP) && tls_looks_like_record(line->text) && line->text.n >= 5) {
		d->tls_until = line->offset + 5 + ((uint64_t)line->text.p[3] << 8 | line->text.p[4]);
		return COMMAND_TLS;
	}
	return COMMAND_LINE;
}

static void client_line(struct dialogue *d, const struct line *line)
{
	if (d->early) {
		line_fill(d, d->early, line);
		d->early = NULL;
		return;
	}
	if (is_proxy_header(d, line) || queue_is_full(d))
		return;
	struct exchange *e = exchange_new(d, kind_of(d, line));
	if (e->command.kind == COMMAND_LINE && still_content(d, line))
		e->command.content_of = d->surplus_of;
	line_fill(d, e, line);
	describe_moment(d, e);
	exchange_append(d, e, true);
	note_line(d, e);
	if (e->command.kind == COMMAND_AUTH) {
		hold(d, e);
	} else if (e->command.content_of) {
		if (bytes_equal(line->text, B(".")))
			d->surplus_of = 0;
	} else if (e->command.kind == COMMAND_LINE) {
		verb_begins(d, e);
	}
}

/* ---- data ---- */

void content_begin(struct dialogue *d)
{
	if (!d->content)
		d->content = memory_new(1, sizeof *d->content);
	memset(d->content, 0, sizeof *d->content);
	d->content->facts.seen = true;
	d->mode = MODE_CONTENT;
	d->content_from = d->content_to = d->seen[FROM_CLIENT];
	d->content_answered = d->content_lost = false;
	d->content_exchange = NULL;
	latent_drop(d);
}

static struct exchange *content_exchange(struct dialogue *d)
{
	struct exchange *e = exchange_new(d, COMMAND_CONTENT);
	e->content = ARENA_NEW(&d->session->arena, struct content);
	*e->content = d->content->facts;
	e->command.line.offset = d->content_from;
	return e;
}

/* The reply came before the end of the data: its exchange is made now, and the dot is noted when it comes. */
void content_answer_early(struct dialogue *d)
{
	struct exchange *e = content_exchange(d);
	e->content->dot_after_reply = true;
	d->content_exchange = e;
	d->content_answered = true;
	exchange_append(d, e, true);
	if (d->shadow && !d->latent_after)
		d->latent_after = e;
}

static void content_ends(struct dialogue *d, const struct chunk *chunk, uint64_t end)
{
	struct exchange *e = d->content_exchange;
	bool early = e != NULL;
	if (!early)
		e = content_exchange(d);
	*e->content = d->content->facts;
	e->content->dot_after_reply = early;
	e->command.line = (struct line){
		.text = B("."), .length = 1, .offset = end - 3, .first = chunk->place, .last = chunk->place, .acked = chunk->acked,
		.marks = chunk->marks, .odd = chunk->odd, .segments = 1,
	};
	if (!early) {
		describe_moment(d, e);
		exchange_append(d, e, true);
	}
	if (d->shadow && !d->latent_after)
		d->latent_after = e;
	d->content_exchange = NULL;
	d->content_to = end;
	d->mode = MODE_LINES;
}

static void shadow_line(struct dialogue *d, const struct line *line)
{
	struct exchange *e = exchange_new(d, COMMAND_LINE);
	e->command.content_of = d->held_for ? d->held_for->ordinal : d->chunk_exchange ? d->chunk_exchange->ordinal : 0;
	for (struct exchange *p = d->session->last; p && !e->command.content_of; p = p->previous)
		if (p->command.verb == VERB_DATA)
			e->command.content_of = p->ordinal;
	line_fill(d, e, line);
	latent_add(d, e);
}

/* Data that the server may have read as commands is cut into lines beside the reading of it. */
static void shadow_read(struct dialogue *d, struct chunk part)
{
	struct line line;
	if (!d->shadow)
		return;
	lines_push(d->shadow, &part);
	while (d->shadow && lines_next(d->shadow, &line))
		shadow_line(d, &line);
}

static struct chunk part_of(const struct chunk *chunk, struct bytes part, uint64_t offset)
{
	struct chunk c = *chunk;
	c.bytes = part;
	c.offset = offset;
	return c;
}

static void content_part(struct dialogue *d, const struct chunk *chunk, struct bytes rest)
{
	uint64_t offset = chunk->offset + (chunk->bytes.n - rest.n);
	bool ended, odd;
	struct content *facts = &d->content->facts;
	if (facts->first.number == 0)
		facts->first = chunk->place;
	facts->last = chunk->place;
	size_t n = content_read(d->content, rest, true, &ended, &odd);
	shadow_read(d, part_of(chunk, bytes_first(rest, n), offset));
	if (odd && !d->shadow) {
		latent_begin(d, d->content_exchange);
		note_add(d, NOTE_BARE_NEWLINE, FROM_CLIENT, chunk->place);
	}
	lines_take(&d->lines[FROM_CLIENT], n);
	d->content_to = offset + n;
	if (ended)
		content_ends(d, chunk, offset + n);
}

static void chunk_done(struct dialogue *d)
{
	struct exchange *e = d->chunk_exchange;
	e->content = ARENA_NEW(&d->session->arena, struct content);
	*e->content = d->content->facts;
	d->mode = MODE_LINES;
	d->surplus_of = e->ordinal;
	d->surplus_begun = false;
}

static void chunk_part(struct dialogue *d, const struct chunk *chunk, struct bytes rest)
{
	uint64_t offset = chunk->offset + (chunk->bytes.n - rest.n);
	bool ended, odd;
	struct content *facts = &d->content->facts;
	struct bytes part = bytes_first(rest, d->chunk_left < rest.n ? (size_t)d->chunk_left : rest.n);
	if (facts->first.number == 0)
		facts->first = chunk->place;
	facts->last = chunk->place;
	content_read(d->content, part, false, &ended, &odd);
	shadow_read(d, part_of(chunk, part, offset));
	lines_take(&d->lines[FROM_CLIENT], part.n);
	d->chunk_left -= part.n;
	d->content_to = offset + part.n;
	if (d->chunk_left == 0)
		chunk_done(d);
}

/* ---- held octets ---- */

static void hold_item(struct dialogue *d, const struct chunk *chunk, const struct gap *gap)
{
	size_t n = chunk ? chunk->bytes.n : 0;
	if (d->nheld + n > HELD_MOST || d->held_dropped) {
		d->held_dropped += chunk ? n : gap->missing;
		d->session->memory_limit = true;
		return;
	}
	struct held *h = memory_new(1, sizeof *h + n);
	h->is_gap = gap != NULL;
	if (gap)
		h->gap = *gap;
	if (chunk) {
		h->chunk = *chunk;
		if (n)
			memcpy(h->octets, chunk->bytes.p, n);
		h->chunk.bytes.p = h->octets;
	}
	if (!d->held)
		d->held_end = &d->held;
	*d->held_end = h;
	d->held_end = &h->next;
	d->nheld += sizeof *h + n;
	if (d->held_for)
		d->held_for->command.followed |= d->held_for->command.kind != COMMAND_CONNECT;
}

static void release(struct dialogue *d)
{
	struct held *h = d->held;
	uint64_t dropped = d->held_dropped;
	d->held = NULL;
	d->nheld = 0;
	d->held_dropped = 0;
	uint64_t end = d->seen[FROM_CLIENT];
	while (h) {
		struct held *next = h->next;
		if (h->is_gap)
			client_gap(d, &h->gap);
		else
			read_chunk(d, &h->chunk);
		free(h);
		h = next;
	}
	if (dropped) {
		struct gap gap = { .offset = end - dropped, .missing = dropped, .kind = GAP_LIMIT };
		client_gap(d, &gap);
	}
}

static bool held_is_tls(const struct dialogue *d)
{
	return d->held && !d->held->is_gap && d->held->octets[0] >= 0x14 && d->held->octets[0] <= 0x18;
}

static void tls_begin(struct dialogue *d, bool implicit)
{
	struct session *s = d->session;
	d->mode = MODE_TLS;
	s->tls.implicit = implicit;
	if (implicit)
		s->protocol = PROTOCOL_TLS;
	d->tls = tls_reader_new(&s->tls, &s->arena);
}

/* Commands behind STARTTLS, in clear: a server must forget them (RFC 3207 4.2); an attacker hopes that it does not. */
static void behind_starttls(struct dialogue *d)
{
	struct lines lines = { 0 };
	struct line line;
	for (struct held *h = d->held, *next; h && !held_is_tls(d); h = next) {
		next = h->next;
		d->session->tls.commands_behind = true;
		lines_push(&lines, &h->chunk);
		while (!h->is_gap && lines_next(&lines, &line)) {
			struct exchange *e = exchange_new(d, COMMAND_LINE);
			line_fill(d, e, &line);
			e->command.ahead = e->command.behind_starttls = true;
			e->command.offer = offer_for(d, line.acked);
			phase_describe(d, e);
			exchange_append(d, e, false);
			d->session->unanswered++;
			struct note *n = note_add(d, NOTE_BEHIND_STARTTLS, FROM_CLIENT, line.first);
			n->first = bytes_first(e->command.line.text, EXCERPT);
		}
		d->held = next;
		free(h);
	}
	lines_free(&lines);
}

/* No reply will tell (it is lost): the octets themselves must. */
static void guess(struct dialogue *d, const struct exchange *e)
{
	struct line line = { 0 };
	if (d->held && !d->held->is_gap)
		line.text = bytes_cut(d->held->chunk.bytes, '\r').head;
	struct arena scratch = { 0 };
	struct command c = { .kind = COMMAND_LINE, .line = line };
	grammar_parse(&scratch, &c);
	bool command = is_known(&c);
	arena_drop(&scratch);
	d->mode = MODE_LINES;
	d->state.certain = false;
	if (e->command.verb == VERB_DATA && !command) {
		content_begin(d);
		if (d->held && !d->held->is_gap)
			d->content_from = d->held->chunk.offset;
		d->state.phase = PHASE_CONTENT;
	} else if ((e->command.verb == VERB_STARTTLS || e->command.verb == VERB_XANONYMOUSTLS) && held_is_tls(d)) {
		tls_begin(d, false);
	} else if ((e->command.verb == VERB_AUTH || e->command.kind == COMMAND_AUTH) && !command) {
		d->auth_expected = true;
	}
}

void held_answered(struct dialogue *d, struct exchange *e)
{
	const struct reply *r = &e->reply;
	bool positive = r->code / 100 == 2 || r->code / 100 == 3;
	d->held_for = NULL;
	d->mode = MODE_LINES;
	d->auth_expected = false;
	if (!e->answered) {
		d->held_for = e; /* until its next octets come */
		d->mode = MODE_HELD;
		return;
	}
	switch (e->command.kind == COMMAND_AUTH ? VERB_AUTH : e->command.verb) {
	case VERB_DATA:
		if (r->code / 100 == 3) {
			content_begin(d);
			d->content_from = e->command.line.offset + e->command.line.length + 2;
		} else if (r->code / 100 != 2) {
			d->surplus_of = e->ordinal;
			d->surplus_begun = false;
		}
		break;
	case VERB_STARTTLS: case VERB_XANONYMOUSTLS:
		if (r->code / 100 == 2) {
			behind_starttls(d);
			tls_begin(d, false);
		}
		break;
	case VERB_AUTH: case VERB_XEXPS:
		d->auth_expected = r->code / 100 == 3;
		d->auth_tried |= !positive;
		break;
	default:
		break;
	}
	release(d);
}

/* A TLS record came first and the server has answered: in TLS, or in clear. */
void server_spoke_first(struct dialogue *d, bool tls)
{
	if (d->mode != MODE_HELD || !d->held_for || d->held_for->command.kind != COMMAND_CONNECT)
		return;
	d->held_for = NULL;
	d->mode = MODE_LINES;
	if (tls)
		tls_begin(d, true);
	release(d);
}

/* ---- the stream ---- */

/* After an early answer or a hole, the client may have left the data without our seeing its end. */
static void content_may_have_ended(struct dialogue *d, const struct chunk *chunk)
{
	if (d->mode != MODE_CONTENT || !(d->content_answered || d->content_lost) || (d->content->length && !d->content_lost))
		return;
	bool heard = chunk->acked >= d->answered_end && d->content_answered;
	if (!heard && !(d->content_lost && d->replies_lost))
		return;
	if (heard && d->content_lost) { /* the server answered the end that we did not see */
		d->mode = MODE_LINES;
		d->content_exchange = NULL;
		return;
	}
	struct arena scratch = { 0 };
	struct command c = { .kind = COMMAND_LINE };
	c.line.text = bytes_cut(bytes_cut(chunk->bytes, '\n').head, '\r').head;
	grammar_parse(&scratch, &c);
	if (is_known(&c)) {
		d->mode = MODE_LINES;
		d->content_exchange = NULL;
	}
	arena_drop(&scratch);
}

/* Octets 20.. and version 3 as the very first: wait for what the server says to it. */
static bool is_first_tls(const struct dialogue *d, const struct chunk *chunk)
{
	return chunk->offset == 0 && chunk->bytes.n && chunk->bytes.p[0] == 0x16 && !d->heard[FROM_SERVER] && d->waiting
	       && d->waiting == d->session->first && d->waiting->command.kind == COMMAND_CONNECT && !d->waiting->next;
}

static void read_chunk(struct dialogue *d, const struct chunk *chunk)
{
	struct lines *lines = &d->lines[FROM_CLIENT];
	struct line line;
	content_may_have_ended(d, chunk);
	if (d->mode == MODE_LINES && is_first_tls(d, chunk))
		hold(d, d->waiting);
	lines_push(lines, chunk);
	for (;;) {
		struct bytes rest = lines_rest(lines);
		if (d->mode == MODE_LINES) {
			if (!lines_next(lines, &line))
				return;
			client_line(d, &line);
			if (d->mode == MODE_CHUNK && d->chunk_left == 0)
				chunk_done(d);
			continue;
		}
		if (rest.n == 0)
			return;
		if (d->mode == MODE_CONTENT) {
			content_part(d, chunk, rest);
			continue;
		}
		if (d->mode == MODE_CHUNK) {
			chunk_part(d, chunk, rest);
			continue;
		}
		struct chunk part = part_of(chunk, rest, chunk->offset + (chunk->bytes.n - rest.n));
		lines_take(lines, rest.n);
		if (d->mode == MODE_HELD)
			hold_item(d, &part, NULL);
		else if (!tls_reader_data(d->tls, FROM_CLIENT, &part)) {
			d->plain_after_tls = true;
			d->mode = MODE_LINES;
			read_chunk(d, &part);
		}
		return;
	}
}

void client_chunk(struct dialogue *d, const struct chunk *chunk)
{
	if (d->mode == MODE_HELD && d->held_for && d->held_for != d->waiting && !d->held_for->answered
	    && d->held_for->command.kind != COMMAND_CONNECT) {
		struct exchange *e = d->held_for; /* its reply was given up */
		d->held_for = NULL;
		hold_item(d, chunk, NULL);
		guess(d, e);
		release(d);
		return;
	}
	if (d->plain_after_tls && d->tls && tls_looks_like_record(chunk->bytes) && !d->lines[FROM_CLIENT].begun) {
		(void)tls_reader_data(d->tls, FROM_CLIENT, chunk);
		return;
	}
	read_chunk(d, chunk);
}

static void commands_lost(struct dialogue *d, const struct gap *gap)
{
	struct line line;
	if (lines_gap(&d->lines[FROM_CLIENT], gap, &line) && line.length)
		client_line(d, &line);
	if (d->mode == MODE_HELD)
		return;
	if (!d->hole) {
		d->hole = true;
		d->hole_after = d->session->last;
		d->hole_offset = gap->offset;
	}
	d->state.certain = false;
	d->surplus_of = 0;
}

void client_gap(struct dialogue *d, const struct gap *gap)
{
	uint64_t missing = gap->missing;
	struct gap rest = *gap;
	switch (d->mode) {
	case MODE_HELD:
		hold_item(d, NULL, gap);
		return;
	case MODE_TLS:
		tls_reader_gap(d->tls, FROM_CLIENT, gap);
		return;
	case MODE_CONTENT:
		content_hole(d->content);
		d->content->facts.octets += missing;
		d->content_lost = true;
		if (d->shadow)
			latent_drop(d);
		return;
	case MODE_CHUNK:
		content_hole(d->content);
		if (missing < d->chunk_left) {
			d->chunk_left -= missing;
			return;
		}
		rest.offset += d->chunk_left;
		rest.missing -= d->chunk_left;
		d->chunk_left = 0;
		chunk_done(d);
		if (rest.missing == 0)
			return;
		break;
	case MODE_LINES:
		break;
	}
	commands_lost(d, &rest);
}

/* The client's side is over. Octets that are still held met no reply: where the server was never heard they are judged by
 * themselves, else it never read them. */
void client_end(struct dialogue *d)
{
	struct line line;
	if (d->mode == MODE_HELD && d->held_for && !d->heard[FROM_SERVER]) {
		struct exchange *e = d->held_for;
		d->held_for = NULL;
		if (e->command.kind == COMMAND_CONNECT) {
			d->mode = MODE_LINES;
			tls_begin(d, true);
		} else {
			guess(d, e);
		}
		release(d);
	}
	if (d->mode == MODE_CHUNK) {
		d->chunk_exchange->command.chunk_short = true;
		chunk_done(d);
	}
	if (d->mode == MODE_LINES && lines_end(&d->lines[FROM_CLIENT], &line) && line.length)
		client_line(d, &line);
}
