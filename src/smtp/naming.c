/* naming.c - which commands does a reply name? Takes a reply's text and the commands that it may answer; gives for each whether the reply
 * repeats its address, or another one's. Never reads other words of a reply. */
#include "smtp/inside.h"

#include "base/banned.h"

static struct bytes mailbox(const struct command *c)
{
	struct bytes p = c->path->whole;
	if (p.n > 2 && p.p[0] == '<' && p.p[p.n - 1] == '>')
		p = (struct bytes){ p.p + 1, p.n - 2 };
	return c->path->local.n && c->path->domain.n ? p : (struct bytes){ 0 };
}

/* The first "<local@domain>" of a text, without its brackets. */
static struct bytes quoted_mailbox(struct bytes text)
{
	while (text.n) {
		text = bytes_cut(text, '<').tail;
		struct cut inside = bytes_cut(text, '>');
		if (inside.found && bytes_index(inside.head, '@') != BYTES_NONE && bytes_index(inside.head, ' ') == BYTES_NONE)
			return inside.head;
	}
	return (struct bytes){ 0 };
}

static bool knows_no_address(enum verb v)
{
	static const enum verb verbs[] = { VERB_EHLO, VERB_HELO, VERB_LHLO, VERB_STARTTLS, VERB_AUTH, VERB_RSET, VERB_NOOP, VERB_QUIT };
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (verbs[i] == v)
			return true;
	return false;
}

/* A reply that repeats the address of one RCPT answers that or something later; one that repeats an address in brackets answers no
 * MAIL or RCPT to quite another (RFC 5321 4.2.1: free text; most servers repeat what they refuse). A refused sender may be named at RCPT. */
void names_compare(struct bytes text, struct exchange *const *commands, size_t n, int8_t *names)
{
	enum { LONGEST = 512 };
	size_t named = 0;
	bool sender = false;
	text = bytes_first(text, LONGEST);
	struct bytes quoted = quoted_mailbox(text);
	for (size_t j = 0; j < n; j++) {
		const struct command *c = &commands[j]->command;
		struct bytes m = mailbox(c);
		if (!m.n || bytes_find(text, m) == BYTES_NONE)
			continue;
		names[j] = c->verb != VERB_MAIL;
		sender |= c->verb == VERB_MAIL;
		named = c->verb == VERB_RCPT ? j + 1 : named;
	}
	for (size_t j = 0; j < n; j++) {
		const struct command *c = &commands[j]->command;
		bool other = quoted.n && (mailbox(c).n || knows_no_address(c->verb)) && bytes_find(quoted, c->path->local) == BYTES_NONE && !sender;
		if (!names[j] && !(sender && c->verb == VERB_MAIL) && (other || j + 1 < named || (named && c->verb == VERB_RCPT)))
			names[j] = -1;
	}
}
