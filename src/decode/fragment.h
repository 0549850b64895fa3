/* fragment - pieces of IP datagrams until they are whole (RFC 791 3.2, RFC 8200 4.5, RFC 815).
 * In:    one fragment; the addresses and marks of its header stand in the packet.
 * Out:   DECODED_TCP when the datagram is whole (the fragment then is all of it, and the packet has the first one's marks), else
 *        DECODED_FRAGMENT, or DECODED_MALFORMED for what would pass the size of a datagram.
 * Keeps: datagrams of at most LIMIT_FRAGMENTED keys and LIMIT_FRAGMENT_MEMORY octets, the oldest given up first, for 30 s (IPv4)
 *        or 60 s (IPv6) of capture time. Whole ones stay as long, so that a late duplicate of a fragment is known as one.
 * Never: lets a later copy replace an earlier one. That is what Windows and Solaris do ("first" in Snort's frag3); current Linux and
 *        RFC 5722 drop such a datagram, the BSDs prefer the lower offset. Overlaps that differ are counted.
 * Lives: the bytes of a whole datagram until the next frame (fragments_next). */
#ifndef SMTPWHY_DECODE_FRAGMENT_H
#define SMTPWHY_DECODE_FRAGMENT_H

#include "decode/decoding.h"

struct fragment {
	uint32_t id;
	uint8_t protocol;
	bool v6, more;
	uint32_t offset;
	struct bytes bytes;
};

struct datagram;
struct fragments; /* its first member is what fragments_next will free: the decoder asks on every frame */
static inline bool fragments_spent(const struct fragments *f)
{
	return *(struct datagram *const *)(const void *)f != NULL;
}

struct fragments *fragments_new(void);
enum decoded fragments_add(struct decoding *, struct fragment *);
void fragments_next(struct fragments *); /* a new frame begins: what was handed out is no longer needed */
void fragments_free(struct fragments *);

#endif
