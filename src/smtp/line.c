/* line.c - cut one direction of a stream into lines. Takes chunks and gaps, gives lines as views of the chunk where they lie
 * whole in it, else of the kept part; never fails on input, never keeps more than LIMIT_LINE octets of a line. */
#include "smtp/line.h"

#include "base/limits.h"
#include "base/scan.h"

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

/* The line's facts as its first octet shows them. */
static struct line line_begun(const struct lines *l)
{
	const struct chunk *chunk = l->chunk;
	return (struct line){ .offset = chunk->offset + l->at, .first = chunk->place, .flags = l->after_gap ? LINE_AFTER_GAP : 0 };
}

/* The chunk brought octets of the line. */
static void note_segment(struct line *line, const struct chunk *chunk, bool counted)
{
	line->last = chunk->place;
	line->acked = chunk->acked;
	line->ttl = chunk->marks.ttl;
	if (counted)
		return;
	line->segments = (uint16_t)(line->segments + (line->segments < UINT16_MAX));
	line->odd |= chunk->odd;
}

/* A CR at the end of a part is judged when the next octet is known: it may belong to the line's end. */
static void note_octets(struct line *line, bool *last_was_cr, struct bytes part)
{
	if (part.n == 0)
		return;
	if (*last_was_cr)
		line->flags |= LINE_HAS_BARE_CR;
	*last_was_cr = part.p[part.n - 1] == '\r';
	line->flags |= octet_flags(bytes_first(part, part.n - *last_was_cr));
	line->length += part.n;
}

/* The line ends: whole is its text, a CR of its ending included. */
static void finish(struct line *line, bool last_was_cr, struct bytes whole, enum line_ending ending)
{
	if (last_was_cr) {
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
}

/* ---- a line that lies in several chunks ---- */

static void part_room(struct lines *l, size_t need)
{
	enum { FIRST_ROOM = 128 };
	if (l->part && need <= l->part->room)
		return;
	size_t room = need <= FIRST_ROOM ? FIRST_ROOM : LIMIT_LINE + 1;
	l->part = memory_grow(l->part, sizeof *l->part + room, 1);
	l->part->room = room;
}

static void part_begin(struct lines *l)
{
	part_room(l, 0);
	l->part->line = line_begun(l);
	l->part->line.text.p = l->part->kept;
	l->begun = true;
	l->counted = false;
	l->last_was_cr = false;
}

static void part_keep(struct lines *l, struct bytes octets)
{
	size_t nkept = l->part->line.text.n;
	note_octets(&l->part->line, &l->last_was_cr, octets);
	octets = bytes_first(octets, LIMIT_LINE + 1 - nkept); /* one more: a CR there may belong to the line's end */
	if (octets.n == 0)
		return;
	part_room(l, nkept + octets.n);
	memcpy(l->part->kept + nkept, octets.p, octets.n);
	l->part->line.text = (struct bytes){ l->part->kept, nkept + octets.n };
}

static void part_finish(struct lines *l, enum line_ending ending, struct line *out)
{
	*out = l->part->line;
	finish(out, l->last_was_cr, out->text, ending);
	l->begun = false;
	l->last_was_cr = false;
	l->after_gap = ending == LINE_GAP;
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

/* Nothing of it came in an earlier chunk. What is odd about it is still to be noted. */
static void whole_line(struct lines *l, struct bytes text, struct line *out)
{
	const struct chunk *chunk = l->chunk;
	*out = (struct line){
		.text = text, .length = text.n, .offset = chunk->offset + l->at, .first = chunk->place, .last = chunk->place, .acked = chunk->acked,
		.ending = LINE_CRLF, .ttl = chunk->marks.ttl, .flags = l->after_gap ? LINE_AFTER_GAP : 0, .segments = 1, .odd = chunk->odd,
	};
	l->after_gap = false;
}

static void odd_line(struct lines *l, struct bytes octets, enum line_ending ending, struct line *out)
{
	bool last_was_cr = octets.n && octets.p[octets.n - 1] == '\r';
	whole_line(l, octets, out);
	out->flags |= octet_flags(bytes_first(octets, octets.n - last_was_cr));
	finish(out, last_was_cr, octets, ending);
}

/* As nearly all are: whole in the chunk, and no lone CR ends one. */
static bool next_whole(struct lines *l, struct bytes rest, struct line *out)
{
	struct line_end end = scan_line(rest);
	if (end.at == BYTES_NONE)
		return false;
	if (end.plain && end.at && end.at <= LIMIT_LINE && rest.p[end.at - 1] == '\r')
		whole_line(l, (struct bytes){ rest.p, end.at - 1 }, out);
	else
		odd_line(l, (struct bytes){ rest.p, end.at }, LINE_LF, out);
	l->at += end.at + 1;
	return true;
}

/* A line that began in an earlier chunk, or does not end in this one, or may end with a lone CR. */
static __attribute__((noinline)) bool next_in_parts(struct lines *l, struct bytes rest, struct line *out)
{
	if (l->begun && l->bare_cr_ends && l->last_was_cr && rest.p[0] != '\n') {
		part_finish(l, LINE_CR, out);
		return true;
	}
	size_t end = end_of_line(l, rest);
	if (end == BYTES_NONE || l->begun) {
		if (!l->begun)
			part_begin(l);
		note_segment(&l->part->line, l->chunk, l->counted);
		l->counted = true;
		part_keep(l, bytes_first(rest, end));
	}
	if (end == BYTES_NONE) {
		l->at += rest.n;
		return false;
	}
	enum line_ending ending = rest.p[end] == '\r' ? LINE_CR : LINE_LF;
	if (l->begun)
		part_finish(l, ending, out);
	else
		odd_line(l, bytes_first(rest, end), ending, out);
	l->at += end + 1;
	return true;
}

bool lines_next(struct lines *l, struct line *out)
{
	struct bytes rest = lines_rest(l);
	if (rest.n == 0)
		return false;
	return (!l->begun && !l->bare_cr_ends && next_whole(l, rest, out)) || next_in_parts(l, rest, out);
}

void lines_put_aside(struct lines *l)
{
	l->at += lines_rest(l).n;
}

bool lines_gap(struct lines *l, const struct gap *gap, struct line *out)
{
	(void)gap;
	bool unfinished = l->begun;
	l->chunk = NULL; /* its octets are gone: nothing stands behind the line */
	if (unfinished)
		part_finish(l, LINE_GAP, out);
	l->after_gap = true;
	return unfinished;
}

bool lines_end(struct lines *l, struct line *out)
{
	l->chunk = NULL;
	if (!l->begun)
		return false;
	part_finish(l, l->bare_cr_ends && l->last_was_cr ? LINE_CR : LINE_END, out);
	return true;
}

const struct line *lines_unfinished(const struct lines *l)
{
	return l->begun ? &l->part->line : NULL;
}

void lines_free(struct lines *l)
{
	free(l->part);
	*l = (struct lines){ 0 };
}
