/* Packed files come out as what was packed, whatever their names; cut and damaged ones give what is before, and say so. */
#include "capture/compressed.h"

#include "support/scratch.h"
#include "support/table.h"

#include <bzlib.h>
#include <limits.h>
#include <lz4frame.h>
#include <lzma.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum { SIZE = 300000 };

/* Octets that do not pack away to nothing, the same on each run. */
static void content(uint8_t *p, size_t n)
{
	uint32_t x = 1;
	for (size_t i = 0; i < n; i++) {
		x = x * 1664525u + 1013904223u;
		p[i] = (uint8_t)(x >> 24 & 0x3f);
	}
}

static void plain(struct text *t, const uint8_t *p, size_t n)
{
	text_add(t, (struct bytes){ p, n });
}

static void gzip(struct text *t, const uint8_t *p, size_t n)
{
	static uint8_t out[2 * SIZE];
	z_stream z = { .next_in = (Bytef *)(uintptr_t)p, .avail_in = (unsigned)n, .next_out = out, .avail_out = sizeof out };
	deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	text_add(t, (struct bytes){ out, sizeof out - z.avail_out });
	deflateEnd(&z);
}

static void zstd(struct text *t, const uint8_t *p, size_t n)
{
	static uint8_t out[2 * SIZE];
	ZSTD_CCtx *z = ZSTD_createCCtx();
	ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
	text_add(t, (struct bytes){ out, ZSTD_compress2(z, out, sizeof out, p, n) });
	ZSTD_freeCCtx(z);
}

static void zstd_skippable(struct text *t, const uint8_t *p, size_t n)
{
	text_add(t, B("\x5f\x2a\x4d\x18\x04\0\0\0abcd"));
	zstd(t, p, n);
}

static void xz(struct text *t, const uint8_t *p, size_t n)
{
	static uint8_t out[2 * SIZE];
	size_t made = 0;
	assert_int_equal(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, NULL, p, n, out, &made, sizeof out), LZMA_OK);
	text_add(t, (struct bytes){ out, made });
}

static void lz4(struct text *t, const uint8_t *p, size_t n)
{
	static uint8_t out[2 * SIZE];
	const LZ4F_preferences_t checked = { .frameInfo = { .contentChecksumFlag = LZ4F_contentChecksumEnabled } };
	text_add(t, (struct bytes){ out, LZ4F_compressFrame(out, sizeof out, p, n, &checked) });
}

static void bzip2(struct text *t, const uint8_t *p, size_t n)
{
	static uint8_t out[2 * SIZE];
	unsigned made = sizeof out;
	assert_int_equal(BZ2_bzBuffToBuffCompress((char *)out, &made, (char *)(uintptr_t)p, (unsigned)n, 1, 0, 0), BZ_OK);
	text_add(t, (struct bytes){ out, made });
}

static const struct kind {
	const char *name, *packing;
	void (*pack)(struct text *, const uint8_t *, size_t);
} kinds[] = {
	{ "plain", NULL, plain }, { "gzip", "gzip", gzip }, { "zstd", "zstd", zstd }, { "zstd after a skippable frame", "zstd", zstd_skippable },
	{ "xz", "xz", xz }, { "lz4", "lz4", lz4 }, { "bzip2", "bzip2", bzip2 },
};

/* Reads all in steps; the octets must be the first of those expected. Returns their number. */
static size_t read_all(struct source *s, const uint8_t *want, size_t n, size_t step)
{
	size_t at = 0;
	for (;;) {
		bool whole = source_has(s, step);
		size_t take = whole ? step : s->ready.n;
		assert_true(at + take <= n);
		assert_memory_equal(s->ready.p, want + at, take);
		source_take(s, take);
		at += take;
		if (!whole)
			return at;
	}
}

static size_t unpacked(struct bytes file, const uint8_t *want, size_t n, struct source_options options, char trouble[static 256], bool *cut)
{
	struct scratch dir = scratch_new();
	char path[256];
	struct source *s = source_open(scratch_file(&dir, "no-telling-name", file, path), options);
	size_t got = read_all(s, want, n, 7777);
	assert_int_equal(s->offset, file.n);
	snprintf(trouble, 256, "%s", s->trouble.n ? s->trouble.p : "");
	*cut = s->cut;
	source_close(s);
	scratch_free(&dir);
	return got;
}

