/* words.c - judges the text of a reply by the rows of words.tsv. Takes one reply and its stage, gives the cause its words stand for.
 * The best weight wins; among equals the longer phrase, then the later row (a user's file comes last). A reply that quotes another
 * server's reply is judged by the innermost one, as far as that says something. */
#include "why/words.h"

#include "base/text.h"
#include "why/fold.h"
#include "why/words_table.h"

#include <stdlib.h>

#include "base/banned.h"

enum { HITS_MOST = 256, REACH = 80 }; /* REACH: octets between two fragments of a phrase */

struct words {
	struct words_table table;
};

struct hit {
	uint32_t word;
	uint16_t start, end;
};

struct hits {
	const struct words_table *table;
	struct bytes text;
	struct hit all[HITS_MOST];
	size_t n;
};

struct asked { /* the codes and the stage that rows are held against */
	enum stage stage;
	int code;
	struct enhanced enhanced;
};

struct best {
	const struct words_row *row;
	int weight;
	size_t length, start, end;
};

static const uint8_t built_in[] = {
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

struct words *words_new(const char *rules_file, struct error *error)
{
	struct words *w = memory_new(1, sizeof *w);
	struct text text = { 0 };
	words_table_init(&w->table);
	bool fine = words_table_add(&w->table, "words.tsv", (struct bytes){ built_in, sizeof built_in }, error);
	if (fine && rules_file)
		fine = file_read(rules_file, &text, error) && words_table_add(&w->table, rules_file, text_view(&text), error);
	text_free(&text);
	if (!fine) {
		words_free(w);
		return NULL;
	}
	words_table_build(&w->table);
	return w;
}

void words_free(struct words *w)
{
	if (!w)
		return;
	words_table_free(&w->table);
	free(w);
}

/* ---- phrases in the text ---- */

static bool is_word_octet(uint8_t c)
{
	return octet_is_digit(c) || octet_is_alpha(c);
}

static void hit_note(void *to, uint32_t word, size_t end)
{
	struct hits *h = to;
	size_t n = automaton_word(h->table->automaton, word).n;
	if (h->n < HITS_MOST)
		h->all[h->n++] = (struct hit){ word, (uint16_t)(end - n), (uint16_t)end };
}

static bool fragment_fits(const struct hits *h, const struct fragment *f, const struct hit *hit)
{
	if (f->word != hit->word)
		return false;
	const uint8_t *p = h->text.p;
	if (!f->open_start && hit->start > 0 && is_word_octet(p[hit->start]) && is_word_octet(p[hit->start - 1]))
		return false;
	return f->open_end || hit->end == h->text.n || !is_word_octet(p[hit->end - 1]) || !is_word_octet(p[hit->end]);
}

/* The phrase, its first fragment at hit: where it ends, 0 when it is not there. */
static size_t phrase_end(const struct hits *h, const struct phrase *phrase, size_t hit)
{
	if (!fragment_fits(h, &phrase->fragments[0], &h->all[hit]) || (phrase->at_start && h->all[hit].start > 0))
		return 0;
	size_t end = h->all[hit].end;
	for (unsigned i = 1; i < phrase->n; i++) {
		size_t next = 0;
		for (size_t k = 0; k < h->n; k++) {
			const struct hit *other = &h->all[k];
			if (other->start >= end && other->start <= end + REACH && fragment_fits(h, &phrase->fragments[i], other) && (!next || other->end < next))
				next = other->end;
		}
		if (!next)
			return 0;
		end = next;
	}
	return end;
}

static bool phrase_anywhere(const struct hits *h, const struct phrase *phrase)
{
	for (size_t i = 0; i < h->n; i++)
		if (phrase_end(h, phrase, i))
			return true;
	return false;
}

/* ---- rows against codes ---- */

static bool basic_fits(const struct code_filter *f, int code)
{
	int shown = f->n == 3 ? code : f->n == 2 ? code / 10 : code / 100;
	return shown == f->parts[0];
}

static bool enhanced_fits(const struct code_filter *f, const struct enhanced *e)
{
	const uint16_t parts[3] = { e->class, e->subject, e->detail };
	for (unsigned i = 0; i < f->n; i++)
		if (!e->present || parts[i] != f->parts[i])
			return false;
	return true;
}

static bool row_fits(const struct words_row *row, const struct asked *asked)
{
	bool basic = false, basic_wanted = false, enhanced = false, enhanced_wanted = false;
	if (row->stages && !(row->stages & 1u << asked->stage))
		return false;
	for (unsigned i = 0; i < row->ncodes; i++) {
		if (row->codes[i].enhanced) {
			enhanced_wanted = true;
			enhanced |= enhanced_fits(&row->codes[i], &asked->enhanced);
		} else {
			basic_wanted = true;
			basic |= basic_fits(&row->codes[i], asked->code);
		}
	}
	return (!basic_wanted || basic) && (!enhanced_wanted || enhanced);
}

static bool row_is_void(const struct hits *h, const struct words_row *row)
{
	for (size_t i = 0; i < row->nunless; i++)
		if (phrase_anywhere(h, &row->unless[i]))
			return true;
	return false;
}

/* ---- the judgement ---- */

static void cause_keep(struct best *causes, size_t *n, size_t most, struct best candidate)
{
	for (size_t i = 0; i < *n; i++)
		if (causes[i].row->cause == candidate.row->cause) {
			if (candidate.weight > causes[i].weight || (candidate.weight == causes[i].weight && candidate.length >= causes[i].length))
				causes[i] = candidate;
			return;
		}
	if (*n < most)
		causes[(*n)++] = candidate;
}

static bool better(const struct best *a, const struct best *b)
{
	return a->weight != b->weight ? a->weight > b->weight : a->length > b->length;
}

static size_t causes_found(const struct words_table *t, const struct hits *h, const struct asked *asked, struct best *causes, size_t most)
{
	size_t n = 0;
	for (size_t i = 0; i < h->n; i++)
		for (uint32_t e = t->first[h->all[i].word]; e; e = t->entries[e - 1].next) {
			const struct words_entry *entry = &t->entries[e - 1];
			const struct words_row *row = &t->rows[entry->row];
			size_t end = phrase_end(h, &entry->phrase, i);
			if (end && row_fits(row, asked) && !row_is_void(h, row))
				cause_keep(causes, &n, most, (struct best){ row, row->weight, end - h->all[i].start, h->all[i].start, end });
		}
	for (size_t i = 0; i < t->nbare; i++) {
		const struct words_row *row = &t->rows[t->bare[i]];
		if (row_fits(row, asked) && !row_is_void(h, row))
			cause_keep(causes, &n, most, (struct best){ .row = row, .weight = row->weight });
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
	struct hits h = { .table = t, .text = text };
	struct best causes[16];
	automaton_scan(t->automaton, text, hit_note, &h);
	size_t n = causes_found(t, &h, asked, causes, sizeof causes / sizeof *causes);
	if (n == 0)
		return (struct words_result){ .cause = CAUSE_UNKNOWN };
	struct words_result r = {
		.cause = causes[0].row->cause,
		.strength = strength_of(causes[0].weight),
		.source = causes[0].row->source[0] ? causes[0].row->source : NULL,
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

/* Where the innermost quoted reply begins: behind the last "said: 5xx" and its like; 0 none. */
static size_t inner_reply(struct bytes text, int *code)
{
	static const char *const marks[] = { "said:", "says:", "replied:", "responded:", "response:", "reply was:", "answered:", "smtp;", "error:", "returned:" };
	size_t inner = 0;
	for (size_t m = 0; m < sizeof marks / sizeof *marks; m++) {
		struct bytes mark = bytes_of(marks[m]);
		for (size_t from = 0, at; (at = bytes_find(bytes_from(text, from), mark)) != BYTES_NONE; from += at + mark.n) {
			size_t start = from + at + mark.n;
			uint64_t value;
			while (start < text.n && text.p[start] == ' ')
				start++;
			struct bytes digits = bytes_first(bytes_from(text, start), 3);
			if (digits.n == 3 && digits.p[0] == '5' && bytes_number(digits, &value) && start + 3 > inner) {
				inner = start + 3;
				*code = (int)value;
			}
		}
	}
	return inner;
}

struct words_result words_judge(const struct words *w, enum stage stage, const struct reply *reply)
{
	struct folded folded;
	fold(reply->text, &folded);
	struct bytes text = { folded.text, folded.n };
	struct asked asked = { stage, reply->code, reply->enhanced };
	struct enhanced within = { 0 };
	enhanced_find(text, &within);
	if (within.present && !asked.enhanced.present)
		asked.enhanced = within;
	struct words_result result = { 0 };
	struct asked inner = asked;
	size_t start = inner_reply(text, &inner.code);
	if (start) {
		if (within.present)
			inner.enhanced = within;
		result = judged(&w->table, &inner, bytes_from(text, start));
	}
	if (result.strength < 3)
		result = judged(&w->table, &asked, text);
	if (result.matched.n) {
		size_t from = folded.from[result.matched.p - folded.text];
		size_t last = folded.from[result.matched.p - folded.text + (ptrdiff_t)result.matched.n - 1];
		result.matched = bytes_first(bytes_from(reply->text, from), last - from + 1);
	}
	return result;
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
