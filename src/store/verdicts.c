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
		text_add_string(&s->json, i ? ",[" : "[");
		wire_add_number(&s->json, writer_capture(s, p->place));
		text_add_octet(&s->json, ',');
		wire_add_number(&s->json, p->place.number);
		text_add_string(&s->json, p->direction == FROM_CLIENT ? ",0," : ",1,");
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

static struct bytes lower(struct text *t, struct bytes wire)
{
	size_t begin = t->n;
	wire_add(t, wire, 255);
	for (size_t i = begin; i < t->n; i++)
		t->p[i] = (char)octet_lower((uint8_t)t->p[i]);
	return bytes_from(text_view(t), begin);
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
	text_clear(&s->text);
	for (size_t i = 0; i < offer->nkeywords; i++) {
		if (i)
			text_add_octet(&s->text, '\n');
		wire_add(&s->text, offer->keywords[i], LIMIT_TRIGGER_LINE);
	}
	return interned_id(&s->texts, text_view(&s->text), error);
}

static struct bytes also(struct store *s, const struct verdict *v, struct text *t)
{
	if (!v->nalso)
		return (struct bytes){ 0 };
	size_t begin = t->n;
	for (size_t i = 0; i < v->nalso; i++) {
		text_add_octet(t, i ? ',' : '[');
		wire_add_number(t, s->causes[v->also[i]]);
	}
	text_add_octet(t, ']');
	return bytes_from(text_view(t), begin);
}

static struct bytes enhanced_text(const struct enhanced *e, struct text *t)
{
	text_clear(t);
	if (!e->present)
		return (struct bytes){ 0 };
	wire_add_number(t, e->class);
	text_add_octet(t, '.');
	wire_add_number(t, e->subject);
	text_add_octet(t, '.');
	wire_add_number(t, e->detail);
	return text_view(t);
}

/* Columns that need ids of texts, made first: interning uses the scratch texts that the row's columns then borrow. */
struct ids {
	int64_t reply, phase, offer, fault, rule, detail;
};

static struct ids make_ids(struct store *s, const struct verdict *v, struct error *error)
{
	const struct exchange *x = v->exchange;
	struct ids ids = {
		.reply = writer_text(s, x->reply.text, LIMIT_REPLY, error),
		.phase = writer_says(s, phase_name(x->before.phase), error),
		.offer = writer_offer(s, x->command.offer, error),
		.fault = x->command.fault.kind != FAULT_NONE ? writer_says(s, x->command.fault.wanted, error) : 0,
		.rule = writer_says(s, v->rule, error),
		.detail = writer_says(s, v->detail, error),
	};
	return ids;
}

static bool error_row(struct store *s, const struct verdict *v, int64_t session_id, struct error *error)
{
	const struct exchange *x = v->exchange;
	const struct command *c = &x->command;
	struct ids ids = make_ids(s, v, error);
	if (error->kind != ERROR_NONE || !add_proofs(s, v->proofs, v->nproofs, c->line.text, error))
		return false;
	sqlite3_stmt *row = s->error;
	struct trigger trigger = writer_trigger(c, &s->line);
	struct text more = { 0 };
	const struct command *mail = mail_of(x);
	bool rcpt = c->kind == COMMAND_LINE && c->verb == VERB_RCPT, seen = c->line.last.number && c->kind != COMMAND_UNSEEN;
	text_add_octet(&more, ' '); /* never empty, so that an empty view has an address */
	size_t domain[3] = { more.n };
	lower(&more, mail ? mail->path.domain : (struct bytes){ 0 });
	domain[1] = more.n;
	lower(&more, rcpt ? c->path.domain : (struct bytes){ 0 });
	domain[2] = more.n;
	also(s, v, &more);
	struct bytes all = text_view(&more), null = { 0 };
	int at = 0;
	sqlite3_bind_int64(row, ++at, session_id * IDS_PER_SESSION + v->ordinal);
	sqlite3_bind_int64(row, ++at, session_id);
	sqlite3_bind_int64(row, ++at, x->reply.last.time);
	sqlite3_bind_int64(row, ++at, x->reply.code);
	database_bind_text(row, ++at, enhanced_text(&x->reply.enhanced, &s->text));
	sqlite3_bind_int64(row, ++at, ids.reply);
	database_bind_text(row, ++at, trigger.verb);
	database_bind_text(row, ++at, trigger.line);
	database_bind_id(row, ++at, seen ? writer_capture(s, c->line.last) : 0);
	database_bind_id(row, ++at, seen ? c->line.last.number : 0);
	database_bind_id(row, ++at, writer_capture(s, x->reply.last));
	sqlite3_bind_int64(row, ++at, x->reply.last.number);
	database_bind_id(row, ++at, seen ? x->reply.last.time - c->line.last.time : 0);
	sqlite3_bind_int64(row, ++at, x->ordinal);
	sqlite3_bind_int64(row, ++at, x->transaction);
	database_bind_id(row, ++at, ids.phase);
	database_bind_id(row, ++at, ids.offer);
	database_bind_text(row, ++at, mail ? (struct bytes){ all.p + domain[0], domain[1] - domain[0] } : null);
	database_bind_text(row, ++at, rcpt ? (struct bytes){ all.p + domain[1], domain[2] - domain[1] } : null);
	if (c->fault.kind != FAULT_NONE)
		sqlite3_bind_int64(row, ++at, (int64_t)c->fault.at);
	else
		sqlite3_bind_null(row, ++at);
	database_bind_id(row, ++at, ids.fault);
	sqlite3_bind_int64(row, ++at, s->causes[v->cause]);
	sqlite3_bind_int64(row, ++at, v->certainty);
	database_bind_id(row, ++at, ids.rule);
	database_bind_id(row, ++at, ids.detail);
	database_bind_text(row, ++at, text_view(&s->json));
	database_bind_text(row, ++at, v->nalso ? (struct bytes){ all.p + domain[2], all.n - domain[2] } : null);
	bool done = database_step(&s->database, row, error);
	text_free(&more);
	return done;
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
		int64_t device = writer_says(s, f->device, error), detail = writer_says(s, f->detail, error);
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
		database_bind_id(row, 10, detail);
		database_bind_text(row, 11, text_view(&s->json));
		if (!database_step(&s->database, row, error))
			return false;
	}
	return true;
}
