/* line.c - cut one direction of a stream into lines. Takes chunks and gaps, gives lines as views of the chunk where they lie
 * whole in it, else of the kept part; never fails on input, never keeps more than LIMIT_LINE octets of a line. */
#include "smtp/line.h"

#include "base/limits.h"

#include "base/banned.h"

static uint16_t octet_flags(struct bytes b)
{
	static const uint8_t of[256] = {
		[0] = LINE_HAS_NUL, [1 ... 8] = LINE_HAS_CONTROL, [10 ... 12] = LINE_HAS_CONTROL, [13] = LINE_HAS_BARE_CR,
		[14 ... 31] = LINE_HAS_CONTROL, [127] = LINE_HAS_CONTROL, [128 ... 255] = LINE_HAS_8BIT,
	};
	uint16_t flags = 0;
	for (size_t i = 0; i < b.n;) {
		size_t plain = bytes_printable(bytes_from(b, i));
		for (size_t end = i + plain + 8; plain == 0 && i < b.n && i < end; i++)
			flags |= of[b.p[i]];
		i += plain;
	}
	return flags;
}

/* What looks like a blank or like nothing and is neither to a parser. */
static bool has_invisible(struct bytes b)
{
	static const struct bytes rows[] = {
		B("\xc2\xa0"), B("\xc2\xad"),                                     /* no-break space, soft hyphen */
		B("\xe2\x80\x8b"), B("\xe2\x80\x8c"), B("\xe2\x80\x8d"),          /* zero width space, non-joiner, joiner */
		B("\xe2\x80\x8e"), B("\xe2\x80\x8f"), B("\xe2\x81\xa0"),          /* direction marks, word joiner */
		B("\xe2\x80\xa8"), B("\xe2\x80\xa9"), B("\xe2\x80\xaf"),          /* line and paragraph separator, narrow no-break space */
		B("\xe3\x80\x80"), B("\xef\xbb\xbf"),                             /* ideographic space, byte order mark */
	};
	for (size_t i = 0; i < b.n; i++) {
		if (b.p[i] < 0xc2 || b.p[i] > 0xef)
			continue;
		for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
			if (bytes_starts(bytes_from(b, i), rows[r]))
				return true;
	}
	return false;
}

static void begin(struct lines *l)
{
	const struct chunk *chunk = l->chunk;
	l->line = (struct line){ .offset = chunk->offset + l->at, .first = chunk->place };
	if (l->after_gap)
		l->line.flags = LINE_AFTER_GAP;
	l->begun = true;
	l->counted = false;
	l->nkept = 0;
	l->last_was_cr = false;
}

/* The chunk brought octets of the line. */
static void count_segment(struct lines *l)
{
	const struct chunk *chunk = l->chunk;
	l->line.last = chunk->place;
	l->line.acked = chunk->acked;
	l->line.ttl = chunk->marks.ttl;
	if (l->counted)
		return;
	l->counted = true;
	l->line.segments = (uint16_t)(l->line.segments + (l->line.segments < UINT16_MAX));
	l->line.odd |= chunk->odd;
}

/* A CR at the end of a part is judged when the next octet is known: it may belong to the line's end. */
static void note_octets(struct lines *l, struct bytes part)
{
	if (part.n == 0)
		return;
	if (l->last_was_cr)
		l->line.flags |= LINE_HAS_BARE_CR;
	l->last_was_cr = part.p[part.n - 1] == '\r';
	l->line.flags |= octet_flags(bytes_first(part, part.n - l->last_was_cr));
	l->line.length += part.n;
}

static void keep(struct lines *l, struct bytes part)
{
	note_octets(l, part);
	part = bytes_first(part, LIMIT_LINE + 1 - l->nkept); /* one more: a CR there may belong to the line's end */
	if (part.n == 0)
		return;
	if (l->nkept + part.n > l->room) {
		l->room = l->nkept + part.n < 128 ? 128 : LIMIT_LINE + 1;
		l->kept = memory_grow(l->kept, l->room, 1);
	}
	memcpy(l->kept + l->nkept, part.p, part.n);
	l->nkept += part.n;
}

