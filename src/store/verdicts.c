/* verdicts.c - takes the verdicts on a session, gives the rows of its errors and findings, with their proofs. */
#include "store/writer.h"

/* Texts as long as this are kept once in the table "text"; shorter ones cost no more where they are. */
enum { INTERN_FROM = 40, PROOF_MOST = 1000, TOLD_MOST = 800 / ESCAPED_MOST, ENHANCED_MOST = 3 * NUMBER_MOST + 2 };

static bool same_view(struct bytes a, struct bytes b)
{
	return a.p && a.p == b.p && a.n == b.n;
}

/* "5.1.1"; gives its end. */
static char *put_enhanced(char *at, const struct enhanced *e)
{
	at = wire_put_number(at, e->class);
	*at++ = '.';
	at = wire_put_number(at, e->subject);
	*at++ = '.';
	return wire_put_number(at, e->detail);
}

/* "550 5.1.1 No such user": code, enhanced code and text of the row, with a blank between them, and nothing else. */
static bool reply_is_told(const struct reply *r)
{
	struct bytes rest = bytes_from(r->raw, 4);
	if (r->raw.n > TOLD_MOST || r->raw.n < 4 || r->raw.p[3] != ' ' || r->code < 100 || r->code > 999)
		return false;
	if (r->enhanced.present) {
		char enhanced[ENHANCED_MOST + 1], *at = put_enhanced(enhanced, &r->enhanced);
		*at++ = ' ';
		struct bytes words = { (const uint8_t *)enhanced, (size_t)(at - enhanced) };
		if (!bytes_starts(rest, words))
			return false;
		rest = bytes_from(rest, words.n);
	}
	return rest.n == r->text.n && (rest.n == 0 || memcmp(rest.p, r->text.p, rest.n) == 0) && bytes_index(rest, '\n') == BYTES_NONE;
}

static bool same_place(struct place a, struct place b)
{
	return a.number == b.number && a.file == b.file;
}

/* What the row of the error tells, but for what it shows: 1 its command, -1 its reply, 0 neither. */
static int told_by_row(const struct proof *p, const struct exchange *x, bool told)
{
	if (p->direction == FROM_CLIENT)
		return x->command.kind != COMMAND_UNSEEN && same_place(p->place, x->command.line.last) && same_view(p->text, x->command.line.text) ? 1 : 0;
	return told && same_place(p->place, x->reply.last) && same_view(p->text, x->reply.raw) ? -1 : 0;
}

/* A line of its own: [capture_id, frame, side, text, says]. */
static void add_proof(struct store *s, struct text *json, const struct proof *p, const struct exchange *x, bool told, int64_t says, struct error *error)
{
	text_room(json, 2 * NUMBER_MOST + 16);
	char *at = json->p + json->n;
	*at++ = '[';
	at = wire_put_number(at, writer_capture(s, p->place));
	*at++ = ',';
	at = wire_put_number(at, p->place.number);
	memcpy(at, p->direction == FROM_CLIENT ? ",0," : ",1,", 3);
	json->n = (size_t)(at + 3 - json->p);
	if (x && same_view(p->text, x->command.line.text)) {
		text_add_octet(json, '0');
	} else if (told && same_view(p->text, x->reply.raw)) {
		text_add(json, B("-1"));
	} else {
		int64_t id = p->text.n >= INTERN_FROM ? interned_lines(&s->texts, p->text, bytes_hash(p->text), PROOF_MOST, &s->text, error) : 0;
		if (id)
			wire_add_number(json, id);
		else
			wire_add_both(json, p->text, PROOF_MOST, true);
	}
	text_add_octet(json, ',');
	wire_add_number(json, says);
	text_add_octet(json, ']');
}

/* As views.sql describes it. x: of an error, whose row tells its command, and told: its reply; or NULL. */
static void proofs_column(struct store *s, struct feed *row, const struct proof *proofs, size_t n, const struct exchange *x, bool told,
                          struct error *error)
{
	struct text *json = feed_text_begin(row);
	text_add_octet(json, '[');
	for (size_t i = 0; i < n; i++) {
		const struct proof *p = &proofs[i];
		int64_t says = writer_says(s, p->says ? p->says : "", error);
		int by_row = x ? told_by_row(p, x, told) : 0;
		if (i)
			text_add_octet(json, ',');
		if (by_row)
			wire_add_number(json, by_row * says);
		else
			add_proof(s, json, p, x, told, says, error);
	}
	text_add_octet(json, ']');
	feed_text_end(row);
}

