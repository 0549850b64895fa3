/* content.c - facts of message data while it goes by. Takes octets, gives counters and the end; never keeps or copies the data. */
#include "smtp/content.h"

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

static void header_line(struct reader_of_content *r)
{
	struct bytes line = { r->first, r->length < FIELD_ROOM ? (size_t)r->length : FIELD_ROOM };
	struct content *facts = &r->facts;
	struct bytes name = bytes_trim(bytes_cut(line, ':').head);
	bool field = name.n < line.n && bytes_index(name, ' ') == BYTES_NONE;
	bool folded = line.n && (line.p[0] == ' ' || line.p[0] == '\t');
	if (r->length == 0 || (!field && !folded)) {
		r->past_header = true; /* RFC 5322 2.1: the first empty line, or what cannot be a field */
		return;
	}
	facts->has_header |= field;
	facts->header_8bit |= r->has_8bit;
	facts->header_from |= field && bytes_is(name, B("From"));
	facts->header_to |= field && bytes_is(name, B("To"));
	facts->header_date |= field && bytes_is(name, B("Date"));
	facts->header_message_id |= field && bytes_is(name, B("Message-ID"));
	facts->received_headers += field && bytes_is(name, B("Received"));
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
		header_line(r);
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

typedef uint8_t octets __attribute__((vector_size(16)));

static octets octets_at(const uint8_t *p)
{
	octets v;
	memcpy(&v, p, sizeof v);
	return v;
}

/* No NUL, no octet with the high bit, each CR before an LF and each LF behind a CR, and none of the two cut off at either end. */
static bool is_regular(struct bytes b)
{
	if (b.n < sizeof(octets) + 1 || b.p[0] == '\n' || b.p[b.n - 1] == '\r')
		return false;
	octets odd = { 0 };
	size_t i = 0, last = b.n - 1 - sizeof odd; /* the last place where all pairs lie inside */
	for (;; i = i + sizeof odd < last ? i + sizeof odd : last) {
		octets here = octets_at(b.p + i), next = octets_at(b.p + i + 1);
		odd |= (octets)(here == '\r') ^ (octets)(next == '\n');
		odd |= (octets)(here == 0) | (octets)(next == 0) | (octets)((here | next) >= 0x80);
		if (i == last)
			break;
	}
	uint64_t halves[2];
	memcpy(halves, &odd, sizeof halves);
	return !(halves[0] | halves[1]);
}

/* Lines of a regular chunk behind the header: nothing to look for but their ends. */
static size_t read_regular(struct reader_of_content *r, struct bytes b, bool dots, bool *ended)
{
	size_t taken = 0;
	for (size_t lf; (lf = bytes_index(bytes_from(b, taken), '\n')) != BYTES_NONE;) {
		const uint8_t *line = b.p + taken;
		uint64_t length = r->length + lf - 1;
		bool dot = dots && length == 1 && (r->length ? r->first[0] : line[0]) == '.';
		taken += lf + 1;
		r->length = 0;
		if (dot) {
			r->facts.octets += taken - 3;
			*ended = true;
			return taken;
		}
		r->facts.lines++;
		if (length > r->facts.longest_line)
			r->facts.longest_line = length;
		r->has_8bit = false;
	}
	r->facts.octets += b.n;
	line_grows(r, bytes_from(b, taken));
	return b.n;
}

size_t content_read(struct reader_of_content *r, struct bytes b, bool dots, bool *ended, bool *odd_end)
{
	size_t taken = 0;
	bool judged = false;
	*ended = *odd_end = false;
	while (taken < b.n) {
		struct bytes rest = bytes_from(b, taken);
		if (r->past_header && !judged && !r->after_cr && !r->started_bare && is_regular(rest))
			return taken + read_regular(r, rest, dots, ended);
		judged |= r->past_header;
		size_t lf = bytes_index(rest, '\n');
		bool whole = lf != BYTES_NONE;
		struct bytes part = bytes_first(rest, whole ? lf + 1 : rest.n), text = part;
		bool was_cr = r->after_cr;
		taken += part.n;
		r->facts.octets += part.n;
		count_octets(&r->facts, part, &r->has_8bit);
		if (whole)
			text.n--;
		bool joined = whole && was_cr && text.n == 0; /* this LF and the CR at the end of the chunk before */
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
	r->past_header = true;
}
