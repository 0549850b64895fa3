/* sending.c - the client's lines become commands. Takes lines; gives the queue its exchanges, and other files what follows a line and is no
 * command line: data (data.c), octets whose meaning a reply decides (held.c), TLS records (tls.h). */
#include "smtp/inside.h"

#include "base/banned.h"

static unsigned circumstances(const struct dialogue *d)
{
	return d->auth_tried || d->nholes || d->content_lost || !d->state.certain ? NEAR_AUTH : 0;
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
	e->command.fault = fault_copy(&d->session->arena, sent.fault);
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

/* "Subject: ..." where the capture lacks what led to it: message content, in all likelihood. */
static bool is_header_behind_loss(const struct dialogue *d, struct bytes text)
{
	if (d->state.certain)
		return false;
	struct bytes word = bytes_word(text).head;
	return word.n > 1 && word.p[word.n - 1] == ':';
}

/* TLS records have no lines: each piece that the server cut from one at an LF stands for the record, shown by its first octets. What calls
 * itself a record may be none: *masked is set when a piece of it was a line with secrets. */
static void record_fill(struct dialogue *d, struct exchange *e, const struct line *line, bool *masked)
{
	struct bytes kept = redact_line(&d->session->arena, &d->secrets, line->text, circumstances(d), masked);
	struct exchange *last = d->session->last;
	struct text head = { 0 };
	bool goes_on = last && last != e && last->command.kind == COMMAND_TLS;
	if (goes_on) {
		text_add(&head, last->command.line.text);
		text_add_string(&head, last->command.line.ending == LINE_CRLF ? "\r\n" : "\n");
	}
	text_add(&head, bytes_first(kept, EXCERPT));
	if (goes_on && last->command.line.text.n >= EXCERPT)
		e->command.line.text = last->command.line.text;
	else
		e->command.line.text = arena_copy(&d->session->arena, bytes_first(text_view(&head), EXCERPT));
	for (struct exchange *before = goes_on ? last : NULL; before && before->command.kind == COMMAND_TLS; before = before->previous)
		before->command.line.text = e->command.line.text;
	text_free(&head);
}

static const struct fault record_fault = { FAULT_PROTOCOL, 0, "a command", "RFC 5321 4.1.1" };

static bool plain_filled(struct arena *arena, struct command *c, struct bytes text)
{
	enum verb verb;
	struct bytes word = grammar_word(text, &verb);
	if (!redact_is_plain(verb))
		return false;
	struct bytes line = arena_copy(arena, text);
	c->line.text = line;
	grammar_parse_from(arena, c, line, (struct bytes){ line.p + (word.p - text.p), word.n }, verb);
	return true;
}

/* Copies the line, masked as its kind demands, and parses it. */
void line_fill(struct dialogue *d, struct exchange *e, const struct line *line)
{
	struct command *c = &e->command;
	struct arena *arena = &d->session->arena;
	bool masked = false;
	c->line = *line;
	bool part = line->ending == LINE_GAP || (line->flags & LINE_AFTER_GAP); /* the rest of it is in a hole */
	if (c->kind == COMMAND_AUTH) {
		if (!part)
			e->auth = redact_auth_facts(line->text);
		c->line.text = redact_answer(arena, &d->secrets, line->text);
		masked = !bytes_equal(c->line.text, line->text);
		d->secret_from = line->offset;
		d->secret_to = line->offset + line->length;
	} else if (c->kind == COMMAND_TLS) {
		record_fill(d, e, line, &masked);
		c->protocol = "TLS";
		c->fault = &record_fault;
	} else if (c->content_of || is_header_behind_loss(d, line->text)) {
		struct bytes kept = redact_content(arena, line->text);
		c->line.flags |= LINE_CONTENT;
		c->line.text = kept;
		grammar_parse(arena, c);
	} else if (!plain_filled(arena, c, line->text)) {
		struct bytes kept = redact_line(arena, &d->secrets, line->text, circumstances(d), &masked);
		if (masked) {
			parse_masked(d, e, line->text, kept);
			if (!part)
				note_initial_response(e, line->text);
		} else {
			c->line.text = kept;
			grammar_parse(arena, c);
		}
	}
	if (masked) {
		if (c->kind == COMMAND_LINE && !d->state.certain && bytes_starts(c->line.text, B("<redacted>")))
			c->kind = COMMAND_UNSEEN; /* credentials, an AUTH command's end, or neither: nothing to name */
		c->line.flags |= LINE_MASKED;
		d->secret_from = line->offset;
		d->secret_to = line->offset + line->length;
		d->auth_tried = true;
	}
}

const struct offer *offer_in_force(const struct dialogue *d, uint64_t acked)
{
	return d->offer_before && acked < d->offer_end ? d->offer_before : d->offer;
}

static bool is_before_greeting(const struct dialogue *d, uint64_t acked)
{
	if (d->greeting_end && acked >= d->greeting_end)
		return false;
	const struct exchange *first = d->session->first;
	if (!first || first->command.kind != COMMAND_CONNECT)
		return false;
	if (first->answered)
		return true;
	return acked == 0 || (d->waiting == first && !d->nlost); /* a lost greeting was received all the same */
}

/* Pipelining, as the client could know it: by what it had received when it spoke. */
void command_describe(struct dialogue *d, struct exchange *e)
{
	struct command *c = &e->command;
	struct exchange *last = d->session->last;
	uint64_t acked = c->line.acked;
	bool connect_waits = d->waiting && d->waiting->command.kind == COMMAND_CONNECT;
	c->offer = offer_in_force(d, acked);
	c->before_greeting = is_before_greeting(d, acked);
	if (c->before_greeting && (!last || !last->command.before_greeting))
		note_add(d, NOTE_EARLY_TALK, FROM_CLIENT, c->line.first);
	if (!last || last->command.kind == COMMAND_CONNECT)
		return;
	bool waits = d->nwaiting > (unsigned)connect_waits && last->command.kind != COMMAND_UNSEEN;
	/* Its reply may be lost in the capture, or put off. */
	bool received = d->had_loss && (acked > last->command.line.acked || d->fills_hole || (d->session->mid_start && acked == 0));
	bool later = !waits && !d->had_loss && last->answered && last->command.kind != COMMAND_UNSEEN && acked < d->answered_end && acked <= last->reply.offset;
	c->ahead = (waits && !received) || later;
	c->behind_starttls = c->ahead && (last->command.behind_starttls || last->command.verb == VERB_STARTTLS);
	if (!c->ahead)
		return;
	d->runs_ahead = true;
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

bool command_is_known(const struct command *c)
{
	return c->kind == COMMAND_LINE && c->verb < VERB_COUNT && c->fault->kind == FAULT_NONE;
}

static bool is_known_line(const struct line *line)
{
	struct arena scratch = { 0 };
	struct command c = { .kind = COMMAND_LINE, .line = *line };
	grammar_parse(&scratch, &c);
	bool known = command_is_known(&c);
	arena_drop(&scratch);
	return known;
}

/* With a known verb, or what was meant for one. */
static bool is_nearly_known(const struct line *line)
{
	struct arena scratch = { 0 };
	struct command c = { .kind = COMMAND_LINE, .line = *line };
	grammar_parse(&scratch, &c);
	bool near = c.verb < VERB_COUNT || c.meant < VERB_COUNT;
	arena_drop(&scratch);
	return near;
}

/* How a message begins: with a header field (RFC 5322 2.2), or the empty line that ends a header; the dot ends either. */
static bool begins_message(const struct line *line)
{
	struct bytes word = bytes_word(line->text).head;
	return line->text.n == 0 || bytes_index(word, ':') != BYTES_NONE || bytes_equal(line->text, B("."));
}

/* Is this line, behind a refused DATA or a chunk, still the message? A verb in good order that the client sent after it had seen
 * every reply is a command again, and so is anything else that it sends first then, unless it begins as messages do; the lone dot
 * ends it in any case. */
static bool still_content(struct dialogue *d, const struct line *line)
{
	if (!d->surplus_of)
		return false;
	bool verb = is_known_line(line), followed_all = !d->waiting && line->acked >= d->answered_end;
	bool fresh = followed_all && !d->surplus_begun && !begins_message(line);
	if (fresh || (verb && (!d->surplus_begun || followed_all))) {
		d->surplus_of = 0;
		return false;
	}
	d->surplus_begun = true;
	return true;
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
		held_begin(d, e);
		break;
	case VERB_BDAT:
		if (c->fault->kind != FAULT_NONE)
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
	if (command_is_known(c) && c->verb != VERB_AUTH && c->verb != VERB_XEXPS && !c->ahead)
		d->auth_tried = d->auth_tried && !d->state.authenticated && c->verb != VERB_MAIL;
}

static bool queue_is_full(struct dialogue *d, const struct line *line)
{
	if (d->nwaiting < LIMIT_QUEUE)
		return false;
	d->session->queue_limit = true;
	loss_of_commands(d, line->offset, line->offset + line->length + 2, false);
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
	d->client_begins = line->offset + line->length + (line->ending == LINE_CRLF ? 2 : line->ending == LINE_LF);
	struct exchange *e = exchange_new(d, COMMAND_LINE);
	line_fill(d, e, line);
	e->command.before_greeting = true;
	latent_begin(d, connect);
	latent_add(d, e);
	return true;
}

static enum command_kind kind_of(struct dialogue *d, const struct line *line)
{
	if (d->auth_expected && !(d->had_loss && bytes_index(line->text, ' ') != BYTES_NONE && is_known_line(line))) /* base64 has no blank */
		return COMMAND_AUTH;
	if (line->offset < d->tls_until)
		return COMMAND_TLS;
	if (!(line->flags & LINE_AFTER_GAP) && tls_looks_like_record(line->text) && line->text.n >= 5) {
		d->tls_until = line->offset + 5 + ((uint64_t)line->text.p[3] << 8 | line->text.p[4]);
		return COMMAND_TLS;
	}
	return COMMAND_LINE;
}

/* A part of the line is in a hole: neither its grammar nor its last word can be judged, and without a whole verb it tells nothing but
 * that there was a command. */
static void judge_half(struct exchange *e)
{
	struct command *c = &e->command;
	bool headless = (c->line.flags & LINE_AFTER_GAP) && !command_is_known(c);
	if (c->kind != COMMAND_LINE || !(headless || c->line.ending == LINE_GAP))
		return;
	c->fault = &no_fault;
	c->nparams = (uint16_t)(c->nparams - (c->nparams > 0));
	c->masked_run = false;
	if (!headless && c->verb < VERB_COUNT)
		return;
	c->kind = COMMAND_UNSEEN;
	c->verb = VERB_UNKNOWN;
	c->meant = VERB_UNKNOWN;
	c->word = c->line.text = (struct bytes){ 0 };
	c->content_of = 0;
	c->line.flags &= (uint16_t)~LINE_CONTENT;
}

/* The first line of a capture that began late: typed by hand, with more behind it than commands have, or no command where nothing was
 * heard before, it may have begun earlier. */
static bool may_be_half(const struct dialogue *d, const struct line *line)
{
	bool word = line->text.n && octet_is_alpha(line->text.p[0]), dot = bytes_equal(line->text, B("."));
	bool more = lines_rest(&d->lines[FROM_CLIENT]).n;
	bool unlike = more ? !is_known_line(line) : line->acked == 0 && !is_nearly_known(line);
	return line->segments > 1 || (!word && !dot) || (unlike && !dot);
}

static bool is_greeted(const struct dialogue *d)
{
	const struct exchange *first = d->session->first;
	return first && first->command.kind == COMMAND_CONNECT && first->answered;
}

void client_line(struct dialogue *d, const struct line *line)
{
	bool head_taken = d->command_head_taken;
	if (line->ending != LINE_GAP)
		d->command_head_taken = false;
	if (head_taken && (line->flags & LINE_AFTER_GAP) && !is_known_line(line))
		return;
	if ((line->flags & LINE_AFTER_GAP) && is_known_line(line))
		loss_ends_with_line(d);
	if (d->early) {
		line_fill(d, d->early, line);
		d->early = NULL;
		return;
	}
	if (is_proxy_header(d, line) || queue_is_full(d, line))
		return;
	struct line half;
	if (d->session->mid_start && line->offset == 0 && !(is_greeted(d) && line->acked) && may_be_half(d, line)) {
		half = *line;
		half.flags |= LINE_AFTER_GAP;
		line = &half;
	}
	struct exchange *e = exchange_new(d, kind_of(d, line));
	if (e->command.kind == COMMAND_LINE && still_content(d, line))
		e->command.content_of = d->surplus_of;
	line_fill(d, e, line);
	judge_half(e);
	if (e->command.kind == COMMAND_UNSEEN && (line->flags & LINE_AFTER_GAP) && loss_has_tail(d))
		return; /* the end of a command whose beginning is in the hole */
	command_describe(d, e);
	exchange_append(d, e, true);
	note_line(d, e);
	if (e->command.kind == COMMAND_AUTH) {
		held_begin(d, e);
	} else if (e->command.content_of) {
		if (bytes_equal(line->text, B(".")))
			d->surplus_of = 0;
	} else if (e->command.kind == COMMAND_LINE) {
		verb_begins(d, e);
	}
}
