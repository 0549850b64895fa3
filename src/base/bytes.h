/* bytes - views of bytes that someone else owns.
 * In:    a pointer and a length; NULs allowed inside, no NUL at the end.
 * Out:   smaller views, comparisons, numbers.
 * Never: allocates, writes, reads outside the view, looks at the locale.
 * Lives: as long as the memory behind it; each holder says in its own header how long that is. */
#ifndef SMTPWHY_BASE_BYTES_H
#define SMTPWHY_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
	const uint8_t *p;
	size_t n;
};

/* A view of a string literal, without its NUL. */
#define B(literal) ((struct bytes){ (const uint8_t *)("" literal), sizeof(literal) - 1 })

struct cut {
	struct bytes head, tail;
	bool found;
};

static inline struct bytes bytes_of(const char *string);    /* a C string of our own, never wire data; NULL gives an empty view */
static inline struct cut bytes_cut(struct bytes b, uint8_t at); /* at the first such octet, which is dropped; not found: head is all of b */
struct cut bytes_word(struct bytes b);                      /* leading blanks skipped; head is the word, tail what follows its blanks */
static inline struct bytes bytes_from(struct bytes b, size_t offset); /* beyond the end: empty */
static inline struct bytes bytes_first(struct bytes b, size_t n); /* at most n */
struct bytes bytes_trim(struct bytes b);                    /* blanks (SP, HT) off both ends */
static inline bool bytes_equal(struct bytes a, struct bytes b); /* octet by octet */
static inline bool bytes_is(struct bytes b, struct bytes word); /* ASCII case ignored */
static inline bool bytes_starts(struct bytes b, struct bytes prefix); /* octet by octet */
static inline bool bytes_starts_word(struct bytes b, struct bytes prefix); /* ASCII case ignored */
size_t bytes_find(struct bytes b, struct bytes needle);     /* ASCII case ignored; BYTES_NONE when absent */
static inline size_t bytes_index(struct bytes b, uint8_t octet); /* BYTES_NONE when absent */
static inline size_t bytes_printable(struct bytes b);        /* octets 0x20..0x7e at the start, in groups of eight: all of them, or some */
bool bytes_number(struct bytes b, uint64_t *value);         /* all decimal digits, at least one, no overflow */
bool bytes_same_letters(const uint8_t *, const uint8_t *, size_t n); /* ASCII case ignored */
uint64_t bytes_hash(struct bytes b);                        /* stable within a run, not a promise across versions */
int bytes_compare(struct bytes a, struct bytes b);          /* octet order, shorter first */

#define BYTES_NONE ((size_t)-1)

/* ---- those that are called for every line, inlined ---- */

static inline struct bytes bytes_of(const char *string)
{
	return (struct bytes){ (const uint8_t *)string, string ? strlen(string) : 0 };
}

static inline struct bytes bytes_from(struct bytes b, size_t offset)
{
	return offset < b.n ? (struct bytes){ b.p + offset, b.n - offset } : (struct bytes){ 0 };
}

static inline struct bytes bytes_first(struct bytes b, size_t n)
{
	return (struct bytes){ b.p, n < b.n ? n : b.n };
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Words are looked up in tables of words: most rows differ in the first octet, and that is seen without a call. */
static inline bool bytes_starts(struct bytes b, struct bytes prefix)
{
	if (prefix.n == 0)
		return true;
	return b.n >= prefix.n && b.p[0] == prefix.p[0] && memcmp(b.p, prefix.p, prefix.n) == 0;
}

static inline bool bytes_is(struct bytes b, struct bytes word)
{
	if (b.n != word.n || b.n == 0)
		return b.n == word.n;
	return ((b.p[0] ^ word.p[0]) & 0xdf) == 0 && bytes_same_letters(b.p, word.p, b.n);
}

static inline bool bytes_starts_word(struct bytes b, struct bytes prefix)
{
	return bytes_is(bytes_first(b, prefix.n), prefix);
}

static inline size_t bytes_index(struct bytes b, uint8_t octet)
{
	const uint8_t *at = b.n ? memchr(b.p, octet, b.n) : NULL;
	return at ? (size_t)(at - b.p) : BYTES_NONE;
}

static inline struct cut bytes_cut(struct bytes b, uint8_t at)
{
	size_t i = bytes_index(b, at);
	if (i == BYTES_NONE)
		return (struct cut){ .head = b };
	return (struct cut){ bytes_first(b, i), bytes_from(b, i + 1), true };
}

/* Each group is one test: an octet below 0x20 borrows into its high bit, 0x7f carries into it, 8-bit octets have it. */
static inline bool octets_are_printable(const uint8_t *p)
{
	const uint64_t ones = 0x0101010101010101u, high = 0x80 * ones;
	uint64_t group;
	memcpy(&group, p, sizeof group);
	return !(((group - 0x20 * ones) | (group + ones) | group) & high);
}

/* The last group overlaps the one before it. */
static inline size_t bytes_printable(struct bytes b)
{
	size_t n = 0;
	if (b.n < 8)
		return 0;
	for (; n + 8 <= b.n; n += 8)
		if (!octets_are_printable(b.p + n))
			return n;
	return octets_are_printable(b.p + b.n - 8) ? b.n : n;
}

static inline bool octet_is_digit(uint8_t c) { return c >= '0' && c <= '9'; }
static inline bool octet_is_alpha(uint8_t c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
static inline bool octet_is_print(uint8_t c) { return c >= 0x20 && c < 0x7f; }
static inline uint8_t octet_lower(uint8_t c) { return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c; }
static inline bool octet_is_blank(uint8_t c) { return c == ' ' || c == '\t'; }
static inline uint8_t octet_upper(uint8_t c) { return c >= 'a' && c <= 'z' ? (uint8_t)(c & ~0x20) : c; }

#endif
