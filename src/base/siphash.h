/* siphash - SipHash-2-4 (Aumasson, Bernstein, 2012): a keyed hash that nobody without the key can compute or turn round.
 * In:    a key of 16 octets, bytes.
 * Out:   64 bits, the same on every machine. */
#ifndef SMTPWHY_BASE_SIPHASH_H
#define SMTPWHY_BASE_SIPHASH_H

#include "base/bytes.h"

enum { SIPHASH_KEY = 16 };

uint64_t siphash(const uint8_t key[SIPHASH_KEY], struct bytes);

#endif
