/* timeline - many capture files as one sequence of frames in time.
 * In:    paths of files and directories, in any order; "-" is standard input, once.
 * Out:   frames in order of time, one at a time; afterwards a struct capture for each file.
 * Keeps: a bounded number of files open; a file's first frame is looked at to place it, nothing is read twice.
 * Never: stops at a damaged file: what is whole in it comes out, the rest is told in its struct capture.
 * Formats: pcap (both byte orders, both resolutions), pcapng (sections, interfaces of mixed link types), what else libpcap
 *        reads; gzip, zstd, xz, lz4, bzip2 around any of them.
 * Lives: a frame until the next timeline_next; captures until timeline_free. */
#ifndef SMTPWHY_CAPTURE_TIMELINE_H
#define SMTPWHY_CAPTURE_TIMELINE_H

#include "base/error.h"
#include "capture/frame.h"
#include "capture/window.h"

struct capture {
	const char *path;        /* as given, or found in a given directory */
	const char *format;      /* "pcap", "pcapng", "pcap, gzip" ...; NULL when it could not be read */
	int linktype;            /* of its first frame or header; -1 none */
	bool mixed_linktypes;
	uint64_t packets;        /* frames that came out */
	uint64_t filtered;       /* frames that the filter left out */
	uint64_t bytes;          /* captured octets of these frames */
	uint64_t size;           /* octets of the file as it lies on the disk, 0 unknown */
	uint32_t snaplen;        /* 0 unknown */
	int64_t first_time, last_time; /* of its frames; 0 when it has none */
	bool cut;                /* it ends in the middle of a packet or block */
	uint64_t cut_packets;    /* frames shorter than they were on the wire */
	uint64_t clock_steps_back; /* frames earlier than the one before them */
	const char *trouble;     /* one sentence that begins with the path: what could not be read and why; NULL when all was read */
	const char *note;        /* one sentence: something to know that is no trouble (given twice, read once); NULL */
};

struct timeline_options {
	const char *filter; /* pcap-filter(7) syntax; NULL: all */
	bool recurse;       /* directories below given directories as well */
	bool (*known)(void *to, const char *path); /* a regular file that need not be read; NULL: none is known */
	bool (*stopped)(void *to); /* asked when a signal interrupts a read that waits (a pipe): true ends it; NULL: never */
	void *to;
};

struct timeline;
struct timeline *timeline_new(struct timeline_options);
/* Adds a file, or the captures of a directory (files that begin like a capture, by name order; what is named like a capture and is
 * none is added with its trouble, hidden files and other strangers are passed over). What does not exist, cannot be listed or is no
 * capture is added all the same and has its trouble. A file that was added before, under whatever name, is read once. */
void timeline_add(struct timeline *, const char *path);
bool timeline_next(struct timeline *, struct frame *); /* false: no more */
void timeline_stop(struct timeline *); /* the last call of the reading: what it leaves unread becomes each file's trouble */
void timeline_trouble(struct timeline *, size_t index, const char *words); /* what a later stage found, as "holds ..." */
size_t timeline_count(const struct timeline *);
const struct capture *timeline_capture(const struct timeline *, size_t index);
uint64_t timeline_bytes_read(const struct timeline *);  /* of the files on the disk, for progress */
uint64_t timeline_bytes_total(const struct timeline *); /* 0 unknown (standard input) */
/* The window that these octets of the last frame stand in: who holds it may look at them for longer. NULL: they stand in none that can be
 * held, and live as long as the frame. */
struct window *timeline_window(const struct timeline *, struct bytes);
bool timeline_waits(const struct timeline *); /* reading may wait for others, as from a pipe: one of its inputs is no regular file */
void timeline_free(struct timeline *);

/* Whether a filter can be used at all; false: fills the error (ERROR_USAGE). A filter that does not fit a file's link type is that
 * file's trouble. */
bool timeline_filter_check(const char *filter, struct error *);

#endif
