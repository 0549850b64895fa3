/* wire.c - takes octets of the wire, gives printable text. Copies runs of plain octets at once. Never gives half an escape. */
#include "store/wire.h"

static bool is_plain(uint8_t c)
{
	return octet_is_print(c) && c != '\\';
}

/* Sixteen octets at a time, signed, so that those from 0x80 on are below the printable ones. */
typedef int8_t octets __attribute__((vector_size(16)));

/* A one bit at least in each octet that is not plain. */
static inline octets odd_of(const uint8_t p[16], char but, bool lines)
{
	octets v;
	memcpy(&v, p, sizeof v);
	octets odd = (octets)(v < 0x20) | (octets)(v == 0x7f) | (octets)(v == '\\');
	if (but != '\\')
		odd |= (octets)(v == but);
	if (lines)
		odd &= (octets)(v != '\n');
	return odd;
}

static inline void look(const uint8_t p[16], char but, bool lines, uint64_t halves[2])
{
	octets odd = odd_of(p, but, lines);
	memcpy(halves, &odd, 2 * sizeof *halves);
}

/* The first octet of a half that is not zero. */
static inline size_t first_of(uint64_t half)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (size_t)__builtin_ctzll(half) / 8;
#else
	return (size_t)__builtin_clzll(half) / 8;
#endif
}

/* The end of the run of plain octets at p. */
static inline size_t plain_run(const uint8_t *p, size_t at, size_t end, char but, bool lines)
{
	uint64_t odd[2];
	for (; at + sizeof(octets) <= end; at += sizeof(octets)) {
		look(p + at, but, lines, odd);
		if (odd[0] | odd[1])
			return at + (odd[0] ? first_of(odd[0]) : 8 + first_of(odd[1]));
	}
	while (at < end && ((is_plain(p[at]) && p[at] != (uint8_t)but) || (lines && p[at] == '\n')))
		at++;
	return at;
}

/* Nothing to escape: so it is with most of what clients and servers say, which are looked at whole at once. The last group overlaps the one
 * before it. What is looked at goes to `to` as well, unless that is NULL. */
__attribute__((always_inline)) static inline bool is_clean(struct bytes b, char but, bool lines, char *to)
{
	typedef uint64_t pair __attribute__((vector_size(16)));
	octets odd;
	if (b.n >= sizeof(octets)) {
		size_t last = b.n - sizeof(octets);
		odd = odd_of(b.p + last, but, lines);
		for (size_t at = 0; at < last; at += sizeof(octets)) {
			odd |= odd_of(b.p + at, but, lines);
			if (to)
				memcpy(to + at, b.p + at, sizeof(octets));
		}
		if (to)
			memcpy(to + last, b.p + last, sizeof(octets));
	} else if (b.n >= sizeof(octets) / 2) {
		uint64_t first, last;
		memcpy(&first, b.p, sizeof first);
		memcpy(&last, b.p + b.n - sizeof last, sizeof last);
		pair both = { first, last };
		odd = odd_of((const uint8_t *)&both, but, lines);
		if (to) {
			memcpy(to, &first, sizeof first);
			memcpy(to + b.n - sizeof last, &last, sizeof last);
		}
	} else {
		size_t at = plain_run(b.p, 0, b.n, but, lines);
		for (size_t i = 0; to && i < at; i++)
			to[i] = (char)b.p[i];
		return at == b.n;
	}
	pair halves = (pair)odd;
	return !(halves[0] | halves[1]);
}

/* Adds what needs no escape. False: nothing was added. */
__attribute__((always_inline)) static inline bool add_clean(struct text *t, struct bytes b, bool lines)
{
	text_room(t, b.n);
	if (!is_clean(b, '\\', lines, t->p + t->n))
		return false;
	t->n += b.n;
	t->p[t->n] = 0;
	return true;
}

static size_t escape(uint8_t c, char out[4])
{
	static const char digits[] = "0123456789abcdef";
	out[0] = '\\';
	switch (c) {
	case '\\':
		out[1] = '\\';
		return 2;
	case '\t':
		out[1] = 't';
		return 2;
	case '\r':
		out[1] = 'r';
		return 2;
	case '\n':
		out[1] = 'n';
		return 2;
	default:
		out[1] = 'x';
		out[2] = digits[c >> 4];
		out[3] = digits[c & 15];
		return 4;
	}
}

