/* reader - one capture file becomes frames, in the order of the file.
 * In:    a path ("-" is standard input).
 * Out:   frames with bytes, wire_length, linktype, time and number; the rest of struct frame is the timeline's. What was read and
 *        what was not stands in the reader's open fields, complete once reader_next has returned false.
 * Never: fails: a file that is no capture has no frames and a trouble. Looks for packets again behind a damage.
 * Formats: pcap (version 2.4; both byte orders, both resolutions; several captures one after the other) and pcapng by ourselves,
 *        what else libpcap knows through libpcap.
 * Lives: a frame until the next reader_next. */
#ifndef SMTPWHY_CAPTURE_READER_H
#define SMTPWHY_CAPTURE_READER_H

#include "base/error.h"
#include "capture/compressed.h"
#include "capture/frame.h"

struct format;

struct reader {
	const char *format_name; /* "pcap", "pcap (nanoseconds)", "pcapng" ...; NULL: no capture */
	int linktype;            /* of the first frame or header; -1 none */
	uint32_t snaplen;        /* the largest of its interfaces; 0 unknown */
	uint32_t number;         /* of the last frame */
	bool cut;                /* ends in the middle of a packet or block */
	uint32_t unknown_blocks, unknown_type; /* pcapng: blocks of types that nobody here knows, and the last of these */
	struct text trouble;     /* one sentence that begins with the path; empty: all was read */
	/* for the formats' own files */
	const char *path;
	struct source *source;
	const struct format *format;
	void *state; /* the format's */
	uint64_t skip; /* octets to drop before the next record */
};

struct reader *reader_open(const char *path, struct source_options); /* never NULL; path must outlive it */
bool reader_next(struct reader *, struct frame *); /* false: no more */
void reader_close(struct reader *);

#endif
