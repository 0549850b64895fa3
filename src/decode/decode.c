/* decode.c - joins the layers: takes a frame, fills a packet or says why there is none, counts both. Never fails on input. */
#include "decode/decode.h"

#include "base/arena.h"
#include "decode/ether.h"
#include "decode/fragment.h"
#include "decode/link.h"
#include "decode/plain.h"

#include "base/banned.h"

/* Counts are held by pointer, since a datagram that is not yet whole points to those of the file that began it. */
struct decoder {
	struct fragments *fragments;
	struct decode_counts **counts, *last;
	uint32_t last_file;
	size_t nfiles;
	int64_t clock, latest; /* latest: of the frames' times */
};

struct decoder *decoder_new(void)
{
	struct decoder *r = memory_new(1, sizeof *r);
	r->fragments = fragments_new();
	r->latest = INT64_MIN;
	return r;
}

static __attribute__((noinline)) struct decode_counts *counts_find(struct decoder *r, uint32_t file)
{
	if (file >= r->nfiles) {
		size_t n = (size_t)file + 16;
		r->counts = memory_grow(r->counts, n, sizeof(struct decode_counts *));
		for (size_t i = r->nfiles; i < n; i++)
			r->counts[i] = NULL;
		r->nfiles = n;
	}
	if (!r->counts[file]) {
		r->counts[file] = memory_new(1, sizeof(struct decode_counts));
		r->counts[file]->unknown_linktype = -1;
	}
	r->last_file = file;
	return r->last = r->counts[file];
}

static inline struct decode_counts *counts_of(struct decoder *r, uint32_t file)
{
	return r->last && r->last_file == file ? r->last : counts_find(r, file);
}

/* A time in which nobody sent anything is a pause of the capture, or a clock that was set forward: no connection was idle in it. It counts
 * as less than a handshake may take (flow.c, class_idle), and as more than a finished connection is kept. */
static void advance(struct decoder *r, int64_t time)
{
	static const int64_t most = INT64_C(50) * 1000000000;
	int64_t step;
	if (r->latest == INT64_MIN)
		r->clock = time;
	else if (__builtin_sub_overflow(time, r->latest, &step) || step > most)
		r->clock += most;
	else
		r->clock += step;
	r->latest = time;
}

/* All that is not plain. A function of its own, so that the plain ones need no room for what it works with. */
static __attribute__((noinline)) enum decoded layers(struct decoder *r, struct decode_counts *counts, const struct frame *f, struct packet *p)
{
	struct decoding d = {
		.packet = p, .counts = counts, .fragments = r->fragments, .time = f->time,
		.missing = f->wire_length > f->bytes.n ? f->wire_length - f->bytes.n : 0,
	};
	enum decoded got = f->linktype == 1 ? ethernet_frame(&d, f->bytes) : link_frame(&d, f->linktype, f->bytes);
	counts->frames[got]++;
	return got;
}

enum decoded decoder_packet(struct decoder *r, const struct frame *f, struct packet *p)
{
	struct decode_counts *counts = counts_of(r, f->file);
	if (__builtin_expect(fragments_spent(r->fragments), 0))
		fragments_next(r->fragments);
	p->place = (struct place){ f->time, f->file, f->number };
	p->ordinal = f->ordinal;
	if (__builtin_expect(f->time > r->latest, 1))
		advance(r, f->time);
	p->clock = r->clock;
	p->in_tunnel = p->was_fragmented = false;
	if (f->linktype == 1 && f->wire_length == f->bytes.n && plain_segment(counts, f->bytes, p)) {
		counts->frames[DECODED_TCP]++;
		return DECODED_TCP;
	}
	return layers(r, counts, f, p);
}

const struct decode_counts *decoder_counts(const struct decoder *r, uint32_t file)
{
	static const struct decode_counts none = { .unknown_linktype = -1 };
	return file < r->nfiles && r->counts[file] ? r->counts[file] : &none;
}

void decode_counts_blind(const struct decode_counts *counts, struct text *t)
{
	uint64_t n = counts->frames[DECODED_UNKNOWN_LINK];
	const char *name = linktype_name(counts->unknown_linktype);
	if (n == 0)
		return;
	text_addf(t, "%llu packet%s of link type %d", (unsigned long long)n, n == 1 ? "" : "s", counts->unknown_linktype);
	if (!bytes_equal(bytes_of(name), B("unknown")))
		text_addf(t, " (%s)", name);
	text_add_string(t, ", which cannot be decoded");
}

void decoder_blind(const struct decoder *decoder, struct timeline *timeline, uint32_t first_file)
{
	struct text words = { 0 };
	for (size_t i = 0; i < timeline_count(timeline); i++) {
		const struct decode_counts *counts = decoder_counts(decoder, first_file + (uint32_t)i);
		const struct capture *c = timeline_capture(timeline, i);
		if (c->packets == 0 || counts->frames[DECODED_UNKNOWN_LINK] < c->packets)
			continue;
		text_clear(&words);
		text_add_string(&words, "holds ");
		decode_counts_blind(counts, &words);
		timeline_trouble(timeline, i, words.p);
	}
	text_free(&words);
}

void decoder_free(struct decoder *r)
{
	if (!r)
		return;
	fragments_free(r->fragments);
	for (size_t i = 0; i < r->nfiles; i++)
		free(r->counts[i]);
	free(r->counts);
	free(r);
}
