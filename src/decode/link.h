/* link - the outermost header, by the capture's link type.
 * In:    a LINKTYPE number as the file gives it, and the frame.
 * Out:   what the packet inside gives; DECODED_UNKNOWN_LINK when no row knows the number.
 * Keeps: nothing. */
#ifndef SMTPWHY_DECODE_LINK_H
#define SMTPWHY_DECODE_LINK_H

#include "decode/decoding.h"

enum decoded link_frame(struct decoding *, int linktype, struct bytes);

#endif
