/* ladder.c - takes a session with errors or findings, gives the lines around them as one row, enough to draw the dialogue later.
 * Keeps the greeting and the EHLO exchanges, and a few exchanges around each error and finding. Never keeps content or credentials. */
#include "store/writer.h"

enum { BEFORE = 8, AFTER = 4, LINES_TEXT = 400, LINES_MOST = 400, INTERN_FROM = 24 };
enum line_mark { MARK_GAP = 1, MARK_ODD = 2, MARK_MASKED = 4, MARK_REDACTED = 8, MARK_UNANSWERED = 16, MARK_AHEAD = 32, MARK_ERROR = 64,
	MARK_LEFT_OUT = 128, MARK_CUT = 256, MARK_CONTENT = 512 };

enum told { TOLD_NOT, TOLD_BANNER };

struct ladder {
	struct store *store;
	const struct session *session;
	const struct verdicts *verdicts;
	struct error *error;
	size_t next;       /* of the errors, the first that is of no exchange before the one at hand */
	int64_t capture;   /* of the session: where a line is in the same file, it does not say so */
	unsigned left_out; /* MARK_LEFT_OUT when exchanges were passed over before this line */
	unsigned lines;
};

/* Command and reply of an error stand in its row. Its ordinal; 0: no error, or none with a row. */
static unsigned error_of(struct ladder *l, const struct exchange *x)
{
	const struct verdicts *v = l->verdicts;
	while (l->next < v->nerrors && v->errors[l->next].exchange->ordinal < x->ordinal)
		l->next++;
	const struct verdict *e = l->next < v->nerrors ? &v->errors[l->next] : NULL;
	return e && e->exchange == x && e->ordinal <= LIMIT_ERRORS_PER_SESSION ? e->ordinal : 0;
}

/* "220 " and the session's banner, which stands in its row. */
static bool is_banner(const struct ladder *l, const struct exchange *x)
{
	struct bytes raw = x->reply.raw;
	return x->command.kind == COMMAND_CONNECT && x->reply.code == 220 && ESCAPED_MOST * raw.n <= LINES_TEXT && bytes_starts(raw, B("220 ")) &&
		bytes_index(raw, '\n') == BYTES_NONE && bytes_equal(bytes_from(raw, 4), l->session->banner);
}

enum { COMMAND_MOST = LINES_TEXT, REPLY_MOST = 2 * LINES_TEXT };

/* A reply of one line, or the lines of one behind the first, which has the name of the server or the client, are the same in many sessions. */
static void add_text(struct ladder *l, struct text *json, enum direction side, struct bytes wire)
{
	if (side == FROM_CLIENT) {
		wire_add_both(json, wire, COMMAND_MOST, false);
		return;
	}
	struct cut cut = wire.n >= INTERN_FROM ? bytes_cut(wire, '\n') : (struct cut){ .head = wire };
	struct bytes often = cut.found ? cut.tail : wire;
	bool known = often.n >= INTERN_FROM && (wire.n <= REPLY_MOST || !cut.found);
	int64_t id = known ? interned_lines(&l->store->texts, often, bytes_hash(often), REPLY_MOST, &l->store->text, l->error) : 0;
	if (!id) {
		wire_add_both(json, wire, REPLY_MOST, true);
		return;
	}
	if (cut.found) {
		text_add_octet(json, '[');
		wire_add_both(json, cut.head, REPLY_MOST, false);
		text_add_octet(json, ',');
	}
	wire_add_number(json, id);
	if (cut.found)
		text_add_octet(json, ']');
}

/* An error's command or reply of which nothing is to say but that: -n or n. */
static void add_told(struct ladder *l, enum direction side, int64_t told)
{
	struct text *json = &l->store->ladder.rows;
	if (l->lines++)
		text_add_octet(json, ',');
	wire_add_number(json, side == FROM_CLIENT ? told : -told);
}

/* told: TOLD_NOT, or what tells the text in its place: -n, the row of error n of the session, or TOLD_BANNER, the session's. */
static void add_line(struct ladder *l, const struct exchange *x, enum direction side, const struct place *place, struct bytes wire, int64_t told,
                     unsigned flags)
{
	if (told < 0 && flags == (side == FROM_CLIENT ? 0 : MARK_ERROR) && !l->left_out && place->number) {
		add_told(l, side, told);
		return;
	}
	struct text *json = &l->store->ladder.rows;
	int64_t capture = writer_capture(l->store, *place);
	text_room(json, 7 * (NUMBER_MOST + 1) + 8);
	char *at = json->p + json->n;
	if (l->lines++)
		*at++ = ',';
	*at++ = '[';
	at = wire_put_number(at, x->ordinal);
	memcpy(at, side == FROM_CLIENT ? ",0," : ",1,", 3);
	bool here = place->number && capture == l->capture; /* there frames count from the session's first: fewer digits */
	at = wire_put_number(at + 3, (int64_t)place->number - (here ? (int64_t)l->session->connection.first.number : 0));
	*at++ = ',';
	at = wire_put_number(at, place->number ? (place->time - l->session->connection.first.time) / 1000 : 0);
	*at++ = ',';
	if (told != TOLD_NOT) {
		at = wire_put_number(at, told == TOLD_BANNER ? 0 : told);
	} else {
		json->n = (size_t)(at - json->p);
		add_text(l, json, side, wire);
		text_room(json, 2 * (NUMBER_MOST + 1) + 1);
		at = json->p + json->n;
	}
	flags |= l->left_out;
	if (flags || capture != l->capture)
		at = writer_put(at, flags);
	if (capture != l->capture)
		at = writer_put(at, capture);
	*at++ = ']';
	json->n = (size_t)(at - json->p);
	l->left_out = 0;
}

