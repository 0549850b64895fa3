/* ip - IPv4 (RFC 791) and IPv6 (RFC 8200) with its extension headers.
 * In:    a view that starts with the IP header; what follows the datagram (padding, FCS) is cut off by its length field.
 * Out:   TCP, or the packet inside a tunnel. A length of zero (segmentation offload, RFC 2675) means: to the end of the frame.
 * Keeps: nothing; fragments are fragment.c's. Bad header checksums are counted and accepted. */
#ifndef SMTPWHY_DECODE_IP_H
#define SMTPWHY_DECODE_IP_H

#include "decode/decoding.h"

enum decoded ip_packet(struct decoding *, struct bytes); /* the version decides */
enum decoded ipv4_packet(struct decoding *, struct bytes);
enum decoded ipv6_packet(struct decoding *, struct bytes);

#endif
