/* grammar_rules.c - family: the line itself is wrong (500, 501, 553, 555). Takes a failure whose reply is about the dialogue, says
 * which grammar the line breaks and at which octet; never blames a fault for a refusal that speaks of something else. */
#include "why/facts.h"
#include "why/glance.h"

#include "base/banned.h"

#define SHOW(b) (int)((b).n < 60 ? (b).n : 60), (const char *)(b).p

static void show_fault(const struct failure *f, struct evidence *e)
{
	const struct fault *fault = f->command->fault;
	evidence_line(e, f->command, "the refused line");
	evidence_reply(e, f->reply, "the server refuses it as a command");
	evidence_detail(e, "The line breaks its grammar at octet %zu: wanted %s (%s).", fault->at + 1,
		fault->wanted ? fault->wanted : "something else", fault->clause ? fault->clause : "RFC 5321 4.1.2");
}

static bool is_misread(const struct failure *f)
{
	return failure_is_content(f) || f->command->masked_run || !command_is_line(f->command);
}

/* ---- not SMTP at all ---- */

static bool wrong_protocol(const struct failure *f, struct evidence *e)
{
	const struct exchange *opening = foreign_opening(f->exchange);
	if (!opening || f->command->kind != COMMAND_LINE)
		return false;
	const char *protocol = opening->command.protocol ? opening->command.protocol : "another protocol";
	evidence_line(e, &opening->command, "no SMTP: the first line of another protocol");
	if (opening != f->exchange)
		evidence_line(e, f->command, "a further line of it, read as a command");
	evidence_reply(e, f->reply, "the server takes it for a command");
	evidence_detail(e, "The peer speaks %s.", protocol);
	return true;
}

static const struct note *proxy_header(const struct session *s)
{
	for (const struct note *n = s->notes; n; n = n->next)
		if (n->kind == NOTE_PROXY_LINE && bytes_starts(n->first, B("\r\n\r\n\0\r\nQUIT\n")))
			return n;
	return NULL;
}

static bool is_command_taken(const struct exchange *x)
{
	return x->command.kind == COMMAND_LINE && command_is_sound(&x->command) && exchange_accepted(x);
}

/* The binary header of the PROXY protocol (version 2, 2.2) holds line ends on purpose: who does not expect it reads them as commands. */
static bool proxy_header_read(const struct failure *f, struct evidence *e)
{
	const struct note *n = proxy_header(f->session);
	bool stray = f->command->kind == COMMAND_UNSEEN || (f->command->kind == COMMAND_LINE && !command_is_sound(f->command));
	if (!n || !stray || exchange_earlier(f->exchange, is_command_taken) || f->reply->code > 502)
		return false;
	evidence_add(e, n->place, FROM_CLIENT, n->first, "a PROXY header of version 2");
	if (f->command->kind == COMMAND_LINE)
		evidence_line(e, f->command, "a part of it, read as a line");
	evidence_reply(e, f->reply, "the server takes it for commands");
	evidence_detail(e, "The peer sends a PROXY header that this server does not expect.");
	return true;
}

/* Its text form (version 1) comes before the greeting: a server that expects none may refuse the connection for it. */
static bool proxy_line_refused(const struct failure *f, struct evidence *e)
{
	const struct note *n = f->session->notes;
	while (n && !(n->kind == NOTE_PROXY_LINE && bytes_starts(n->first, B("PROXY "))))
		n = n->next;
	if (!n || f->command->kind != COMMAND_CONNECT || n->place.time > f->reply->first.time)
		return false;
	evidence_add(e, n->place, FROM_CLIENT, n->first, "a PROXY header");
	evidence_reply(e, f->reply, "refused in place of a greeting");
	evidence_detail(e, "The peer sends a PROXY header that this server does not expect.");
	return true;
}

static bool tls_on_plaintext(const struct failure *f, struct evidence *e)
{
	if (!is_tls_junk(f->exchange) || f->state->encrypted || f->state->phase == PHASE_TLS)
		return false;
	evidence_add(e, f->command->line.first.number ? f->command->line.first : f->reply->first, FROM_CLIENT, f->command->line.text,
		f->command->kind == COMMAND_TLS ? "TLS records (RFC 8446 5.1) where a command belongs" : "octets cut from TLS records, read as a line");
	evidence_reply(e, f->reply, "the server takes them for a command");
	evidence_detail(e, "The client began TLS without STARTTLS on port %u.", f->session->connection.server.port);
	return true;
}

