/* decoding - one frame on its way inward; what the layers of this folder hand to each other.
 * In:    each layer takes a view that starts with its header and ends where the layer around it ends.
 * Out:   a layer calls the next one, or says why there is no TCP segment.
 * Keeps: how many octets of the view the snaplen cut off its end: a layer that knows its own length trims both.
 * Lives: during one decoder_packet. */
#ifndef SMTPWHY_DECODE_DECODING_H
#define SMTPWHY_DECODE_DECODING_H

#include "base/cursor.h"
#include "base/limits.h"
#include "decode/decode.h"

struct fragments;
struct decoding {
	struct packet *packet;
	struct decode_counts *counts;
	struct fragments *fragments;
	int64_t time;
	size_t missing; /* octets behind the end of the current view that the wire had and the capture lacks */
	unsigned depth;
};

/* Ends a view where its own length field ends it: what follows is padding, what lacks was cut. */
static inline struct bytes decoding_trim(struct decoding *d, struct bytes b, size_t wire)
{
	d->missing = b.n >= wire ? 0 : wire - b.n;
	if (b.n > wire)
		b.n = wire;
	return b;
}

/* One more encapsulation; false when there are too many. */
static inline bool decoding_deeper(struct decoding *d)
{
	return ++d->depth <= LIMIT_TUNNEL_DEPTH;
}

static inline uint16_t read_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t read_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

#endif