static void comes_out(void **state)
{
	const struct kind *k = *state;
	static uint8_t want[SIZE];
	static const struct source_options options[] = { { 0 }, { .window = 100 }, { .window = 4096, .frugal = true }, { .frugal = true } };
	char trouble[256];
	bool cut;
	content(want, SIZE);
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		struct text file = { 0 };
		k->pack(&file, want, SIZE / 2); /* two members */
		k->pack(&file, want + SIZE / 2, SIZE / 2);
		assert_int_equal(unpacked(text_view(&file), want, SIZE, options[i], trouble, &cut), SIZE);
		assert_string_equal(trouble, "");
		assert_false(cut);
		text_free(&file);
	}
}

/* What was read stays as it was in the windows that are held, while more is read and when the source is closed. */
static void is_held(void **state)
{
	enum { HELD = 9, STEP = 1777 };
	const struct kind *k = *state;
	static uint8_t want[SIZE];
	struct piece { struct window *window; const uint8_t *p, *want; size_t n; } held[HELD] = { 0 };
	struct text file = { 0 };
	char path[256];
	struct scratch dir = scratch_new();
	content(want, SIZE);
	k->pack(&file, want, SIZE);
	struct source *s = source_open(scratch_file(&dir, "f", text_view(&file), path), (struct source_options){ .window = 4096 });
	size_t at = 0;
	for (size_t i = 0; source_has(s, 1); i++) {
		struct piece *piece = &held[i % HELD];
		assert_true(!piece->window || memcmp(piece->p, piece->want, piece->n) == 0);
		window_drop(piece->window);
		(void)source_has(s, i % 50 == 49 ? 3 * STEP + i : STEP); /* now and then longer than the window was */
		*piece = (struct piece){ i / 30 % 2 ? NULL : s->window, s->ready.p, want + at, s->ready.n < STEP ? s->ready.n : STEP };
		if (piece->window)
			window_hold(piece->window);
		at += piece->n;
		source_take(s, piece->n);
	}
	assert_int_equal(at, SIZE);
	source_close(s);
	for (size_t i = 0; i < HELD; i++) {
		assert_true(!held[i].window || memcmp(held[i].p, held[i].want, held[i].n) == 0);
		window_drop(held[i].window);
	}
	scratch_free(&dir);
	text_free(&file);
}

static void is_cut(void **state)
{
	const struct kind *k = *state;
	static uint8_t want[SIZE];
	struct text file = { 0 };
	char trouble[256];
	bool cut;
	size_t before = 0;
	content(want, SIZE);
	k->pack(&file, want, SIZE);
	for (size_t n = 20; n < file.n; n += file.n / 37) {
		size_t got = unpacked(bytes_first(text_view(&file), n), want, SIZE, (struct source_options){ 0 }, trouble, &cut);
		assert_true(got >= before);
		assert_int_equal(cut, k->packing != NULL);
		assert_true(!k->packing || strstr(trouble, "cut off"));
		before = got;
	}
	assert_true(before > SIZE / 2);
	text_free(&file);
}

static void is_damaged(void **state)
{
	const struct kind *k = *state;
	static uint8_t want[SIZE];
	struct text file = { 0 };
	char path[256];
	struct scratch dir = scratch_new();
	content(want, SIZE);
	k->pack(&file, want, SIZE);
	memset(file.p + file.n / 2, 0xff, 4000);
	struct source *s = source_open(scratch_file(&dir, "f", text_view(&file), path), (struct source_options){ 0 });
	uint64_t got = source_skip(s, UINT64_MAX);
	assert_true(got <= SIZE);
	const char *trouble = s->trouble.n ? s->trouble.p : "";
	assert_true(!k->packing || strstr(trouble, "damaged") || strstr(trouble, "cut off"));
	source_close(s);
	scratch_free(&dir);
	text_free(&file);
}

static void has_a_tail(void **state)
{
	const struct kind *k = *state;
	static uint8_t want[SIZE];
	struct text file = { 0 };
	char trouble[256];
	bool cut;
	content(want, SIZE);
	if (!k->packing)
		return;
	k->pack(&file, want, SIZE);
	text_add(&file, B("\0\0\0\0\0\0\0\0\0\0\0\0")); /* padding is none of our business */
	assert_int_equal(unpacked(text_view(&file), want, SIZE, (struct source_options){ 0 }, trouble, &cut), SIZE);
	assert_string_equal(trouble, "");
	text_add(&file, B("and what is this?"));
	assert_int_equal(unpacked(text_view(&file), want, SIZE, (struct source_options){ 0 }, trouble, &cut), SIZE);
	assert_non_null(strstr(trouble, "after its"));
	text_free(&file);
}

