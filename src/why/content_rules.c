/* content_rules.c - family: size, line ends, 8-bit data, headers, BDAT counts (552, 554). Takes a failure and the counts of its message
 * data; the data itself is not there. */
#include "why/facts.h"
#include "why/glance.h"

#include "base/banned.h"

static bool says_size(const struct reply *r)
{
	static const char *const phrases[] = { "size", "too large", "too big", "too long", "exceed", NULL };
	return reply_says(r, phrases);
}

static bool is_about_size(const struct failure *f)
{
	if (words_say(f, CAUSE_RECIPIENT_MAILBOX_FULL, 4))
		return false;
	if (reply_enhanced(f->reply, 3, 4) || reply_enhanced(f->reply, 2, 3))
		return true;
	return f->reply->code == 552 || (f->reply->code == 523) || says_size(f->reply);
}

static const struct param *size_param(const struct command *c)
{
	for (size_t i = 0; i < c->nparams; i++)
		if (c->params[i].known == PARAM_SIZE)
			return &c->params[i];
	return NULL;
}

static bool declared_too_large(const struct failure *f, struct evidence *e)
{
	uint64_t declared;
	const struct param *p = f->command->verb == VERB_MAIL ? size_param(f->command) : NULL;
	if (!p || !bytes_number(p->value, &declared) || !is_about_size(f))
		return false;
	bool beyond = f->offer->has_size_limit && f->offer->size_limit && declared > f->offer->size_limit;
	if (!beyond && !(f->reply->code == 552 || reply_enhanced(f->reply, 3, 4)))
		return false;
	evidence_offer(e, f->offer, B("SIZE"), "the limit that this reply lists, if any (RFC 1870 3)");
	evidence_line(e, f->command, "the size declared");
	evidence_reply(e, f->reply, "the refusal");
	if (beyond)
		evidence_detail(e, "%llu octets were declared; the server takes %llu.", (unsigned long long)declared,
			(unsigned long long)f->offer->size_limit);
	else
		e->certainty = CERTAINTY_LIKELY;
	return true;
}

static bool content_too_large(const struct failure *f, struct evidence *e)
{
	const struct content *c = f->exchange->content;
	if ((f->command->kind != COMMAND_CONTENT && f->command->kind != COMMAND_CHUNK) || !is_about_size(f))
		return false;
	bool beyond = c && c->seen && f->offer->has_size_limit && f->offer->size_limit && c->octets > f->offer->size_limit;
	if (!beyond && f->words.strength >= 3 && f->words.cause != CAUSE_MESSAGE_TOO_LARGE)
		return false;
	if (!beyond && f->reply->code != 552 && !reply_enhanced(f->reply, 3, 4))
		return false;
	/* 552 alone, to a message within the limit that the server named, is about something else. */
	bool within = c && c->seen && f->offer->has_size_limit && f->offer->size_limit && c->octets <= f->offer->size_limit;
	if (within && !reply_enhanced(f->reply, 3, 4) && !reply_enhanced(f->reply, 2, 3) && !says_size(f->reply))
		return false;
	if (beyond)
		evidence_offer(e, f->offer, B("SIZE"), "the limit that this reply lists (RFC 1870 3)");
	if (c && c->first.number)
		evidence_add(e, c->first, FROM_CLIENT, (struct bytes){ 0 }, "the message begins here");
	evidence_line(e, f->command, "the end of the message");
	evidence_reply(e, f->reply, "the refusal");
	if (beyond)
		evidence_detail(e, "The message has %llu octets; the server takes %llu.", (unsigned long long)c->octets,
			(unsigned long long)f->offer->size_limit);
	else
		e->certainty = CERTAINTY_LIKELY;
	return true;
}

static bool bare_newline(const struct failure *f, struct evidence *e)
{
	static const struct told phrases[] = {
		TOLD("bare "), TOLD("newline"), TOLD("line ending"), TOLD("line end"), TOLD("<lf>"), TOLD("<cr>"), TOLD("crlf"), TOLD("line feed"),
		TOLD("linefeed"), TOLD("carriage"), TOLD("stray"), TOLD(""),
	};
	const struct content *c = f->exchange->content;
	bool line = command_is_line(f->command) && (f->command->line.ending == LINE_LF || f->command->line.ending == LINE_CR
		|| f->command->line.flags & LINE_HAS_BARE_CR);
	bool data = c && (c->bare_lf || c->bare_cr || c->lone_dots_odd);
	bool said = phrases_say(&f->says, phrases);
	if (!said && !(line && failure_tone(f) == TONE_DIALOGUE && f->command->fault->kind == FAULT_NONE && !failure_is_content(f)
			&& reply_enhanced(f->reply, 5, 2)))
		return false;
	if (!said || (!line && !data && !words_say(f, CAUSE_CLIENT_BARE_NEWLINE, 3)))
		if (!line)
			return false;
	if (data && c->first.number)
		evidence_add(e, c->first, FROM_CLIENT, (struct bytes){ 0 }, "the message holds lines without CRLF");
	evidence_line(e, f->command, line ? "this line does not end in CRLF" : "the refused command");
	evidence_reply(e, f->reply, "the refusal");
	e->certainty = said && (line || data) ? CERTAINTY_PROVEN : CERTAINTY_LIKELY;
	if (data)
		evidence_detail(e, "The message has %llu lone LF and %llu lone CR.", (unsigned long long)c->bare_lf, (unsigned long long)c->bare_cr);
	return true;
}

