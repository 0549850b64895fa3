/* plain - what nearly every frame of a capture is: Ethernet, IPv4 without options, a TCP segment, nothing cut, nothing around it.
 * In:    an Ethernet frame, whole.
 * Out:   the packet filled as the layers of this folder would fill it; or false and nothing done: let them.
 * Why:   one straight line costs a quarter of the walk through the layers, and a capture is mostly such frames. */
#ifndef SMTPWHY_DECODE_PLAIN_H
#define SMTPWHY_DECODE_PLAIN_H

#include "decode/decoding.h"

bool plain_segment(struct decode_counts *, struct bytes frame, struct packet *);

#endif