static void lower_column(struct feed *row, struct bytes wire, bool known)
{
	if (!known) {
		feed_null(row);
		return;
	}
	wire_add_lower(feed_text_begin(row), wire, 255);
	feed_text_end(row);
}

/* trigger_line. */
static void line_column(struct feed *row, const struct command *c)
{
	if (c->kind == COMMAND_UNSEEN) {
		feed_null(row);
		return;
	}
	wire_add(feed_text_begin(row), c->kind == COMMAND_CONNECT ? B("") : c->kind == COMMAND_CONTENT ? B(".") : c->line.text, LIMIT_TRIGGER_LINE);
	feed_text_end(row);
}

/* The MAIL of the transaction that the exchange belongs to; NULL when it is not in this window. */
static const struct command *mail_of(const struct exchange *x)
{
	for (const struct exchange *m = x; m && x->transaction; m = m->previous)
		if (m->command.kind == COMMAND_LINE && m->command.verb == VERB_MAIL && m->transaction == x->transaction)
			return &m->command;
	return x->command.kind == COMMAND_LINE && x->command.verb == VERB_MAIL ? &x->command : NULL;
}

/* Joined by LF, which is how they stand in the reply, unless something between them is no keyword. */
static struct bytes keyword_lines(struct store *s, const struct offer *offer)
{
	const struct bytes *k = offer->keywords;
	struct bytes all = offer->nkeywords ? *k : (struct bytes){ 0 };
	for (size_t i = 1; i < offer->nkeywords && k[i].p == all.p + all.n + 1 && all.p[all.n] == '\n'; i++)
		all.n += 1 + k[i].n;
	if (offer->nkeywords && all.p + all.n == k[offer->nkeywords - 1].p + k[offer->nkeywords - 1].n) {
		struct bytes text = wire_view_lines(&s->text, all, LIMIT_TRIGGER_LINE);
		if (text.p == all.p) /* nothing to escape or to cut */
			return text;
	}
	text_clear(&s->text);
	for (size_t i = 0; i < offer->nkeywords; i++) {
		if (i)
			text_add_octet(&s->text, '\n');
		wire_add(&s->text, k[i], LIMIT_TRIGGER_LINE);
	}
	return text_view(&s->text);
}

int64_t writer_offer(struct store *s, const struct offer *offer, struct error *error)
{
	if (!offer || offer->kind == OFFER_NONE)
		return 0;
	if (offer == s->offer)
		return s->offer_id;
	s->offer = offer;
	return s->offer_id = interned_id(&s->texts, keyword_lines(s, offer), error);
}

static void enhanced_column(struct feed *row, const struct enhanced *e)
{
	if (!e->present) {
		feed_null(row);
		return;
	}
	struct text *t = feed_text_begin(row);
	text_room(t, ENHANCED_MOST);
	t->n = (size_t)(put_enhanced(t->p + t->n, e) - t->p);
	feed_text_end(row);
}

/* [cause_id, ...]; NULL none. */
static void also_column(struct store *s, struct feed *row, const struct verdict *v)
{
	if (!v->nalso) {
		feed_null(row);
		return;
	}
	struct text *json = feed_text_begin(row);
	text_room(json, v->nalso * (NUMBER_MOST + 1) + 1);
	char *begin = json->p + json->n, *at = begin;
	for (size_t i = 0; i < v->nalso; i++)
		at = writer_put(at, s->causes[v->also[i]]);
	*begin = '['; /* in place of the first comma */
	*at++ = ']';
	json->n = (size_t)(at - json->p);
	feed_text_end(row);
}

