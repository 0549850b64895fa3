/* record - numbers as SQLite's records hold them (sqlite.org/fileformat2.html#record_format).
 * In:    a number.
 * Out:   the octet of its type, which the record's head has, and its octets, which its body has; 0 and 1 are types by themselves. */
#ifndef SMTPWHY_STORE_RECORD_H
#define SMTPWHY_STORE_RECORD_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum record_type { RECORD_NULL, RECORD_ZERO = 8, RECORD_TEXT = 13 }; /* a text's is RECORD_TEXT and twice its length */
enum { RECORD_NUMBER = 8 /* octets that one has at most */ };

static inline size_t record_size(unsigned type) /* octets of a number or NULL */
{
	static const uint8_t sizes[RECORD_TEXT] = { 0, 1, 2, 3, 4, 6, 8 };
	return sizes[type];
}

/* The shortest type that holds it. */
static inline uint8_t record_type(int64_t number)
{
	static const uint8_t types[] = { 1, 1, 2, 3, 4, 5, 5, 6, 6 }; /* by octets */
	if (number == 0 || number == 1)
		return (uint8_t)(RECORD_ZERO + number);
	uint64_t magnitude = (uint64_t)(number < 0 ? ~number : number);
	unsigned bits = magnitude ? 65 - (unsigned)__builtin_clzll(magnitude) : 1; /* with the sign's */
	return types[(bits + 7) / 8];
}

/* Its octets, the high one first; at has room for RECORD_NUMBER, which all are written. Gives how many are the number. */
static inline size_t record_put(void *at, int64_t number, uint8_t type)
{
	size_t n = record_size(type);
	uint64_t wire = n ? (uint64_t)number << (64 - 8 * n) : 0;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	wire = __builtin_bswap64(wire);
#endif
	memcpy(at, &wire, sizeof wire);
	return n;
}

#endif
