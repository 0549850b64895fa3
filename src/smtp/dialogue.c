/* dialogue.c - the two streams come in. Takes flow's chunks, gaps, overlaps and ends; gives each to the side it belongs to, and the
 * finished session to the sink. Never decides what answers what (pairing.c) or what a line means (sending.c). */
#include "smtp/inside.h"

#include "flow/speaks.h"

#include "base/banned.h"

struct dialogue *dialogue_new(const struct connection *connection, struct dialogue_sink sink)
{
	struct dialogue *d = memory_new(1, sizeof *d);
	d->connection = connection;
	d->sink = sink;
	d->session = session_begin(connection, sink.pool);
	d->latent_end = &d->latent;
	d->offer = d->session->offers = offer_new(&d->session->arena, OFFER_NONE, NULL, NULL);
	return d;
}

static void dialogue_free(struct dialogue *d)
{
	for (struct held *h = d->held, *next; h; h = next) {
		next = h->next;
		free(h);
	}
	latent_drop(d);
	lines_free(&d->lines[FROM_CLIENT]);
	lines_free(&d->lines[FROM_SERVER]);
	replies_free(&d->replies);
	secrets_free(d->secrets);
	if (d->tls)
		tls_reader_free(d->tls);
	free(d->put_off);
	free(d->holes);
	free(d->lost);
	free(d->content);
	free(d);
}

/* The connection itself is the first command: the greeting answers it (RFC 5321 3.1). A capture that begins later has none, but
 * where its first octets are a greeting. */
static void begin(struct dialogue *d, bool greets)
{
	if (d->begun)
		return;
	d->begun = true;
	bool seen = d->connection->syn_seen || d->connection->syn_ack_seen;
	d->session->mid_start = !seen;
	d->state.certain = seen || greets;
	d->state.phase = seen || greets ? PHASE_CONNECTED : PHASE_READY;
	if (seen || greets)
		exchange_append(d, exchange_new(d, COMMAND_CONNECT), true);
	if (!seen && !greets)
		loss_of_commands(d, 0, 0, false); /* before the capture */
	if (!d->connection->syn_ack_seen && !greets)
		loss_of_replies(d, 0, 0);
}

/* ---- the server's stream ---- */

/* A reply is complete: masked, it finds its command. */
static void reply_read(struct dialogue *d, struct put_off *p)
{
	struct arena *arena = &d->session->arena;
	struct reply *r = &p->reply;
	if (d->secrets) {
		r->text = redact_echo(arena, d->secrets, r->text);
		r->raw = redact_echo(arena, d->secrets, r->raw);
	}
	d->session->line_limit |= r->raw.n >= LIMIT_REPLY;
	if (r->code == 334) {
		r->text = redact_challenge(arena, r->text, false);
		r->raw = redact_challenge(arena, r->raw, true);
	}
	reply_came(d, p);
}

static void server_cut(struct dialogue *d, uint64_t at)
{
	struct put_off p = { .end = at };
	if (replies_cut(&d->replies, &d->session->arena, &p.reply))
		reply_read(d, &p);
}

/* A "220-" that is never finished is bait for clients that do not wait (Postfix POSTSCREEN_README, "pregreet tests"): the reply to
 * the early command follows it. */
static bool is_bait(const struct dialogue *d, const struct line *line)
{
	const struct exchange *e = d->waiting;
	const struct gathering *g = d->replies.gathering;
	return g && g->reply.code == 220 && e && e->command.kind == COMMAND_CONNECT && (e->next || d->nholes)
	       && reply_line_looks_right(line->text) && !bytes_starts(line->text, B("220"));
}

