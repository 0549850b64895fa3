/* reply.c - server lines become one reply (RFC 5321 4.2.1, RFC 2034 4). Takes lines, gives a reply with its last line; what breaks
 * the form is a flag. A line that is no reply line stands for itself, so that no good reply after it is swallowed. */
#include "smtp/reply.h"

#include "base/limits.h"
#include "base/scan.h"

#include <stdlib.h>

#include "base/banned.h"

enum { MISSING = -1 };

static bool has_code(struct bytes line)
{
	return line.n >= 3 && octet_is_digit(line.p[0]) && octet_is_digit(line.p[1]) && octet_is_digit(line.p[2]) &&
	       !(line.n > 3 && octet_is_digit(line.p[3])) && !(line.n > 4 && line.p[3] == '.' && octet_is_digit(line.p[4]));
}

bool reply_line_looks_right(struct bytes line)
{
	return has_code(line) && (line.n == 3 || line.p[3] == ' ' || line.p[3] == '-');
}

static uint16_t take_number(struct bytes *b)
{
	uint16_t value = 0;
	size_t n = 0;
	while (n < b->n && n < 3 && octet_is_digit(b->p[n]))
		value = (uint16_t)(value * 10 + b->p[n++] - '0');
	*b = bytes_from(*b, n);
	return value;
}

/* status-code = class "." subject "." detail, class 2, 4 or 5, up to three digits each (RFC 3463 2). Taken off the text. */
static struct enhanced take_enhanced(struct bytes *text)
{
	const uint8_t *p = text->p;
	bool short_one = text->n > 6 && (p[0] == '2' || p[0] == '4' || p[0] == '5') && p[1] == '.' && octet_is_digit(p[2]) && p[3] == '.' && octet_is_digit(p[4]);
	if (short_one && p[5] == ' ' && p[6] > ' ' && p[text->n - 1] > ' ') { /* as most are, and text behind it */
		*text = (struct bytes){ p + 6, text->n - 6 };
		return (struct enhanced){ true, (uint8_t)(p[0] - '0'), (uint16_t)(p[2] - '0'), (uint16_t)(p[4] - '0') };
	}
	struct bytes rest = bytes_trim(*text);
	struct enhanced e = { .present = true };
	if (rest.n < 5 || (rest.p[0] != '2' && rest.p[0] != '4' && rest.p[0] != '5') || rest.p[1] != '.' || !octet_is_digit(rest.p[2]))
		return (struct enhanced){ 0 };
	e.class = (uint8_t)take_number(&rest); /* one digit */
	rest = bytes_from(rest, 1);
	e.subject = take_number(&rest);
	if (rest.n < 2 || rest.p[0] != '.' || !octet_is_digit(rest.p[1]))
		return (struct enhanced){ 0 };
	rest = bytes_from(rest, 1);
	e.detail = take_number(&rest);
	if (rest.n && (octet_is_digit(rest.p[0]) || octet_is_alpha(rest.p[0]) || rest.p[0] == '.'))
		return (struct enhanced){ 0 }; /* an address, a version, a domain name */
	while (rest.n && (rest.p[0] == ' ' || rest.p[0] == '\t'))
		rest = bytes_from(rest, 1);
	*text = rest;
	return e;
}

static void add_capped(struct text *t, struct bytes b, bool first)
{
	if (!first && t->n < LIMIT_REPLY)
		text_add_octet(t, '\n');
	text_add(t, bytes_first(b, LIMIT_REPLY - t->n));
}

static void note_line(struct reply *reply, const struct line *line)
{
	reply->last = line->last;
	reply->acked = line->acked;
	reply->ttl = line->ttl;
	reply->odd |= line->odd;
	if (line->ending == LINE_LF || line->ending == LINE_CR || line->flags & LINE_HAS_BARE_CR)
		reply->flags |= REPLY_BARE_NEWLINE;
	if (line->ending == LINE_GAP || line->ending == LINE_END)
		reply->flags |= REPLY_CUT;
	if (line->flags & LINE_AFTER_GAP)
		reply->flags |= REPLY_AFTER_GAP;
}