/* A file that shrinks or is replaced while it is read must end, not crash. */
static const struct change {
	const char *name;
	bool frugal, replace;
	const char *says;
} changes[] = {
	{ "cut while it is read", false, false, "" },
	{ "cut while it is read now and then", true, false, "" },
	{ "replaced while it is read now and then", true, true, "was replaced by another file while it was read" },
};

static void changes_meanwhile(void **state)
{
	const struct change *c = *state;
	static uint8_t want[SIZE];
	struct scratch dir = scratch_new();
	char path[256], other[256];
	content(want, SIZE);
	scratch_file(&dir, "f", (struct bytes){ want, SIZE }, path);
	struct source *s = source_open(path, (struct source_options){ .window = 1000, .frugal = c->frugal });
	assert_true(source_has(s, 1000));
	if (c->replace)
		assert_int_equal(rename(scratch_file(&dir, "g", (struct bytes){ want, SIZE }, other), path), 0);
	else
		assert_int_equal(truncate(path, 1500), 0);
	assert_int_equal(source_skip(s, SIZE), c->replace ? 1000 : 1500);
	assert_string_equal(s->trouble.n ? s->trouble.p : "", c->says);
	source_close(s);
	scratch_free(&dir);
}

/* ---- reads that are interrupted, and a read that fails in the middle of what comes through standard input ---- */

static void nothing_to_do(int number)
{
	(void)number;
}

static bool gives_up(void *to)
{
	unsigned *patience = to;
	return (*patience)-- == 0;
}

static const struct waiting {
	const char *name;
	bool fails;        /* the other end breaks the connection; else it falls silent, and signals come */
	unsigned patience; /* how many signals are passed over */
	const char *says;
} waits[] = {
	{ "a signal ends the waiting", false, 0, "was not read to its end: interrupted" },
	{ "signals that mean nothing are passed over", false, 3, "was not read to its end: interrupted" },
	{ "the connection breaks", true, 0, "cannot be read further: Connection reset by peer" },
};

static void waits_for_input(void **state)
{
	const struct waiting *k = *state;
	uint8_t want[5000];
	int ends[2], saved = dup(STDIN_FILENO);
	unsigned patience = k->patience;
	struct sigaction action = { .sa_handler = nothing_to_do }, before;
	struct itimerval often = { { 0, 5000 }, { 0, 5000 } }, never = { 0 };
	content(want, sizeof want);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(write(ends[1], want, sizeof want), sizeof want);
	dup2(ends[0], STDIN_FILENO);
	if (k->fails) {
		assert_int_equal(write(ends[0], "x", 1), 1); /* closed over unread octets, its other end fails once it is empty */
		close(ends[1]);
	} else {
		sigaction(SIGALRM, &action, &before);
		setitimer(ITIMER_REAL, &often, NULL);
	}
	struct source *s = source_open("-", (struct source_options){ .window = 1000, .stopped = gives_up, .to = &patience });
	for (size_t at = 0; at < sizeof want; at += 1000) {
		assert_true(source_has(s, 1000));
		assert_memory_equal(s->ready.p, want + at, 1000);
		source_take(s, 1000);
	}
	assert_false(source_has(s, 1));
	assert_true(s->ended);
	assert_string_equal(s->trouble.p, k->says);
	source_close(s);
	if (!k->fails) {
		setitimer(ITIMER_REAL, &never, NULL);
		sigaction(SIGALRM, &before, NULL);
		assert_int_equal(patience, UINT_MAX);
		close(ends[1]);
	}
	dup2(saved, STDIN_FILENO);
	close(saved);
	close(ends[0]);
}

int main(void)
{
	int failed = TABLE_RUN("unpacked", kinds, comes_out);
	failed += TABLE_RUN("held", kinds, is_held);
	failed += TABLE_RUN("cut", kinds, is_cut);
	failed += TABLE_RUN("damaged", kinds, is_damaged);
	failed += TABLE_RUN("with a tail", kinds, has_a_tail);
	failed += TABLE_RUN("changed meanwhile", changes, changes_meanwhile);
	failed += TABLE_RUN("waiting", waits, waits_for_input);
	return failed != 0;
}