/* The first line behind a hole. False: it is the rest of a line whose beginning was read. */
static bool line_behind_hole(struct dialogue *d, const struct line *line)
{
	bool right = reply_line_looks_right(line->text), head_taken = d->head_taken;
	d->head_taken = false;
	if (!right) {
		if (!head_taken && !d->reply_holed)
			loss_grows(d, line->offset, line->offset + line->length);
		return false;
	}
	if (!d->reply_holed)
		return true;
	d->reply_holed = false;
	const struct bytes code = bytes_first(line->text, 3);
	uint64_t value;
	struct gathering *g = d->replies.gathering; /* the hole lies in it */
	if (!g || !bytes_number(code, &value) || (int)value != g->reply.code) {
		server_cut(d, line->offset);
		return true;
	}
	g->reply.flags |= REPLY_CUT; /* it goes on; some of its lines are lost */
	if (line->text.n < 4 || line->text.p[3] != '-')
		d->lost[d->nlost - 1].end = d->lost_end = line->offset + line->length; /* or its end is lost, and this is the next reply with the same code */
	return true;
}

static void server_line(struct dialogue *d, const struct line *line)
{
	bool first = d->session->mid_start && line->offset == 0; /* the capture may begin in its middle */
	bool dropped = (first || (line->flags & LINE_AFTER_GAP)) && !line_behind_hole(d, line);
	struct line this = *line;
	this.flags |= d->tail_dropped ? LINE_AFTER_GAP : 0; /* lines of the same reply may be missing */
	d->tail_dropped = dropped;
	if (dropped)
		return;
	if (is_bait(d, line))
		server_cut(d, line->offset);
	struct put_off p = { .end = line->offset + line->length + (line->ending == LINE_CRLF ? 2 : line->ending == LINE_LF) };
	if (replies_line(&d->replies, &d->session->arena, &this, &p.reply))
		reply_read(d, &p);
}

/* The next octets are a whole reply in good form, and nothing is missing before them: it is not cut into lines first. */
static bool whole_reply_came(struct dialogue *d)
{
	struct lines *lines = &d->lines[FROM_SERVER];
	struct put_off p;
	bool disturbed = d->replies.gathering || d->tail_dropped || lines->begun || lines->after_gap || lines->bare_cr_ends;
	uint64_t offset = lines->chunk->offset + lines->at;
	if (disturbed || (d->session->mid_start && offset == 0))
		return false;
	size_t n = replies_whole(&d->session->arena, offers_sayings(d->sink.offers), lines->chunk, lines->at, &p.reply);
	if (n == 0)
		return false;
	lines_take(lines, n);
	p.end = offset + n;
	reply_read(d, &p);
	return true;
}

/* Where TLS has begun. True: TLS took it. */
static bool server_in_tls(struct dialogue *d, const struct chunk *chunk)
{
	if (d->plain_after_tls && !tls_looks_like_record(chunk->bytes) && !tls_reader_goes_on(d->tls, FROM_SERVER, chunk->bytes))
		return false;
	if (tls_reader_data(d->tls, FROM_SERVER, chunk))
		return true;
	d->plain_after_tls = true;
	d->mode = MODE_LINES;
	return false;
}

static void server_chunk(struct dialogue *d, const struct chunk *chunk)
{
	struct lines *lines = &d->lines[FROM_SERVER];
	struct line line;
	if (!d->heard[FROM_SERVER]) {
		d->heard[FROM_SERVER] = true;
		server_spoke_first(d, chunk->bytes.n && chunk->bytes.p[0] >= 0x14 && chunk->bytes.p[0] <= 0x17);
	}
	if (d->tls && server_in_tls(d, chunk))
		return;
	lines_push(lines, chunk);
	for (struct bytes rest = chunk->bytes; rest.n;) {
		bool clear = d->tls == NULL;
		if (!whole_reply_came(d)) {
			if (!lines_next(lines, &line))
				return;
			server_line(d, &line);
		}
		rest = lines_rest(lines);
		if (!clear || !d->tls || rest.n == 0)
			continue;
		/* the handshake begins in the segment of the 220 */
		struct chunk part = chunk_part_of(chunk, rest, chunk->offset + (chunk->bytes.n - rest.n));
		if (server_in_tls(d, &part)) {
			lines_take(lines, rest.n);
			return;
		}
	}
}

static void server_gap(struct dialogue *d, const struct gap *gap)
{
	struct line line;
	uint64_t end = gap->offset + gap->missing;
	if (d->tls && !d->plain_after_tls) {
		tls_reader_gap(d->tls, FROM_SERVER, gap);
		return;
	}
	loss_of_replies(d, gap->offset, end); /* before a cut reply is given */
	bool head = lines_gap(&d->lines[FROM_SERVER], gap, &line) && line.length;
	if (head)
		server_line(d, &line);
	d->head_taken = head;
	d->reply_holed = d->replies.gathering;
	d->state.certain = false;
}

