/* recent - what tells a frame that was recorded twice from a segment that was sent twice.
 * In:    packets of one side of a connection.
 * Out:   whether the same frame has just been seen.
 * Keeps: sums of the last RECENT packets.
 * Never: takes a copy with other octets at its ends for the same frame: that is evidence. */
#ifndef SMTPWHY_FLOW_RECENT_H
#define SMTPWHY_FLOW_RECENT_H

#include <string.h>

#include "decode/packet.h"

enum { RECENT = 4, DUPLICATE_MS = 5 };

struct recent {
	uint32_t sum, sample, ms;
};

struct recents {
	struct recent kept[RECENT];
	uint8_t at;
};

static inline uint64_t recent_mixed(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)(a ^ UINT64_C(0x9e3779b97f4a7c15)) * (b ^ UINT64_C(0xd6e8feb86659fd93));
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t recent_word(const uint8_t *p)
{
	uint64_t word;
	memcpy(&word, p, sizeof word);
	return word;
}

/* Of 32 octets, in words or in their beginning and their end. */
static inline uint64_t recent_of_32(uint64_t h, const uint8_t *p)
{
	return recent_mixed(h ^ recent_word(p) ^ recent_mixed(recent_word(p + 8), recent_word(p + 16)), recent_word(p + 24));
}

static inline uint64_t recent_of_few(struct bytes b)
{
	uint64_t first = 0, last = 0;
	if (b.n >= 16)
		return recent_mixed(recent_mixed(recent_word(b.p), recent_word(b.p + 8)) ^ b.n,
		                    recent_mixed(recent_word(b.p + b.n - 16), recent_word(b.p + b.n - 8)));
	memcpy(&first, b.p, b.n < 8 ? b.n : 8);
	if (b.n > 8)
		last = recent_word(b.p + b.n - 8);
	return recent_mixed(first ^ b.n, last);
}

/* Of the payload's ends. 0: the frame is cut, which tells nothing. */
static inline uint32_t recent_sample(const struct packet *p)
{
	struct bytes b = p->payload;
	if (b.n < p->payload_length)
		return 0;
	if (b.n == 0)
		return 1;
	return (uint32_t)(b.n < 32 ? recent_of_few(b) : recent_of_32(recent_of_32(b.n, b.p), b.p + b.n - 32)) | 1;
}

static inline uint32_t recent_sum(const struct packet *p)
{
	uint64_t said = (uint64_t)p->flags << 48 | (uint64_t)p->marks.ip_id << 32 | p->marks.tsval;
	return (uint32_t)recent_mixed(said + ((uint64_t)p->payload_length << 32), (uint64_t)p->seq << 32 | p->ack) | 1;
}

static inline struct recent recent_of(const struct packet *p)
{
	return (struct recent){ .sum = recent_sum(p), .sample = recent_sample(p), .ms = (uint32_t)(p->place.time / 1000000) };
}

static inline void recents_add(struct recents *recents, const struct recent *now)
{
	recents->kept[recents->at++ % RECENT] = *now;
}

/* numbered: an IP ID stands in it, which a sender would not use again so soon. */
static inline bool recents_know(const struct recents *recents, const struct recent *now, bool numbered)
{
	for (unsigned i = 0; i < RECENT; i++) {
		const struct recent *r = &recents->kept[i];
		if (r->sum != now->sum)
			continue;
		uint32_t apart = now->ms > r->ms ? now->ms - r->ms : r->ms - now->ms;
		bool same = r->sample == now->sample || !r->sample || !now->sample;
		if (same && (numbered ? apart < 1000 : apart < DUPLICATE_MS))
			return true;
	}
	return false;
}

#endif
