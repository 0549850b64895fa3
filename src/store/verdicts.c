/* verdicts.c - takes the verdicts on a session, gives the rows of its errors and findings, with their proofs. */
#include "store/writer.h"

/* Texts as long as this are kept once in the table "text"; shorter ones cost no more where they are. */
enum { INTERN_FROM = 40, PROOF_MOST = 1000 };

static bool same_view(struct bytes a, struct bytes b)
{
	return a.p && a.p == b.p && a.n == b.n;
}

/* [[capture_id, frame, side, text, says], ...], as schema.sql describes it. */
static bool add_proofs(struct store *s, const struct proof *proofs, size_t n, struct bytes trigger, struct error *error)
{
	text_clear(&s->json);
	text_add_octet(&s->json, '[');
	for (size_t i = 0; i < n; i++) {
		const struct proof *p = &proofs[i];
		text_room(&s->json, 2 * NUMBER_MOST + 16);
		char *at = s->json.p + s->json.n;
		if (i)
			*at++ = ',';
		*at++ = '[';
		at = wire_put_number(at, writer_capture(s, p->place));
		*at++ = ',';
		at = wire_put_number(at, p->place.number);
		memcpy(at, p->direction == FROM_CLIENT ? ",0," : ",1,", 3);
		s->json.n = (size_t)(at + 3 - s->json.p);
		if (same_view(p->text, trigger)) {
			text_add_octet(&s->json, '0');
		} else {
			text_clear(&s->text);
			wire_add_lines(&s->text, p->text, PROOF_MOST);
			int64_t id = p->text.n >= INTERN_FROM ? interned_again(&s->texts, text_view(&s->text), error) : 0;
			if (id)
				wire_add_number(&s->json, id);
			else
				wire_add_quoted(&s->json, text_view(&s->text));
		}
		text_add_octet(&s->json, ',');
		wire_add_number(&s->json, writer_says(s, p->says ? p->says : "", error));
		text_add_octet(&s->json, ']');
	}
	text_add_octet(&s->json, ']');
	return error->kind == ERROR_NONE;
}

static struct part lower(struct store *s, struct bytes wire, bool known)
{
	struct part part = { .begin = s->row.n, .here = known };
	if (!known)
		return part;
	wire_add(&s->row, wire, 255);
	for (size_t i = part.begin; i < s->row.n; i++)
		s->row.p[i] = (char)octet_lower((uint8_t)s->row.p[i]);
	part.n = s->row.n - part.begin;
	return part;
}

/* The MAIL of the transaction that the exchange belongs to; NULL when it is not in this window. */
static const struct command *mail_of(const struct exchange *x)
{
	for (const struct exchange *m = x; m && x->transaction; m = m->previous)
		if (m->command.kind == COMMAND_LINE && m->command.verb == VERB_MAIL && m->transaction == x->transaction)
			return &m->command;
	return x->command.kind == COMMAND_LINE && x->command.verb == VERB_MAIL ? &x->command : NULL;
}

int64_t writer_offer(struct store *s, const struct offer *offer, struct error *error)
{
	if (!offer || offer->kind == OFFER_NONE)
		return 0;
	if (offer == s->offer)
		return s->offer_id;
	text_clear(&s->text);
	for (size_t i = 0; i < offer->nkeywords; i++) {
		if (i)
			text_add_octet(&s->text, '\n');
		wire_add(&s->text, offer->keywords[i], LIMIT_TRIGGER_LINE);
	}
	s->offer = offer;
	return s->offer_id = interned_id(&s->texts, text_view(&s->text), error);
}

static struct part also(struct store *s, const struct verdict *v)
{
	struct part part = { .begin = s->row.n, .here = v->nalso };
	for (size_t i = 0; i < v->nalso; i++) {
		text_add_octet(&s->row, i ? ',' : '[');
		wire_add_number(&s->row, s->causes[v->also[i]]);
	}
	if (v->nalso)
		text_add_octet(&s->row, ']');
	part.n = s->row.n - part.begin;
	return part;
}

static struct part enhanced_part(struct store *s, const struct enhanced *e)
{
	struct part part = { .begin = s->row.n, .here = e->present };
	if (!e->present)
		return part;
	wire_add_number(&s->row, e->class);
	text_add_octet(&s->row, '.');
	wire_add_number(&s->row, e->subject);
	text_add_octet(&s->row, '.');
	wire_add_number(&s->row, e->detail);
	part.n = s->row.n - part.begin;
	return part;
}

static struct part detail_part(struct store *s, const char *detail, struct error *error)
{
	return detail ? writer_part(s, bytes_of(detail), error) : (struct part){ 0 };
}

