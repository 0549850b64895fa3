/* security_rules.c - family: TLS and authentication required, refused, malformed, failed (530, 534, 535, 538). Takes a failure with what
 * was offered and whether the session is encrypted and logged in. */
#include "why/facts.h"
#include "why/glance.h"

#include "base/banned.h"

static const struct told tls_words[] = { TOLD("starttls"), TOLD("tls"), TOLD("encrypt"), TOLD("ssl"), TOLD("secure c"), TOLD("") };
static const struct told auth_words[] = { TOLD("authenti"), TOLD("auth"), TOLD("login"), TOLD("log in"), TOLD("credential"), TOLD("") };

static void show(const struct failure *f, struct evidence *e)
{
	evidence_offer(e, f->offer, (struct bytes){ 0 }, "what was offered");
	evidence_line(e, f->command, "the refused command");
	evidence_reply(e, f->reply, "the refusal");
}

/* ---- what must come first ---- */

static bool demands_tls(const struct failure *f)
{
	static const struct told words[] = {
		TOLD("starttls first"), TOLD("starttls command first"), TOLD("issue starttls"), TOLD("issue a starttls"), TOLD("use starttls"),
		TOLD("must use tls"), TOLD("requires tls"), TOLD("tls required"), TOLD("tls is required"), TOLD("requires encryption"),
		TOLD("encryption required"), TOLD("must be encrypted"), TOLD(""),
	};
	if (f->state->encrypted || words_overrule(f))
		return false;
	if (phrases_say(&f->says, words) || reply_enhanced(f->reply, 7, 10))
		return true;
	if (f->reply->code != 530)
		return false;
	if (phrases_say(&f->says, tls_words) || words_say(f, CAUSE_TLS_REQUIRED, 4))
		return true;
	return !phrases_say(&f->says, auth_words) && offer_has(f->offer, EXT_STARTTLS) && !offer_has(f->offer, EXT_AUTH);
}

static bool tls_required(const struct failure *f, struct evidence *e)
{
	if (!demands_tls(f) || (f->command->verb == VERB_AUTH && f->reply->code != 530))
		return false;
	show(f, e);
	if (!offer_has(f->offer, EXT_STARTTLS) && f->offer->kind == OFFER_EHLO)
		evidence_detail(e, "The server demands STARTTLS and does not offer it in this session: look for a box that removes it.");
	return true;
}

/* A demand for STARTTLS that was never offered: one session shows no more than that something may have removed it. */
static bool starttls_missing(const struct failure *f, struct evidence *e)
{
	if (offer_has(f->offer, EXT_STARTTLS) || f->offer->kind != OFFER_EHLO || f->offer->incomplete || f->command->verb == VERB_AUTH || !demands_tls(f))
		return false;
	show(f, e);
	return true;
}

static bool auth_required(const struct failure *f, struct evidence *e)
{
	if (f->state->authenticated || f->reply->code != 530 || demands_tls(f) || words_overrule(f) || f->command->verb == VERB_AUTH)
		return false;
	show(f, e);
	return true;
}

static bool encryption_required(const struct failure *f, struct evidence *e)
{
	bool is_auth = f->command->verb == VERB_AUTH || f->command->kind == COMMAND_AUTH;
	if (!is_auth || f->state->encrypted)
		return false;
	if (f->reply->code != 538 && !reply_enhanced(f->reply, 7, 11) && !reply_enhanced(f->reply, 7, 10) && !(phrases_say(&f->says, tls_words) && f->reply->code != 530))
		return false;
	show(f, e);
	return true;
}

/* ---- the exchange ---- */

static bool is_auth(const struct failure *f)
{
	return f->command->kind == COMMAND_AUTH || (f->command->verb == VERB_AUTH && f->command->kind == COMMAND_LINE);
}

static const struct exchange *auth_command(const struct exchange *x)
{
	while (x && x->command.verb != VERB_AUTH)
		x = x->previous;
	return x;
}