/* ---- both ---- */

static void lost(struct dialogue *d, enum direction direction, const struct gap *gap)
{
	struct note *n = note_add(d, NOTE_GAP, direction, gap->place);
	n->number = gap->missing;
	if (direction == FROM_SERVER)
		server_gap(d, gap);
	else
		client_gap(d, gap);
	uint64_t end = gap->offset + gap->missing;
	if (end > d->seen[direction])
		d->seen[direction] = end;
}

/* A segment acknowledges what was never delivered: that is lost, whoever should have said so. One octet may be a FIN's. */
static void check_acknowledged(struct dialogue *d, enum direction from, const struct chunk *chunk)
{
	enum direction other = direction_other(from);
	if (d->ended[other] || chunk->acked <= d->seen[other] + 1)
		return;
	struct gap gap = { d->seen[other], chunk->acked - d->seen[other], GAP_CAPTURE, chunk->place };
	lost(d, other, &gap);
}

/* The rest of a differing copy's line is not a line of its own. */
static struct chunk without_tail(struct dialogue *d, enum direction direction, const struct chunk *chunk)
{
	struct chunk c = *chunk;
	const struct place *at = &d->altered[direction];
	size_t lf = bytes_index(c.bytes, '\n');
	bool same = at->number == chunk->place.number && at->file == chunk->place.file && !d->lines[direction].begun;
	d->altered_skip[direction] = same && lf == BYTES_NONE;
	if (!same)
		return c;
	size_t n = lf == BYTES_NONE ? c.bytes.n : lf + 1;
	struct note *note = note_add(d, NOTE_ALTERED_TAIL, direction, chunk->place);
	note->first = redact_excerpt(&d->session->arena, d->secrets, bytes_first(c.bytes, n < EXCERPT ? n : EXCERPT));
	note->number = n;
	c.bytes = bytes_from(c.bytes, n);
	c.offset += n;
	return c;
}

/* Another protocol, beyond doubt: a port that is nobody's for mail, a server that does not greet like a mail server, and a first
 * command that is FTP's, or another protocol's. */
static bool is_certainly_other(const struct dialogue *d)
{
	const struct exchange *e = d->session->first;
	if (d->session->confirmed || d->session->errors || speaks_port(d->connection->server.port, NULL))
		return false;
	while (e && e->command.kind != COMMAND_LINE)
		e = e->next;
	if (!e || e->command.verb < VERB_COUNT)
		return false;
	bool ftp = e->answered && e->reply.code == 331; /* RFC 959 5.4: password wanted; no SMTP reply */
	return ftp || (e->command.protocol && e->answered && e->reply.code < 0);
}

static enum interest interest(struct dialogue *d)
{
	if (d->tls && !d->plain_after_tls && tls_reader_done(d->tls)) {
		tls_reader_rest(d->tls);
		return INTEREST_END;
	}
	if (is_certainly_other(d))
		return INTEREST_NONE;
	if (d->session->arena.size >= LIMIT_SESSION_MEMORY)
		window_check(d);
	return INTEREST_ALL;
}

static void mask_plaintext(struct dialogue *d)
{
	struct tls *tls = &d->session->tls;
	if (d->tls && tls->plaintext.n && !d->plain_masked) {
		tls->plaintext = redact_excerpt(&d->session->arena, d->secrets, tls->plaintext);
		d->plain_masked = true;
	}
}

/* TLS records where the capture lacks what led to them: it began in mid-session, or STARTTLS, its reply or the ClientHello are in a hole. */
static bool is_tls_unannounced(const struct dialogue *d, enum direction direction, const struct chunk *chunk)
{
	if (chunk->bytes.n < 5 || chunk->bytes.p[0] >= ' ' || !tls_looks_like_record(chunk->bytes)) /* no SSLv2 */
		return false;
	const struct session *s = d->session;
	bool from_start = s->mid_start && s->commands == 0 && s->errors == 0 && !s->confirmed;
	bool hole = loss_any(d) || d->connection->gaps[FROM_CLIENT] || d->connection->gaps[FROM_SERVER];
	return !d->tls && (d->mode == MODE_LINES || d->mode == MODE_HELD) && !d->lines[direction].begun && (from_start || hole);
}

