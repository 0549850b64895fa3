/* checksum - the Internet checksum (RFC 1071), 64 bits at a time.
 * In:    views; only the last of a sum may have an odd length.
 * Out:   a sum in the machine's byte order, which does not matter for "is it all ones" (RFC 1071 2.B). */
#ifndef SMTPWHY_DECODE_CHECKSUM_H
#define SMTPWHY_DECODE_CHECKSUM_H

#include <string.h>

#include "base/bytes.h"

static inline uint64_t checksum_word(const uint8_t *p)
{
	uint64_t word;
	memcpy(&word, p, sizeof word);
	return word;
}

static inline uint64_t checksum_add(uint64_t sum, struct bytes b)
{
	unsigned __int128 total = sum; /* 2^64 is 1 modulo 0xffff, as 2^32 and 2^16 are: a word counts the same wherever it stands */
	uint32_t four;
	uint16_t two;
	for (; b.n >= 32; b.p += 32, b.n -= 32) {
		total += checksum_word(b.p);
		total += checksum_word(b.p + 8);
		total += checksum_word(b.p + 16);
		total += checksum_word(b.p + 24);
	}
	for (; b.n >= 8; b.p += 8, b.n -= 8)
		total += checksum_word(b.p);
	if (b.n & 4) {
		memcpy(&four, b.p, sizeof four);
		total += four;
		b.p += 4;
	}
	if (b.n & 2) {
		memcpy(&two, b.p, sizeof two);
		total += two;
		b.p += 2;
	}
	if (b.n & 1) {
		two = 0;
		memcpy(&two, b.p, 1);
		total += two;
	}
	uint64_t low = (uint64_t)total, high = (uint64_t)(total >> 64);
	low += high;
	return low + (low < high);
}

/* A sum over data and its own checksum is all ones when it is right. */
static inline bool checksum_is_right(uint64_t sum)
{
	return sum && sum % 0xffff == 0; /* 2^16 is 1 modulo 0xffff: this is the fold, as one multiplication */
}

#endif
