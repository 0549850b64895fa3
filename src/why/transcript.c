/* transcript.c - two streams become lines without text. Takes chunks, gaps, ends; gives hashes, lengths, endings and frames of lines; never
 * keeps their octets but those of a header field's name. */
#include "why/transcript.h"

#include "base/limits.h"

#include "base/banned.h"

struct speaking {
	struct spoken line;
	bool begun, cr;      /* cr: the last octet was a CR, not yet counted */
	bool in_field;       /* so far it may be a field's name */
	uint8_t field[TRANSCRIPT_FIELD];
	size_t nfield;
	struct segment_end segments[TRANSCRIPT_PIECES];
	size_t nsegments;    /* TRANSCRIPT_PIECES + 1: too many */
};

static const uint64_t hash_begin = 0xcbf29ce484222325u, hash_factor = 0x100000001b3u; /* FNV-1a, 64 bits */

uint64_t transcript_hash(struct bytes line)
{
	uint64_t hash = hash_begin;
	for (size_t i = 0; i < line.n; i++)
		hash = (hash ^ line.p[i]) * hash_factor;
	return hash;
}

struct transcript *transcript_new(void)
{
	struct transcript *t = memory_new(1, sizeof *t);
	for (int d = 0; d < 2; d++)
		t->of[d].speaking = memory_new(1, sizeof(struct speaking));
	return t;
}

static void line_begin(struct speaking *s, uint64_t offset, struct place place, bool holed)
{
	s->line = (struct spoken){ .hash = hash_begin, .offset = offset, .first = place, .holed = holed };
	s->begun = s->in_field = true;
	s->cr = false;
	s->nfield = s->nsegments = 0;
}

static void line_octet(struct speaking *s, uint8_t c)
{
	s->line.folded |= s->line.length == 0 && octet_is_blank(c);
	s->line.hash = (s->line.hash ^ c) * hash_factor;
	s->line.length++;
	if (!s->in_field)
		return;
	bool name = octet_is_alpha(c) || octet_is_digit(c) || c == '-' || c == '_';
	if (name && s->nfield < TRANSCRIPT_FIELD) {
		s->field[s->nfield++] = c;
		return;
	}
	s->in_field = false;
	if (c != ':')
		s->nfield = 0;
}

static void line_done(struct transcript *t, struct monologue *m, enum line_ending ending)
{
	struct speaking *s = m->speaking;
	struct spoken *line = &s->line;
	s->begun = false;
	if (m->n == LIMIT_TRANSCRIPT) {
		m->full = true;
		return;
	}
	line->ending = ending;
	if (s->nfield && !s->in_field)
		line->field = arena_copy(&t->arena, (struct bytes){ s->field, s->nfield });
	if (s->nsegments > 1 && s->nsegments <= TRANSCRIPT_PIECES) {
		line->nsegments = s->nsegments;
		line->segments = ARENA_ARRAY(&t->arena, struct segment_end, s->nsegments);
		memcpy(line->segments, s->segments, s->nsegments * sizeof *s->segments);
	}
	if (m->n == m->room) {
		m->room = m->room ? 2 * m->room : 32;
		m->lines = memory_grow(m->lines, m->room, sizeof *m->lines);
	}
	m->lines[m->n++] = *line;
}

/* The segment brought the line's octets up to where it stands now. */
static void segment_done(struct speaking *s, struct place place)
{
	if (!s->begun)
		return;
	s->line.last = place;
	if (s->nsegments < TRANSCRIPT_PIECES)
		s->segments[s->nsegments] = (struct segment_end){ s->line.length + s->cr, place };
	if (s->nsegments <= TRANSCRIPT_PIECES)
		s->nsegments++;
}

/* What a segment acknowledges and was never delivered is lost, whoever should have said so. One octet may be a FIN's. */
static void check_acknowledged(struct transcript *t, enum direction other, const struct chunk *chunk)
{
	const struct monologue *m = &t->of[other];
	if (m->ending != END_OPEN || chunk->acked <= m->end + 1)
		return;
	const struct gap gap = { m->end, chunk->acked - m->end, GAP_CAPTURE, chunk->place };
	transcript_gap(t, other, &gap);
}

void transcript_data(struct transcript *t, enum direction direction, const struct chunk *chunk)
{
	struct monologue *m = &t->of[direction];
	check_acknowledged(t, direction_other(direction), chunk);
	struct speaking *s = m->speaking;
	uint64_t offset = chunk->offset;
	for (size_t i = 0; i < chunk->bytes.n; i++, offset++) {
		uint8_t c = chunk->bytes.p[i];
		if (!s->begun)
			line_begin(s, offset, chunk->place, transcript_has_hole(t, direction, offset, offset));
		if (c == '\n') {
			bool cr = s->cr;
			s->cr = false;
			segment_done(s, chunk->place);
			line_done(t, m, cr ? LINE_CRLF : LINE_LF);
			continue;
		}
		if (s->cr)
			line_octet(s, '\r');
		s->cr = c == '\r';
		if (!s->cr)
			line_octet(s, c);
	}
	segment_done(s, chunk->place);
	if (offset > m->end)
		m->end = offset;
}

void transcript_gap(struct transcript *t, enum direction direction, const struct gap *gap)
{
	struct monologue *m = &t->of[direction];
	if (m->speaking->begun) {
		m->speaking->line.holed = true;
		line_done(t, m, LINE_GAP);
	}
	m->holes = memory_grow(m->holes, m->nholes + 1, sizeof *m->holes);
	m->holes[m->nholes++] = (struct hole){ gap->offset, gap->missing };
	if (gap->offset + gap->missing > m->end)
		m->end = gap->offset + gap->missing;
}

void transcript_end(struct transcript *t, enum direction direction, enum ending ending, struct place place)
{
	struct monologue *m = &t->of[direction];
	if (m->ending != END_OPEN)
		return;
	m->ending = ending;
	m->ended_at = place;
}

void transcript_close(struct transcript *t)
{
	for (int d = 0; d < 2; d++) {
		struct monologue *m = &t->of[d];
		if (m->speaking->begun)
			line_done(t, m, LINE_END);
		free(m->speaking);
		m->speaking = NULL;
		if (m->n)
			m->lines = memory_grow(m->lines, m->room = m->n, sizeof *m->lines);
	}
}

const struct spoken *transcript_at(const struct transcript *t, enum direction direction, uint64_t offset)
{
	const struct monologue *m = &t->of[direction];
	size_t low = 0, high = m->n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (m->lines[middle].offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low < m->n && m->lines[low].offset == offset ? &m->lines[low] : NULL;
}

bool transcript_has_hole(const struct transcript *t, enum direction direction, uint64_t from, uint64_t to)
{
	const struct monologue *m = &t->of[direction];
	for (size_t i = m->nholes; i-- > 0;)
		if (m->holes[i].offset <= to && m->holes[i].offset + m->holes[i].missing >= from)
			return true;
	return false;
}

void transcript_free(struct transcript *t)
{
	if (!t)
		return;
	for (int d = 0; d < 2; d++) {
		free(t->of[d].lines);
		free(t->of[d].holes);
		free(t->of[d].speaking);
	}
	arena_drop(&t->arena);
	free(t);
}