enum interest dialogue_data(struct dialogue *d, enum direction direction, const struct chunk *chunk)
{
	bool greets = direction == FROM_SERVER && chunk->offset == 0 && bytes_starts(chunk->bytes, B("220"));
	struct chunk altered;
	if (d->altered_skip[direction]) {
		altered = without_tail(d, direction, chunk);
		chunk = &altered;
	}
	begin(d, greets);
	if (greets && d->waiting && d->waiting == d->session->first && d->waiting->command.kind == COMMAND_CONNECT)
		loss_forget_start(d); /* it is the greeting: nothing came before it */
	check_acknowledged(d, direction, chunk);
	if (direction == FROM_CLIENT && d->reply_holed && chunk->acked >= d->lost_end) {
		d->reply_holed = false; /* the client goes on: the end of the reply was in the hole */
		server_cut(d, d->lost_end);
	}
	d->fills_hole = chunk->bytes.n && chunk->offset < d->seen[direction];
	if (direction == FROM_CLIENT && d->fills_hole) {
		uint64_t acked = loss_filled(d, chunk);
		altered = *chunk;
		altered.acked = acked;
		chunk = &altered;
	} else if (direction == FROM_CLIENT && d->mode != MODE_CHUNK) {
		pairing_settle(d, chunk->acked, false);
	}
	uint64_t end = chunk->offset + chunk->bytes.n;
	if (end > d->seen[direction])
		d->seen[direction] = end;
	if (chunk->bytes.n == 0)
		return interest(d);
	if (is_tls_unannounced(d, direction, chunk))
		tls_join(d);
	if (d->prelude && direction == FROM_SERVER)
		prelude_give_up(d);
	if (direction == FROM_SERVER) {
		server_chunk(d, chunk);
	} else {
		client_chunk(d, chunk);
		d->acked = d->fills_hole ? d->acked : chunk->acked;
	}
	d->heard[direction] = true;
	mask_plaintext(d);
	return interest(d);
}

enum interest dialogue_gap(struct dialogue *d, enum direction direction, const struct gap *gap)
{
	uint64_t end = gap->offset + gap->missing, from = d->seen[direction] > gap->offset ? d->seen[direction] : gap->offset;
	struct gap rest = *gap;
	begin(d, false);
	prelude_give_up(d);
	if (from < end) { /* the other side's acknowledgement may have told before */
		rest.offset = from;
		rest.missing = end - from;
		lost(d, direction, &rest);
	}
	return interest(d);
}

/* What was data or an AUTH line is not quoted, whichever copy it is in. */
static struct bytes excerpt(struct dialogue *d, enum direction direction, uint64_t offset, struct bytes b)
{
	uint64_t end = offset + b.n;
	bool data = offset < d->content_to && end > d->content_from;
	bool secret = offset < d->secret_to && end > d->secret_from;
	bool now = d->mode == MODE_CONTENT || d->mode == MODE_CHUNK || d->auth_expected;
	if (direction == FROM_CLIENT && b.n && (data || secret || now))
		return B("<redacted>");
	return redact_excerpt(&d->session->arena, d->secrets, bytes_first(b, EXCERPT));
}

void dialogue_overlap(struct dialogue *d, enum direction direction, const struct overlap *o)
{
	begin(d, false);
	struct note *n = note_add(d, NOTE_OVERLAP, direction, o->first_place);
	n->second_place = o->second_place;
	n->first = excerpt(d, direction, o->offset, o->first);
	n->second = excerpt(d, direction, o->offset, o->second);
	n->first_odd = o->first_odd;
	n->second_odd = o->second_odd;
	n->first_marks = o->first_marks;
	n->second_marks = o->second_marks;
	n->number = o->offset;
	for (const struct exchange *e = d->session->last; e && direction == FROM_SERVER; e = e->previous)
		if (e->answered && e->reply.offset <= o->offset + o->second.n) {
			n->near = e->ordinal;
			break;
		}
	/* A copy whose end is in mid-line goes on with the rest of its line; one that ends with a line goes on with new lines. */
	bool mid_line = o->second.n && o->second.p[o->second.n - 1] != '\n';
	d->altered_skip[direction] = o->second_longer && mid_line;
	d->altered[direction] = o->second_place;
}

