/* test_ip - IP headers, extension headers, lengths that lie; addresses as text. */
#include "support/frames.h"

#include <string.h>

#define V6(next, length) "60000000" length next "40" V6_ADDRESSES

static const struct kase cases[] = {
	{ "IPv4 with options", 101, "46000030 00010000 4006 0000 0a000001 0a000002 01010100" TCP_EHLO, DECODED_TCP },
	{ "IPv4, total length 0 from offload", 101, "45000000 00010000 4006 0000 0a000001 0a000002" TCP_EHLO, DECODED_TCP },
	{ "IPv4, total length below the header", 101, "45000013 00010000 4006 0000 0a000001 0a000002" TCP_EHLO, DECODED_MALFORMED },
	{ "IPv4, a header of 16 octets", 101, "4400002c 00010000 4006 0000 0a000001 0a000002" TCP_EHLO, DECODED_MALFORMED },
	{ "IP of version 5", 101, "5500002c 00010000 4006 0000 0a000001 0a000002" TCP_EHLO, DECODED_MALFORMED },
	{ "IPv6, payload length 0", 101, V6("06", "0000") TCP_EHLO, DECODED_TCP },
	{ "hop-by-hop, routing, destination options", 101, V6("00", "0030") "2b00 000000000000 3c00 000000000000 0600 000000000000" TCP_EHLO, DECODED_TCP },
	{ "mobility, HIP, shim6", 101, V6("87", "0030") "8b00 000000000000 8c00 000000000000 0600 000000000000" TCP_EHLO, DECODED_TCP },
	{ "AH in IPv6", 101, V6("33", "0030") "0604 0000 00000001 00000001 000000000000000000000000" TCP_EHLO, DECODED_TCP },
	{ "an atomic fragment", 101, V6("2c", "0020") "0600 0000 00000007" TCP_EHLO, DECODED_TCP },
	{ "an extension header longer than the packet", 101, V6("3c", "0008") "06ff 000000000000", DECODED_MALFORMED },
	{ "no next header", 101, V6("3b", "0000"), DECODED_NOT_TCP },
	{ "ICMPv6", 101, V6("3a", "0008") "0100 0000 00000000", DECODED_NOT_TCP },
};

static const struct text_of { const char *name, *hex, *want; } texts[] = {
	{ "IPv4", "00000000000000000000ffffc0000201", "192.0.2.1" },
	{ "all zero", "00000000000000000000000000000000", "::" },
	{ "loopback", "00000000000000000000000000000001", "::1" },
	{ "zeros at the end", "20010db8000000000000000000000000", "2001:db8::" },
	{ "one zero group stays", "20010db8000000010001000100010001", "2001:db8:0:1:1:1:1:1" },
	{ "the first of equal runs", "20010db8000000000001000000000001", "2001:db8::1:0:0:1" },
	{ "the longer run", "20010000000000010000000000000001", "2001:0:0:1::1" },
	{ "no zeros", "ffffffffffffffffffffffffffffffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
};

static void text_one(void **state)
{
	const struct text_of *t = *state;
	struct address a;
	char text[46];
	(void)unhex(t->hex, a.octets);
	address_text(&a, text);
	assert_string_equal(text, t->want);
}

int main(void)
{
	return TABLE_RUN("ip", cases, check_kase) + TABLE_RUN("text", texts, text_one) ? 1 : 0;
}
