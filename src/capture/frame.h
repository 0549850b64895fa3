/* frame - one record of a capture file.
 * Lives: the bytes until the callback that received the frame returns. */
#ifndef SMTPWHY_CAPTURE_FRAME_H
#define SMTPWHY_CAPTURE_FRAME_H

#include "base/bytes.h"

/* The numbers are written one by one and read at once: two that are read as one word would wait for all that was written before them
 * (store forwarding), so that file and number do not lie side by side. */
struct frame {
	struct bytes bytes;   /* what was captured */
	uint32_t wire_length; /* octets on the wire, at least bytes.n; the difference was cut by the snaplen */
	uint32_t number;      /* 1.. in its file, as Wireshark numbers it */
	int64_t time;         /* nanoseconds since 1970, UTC */
	uint64_t ordinal;     /* 1.. in the whole timeline: names what begins here, independent of threads and shards */
	uint32_t file;        /* index of the capture in the run */
	int linktype;         /* LINKTYPE_ number as in the file (not libpcap's DLT_) */
};

#endif
