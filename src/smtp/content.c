/* content.c - facts of message data while it goes by. Takes octets, gives counters and the end; never keeps or copies the data. */
#define _GNU_SOURCE /* memrchr */
#include "smtp/content.h"

#include "base/scan.h"

#include "base/banned.h"

/* Octets with the high bit and NULs, eight at a time: mail is mostly neither. */
static void count_octets(struct content *facts, struct bytes b, bool *has_8bit)
{
	size_t i = 0;
	for (; i + 8 <= b.n; i += 8) {
		uint64_t word;
		memcpy(&word, b.p + i, sizeof word);
		uint64_t high = word & 0x8080808080808080u;
		uint64_t zero = (word - 0x0101010101010101u) & ~word & 0x8080808080808080u;
		if (!(high | zero))
			continue;
		for (size_t k = i; k < i + 8; k++) {
			facts->octets_8bit += b.p[k] >= 0x80;
			facts->nul_octets += b.p[k] == 0;
		}
		*has_8bit |= high != 0;
	}
	for (; i < b.n; i++) {
		facts->octets_8bit += b.p[i] >= 0x80;
		facts->nul_octets += b.p[i] == 0;
		*has_8bit |= b.p[i] >= 0x80;
	}
}

static void count_bare_cr(struct content *facts, struct bytes b)
{
	for (size_t at; (at = bytes_index(b, '\r')) != BYTES_NONE; b = bytes_from(b, at + 1))
		facts->bare_cr += at + 1 == b.n || b.p[at + 1] != '\n';
}

/* What stands before the colon (RFC 5322 2.2; 4.5 has blanks between them), of a name of any length all that is here of it. Empty: no field. */
static struct bytes field_name(struct bytes line, uint64_t length)
{
	size_t n = 0, colon;
	while (n < line.n && line.p[n] != ':' && !octet_is_blank(line.p[n]))
		n++;
	for (colon = n; colon < line.n && octet_is_blank(line.p[colon]);)
		colon++;
	bool field = colon < line.n ? line.p[colon] == ':' : n == line.n && length > n;
	return bytes_first(line, field ? n : 0);
}

static void note_field(struct content *facts, struct bytes name)
{
	facts->has_header = true;
	switch (name.n) {
	case 2:
		facts->header_to |= bytes_is(name, B("To"));
		break;
	case 4:
		facts->header_from |= bytes_is(name, B("From"));
		facts->header_date |= bytes_is(name, B("Date"));
		break;
	case 8:
		facts->received_headers += bytes_is(name, B("Received"));
		break;
	case 10:
		facts->header_message_id |= bytes_is(name, B("Message-ID"));
		break;
	default:
		break;
	}
}

/* A line of the header, of so many octets; its first FIELD_ROOM. */
static void header_line(struct reader_of_content *r, struct bytes line, uint64_t length)
{
	struct bytes name = field_name(line, length);
	bool folded = line.n && octet_is_blank(line.p[0]);
	if (length == 0 || (name.n == 0 && !folded)) {
		r->past_header = true; /* RFC 5322 2.1: the first empty line, or what cannot be a field */
		return;
	}
	r->facts.header_8bit |= r->has_8bit;
	if (name.n)
		note_field(&r->facts, name);
}

/* The line is complete: its ending is CRLF or a bare LF. */
static void line_done(struct reader_of_content *r, bool bare)
{
	struct content *facts = &r->facts;
	facts->lines++;
	facts->bare_lf += bare;
	if (r->length > facts->longest_line)
		facts->longest_line = r->length;
	if (!r->past_header)
		header_line(r, (struct bytes){ r->first, r->length < FIELD_ROOM ? (size_t)r->length : FIELD_ROOM }, r->length);
	r->length = 0;
	r->has_8bit = false;
	r->started_bare = bare;
}

static void line_grows(struct reader_of_content *r, struct bytes b)
{
	if (b.n == 0)
		return;
	if (r->length < FIELD_ROOM) {
		size_t room = FIELD_ROOM - (size_t)r->length;
		memcpy(r->first + r->length, b.p, b.n < room ? b.n : room);
	}
	r->length += b.n;
}

/* ---- bodies as they nearly always are ---- */

/* Compiled twice where the processor may have wider registers than every one of its kind; which one runs is decided at the start. */
#if defined __x86_64__ && defined __GLIBC__
#define WIDE __attribute__((target_clones("avx2", "default")))
#else
#define WIDE
#endif

typedef uint8_t octets __attribute__((vector_size(32)));
typedef int8_t signed_octets __attribute__((vector_size(32)));
enum { WORDS = sizeof(octets) / sizeof(uint64_t) };

struct survey {
	bool regular;   /* no NUL, no octet with the high bit, each CR before an LF and each LF behind a CR, none of the two cut off at either end */
	uint64_t lines; /* LFs */
	uint64_t dots;  /* of these, how many are followed by a dot */
};

