/* wifi - IEEE 802.11 data frames and the headers that captures put before them.
 * In:    a view that starts with the named header.
 * Out:   what the packet inside gives; encrypted and management frames are DECODED_NOT_TCP, of an A-MSDU the first frame counts.
 * Keeps: nothing; fragments at this layer are not put together. */
#ifndef SMTPWHY_DECODE_WIFI_H
#define SMTPWHY_DECODE_WIFI_H

#include "decode/decoding.h"

enum decoded wifi_frame(struct decoding *, struct bytes);
enum decoded radiotap_frame(struct decoding *, struct bytes);
enum decoded avs_frame(struct decoding *, struct bytes);
enum decoded prism_frame(struct decoding *, struct bytes); /* or AVS, which some drivers give under the same number */

#endif
