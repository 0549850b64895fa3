/* text - a growing output buffer.
 * In:    bytes, formatted numbers and words of our own; wire bytes only through one of the escaping verbs.
 * Out:   one view of all that was added, NUL-ended for C's sake.
 * Never: fails; memory is memory_grow's.
 * Lives: the view until the next addition, the buffer until text_free. Zeroed storage is an empty text. */
#ifndef SMTPWHY_BASE_TEXT_H
#define SMTPWHY_BASE_TEXT_H

#include "base/bytes.h"

struct text {
	char *p;
	size_t n, room;
};

static inline void text_add(struct text *, struct bytes);
void text_add_string(struct text *, const char *);
static inline void text_add_octet(struct text *, uint8_t);
void text_addf(struct text *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_add_c(struct text *, struct bytes wire, size_t most); /* C escapes: \\ \t \r \n \" stays, \xHH for the rest; at most so many wire octets */
void text_add_json(struct text *, struct bytes);                /* a JSON string with its quotes; bytes that are no UTF-8 become U+FFFD */
void text_add_time(struct text *, int64_t nanoseconds);         /* ISO 8601, UTC, microseconds: 2026-11-22T10:02:03.000001Z */
struct bytes text_view(const struct text *);
void text_clear(struct text *); /* keeps the memory */
static inline void text_room(struct text *, size_t more); /* room for so many octets and the NUL: p + n may be written, then n raised */
void text_grow(struct text *, size_t more);               /* text_room, where there is none */
void text_free(struct text *);

static inline void text_room(struct text *t, size_t more)
{
	if (t->room - t->n <= more)
		text_grow(t, more);
}

static inline void text_add(struct text *t, struct bytes b)
{
	text_room(t, b.n);
	if (b.n)
		memcpy(t->p + t->n, b.p, b.n);
	t->n += b.n;
	t->p[t->n] = 0;
}

static inline void text_add_octet(struct text *t, uint8_t octet)
{
	text_room(t, 1);
	t->p[t->n++] = (char)octet;
	t->p[t->n] = 0;
}

#endif