enum { COUNTED_AT_ONCE = 254 }; /* groups, and one more, until a count in an octet would wrap */

static uint64_t sum_of(const uint64_t counts[WORDS])
{
	const uint64_t every_other = 0x00ff00ff00ff00ffu;
	uint64_t sum = 0;
	for (size_t i = 0; i < WORDS; i++)
		sum += (counts[i] & every_other) + (counts[i] >> 8 & every_other); /* four sums of 16 bits */
	return sum * 0x0001000100010001u >> 48;
}

struct sums { /* in each octet, of those at its place in the groups */
	octets odd, dots, lines;
};

/* Each octet and the one behind it. Inlined, so that it is compiled for the registers of its caller. */
static inline __attribute__((always_inline)) void add_group(struct sums *s, const uint8_t *p)
{
	const signed_octets ones = (signed_octets){ 0 } + 1;
	octets here, next;
	memcpy(&here, p, sizeof here);
	memcpy(&next, p + 1, sizeof next);
	octets lf = (octets)(here == '\n');
	s->odd |= (octets)(here == '\r') ^ (octets)(next == '\n');
	s->odd |= (octets)(ones > (signed_octets)here); /* NUL, or the high bit */
	s->dots -= lf & (octets)(next == '.');
	s->lines -= lf;
}

/* One pass over so many groups, and one that lies elsewhere. */
WIDE static void survey_groups(struct survey *s, const uint8_t *p, size_t groups, const uint8_t *last)
{
	struct sums sums = { 0 };
	const uint8_t *end = p + groups * sizeof(octets);
	if (last)
		add_group(&sums, last);
	if (groups % 2) {
		add_group(&sums, p);
		p += sizeof(octets);
	}
	for (; p < end; p += 2 * sizeof(octets)) {
		add_group(&sums, p);
		add_group(&sums, p + sizeof(octets));
	}
	uint64_t words[WORDS];
	memcpy(words, &sums.odd, sizeof words);
	for (size_t i = 0; i < WORDS; i++)
		s->regular &= !words[i];
	memcpy(words, &sums.lines, sizeof words);
	s->lines += sum_of(words);
	memcpy(words, &sums.dots, sizeof words);
	s->dots += sum_of(words);
}

static struct survey survey_of(struct bytes b)
{
	struct survey s = { .regular = b.n && b.p[0] != '\n' && b.p[b.n - 1] != '\r' };
	size_t groups;
	while (s.regular && (groups = (b.n - 1) / sizeof(octets)) > COUNTED_AT_ONCE) {
		survey_groups(&s, b.p, COUNTED_AT_ONCE, NULL);
		b = bytes_from(b, COUNTED_AT_ONCE * sizeof(octets));
	}
	if (!s.regular)
		return s;
	struct bytes rest = bytes_from(b, groups * sizeof(octets)); /* 1 to 32 octets */
	uint8_t last[sizeof(octets) + 1];
	memset(last, ' ', sizeof last);
	memcpy(last, rest.p, rest.n);
	survey_groups(&s, b.p, groups, last);
	return s;
}

/* The first line of b, of which the chunks before had some, and then only lines that are longer than any before: where one could end is
 * looked for backwards from there, which steps over many shorter ones at once. Gives the beginning of the unfinished line. */
static size_t read_lengths(struct reader_of_content *r, struct bytes b)
{
	const uint8_t *lf = memchr(b.p, '\n', b.n);
	uint64_t *longest = &r->facts.longest_line;
	if (!lf)
		return 0;
	uint64_t first = r->length + (uint64_t)(lf - b.p) - 1;
	if (first > *longest)
		*longest = first;
	const uint8_t *start = lf + 1, *end = b.p + b.n;
	while ((uint64_t)(end - start) >= *longest + 2) {
		const uint8_t *as_long = start + *longest + 1; /* the lines of an attachment are all alike */
		lf = *as_long == '\n' ? as_long : memrchr(start, '\n', (size_t)*longest + 1);
		if (!lf) {
			lf = memchr(start, '\n', (size_t)(end - start));
			if (!lf)
				return (size_t)(start - b.p);
			*longest = (uint64_t)(lf - start) - 1;
		}
		start = lf + 1;
	}
	lf = start < end ? memrchr(start, '\n', (size_t)(end - start)) : NULL;
	return (size_t)((lf ? lf + 1 : start) - b.p);
}

/* Lines behind the header, of which none is a lone dot: nothing to look for but how many there are and the longest. */
static void read_plain(struct reader_of_content *r, struct bytes b, uint64_t lines)
{
	r->facts.octets += b.n;
	r->facts.lines += lines;
	size_t unfinished = read_lengths(r, b);
	if (lines) {
		r->length = 0;
		r->has_8bit = false;
	}
	line_grows(r, bytes_from(b, unfinished));
}