static const char *malformed(const struct failure *f)
{
	const struct auth_facts *a = &f->exchange->auth;
	const struct exchange *x = auth_command(f->exchange);
	struct bytes mechanism = x ? command_mechanism(&x->command) : (struct bytes){ 0 };
	if (a->cancelled)
		return "the client cancels the exchange (RFC 4954 4)";
	if (a->seen && !a->base64)
		return "no base64 (RFC 4648 4)";
	if (a->seen && a->octets && bytes_is(mechanism, B("PLAIN")) && a->nuls != 2)
		return "PLAIN wants two NUL octets between its parts (RFC 4616 2)";
	if (a->seen && a->octets && bytes_is(mechanism, B("CRAM-MD5")) && !a->has_word)
		return "CRAM-MD5 wants a user name, a space and 32 hexadecimal digits (RFC 2195 2)";
	return NULL;
}

static bool exchange_malformed(const struct failure *f, struct evidence *e)
{
	if (!is_auth(f) || f->command->line.flags & LINE_AFTER_GAP)
		return false;
	if (f->command->verb == VERB_AUTH && f->command->kind == COMMAND_LINE && !offer_has(f->offer, EXT_AUTH) && f->offer->kind != OFFER_NONE)
		return false;
	/* The mechanism is refused, or the channel, before anybody looks at the response (RFC 4954 4, 6). */
	if ((f->reply->code == 504 && !(command_mechanism(f->command).n && offer_has_mechanism(f->offer, command_mechanism(f->command)))) || f->reply->code == 534 || f->reply->code == 538 || reply_enhanced(f->reply, 7, 10) || reply_enhanced(f->reply, 7, 11))
		return false;
	const char *what = malformed(f);
	if (!what)
		return false;
	const struct exchange *x = auth_command(f->exchange);
	if (x && x != f->exchange)
		evidence_line(e, &x->command, "the exchange begins");
	evidence_line(e, f->command, what);
	evidence_reply(e, f->reply, "the refusal");
	return true;
}

static bool exchange_said(const struct failure *f, struct evidence *e)
{
	static const struct told phrases[] = {
		TOLD("base64"), TOLD("decod"), TOLD("malformed"), TOLD("cancel"), TOLD("abort"), TOLD("challenge"), TOLD("encoding"), TOLD(""),
	};
	if (!is_auth(f) || (f->reply->code != 501 && f->reply->code != 500 && !phrases_say(&f->says, phrases)))
		return false;
	if (f->command->fault->kind != FAULT_NONE && f->command->kind == COMMAND_LINE)
		return false;
	if (f->words.strength >= 4 && f->words.cause == CAUSE_AUTH_CREDENTIALS_REJECTED)
		return false;
	show(f, e);
	return true;
}

/* Specific words that name another reason than the one the code stands for. */
static bool words_differ(const struct failure *f, enum cause cause)
{
	if (f->words.strength < 4 || f->words.cause == cause || f->words.cause == CAUSE_POLICY_UNSPECIFIED)
		return false;
	return f->words.cause >= CAUSE_TLS_REQUIRED && f->words.cause < CAUSE_UNKNOWN;
}

static bool credentials(const struct failure *f, struct evidence *e)
{
	if (!is_auth(f) || f->state->authenticated || words_differ(f, CAUSE_AUTH_CREDENTIALS_REJECTED))
		return false;
	if (f->reply->code != 535 && !reply_enhanced(f->reply, 7, 8))
		return false;
	show(f, e);
	return true;
}

static bool too_weak(const struct failure *f, struct evidence *e)
{
	if (!is_auth(f) || (f->reply->code != 534 && !reply_enhanced(f->reply, 7, 9)) || words_differ(f, CAUSE_AUTH_MECHANISM_TOO_WEAK))
		return false;
	show(f, e);
	return true;
}

/* ---- STARTTLS and what follows ---- */

static bool tls_unavailable(const struct failure *f, struct evidence *e)
{
	if (f->command->verb != VERB_STARTTLS || f->command->fault->kind != FAULT_NONE || f->state->encrypted)
		return false;
	static const struct told phrases[] = {
		TOLD("not available"), TOLD("unavailable"), TOLD("temporar"), TOLD("not ready"), TOLD("certificate"), TOLD("tls error"), TOLD("cannot"),
		TOLD("failed"), TOLD(""),
	};
	bool offered = offer_has(f->offer, EXT_STARTTLS);
	if (!offered && !(phrases_say(&f->says, phrases) && !offer_is_known(f->offer, f->state)))
		return false;
	if (f->reply->code == 503 || f->reply->code == 501)
		return false;
	show(f, e);
	evidence_detail(e, offered ? "STARTTLS is offered, and refused when it is used; a box on the path may have answered."
		: "The server knows STARTTLS and does not start it.");
	return true;
}

