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

void network_add(struct text *t, struct bytes address, struct prefixes bits)
{
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