static bool is_error(const struct exchange *x)
{
	return x->answered && x->reply.code >= 500 && x->reply.code <= 599;
}

static void add_command(struct ladder *l, const struct exchange *x)
{
	const struct command *c = &x->command;
	if (c->kind == COMMAND_CONNECT || c->kind == COMMAND_UNSEEN || x->recipient_of)
		return;
	struct bytes text = c->kind == COMMAND_CONTENT ? B(".") : c->line.text;
	unsigned flags = 0;
	flags |= c->line.flags & LINE_AFTER_GAP ? MARK_GAP : 0;
	flags |= c->line.odd ? MARK_ODD : 0;
	flags |= c->masked_run ? MARK_MASKED : 0;
	flags |= c->line.flags & LINE_MASKED ? MARK_REDACTED : 0;
	flags |= c->line.flags & LINE_CONTENT ? MARK_CONTENT : 0;
	flags |= x->answered ? 0 : MARK_UNANSWERED;
	flags |= c->ahead ? MARK_AHEAD : 0;
	flags |= c->line.length > LINES_TEXT ? MARK_CUT : 0;
	add_line(l, x, FROM_CLIENT, &c->line.last, text, is_error(x) && ESCAPED_MOST * text.n <= LINES_TEXT ? -(int64_t)error_of(l, x) : TOLD_NOT, flags);
}

static void add_reply(struct ladder *l, const struct exchange *x)
{
	if (!x->answered)
		return;
	unsigned flags = 0;
	flags |= x->reply.flags & (REPLY_AFTER_GAP | REPLY_CUT) ? MARK_GAP : 0;
	flags |= x->reply.odd ? MARK_ODD : 0;
	flags |= x->reply.flags & REPLY_QUOTES_MASK ? MARK_MASKED : 0;
	flags |= x->reply.code >= 500 && x->reply.code <= 599 ? MARK_ERROR : 0;
	flags |= x->reply.raw.n > LINES_TEXT * 2 ? MARK_CUT : 0;
	int64_t told = is_banner(l, x) ? TOLD_BANNER : TOLD_NOT;
	if (is_error(x)) {
		unsigned error = error_of(l, x);
		told = error && writer_reply_is_told(l->store, l->verdicts, l->next) ? -(int64_t)error : TOLD_NOT;
	}
	add_line(l, x, FROM_SERVER, &x->reply.last, x->reply.raw, told, flags);
}

static bool opens(const struct exchange *x)
{
	const struct command *c = &x->command;
	return c->kind == COMMAND_CONNECT || (c->kind == COMMAND_LINE && (c->verb == VERB_EHLO || c->verb == VERB_HELO || c->verb == VERB_LHLO));
}

/* The next exchange from x on that the ladder is about: an error, or where a finding stands. Findings come in any order. */
static unsigned next_point(const struct exchange *x, const struct verdicts *verdicts)
{
	unsigned from = x->ordinal, found = 0;
	for (; x && !is_error(x); x = x->next)
		;
	if (x)
		found = x->ordinal;
	for (size_t i = 0; i < verdicts->nfindings; i++) {
		const struct exchange *at = verdicts->findings[i].exchange;
		if (at && at->ordinal >= from && (!found || at->ordinal < found))
			found = at->ordinal;
	}
	return found;
}

bool ladder_write(struct store *s, const struct session *session, const struct verdicts *verdicts, int64_t session_id, unsigned part,
                  struct error *error)
{
	struct ladder l = { .store = s, .session = session, .verdicts = verdicts, .error = error, .capture = writer_capture(s, session->connection.first) };
	unsigned point = session->first ? next_point(session->first, verdicts) : 0, last = 0;
	bool passed = false;
	if (part >= IDS_PER_SESSION)
		return true;
	feed_number(&s->ladder, session_id * IDS_PER_SESSION + part);
	text_add_octet(feed_text_begin(&s->ladder), '[');
	for (const struct exchange *x = session->first; x && l.lines < LINES_MOST; x = x->next) {
		if (point && x->ordinal > point) {
			last = point;
			point = next_point(x, verdicts);
		}
		bool near = (point && x->ordinal + BEFORE >= point) || (last && x->ordinal <= last + AFTER) || opens(x);
		if (near) {
			l.left_out = passed ? MARK_LEFT_OUT : 0;
			add_command(&l, x);
			add_reply(&l, x);
		}
		passed = !near;
	}
	text_add_octet(&s->ladder.rows, ']');
	feed_text_end(&s->ladder);
	return feed_row(&s->ladder, error) && error->kind == ERROR_NONE;
}