static void add(struct text *t, struct bytes wire, size_t most, bool lines)
{
	size_t left = most;
	for (size_t i = 0; i < wire.n && left;) {
		size_t stop = wire.n - i < left ? wire.n : i + left;
		size_t end = plain_run(wire.p, i, stop, '\\', lines);
		text_add(t, (struct bytes){ wire.p + i, end - i });
		left -= end - i;
		i = end;
		if (i == wire.n || !left)
			break;
		char escaped[4];
		size_t n = escape(wire.p[i++], escaped);
		if (n > left)
			break;
		text_add(t, (struct bytes){ (const uint8_t *)escaped, n });
		left -= n;
	}
}

void wire_add(struct text *t, struct bytes wire, size_t most)
{
	if (wire.n > most || !add_clean(t, wire, false))
		add(t, wire, most, false);
}

void wire_add_lines(struct text *t, struct bytes wire, size_t most)
{
	if (wire.n > most || !add_clean(t, wire, true))
		add(t, wire, most, true);
}

struct bytes wire_view_lines(struct text *room, struct bytes wire, size_t most)
{
	if (wire.n && wire.n <= most && is_clean(wire, '\\', true, NULL))
		return wire;
	text_clear(room);
	add(room, wire, most, true);
	return text_view(room);
}

/* Eight octets: where one is a capital, the first sum has its high bit and the second has not, which becomes the bit that makes it small. */
static uint64_t lower_eight(uint64_t word)
{
	const uint64_t ones = 0x0101010101010101u, low = word & 0x7f * ones;
	uint64_t from_a = low + (0x80 - 'A') * ones, behind_z = low + (0x7f - 'Z') * ones;
	return word | (from_a & ~behind_z & ~word & 0x80 * ones) >> 2;
}

/* Made small while they are copied: to read what was written at once is to wait for it. */
void wire_add_lower(struct text *t, struct bytes wire, size_t most)
{
	size_t begin = t->n, at = 0;
	if (wire.n > most || !is_clean(wire, '\\', false, NULL)) {
		add(t, wire, most, false);
		for (size_t i = begin; i < t->n; i++)
			t->p[i] = (char)octet_lower((uint8_t)t->p[i]);
		return;
	}
	text_room(t, wire.n);
	for (; at + 8 <= wire.n; at += 8) {
		uint64_t word;
		memcpy(&word, wire.p + at, sizeof word);
		word = lower_eight(word);
		memcpy(t->p + begin + at, &word, sizeof word);
	}
	for (; at < wire.n; at++)
		t->p[begin + at] = (char)octet_lower(wire.p[at]);
	t->n += wire.n;
	t->p[t->n] = 0;
}

static void add_quoted(struct text *t, struct bytes b)
{
	for (size_t i = 0; i < b.n;) {
		size_t end = plain_run(b.p, i, b.n, '"', false);
		text_add(t, (struct bytes){ b.p + i, end - i });
		i = end;
		if (i == b.n)
			break;
		uint8_t c = b.p[i++];
		if (c == '"' || c == '\\' || c < 0x20)
			text_add_octet(t, '\\');
		text_add_octet(t, c == '\n' ? 'n' : c);
	}
}

void wire_add_quoted(struct text *t, struct bytes b)
{
	text_add_octet(t, '"');
	if (is_clean(b, '"', false, NULL))
		text_add(t, b);
	else
		add_quoted(t, b);
	text_add_octet(t, '"');
}

/* One octet that is not plain; 0: its escape is longer than what is left. */
static size_t quote_escaped(uint8_t c, bool lines, char **to, size_t left)
{
	char escaped[4];
	char *at = *to;
	size_t n = 1;
	if (c == '"' || (lines && c == '\n')) {
		*at++ = '\\';
		*at++ = c == '\n' ? 'n' : '"';
	} else {
		n = escape(c, escaped);
		if (n > left)
			return 0;
		for (size_t i = 0; i < n; i++) {
			if (escaped[i] == '\\')
				*at++ = '\\';
			*at++ = escaped[i];
		}
	}
	*to = at;
	return n;
}

enum { QUOTED_MOST = 5 }; /* octets that one becomes: \\x01 */

