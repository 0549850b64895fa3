/* why.c - runs all rules over each refusal of a session and all observers over the session, and keeps what they prove. Takes a
 * session, gives verdicts and findings on its arena; never decides anything itself but the order of ranks. */
#include "why/facts.h"
#include "why/glance.h"

#include "base/utf8.h"

#include <assert.h>
#include <stdarg.h>

#include "base/banned.h"

enum { OBSERVED_MOST = 16, SAYS_MOST = 400, WORDS_MOST = 120 }; /* findings of one observer in a session; octets of a detail, of words in it */

enum { RULES_MOST = 192, SET_WORDS = RULES_MOST / 64, OBSERVERS_MOST = 64, MARKS = 32 };
static const unsigned ANY = 1u << (MARKS - 1); /* no mark has it */

struct rule_set { /* bits, by their order */
	uint64_t words[SET_WORDS];
};

struct asked { /* what is read of each rule that is asked, close together */
	bool (*explains)(const struct failure *, struct evidence *);
	uint16_t cause;
	int16_t rank;
	uint8_t certainty;
};

struct why {
	struct words *words;
	struct rule_set needing[MARKS];  /* by mark: the rules that need it, or one of some; by ANY those without needs */
	struct asked asked[RULES_MOST];
	const struct rule *rules[RULES_MOST];
	size_t nrules;
	uint64_t observing[MARKS];       /* bits, as needing */
	const struct observer *observers[OBSERVERS_MOST];
	size_t nobservers;
};

/* In the order in which equal ranks win. */
static const struct rule *const families[] = {
	middlebox_rules, path_rules, grammar_rules, sequence_rules, offer_rules, content_rules, security_rules, server_rules, words_rules,
};
static const struct observer *const observations[] = { middlebox_observers, tolerance_observers };

/* ---- evidence ---- */

void evidence_add(struct evidence *e, struct place place, enum direction direction, struct bytes text, const char *says)
{
	if (e->n == e->room) {
		size_t room = e->room ? 2 * e->room : 4;
		struct proof *more = ARENA_ARRAY(e->arena, struct proof, room);
		for (size_t i = 0; i < e->n; i++)
			more[i] = e->proofs[i];
		e->proofs = more;
		e->room = room;
	}
	e->proofs[e->n++] = (struct proof){ place, direction, text, says };
}

void evidence_line(struct evidence *e, const struct command *c, const char *says)
{
	if (c->line.first.number)
		evidence_add(e, c->line.first, FROM_CLIENT, c->line.text, says);
}

void evidence_reply(struct evidence *e, const struct reply *r, const char *says)
{
	evidence_add(e, r->first, FROM_SERVER, r->raw, says);
}

/* What an offer lists, as evidence: the line that matters, else every line, for what is lacking shows in the whole alone. */
static struct bytes offer_lines(struct arena *arena, const struct offer *o, struct bytes keyword)
{
	size_t n = 0;
	for (size_t i = 0; i < o->nkeywords; i++) {
		if (keyword.n && bytes_starts_word(o->keywords[i], keyword))
			return o->keywords[i];
		n += o->keywords[i].n + (i > 0);
	}
	uint8_t *lines = ARENA_ARRAY(arena, uint8_t, n ? n : 1), *p = lines;
	for (size_t i = 0; i < o->nkeywords; i++) {
		if (i)
			*p++ = '\n';
		if (o->keywords[i].n) /* "250-" and nothing */
			memcpy(p, o->keywords[i].p, o->keywords[i].n);
		p += o->keywords[i].n;
	}
	return (struct bytes){ lines, n };
}

void evidence_offer(struct evidence *e, const struct offer *o, struct bytes keyword, const char *says)
{
	if (o->at.number)
		evidence_add(e, o->at, FROM_SERVER, offer_lines(e->arena, o, keyword), says);
}

struct sentence { /* what is beyond its end is left out */
	char *at, *end;
};

static void sentence_add(struct sentence *s, struct bytes b)
{
	b = bytes_first(b, (size_t)(s->end - s->at));
	if (b.n)
		s->at = (char *)memcpy(s->at, b.p, b.n) + b.n;
}

static void sentence_add_number(struct sentence *s, uint64_t number)
{
	uint8_t digits[20], *first = digits + sizeof digits;
	do
		*--first = (uint8_t)('0' + number % 10);
	while (number /= 10);
	sentence_add(s, (struct bytes){ first, (size_t)(digits + sizeof digits - first) });
}

