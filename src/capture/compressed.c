/* compressed.c - reads a file into a window, unpacking it on the way. Takes a path, gives octets; never fails half-way without
 * giving what came before, and never maps the file (see compressed.h). */
#define _GNU_SOURCE /* the strerror_r that gives a string */
#include "capture/compressed.h"

#include "base/arena.h"
#include "capture/codec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Measured on 60 to 1,514 octet packets: 128 KiB to 512 KiB are equally fast, 1 MiB falls out of the second-level cache. */
enum { WINDOW = 256 * 1024, PACKED = 64 * 1024 };

/* ---- the file ---- */

static void fail(struct source *s, const char *what)
{
	s->raw_ended = true;
	if (s->trouble.n == 0)
		text_add_string(&s->trouble, what);
}

static void fail_errno(struct source *s, const char *what)
{
	int why = errno;
	char reason[128] = "";
	s->raw_ended = true;
	if (s->trouble.n == 0)
		text_addf(&s->trouble, "%s: %s", what, strerror_r(why, reason, sizeof reason));
}

static bool is_stdin(const struct source *s)
{
	return strcmp(s->path, "-") == 0;
}

static void file_open(struct source *s)
{
	struct stat st;
	s->fd = is_stdin(s) ? STDIN_FILENO : open(s->path, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0 || fstat(s->fd, &st) != 0) {
		fail_errno(s, "cannot be opened");
		return;
	}
	if (s->offset == 0) {
		s->regular = S_ISREG(st.st_mode) && !is_stdin(s);
		s->size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
		s->device = st.st_dev;
		s->inode = st.st_ino;
		if (s->regular)
			(void)posix_fadvise(s->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	} else if (st.st_dev != s->device || st.st_ino != s->inode || lseek(s->fd, (off_t)s->offset, SEEK_SET) < 0) {
		fail(s, "was replaced by another file while it was read");
	}
}

static void file_close(struct source *s)
{
	if (s->fd >= 0 && !is_stdin(s))
		close(s->fd);
	s->fd = -1;
}

/* Reads what is there, at most n octets; none: the file has ended. */
static size_t file_read(struct source *s, uint8_t *to, size_t n)
{
	ssize_t got = 0;
	if (s->fd < 0 && !s->raw_ended)
		file_open(s);
	if (s->raw_ended)
		return 0;
	do
		got = read(s->fd, to, n);
	while (got < 0 && errno == EINTR && !(s->stopped && s->stopped(s->to)));
	if (got < 0 && errno == EINTR)
		fail(s, "was not read to its end: interrupted");
	else if (got < 0)
		fail_errno(s, "cannot be read further");
	if (got <= 0) {
		s->raw_ended = true;
		got = 0;
	}
	s->offset += (uint64_t)got;
	if (s->regular && (s->frugal || s->raw_ended))
		file_close(s);
	return (size_t)got;
}

/* ---- unpacking ---- */

/* At least n packed octets in raw, where the file has them. */
static void raw_fill(struct source *s, size_t n)
{
	if (s->raw.n >= n)
		return;
	if (s->raw.n)
		memmove(s->packed, s->raw.p, s->raw.n);
	s->raw.p = s->packed;
	while (s->raw.n < n && !s->raw_ended)
		s->raw.n += file_read(s, s->packed + s->raw.n, PACKED - s->raw.n);
}

static void unpacker_drop(struct source *s)
{
	if (s->unpacker)
		s->codec->close(s->unpacker);
	s->unpacker = NULL;
}

/* Between two members: the next one, padding of zeros (xz allows it, tapes write it), or the end. */
static void member_begin(struct source *s)
{
	raw_fill(s, CODEC_MAGIC);
	while (s->raw.n && s->raw.p[0] == 0) {
		s->raw = bytes_from(s->raw, 1);
		raw_fill(s, CODEC_MAGIC);
	}
	if (s->raw.n == 0) {
		s->ended = true;
	} else if (!s->codec->begins(s->raw)) {
		s->ended = true;
		if (s->trouble.n == 0)
			text_addf(&s->trouble, "has octets after its %s data that are no such data, and were not read", s->codec->name);
	} else if (!(s->unpacker = s->codec->open())) {
		s->ended = true;
		fail(s, "cannot be unpacked: no memory");
	}
}

static void unpack(struct source *s)
{
	if (!s->unpacker)
		member_begin(s);
	if (s->ended)
		return;
	raw_fill(s, 1);
	struct space space = { s->window->octets + s->ready.n, s->window->room - s->ready.n };
	size_t had = s->raw.n, room = space.n;
	enum codec_state state = s->codec->step(s->unpacker, &s->raw, &space);
	s->ready.n += room - space.n;
	if (state == CODEC_END) {
		unpacker_drop(s);
	} else if (state == CODEC_TOO_LARGE) {
		s->ended = true;
		if (s->trouble.n == 0)
			text_addf(&s->trouble, "has %s data that needs too much memory; unpack it first", s->codec->name);
	} else if (state == CODEC_DAMAGED || (s->raw.n == had && space.n == room && had)) {
		s->ended = true;
		if (s->trouble.n == 0)
			text_addf(&s->trouble, "has %s data that is damaged", s->codec->name);
	} else if (space.n == room && s->raw.n == 0 && s->raw_ended) {
		s->ended = s->cut = true;
		if (s->trouble.n == 0)
			text_addf(&s->trouble, "has %s data that is cut off", s->codec->name);
	}
}

/* ---- the window ---- */

/* One that nobody looks at any more, or a new one. */
static struct window *window_other(struct source *s, size_t room)
{
	for (size_t i = 0; i < s->nleft; i++) {
		struct window *w = s->left[i];
		if (!window_is_alone(w))
			continue;
		s->left[i] = s->left[--s->nleft];
		if (w->room >= room)
			return w;
		window_drop(w);
		break;
	}
	return window_new(room);
}

/* What is ready stands at the beginning of a window with room for n octets that nobody else holds. */
static void window_room(struct source *s, size_t n)
{
	struct window *old = s->window;
	bool alone = window_is_alone(old);
	if (alone && n <= old->room) {
		if (s->ready.n && s->ready.p != old->octets)
			memmove(old->octets, s->ready.p, s->ready.n);
	} else {
		s->window = window_other(s, n > old->room ? n : old->room);
		if (s->ready.n)
			memcpy(s->window->octets, s->ready.p, s->ready.n);
		if (alone) {
			window_drop(old);
		} else {
			MEMORY_ROOM(s->left, s->nleft, s->left_room);
			s->left[s->nleft++] = old;
		}
	}
	s->ready.p = s->window->octets;
}

bool source_fill(struct source *s, size_t n)
{
	if (s->ready.n >= n)
		return true;
	if (s->ended)
		return false;
	window_room(s, n);
	while (s->ready.n < n && !s->ended) {
		if (s->codec) {
			unpack(s);
		} else {
			s->ready.n += file_read(s, s->window->octets + s->ready.n, s->window->room - s->ready.n);
			s->ended = s->raw_ended;
		}
	}
	return s->ready.n >= n;
}

uint64_t source_skip(struct source *s, uint64_t n)
{
	uint64_t left = n;
	while (left && source_has(s, 1)) {
		size_t step = s->ready.n < left ? s->ready.n : (size_t)left;
		source_take(s, step);
		left -= step;
	}
	return n - left;
}

struct source *source_open(const char *path, struct source_options options)
{
	struct source *s = memory_new(1, sizeof *s);
	size_t length = strlen(path) + 1;
	s->path = memcpy(memory_new(length, 1), path, length);
	s->frugal = options.frugal;
	s->stopped = options.stopped;
	s->to = options.to;
	size_t window = options.window ? options.window : WINDOW;
	file_open(s);
	/* for a small file more than it holds, so that its end is seen by the second read at the latest */
	s->window = window_new(s->regular && s->size < window ? (size_t)s->size + CODEC_MAGIC : window);
	s->ready.p = s->window->octets;
	(void)source_fill(s, CODEC_MAGIC);
	s->codec = codec_of(s->ready);
	if (s->codec) {
		size_t size = s->ready.n > PACKED ? s->ready.n : PACKED;
		s->packed = memory_new(size, 1);
		memcpy(s->packed, s->ready.p, s->ready.n);
		s->raw = (struct bytes){ s->packed, s->ready.n };
		s->ready.n = 0;
		s->ended = false;
		window_room(s, window);
	}
	return s;
}

const char *source_packing(const struct source *s)
{
	return s->codec ? s->codec->name : NULL;
}

void source_close(struct source *s)
{
	if (!s)
		return;
	unpacker_drop(s);
	file_close(s);
	text_free(&s->trouble);
	free(s->packed);
	for (size_t i = 0; i < s->nleft; i++)
		window_drop(s->left[i]);
	free(s->left);
	window_drop(s->window);
	free(s->path);
	free(s);
}
