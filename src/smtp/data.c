/* data.c - message data in the client's stream: after 354 up to its end, and BDAT chunks. Takes octets of them; gives the exchange that
 * the server's answer belongs to; never keeps them, but for first words of lines that the server may have read as commands. */
#include "smtp/inside.h"

#include "base/banned.h"

void content_begin(struct dialogue *d)
{
	if (!d->content)
		d->content = memory_new(1, sizeof *d->content);
	memset(d->content, 0, sizeof *d->content);
	d->content->facts.seen = true;
	d->mode = MODE_CONTENT;
	d->content_from = d->content_to = d->seen[FROM_CLIENT];
	d->content_acked = d->answered_end;
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
		.ttl = chunk->marks.ttl, .odd = chunk->odd, .segments = 1,
	};
	if (!early) {
		command_describe(d, e);
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

void content_part(struct dialogue *d, const struct chunk *chunk, struct bytes rest)
{
	uint64_t offset = chunk->offset + (chunk->bytes.n - rest.n);
	bool ended, odd;
	struct content *facts = &d->content->facts;
	if (facts->first.number == 0) {
		facts->first = chunk->place;
		d->content_acked = chunk->acked > d->content_acked ? chunk->acked : d->content_acked;
	}
	facts->last = chunk->place;
	size_t n = content_read(d->content, rest, true, &ended, &odd);
	shadow_read(d, chunk_part_of(chunk, bytes_first(rest, n), offset));
	if (odd && !d->shadow) {
		latent_begin(d, d->content_exchange);
		note_add(d, NOTE_BARE_NEWLINE, FROM_CLIENT, chunk->place);
	}
	lines_take(&d->lines[FROM_CLIENT], n);
	d->content_to = offset + n;
	if (ended)
		content_ends(d, chunk, offset + n);
}

void chunk_ends(struct dialogue *d)
{
	struct exchange *e = d->chunk_exchange;
	e->content = ARENA_NEW(&d->session->arena, struct content);
	*e->content = d->content->facts;
	d->mode = MODE_LINES;
	d->surplus_of = e->ordinal;
	d->surplus_begun = false;
}

void chunk_part(struct dialogue *d, const struct chunk *chunk, struct bytes rest)
{
	uint64_t offset = chunk->offset + (chunk->bytes.n - rest.n);
	bool ended, odd;
	struct content *facts = &d->content->facts;
	struct bytes part = bytes_first(rest, d->chunk_left < rest.n ? (size_t)d->chunk_left : rest.n);
	if (facts->first.number == 0)
		facts->first = chunk->place;
	facts->last = chunk->place;
	content_read(d->content, part, false, &ended, &odd);
	shadow_read(d, chunk_part_of(chunk, part, offset));
	lines_take(&d->lines[FROM_CLIENT], part.n);
	d->chunk_left -= part.n;
	d->content_to = offset + part.n;
	if (d->chunk_left == 0)
		chunk_ends(d);
}

/* The end of the data is in a hole, and commands may be, behind it. */
static void content_end_unseen(struct dialogue *d, uint64_t at)
{
	if (!d->content_answered) {
		exchange_append(d, content_exchange(d), true);
		loss_of_commands(d, at - 1, at + 1, false);
	}
	d->mode = MODE_LINES;
	d->content_exchange = NULL;
}

/* After an early answer or a hole, the client may have left the data without our seeing its end. */
void content_may_have_ended(struct dialogue *d, const struct chunk *chunk)
{
	if (d->mode != MODE_CONTENT || !(d->content_answered || d->content_lost) || (d->content->length && !d->content_lost))
		return;
	bool heard = chunk->acked >= d->answered_end && d->content_answered;
	bool received = chunk->acked > d->content_acked && !d->fills_hole; /* more than the 354: nothing but the answer to the data */
	if (d->content_lost && (heard || received)) {
		content_end_unseen(d, chunk->offset);
		return;
	}
	if (!heard && !(d->content_lost && d->nlost))
		return;
	struct arena scratch = { 0 };
	struct command c = { .kind = COMMAND_LINE };
	c.line.text = bytes_cut(bytes_cut(chunk->bytes, '\n').head, '\r').head;
	grammar_parse(&scratch, &c);
	if (command_is_known(&c))
		content_end_unseen(d, chunk->offset);
	arena_drop(&scratch);
}

