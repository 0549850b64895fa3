/* offer_rules.c - family: used what was not offered (500, 502, 503, 504, 555), or offered and refused all the same. Takes a failure and
 * the generation in force when its command was sent; an EHLO reply with a gap in it proves nothing. */
#include "why/facts.h"
#include "why/glance.h"

#include "base/banned.h"

static void show_offer(const struct failure *f, struct evidence *e, const char *says)
{
	if (f->offer->at.number)
		evidence_offer(e, f->offer, (struct bytes){ 0 }, says);
	evidence_line(e, f->command, "the refused line");
	evidence_reply(e, f->reply, "the refusal");
}

static const char *offer_says(const struct offer *o)
{
	switch (o->kind) {
	case OFFER_HELO: return "greeted by HELO: nothing is offered (RFC 5321 3.2)";
	case OFFER_NONE: return "no EHLO before: nothing is offered";
	default: return "this reply to EHLO does not list it";
	}
}

/* Verbs that servers refuse by policy words where they are not offered. */
static bool is_privileged(enum verb v)
{
	return v == VERB_XCLIENT || v == VERB_XFORWARD || v == VERB_ETRN || v == VERB_ATRN || v == VERB_BURL || v == VERB_XEXCH50
		|| v == VERB_XLINK2STATE;
}

static bool extension_not_advertised(const struct failure *f, struct evidence *e)
{
	const struct command *c = f->command;
	if (!command_is_line(c) || failure_is_content(f) || c->verb >= VERB_COUNT)
		return false;
	enum extension need = verb_needs(c->verb);
	if (need == EXT_CORE || offer_has(f->offer, need) || !offer_is_known(f->offer, f->state))
		return false;
	bool blind = c->verb == VERB_AUTH && f->reply->code == 535 && f->offer->kind == OFFER_EHLO; /* answered as if it had looked at them */
	if (failure_tone(f) != TONE_DIALOGUE && !(f->reply->code == 521) && !is_privileged(c->verb) && !blind)
		return false;
	show_offer(f, e, offer_says(f->offer));
	if (f->offer->kind == OFFER_NONE || blind)
		e->certainty = CERTAINTY_LIKELY;
	if (c->verb == VERB_AUTH && offer_has(f->offer, EXT_STARTTLS) && !f->state->encrypted)
		evidence_detail(e, "AUTH is not offered in clear; the server offers STARTTLS, after which it may be.");
	else
		evidence_detail(e, "%s needs %s (%s), which was not offered.", verb_word(c->verb), extension_keyword(need), extension_clause(need));
	return true;
}

static bool is_parameter_reply(const struct failure *f)
{
	static const struct told phrases[] = {
		TOLD("parameter"), TOLD("option"), TOLD("unsupported"), TOLD("not supported"), TOLD("unrecognized"), TOLD("unknown"), TOLD("dsn"),
		TOLD(""),
	};
	int code = f->reply->code;
	if (words_overrule(f))
		return false;
	if (code == 503 && failure_wrong_moment(f))
		return false;
	if (code == 555 || code == 501 || code == 504 || code == 500 || code == 503 || reply_enhanced(f->reply, 5, 4))
		return true;
	return code >= 550 && failure_tone(f) != TONE_POLICY && phrases_say(&f->says, phrases);
}

/* A fault before the parameters is the cause unless the reply is about parameters alone (555). */
static bool breaks_earlier(const struct failure *f, const struct param *p)
{
	const struct fault *fault = f->command->fault;
	if (fault->kind == FAULT_NONE || f->reply->code == 555)
		return false;
	return fault->at < p->at && fault->kind != FAULT_PARAMETER_UNKNOWN && fault->kind != FAULT_PARAMETER_VALUE;
}

static bool parameter_not_advertised(const struct failure *f, struct evidence *e)
{
	const struct command *c = f->command;
	if ((c->verb != VERB_MAIL && c->verb != VERB_RCPT) || failure_is_content(f) || !is_parameter_reply(f) || !offer_is_known(f->offer, f->state))
		return false;
	for (size_t i = 0; i < c->nparams; i++) {
		const struct param *p = &c->params[i];
		bool keyword = p->name.n && (octet_is_alpha(p->name.p[0]) || octet_is_digit(p->name.p[0])); /* RFC 5321 4.1.2 esmtp-keyword */
		if (!keyword || !param_not_offered(c, p, f->offer) || breaks_earlier(f, p))
			continue;
		enum extension need = param_extension(c, p);
		show_offer(f, e, offer_says(f->offer));
		evidence_detail(e, "%.*s at octet %zu needs %s, which was not offered.", (int)(p->name.n < 40 ? p->name.n : 40),
			(const char *)p->name.p, p->at + 1, need < EXT_COUNT ? extension_keyword(need) : "an extension that no specification names");
		if (f->offer->kind == OFFER_NONE || f->reply->code == 503)
			e->certainty = CERTAINTY_LIKELY;
		return true;
	}
	return false;
}

