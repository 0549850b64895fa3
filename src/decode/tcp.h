/* tcp - the TCP header and its options (RFC 9293 3.1).
 * In:    the payload of an IP datagram; addresses and the marks of IP already stand in the packet.
 * Out:   the packet is filled. Options and payload may be cut by the snaplen, the fixed header may not.
 * Keeps: nothing. */
#ifndef SMTPWHY_DECODE_TCP_H
#define SMTPWHY_DECODE_TCP_H

#include "decode/decoding.h"

enum decoded tcp_segment(struct decoding *, struct bytes);

#endif
