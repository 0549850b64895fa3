/* packet.c - addresses as text, and the TCP checksum of a packet; takes packets, never changes them. */
#include "decode/packet.h"

#include <arpa/inet.h>

#include "decode/checksum.h"

#include "base/banned.h"

static const uint8_t v4_prefix[12] = { [10] = 0xff, [11] = 0xff };

bool address_is_v4(const struct address *a)
{
	return memcmp(a->octets, v4_prefix, sizeof v4_prefix) == 0;
}

/* RFC 5952 4.2: the longest run of two or more zero groups becomes "::", the first of equals. */
static unsigned longest_zeros(const unsigned group[8], unsigned *at)
{
	unsigned best = 1;
	*at = 8;
	for (unsigned i = 0; i < 8; i++) {
		unsigned n = 0;
		while (i + n < 8 && group[i + n] == 0)
			n++;
		if (n > best) {
			best = n;
			*at = i;
		}
	}
	return best;
}

/* Written out, as those of IPv4: two for every session, and snprintf takes a microsecond. */
static char *put_group(char *at, unsigned group)
{
	for (int shift = group >= 0x1000 ? 12 : group >= 0x100 ? 8 : group >= 0x10 ? 4 : 0; shift >= 0; shift -= 4)
		*at++ = "0123456789abcdef"[group >> shift & 15];
	return at;
}

static char *v6_text(const uint8_t *octets, char *text)
{
	unsigned group[8], at, zeros;
	for (unsigned i = 0; i < 8; i++)
		group[i] = (unsigned)octets[i * 2] << 8 | octets[i * 2 + 1];
	zeros = longest_zeros(group, &at);
	for (unsigned i = 0; i < 8; i++) {
		if (i == at) {
			*text++ = ':';
			*text++ = ':';
			i += zeros - 1;
			continue;
		}
		if (i && i != at + zeros)
			*text++ = ':';
		text = put_group(text, group[i]);
	}
	return text;
}

static char *v4_text(const uint8_t *octets, char *text)
{
	for (unsigned i = 0; i < 4; i++) {
		uint8_t n = octets[i];
		if (n >= 100)
			*text++ = (char)('0' + n / 100);
		if (n >= 10)
			*text++ = (char)('0' + n / 10 % 10);
		*text++ = (char)('0' + n % 10);
		*text++ = '.';
	}
	return text - 1;
}

size_t address_text(const struct address *a, char text[46])
{
	char *end = address_is_v4(a) ? v4_text(a->octets + 12, text) : v6_text(a->octets, text);
	*end = '\0';
	return (size_t)(end - text);
}

/* RFC 9293 3.1: the pseudo-header is addresses, protocol and length; for IPv6 RFC 8200 8.1, the same sum. */
bool packet_checksum_is_bad(const struct packet *p)
{
	size_t skip = p->marks.v6 ? 0 : 12;
	size_t header = p->segment.n - p->payload.n;
	if (p->payload.n < p->payload_length || header < 20 || header != (size_t)(p->segment.p[12] >> 4) * 4)
		return false;
	uint64_t sum = htonl((uint32_t)p->segment.n) + (uint64_t)htonl(6);
	sum = checksum_add(sum, (struct bytes){ p->from.address.octets + skip, 16 - skip });
	sum = checksum_add(sum, (struct bytes){ p->to.address.octets + skip, 16 - skip });
	return !checksum_is_right(checksum_add(sum, p->segment));
}
