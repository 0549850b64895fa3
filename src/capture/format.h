/* format - one kind of capture file a row; private to the readers.
 * In:    a reader whose source stands at the file's first octet.
 * Out:   frames through next; trouble through the reader_ verbs below, the first of which is kept.
 * Never: asks the source for more than FRAME_MOST octets and a header at once. */
#ifndef SMTPWHY_CAPTURE_FORMAT_H
#define SMTPWHY_CAPTURE_FORMAT_H

#include "capture/reader.h"

struct format {
	bool (*open)(struct reader *);  /* false: not this format */
	bool (*next)(struct reader *, struct frame *);
	void (*close)(struct reader *);
};

extern const struct format pcap_format, pcapng_format, libpcap_format;

enum {
	/* libpcap's MAXIMUM_SNAPLEN and Wireshark's WTAP_MAX_PACKET_SIZE_STANDARD: what a packet may hold; more is damage. */
	FRAME_MOST = 262144,
};

/* How long a record of a link type may be: D-Bus and USB messages exceed FRAME_MOST. What is beyond FRAME_MOST is dropped. */
uint32_t linktype_most(int linktype);

/* Say that the file ends in the middle of what is named, as "packet 12" (formatted). */
void reader_cut(struct reader *, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Say why reading ends or what was left out; format continues the path, as "is empty". */
void reader_trouble(struct reader *, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define NANOSECONDS INT64_C(1000000000)

#endif
