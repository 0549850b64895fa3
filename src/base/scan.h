/* scan - octets looked at sixteen at a time: where a line ends, of which classes a short text's octets are.
 * In:    views.
 * Out:   offsets and sets; a set has bit i for octet i.
 * Never: reads outside the view, writes, allocates. Processors without SSE2 give the same, octet by octet. */
#ifndef SMTPWHY_BASE_SCAN_H
#define SMTPWHY_BASE_SCAN_H

#include "base/bytes.h"

#if defined __SSE2__
#include <emmintrin.h>
#endif

struct line_end {
	size_t at;  /* of its LF; BYTES_NONE: none */
	bool plain; /* all before it is printable or HT, but for a CR right before it */
};

enum { SCAN_MOST = 64 };
struct classes { /* of at most SCAN_MOST octets */
	uint64_t letters, digits, hyphens, dots, ats;
	uint64_t marks; /* _ + = */
};

static inline struct line_end scan_line(struct bytes b);
static inline struct classes scan_classes(struct bytes b);
static inline uint64_t scan_whole(size_t n) { return n < 64 ? ((uint64_t)1 << n) - 1 : UINT64_MAX; } /* the set of all n octets */

#if defined __SSE2__

enum { SCAN_GROUP = 16 };

static inline __m128i scan_equal(__m128i v, char c)
{
	return _mm_cmpeq_epi8(v, _mm_set1_epi8(c));
}

static inline unsigned scan_bits(__m128i v)
{
	return (unsigned)_mm_movemask_epi8(v);
}

/* Fewer than sixteen octets, zeros behind them. */
static inline __m128i scan_few(const uint8_t *p, size_t n)
{
	uint64_t low = 0, high = 0;
	uint32_t begin, end;
	if (n >= 8) {
		memcpy(&low, p, 8);
		memcpy(&high, p + n - 8, 8);
		high = n > 8 ? high >> 8 * (16 - n) : 0;
	} else if (n >= 4) {
		memcpy(&begin, p, 4);
		memcpy(&end, p + n - 4, 4);
		low = begin | (uint64_t)end << 8 * (n - 4);
	} else if (n) {
		low = p[0] | (uint64_t)p[n / 2] << 8 * (n / 2) | (uint64_t)p[n - 1] << 8 * (n - 1);
	}
	return _mm_set_epi64x((long long)high, (long long)low);
}

static inline __m128i scan_group(struct bytes b, size_t i)
{
	return b.n - i >= SCAN_GROUP ? _mm_loadu_si128((const __m128i *)(b.p + i)) : scan_few(b.p + i, b.n - i);
}

struct scanned { /* of a line, so far */
	bool odd, cr; /* cr: the last octet was one */
};

/* A group of a line that has octets besides printable ones; gives the set of its LFs, and judges what stands before the first. */
static inline unsigned scan_rare(struct scanned *s, __m128i v, unsigned rare, unsigned known)
{
	unsigned lf = scan_bits(scan_equal(v, '\n')) >> known, crs = scan_bits(scan_equal(v, '\r')) >> known;
	unsigned before = (lf & -lf) - 1; /* the octets before it; all where there is none */
	unsigned last = lf ? before ^ before >> 1 : 0x8000;
	s->odd |= s->cr && before;
	s->odd |= (rare & before & ~(crs & last) & ~(scan_bits(scan_equal(v, '\t')) >> known)) != 0;
	s->cr = crs & last;
	return lf;
}

static inline unsigned scan_not_printable(__m128i v)
{
	return scan_bits(_mm_or_si128(_mm_cmplt_epi8(v, _mm_set1_epi8(' ')), scan_equal(v, 0x7f))); /* 8-bit octets are negative */
}

