/* words.c - judges the text of a reply by the rows of words.tsv. Takes one reply and its stage, gives the cause its words stand for.
 * The best weight wins; among equals the longer phrase, then the later row (a user's file comes last). A reply that quotes another
 * server's reply is judged by the innermost one, as far as that says something. */
#include "why/words.h"

#include "base/text.h"
#include "why/words_match.h"
#include "why/words_memo.h"
#include "why/words_reader.h"

#include <stdlib.h>

#include "base/banned.h"

enum { CAUSES_MOST = 8, CANDIDATES_MOST = 4096, WEIGHT_MOST = 100 };

struct words {
	const struct words_table *table;
	struct words_reader *reader; /* NULL: the table is the built-in one */
	struct words_table own;      /* with rows of the user's */
};

struct best {
	const struct words_row *row;
	int weight;
	size_t length, start, end;
};

static const uint8_t built_in_text[] = {
#include "why/words.tsv.inc"
};

/* ---- loading ---- */

static bool file_read(const char *path, struct text *into, struct error *error)
{
	FILE *file = fopen(path, "rb");
	char buffer[8192];
	if (!file)
		return error_set(error, ERROR_USAGE, "%s: cannot be read; --rules takes a file of words rules", path);
	for (size_t n; (n = fread(buffer, 1, sizeof buffer, file)) > 0;)
		text_add(into, (struct bytes){ (const uint8_t *)buffer, n });
	bool fine = !ferror(file);
	fclose(file);
	return fine || error_set(error, ERROR_USAGE, "%s: reading it failed", path);
}

/* What is wrong in a user's file is said at once. */
static bool load(struct words *w, const char *rules_file, struct error *error)
{
	struct text text = { 0 };
	w->reader = words_reader_new();
	bool fine = words_reader_add(w->reader, "words.tsv", (struct bytes){ built_in_text, sizeof built_in_text }, error)
		&& file_read(rules_file, &text, error) && words_reader_add(w->reader, rules_file, text_view(&text), error);
	text_free(&text);
	if (!fine)
		return false;
	w->own = words_reader_table(w->reader);
	w->table = &w->own;
	return true;
}

struct words *words_new(const char *rules_file, struct error *error)
{
	struct words *w = memory_new(1, sizeof *w);
	w->table = words_built_in();
	if (!rules_file || load(w, rules_file, error))
		return w;
	words_free(w);
	return NULL;
}

void words_free(struct words *w)
{
	if (!w)
		return;
	words_reader_free(w->reader);
	free(w);
}

static bool is_word_octet(uint8_t c)
{
	return octet_is_digit(c) || octet_is_alpha(c);
}

/* ---- rows against codes ---- */

static bool basic_fits(const struct code_filter *f, int code)
{
	int shown = f->n == 3 ? code : f->n == 2 ? code / 10 : code / 100;
	return shown == f->parts[0];
}

static bool enhanced_fits(const struct code_filter *f, const struct enhanced *e)
{
	return e->present && f->parts[0] == e->class && (f->n < 2 || f->parts[1] == e->subject) && (f->n < 3 || f->parts[2] == e->detail);
}

static bool row_fits(const struct words_table *t, const struct words_row *row, const struct asked *asked)
{
	const struct code_filter *codes = t->codes + row->codes;
	bool basic = false, basic_wanted = false, enhanced = false, enhanced_wanted = false;
	if (row->stages && !(row->stages & 1u << asked->stage))
		return false;
	for (unsigned i = 0; i < row->ncodes; i++) {
		if (codes[i].enhanced) {
			enhanced_wanted = true;
			enhanced |= enhanced_fits(&codes[i], &asked->enhanced);
		} else {
			basic_wanted = true;
			basic |= basic_fits(&codes[i], asked->code);
		}
	}
	return (!basic_wanted || basic) && (!enhanced_wanted || enhanced);
}

static bool row_is_void(const struct hits *h, const struct words_row *row)
{
	for (uint32_t i = 0; i < row->nunless; i++)
		if (hits_anywhere(h, &h->table->exceptions[row->unless + i]))
			return true;
	return false;
}

/* ---- the judgement ---- */

struct candidate { /* a row that may fit: its phrase may begin at the hit */
	const struct words_row *row;
	uint32_t step;
	uint16_t hit;
};

struct candidates {
	struct candidate all[CANDIDATES_MOST];
	uint16_t order[CANDIDATES_MOST];
	size_t n;
};

static void candidate_add(struct candidates *c, const struct words_row *row, uint32_t step, size_t hit)
{
	if (c->n < CANDIDATES_MOST)
		c->all[c->n++] = (struct candidate){ row, step, (uint16_t)hit };
}