void dialogue_end(struct dialogue *d, enum direction direction, enum ending ending, struct place place)
{
	begin(d, false);
	d->ended[direction] = true;
	if (ending == END_RST)
		note_add(d, NOTE_RESET, direction, place);
	if (d->tls)
		tls_reader_end(d->tls, direction, ending, place);
}

static void finish(struct dialogue *d)
{
	struct line line;
	begin(d, false);
	if (!d->tls || d->plain_after_tls) {
		if (lines_end(&d->lines[FROM_SERVER], &line) && line.length)
			server_line(d, &line);
		server_cut(d, d->seen[FROM_SERVER]);
	}
	pairing_settle(d, UINT64_MAX, true);
	client_end(d);
	pairing_finish(d);
	mask_plaintext(d);
}

static bool answered_as_smtp(const struct session *s)
{
	for (const struct exchange *e = s->first; e; e = e->next)
		if (e->answered && e->reply.code >= 200 && e->reply.code < 600)
			return true;
	return false;
}

static void note_unfinished(struct dialogue *d)
{
	if (d->mode != MODE_CONTENT || d->content_exchange || !d->content->facts.first.number)
		return;
	struct content *c = d->session->unfinished = ARENA_NEW(&d->session->arena, struct content);
	*c = d->content->facts;
	c->longest_line = d->content->length > c->longest_line ? d->content->length : c->longest_line; /* with the line that is not complete */
}

void dialogue_close(struct dialogue *d, const struct connection *connection, const char *speaks)
{
	d->connection = connection;
	note_unfinished(d);
	finish(d);
	struct session *s = d->session;
	if (connection->syn_seen && connection->syn_ack_seen && s->window == 0 && s->first && s->first->command.kind == COMMAND_CONNECT)
		s->mid_start = false; /* the handshake was recorded late */
	bool blind = connection->server_silent || connection->client_silent || connection->gaps[FROM_CLIENT] || connection->gaps[FROM_SERVER];
	if (s->tls.state == TLS_FAILED && !s->tls.alert && blind)
		s->tls.state = TLS_STARTED; /* what is missing may have been in order */
	if (speaks && !s->confirmed && s->protocol != PROTOCOL_TLS && !answered_as_smtp(s)) {
		s->protocol = PROTOCOL_OTHER;
		s->speaks = speaks;
		note_add(d, NOTE_NOT_SMTP, FROM_CLIENT, connection->first)->first = arena_copy(&s->arena, bytes_of(speaks));
	}
	if (!s->confirmed && !s->errors && s->window == 0 && !speaks_port(connection->server.port, NULL) && s->protocol != PROTOCOL_TLS)
		session_free(s);
	else
		session_hand_over(d, true);
	dialogue_free(d);
}

size_t dialogue_size(const struct dialogue *d)
{
	size_t lines = lines_size(&d->lines[FROM_CLIENT]) + lines_size(&d->lines[FROM_SERVER]);
	size_t content = d->content ? sizeof *d->content : 0, size = sizeof *d + d->session->arena.size + d->nheld + lines + content;
	return d->tls ? size + tls_reader_size(d->tls) : size;
}

void dialogue_fetch(const struct dialogue *d, unsigned part)
{
	enum { TOUCHED = 9 * CACHE_LINE }; /* what is looked at when it closes */
	if (part > 1)
		arena_fetch(&d->session->arena, part - 2);
	else if (part == 1)
		__builtin_prefetch(d->session);
	else
		for (size_t at = 0; at < TOUCHED; at += CACHE_LINE)
			__builtin_prefetch((const uint8_t *)d + at);
}

void dialogue_discard(struct dialogue *d)
{
	session_free(d->session);
	dialogue_free(d);
}
