/* glance.c - takes a session, looks at each exchange once, gives marks. Most sessions show none of what most rows look for. */
#include "why/glance.h"

#include "why/dialect.h"
#include "why/middlebox.h"

#include "base/banned.h"

enum { LINE = 510, DATA_LINE = 998 }; /* octets without CRLF that every line may have (RFC 5321 4.5.3.1.4, 4.5.3.1.6) */

static unsigned mark(bool set, enum shows shows)
{
	return set ? (unsigned)shows : 0u;
}

static bool ends_barely(const struct line *l)
{
	return l->ending == LINE_LF || l->ending == LINE_CR;
}

static unsigned content_shows(const struct content *c)
{
	return mark(c->bare_lf || c->bare_cr, SHOWS_BARE) | mark(c->longest_line > DATA_LINE, SHOWS_LONG) | mark(c->header_8bit, SHOWS_8BIT);
}

/* A refusal is looked at when it is explained. What agrees says nothing, but to STARTTLS. */
static bool says_box(const struct exchange *x)
{
	int code = x->reply.code;
	bool refusal = code >= 500 && code <= 599, telling = code >= 400 || (x->command.verb == VERB_STARTTLS && code != 220);
	return x->answered && telling && !refusal && middlebox_answers(&x->reply);
}

static unsigned exchange_shows(const struct exchange *x)
{
	const struct command *c = &x->command;
	int code = x->reply.code;
	unsigned shows = 0;
	shows |= mark(c->masked_run || exchange_quotes_mask(x), SHOWS_RUNS);
	shows |= mark(x->reply.odd, SHOWS_ODD);
	shows |= mark(c->verb == VERB_EHLO && x->answered && (code == 500 || code == 502), SHOWS_EHLO);
	shows |= mark(c->kind == COMMAND_TLS || c->fault->kind == FAULT_PROTOCOL, SHOWS_FOREIGN);
	shows |= mark(ends_barely(&c->line), SHOWS_BARE);
	shows |= mark(c->line.length > LINE, SHOWS_LONG);
	shows |= mark(c->ahead || c->before_greeting, SHOWS_HASTE);
	shows |= mark((c->nparams || (c->verb < VERB_COUNT && verb_needs(c->verb) != EXT_CORE)) && exchange_accepted(x), SHOWS_USE);
	shows |= mark(says_box(x), SHOWS_BOX);
	return x->content ? shows | content_shows(x->content) : shows;
}

static unsigned greeting_shows(const struct session *s)
{
	if (!s->banner.n)
		return 0;
	struct phrases greeting;
	phrases_of(&greeting, s->banner);
	return mark(session_banner_starred(s), SHOWS_STARS) | mark(middlebox_proxy(&greeting), SHOWS_BOX)
		| mark(dialect_may_break(s, &greeting), SHOWS_DIALECT);
}

unsigned session_shows(const struct session *s)
{
	const struct tls *t = &s->tls;
	unsigned shows = greeting_shows(s);
	shows |= mark(s->notes, SHOWS_NOTES);
	shows |= mark(s->connection.nresets, SHOWS_RESETS);
	shows |= mark(s->unfinished || (s->last && !s->last->answered), SHOWS_WAITING);
	shows |= mark(t->commands_behind || t->plaintext_at.number || t->state == TLS_PLAINTEXT || t->state == TLS_FAILED, SHOWS_TLS);
	shows |= mark(session_mask(s, NULL), SHOWS_MASKS);
	for (const struct exchange *x = s->first; x; x = x->next)
		shows |= exchange_shows(x);
	return shows;
}

static unsigned verb_shows(enum verb verb)
{
	switch (verb) {
	case VERB_MAIL: case VERB_DATA: case VERB_RSET: case VERB_NOOP: case VERB_QUIT: case VERB_UNKNOWN: case VERB_NONE:
		return 0;
	case VERB_RCPT:
		return AT_RCPT;
	case VERB_EHLO: case VERB_HELO:
		return AT_HELLO;
	case VERB_LHLO:
		return AT_HELLO | AT_RARE;
	case VERB_AUTH:
		return AT_AUTH | AT_RARE;
	case VERB_STARTTLS:
		return AT_STARTTLS | AT_RARE;
	default:
		return AT_RARE;
	}
}

unsigned failure_shows(const struct failure *f)
{
	const struct command *c = f->command;
	unsigned shows = f->shows | verb_shows(c->verb);
	shows |= mark(c->kind == COMMAND_CONNECT, AT_GREETING);
	shows |= mark(c->kind == COMMAND_CONTENT || c->kind == COMMAND_CHUNK || f->exchange->content, AT_CONTENT);
	shows |= mark(c->kind == COMMAND_AUTH, AT_AUTH);
	shows |= mark(!command_is_sound(c), AT_FAULT);
	shows |= mark(c->path->flags, AT_PATH);
	shows |= mark(c->nparams, AT_PARAMETERS);
	shows |= mark(c->content_of || c->line.flags & LINE_CONTENT, AT_STRAY);
	shows |= mark(c->ahead || c->followed || c->before_greeting || c->behind_starttls, AT_HASTE);
	shows |= mark(ends_barely(&c->line) || c->line.flags & LINE_HAS_BARE_CR || f->words.cause == CAUSE_CLIENT_BARE_NEWLINE, AT_BARE);
	shows |= mark(c->line.length > LINE, AT_LONG);
	shows |= mark(f->offer->nmasked, SHOWS_MASKS);
	shows |= mark(middlebox_says(&f->says), SHOWS_BOX);
	return shows;
}