static void candidates_find(const struct words_table *t, const struct hits *h, const struct asked *asked, struct candidates *c)
{
	c->n = 0;
	for (size_t i = 0; i < t->nbare; i++)
		if (row_fits(t, &t->rows[t->bare[i]], asked))
			candidate_add(c, &t->rows[t->bare[i]], 0, 0);
	for (size_t i = 0; i < h->n; i++)
		for (uint32_t e = t->first[h->all[i].word]; e < t->first[h->all[i].word + 1]; e++) {
			const struct words_entry *entry = &t->entries[e];
			if (entry->other && !hits_word(h, entry->other - 1))
				continue;
			const struct words_row *row = &t->rows[entry->row];
			if ((row->phrase.n == 1 || hits_may_have(h, &row->phrase)) && row_fits(t, row, asked))
				candidate_add(c, row, entry->step, i);
		}
}

/* Heaviest first, else in the order found. */
static void candidates_sort(struct candidates *c)
{
	uint16_t from[WEIGHT_MOST + 2] = { 0 };
	for (size_t i = 0; i < c->n; i++)
		from[WEIGHT_MOST - c->all[i].row->weight + 1]++;
	for (size_t w = 1; w <= WEIGHT_MOST; w++)
		from[w] = (uint16_t)(from[w] + from[w - 1]);
	for (size_t i = 0; i < c->n; i++)
		c->order[from[WEIGHT_MOST - c->all[i].row->weight]++] = (uint16_t)i;
}

static bool better(const struct best *a, const struct best *b)
{
	if (a->weight != b->weight || a->length != b->length)
		return a->weight != b->weight ? a->weight > b->weight : a->length > b->length;
	return a->row > b->row;
}

static struct best *cause_of(struct best *causes, size_t n, enum cause cause)
{
	for (size_t i = 0; i < n; i++)
		if (causes[i].row->cause == cause)
			return &causes[i];
	return NULL;
}

/* The best row of each cause, until there are enough or the rest weighs less than half. A row that cannot win is not looked for. */
static size_t causes_found(const struct hits *h, const struct candidates *c, struct best *causes)
{
	size_t n = 0;
	for (size_t i = 0; i < c->n; i++) {
		const struct candidate *it = &c->all[c->order[i]];
		const struct words_row *row = it->row;
		if (n && (row->weight * 2 < causes[0].weight || (n == CAUSES_MOST && row->weight < causes[n - 1].weight)))
			break;
		struct best *known = cause_of(causes, n, row->cause);
		if (known && known->weight > row->weight)
			continue;
		struct best new = { .row = row, .weight = row->weight };
		if (row->phrase.n) {
			new.start = h->all[it->hit].start;
			new.end = hits_phrase(h, &row->phrase, it->step, it->hit);
			new.length = new.end - new.start;
		}
		if ((row->phrase.n && !new.end) || (known && !better(&new, known)) || row_is_void(h, row))
			continue;
		if (known)
			*known = new;
		else if (n < CAUSES_MOST)
			causes[n++] = new;
	}
	for (size_t i = 1; i < n; i++)
		for (size_t k = i; k > 0 && better(&causes[k], &causes[k - 1]); k--) {
			struct best swap = causes[k];
			causes[k] = causes[k - 1];
			causes[k - 1] = swap;
		}
	return n;
}

static int strength_of(int weight)
{
	return weight >= 80 ? 4 : weight >= 50 ? 3 : weight >= 30 ? 2 : 1;
}

static struct words_result judged(const struct words_table *t, const struct asked *asked, struct bytes text)
{
	struct hits h;
	struct candidates candidates;
	struct best causes[CAUSES_MOST];
	hits_find(&h, t, text);
	candidates_find(t, &h, asked, &candidates);
	candidates_sort(&candidates);
	size_t n = causes_found(&h, &candidates, causes);
	if (n == 0)
		return (struct words_result){ .cause = CAUSE_UNKNOWN };
	struct words_result r = {
		.cause = causes[0].row->cause,
		.strength = strength_of(causes[0].weight),
		.source = t->sources[causes[0].row->source] ? t->sources + causes[0].row->source : NULL,
		.matched = bytes_first(bytes_from(text, causes[0].start), causes[0].end - causes[0].start),
	};
	r.certainty = r.strength >= 3 ? CERTAINTY_LIKELY : CERTAINTY_POSSIBLE;
	for (size_t i = 1; i < n && r.nalso < sizeof r.also / sizeof *r.also; i++)
		if (causes[i].weight * 2 >= causes[0].weight)
			r.also[r.nalso++] = causes[i].row->cause;
	return r;
}