static bool is_started(const struct exchange *x)
{
	return x->command.verb == VERB_STARTTLS && x->answered && x->reply.code >= 200 && x->reply.code <= 299;
}

static bool after_starttls(const struct failure *f, struct evidence *e, bool failed)
{
	const struct tls *tls = &f->session->tls;
	const struct exchange *start = exchange_earlier(f->exchange, is_started);
	if (!start || words_overrule(f) || failure_is_content(f) || !(failed ? tls_handshake_broke(tls) : tls_was_plain(tls)))
		return false;
	evidence_line(e, &start->command, "TLS is to begin");
	evidence_reply(e, &start->reply, "the server is ready for it");
	if (failed && tls->alert)
		evidence_add(e, tls->alert_at, tls->alert_from, (struct bytes){ 0 }, "a TLS alert ends the handshake");
	else if (tls->plaintext_at.number)
		evidence_add(e, tls->plaintext_at, tls->plaintext_from, tls->plaintext, "plain text where TLS records belong");
	evidence_line(e, f->command, "the refused command");
	evidence_reply(e, f->reply, "the refusal");
	if (failed && tls->alert)
		evidence_detail(e, "Alert %u from the %s.", tls->alert_description, tls->alert_from == FROM_CLIENT ? "client" : "server");
	return true;
}

static bool handshake_failed(const struct failure *f, struct evidence *e)
{
	return after_starttls(f, e, true);
}

static bool plaintext_after(const struct failure *f, struct evidence *e)
{
	return after_starttls(f, e, false);
}

static bool behind_starttls(const struct failure *f, struct evidence *e)
{
	if (!f->command->behind_starttls || f->command->verb == VERB_STARTTLS || failure_tone(f) == TONE_POLICY)
		return false;
	const struct exchange *start = exchange_earlier(f->exchange, is_started);
	if (!start)
		return false;
	evidence_line(e, &start->command, "TLS is to begin");
	evidence_line(e, f->command, "sent behind STARTTLS in clear");
	evidence_reply(e, f->reply, "the refusal");
	return true;
}

const struct rule security_rules[] = {
	{ "security.behind-starttls", CAUSE_TLS_PLAINTEXT_AFTER_STARTTLS, 84, CERTAINTY_PROVEN, behind_starttls, AT_HASTE },
	{ "security.plaintext", CAUSE_TLS_PLAINTEXT_AFTER_STARTTLS, 83, CERTAINTY_LIKELY, plaintext_after, SHOWS_TLS },
	{ "security.handshake", CAUSE_TLS_HANDSHAKE_FAILED, 83, CERTAINTY_LIKELY, handshake_failed, SHOWS_TLS },
	{ "security.exchange", CAUSE_CLIENT_AUTH_EXCHANGE_MALFORMED, 83, CERTAINTY_PROVEN, exchange_malformed, AT_AUTH },
	{ "security.tls-unavailable", CAUSE_TLS_UNAVAILABLE, 81, CERTAINTY_LIKELY, tls_unavailable, AT_STARTTLS },
	{ "security.encryption", CAUSE_AUTH_ENCRYPTION_REQUIRED, 84, CERTAINTY_LIKELY, encryption_required, AT_AUTH },
	{ "security.tls-required", CAUSE_TLS_REQUIRED, 83, CERTAINTY_LIKELY, tls_required, AT_ANY },
	{ "security.auth-required", CAUSE_AUTH_REQUIRED, 75, CERTAINTY_LIKELY, auth_required, AT_ANY },
	{ "security.credentials", CAUSE_AUTH_CREDENTIALS_REJECTED, 75, CERTAINTY_LIKELY, credentials, AT_AUTH },
	{ "security.weak", CAUSE_AUTH_MECHANISM_TOO_WEAK, 74, CERTAINTY_LIKELY, too_weak, AT_AUTH },
	{ "security.exchange-said", CAUSE_CLIENT_AUTH_EXCHANGE_MALFORMED, 58, CERTAINTY_LIKELY, exchange_said, AT_AUTH },
	{ "security.starttls-missing", CAUSE_MIDDLEBOX_STARTTLS_STRIPPED, 15, CERTAINTY_POSSIBLE, starttls_missing, AT_ANY },
	{ 0 },
};
