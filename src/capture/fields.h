/* fields - numbers in the byte order of the file that holds them.
 * In:    a view, an offset, and whether the file is big-endian.
 * Out:   the number; 0 where the view is too short.
 * Never: reads outside the view. */
#ifndef SMTPWHY_CAPTURE_FIELDS_H
#define SMTPWHY_CAPTURE_FIELDS_H

#include "base/bytes.h"

#include <string.h>

static inline uint16_t field_u16(struct bytes b, size_t at, bool big)
{
	uint16_t value = 0;
	if (b.n >= 2 && at <= b.n - 2)
		memcpy(&value, b.p + at, 2);
	return big == (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) ? value : __builtin_bswap16(value);
}

static inline uint32_t field_u32(struct bytes b, size_t at, bool big)
{
	uint32_t value = 0;
	if (b.n >= 4 && at <= b.n - 4)
		memcpy(&value, b.p + at, 4);
	return big == (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) ? value : __builtin_bswap32(value);
}

static inline uint64_t field_u64(struct bytes b, size_t at, bool big)
{
	uint64_t value = 0;
	if (b.n >= 8 && at <= b.n - 8)
		memcpy(&value, b.p + at, 8);
	return big == (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) ? value : __builtin_bswap64(value);
}

#endif