/* ---- the verb ---- */

static bool verb_misspelled(const struct failure *f, struct evidence *e)
{
	if (is_misread(f) || f->command->fault->kind != FAULT_VERB_NEAR || failure_tone(f) == TONE_POLICY || is_foreign(f->exchange))
		return false;
	evidence_line(e, f->command, "no verb of SMTP");
	evidence_reply(e, f->reply, "the server does not know it");
	evidence_detail(e, "%s was meant.", f->command->meant < VERB_COUNT ? verb_word(f->command->meant) : "A known verb");
	if (!reply_is_unrecognised(f))
		e->certainty = CERTAINTY_LIKELY;
	return true;
}

static bool verb_unknown(const struct failure *f, struct evidence *e)
{
	if (is_misread(f) || failure_tone(f) == TONE_POLICY || is_foreign(f->exchange) || is_tls_junk(f->exchange))
		return false;
	if (f->command->fault->kind != FAULT_VERB_UNKNOWN && !(f->command->verb >= VERB_COUNT && f->command->fault->kind == FAULT_NONE))
		return false;
	evidence_line(e, f->command, f->command->line.length ? "no verb of SMTP, and none is near" : "an empty line where a command belongs");
	evidence_reply(e, f->reply, "the server does not know it");
	if (f->command->word.n)
		evidence_detail(e, "No specification defines the command %.*s.", SHOW(f->command->word));
	if (!reply_is_unrecognised(f))
		e->certainty = CERTAINTY_LIKELY;
	return true;
}

/* ---- octets and length ---- */

static bool illegal_bytes(const struct failure *f, struct evidence *e)
{
	if (is_misread(f) || f->reply->code == 530 || f->command->fault->kind != FAULT_OCTET || is_tls_junk(f->exchange) || is_foreign(f->exchange))
		return false;
	if (failure_tone(f) == TONE_POLICY && f->command->verb < VERB_COUNT && f->reply->code >= 550)
		return false;
	show_fault(f, e);
	return true;
}

/* RFC 6531 3.2: such an address may be sent only to a server that lists SMTPUTF8, with the parameter on MAIL. */
static bool utf8_address(const struct failure *f, struct evidence *e)
{
	const struct command *c = f->command;
	if ((c->verb != VERB_MAIL && c->verb != VERB_RCPT) || is_misread(f) || f->reply->code == 530 || !(c->path->flags & PATH_UTF8))
		return false;
	const struct exchange *x = f->exchange;
	while (x && x->command.verb != VERB_MAIL)
		x = x->previous;
	for (size_t i = 0; x && i < x->command.nparams; i++)
		if (x->command.params[i].known == PARAM_SMTPUTF8)
			return false;
	evidence_line(e, c, "the address holds UTF-8");
	evidence_offer(e, f->offer, B("SMTPUTF8"), offer_has(f->offer, EXT_SMTPUTF8) ? "SMTPUTF8 was offered and not used" : "SMTPUTF8 is not offered here");
	evidence_reply(e, f->reply, "the refusal");
	evidence_detail(e, "An address outside ASCII needs SMTPUTF8, which MAIL did not ask for.");
	return true;
}

static bool line_too_long(const struct failure *f, struct evidence *e)
{
	static const struct told phrases[] = {
		TOLD("too long"), TOLD("line length"), TOLD("line limit"), TOLD("path length"), TOLD("length exceed"), TOLD(""),
	};
	const struct content *content = f->exchange->content;
	bool said = phrases_say(&f->says, phrases);
	if (f->command->kind == COMMAND_CONTENT && content && content->longest_line > 998 && said) {
		evidence_add(e, content->first, FROM_CLIENT, (struct bytes){ 0 }, "message data with a line beyond 998 octets");
		evidence_reply(e, f->reply, "the server refuses it for that");
		evidence_detail(e, "The longest line of the message has %llu octets without CRLF; 998 are allowed.",
			(unsigned long long)content->longest_line);
		return true;
	}
	if (is_misread(f) || (failure_tone(f) == TONE_POLICY && !said) || is_tls_junk(f->exchange))
		return false;
	if (f->command->line.length <= command_limit(f->command) && f->command->fault->kind != FAULT_TOO_LONG)
		return false;
	evidence_line(e, f->command, "the beginning of the long line");
	evidence_reply(e, f->reply, "the refusal");
	evidence_detail(e, "The command line has %llu octets without CRLF; %llu are allowed.", (unsigned long long)f->command->line.length,
		(unsigned long long)command_limit(f->command));
	if (f->command->line.length <= command_limit(f->command))
		evidence_detail(e, "A part of the line is longer than the grammar allows, from octet %zu on.", f->command->fault->at + 1);
	return true;
}