/* The formats that details have: %s, %.*s of the wire, %u, %zu, %llu. */
static void sentence_fill(struct sentence *s, struct bytes format, va_list list)
{
	struct cut cut = bytes_cut(format, '%');
	for (sentence_add(s, cut.head); cut.found; sentence_add(s, cut.head)) {
		format = cut.tail;
		if (bytes_starts(format, B("s"))) {
			sentence_add(s, bytes_of(va_arg(list, const char *)));
			format = bytes_from(format, 1);
		} else if (bytes_starts(format, B(".*s"))) {
			size_t most = (size_t)va_arg(list, int);
			struct bytes wire = { va_arg(list, const uint8_t *), most };
			sentence_add(s, bytes_first(wire, bytes_index(wire, 0)));
			format = bytes_from(format, 3);
		} else if (bytes_starts(format, B("u"))) {
			sentence_add_number(s, va_arg(list, unsigned));
			format = bytes_from(format, 1);
		} else if (bytes_starts(format, B("zu"))) {
			sentence_add_number(s, va_arg(list, size_t));
			format = bytes_from(format, 2);
		} else {
			assert(bytes_starts(format, B("llu")));
			sentence_add_number(s, va_arg(list, unsigned long long));
			format = bytes_from(format, 3);
		}
		cut = bytes_cut(format, '%');
	}
}

/* What a detail quotes of the wire may be no UTF-8, or be cut in a character. */
void evidence_detail(struct evidence *e, const char *format, ...)
{
	char detail[SAYS_MOST];
	struct sentence s = { detail, detail + sizeof detail - 1 };
	va_list list;
	va_start(list, format);
	sentence_fill(&s, bytes_of(format), list);
	va_end(list);
	*s.at = 0;
	struct bytes said = { (const uint8_t *)detail, (size_t)(s.at - detail) };
	if (bytes_printable(said) != said.n) /* the same for few octets */
		utf8_mend(detail);
	e->detail = (const char *)arena_copy(e->arena, (struct bytes){ said.p, said.n + 1 }).p;
}

void evidence_words(struct evidence *e, struct bytes matched, const char *source)
{
	matched = bytes_first(bytes_first(matched, WORDS_MOST), bytes_index(matched, 0));
	enum { OWN = 48 }; /* octets of ours around the two, or some more */
	struct bytes documented = bytes_first(bytes_of(source), SAYS_MOST - OWN - matched.n);
	const struct bytes parts[] = { B("The words \""), matched, B("\" stand for it"), source ? B(", as documented by ") : B(""), documented, B(".") };
	size_t n = 1;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		n += parts[i].n;
	char *detail = ARENA_ARRAY(e->arena, char, n), *at = detail;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (parts[i].n)
			at = (char *)memcpy(at, parts[i].p, parts[i].n) + parts[i].n;
	e->detail = detail;
	if (bytes_printable(matched) != matched.n || bytes_printable(documented) != documented.n) /* the same for few octets */
		utf8_mend(detail);
}

/* ---- verdicts ---- */

enum { FIRED_MOST = 64 }; /* causes of one failure: more rules never fire together */

struct ranking { /* the causes whose rules fired, by the first of the best rank */
	struct fired { enum cause cause; int rank; unsigned order; } all[FIRED_MOST];
	size_t n;
	unsigned fired; /* rules */
};

static bool is_before(const struct fired *a, const struct fired *b)
{
	return a->rank != b->rank ? a->rank > b->rank : a->order < b->order;
}