/* From octet i on; those before it are printable. */
static __attribute__((noinline, unused)) struct line_end scan_line_from(struct bytes b, size_t i)
{
	struct scanned s = { 0 };
	unsigned rare, lf;
	for (; i + SCAN_GROUP <= b.n; i += SCAN_GROUP) {
		__m128i v = _mm_loadu_si128((const __m128i *)(b.p + i));
		rare = scan_not_printable(v);
		if (rare == 0) {
			s.odd |= s.cr;
			s.cr = false;
		} else if ((lf = scan_rare(&s, v, rare, 0)) != 0) {
			return (struct line_end){ i + (size_t)__builtin_ctz(lf), !s.odd };
		}
	}
	if (i == b.n)
		return (struct line_end){ BYTES_NONE, false };
	unsigned known = b.n >= SCAN_GROUP ? SCAN_GROUP - (unsigned)(b.n - i) : 0;
	__m128i v = known ? _mm_loadu_si128((const __m128i *)(b.p + b.n - SCAN_GROUP)) : scan_few(b.p + i, b.n - i);
	lf = scan_rare(&s, v, scan_not_printable(v) >> known, known);
	return lf ? (struct line_end){ i + (size_t)__builtin_ctz(lf), !s.odd } : (struct line_end){ BYTES_NONE, false };
}

/* The first octet that is not printable is nearly always the CR before the line's LF. */
static inline struct line_end scan_line(struct bytes b)
{
	unsigned rare = 0;
	size_t i = 0;
	for (; i + SCAN_GROUP <= b.n && rare == 0; i += SCAN_GROUP)
		rare = scan_not_printable(_mm_loadu_si128((const __m128i *)(b.p + i)));
	if (rare) {
		i -= SCAN_GROUP;
	} else { /* the last group overlaps the one before it */
		bool few = b.n < SCAN_GROUP;
		i = few ? 0 : b.n - SCAN_GROUP;
		rare = scan_not_printable(few ? scan_few(b.p, b.n) : scan_group(b, i));
	}
	size_t cr = rare ? i + (unsigned)__builtin_ctz(rare) : 0;
	if (rare && cr + 1 < b.n && b.p[cr] == '\r' && b.p[cr + 1] == '\n')
		return (struct line_end){ cr + 1, true };
	return scan_line_from(b, i);
}

static inline struct classes scan_classes(struct bytes b)
{
	struct classes c = { 0 };
	b = bytes_first(b, SCAN_MOST);
	for (size_t i = 0; i < b.n; i += SCAN_GROUP) {
		__m128i v = scan_group(b, i);
		__m128i letter = _mm_sub_epi8(_mm_or_si128(v, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
		__m128i digit = _mm_sub_epi8(v, _mm_set1_epi8('0'));
		c.letters |= (uint64_t)scan_bits(_mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(25)), letter)) << i;
		c.digits |= (uint64_t)scan_bits(_mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit)) << i;
		c.hyphens |= (uint64_t)scan_bits(scan_equal(v, '-')) << i;
		c.dots |= (uint64_t)scan_bits(scan_equal(v, '.')) << i;
		c.ats |= (uint64_t)scan_bits(scan_equal(v, '@')) << i;
		c.marks |= (uint64_t)scan_bits(_mm_or_si128(scan_equal(v, '_'), _mm_or_si128(scan_equal(v, '+'), scan_equal(v, '=')))) << i;
	}
	return c;
}

#else

static inline struct line_end scan_line(struct bytes b)
{
	size_t lf = bytes_index(b, '\n');
	if (lf == BYTES_NONE)
		return (struct line_end){ BYTES_NONE, false };
	size_t n = lf && b.p[lf - 1] == '\r' ? lf - 1 : lf, i = bytes_printable(bytes_first(b, n));
	while (i < n && (octet_is_print(b.p[i]) || b.p[i] == '\t'))
		i++;
	return (struct line_end){ lf, i == n };
}

static inline struct classes scan_classes(struct bytes b)
{
	struct classes c = { 0 };
	b = bytes_first(b, SCAN_MOST);
	for (size_t i = 0; i < b.n; i++) {
		uint8_t o = b.p[i];
		c.letters |= (uint64_t)octet_is_alpha(o) << i;
		c.digits |= (uint64_t)octet_is_digit(o) << i;
		c.hyphens |= (uint64_t)(o == '-') << i;
		c.dots |= (uint64_t)(o == '.') << i;
		c.ats |= (uint64_t)(o == '@') << i;
		c.marks |= (uint64_t)(o == '_' || o == '+' || o == '=') << i;
	}
	return c;
}

#endif

#endif
