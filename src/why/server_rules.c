/* server_rules.c - family: the server does not know, has switched off, gives up or serves no mail at all. Takes a failure whose command is
 * correct, or whose errors before it are the story. */
#include "why/facts.h"
#include "why/glance.h"

#include "base/banned.h"

static void show(const struct failure *f, struct evidence *e, const char *says)
{
	evidence_line(e, f->command, says);
	evidence_reply(e, f->reply, "the refusal");
}

static bool may_be_off(enum verb v)
{
	return v == VERB_VRFY || v == VERB_EXPN || v == VERB_ETRN || v == VERB_HELP || v == VERB_TURN || v == VERB_ATRN;
}

static bool command_disabled_said(const struct failure *f, struct evidence *e)
{
	static const struct told phrases[] = {
		TOLD("disabled"), TOLD("not allowed"), TOLD("prohibit"), TOLD("not permitted"), TOLD("switched off"), TOLD("turned off"),
		TOLD("administrat"), TOLD("denied"), TOLD("not available"), TOLD("no longer"), TOLD("not be "), TOLD("privacy"), TOLD(""),
	};
	if (!command_is_sound(f->command) || !may_be_off(f->command->verb) || !phrases_say(&f->says, phrases))
		return false;
	if (f->reply->code == 503 || f->reply->code == 530)
		return false;
	if (f->words.strength >= 4 && cause_entry(f->words.cause)->party == PARTY_RECIPIENT)
		return false;
	show(f, e, "a correct command");
	return true;
}

/* 550, 554, 5.7.x to VRFY and its kin: policy, not ignorance (RFC 5321 7.3). */
static bool command_disabled(const struct failure *f, struct evidence *e)
{
	enum verb v = f->command->verb;
	if (!command_is_sound(f->command) || !may_be_off(v) || words_overrule(f) || f->reply->code < 550 || f->reply->code > 554)
		return false;
	if (v == VERB_VRFY && f->words.strength >= 3)
		return false; /* it may well be about the mailbox */
	show(f, e, "a correct command, refused by policy");
	return true;
}

static bool not_implemented(const struct failure *f, struct evidence *e)
{
	enum verb v = f->command->verb;
	if (f->reply->code != 500 && f->reply->code != 502 && f->reply->code != 504 && !reply_enhanced(f->reply, 5, 1))
		return false;
	if (!command_is_sound(f->command) || !reply_is_unrecognised(f) || is_tls_junk(f->exchange))
		return false;
	if ((verb_needs(v) != EXT_CORE && offer_is_known(f->offer, f->state)) || f->reply->code == 503)
		return false;
	if (f->reply->code == 504 && words_say(f, CAUSE_CLIENT_AUTH_MECHANISM_NOT_ADVERTISED, 3))
		return false;
	show(f, e, "a standard command, as specified");
	evidence_detail(e, "%s is defined by %s; the server does not know it.", verb_word(v), verb_clause(v));
	return true;
}

/* 521 or 554 for a greeting: RFC 5321 3.1, RFC 7504 2. Words that name a reason in the client outrank it. */
static bool no_mail_service(const struct failure *f, struct evidence *e)
{
	if (f->command->kind != COMMAND_CONNECT || (f->words.strength >= 3 && f->words.cause != CAUSE_SERVER_NO_MAIL_SERVICE
			&& f->words.cause != CAUSE_POLICY_UNSPECIFIED))
		return false;
	evidence_reply(e, f->reply, "a refusal in place of the greeting");
	return true;
}

static bool too_many_said(const struct failure *f, struct evidence *e)
{
	static const char *const things[] = { "error", "unrecogni", "unknown", "invalid", "bad ", "syntax", "protocol", "command", "junk", "failed", NULL };
	static const char *const wrong[] = { "recipient", "connection", "hops", "message", "session", "authentication", NULL };
	if (f->command->kind == COMMAND_CONNECT || !f->state->errors)
		return false;
	size_t at = bytes_find(f->reply->text, B("too many"));
	if (at == BYTES_NONE)
		return false;
	struct reply rest = { .text = bytes_first(bytes_from(f->reply->text, at), 60) };
	if (!reply_says(&rest, things) || reply_says(&rest, wrong))
		return false;
	for (const struct exchange *x = f->exchange->previous; x && e->n < 4; x = x->previous)
		if (x->answered && x->reply.code >= 400)
			evidence_reply(e, &x->reply, "an error before it");
	show(f, e, "the command that was one too many");
	evidence_detail(e, "%u errors went before in this session.", f->state->errors);
	return true;
}

/* The server hangs up with this reply after several errors in a row. */
static bool gave_up(const struct failure *f, struct evidence *e)
{
	const struct connection *c = &f->session->connection;
	if (f->state->errors_in_a_row < 3 || f->exchange->next || f->command->verb == VERB_QUIT || c->ending == END_RST)
		return false;
	if (!c->fin[FROM_SERVER] || words_overrule(f))
		return false;
	show(f, e, "the last command of the session");
	evidence_detail(e, "The server closes after %u errors in a row.", f->state->errors_in_a_row + 1);
	e->certainty = CERTAINTY_POSSIBLE;
	return true;
}

static bool resources(const struct failure *f, struct evidence *e)
{
	if (!reply_enhanced(f->reply, 3, 1) || f->words.strength >= 4)
		return false;
	show(f, e, "the refused command");
	return true;
}

static bool internal(const struct failure *f, struct evidence *e)
{
	if (!(reply_enhanced(f->reply, 3, 0) || reply_enhanced(f->reply, 3, 5)) || f->words.strength >= 3)
		return false;
	show(f, e, "the refused command");
	return true;
}

const struct rule server_rules[] = {
	{ "server.too-many-said", CAUSE_SERVER_TOO_MANY_ERRORS, 89, CERTAINTY_LIKELY, too_many_said, AT_ANY },
	{ "server.disabled-said", CAUSE_SERVER_COMMAND_DISABLED, 81, CERTAINTY_LIKELY, command_disabled_said, AT_RARE },
	{ "server.not-implemented", CAUSE_SERVER_COMMAND_NOT_IMPLEMENTED, 70, CERTAINTY_LIKELY, not_implemented, AT_ANY },
	{ "server.disabled", CAUSE_SERVER_COMMAND_DISABLED, 66, CERTAINTY_LIKELY, command_disabled, AT_RARE },
	{ "server.greeting", CAUSE_SERVER_NO_MAIL_SERVICE, 60, CERTAINTY_LIKELY, no_mail_service, AT_GREETING },
	{ "server.gave-up", CAUSE_SERVER_TOO_MANY_ERRORS, 50, CERTAINTY_POSSIBLE, gave_up, AT_ANY },
	{ "server.resources", CAUSE_SERVER_OUT_OF_RESOURCES, 45, CERTAINTY_LIKELY, resources, AT_ANY },
	{ "server.internal", CAUSE_SERVER_INTERNAL_ERROR, 35, CERTAINTY_POSSIBLE, internal, AT_ANY },
	{ 0 },
};