/* Causes by rank, the verdict's own left out. */
static void also_list(struct arena *arena, const struct ranking *r, struct verdict *v)
{
	struct fired sorted[FIRED_MOST];
	for (size_t i = 0; i < r->n; i++) {
		if (r->all[i].cause == v->cause || r->all[i].cause == CAUSE_UNKNOWN)
			continue;
		size_t at = v->nalso++;
		for (; at > 0 && is_before(&r->all[i], &sorted[at - 1]); at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = r->all[i];
	}
	v->also = v->nalso ? ARENA_ARRAY(arena, enum cause, v->nalso) : NULL;
	for (size_t i = 0; i < v->nalso; i++)
		v->also[i] = sorted[i].cause;
}

static void ranking_note(struct ranking *r, enum cause cause, int rank)
{
	struct fired *known = r->all, *end = r->all + r->n;
	r->fired++;
	while (known < end && known->cause != cause)
		known++;
	if (known == end ? r->n == FIRED_MOST : known->rank >= rank)
		return;
	r->n += known == end;
	*known = (struct fired){ cause, rank, r->fired };
}

/* The fired rule is the best so far: its evidence becomes the verdict's. */
static void verdict_take(struct verdict *v, const char *rule, const struct evidence *e)
{
	assert(e->n > 0);
	v->cause = e->cause;
	v->certainty = e->certainty;
	v->proofs = e->proofs;
	v->nproofs = e->n;
	v->rule = rule;
	v->detail = e->detail;
}

/* Most rules need what is not shown: the few others are gathered by mark, and asked in their order. */
static struct rule_set rules_to_ask(const struct why *why, unsigned shows)
{
	struct rule_set set = { 0 };
	for (unsigned marks = shows | ANY; marks; marks &= marks - 1)
		for (size_t w = 0; w < SET_WORDS; w++)
			set.words[w] |= why->needing[__builtin_ctz(marks)].words[w];
	return set;
}

/* The evidence is empty before and behind it. */
static void rule_ask(const struct why *why, size_t i, const struct failure *f, struct evidence *e, struct ranking *ranking, struct verdict *v, int *best)
{
	const struct asked *rule = &why->asked[i];
	e->cause = (enum cause)rule->cause;
	e->certainty = (enum certainty)rule->certainty;
	if (rule->explains(f, e)) {
		ranking_note(ranking, e->cause, rule->rank);
		if (rule->rank > *best) {
			*best = rule->rank;
			verdict_take(v, why->rules[i]->name, e);
		}
	}
	if (e->n || e->detail)
		*e = (struct evidence){ .arena = e->arena };
}

static struct verdict verdict_of(const struct why *why, struct arena *arena, const struct failure *f)
{
	struct verdict v = { .exchange = f->exchange, .cause = CAUSE_UNKNOWN, .rule = "unknown" };
	struct rule_set set = rules_to_ask(why, f->shows);
	struct ranking ranking;
	struct evidence e = { .arena = arena };
	int best = 0;
	ranking.n = ranking.fired = 0;
	for (size_t w = 0; w < SET_WORDS; w++)
		for (; set.words[w]; set.words[w] &= set.words[w] - 1)
			rule_ask(why, 64 * w + (size_t)__builtin_ctzll(set.words[w]), f, &e, &ranking, &v, &best);
	if (!best) {
		evidence_line(&e, f->command, "the command that was refused");
		evidence_reply(&e, f->reply, "nothing in this reply says why");
		v.proofs = e.proofs;
		v.nproofs = e.n;
	}
	for (size_t i = 0; i < f->words.nalso; i++)
		ranking_note(&ranking, f->words.also[i], 10);
	also_list(arena, &ranking, &v);
	return v;
}

static bool is_error(const struct exchange *x)
{
	return x->answered && x->reply.code >= 500 && x->reply.code <= 599;
}

static const struct offer no_offer;

static bool names_recipient(enum verb v)
{
	return v == VERB_RCPT || v == VERB_MAIL || v == VERB_VRFY || v == VERB_EXPN || v == VERB_DATA || v == VERB_SEND || v == VERB_SOML || v == VERB_SAML;
}

/* The line itself is what the reply is about: by its code, or because the line is not in order. */
static bool is_about_line(const struct exchange *x)
{
	int code = x->reply.code;
	return (code >= 500 && code <= 504) || code == 555 || x->command.fault->kind != FAULT_NONE || x->command.path->flags & PATH_NO_BRACKETS;
}

/* Words that the dialogue refutes: of a message that the server has not seen, of a recipient where none was named, of a missing offer
 * that was made. */
static bool is_refuted(const struct exchange *x, enum cause cause)
{
	const struct command *c = &x->command;
	if (cause == CAUSE_CLIENT_AUTH_MECHANISM_NOT_ADVERTISED)
		return c->verb == VERB_AUTH && c->offer && offer_has_mechanism(c->offer, command_mechanism(c));
	if ((c->kind != COMMAND_LINE && c->kind != COMMAND_CHUNK) || c->verb >= VERB_COUNT)
		return false;
	if (cause == CAUSE_MESSAGE_MALFORMED)
		return c->kind == COMMAND_LINE && c->verb != VERB_DATA && c->verb != VERB_BURL && is_about_line(x);
	if (cause_entry(cause)->party == PARTY_RECIPIENT)
		return is_about_line(x) && (!names_recipient(c->verb) || (x->reply.enhanced.present && x->reply.enhanced.subject == 5));
	return false;
}

static struct words_result words_of(const struct why *why, struct words_memo *memo, const struct exchange *x)
{
	struct words_result w = words_judge(why->words, memo, words_stage(&x->command), &x->reply);
	if (!is_refuted(x, w.cause))
		return w;
	for (size_t i = 0; i < w.nalso; i++) /* the next best reading of the same text */
		if (!is_refuted(x, w.also[i]))
			return (struct words_result){ .cause = w.also[i], .certainty = CERTAINTY_POSSIBLE, .strength = w.strength < 3 ? w.strength : 3 };
	return (struct words_result){ .cause = CAUSE_UNKNOWN };
}

static void failure_fill(struct failure *f, const struct why *why, struct words_memo *memo, const struct session *s, const struct exchange *x, unsigned shows)
{
	f->session = s;
	f->exchange = x;
	f->command = &x->command;
	f->reply = &x->reply;
	f->offer = x->command.offer ? x->command.offer : &no_offer;
	f->state = &x->before;
	f->words = words_of(why, memo, x);
	phrases_of(&f->says, x->reply.text);
	failure_judge(f);
	f->shows = shows;
	f->shows = failure_shows(f);
}

/* Gives the session's marks, with those that its refusals add. */
static unsigned errors_explain(const struct why *why, struct words_memo *memo, struct session *s, unsigned shows, struct verdicts *v)
{
	size_t n = 0;
	for (const struct exchange *x = s->first; x; x = x->next)
		n += is_error(x);
	if (!n)
		return shows;
	v->errors = ARENA_ARRAY(&s->arena, struct verdict, n);
	/* session.errors counts the whole session so far, this window included, so its last error has that ordinal. */
	unsigned ordinal = s->errors > n ? s->errors - (unsigned)n : 0, all = shows;
	for (const struct exchange *x = s->first; x; x = x->next) {
		if (!is_error(x))
			continue;
		struct failure f;
		failure_fill(&f, why, memo, s, x, shows);
		all |= f.shows;
		v->errors[v->nerrors] = verdict_of(why, &s->arena, &f);
		v->errors[v->nerrors++].ordinal = ++ordinal;
	}
	return all;
}

static void finding_observe(struct session *s, const struct observer *o, struct verdicts *v, size_t *room)
{
	for (size_t i = 0; i < OBSERVED_MOST; i++) {
		struct evidence e = { .arena = &s->arena, .cause = o->cause, .certainty = o->certainty };
		struct place place = { 0 };
		const struct exchange *exchange = NULL;
		if (!o->sees(s, i, &e, &place, &exchange))
			return;
		assert(e.n > 0);
		if (v->nfindings == *room) {
			*room = *room ? 2 * *room : 4;
			struct finding *more = ARENA_ARRAY(&s->arena, struct finding, *room);
			for (size_t k = 0; k < v->nfindings; k++)
				more[k] = v->findings[k];
			v->findings = more;
		}
		v->findings[v->nfindings++] = (struct finding){
			.cause = e.cause, .device = e.device, .certainty = e.certainty, .proofs = e.proofs, .nproofs = e.n,
			.place = place.number ? place : e.proofs[0].place, .exchange = exchange, .detail = e.detail,
		};
	}
}

static struct verdicts explain(const struct why *why, struct words_memo *memo, struct session *s, unsigned shows)
{
	struct verdicts v = { 0 };
	size_t room = 0;
	shows = errors_explain(why, memo, s, shows, &v);
	uint64_t set = 0;
	for (unsigned marks = shows | ANY; marks; marks &= marks - 1)
		set |= why->observing[__builtin_ctz(marks)];
	for (; set; set &= set - 1)
		finding_observe(s, why->observers[__builtin_ctzll(set)], &v, &room);
	return v;
}

struct verdicts why_explain_with(const struct why *why, struct words_memo *memo, struct session *s)
{
	return explain(why, memo, s, session_shows(s));
}

struct verdicts why_explain(const struct why *why, struct session *s)
{
	return explain(why, NULL, s, session_shows(s));
}

struct verdicts why_explain_asking_all(const struct why *why, struct session *s)
{
	return explain(why, NULL, s, ~0u);
}

static void rule_add(struct why *why, const struct rule *rule)
{
	size_t i = why->nrules++;
	assert(i < RULES_MOST && !(rule->needs & ANY));
	why->rules[i] = rule;
	why->asked[i] = (struct asked){ rule->explains, (uint16_t)rule->cause, (int16_t)rule->rank, (uint8_t)rule->certainty };
	for (unsigned marks = rule->needs ? rule->needs : ANY; marks; marks &= marks - 1)
		why->needing[__builtin_ctz(marks)].words[i / 64] |= (uint64_t)1 << i % 64;
}

static void observer_add(struct why *why, const struct observer *o)
{
	size_t i = why->nobservers++;
	assert(i < OBSERVERS_MOST && !(o->needs & ANY));
	why->observers[i] = o;
	for (unsigned marks = o->needs ? o->needs : ANY; marks; marks &= marks - 1)
		why->observing[__builtin_ctz(marks)] |= (uint64_t)1 << i;
}

static void rules_gather(struct why *why)
{
	for (size_t i = 0; i < sizeof families / sizeof *families; i++)
		for (const struct rule *rule = families[i]; rule->explains; rule++)
			rule_add(why, rule);
	for (size_t i = 0; i < sizeof observations / sizeof *observations; i++)
		for (const struct observer *o = observations[i]; o->sees; o++)
			observer_add(why, o);
}

struct why *why_new(struct why_options options, struct error *error)
{
	struct words *words = words_new(options.rules_file, error);
	if (!words)
		return NULL;
	struct why *why = memory_new(1, sizeof *why);
	why->words = words;
	rules_gather(why);
	return why;
}

void why_free(struct why *why)
{
	if (!why)
		return;
	words_free(why->words);
	free(why);
}
