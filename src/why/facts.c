/* facts.c - what several families ask of a failure. Takes read-only records, gives yes or no; decides no cause. */
#include "why/facts.h"

#include "base/banned.h"

bool reply_says(const struct reply *r, const char *const *phrases)
{
	for (; *phrases; phrases++)
		if (bytes_find(r->text, bytes_of(*phrases)) != BYTES_NONE)
			return true;
	return false;
}

bool reply_enhanced(const struct reply *r, unsigned subject, unsigned detail)
{
	return r->enhanced.present && r->enhanced.subject == subject && r->enhanced.detail == detail;
}

bool words_say(const struct failure *f, enum cause cause, int strength)
{
	return f->words.strength >= strength && f->words.cause == cause;
}

/* 500, 501, 504 and 555 are about the line itself (RFC 5321 4.2.2), and the line is broken: what its words name is the part that breaks. */
static bool breaks_as_coded(const struct failure *f)
{
	int code = f->reply->code;
	if (!command_is_line(f->command) || f->command->fault->kind == FAULT_NONE)
		return false;
	/* 553: mailbox syntax incorrect, or a name that nobody can look up because of it */
	return code == 500 || code == 501 || code == 504 || code == 555
		|| (code == 553 && f->command->fault->kind == FAULT_ADDRESS && f->words.cause == CAUSE_ROUTING_DOMAIN_NOT_FOUND);
}

/* "No valid recipients" to DATA tells of RCPT, which had its own answer; here the order is wrong. */
static bool tells_of_order(const struct failure *f)
{
	enum verb v = f->command->verb;
	return (v == VERB_DATA || v == VERB_BDAT || v == VERB_BURL) && command_is_line(f->command)
		&& cause_entry(f->words.cause)->party == PARTY_RECIPIENT && failure_wrong_moment(f);
}

static bool is_overruled(const struct failure *f)
{
	if (f->words.strength < 4 || breaks_as_coded(f) || tells_of_order(f))
		return false;
	switch (cause_entry(f->words.cause)->party) {
	case PARTY_SENDER: case PARTY_RECIPIENT: case PARTY_POLICY: case PARTY_MESSAGE: case PARTY_ROUTING:
		return true;
	default:
		return false;
	}
}

static bool words_are_about_dialogue(const struct failure *f)
{
	if (f->words.strength < 3)
		return false;
	return f->words.cause >= CAUSE_CLIENT_VERB_MISSPELLED && f->words.cause <= CAUSE_CLIENT_BODY_AS_COMMANDS;
}

static enum tone tone_of(const struct failure *f)
{
	const struct reply *r = f->reply;
	if (f->overruled)
		return TONE_POLICY;
	if ((r->code >= 500 && r->code <= 504) || r->code == 555 || breaks_as_coded(f) || words_are_about_dialogue(f))
		return TONE_DIALOGUE;
	if (r->code >= 530 && r->code <= 538)
		return TONE_POLICY;
	/* X.5.X protocol, X.1.3 and X.1.7 bad address syntax (RFC 3463 3.2, 3.6); 5.5.3 counts recipients */
	if (r->enhanced.present && r->enhanced.subject == 5)
		return r->enhanced.detail == 3 ? TONE_POLICY : TONE_DIALOGUE;
	if (reply_enhanced(r, 1, 3) || reply_enhanced(r, 1, 7) || reply_enhanced(r, 3, 3))
		return TONE_DIALOGUE;
	if (r->enhanced.present && (r->enhanced.subject || r->enhanced.detail))
		return TONE_POLICY;
	return f->words.strength >= 3 ? TONE_POLICY : TONE_OPEN;
}

void failure_judge(struct failure *f)
{
	f->overruled = is_overruled(f);
	f->tone = tone_of(f);
}

bool reply_is_unrecognised(const struct failure *f)
{
	static const struct told phrases[] = {
		TOLD("unrecogni"), TOLD("not recogni"), TOLD("unknown command"), TOLD("command unknown"), TOLD("not understood"),
		TOLD("not implemented"), TOLD("unimplemented"), TOLD("invalid command"), TOLD("bad command"), TOLD("not supported"), TOLD("unsupported"),
		TOLD("command not"), TOLD("don't understand"), TOLD("what?"), TOLD(""),
	};
	const struct reply *r = f->reply;
	if (words_overrule(f) || words_say(f, CAUSE_SERVER_TOO_MANY_ERRORS, 4))
		return false;
	if (r->code == 500 || r->code == 502)
		return true;
	return (failure_tone(f) == TONE_DIALOGUE || failure_tone(f) == TONE_OPEN) && phrases_say(&f->says, phrases);
}

/* After a refused DATA or BDAT a client that waited for the refusal and then sends a known verb has understood it. */
bool failure_is_content(const struct failure *f)
{
	const struct command *c = f->command;
	if (!c->content_of)
		return c->line.flags & LINE_CONTENT;
	const struct exchange *x = f->exchange->previous;
	while (x && x->ordinal != c->content_of)
		x = x->previous;
	return c->verb >= VERB_COUNT || c->ahead || !x || exchange_accepted(x);
}

