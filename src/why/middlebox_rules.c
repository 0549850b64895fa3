/* middlebox_rules.c - family: the command or the offer was overwritten in transit, and the refusal follows from that. Takes a failure,
 * asks for bytes that show it: a mask at the server, a mask that a reply quotes, a masked keyword that the command needs. */
#include "why/glance.h"
#include "why/middlebox.h"

#include "base/banned.h"

static void name_device(const struct failure *f, struct evidence *e)
{
	const struct middlebox *box = middlebox_of(f->session);
	e->device = box ? box->name : NULL;
}

/* The server's side of the box: the verb arrives as XXXX (RFC 5321 knows no such verb). */
static bool masked_arrives(const struct failure *f, struct evidence *e)
{
	if (!f->command->masked_run || failure_is_content(f) || words_overrule(f))
		return false;
	evidence_line(e, f->command, "a run of filler where a verb belongs");
	evidence_reply(e, f->reply, "the server does not know it");
	evidence_detail(e, "A verb of %zu letters was overwritten before it came here; its arguments were left.", f->command->word.n);
	name_device(f, e);
	return true;
}

static bool masked_quoted(const struct failure *f, struct evidence *e)
{
	if (!exchange_quotes_mask(f->exchange))
		return false;
	evidence_line(e, f->command, "sent like this");
	evidence_reply(e, f->reply, "the reply quotes what arrived");
	evidence_detail(e, "The command was sent intact and arrived overwritten.%s",
		command_typed(f->command) ? " It was typed one letter a segment: test with a real client instead." : "");
	name_device(f, e);
	return true;
}

static void show_mask(const struct failure *f, struct evidence *e, const struct masked *m)
{
	evidence_add(e, f->offer->at, FROM_SERVER, m->text, "a keyword overwritten in transit");
	evidence_line(e, f->command, "the command that depends on it");
	evidence_reply(e, f->reply, "the refusal");
	name_device(f, e);
}

static bool demands_tls(const struct failure *f)
{
	static const struct told words[] = { TOLD("starttls"), TOLD("tls"), TOLD("encrypt"), TOLD("secure connection"), TOLD("") };
	if (f->state->encrypted || words_overrule(f))
		return false;
	return words_say(f, CAUSE_TLS_REQUIRED, 2) || words_say(f, CAUSE_AUTH_ENCRYPTION_REQUIRED, 2) || reply_enhanced(f->reply, 7, 10)
		|| reply_enhanced(f->reply, 7, 11) || ((f->reply->code == 530 || f->reply->code == 538) && phrases_say(&f->says, words));
}

static bool starttls_masked(const struct failure *f, struct evidence *e)
{
	const struct masked *m = offer_has(f->offer, EXT_STARTTLS) ? NULL : offer_hides(f->offer, EXT_STARTTLS);
	if (!m || (f->command->verb != VERB_STARTTLS && !demands_tls(f)))
		return false;
	show_mask(f, e, m);
	evidence_detail(e, f->command->verb == VERB_STARTTLS ? "A keyword of %zu letters is hidden where STARTTLS stands, and STARTTLS is refused."
		: "A keyword of %zu letters is hidden where STARTTLS stands, and the server demands TLS.", m->octets);
	return true;
}

static bool extension_masked(const struct failure *f, struct evidence *e)
{
	const struct command *c = f->command;
	if (!command_is_line(c) || failure_is_content(f) || c->verb >= VERB_COUNT || failure_tone(f) == TONE_POLICY || c->verb == VERB_STARTTLS)
		return false;
	enum extension need = verb_needs(c->verb);
	const struct masked *m = need != EXT_CORE && !offer_has(f->offer, need) ? offer_hides(f->offer, need) : NULL;
	for (size_t i = 0; !m && i < c->nparams; i++) {
		need = param_extension(c, &c->params[i]);
		if (need < EXT_COUNT && !offer_has(f->offer, need))
			m = offer_hides(f->offer, need);
	}
	if (!m)
		return false;
	show_mask(f, e, m);
	evidence_detail(e, "The overwritten keyword has %zu letters, as %s has, and stands where it may.", m->octets, extension_keyword(need));
	return true;
}

/* A server that speaks SMTP knows EHLO or HELO: refused in the very words that EHLO was, behind stars, another verb was overwritten too. */
static bool refused_as_ehlo(const struct failure *f)
{
	for (const struct exchange *x = f->exchange->previous; x; x = x->previous)
		if (x->command.verb == VERB_EHLO && command_is_sound(&x->command) && x->answered && x->reply.code == f->reply->code)
			return bytes_equal(x->reply.raw, f->reply->raw);
	return false;
}

