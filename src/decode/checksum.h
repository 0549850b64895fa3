/* checksum - the Internet checksum (RFC 1071), 32 bits at a time.
 * In:    views; only the last of a sum may have an odd length.
 * Out:   a sum in the machine's byte order, which does not matter for "is it all ones" (RFC 1071 2.B). */
#ifndef SMTPWHY_DECODE_CHECKSUM_H
#define SMTPWHY_DECODE_CHECKSUM_H

#include <string.h>

#include "base/bytes.h"

static inline uint64_t checksum_add(uint64_t sum, struct bytes b)
{
	size_t i = 0;
	for (; i + 4 <= b.n; i += 4) {
		uint32_t word;
		memcpy(&word, b.p + i, 4);
		sum += word;
	}
	if (i < b.n) {
		uint32_t word = 0;
		memcpy(&word, b.p + i, b.n - i);
		sum += word;
	}
	return sum;
}

/* A sum over data and its own checksum is all ones when it is right. */
static inline bool checksum_is_right(uint64_t sum)
{
	return sum && sum % 0xffff == 0; /* 2^16 is 1 modulo 0xffff: this is the fold, as one multiplication */
}

#endif