static bool mechanism_not_advertised(const struct failure *f, struct evidence *e)
{
	const struct command *c = f->command;
	struct bytes mechanism = command_mechanism(c);
	if (c->verb != VERB_AUTH || c->kind != COMMAND_LINE || !mechanism.n || !offer_has(f->offer, EXT_AUTH) || f->offer->incomplete)
		return false;
	if (offer_has_mechanism(f->offer, mechanism) || f->state->authenticated)
		return false;
	int code = f->reply->code;
	if (!(failure_tone(f) == TONE_DIALOGUE || code == 534 || code == 535 || code == 538 || code == 550 || code == 554))
		return false;
	show_offer(f, e, "the AUTH line of this reply does not name the mechanism");
	evidence_detail(e, "%.*s is not among the mechanisms offered.", (int)(mechanism.n < 30 ? mechanism.n : 30),
		(const char *)mechanism.p);
	if (code != 504 && code != 501 && !reply_enhanced(f->reply, 5, 4))
		e->certainty = CERTAINTY_LIKELY;
	return true;
}

/* ---- offered, and refused as unknown ---- */

static enum extension keyword_of(enum verb v)
{
	switch (v) {
	case VERB_VRFY: return EXT_VRFY;
	case VERB_EXPN: return EXT_EXPN;
	case VERB_HELP: return EXT_HELP;
	case VERB_TURN: return EXT_TURN;
	case VERB_SEND: return EXT_SEND;
	case VERB_SOML: return EXT_SOML;
	case VERB_SAML: return EXT_SAML;
	default: return v < VERB_COUNT && verb_needs(v) != EXT_CORE ? verb_needs(v) : EXT_UNKNOWN;
	}
}

static bool contradicts(const struct failure *f, struct evidence *e)
{
	static const struct told off[] = {
		TOLD("disabled"), TOLD("not allowed"), TOLD("prohibit"), TOLD("denied"), TOLD("not permitted"), TOLD("not available"), TOLD(""),
	};
	enum extension need = keyword_of(f->command->verb);
	int code = f->reply->code;
	if (!command_is_sound(f->command) || need == EXT_UNKNOWN || !offer_has(f->offer, need) || !reply_is_unrecognised(f))
		return false;
	if ((code != 500 && code != 502 && code != 504) || phrases_say(&f->says, off))
		return false;
	if (f->command->verb == VERB_AUTH && !offer_has_mechanism(f->offer, command_mechanism(f->command)))
		return false;
	if (words_say(f, CAUSE_CLIENT_LINE_TOO_LONG, 3) || words_say(f, CAUSE_CLIENT_AUTH_EXCHANGE_MALFORMED, 4))
		return false; /* known, and found wanting */
	show_offer(f, e, "this reply to EHLO lists it");
	evidence_detail(e, "%s is offered, and the line keeps its grammar.", extension_keyword(need));
	if (failure_wrong_moment(f))
		e->certainty = CERTAINTY_LIKELY;
	return true;
}

/* The first parameter, when all of them are offered. */
static const struct param *all_offered(const struct failure *f)
{
	const struct command *c = f->command;
	if ((c->verb != VERB_MAIL && c->verb != VERB_RCPT) || !c->nparams || !command_is_sound(c))
		return NULL;
	for (size_t i = 0; i < c->nparams; i++)
		if (param_not_offered(c, &c->params[i], f->offer))
			return NULL;
	return &c->params[0];
}

static bool parameter_contradicts(const struct failure *f, struct evidence *e)
{
	if ((f->reply->code != 555 && f->reply->code != 504) || words_overrule(f) || !all_offered(f) || words_say(f, CAUSE_CLIENT_HELO_NAME_INVALID, 3))
		return false;
	show_offer(f, e, "this reply to EHLO lists the parameters' extensions");
	evidence_detail(e, "Every parameter of the line is offered and keeps its grammar.");
	return true;
}

static bool parameter_not_implemented(const struct failure *f, struct evidence *e)
{
	const struct command *c = f->command;
	if ((f->reply->code != 555 && f->reply->code != 504) || words_overrule(f) || (c->verb != VERB_MAIL && c->verb != VERB_RCPT) || !c->nparams)
		return false;
	show_offer(f, e, "the offer in force");
	return true;
}

const struct rule offer_rules[] = {
	{ "offer.extension", CAUSE_CLIENT_EXTENSION_NOT_ADVERTISED, 82, CERTAINTY_PROVEN, extension_not_advertised, AT_RARE },
	{ "offer.parameter", CAUSE_CLIENT_PARAMETER_NOT_ADVERTISED, 82, CERTAINTY_PROVEN, parameter_not_advertised, AT_PARAMETERS },
	{ "offer.mechanism", CAUSE_CLIENT_AUTH_MECHANISM_NOT_ADVERTISED, 82, CERTAINTY_PROVEN, mechanism_not_advertised, AT_AUTH },
	{ "offer.contradiction", CAUSE_SERVER_CONTRADICTS_ADVERTISEMENT, 80, CERTAINTY_PROVEN, contradicts, AT_RARE },
	{ "offer.parameter-contradiction", CAUSE_SERVER_CONTRADICTS_ADVERTISEMENT, 70, CERTAINTY_LIKELY, parameter_contradicts, AT_PARAMETERS },
	{ "offer.parameter-unimplemented", CAUSE_SERVER_PARAMETER_NOT_IMPLEMENTED, 60, CERTAINTY_LIKELY, parameter_not_implemented, AT_PARAMETERS },
	{ 0 },
};
