/* codec.c - gzip, zstd, xz, lz4 and bzip2 behind one shape. Takes packed octets, gives unpacked ones; touches no file. */
#include "capture/codec.h"

#include "base/arena.h"

#include <bzlib.h>
#include <limits.h>
#include <lz4frame.h>
#include <lzma.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

/* xz -9 needs 65 MiB to unpack; what needs more than this was not made for captures. (zstd has its own limit, 128 MiB.) */
enum { XZ_MEMORY = 256 * 1024 * 1024 };

static unsigned at_most_int(size_t n)
{
	return n > INT_MAX ? INT_MAX : (unsigned)n;
}

static void moved(struct bytes *in, size_t used, struct space *out, size_t made)
{
	in->p += used;
	in->n -= used;
	out->p += made;
	out->n -= made;
}

/* ---- gzip, RFC 1952 ---- */

static bool gzip_begins(struct bytes head)
{
	/* ID1 ID2 CM=8; the three upper bits of FLG are reserved and zero (2.3.1) */
	return head.n >= 4 && head.p[0] == 0x1f && head.p[1] == 0x8b && head.p[2] == 8 && (head.p[3] & 0xe0) == 0;
}

static void *gzip_open(void)
{
	z_stream *z = memory_new(1, sizeof *z);
	if (inflateInit2(z, 15 + 16) == Z_OK)
		return z;
	free(z);
	return NULL;
}

static enum codec_state gzip_step(void *unpacker, struct bytes *in, struct space *out)
{
	z_stream *z = unpacker;
	unsigned had = at_most_int(in->n), space = at_most_int(out->n);
	z->next_in = (Bytef *)(uintptr_t)in->p;
	z->avail_in = had;
	z->next_out = out->p;
	z->avail_out = space;
	int status = inflate(z, Z_NO_FLUSH);
	moved(in, had - z->avail_in, out, space - z->avail_out);
	if (status == Z_STREAM_END)
		return CODEC_END;
	return status == Z_OK || status == Z_BUF_ERROR ? CODEC_MORE : CODEC_DAMAGED;
}

static void gzip_close(void *unpacker)
{
	inflateEnd(unpacker);
	free(unpacker);
}

/* ---- zstd, RFC 8878 ---- */

static bool zstd_begins(struct bytes head)
{
	if (head.n < 4)
		return false;
	/* 3.1.2: skippable frames, magic 0x184D2A50 to 5F; pzstd writes one before each frame */
	bool skippable = (head.p[0] & 0xf0) == 0x50 && head.p[1] == 0x2a && head.p[2] == 0x4d && head.p[3] == 0x18;
	return skippable || bytes_starts(head, B("\x28\xb5\x2f\xfd"));
}

static void *zstd_open(void)
{
	return ZSTD_createDStream();
}

static enum codec_state zstd_step(void *unpacker, struct bytes *in, struct space *out)
{
	ZSTD_inBuffer from = { in->p, in->n, 0 };
	ZSTD_outBuffer to = { out->p, out->n, 0 };
	size_t status = ZSTD_decompressStream(unpacker, &to, &from);
	moved(in, from.pos, out, to.pos);
	if (ZSTD_isError(status))
		return ZSTD_getErrorCode(status) == ZSTD_error_frameParameter_windowTooLarge ? CODEC_TOO_LARGE : CODEC_DAMAGED;
	return status == 0 ? CODEC_END : CODEC_MORE;
}

static void zstd_close(void *unpacker)
{
	ZSTD_freeDStream(unpacker);
}

/* ---- xz ---- */

static bool xz_begins(struct bytes head)
{
	return bytes_starts(head, B("\xfd" "7zXZ\0"));
}

static void *xz_open(void)
{
	lzma_stream *x = memory_new(1, sizeof *x);
	if (lzma_stream_decoder(x, XZ_MEMORY, 0) == LZMA_OK)
		return x;
	free(x);
	return NULL;
}