/* Where the lone dot's line ends in a regular chunk; BYTES_NONE: it is not there. */
static size_t end_of_dot(const struct reader_of_content *r, struct bytes b, uint64_t dots)
{
	if (r->length == 0 && bytes_starts(b, B(".\r\n")))
		return 3;
	if (r->length == 1 && r->first[0] == '.' && bytes_starts(b, B("\r\n")))
		return 2;
	if (dots == 1 && b.n > 4 && memcmp(b.p + b.n - 4, "\n.\r\n", 4) == 0)
		return b.n;
	const uint8_t *dot = dots ? memmem(b.p, b.n, "\n.\r\n", 4) : NULL;
	return dot ? (size_t)(dot - b.p) + 4 : BYTES_NONE;
}

/* Behind the header and at no odd place: how much was taken, 0 when the octets are not regular. */
static size_t read_body(struct reader_of_content *r, struct bytes b, bool dots, bool *ended)
{
	struct survey s = survey_of(b);
	if (!s.regular)
		return 0;
	size_t end = dots ? end_of_dot(r, b, s.dots) : BYTES_NONE;
	if (end == BYTES_NONE) {
		read_plain(r, b, s.lines);
		return b.n;
	}
	*ended = true;
	if (end == b.n && end > 3)
		read_plain(r, bytes_first(b, end - 3), s.lines - 1);
	else if (end > 3)
		read_plain(r, bytes_first(b, end - 3), survey_of(bytes_first(b, end - 3)).lines);
	else if (end < 3)
		r->facts.octets--; /* the dot came with the chunk before */
	r->length = 0;
	return end;
}

/* Lines of the header as nearly all are: from their first octet to their CRLF, printable, no lone dot. How much was taken. */
static size_t read_header(struct reader_of_content *r, struct bytes b)
{
	struct content *facts = &r->facts;
	size_t taken = 0;
	while (!r->past_header) {
		struct bytes rest = bytes_from(b, taken);
		struct line_end end = scan_line(rest);
		if (end.at == BYTES_NONE || !end.plain || end.at == 0 || rest.p[end.at - 1] != '\r' || (end.at == 2 && rest.p[0] == '.'))
			break;
		struct bytes line = { rest.p, end.at - 1 };
		facts->lines++;
		if (line.n > facts->longest_line)
			facts->longest_line = line.n;
		header_line(r, bytes_first(line, FIELD_ROOM), line.n);
		taken += end.at + 1;
	}
	facts->octets += taken;
	return taken;
}

size_t content_read(struct reader_of_content *r, struct bytes b, bool dots, bool *ended, bool *odd_end)
{
	size_t taken = 0;
	bool judged = false;
	*ended = *odd_end = false;
	while (taken < b.n) {
		struct bytes rest = bytes_from(b, taken);
		bool regular = !r->after_cr && !r->behind_hole && !r->started_bare;
		if (!r->past_header && regular && r->length == 0) {
			taken += read_header(r, rest);
			rest = bytes_from(b, taken);
			if (rest.n == 0)
				break;
		}
		if (r->past_header && !judged && regular) {
			size_t body = read_body(r, rest, dots, ended);
			if (body)
				return taken + body;
		}
		judged |= r->past_header;
		struct line_end end = scan_line(rest);
		bool whole = end.at != BYTES_NONE;
		struct bytes part = bytes_first(rest, whole ? end.at + 1 : rest.n), text = part;
		bool was_cr = r->after_cr, may_be_cr = r->behind_hole;
		r->behind_hole = false;
		taken += part.n;
		r->facts.octets += part.n;
		if (!end.plain)
			count_octets(&r->facts, part, &r->has_8bit);
		if (whole)
			text.n--;
		bool joined = whole && (was_cr || may_be_cr) && text.n == 0; /* this LF and the CR at the end of the chunk before */
		bool crlf = joined || (whole && text.n && text.p[text.n - 1] == '\r');
		if (crlf && text.n)
			text.n--;
		if (was_cr && !joined) {
			r->facts.bare_cr++; /* that CR did not end a line */
			line_grows(r, B("\r"));
		}
		r->after_cr = !whole && text.p[text.n - 1] == '\r';
		if (r->after_cr)
			text.n--;
		if (!end.plain)
			count_bare_cr(&r->facts, text);
		line_grows(r, text);
		if (!whole)
			continue;
		bool dot = dots && r->length == 1 && r->first[0] == '.';
		bool odd = dot && (!crlf || r->started_bare);
		if (dot && !odd) {
			r->facts.octets -= 3;
			*ended = true;
			return taken;
		}
		line_done(r, !crlf);
		if (odd) {
			r->facts.lone_dots_odd++;
			*odd_end = true;
			return taken;
		}
	}
	return taken;
}

void content_hole(struct reader_of_content *r)
{
	r->length = FIELD_ROOM; /* of unknown beginning: no dot, no header's name */
	memset(r->first, 0, sizeof r->first);
	r->after_cr = r->started_bare = false;
	r->past_header = r->behind_hole = true;
}