/* An enhanced code inside the text ("(#5.1.1)", "host said: 550 5.7.1"), RFC 3463 2; the last one stands for the innermost reply. */
static void enhanced_find(struct bytes text, struct enhanced *e)
{
	for (size_t i = 0; i + 4 < text.n; i++) {
		uint64_t subject, detail;
		if (text.p[i] != '5' || text.p[i + 1] != '.' || (i > 0 && (is_word_octet(text.p[i - 1]) || text.p[i - 1] == '.')))
			continue;
		struct cut middle = bytes_cut(bytes_from(text, i + 2), '.');
		size_t digits = 0;
		while (digits < middle.tail.n && octet_is_digit(middle.tail.p[digits]))
			digits++;
		bool ends = digits == middle.tail.n || (!octet_is_alpha(middle.tail.p[digits]) && (middle.tail.p[digits] != '.' || digits + 1 == middle.tail.n || middle.tail.p[digits + 1] == ' '));
		if (middle.head.n > 3 || digits > 3 || !ends || !bytes_number(middle.head, &subject) || !bytes_number(bytes_first(middle.tail, digits), &detail))
			continue;
		*e = (struct enhanced){ true, 5, (uint16_t)subject, (uint16_t)detail };
	}
}

struct mark { /* what stands before a quoted reply */
	const char *words;
	bool bare; /* a reply follows even when no code does */
};

static const struct mark *mark_at(struct bytes before)
{
	static const struct mark marks[] = {
		{ "said:", true }, { "says:", true }, { "replied:", true }, { "responded:", true }, { "response:", false }, { "reply was:", true },
		{ "answered:", true }, { " was:", false }, { "smtp;", false }, { "error:", false }, { "returned:", false }, { "failed:", false },
	};
	for (size_t m = 0; m < sizeof marks / sizeof *marks; m++) {
		struct bytes words = bytes_of(marks[m].words);
		if (before.n >= words.n && bytes_compare(bytes_from(before, before.n - words.n), words) == 0)
			return &marks[m];
	}
	return NULL;
}

/* Where the innermost quoted reply begins: behind the last "said: 5xx" and its like; 0 none. */
static size_t inner_reply(struct bytes text, int *code)
{
	size_t inner = 0;
	for (size_t at = 0; at < text.n; at++) {
		const struct mark *mark = text.p[at] == ':' || text.p[at] == ';' ? mark_at(bytes_first(text, at + 1)) : NULL;
		if (!mark)
			continue;
		size_t start = at + 1;
		uint64_t value;
		while (start < text.n && text.p[start] == ' ')
			start++;
		struct bytes digits = bytes_first(bytes_from(text, start), 3);
		bool coded = digits.n == 3 && (digits.p[0] == '5' || digits.p[0] == '4') && bytes_number(digits, &value);
		if ((!coded && !mark->bare) || start + 3 <= inner)
			continue;
		inner = coded ? start + 3 : start;
		if (coded && digits.p[0] == '5')
			*code = (int)value;
	}
	return inner;
}

/* ---- the reason that a reply gives for its verdict ---- */

/* Behind the last "because" and its like; 0 none. */
static size_t reason_of(struct bytes text)
{
	static const char *const links[] = { " because ", " due to ", " because of ", " reason: ", " reason is " };
	size_t at = 0;
	for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
		struct bytes link = bytes_of(links[i]);
		for (size_t found; (found = bytes_find(bytes_from(text, at), link)) != BYTES_NONE;)
			at += found + link.n;
	}
	return at;
}

/* Verdicts on an object, which say what was refused and not why. */
static bool is_verdict(enum cause cause)
{
	return cause == CAUSE_SENDER_REFUSED || cause == CAUSE_SENDER_IP_BLOCKLISTED || cause == CAUSE_SENDER_DOMAIN_INVALID
		|| cause == CAUSE_RECIPIENT_DISABLED || cause == CAUSE_RECIPIENT_REFUSED || cause == CAUSE_POLICY_UNSPECIFIED;
}

/* Reasons whose words mean the same whatever the object was. */
static bool is_reason(enum cause cause)
{
	switch (cause) {
	case CAUSE_SENDER_IP_BLOCKLISTED: case CAUSE_SENDER_REVERSE_DNS: case CAUSE_SENDER_SPF: case CAUSE_SENDER_DKIM: case CAUSE_SENDER_DMARC:
	case CAUSE_POLICY_VIRUS: case CAUSE_POLICY_ATTACHMENT_BANNED: case CAUSE_POLICY_RELAY_DENIED: case CAUSE_MESSAGE_TOO_LARGE: case CAUSE_MESSAGE_LOOP:
	case CAUSE_CLIENT_HELO_NAME_INVALID: case CAUSE_TLS_REQUIRED: case CAUSE_AUTH_REQUIRED:
		return true;
	default:
		return false;
	}
}