/* Groups are copied as they are looked at; what of one stands behind an octet that is not plain is written over. Rare: not a part of its caller,
 * which would save the registers that it needs. */
__attribute__((noinline)) static void add_both(struct text *t, struct bytes wire, size_t most, bool lines)
{
	size_t left = most;
	text_room(t, QUOTED_MOST * (wire.n < most ? wire.n : most) + sizeof(octets));
	char *to = t->p + t->n;
	for (size_t i = 0, n; i < wire.n && left; i += n) {
		uint64_t odd[2];
		n = 0;
		if (i + sizeof(octets) <= wire.n && sizeof(octets) <= left) {
			look(wire.p + i, '"', false, odd);
			memcpy(to, wire.p + i, sizeof(octets));
			n = odd[0] ? first_of(odd[0]) : odd[1] ? 8 + first_of(odd[1]) : sizeof(octets);
		} else if (is_plain(wire.p[i]) && wire.p[i] != '"') {
			*to = (char)wire.p[i];
			n = 1;
		}
		to += n;
		left -= n;
		if (n)
			continue;
		n = quote_escaped(wire.p[i], lines, &to, left);
		if (!n)
			break;
		left -= n;
		n = 1;
	}
	t->n = (size_t)(to - t->p);
	t->p[t->n] = 0;
}

void wire_add_both(struct text *t, struct bytes wire, size_t most, bool lines)
{
	text_room(t, (wire.n < most ? wire.n : most) + 2);
	char *to = t->p + t->n;
	*to++ = '"';
	if (wire.n <= most && is_clean(wire, '"', false, to)) {
		to[wire.n] = '"';
		to[wire.n + 1] = 0;
		t->n += wire.n + 2;
		return;
	}
	t->n++;
	add_both(t, wire, most, lines);
	text_add_octet(t, '"');
}

static const char pairs[] = "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849"
	"5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";

/* A number below 10^8 as a fraction of 2^32: its first two digits are above the point, each multiplication by 100 brings the next two
 * there. The factors are 2^32 / 10^4 and 2^48 / 10^6, rounded up; what that adds stays below the last digit. */
static uint64_t fraction_of_six(uint32_t number)
{
	return number * (uint64_t)429497;
}

static uint64_t fraction_of_eight(uint32_t number)
{
	return (number * (uint64_t)281474977 >> 16) + 1;
}

static char *put_pair(char *at, unsigned pair)
{
	memcpy(at, pairs + 2 * pair, 2);
	return at + 2;
}

static char *put_first(char *at, unsigned pair)
{
	if (pair >= 10)
		return put_pair(at, pair);
	*at = (char)('0' + pair);
	return at + 1;
}

static char *put_pairs(char *at, uint64_t fraction, unsigned n)
{
	for (; n; n--) {
		fraction = (uint32_t)fraction * (uint64_t)100;
		at = put_pair(at, (unsigned)(fraction >> 32));
	}
	return at;
}

char *wire_put_more(char *at, int64_t number)
{
	enum { EIGHT_DIGITS = 100000000 };
	uint64_t rest = number < 0 ? (uint64_t)0 - (uint64_t)number : (uint64_t)number;
	if (number < 0)
		*at++ = '-';
	if (rest < 100)
		return put_first(at, (unsigned)rest);
	if (rest < 10000)
		return put_pair(put_first(at, (unsigned)rest / 100), (unsigned)rest % 100);
	if (rest < 1000000) {
		uint64_t fraction = fraction_of_six((uint32_t)rest);
		return put_pairs(put_first(at, (unsigned)(fraction >> 32)), fraction, 2);
	}
	if (rest < EIGHT_DIGITS) {
		uint64_t fraction = fraction_of_eight((uint32_t)rest);
		return put_pairs(put_first(at, (unsigned)(fraction >> 32)), fraction, 3);
	}
	at = wire_put_more(at, (int64_t)(rest / EIGHT_DIGITS));
	uint64_t fraction = fraction_of_eight((uint32_t)(rest % EIGHT_DIGITS));
	return put_pairs(put_pair(at, (unsigned)(fraction >> 32)), fraction, 3);
}

void wire_add_number(struct text *t, int64_t number)
{
	text_room(t, NUMBER_MOST);
	t->n = (size_t)(wire_put_number(t->p + t->n, number) - t->p);
	t->p[t->n] = 0;
}
