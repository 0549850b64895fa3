/* checksum - the Internet checksum (RFC 1071), 64 bits at a time.
 * In:    views; only the last of a sum may have an odd length.
 * Out:   a sum in the machine's byte order, which does not matter for "is it all ones" (RFC 1071 2.B). */
#ifndef SMTPWHY_DECODE_CHECKSUM_H
#define SMTPWHY_DECODE_CHECKSUM_H

#include <string.h>

#include "base/bytes.h"

static inline uint64_t checksum_add(uint64_t sum, struct bytes b)
{
	uint64_t word;
	size_t i = 0;
	for (; i + sizeof word <= b.n; i += sizeof word) {
		memcpy(&word, b.p + i, sizeof word);
		sum += word;
		sum += sum < word; /* end-around carry: 2^64 is 1 modulo 0xffff, as 2^16 is */
	}
	word = 0;
	if (i < b.n)
		memcpy(&word, b.p + i, b.n - i);
	sum += word;
	return sum + (sum < word);
}

/* A sum over data and its own checksum is all ones when it is right. */
static inline bool checksum_is_right(uint64_t sum)
{
	return sum && sum % 0xffff == 0; /* 2^16 is 1 modulo 0xffff: this is the fold, as one multiplication */
}

#endif
