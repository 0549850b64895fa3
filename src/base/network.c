/* network.c - takes addresses as text, gives the networks they belong to. Never looks anything up. */
#include "base/network.h"

#include <arpa/inet.h>
#include <string.h>

static void mask(uint8_t *octets, size_t n, unsigned bits)
{
	for (size_t i = 0; i < n; i++) {
		unsigned keep = bits >= 8 * (i + 1) ? 8 : bits > 8 * i ? bits - (unsigned)(8 * i) : 0;
		octets[i] &= (uint8_t)(0xff00u >> keep);
	}
}

/* A dotted quad as inet_ntop writes it, without its cost: a run asks for the network of every client. */
static bool quad_read(struct bytes b, uint8_t octets[4])
{
	size_t at = 0;
	for (unsigned i = 0; i < 4; i++) {
		unsigned value = 0, digits = 0;
		for (; at < b.n && octet_is_digit(b.p[at]) && digits < 3; at++, digits++)
			value = 10 * value + b.p[at] - '0';
		if (!digits || value > 255 || (i < 3 && (at == b.n || b.p[at++] != '.')))
			return false;
		octets[i] = (uint8_t)value;
	}
	return at == b.n;
}

static uint8_t *octet_put(uint8_t *at, unsigned value)
{
	if (value >= 100)
		*at++ = (uint8_t)('0' + value / 100);
	if (value >= 10)
		*at++ = (uint8_t)('0' + value / 10 % 10);
	*at++ = (uint8_t)('0' + value % 10);
	return at;
}

static void quad_add(struct text *t, uint8_t octets[4], unsigned bits)
{
	uint8_t room[sizeof "255.255.255.255/32"], *at = room;
	mask(octets, 4, bits);
	for (unsigned i = 0; i < 4; i++) {
		at = octet_put(at, octets[i]);
		*at++ = i < 3 ? '.' : '/';
	}
	at = octet_put(at, bits);
	text_add(t, (struct bytes){ room, (size_t)(at - room) });
}

void network_add(struct text *t, struct bytes address, struct prefixes bits)
{
	uint8_t quad[4];
	if (bits.v4 < 32 && quad_read(address, quad)) {
		quad_add(t, quad, bits.v4);
		return;
	}
	char text[INET6_ADDRSTRLEN] = "";
	uint8_t octets[16];
	if (address.n < sizeof text && address.n)
		memcpy(text, address.p, address.n);
	int family = inet_pton(AF_INET, text, octets) == 1 ? AF_INET : inet_pton(AF_INET6, text, octets) == 1 ? AF_INET6 : AF_UNSPEC;
	unsigned most = family == AF_INET ? 32 : 128, keep = family == AF_INET ? bits.v4 : bits.v6;
	if (family == AF_UNSPEC || keep >= most) {
		text_add(t, address);
		return;
	}
	mask(octets, most / 8, keep);
	inet_ntop(family, octets, text, sizeof text);
	text_addf(t, "%s/%u", text, keep);
}

static bool length(struct bytes b, unsigned most, unsigned *value)
{
	uint64_t number;
	if (!bytes_number(b, &number) || number > most)
		return false;
	*value = (unsigned)number;
	return true;
}

bool prefixes_parse(struct bytes word, struct prefixes *bits)
{
	struct cut cut = bytes_cut(word, ',');
	return length(cut.head, 32, &bits->v4) && (!cut.found || length(cut.tail, 128, &bits->v6));
}
