/* path_rules.c - family: replies that another host sent, or that stand beside the server's own. Takes a failure with the marks of the
 * packets that brought its reply; a retransmission with the same reply, or one odd mark alone, is no evidence. */
#include "why/dialect.h"
#include "why/glance.h"
#include "why/middlebox.h"

#include "base/banned.h"

static void cause_of_injection(const struct failure *f, struct evidence *e)
{
	const struct middlebox *box = middlebox_of(f->session);
	e->device = box ? box->name : NULL;
	if (f->command->verb == VERB_STARTTLS)
		e->cause = CAUSE_MIDDLEBOX_STARTTLS_STRIPPED;
	evidence_line(e, f->command, "the command that it answers");
}

static bool two_replies(const struct failure *f, struct evidence *e)
{
	const struct note *n = note_of_other_reply(f->session, f->exchange);
	if (!n)
		return false;
	cause_of_injection(f, e);
	evidence_add(e, n->place, FROM_SERVER, n->first, "the reply that came first");
	evidence_add(e, n->second_place, FROM_SERVER, n->second, "another reply for the same octets of the stream");
	evidence_detail(e, "Two different replies to one command are on the wire, at the same sequence number.");
	return true;
}

static bool other_sender(const struct failure *f, struct evidence *e)
{
	uint16_t odd = f->reply->odd;
	if (!odd_is_foreign(odd))
		return false;
	cause_of_injection(f, e);
	evidence_reply(e, f->reply, "its packet does not look like the server's others");
	evidence_detail(e, "TTL %u where the server's packets have %u%s%s%s%s%s%s.", f->reply->ttl,
		f->session->connection.baseline[FROM_SERVER].ttl,
		odd & ODD_IP_ID ? ", IP ID out of series" : "", odd & ODD_NO_TIMESTAMP ? ", the timestamp option is missing" : "",
		odd & ODD_TIMESTAMP ? ", timestamp off the server's line" : "", odd & ODD_WINDOW ? ", another window" : "",
		odd & ODD_ACK_BEHIND ? ", does not acknowledge what it answers" : "", odd & ODD_DONT_FRAGMENT ? ", DF or TOS differ" : "");
	if (odd & ODD_TTL && odd & (ODD_NO_TIMESTAMP | ODD_TIMESTAMP))
		e->certainty = CERTAINTY_PROVEN;
	return true;
}

/* 4 to 7 of the ways to tell an injected reply: this server's other replies carry enhanced codes and this one, to STARTTLS, none. */
static bool other_dialect(const struct failure *f, struct evidence *e)
{
	unsigned with = 0, without = 0;
	const struct exchange *sample = NULL;
	if (f->command->verb != VERB_STARTTLS || !offer_has(f->offer, EXT_STARTTLS) || f->reply->enhanced.present)
		return false;
	for (const struct exchange *x = f->session->first; x; x = x->next) {
		enum verb v = x->command.verb;
		if (!x->answered || x == f->exchange || !(v == VERB_MAIL || v == VERB_RCPT || v == VERB_RSET || v == VERB_QUIT || v == VERB_NOOP))
			continue;
		if (x->reply.enhanced.present) {
			with++;
			sample = x;
		} else {
			without++;
		}
	}
	if (!with || without || !offer_has(f->offer, EXT_ENHANCEDSTATUSCODES))
		return false;
	evidence_reply(e, &sample->reply, "the server's own replies carry enhanced codes");
	evidence_line(e, f->command, "STARTTLS is offered");
	evidence_reply(e, f->reply, "this one carries none");
	return true;
}

/* Words that the product of the greeting does not have for it: another one answered. */
static bool not_its_words(const struct failure *f, struct evidence *e)
{
	struct dialect_break b;
	if (exchange_quotes_mask(f->exchange) || !dialect_break_at(f->session, f->exchange, &b))
		return false;
	if (f->command->verb == VERB_STARTTLS)
		e->cause = CAUSE_MIDDLEBOX_STARTTLS_STRIPPED;
	dialect_show(&b, f->session, e);
	return true;
}

static bool vendor_words(const struct failure *f, struct evidence *e)
{
	const struct middlebox *box = middlebox_says(&f->says);
	if (!box)
		return false;
	cause_of_injection(f, e);
	evidence_reply(e, f->reply, "answered in the words of a box");
	evidence_detail(e, "These words are those of %s.", box->name);
	e->device = box->name;
	return true;
}

const struct rule path_rules[] = {
	{ "path.two-replies", CAUSE_MIDDLEBOX_REPLY_INJECTED, 96, CERTAINTY_PROVEN, two_replies, SHOWS_NOTES },
	{ "path.other-sender", CAUSE_MIDDLEBOX_REPLY_INJECTED, 95, CERTAINTY_LIKELY, other_sender, SHOWS_ODD },
	{ "path.vendor", CAUSE_MIDDLEBOX_REPLY_INJECTED, 91, CERTAINTY_LIKELY, vendor_words, SHOWS_BOX },
	{ "path.dialect", CAUSE_MIDDLEBOX_REPLY_INJECTED, 90, CERTAINTY_LIKELY, not_its_words, SHOWS_DIALECT },
	{ "path.other-dialect", CAUSE_MIDDLEBOX_STARTTLS_STRIPPED, 55, CERTAINTY_POSSIBLE, other_dialect, AT_STARTTLS },
	{ 0 },
};
