/* client.c - the client's stream: what each octet is of it, by the mode. Takes chunks, gaps and the end; gives lines, data, TLS records and what is
 * held to those who read them. Never decides what a line means (sending.c). */
#include "smtp/inside.h"

#include "base/banned.h"

/* Octets 20.. and version 3 as the very first, or behind a PROXY header: wait for what the server says to it. */
static bool is_first_tls(const struct dialogue *d, const struct chunk *chunk)
{
	return chunk->offset == d->client_begins && chunk->bytes.n && chunk->bytes.p[0] == 0x16 && !d->heard[FROM_SERVER] && d->waiting
	       && d->waiting == d->session->first && d->waiting->command.kind == COMMAND_CONNECT && !d->waiting->next;
}

void client_read(struct dialogue *d, const struct chunk *given)
{
	const struct chunk *chunk = given;
	struct chunk beyond;
	if (prelude_may_go_on(d, given)) {
		beyond = without_proxy_header(d, given);
		chunk = &beyond;
	}
	if (chunk->bytes.n == 0)
		return;
	struct lines *lines = &d->lines[FROM_CLIENT];
	struct line line;
	content_may_have_ended(d, chunk);
	if (d->mode == MODE_LINES && is_first_tls(d, chunk))
		held_begin(d, d->waiting);
	lines_push(lines, chunk);
	for (;;) {
		struct bytes rest = lines_rest(lines);
		if (rest.n == 0)
			return;
		if (d->mode == MODE_LINES) {
			if (!lines_next(lines, &line))
				return;
			client_line(d, &line);
			if (d->mode == MODE_CHUNK && d->chunk_left == 0)
				chunk_ends(d);
			continue;
		}
		if (d->mode == MODE_CONTENT) {
			content_part(d, chunk, rest);
			continue;
		}
		if (d->mode == MODE_CHUNK) {
			chunk_part(d, chunk, rest);
			continue;
		}
		struct chunk part = chunk_part_of(chunk, rest, chunk->offset + (chunk->bytes.n - rest.n));
		if (d->mode == MODE_HELD) {
			lines_put_aside(lines);
			held_add(d, &part, NULL);
			return;
		}
		lines_take(lines, rest.n);
		if (!tls_reader_data(d->tls, FROM_CLIENT, &part)) {
			d->plain_after_tls = true;
			d->mode = MODE_LINES;
			client_read(d, &part);
		}
		return;
	}
}

void client_chunk(struct dialogue *d, const struct chunk *chunk)
{
	bool waits = d->waiting && d->held_for && d->held_for->ordinal >= d->waiting->ordinal; /* with others before it, maybe */
	if (d->mode == MODE_HELD && d->held_for && !waits && !d->held_for->answered && d->held_for->command.kind != COMMAND_CONNECT) {
		held_add(d, chunk, NULL); /* its reply was given up */
		held_unanswered(d, d->held_for);
		return;
	}
	if (d->plain_after_tls && d->tls && tls_looks_like_record(chunk->bytes) && !d->lines[FROM_CLIENT].begun) {
		(void)tls_reader_data(d->tls, FROM_CLIENT, chunk);
		return;
	}
	client_read(d, chunk);
}

static void commands_lost(struct dialogue *d, const struct gap *gap)
{
	struct line line;
	const struct line *last = d->session->last ? &d->session->last->command.line : NULL;
	bool held_before = d->command_head_taken && last && last->ending == LINE_GAP && last->offset + last->length == gap->offset;
	bool head = lines_gap(&d->lines[FROM_CLIENT], gap, &line) && line.length;
	bool ended = head && gap->missing == 1 && line.offset + line.length < gap->offset; /* its CR was there, its LF is missing */
	if (ended)
		line.ending = LINE_CRLF;
	if (head)
		client_line(d, &line);
	d->command_head_taken = held_before || (head && !ended);
	if (d->mode == MODE_HELD) {
		held_add(d, NULL, gap);
		return;
	}
	loss_of_commands(d, gap->offset, gap->offset + gap->missing, !head && !held_before);
	d->state.certain = false;
	d->surplus_of = 0;
}

void client_gap(struct dialogue *d, const struct gap *gap)
{
	uint64_t missing = gap->missing;
	struct gap rest = *gap;
	switch (d->mode) {
	case MODE_HELD:
		held_add(d, NULL, gap);
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
		chunk_ends(d);
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
	prelude_give_up(d);
	if (d->mode == MODE_HELD && d->held_for && !d->heard[FROM_SERVER]) {
		struct exchange *e = d->held_for;
		d->held_for = NULL;
		if (e->command.kind == COMMAND_CONNECT) {
			d->mode = MODE_LINES;
			tls_begin(d, true);
		} else {
			held_guess(d, e);
		}
		held_release(d);
	}
	if (d->mode == MODE_CHUNK) {
		d->chunk_exchange->command.chunk_short = true;
		chunk_ends(d);
	}
	if (d->mode == MODE_LINES && lines_end(&d->lines[FROM_CLIENT], &line) && line.length)
		client_line(d, &line);
}