bool exchange_accepted(const struct exchange *x)
{
	return x->answered && x->reply.code >= 200 && x->reply.code <= 399;
}

bool command_is_line(const struct command *c)
{
	return c->kind == COMMAND_LINE || c->kind == COMMAND_CHUNK;
}

bool command_is_sound(const struct command *c)
{
	return command_is_line(c) && c->verb < VERB_COUNT && c->fault->kind == FAULT_NONE && !c->content_of && !c->masked_run;
}

const struct exchange *exchange_earlier(const struct exchange *x, bool (*is)(const struct exchange *))
{
	for (x = x->previous; x; x = x->previous)
		if (is(x))
			return x;
	return NULL;
}

/* RFC 5321 4.5.3.1.4: 512 with CRLF; what extensions add to MAIL and RCPT: SIZE 26, 8BITMIME 16 (RFC 6152 2), DSN 500 each (RFC 3461
 * 4), AUTH 500 (RFC 4954 3), SMTPUTF8 10 (RFC 6531 3.1); AUTH lines 12,288 (RFC 4954 4). */
uint64_t command_limit(const struct command *c)
{
	enum { PLAIN = 510, EXTENDED = 510 + 26 + 16 + 500 + 500 + 10, CREDENTIALS = 12286 };
	if (c->verb == VERB_AUTH || c->kind == COMMAND_AUTH)
		return CREDENTIALS;
	if (c->verb == VERB_BURL || c->verb == VERB_XCLIENT || c->verb == VERB_XFORWARD)
		return 2 * EXTENDED;
	return c->nparams ? EXTENDED : PLAIN;
}

bool command_typed(const struct command *c)
{
	return c->line.length >= 4 && c->line.segments >= c->line.length;
}

enum extension param_extension(const struct command *c, const struct param *p)
{
	if (p->known == PARAM_BODY && bytes_is(p->value, B("BINARYMIME")))
		return EXT_BINARYMIME; /* RFC 3030 3 */
	return parameter_needs(p->known, c->verb);
}

bool param_not_offered(const struct command *c, const struct param *p, const struct offer *o)
{
	enum extension need = param_extension(c, p);
	return need == EXT_UNKNOWN || !offer_has(o, need);
}

bool offer_is_known(const struct offer *o, const struct state *state)
{
	if (o->incomplete)
		return false;
	return o->kind != OFFER_NONE || state->certain;
}

/* ---- other protocols ---- */

/* A protocol whose request goes on with further lines. */
static bool has_headers(const char *protocol)
{
	static const char *const names[] = { "HTTP", "SIP", "RTSP", "CONNECT", "Redis", NULL };
	for (size_t i = 0; names[i]; i++)
		if (bytes_starts_word(bytes_of(protocol), bytes_of(names[i])))
			return true;
	return false;
}

static bool opens_foreign(const struct command *c)
{
	return !c->content_of && c->fault->kind == FAULT_PROTOCOL && c->kind != COMMAND_TLS;
}

const struct exchange *foreign_opening(const struct exchange *x)
{
	if (opens_foreign(&x->command))
		return x;
	if (x->command.kind != COMMAND_LINE || command_is_sound(&x->command) || x->command.content_of)
		return NULL;
	for (const struct exchange *p = x->previous; p; p = p->previous) {
		if (opens_foreign(&p->command))
			return p->command.protocol && has_headers(p->command.protocol) ? p : NULL;
		if (command_is_sound(&p->command) && exchange_accepted(p))
			return NULL;
	}
	return NULL;
}

bool is_foreign(const struct exchange *x)
{
	return foreign_opening(x) != NULL;
}

bool is_tls_junk(const struct exchange *x)
{
	if (x->command.kind == COMMAND_TLS)
		return true;
	if (x->command.kind != COMMAND_LINE || command_is_sound(&x->command))
		return false;
	for (const struct exchange *p = x->previous; p; p = p->previous) {
		if (p->command.kind == COMMAND_TLS)
			return true;
		if (command_is_sound(&p->command))
			return false;
	}
	return false;
}

/* The client went on in clear, and never began the handshake: an alert to it is what follows. */
static bool tls_never_began(const struct tls *t)
{
	return t->plaintext_at.number && t->plaintext_from == FROM_CLIENT && !t->client_hello;
}

bool tls_was_plain(const struct tls *t)
{
	return tls_never_began(t) || (t->state == TLS_PLAINTEXT && !tls_handshake_broke(t));
}

bool tls_handshake_broke(const struct tls *t)
{
	enum { WARNING = 1 }; /* RFC 5246 7.2; a warning lets the handshake go on */
	bool fatal = t->alert && t->alert_level != WARNING;
	if (tls_never_began(t))
		return false;
	return t->state == TLS_FAILED || (t->state == TLS_PLAINTEXT && (fatal || (t->client_hello && t->plaintext_from == FROM_SERVER)));
}
