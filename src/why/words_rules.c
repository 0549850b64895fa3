/* words_rules.c - family: the server's own words, last by rank. Takes what words.c matched once, gives its cause; specific words stand
 * above what the dialogue only guesses, codes alone below everything. */
#include "why/facts.h"
#include "why/glance.h"

#include "base/banned.h"

static bool say(const struct failure *f, struct evidence *e, const char *says)
{
	const struct words_result *w = &f->words;
	if (w->cause >= CAUSE_COUNT || w->cause == CAUSE_UNKNOWN)
		return false;
	e->cause = w->cause;
	e->certainty = w->certainty;
	evidence_line(e, f->command, "the refused command");
	evidence_add(e, f->reply->first, FROM_SERVER, f->reply->raw, says);
	if (w->matched.n)
		evidence_words(e, w->matched, w->source && w->source[0] ? w->source : NULL);
	return true;
}

static bool specific(const struct failure *f, struct evidence *e)
{
	return f->words.strength >= 4 && say(f, e, "the server's own words");
}

static bool general(const struct failure *f, struct evidence *e)
{
	if (f->words.cause == CAUSE_CLIENT_PIPELINING_NOT_ADVERTISED && !failure_was_hasty(f))
		return false; /* "protocol error": of something else, or of what the capture lacks */
	return f->words.strength == 3 && say(f, e, "the server's own words");
}

/* 503 and X.5.1 stand for a wrong order: not where the dialogue shows the right one, nor X.5.1 where the capture lacks a part of it, as
 * that stands for other faults of the dialogue too (RFC 3463 3.6). */
static bool is_order_refuted(const struct failure *f)
{
	return f->words.cause == CAUSE_CLIENT_BAD_SEQUENCE && f->command->kind == COMMAND_LINE && f->command->verb < VERB_COUNT
		&& f->reply->code != 503 && (!f->state->certain || !failure_wrong_moment(f));
}

static bool enhanced(const struct failure *f, struct evidence *e)
{
	return f->words.strength == 2 && !is_order_refuted(f) && say(f, e, "the code and the enhanced code");
}

static bool code_alone(const struct failure *f, struct evidence *e)
{
	return f->words.strength == 1 && !is_order_refuted(f) && say(f, e, "the code");
}

const struct rule words_rules[] = {
	{ "words.specific", CAUSE_UNKNOWN, 62, CERTAINTY_LIKELY, specific, AT_ANY },
	{ "words.general", CAUSE_UNKNOWN, 40, CERTAINTY_LIKELY, general, AT_ANY },
	{ "words.enhanced", CAUSE_UNKNOWN, 36, CERTAINTY_POSSIBLE, enhanced, AT_ANY },
	{ "words.code", CAUSE_UNKNOWN, 20, CERTAINTY_POSSIBLE, code_alone, AT_ANY },
	{ 0 },
};
