/* ether - what is named by an EtherType: Ethernet, LLC and SNAP, VLAN and other tags, MPLS, NSH, PPPoE, PPP.
 * In:    a view that starts with the named header.
 * Out:   what the packet inside gives.
 * Keeps: nothing. */
#ifndef SMTPWHY_DECODE_ETHER_H
#define SMTPWHY_DECODE_ETHER_H

#include "decode/decoding.h"

enum decoded ethernet_frame(struct decoding *, struct bytes);
enum decoded ether_payload(struct decoding *, uint16_t type, struct bytes);
enum decoded llc_packet(struct decoding *, struct bytes);  /* IEEE 802.2 */
enum decoded mpls_packet(struct decoding *, struct bytes);
enum decoded nsh_packet(struct decoding *, struct bytes);  /* RFC 8300 */
enum decoded pppoe_packet(struct decoding *, struct bytes);
enum decoded ppp_packet(struct decoding *, struct bytes);  /* with or without address and control */
bool ethernet_stands_at(struct bytes, size_t offset); /* by its type: where nothing names it */

#endif