static int16_t code_of(struct bytes line)
{
	return (int16_t)((line.p[0] - '0') * 100 + (line.p[1] - '0') * 10 + line.p[2] - '0');
}

static void note_code(struct reply *reply, int16_t code)
{
	if (reply->code != MISSING && reply->code != code)
		reply->flags |= REPLY_CODE_CHANGES;
	reply->code = code;
}

/* Facts that need the whole reply. */
static void judge(struct reply *reply)
{
	if (reply->code == MISSING)
		return;
	if (reply->code < 200 || reply->code > 599)
		reply->flags |= REPLY_CODE_ODD;
	if (reply->enhanced.present && reply->enhanced.class != reply->code / 100)
		reply->flags |= REPLY_ENHANCED_MISMATCH;
}

/* Gives the line's text without code, separator and enhanced code. */
static struct bytes note_text(struct reply *reply, struct bytes whole, bool coded)
{
	struct bytes text = whole;
	if (!coded) {
		reply->flags |= REPLY_CODE_MISSING;
	} else {
		uint8_t separator = whole.n > 3 ? whole.p[3] : ' ';
		if (separator != ' ' && separator != '-')
			reply->flags |= REPLY_SEPARATOR_ODD;
		note_code(reply, code_of(whole));
		bool blank = separator == ' ' || separator == '-' || separator == '\t';
		text = bytes_from(whole, blank ? 4 : 3);
	}
	struct enhanced e = take_enhanced(&text);
	if (e.present && !reply->enhanced.present)
		reply->enhanced = e;
	reply->nlines = (uint16_t)(reply->nlines + (reply->nlines < UINT16_MAX));
	return text;
}

static struct gathering *gathering_new(const struct reply *reply)
{
	enum { USUAL = 500 };
	struct gathering *g = memory_new(1, sizeof *g);
	text_room(&g->text, USUAL);
	text_room(&g->raw, USUAL);
	g->reply = *reply;
	return g;
}

/* The reply that was gathered; nothing is kept. */
static struct reply take(struct replies *r, struct arena *arena)
{
	struct gathering *g = r->gathering;
	struct reply reply = g->reply;
	reply.raw = arena_copy(arena, text_view(&g->raw));
	reply.text = arena_copy(arena, text_view(&g->text));
	replies_free(r);
	return reply;
}

/* A line that is a reply by itself: its text is the end of the line. */
static void keep_line(struct reply *reply, struct arena *arena, struct bytes text, struct bytes whole)
{
	reply->raw = arena_copy(arena, whole);
	reply->text = text.n ? (struct bytes){ reply->raw.p + (text.p - whole.p), text.n } : (struct bytes){ 0 };
}

bool replies_line(struct replies *r, struct arena *arena, const struct line *line, struct reply *out)
{
	struct bytes whole = line->text;
	bool coded = has_code(whole), inside = r->gathering != NULL;
	struct reply *reply = inside ? &r->gathering->reply : out;
	if (!inside && !coded && bytes_trim(whole).n == 0)
		return false; /* an empty line between replies says nothing */
	if (!inside)
		*reply = (struct reply){ .code = MISSING, .first = line->first, .offset = line->offset };
	note_line(reply, line);
	struct bytes text = note_text(reply, whole, coded);
	bool goes_on = coded ? whole.n > 3 && whole.p[3] == '-' : inside; /* inside a reply the end is still to come */
	if (!goes_on)
		judge(reply);
	if (!goes_on && !inside) {
		keep_line(reply, arena, text, whole);
		return true;
	}
	if (!inside)
		r->gathering = gathering_new(reply);
	add_capped(&r->gathering->text, text, !inside);
	add_capped(&r->gathering->raw, whole, !inside);
	if (!goes_on)
		*out = take(r, arena);
	return !goes_on;
}

