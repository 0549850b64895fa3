/* network - the network an address belongs to, by prefix length.
 * In:    an address as text (192.0.2.1, 2001:db8::1) and how many bits of each family name a network.
 * Out:   192.0.2.0/24, 2001:db8::/64; an address of the full length stands alone, without a slash.
 * Never: fails: what is no address stands for itself. */
#ifndef SMTPWHY_BASE_NETWORK_H
#define SMTPWHY_BASE_NETWORK_H

#include "base/text.h"

struct prefixes {
	unsigned v4, v6; /* 0..32, 0..128 */
};

enum { PREFIX_V4 = 24, PREFIX_V6 = 64 }; /* a site's client network, unless told otherwise */

void network_add(struct text *, struct bytes address, struct prefixes);
bool prefixes_parse(struct bytes word, struct prefixes *); /* "24" or "24,56"; what is not named stays as it is */

#endif