/* Gives the line that whole is the text of, a CR of its ending included. */
static void finish(struct lines *l, struct bytes whole, enum line_ending ending, struct line *out)
{
	struct line *line = &l->line;
	if (l->last_was_cr) {
		if (whole.n == line->length)
			whole.n--;
		line->length--;
		if (ending == LINE_LF)
			ending = LINE_CRLF;
		else if (ending == LINE_END)
			line->flags |= LINE_HAS_BARE_CR;
	}
	line->text = bytes_first(whole, LIMIT_LINE);
	line->ending = ending;
	if (line->flags & LINE_HAS_8BIT && has_invisible(line->text))
		line->flags |= LINE_INVISIBLE;
	*out = *line;
	l->begun = false;
	l->nkept = 0;
	l->last_was_cr = false;
	l->after_gap = ending == LINE_GAP;
}

static struct bytes kept(const struct lines *l)
{
	return (struct bytes){ l->kept, l->nkept };
}

void lines_push(struct lines *l, const struct chunk *chunk)
{
	l->chunk = chunk;
	l->at = 0;
	l->counted = false;
}

/* Where the line ends in rest: index of its LF, or, where a lone CR ends lines, of that CR. */
static size_t end_of_line(const struct lines *l, struct bytes rest)
{
	size_t lf = bytes_index(rest, '\n');
	if (!l->bare_cr_ends)
		return lf;
	size_t cr = bytes_index(bytes_first(rest, lf), '\r');
	/* The octet after it decides; at the end of the chunk that is still to come. */
	return cr != BYTES_NONE && cr + 1 < rest.n && rest.p[cr + 1] != '\n' ? cr : lf;
}

bool lines_next(struct lines *l, struct line *out)
{
	struct bytes rest = lines_rest(l);
	if (rest.n == 0)
		return false;
	if (l->begun && l->bare_cr_ends && l->last_was_cr && rest.p[0] != '\n') {
		finish(l, kept(l), LINE_CR, out);
		return true;
	}
	if (!l->begun)
		begin(l);
	count_segment(l);
	size_t end = end_of_line(l, rest);
	if (end == BYTES_NONE) {
		keep(l, rest);
		l->at += rest.n;
		return false;
	}
	struct bytes part = bytes_first(rest, end);
	bool lone_cr = rest.p[end] == '\r';
	l->at += end + 1;
	if (l->nkept == 0 && l->line.length == 0) {
		note_octets(l, part);
		finish(l, part, lone_cr ? LINE_CR : LINE_LF, out);
	} else {
		keep(l, part);
		finish(l, kept(l), lone_cr ? LINE_CR : LINE_LF, out);
	}
	return true;
}

struct bytes lines_rest(const struct lines *l)
{
	return l->chunk ? bytes_from(l->chunk->bytes, l->at) : (struct bytes){ 0 };
}

void lines_take(struct lines *l, size_t n)
{
	l->at += bytes_first(lines_rest(l), n).n;
	if (n)
		l->after_gap = false;
}

bool lines_gap(struct lines *l, const struct gap *gap, struct line *out)
{
	(void)gap;
	bool unfinished = l->begun;
	if (unfinished)
		finish(l, kept(l), LINE_GAP, out);
	l->after_gap = true;
	return unfinished;
}

bool lines_end(struct lines *l, struct line *out)
{
	if (!l->begun)
		return false;
	finish(l, kept(l), l->bare_cr_ends && l->last_was_cr ? LINE_CR : LINE_END, out);
	return true;
}

struct bytes lines_unfinished(const struct lines *l)
{
	return l->begun ? kept(l) : (struct bytes){ 0 };
}

void lines_forget(struct lines *l)
{
	l->begun = false;
	l->nkept = 0;
	l->last_was_cr = false;
}

void lines_free(struct lines *l)
{
	free(l->kept);
	*l = (struct lines){ 0 };
}