/* ---- replies that lie whole in a chunk, as nearly all do ---- */

enum { LINES_AT_ONCE = 64 };

/* The line of a reply at the start of octets, without its CRLF; empty when its form is not the usual one. */
static struct bytes usual_line(struct bytes b)
{
	struct line_end end = scan_line(b);
	bool usual = end.plain && end.at > 4 && end.at <= LIMIT_LINE && b.p[end.at - 1] == '\r' && (b.p[3] == ' ' || b.p[3] == '-');
	if (!usual || !octet_is_digit(b.p[0]) || !octet_is_digit(b.p[1]) || !octet_is_digit(b.p[2]))
		return (struct bytes){ 0 };
	return (struct bytes){ b.p, end.at - 1 };
}

/* Its text; the first enhanced code of the reply's lines is the reply's. */
static struct bytes usual_text(struct reply *reply, struct bytes line)
{
	struct bytes text = { line.p + 4, line.n - 4 };
	if (text.n && (octet_is_digit(text.p[0]) || text.p[0] == ' ' || text.p[0] == '\t')) {
		struct enhanced e = take_enhanced(&text);
		if (e.present && !reply->enhanced.present)
			reply->enhanced = e;
	}
	return text;
}

static uint8_t *put(uint8_t *at, struct bytes b)
{
	return b.n ? (uint8_t *)memcpy(at, b.p, b.n) + b.n : at;
}

static void keep_lines(struct reply *reply, struct arena *arena, const struct bytes *lines, size_t n)
{
	uint8_t raw[LIMIT_REPLY], text[LIMIT_REPLY], *raw_end = raw, *text_end = text;
	for (size_t i = 0; i < n; i++) {
		if (i)
			*raw_end++ = *text_end++ = '\n';
		raw_end = put(raw_end, lines[i]);
		text_end = put(text_end, usual_text(reply, lines[i]));
	}
	reply->raw = arena_copy(arena, (struct bytes){ raw, (size_t)(raw_end - raw) });
	reply->text = arena_copy(arena, (struct bytes){ text, (size_t)(text_end - text) });
}

static struct bytes joined_lines(struct arena *arena, struct bytes first, struct bytes further)
{
	uint8_t *p = arena_octets(arena, first.n + 1 + further.n), *at = put(p, first);
	*at++ = '\n';
	put(at, further);
	return (struct bytes){ p, first.n + 1 + further.n };
}

/* All behind the first line of b was heard before, and what was made of it. It takes the same room as if it were read: how much a session has
 * must not depend on what others heard. */
static bool as_heard(struct reply *reply, struct arena *arena, const struct sayings *sayings, struct bytes b, struct bytes first)
{
	struct bytes further = bytes_from(b, first.n + 2);
	const struct said *said = sayings && further.n >= SAYINGS_SHORTEST && b.n <= LIMIT_REPLY ? sayings_find(sayings, further) : NULL;
	if (!said || memcmp(said->wire.p, b.p, 3) != 0)
		return false;
	reply->nlines = (uint16_t)(1 + said->nlines);
	reply->raw = joined_lines(arena, first, said->raw);
	reply->text = joined_lines(arena, usual_text(reply, first), said->text);
	return true;
}

/* Enhanced codes belong to refusals, and these name addresses. */
static void remember(struct sayings *sayings, const struct reply *reply, struct bytes b, struct bytes first)
{
	struct bytes further = bytes_from(b, first.n + 2);
	if (!sayings || reply->nlines == 1 || further.n < SAYINGS_SHORTEST || reply->enhanced.present)
		return;
	struct said said = { further, bytes_from(reply->raw, first.n + 1), bytes_cut(reply->text, '\n').tail, (uint16_t)(reply->nlines - 1) };
	sayings_keep(sayings, &said);
}