static bool body_param_of(const struct failure *f)
{
	const struct exchange *x = f->exchange;
	while (x && x->command.verb != VERB_MAIL)
		x = x->previous;
	for (size_t i = 0; x && i < x->command.nparams; i++)
		if (x->command.params[i].known == PARAM_BODY || x->command.params[i].known == PARAM_SMTPUTF8)
			return true;
	return false;
}

static bool needs_encoding(const struct failure *f, struct evidence *e)
{
	static const struct told phrases[] = {
		TOLD("8bit"), TOLD("8-bit"), TOLD("8 bit"), TOLD("non-ascii"), TOLD("smtputf8"), TOLD("internationalized"), TOLD("utf-8"), TOLD("utf8"),
		TOLD("eai"), TOLD(""),
	};
	const struct content *c = f->exchange->content;
	if (!c || !c->octets_8bit || words_overrule(f) || !phrases_say(&f->says, phrases))
		return false;
	evidence_add(e, c->first.number ? c->first : f->reply->first, FROM_CLIENT, (struct bytes){ 0 }, "the message holds 8-bit octets");
	evidence_offer(e, f->offer, B("8BITMIME"), offer_has(f->offer, EXT_EIGHTBITMIME) ? "8BITMIME is offered" : "8BITMIME is not offered");
	evidence_reply(e, f->reply, "the refusal");
	e->certainty = body_param_of(f) ? CERTAINTY_LIKELY : CERTAINTY_PROVEN;
	return true;
}

static bool header_missing(const struct failure *f, struct evidence *e)
{
	static const struct told phrases[] = {
		TOLD("header"), TOLD("rfc 5322"), TOLD("rfc 2822"), TOLD("rfc5322"), TOLD("rfc2822"), TOLD("rfc 822"), TOLD("syntax"), TOLD("missing"),
		TOLD("malformed"), TOLD(""),
	};
	const struct content *c = f->exchange->content;
	if (!c || !c->seen || f->command->kind == COMMAND_LINE || (f->words.strength >= 4 && f->words.cause != CAUSE_MESSAGE_MALFORMED))
		return false;
	if ((c->header_from && c->header_date) || !(phrases_say(&f->says, phrases) || reply_enhanced(f->reply, 6, 0)))
		return false;
	evidence_add(e, c->first.number ? c->first : f->reply->first, FROM_CLIENT, (struct bytes){ 0 },
		c->header_from ? "the message has no Date header (RFC 5322 3.6.1)" : "the message has no From header (RFC 5322 3.6.2)");
	evidence_reply(e, f->reply, "the refusal");
	return true;
}

static bool chunk_count(const struct failure *f, struct evidence *e)
{
	if (f->command->kind != COMMAND_CHUNK || !f->command->chunk_short || failure_tone(f) == TONE_POLICY)
		return false;
	evidence_line(e, f->command, "announces more octets than follow");
	evidence_reply(e, f->reply, "the refusal");
	return true;
}

const struct rule content_rules[] = {
	{ "content.declared", CAUSE_MESSAGE_TOO_LARGE, 82, CERTAINTY_PROVEN, declared_too_large, AT_PARAMETERS },
	{ "content.octets", CAUSE_MESSAGE_TOO_LARGE, 79, CERTAINTY_PROVEN, content_too_large, AT_CONTENT },
	{ "content.newline", CAUSE_CLIENT_BARE_NEWLINE, 84, CERTAINTY_LIKELY, bare_newline, AT_BARE | AT_CONTENT },
	{ "content.encoding", CAUSE_MESSAGE_NEEDS_UNAVAILABLE_ENCODING, 66, CERTAINTY_LIKELY, needs_encoding, AT_CONTENT },
	{ "content.header", CAUSE_MESSAGE_MALFORMED, 65, CERTAINTY_LIKELY, header_missing, AT_CONTENT },
	{ "content.chunk", CAUSE_CLIENT_BODY_AS_COMMANDS, 64, CERTAINTY_LIKELY, chunk_count, AT_CONTENT },
	{ 0 },
};
