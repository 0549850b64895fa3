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

struct bytes bytes_of(const char *string);                  /* a C string of our own, never wire data; NULL gives an empty view */
struct cut bytes_cut(struct bytes b, uint8_t at);           /* at the first such octet, which is dropped; not found: head is all of b */
struct cut bytes_word(struct bytes b);                      /* leading blanks skipped; head is the word, tail what follows its blanks */
struct bytes bytes_from(struct bytes b, size_t offset);     /* beyond the end: empty */
struct bytes bytes_first(struct bytes b, size_t n);         /* at most n */
struct bytes bytes_trim(struct bytes b);                    /* blanks (SP, HT) off both ends */
bool bytes_equal(struct bytes a, struct bytes b);           /* octet by octet */
bool bytes_is(struct bytes b, struct bytes word);           /* ASCII case ignored */
bool bytes_starts(struct bytes b, struct bytes prefix);     /* octet by octet */
bool bytes_starts_word(struct bytes b, struct bytes prefix); /* ASCII case ignored */
size_t bytes_find(struct bytes b, struct bytes needle);     /* ASCII case ignored; BYTES_NONE when absent */
size_t bytes_index(struct bytes b, uint8_t octet);          /* BYTES_NONE when absent */
bool bytes_number(struct bytes b, uint64_t *value);         /* all decimal digits, at least one, no overflow */
uint64_t bytes_hash(struct bytes b);                        /* stable within a run, not a promise across versions */
int bytes_compare(struct bytes a, struct bytes b);          /* octet order, shorter first */

#define BYTES_NONE ((size_t)-1)

static inline bool octet_is_digit(uint8_t c) { return c >= '0' && c <= '9'; }
static inline bool octet_is_alpha(uint8_t c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
static inline bool octet_is_print(uint8_t c) { return c >= 0x20 && c < 0x7f; }
static inline uint8_t octet_lower(uint8_t c) { return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c; }
static inline uint8_t octet_upper(uint8_t c) { return c >= 'a' && c <= 'z' ? (uint8_t)(c & ~0x20) : c; }

#endif