static bool error_row(struct store *s, const struct verdict *v, int64_t session_id, struct error *error)
{
	const struct exchange *x = v->exchange;
	const struct command *c = &x->command;
	const struct command *mail = mail_of(x);
	bool rcpt = c->kind == COMMAND_LINE && c->verb == VERB_RCPT, seen = c->line.last.number && c->kind != COMMAND_UNSEEN;
	text_clear(&s->row);
	struct part reply = writer_wire(s, x->reply.text, LIMIT_REPLY, error), detail = detail_part(s, v->detail, error);
	struct part enhanced = enhanced_part(s, &x->reply.enhanced), others = also(s, v);
	struct part sender = lower(s, mail ? mail->path.domain : (struct bytes){ 0 }, mail);
	struct part recipient = lower(s, rcpt ? c->path.domain : (struct bytes){ 0 }, rcpt);
	int64_t offer = writer_offer(s, c->offer, error);
	if (error->kind != ERROR_NONE || !add_proofs(s, v->proofs, v->nproofs, c->line.text, error))
		return false;
	struct trigger trigger = writer_trigger(c, &s->line);
	bool faulty = c->fault.kind != FAULT_NONE;
	sqlite3_stmt *row = s->error;
	int at = 0;
	sqlite3_bind_int64(row, ++at, session_id * IDS_PER_SESSION + v->ordinal);
	sqlite3_bind_int64(row, ++at, session_id);
	sqlite3_bind_int64(row, ++at, x->reply.last.time);
	sqlite3_bind_int64(row, ++at, x->reply.code);
	writer_bind(s, row, ++at, enhanced);
	writer_bind(s, row, ++at, reply);
	database_bind_text(row, ++at, trigger.verb);
	database_bind_text(row, ++at, trigger.line);
	database_bind_id(row, ++at, seen ? writer_capture(s, c->line.last) : 0);
	database_bind_id(row, ++at, seen ? c->line.last.number : 0);
	database_bind_id(row, ++at, writer_capture(s, x->reply.last));
	sqlite3_bind_int64(row, ++at, x->reply.last.number);
	database_bind_id(row, ++at, seen ? x->reply.last.time - c->line.last.time : 0);
	sqlite3_bind_int64(row, ++at, x->ordinal);
	sqlite3_bind_int64(row, ++at, x->transaction);
	database_bind_id(row, ++at, writer_says(s, phase_name(x->before.phase), error));
	database_bind_id(row, ++at, offer);
	writer_bind(s, row, ++at, sender);
	writer_bind(s, row, ++at, recipient);
	if (faulty)
		sqlite3_bind_int64(row, ++at, (int64_t)c->fault.at);
	else
		sqlite3_bind_null(row, ++at);
	database_bind_id(row, ++at, faulty ? writer_says(s, c->fault.wanted, error) : 0);
	sqlite3_bind_int64(row, ++at, s->causes[v->cause]);
	sqlite3_bind_int64(row, ++at, v->certainty);
	database_bind_id(row, ++at, writer_says(s, v->rule, error));
	writer_bind(s, row, ++at, detail);
	database_bind_text(row, ++at, text_view(&s->json));
	writer_bind(s, row, ++at, others);
	return error->kind == ERROR_NONE && database_step(&s->database, row, error);
}

bool rows_of_errors(struct store *s, const struct session *session, const struct verdicts *verdicts, int64_t session_id, struct error *error)
{
	(void)session;
	for (size_t i = 0; i < verdicts->nerrors; i++)
		if (verdicts->errors[i].ordinal <= LIMIT_ERRORS_PER_SESSION && !error_row(s, &verdicts->errors[i], session_id, error))
			return false;
	return true;
}

bool rows_of_findings(struct store *s, const struct session *session, const struct verdicts *verdicts, int64_t session_id, unsigned before,
                      struct error *error)
{
	(void)session;
	for (size_t i = 0; i < verdicts->nfindings && before + i < LIMIT_ERRORS_PER_SESSION; i++) {
		const struct finding *f = &verdicts->findings[i];
		text_clear(&s->row);
		struct part detail = detail_part(s, f->detail, error);
		int64_t device = writer_says(s, f->device, error);
		if (!add_proofs(s, f->proofs, f->nproofs, (struct bytes){ 0 }, error))
			return false;
		sqlite3_stmt *row = s->finding;
		sqlite3_bind_int64(row, 1, session_id * IDS_PER_SESSION + before + (int64_t)i + 1);
		sqlite3_bind_int64(row, 2, session_id);
		sqlite3_bind_int64(row, 3, f->place.time);
		database_bind_id(row, 4, writer_capture(s, f->place));
		database_bind_id(row, 5, f->place.number);
		database_bind_id(row, 6, f->exchange ? f->exchange->ordinal : 0);
		sqlite3_bind_int64(row, 7, s->causes[f->cause]);
		database_bind_id(row, 8, device);
		sqlite3_bind_int64(row, 9, f->certainty);
		writer_bind(s, row, 10, detail);
		database_bind_text(row, 11, text_view(&s->json));
		if (!database_step(&s->database, row, error))
			return false;
	}
	return true;
}