/* A correct core command that the server does not know, in a session that shows masks: it was overwritten on the way. */
static bool sound_refused(const struct failure *f, struct evidence *e)
{
	const struct command *c = f->command;
	const struct offer *where = NULL;
	const struct masked *m = session_mask(f->session, &where);
	bool stars = session_banner_starred(f->session);
	if (!command_is_sound(c) || verb_needs(c->verb) != EXT_CORE || !reply_is_unrecognised(f) || (f->reply->code != 500 && f->reply->code != 502))
		return false;
	if ((!m && !stars) || failure_wrong_moment(f))
		return false;
	/* These a server may not know by itself. */
	if ((!stars || c->verb == VERB_EHLO || !refused_as_ehlo(f)) && (c->verb == VERB_EXPN || c->verb == VERB_VRFY || c->verb == VERB_HELP || c->verb == VERB_TURN || c->verb == VERB_SEND
			|| c->verb == VERB_SOML || c->verb == VERB_SAML || c->verb == VERB_EHLO || c->verb == VERB_LHLO))
		return false;
	if (stars)
		evidence_add(e, session_greeting(f->session), FROM_SERVER, f->session->banner, "the greeting is overwritten with stars");
	if (m)
		evidence_add(e, where->at, FROM_SERVER, m->text, "a keyword overwritten in transit");
	evidence_line(e, c, "a command that every server knows (RFC 5321 4.5.1)");
	evidence_reply(e, f->reply, "refused as unknown");
	evidence_detail(e, "%s left here intact and was not recognised.%s", verb_word(c->verb),
		command_typed(c) ? " It was typed one letter a segment, which such a box masks: test with a real client instead." : "");
	name_device(f, e);
	return true;
}

static bool is_helo_taken(const struct exchange *x)
{
	return (x->command.verb == VERB_HELO || x->command.verb == VERB_EHLO) && exchange_accepted(x);
}

static bool ehlo_blocked(const struct failure *f, struct evidence *e)
{
	const struct session *s = f->session;
	if (f->command->verb != VERB_EHLO || !command_is_sound(f->command) || f->reply->code == 501 || f->reply->code > 502 || !reply_is_unrecognised(f))
		return false;
	bool stars = stars_hide_ehlo(s, f->reply);
	const struct middlebox *box = stars ? NULL : middlebox_greets(s);
	if (!stars && !box && bytes_find(s->banner, B("ESMTP")) == BYTES_NONE)
		return false;
	const struct exchange *taken = f->exchange->next;
	while (taken && !is_helo_taken(taken))
		taken = taken->next;
	if (!stars && !taken)
		return false;
	evidence_add(e, session_greeting(s), FROM_SERVER, s->banner, stars ? "the greeting is overwritten with stars" :
		box ? "the greeting is a proxy's, which knows no ESMTP" : "the greeting speaks of ESMTP");
	evidence_line(e, f->command, "a correct EHLO");
	evidence_reply(e, f->reply, "refused as unknown");
	if (taken) {
		evidence_line(e, &taken->command, "the next greeting");
		evidence_reply(e, &taken->reply, "is taken");
	}
	if (command_typed(f->command))
		evidence_detail(e, "It was typed one letter a segment, which such a box masks: test with a real client instead.");
	name_device(f, e);
	return true;
}

const struct rule middlebox_rules[] = {
	{ "middlebox.quoted", CAUSE_MIDDLEBOX_COMMAND_MASKED, 94, CERTAINTY_PROVEN, masked_quoted, SHOWS_RUNS },
	{ "middlebox.arrives", CAUSE_MIDDLEBOX_COMMAND_MASKED, 93, CERTAINTY_LIKELY, masked_arrives, SHOWS_RUNS },
	{ "middlebox.starttls", CAUSE_MIDDLEBOX_STARTTLS_STRIPPED, 95, CERTAINTY_LIKELY, starttls_masked, SHOWS_MASKS },
	{ "middlebox.extension", CAUSE_MIDDLEBOX_EXTENSION_MASKED, 92, CERTAINTY_LIKELY, extension_masked, SHOWS_MASKS },
	{ "middlebox.ehlo", CAUSE_MIDDLEBOX_EHLO_BLOCKED, 91, CERTAINTY_LIKELY, ehlo_blocked, AT_HELLO },
	{ "middlebox.unrecognised", CAUSE_MIDDLEBOX_COMMAND_MASKED, 90, CERTAINTY_LIKELY, sound_refused, SHOWS_STARS | SHOWS_MASKS },
	{ 0 },
};