/* ---- arguments ---- */

static bool is_argument_fault(enum fault_kind kind)
{
	return kind == FAULT_ARGUMENT_MISSING || kind == FAULT_ARGUMENT_EXTRA || kind == FAULT_ARGUMENT_FORM
		|| kind == FAULT_PARAMETER_FORM || kind == FAULT_PARAMETER_VALUE || kind == FAULT_PARAMETER_TWICE;
}

static bool argument_syntax(const struct failure *f, struct evidence *e)
{
	if (is_misread(f) || !is_argument_fault(f->command->fault->kind) || failure_tone(f) == TONE_POLICY)
		return false;
	/* Blanks and brackets are tolerated widely: 503 at the wrong moment is about the moment. */
	if (f->reply->code == 503 && f->command->path->flags & (PATH_SPACE_AFTER_COLON | PATH_NO_BRACKETS) && failure_wrong_moment(f))
		return false;
	show_fault(f, e);
	if (f->reply->code != 501 && f->reply->code != 500 && f->reply->code != 555)
		e->certainty = CERTAINTY_LIKELY;
	return true;
}

static bool helo_name(const struct failure *f, struct evidence *e)
{
	enum verb verb = f->command->verb;
	if (is_misread(f) || f->reply->code == 503 || f->command->fault->kind == FAULT_NONE || (verb != VERB_EHLO && verb != VERB_HELO && verb != VERB_LHLO))
		return false;
	if (reply_is_unrecognised(f) && f->reply->code != 501 && command_argument(f->command).n)
		return false;
	show_fault(f, e);
	return true;
}

/* Words that speak of the form of an address, for refusals at RCPT that are about the sender (servers often wait until then). */
static bool address_syntax(const struct failure *f, struct evidence *e)
{
	if (is_misread(f) || f->command->fault->kind != FAULT_ADDRESS || failure_tone(f) == TONE_POLICY)
		return false;
	show_fault(f, e);
	if (f->reply->code == 503)
		e->certainty = CERTAINTY_LIKELY;
	return true;
}

/* 550 to 554 without enhanced code or words: servers that forbid odd local parts answer so. */
static bool address_odd(const struct failure *f, struct evidence *e)
{
	enum { ODD = PATH_NO_BRACKETS | PATH_NO_DOMAIN | PATH_DOMAIN_NOT_QUALIFIED | PATH_SPACE_AFTER_COLON | PATH_SOURCE_ROUTE };
	const struct command *c = f->command;
	if (is_misread(f) || (c->verb != VERB_MAIL && c->verb != VERB_RCPT) || words_overrule(f))
		return false;
	bool faulty = c->fault->kind == FAULT_ADDRESS;
	if (!faulty && !(c->path->flags & ODD && c->fault->kind == FAULT_NONE && !(c->path->flags & PATH_POSTMASTER)))
		return false;
	/* Brackets, blanks and unqualified names are tolerated widely: only a reply about form makes them the cause. */
	static const struct told form[] = { TOLD("syntax"), TOLD("bracket"), TOLD("malformed"), TOLD("violates rfc"), TOLD("") };
	if (!faulty && !(phrases_say(&f->says, form) || f->reply->code == 501 || f->reply->code == 504 || f->reply->code == 553
			|| reply_enhanced(f->reply, 1, 3) || reply_enhanced(f->reply, 1, 7)))
		return false;
	if (faulty && f->words.strength >= 3 && !words_say(f, CAUSE_CLIENT_ADDRESS_SYNTAX, 3) && !words_say(f, CAUSE_CLIENT_ARGUMENT_SYNTAX, 3))
		return false;
	if (faulty) {
		show_fault(f, e);
	} else {
		evidence_line(e, c, "the address is not in the form <local@full.domain>");
		evidence_reply(e, f->reply, "the refusal");
	}
	return true;
}

