/* tunnel - what IP carries that is no TCP: another packet, perhaps.
 * In:    an IP protocol number and its payload. UDP tunnels are known by their registered ports and a sound header.
 * Out:   what the packet inside gives; DECODED_NOT_TCP when there is none.
 * Keeps: nothing; packet.in_tunnel is set, LIMIT_TUNNEL_DEPTH holds. */
#ifndef SMTPWHY_DECODE_TUNNEL_H
#define SMTPWHY_DECODE_TUNNEL_H

#include "decode/decoding.h"

enum decoded tunnel_payload(struct decoding *, uint8_t protocol, struct bytes);

#endif