/* What is read an error at a time: columns from trigger_capture_id on. */
static void rest_columns(struct store *s, struct feed *row, const struct verdict *v, struct error *error)
{
	const struct exchange *x = v->exchange;
	const struct command *c = &x->command;
	bool seen = c->line.last.number && c->kind != COMMAND_UNSEEN, faulty = c->fault->kind != FAULT_NONE;
	FEED_IDS(row, seen ? writer_capture(s, c->line.last) : 0, seen ? c->line.last.number : 0, writer_capture(s, x->reply.last));
	feed_number(row, x->reply.last.number);
	feed_id(row, seen ? x->reply.last.time - c->line.last.time : 0);
	FEED_NUMBERS(row, x->ordinal, x->transaction);
	FEED_IDS(row, writer_says(s, phase_name(x->before.phase), error), writer_offer(s, c->offer, error));
	if (faulty)
		feed_number(row, (int64_t)c->fault->at);
	else
		feed_null(row);
	FEED_IDS(row, faulty ? writer_says(s, c->fault->wanted, error) : 0, writer_says(s, v->rule, error));
	also_column(s, row, v);
}

/* at: which of the errors of its window it is. */
static bool error_row(struct store *s, const struct verdict *v, size_t at, int64_t session_id, struct error *error)
{
	const struct exchange *x = v->exchange;
	struct bytes reply = x->reply.text.p ? x->reply.text : B("");
	const struct command *c = &x->command, *mail = mail_of(x);
	bool rcpt = c->kind == COMMAND_LINE && c->verb == VERB_RCPT;
	struct feed *row = &s->error;
	feed_number(row, session_id * IDS_PER_SESSION + v->ordinal);
	FEED_NUMBERS(row, session_id, x->reply.last.time, x->reply.code);
	enhanced_column(row, &x->reply.enhanced);
	writer_wire(row, reply, writer_lines(s, reply, at < s->now->n ? s->now->replies[at] : bytes_hash(reply), error));
	feed_text(row, writer_verb(c, &s->line));
	line_column(row, c);
	lower_column(row, mail ? mail->path->domain : (struct bytes){ 0 }, mail);
	lower_column(row, rcpt ? c->path->domain : (struct bytes){ 0 }, rcpt);
	FEED_NUMBERS(row, s->causes[v->cause], v->certainty);
	writer_sentence(s, row, v->detail, at < s->now->n ? s->now->details[at] : bytes_hash(bytes_of(v->detail)), error);
	bool told = reply_is_told(&x->reply);
	proofs_column(s, row, v->proofs, v->nproofs, x, told, error);
	if (at < REPLIES_TOLD)
		s->replies_told |= (uint64_t)told << at;
	rest_columns(s, row, v, error);
	if (s->counts)
		census_error(&s->census, session_id, (uint32_t)s->causes[v->cause], x->reply.last.time);
	return feed_row(row, error) && error->kind == ERROR_NONE;
}

bool writer_reply_is_told(const struct store *s, const struct verdicts *verdicts, size_t at)
{
	return at < REPLIES_TOLD ? s->replies_told >> at & 1 : reply_is_told(&verdicts->errors[at].exchange->reply);
}

bool rows_of_errors(struct store *s, const struct verdicts *verdicts, int64_t session_id, struct error *error)
{
	s->replies_told = 0;
	for (size_t i = 0; i < verdicts->nerrors; i++)
		if (verdicts->errors[i].ordinal <= LIMIT_ERRORS_PER_SESSION && !error_row(s, &verdicts->errors[i], i, session_id, error))
			return false;
	return true;
}

bool rows_of_findings(struct store *s, const struct verdicts *verdicts, int64_t session_id, unsigned before, struct error *error)
{
	for (size_t i = 0; i < verdicts->nfindings && before + i < LIMIT_ERRORS_PER_SESSION; i++) {
		const struct finding *f = &verdicts->findings[i];
		struct feed *row = &s->finding;
		feed_number(row, session_id * IDS_PER_SESSION + before + (int64_t)i + 1);
		feed_number(row, session_id);
		feed_number(row, f->place.time);
		feed_id(row, writer_capture(s, f->place));
		feed_id(row, f->place.number);
		feed_id(row, f->exchange ? f->exchange->ordinal : 0);
		feed_number(row, s->causes[f->cause]);
		feed_id(row, writer_says(s, f->device, error));
		feed_number(row, f->certainty);
		writer_sentence(s, row, f->detail, bytes_hash(bytes_of(f->detail)), error);
		proofs_column(s, row, f->proofs, f->nproofs, NULL, false, error);
		if (!feed_row(row, error) || error->kind != ERROR_NONE)
			return false;
	}
	return true;
}
