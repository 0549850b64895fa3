/* compressed - a file, packed or not, as one stream of octets.
 * In:    a path, or "-" for standard input; gzip, zstd, xz, lz4 and bzip2 are known by their first octets, never by the name.
 * Out:   a window on the unpacked octets, as long as the reader asks for; what came out before a damage, then the trouble.
 * Keeps: one window (the longest that was asked for) and those that others hold, and what the unpacker needs. A frugal source keeps its
 *        file closed between two reads, so that thousands can be read side by side.
 * Never: maps the file: read(2) into a window that stays in the cache costs a quarter of a map with its page faults (5 against
 *        19 ms for 100 MB), and a file that is cut meanwhile ends early instead of raising SIGBUS.
 * Lives: the window until the next source_fill or source_skip, and as long as somebody holds it (capture/window.h). */
#ifndef SMTPWHY_CAPTURE_COMPRESSED_H
#define SMTPWHY_CAPTURE_COMPRESSED_H

#include "base/text.h"
#include "capture/window.h"

#include <sys/types.h>

struct codec;

struct source {
	struct bytes ready;  /* read and not yet taken; a reader takes by shortening it from its front */
	struct text trouble; /* why the stream ended early, as "its gzip data is damaged"; empty when it did not */
	bool cut;            /* packed data ends in its middle */
	bool ended;          /* nothing follows ready */
	uint64_t size;       /* of the file on the disk; 0 unknown */
	uint64_t offset;     /* read from the disk so far */
	bool regular;        /* can be opened again */
	/* private to compressed.c */
	char *path;
	int fd;
	dev_t device;
	ino_t inode;
	bool frugal, raw_ended;
	bool (*stopped)(void *to);
	void *to;
	struct window *window;
	struct window **left; /* windows that others held when they were full: each is used again once it is dropped */
	size_t nleft, left_room;
	uint8_t *packed;
	struct bytes raw; /* packed octets not yet unpacked */
	const struct codec *codec;
	void *unpacker; /* NULL between two members */
};

struct source_options {
	size_t window; /* octets read at once; 0: the default */
	bool frugal;
	bool (*stopped)(void *to); /* asked when a signal interrupts a read that waits: true ends the stream; NULL: never */
	void *to;
};

struct source *source_open(const char *path, struct source_options); /* never NULL; what fails is told in trouble */
const char *source_packing(const struct source *);                  /* "gzip"; NULL: not packed */
bool source_fill(struct source *, size_t n);    /* ready holds at least n octets; false: the stream ends before */
uint64_t source_skip(struct source *, uint64_t n); /* drops n octets; the number dropped is less where the stream ends */
void source_close(struct source *);

static inline bool source_has(struct source *s, size_t n)
{
	return s->ready.n >= n || source_fill(s, n);
}

static inline void source_take(struct source *s, size_t n)
{
	s->ready.p += n;
	s->ready.n -= n;
}

#endif