static enum codec_state xz_step(void *unpacker, struct bytes *in, struct space *out)
{
	lzma_stream *x = unpacker;
	size_t had = in->n, space = out->n;
	x->next_in = in->p;
	x->avail_in = had;
	x->next_out = out->p;
	x->avail_out = space;
	lzma_ret status = lzma_code(x, LZMA_RUN);
	moved(in, had - x->avail_in, out, space - x->avail_out);
	if (status == LZMA_STREAM_END)
		return CODEC_END;
	if (status == LZMA_MEMLIMIT_ERROR || status == LZMA_MEM_ERROR)
		return CODEC_TOO_LARGE;
	return status == LZMA_OK || status == LZMA_BUF_ERROR ? CODEC_MORE : CODEC_DAMAGED;
}

static void xz_close(void *unpacker)
{
	lzma_end(unpacker);
	free(unpacker);
}

/* ---- lz4 frames ---- */

static bool lz4_begins(struct bytes head)
{
	return bytes_starts(head, B("\x04\x22\x4d\x18"));
}

static void *lz4_open(void)
{
	LZ4F_dctx *lz4 = NULL;
	return LZ4F_isError(LZ4F_createDecompressionContext(&lz4, LZ4F_VERSION)) ? NULL : lz4;
}

static enum codec_state lz4_step(void *unpacker, struct bytes *in, struct space *out)
{
	size_t used = in->n, made = out->n;
	size_t status = LZ4F_decompress(unpacker, out->p, &made, in->p, &used, NULL);
	if (LZ4F_isError(status))
		return CODEC_DAMAGED;
	moved(in, used, out, made);
	return status == 0 ? CODEC_END : CODEC_MORE;
}

static void lz4_close(void *unpacker)
{
	LZ4F_freeDecompressionContext(unpacker);
}

/* ---- bzip2 ---- */

static bool bzip2_begins(struct bytes head)
{
	/* "BZh", the block size, then the magic of a block (pi) or of an empty stream's end (sqrt pi) */
	return bytes_starts(head, B("BZh")) && head.n >= 10 && head.p[3] >= '1' && head.p[3] <= '9' &&
	       (bytes_starts(bytes_from(head, 4), B("\x31\x41\x59\x26\x53\x59")) || bytes_starts(bytes_from(head, 4), B("\x17\x72\x45\x38\x50\x90")));
}

static void *bzip2_open(void)
{
	bz_stream *b = memory_new(1, sizeof *b);
	if (BZ2_bzDecompressInit(b, 0, 0) == BZ_OK)
		return b;
	free(b);
	return NULL;
}

static enum codec_state bzip2_step(void *unpacker, struct bytes *in, struct space *out)
{
	bz_stream *b = unpacker;
	unsigned had = at_most_int(in->n), space = at_most_int(out->n);
	b->next_in = (char *)(uintptr_t)in->p;
	b->avail_in = had;
	b->next_out = (char *)out->p;
	b->avail_out = space;
	int status = BZ2_bzDecompress(b);
	moved(in, had - b->avail_in, out, space - b->avail_out);
	if (status == BZ_STREAM_END)
		return CODEC_END;
	return status == BZ_OK ? CODEC_MORE : CODEC_DAMAGED;
}

static void bzip2_close(void *unpacker)
{
	BZ2_bzDecompressEnd(unpacker);
	free(unpacker);
}

static const struct codec codecs[] = {
	{ "gzip", gzip_begins, gzip_open, gzip_step, gzip_close },
	{ "zstd", zstd_begins, zstd_open, zstd_step, zstd_close },
	{ "xz", xz_begins, xz_open, xz_step, xz_close },
	{ "lz4", lz4_begins, lz4_open, lz4_step, lz4_close },
	{ "bzip2", bzip2_begins, bzip2_open, bzip2_step, bzip2_close },
};

const struct codec *codec_of(struct bytes head)
{
	for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
		if (codecs[i].begins(head))
			return &codecs[i];
	return NULL;
}
