/* record - numbers as SQLite's records hold them (sqlite.org/fileformat2.html#record_format).
 * In:    a number.
 * Out:   the octet of its type, which the record's head has, and its octets, which its body has; 0 and 1 are types by themselves. Or a varint, as
 *        heads and pages have lengths and ids. */
#ifndef SMTPWHY_STORE_RECORD_H
#define SMTPWHY_STORE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum record_type { RECORD_NULL, RECORD_ZERO = 8, RECORD_TEXT = 13 }; /* a text's is RECORD_TEXT and twice its length */
enum { RECORD_NUMBER = 8 /* octets that one has at most */, RECORD_VARINT = 9 /* those of a varint */ };

static inline size_t record_size(unsigned type) /* octets of a number or NULL */
{
	static const uint8_t sizes[RECORD_TEXT] = { 0, 1, 2, 3, 4, 6, 8 };
	return sizes[type];
}

/* The shortest type that holds it, without a branch: no column foretells the next one. By the zeros above it, of which the sign is one; 0 and 1
 * have as many as 1, and stand behind all others. id: 0 is NULL. */
static inline uint8_t record_type_of(int64_t number, bool id)
{
#define RECORD_SIZES [0 ... 16] = 6, [17 ... 32] = 5, [33 ... 40] = 4, [41 ... 48] = 3, [49 ... 56] = 2, [57 ... 63] = 1
	static const uint8_t types[2][66] = {
		{ RECORD_SIZES, [64] = RECORD_ZERO, [65] = RECORD_ZERO + 1 }, { RECORD_SIZES, [64] = RECORD_NULL, [65] = RECORD_ZERO + 1 },
	};
#undef RECORD_SIZES
	uint64_t wire = (uint64_t)number, magnitude = wire ^ (0 - (wire >> 63)), small = wire < 2;
	return types[id][(unsigned)__builtin_clzll(magnitude | 1) + small + (wire & small)];
}

static inline uint8_t record_type(int64_t number)
{
	return record_type_of(number, false);
}

/* Its octets, the high one first; at has room for RECORD_NUMBER, which all are written. Gives how many are the number. */
static inline size_t record_put(void *at, int64_t number, uint8_t type)
{
	size_t n = record_size(type);
	uint64_t wire = (uint64_t)number << (0 - 8 * n) % 64;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	wire = __builtin_bswap64(wire);
#endif
	memcpy(at, &wire, sizeof wire);
	return n;
}

/* Seven bits an octet, all but the last with the high one; all eight of the ninth. Gives how many octets. */
static inline size_t record_put_long(uint8_t *at, uint64_t number)
{
	size_t n = number >> 56 ? RECORD_VARINT : (size_t)(70 - __builtin_clzll(number | 1)) / 7, i = n;
	if (n == RECORD_VARINT) {
		at[--i] = (uint8_t)number;
		number >>= 8;
	} else {
		at[--i] = number & 0x7f;
		number >>= 7;
	}
	while (i) {
		at[--i] = (uint8_t)(number | 0x80);
		number >>= 7;
	}
	return n;
}

/* The same: most lengths are short. */
static inline size_t record_put_varint(uint8_t *at, uint64_t number)
{
	if (number >= 0x4000)
		return record_put_long(at, number);
	if (number < 0x80) {
		*at = (uint8_t)number;
		return 1;
	}
	at[0] = (uint8_t)(number >> 7 | 0x80);
	at[1] = number & 0x7f;
	return 2;
}

#endif