/* The lines at the start of b that make a reply; how many octets they have, 0: they make none, or none of the usual form. */
static size_t usual_lines(struct bytes b, struct bytes lines[LINES_AT_ONCE], size_t *n)
{
	size_t end = 0;
	*n = 0;
	do {
		struct bytes line = *n < LINES_AT_ONCE ? usual_line(bytes_from(b, end)) : (struct bytes){ 0 };
		if (line.n == 0 || memcmp(line.p, b.p, 3) != 0)
			return 0;
		end += line.n + 2;
		lines[(*n)++] = line;
	} while (lines[*n - 1].p[3] == '-');
	return end <= LIMIT_REPLY ? end : 0;
}

size_t replies_whole(struct arena *arena, struct sayings *sayings, const struct chunk *chunk, size_t at, struct reply *out)
{
	struct bytes rest = bytes_from(chunk->bytes, at), first = usual_line(rest);
	if (first.n == 0)
		return 0;
	*out = (struct reply){
		.first = chunk->place, .last = chunk->place, .offset = chunk->offset + at, .acked = chunk->acked, .ttl = chunk->marks.ttl,
		.odd = chunk->odd, .code = code_of(rest), .nlines = 1,
	};
	size_t end = first.n + 2, n;
	if (first.p[3] == ' ') {
		keep_line(out, arena, usual_text(out, first), first);
	} else if (as_heard(out, arena, sayings, rest, first)) {
		end = rest.n;
	} else {
		struct bytes lines[LINES_AT_ONCE];
		end = usual_lines(rest, lines, &n);
		if (end == 0)
			return 0;
		out->nlines = (uint16_t)n;
		keep_lines(out, arena, lines, n);
		if (end == rest.n)
			remember(sayings, out, rest, first);
	}
	judge(out);
	return end;
}

bool replies_cut(struct replies *r, struct arena *arena, struct reply *out)
{
	if (!r->gathering)
		return false;
	*out = take(r, arena);
	out->flags |= REPLY_CUT;
	judge(out);
	return true;
}

void replies_free(struct replies *r)
{
	if (!r->gathering)
		return;
	text_free(&r->gathering->text);
	text_free(&r->gathering->raw);
	free(r->gathering);
	r->gathering = NULL;
}

static bool octet_is_word(struct bytes b, size_t i)
{
	return i < b.n && (octet_is_alpha(b.p[i]) || octet_is_digit(b.p[i]));
}

static bool is_filler(uint8_t c)
{
	return c == 'X' || c == 'x' || c == '*' || c == '#';
}

/* A run of so many octets of filler covers every so many'th octet. */
static bool may_hold_run(struct bytes t, size_t n)
{
	for (size_t i = n - 1; i < t.n; i += n)
		if (is_filler(t.p[i]))
			return true;
	return false;
}

/* A run of filler as long as the verb, or as the line, in the refusal of a line that holds none (nodemailer issue 694; IMC 2015 found
 * servers so). */
bool reply_quotes_mask(const struct reply *r, const struct command *c)
{
	enum { SHORTEST = 4 };
	struct bytes t = r->text;
	if (c->masked_run || (c->kind != COMMAND_LINE && c->kind != COMMAND_CHUNK) || r->code < 500 || r->code > 502)
		return false;
	if (c->word.n < SHORTEST || !may_hold_run(t, SHORTEST))
		return false;
	for (size_t i = 0, n; i < t.n; i += n ? n : 1) {
		for (n = 0; i + n < t.n && t.p[i + n] == t.p[i] && is_filler(t.p[i]); n++)
			;
		bool whole = n && !octet_is_word(t, i + n) && (i == 0 || !octet_is_word(t, i - 1));
		if (whole && (n == c->word.n || n == c->line.text.n) && bytes_find(c->line.text, bytes_first(bytes_from(t, i), SHORTEST)) == BYTES_NONE)
			return true;
	}
	return false;
}
