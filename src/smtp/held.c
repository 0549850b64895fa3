/* held.c - octets behind a DATA, AUTH or STARTTLS whose reply is not known yet. Takes chunks and gaps; gives them back to client.c when
 * the reply says what they are; never guesses while a reply may still come. */
#include "smtp/inside.h"

#include "base/banned.h"

void held_begin(struct dialogue *d, struct exchange *e)
{
	d->mode = MODE_HELD;
	d->held_for = e;
}

void held_add(struct dialogue *d, const struct chunk *chunk, const struct gap *gap)
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

void held_release(struct dialogue *d)
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
			client_read(d, &h->chunk);
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

void tls_begin(struct dialogue *d, bool implicit)
{
	struct session *s = d->session;
	d->mode = MODE_TLS;
	s->tls.implicit = implicit;
	if (implicit)
		s->protocol = PROTOCOL_TLS;
	if (d->tls) /* a second STARTTLS, after one that came to nothing */
		tls_reader_free(d->tls);
	d->tls = tls_reader_new(&s->tls, &s->arena);
}

void tls_join(struct dialogue *d)
{
	tls_begin(d, false);
	tls_reader_join(d->tls);
	d->held_for = NULL;
	held_release(d); /* into the reader: the client's octets were of the same kind */
}

/* Commands behind STARTTLS, in clear: a server must forget them (RFC 3207 4.2); an attacker hopes that it does not. What follows a hole
 * may be the middle of a record. */
static void read_behind_starttls(struct dialogue *d)
{
	struct lines lines = { 0 };
	struct line line;
	for (struct held *h = d->held, *next; h && !h->is_gap && !held_is_tls(d); h = next) {
		next = h->next;
		d->session->tls.commands_behind = true;
		lines_push(&lines, &h->chunk);
		while (lines_next(&lines, &line)) {
			struct exchange *e = exchange_new(d, COMMAND_LINE);
			line_fill(d, e, &line);
			e->command.ahead = e->command.behind_starttls = true;
			e->command.offer = offer_in_force(d, line.acked);
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

enum { LONGEST_GUESS = 600 };

/* No reply will tell (it is lost): the octets themselves must. */
void held_guess(struct dialogue *d, const struct exchange *e)
{
	struct line line = { 0 };
	const struct held *first = d->held;
	while (first && first->is_gap)
		first = first->next;
	struct text begun = { 0 };
	for (const struct held *h = first; h && !h->is_gap && begun.n < LONGEST_GUESS; h = h->next)
		text_add(&begun, h->chunk.bytes);
	line.text = bytes_cut(text_view(&begun), '\r').head;
	struct arena scratch = { 0 };
	struct command c = { .kind = COMMAND_LINE, .line = line };
	grammar_parse(&scratch, &c);
	bool command = command_is_known(&c) || (c.verb < VERB_COUNT && command_argument(&c).n); /* "AUTH XYZ": base64 has no blank */
	arena_drop(&scratch);
	bool something = line.text.n && !d->held->is_gap;
	text_free(&begun);
	d->mode = MODE_LINES;
	d->state.certain = false;
	if (e->command.verb == VERB_DATA && !command && first) {
		content_begin(d);
		if (!d->held->is_gap)
			d->content_from = first->chunk.offset;
		d->state.phase = PHASE_CONTENT;
	} else if ((e->command.verb == VERB_STARTTLS || e->command.verb == VERB_XANONYMOUSTLS) && held_is_tls(d)) {
		tls_begin(d, false);
	} else if ((e->command.verb == VERB_AUTH || e->command.kind == COMMAND_AUTH) && !command && something && !e->auth.cancelled) {
		d->auth_expected = true;
	}
}

/* Its reply is missing for good: the next replies are to what is held. */
void held_unanswered(struct dialogue *d, const struct exchange *e)
{
	d->held_for = NULL;
	held_guess(d, e);
	held_release(d);
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
			read_behind_starttls(d);
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
	held_release(d);
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
	held_release(d);
}

