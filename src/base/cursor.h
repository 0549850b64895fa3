/* cursor - checked reads of binary fields, in network order unless the name says otherwise.
 * In:    a view of bytes.
 * Out:   fields; zero, and an error that sticks, once the view is too short: read every field, test once.
 * Never: reads outside the view. Pointer arithmetic on wire data lives here and in bytes.c only. */
#ifndef SMTPWHY_BASE_CURSOR_H
#define SMTPWHY_BASE_CURSOR_H

#include "base/bytes.h"

struct cursor {
	struct bytes rest;
	bool truncated;
};

static inline struct cursor cursor_at(struct bytes b)
{
	return (struct cursor){ .rest = b };
}

static inline struct bytes cursor_take(struct cursor *c, size_t n)
{
	if (c->truncated || c->rest.n < n) {
		c->truncated = true;
		return (struct bytes){ 0 };
	}
	struct bytes taken = { c->rest.p, n };
	c->rest.p += n;
	c->rest.n -= n;
	return taken;
}

static inline void cursor_skip(struct cursor *c, size_t n)
{
	(void)cursor_take(c, n);
}

static inline uint8_t cursor_u8(struct cursor *c)
{
	struct bytes b = cursor_take(c, 1);
	return b.n ? b.p[0] : 0;
}

static inline uint16_t cursor_u16(struct cursor *c)
{
	struct bytes b = cursor_take(c, 2);
	return b.n ? (uint16_t)((unsigned)b.p[0] << 8 | b.p[1]) : 0;
}

static inline uint32_t cursor_u24(struct cursor *c)
{
	struct bytes b = cursor_take(c, 3);
	return b.n ? (uint32_t)b.p[0] << 16 | (uint32_t)b.p[1] << 8 | b.p[2] : 0;
}

static inline uint32_t cursor_u32(struct cursor *c)
{
	struct bytes b = cursor_take(c, 4);
	return b.n ? (uint32_t)b.p[0] << 24 | (uint32_t)b.p[1] << 16 | (uint32_t)b.p[2] << 8 | b.p[3] : 0;
}

static inline uint64_t cursor_u64(struct cursor *c)
{
	uint64_t high = cursor_u32(c);
	return high << 32 | cursor_u32(c);
}

#endif