/* The sender's path was odd and accepted; RCPT is refused for it. */
static bool address_of_sender(const struct failure *f, struct evidence *e)
{
	static const struct told phrases[] = { TOLD("sender"), TOLD("mail from"), TOLD("return path"), TOLD("from address"), TOLD("") };
	if (!(f->reply->code == 501 || f->reply->code == 504 || f->reply->code == 553 || reply_enhanced(f->reply, 1, 7)))
		return false;
	if (f->command->verb != VERB_RCPT || f->command->fault->kind != FAULT_NONE || words_overrule(f) || !phrases_say(&f->says, phrases))
		return false;
	const struct exchange *x = f->exchange->previous;
	while (x && x->command.verb != VERB_MAIL)
		x = x->previous;
	if (!x || (x->command.fault->kind != FAULT_ADDRESS && !(x->command.path->flags & (PATH_NO_DOMAIN | PATH_DOMAIN_NOT_QUALIFIED))))
		return false;
	evidence_line(e, &x->command, "the sender's address, accepted at first");
	evidence_reply(e, f->reply, "refused with the first recipient");
	return true;
}

const struct rule grammar_rules[] = {
	{ "grammar.tls-records", CAUSE_CLIENT_TLS_ON_PLAINTEXT_PORT, 88, CERTAINTY_PROVEN, tls_on_plaintext, AT_FAULT },
	{ "grammar.proxy-header", CAUSE_CLIENT_WRONG_PROTOCOL, 88, CERTAINTY_LIKELY, proxy_header_read, SHOWS_NOTES },
	{ "grammar.proxy-line", CAUSE_CLIENT_WRONG_PROTOCOL, 88, CERTAINTY_LIKELY, proxy_line_refused, SHOWS_NOTES },
	{ "grammar.protocol", CAUSE_CLIENT_WRONG_PROTOCOL, 86, CERTAINTY_PROVEN, wrong_protocol, AT_FAULT },
	{ "grammar.utf8-address", CAUSE_MESSAGE_NEEDS_UNAVAILABLE_ENCODING, 84, CERTAINTY_LIKELY, utf8_address, AT_PATH },
	{ "grammar.length", CAUSE_CLIENT_LINE_TOO_LONG, 84, CERTAINTY_PROVEN, line_too_long, AT_LONG | AT_CONTENT | AT_FAULT },
	{ "grammar.octet", CAUSE_CLIENT_ILLEGAL_BYTES, 83, CERTAINTY_PROVEN, illegal_bytes, AT_FAULT },
	{ "grammar.verb-near", CAUSE_CLIENT_VERB_MISSPELLED, 82, CERTAINTY_PROVEN, verb_misspelled, AT_FAULT },
	{ "grammar.verb-unknown", CAUSE_CLIENT_VERB_UNKNOWN, 81, CERTAINTY_PROVEN, verb_unknown, AT_FAULT },
	{ "grammar.helo-name", CAUSE_CLIENT_HELO_NAME_INVALID, 82, CERTAINTY_PROVEN, helo_name, AT_FAULT },
	{ "grammar.argument", CAUSE_CLIENT_ARGUMENT_SYNTAX, 81, CERTAINTY_PROVEN, argument_syntax, AT_FAULT },
	{ "grammar.address", CAUSE_CLIENT_ADDRESS_SYNTAX, 81, CERTAINTY_PROVEN, address_syntax, AT_FAULT },
	{ "grammar.address-odd", CAUSE_CLIENT_ADDRESS_SYNTAX, 63, CERTAINTY_LIKELY, address_odd, AT_FAULT | AT_PATH },
	{ "grammar.address-of-sender", CAUSE_CLIENT_ADDRESS_SYNTAX, 60, CERTAINTY_LIKELY, address_of_sender, AT_RCPT },
	{ 0 },
};