static struct words_result reasoned(const struct words_table *t, const struct asked *asked, struct bytes text)
{
	struct words_result whole = judged(t, asked, text);
	size_t at = is_verdict(whole.cause) ? reason_of(text) : 0;
	if (!at)
		return whole;
	struct words_result reason = judged(t, asked, bytes_from(text, at));
	return reason.strength >= 4 && is_reason(reason.cause) ? reason : whole;
}

/* The innermost quoted reply decides, as far as it says something; then the whole. */
static struct words_result peeled(const struct words_table *t, const struct asked *outer, struct bytes text)
{
	struct asked asked = *outer;
	struct enhanced within = { 0 };
	enhanced_find(text, &within);
	if (within.present && !asked.enhanced.present)
		asked.enhanced = within;
	struct words_result result = { .cause = CAUSE_UNKNOWN };
	struct asked inner = asked;
	size_t start = inner_reply(text, &inner.code);
	if (start) {
		result = judged(t, &asked, bytes_first(text, start));
		if (result.cause == CAUSE_SENDER_DOMAIN_INVALID && result.strength >= 4) /* a callout: the quoted server spoke of the sender */
			return result;
		if (within.present)
			inner.enhanced = within;
		result = reasoned(t, &inner, bytes_from(text, start));
	}
	return result.strength < 3 ? reasoned(t, &asked, text) : result;
}

static struct words_result remembered(const struct words_table *t, struct words_memo *memo, const struct asked *asked, struct bytes text)
{
	struct words_result result;
	if (words_memo_find(memo, asked, text, &result))
		return result;
	result = peeled(t, asked, text);
	words_memo_put(memo, asked, text, &result);
	return result;
}

static struct words_result judged_folded(const struct words_table *t, struct words_memo *memo, const struct asked *asked, struct bytes text, bool quotes)
{
	struct folded folded;
	fold(text, quotes, &folded);
	struct words_result result = remembered(t, memo, asked, (struct bytes){ folded.text, folded.n });
	if (result.matched.n) {
		size_t first = (size_t)(result.matched.p - folded.text), last = first + result.matched.n - 1;
		size_t from = folded.from[first], to = folded.from[last] + 1u;
		if (last > first && folded.from[last - 1] == folded.from[last]) /* what a placeholder stands for */
			to = last + 1 < folded.n ? folded.from[last + 1] : text.n;
		while (to < text.n && (text.p[to] & 0xc0) == 0x80) /* the rest of the last character */
			to++;
		result.matched = bytes_first(bytes_from(text, from), to - from);
	}
	return result;
}

/* What stands in quotes is often the client's own (a subject, a file name, a command): it counts only when nothing else speaks. */
struct words_result words_judge(const struct words *w, struct words_memo *memo, enum stage stage, const struct reply *reply)
{
	struct asked asked = { stage, reply->code, reply->enhanced };
	bool quotes = fold_has_quotes(reply->text);
	struct words_result result = judged_folded(w->table, memo, &asked, reply->text, !quotes);
	if (!quotes || result.strength >= 3)
		return result;
	struct words_result whole = judged_folded(w->table, memo, &asked, reply->text, true);
	return whole.strength > result.strength ? whole : result;
}

enum stage words_stage(const struct command *command)
{
	static const struct { enum verb verb; enum stage stage; } rows[] = {
		{ VERB_EHLO, STAGE_HELO }, { VERB_HELO, STAGE_HELO }, { VERB_LHLO, STAGE_HELO }, { VERB_MAIL, STAGE_MAIL }, { VERB_SEND, STAGE_MAIL },
		{ VERB_SOML, STAGE_MAIL }, { VERB_SAML, STAGE_MAIL }, { VERB_RCPT, STAGE_RCPT },    { VERB_DATA, STAGE_DATA }, { VERB_BDAT, STAGE_CONTENT },
		{ VERB_AUTH, STAGE_AUTH }, { VERB_STARTTLS, STAGE_STARTTLS }, { VERB_VRFY, STAGE_RCPT },
	};
	switch (command->kind) {
	case COMMAND_CONNECT:
		return STAGE_CONNECT;
	case COMMAND_CONTENT:
	case COMMAND_CHUNK:
		return STAGE_CONTENT;
	case COMMAND_AUTH:
		return STAGE_AUTH;
	case COMMAND_LINE:
	case COMMAND_UNSEEN:
	case COMMAND_TLS:
		break;
	}
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].verb == command->verb)
			return rows[i].stage;
	return STAGE_OTHER;
}
