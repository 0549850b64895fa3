/* timeline.c - places files by the time of their first frame and merges those that overlap. Takes paths, gives frames; holds open
 * only the files whose time has come. */
#include "capture/timeline_inside.h"

#include "base/limits.h"
#include "base/text.h"
#include "capture/filter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { SPARE_DESCRIPTORS = 32 };
enum { PEEK = 4096, FRUGAL = 16 * 1024 }; /* octets read at once to place a file, and of one of very many that overlap */
static const int64_t MISDATED = INT64_C(3600) * 1000000000;

/* ---- one file: placed, read, finished ---- */

const char *timeline_keep(struct timeline *t, const char *string)
{
	struct bytes b = bytes_of(string);
	char *copy = arena_alloc(&t->arena, b.n + 1, 1);
	if (b.n)
		memcpy(copy, b.p, b.n);
	return copy;
}

void input_trouble(struct timeline *t, struct input *in, const char *sentence)
{
	if (!in->capture.trouble)
		in->capture.trouble = timeline_keep(t, sentence);
}

/* Something to know; what was noted before stands in front of it. */
static void note_add(struct timeline *t, struct capture *c, const char *sentence)
{
	struct text both = { 0 };
	text_addf(&both, c->note ? "%s; %s" : "%s%s", c->note ? c->note : "", sentence);
	c->note = timeline_keep(t, both.p);
	text_free(&both);
}

static void facts_take(struct timeline *t, struct input *in)
{
	struct capture *c = &in->capture;
	const struct reader *r = in->reader;
	const char *packing = source_packing(r->source);
	if (r->format_name && !c->format) {
		struct text format = { 0 };
		text_addf(&format, packing ? "%s, %s" : "%s", r->format_name, packing);
		c->format = timeline_keep(t, format.p);
		text_free(&format);
	}
	if (c->packets == 0)
		c->linktype = r->linktype;
	c->snaplen = r->snaplen;
	c->size = r->source->size;
	c->cut = r->cut;
}

/* What a reader of the report would ask about a file that was read well. */
static void facts_note(struct timeline *t, struct input *in)
{
	const struct reader *r = in->reader;
	struct capture *c = &in->capture;
	struct text note = { 0 };
	if (c->filtered)
		text_addf(&note, "the filter left out %llu of %llu packets", (unsigned long long)c->filtered, (unsigned long long)(c->filtered + c->packets));
	else if (r->format_name && r->number == 0 && r->trouble.n == 0)
		text_addf(&note, "it holds no packets");
	if (r->unknown_blocks)
		text_addf(&note, r->unknown_blocks == 1 ? "%s%u block of a type that is not known (0x%x) was passed over" :
		          "%s%u blocks of types that are not known (the last: 0x%x) were passed over", note.n ? "; " : "", r->unknown_blocks, r->unknown_type);
	if (note.n)
		note_add(t, c, note.p);
	text_free(&note);
}

static void input_finish(struct timeline *t, struct input *in)
{
	facts_take(t, in);
	facts_note(t, in);
	if (in->reader->trouble.n)
		input_trouble(t, in, in->reader->trouble.p);
	t->bytes_done += in->reader->source->offset;
	reader_close(in->reader);
	in->reader = NULL;
	free(in->kept);
	in->kept = NULL;
}

static struct source_options source_options(const struct timeline *t, size_t window, bool frugal)
{
	return (struct source_options){ .window = window, .frugal = frugal, .stopped = t->options.stopped, .to = t->options.to };
}

/* Looks at the first frame. Afterwards the reader is closed again unless it is a pipe with frames. */
void input_place(struct timeline *t, struct input *in)
{
	if (in->placed)
		return;
	in->placed = true;
	in->reader = reader_open(in->capture.path, source_options(t, in->regular ? PEEK : 0, false));
	in->has_frames = reader_next(in->reader, &in->head);
	if (!in->has_frames) {
		input_finish(t, in);
		return;
	}
	in->start = in->head.time;
	facts_take(t, in);
	in->waiting = !in->regular;
	if (in->regular) {
		reader_close(in->reader);
		in->reader = NULL;
	}
}

static bool is_wanted(struct timeline *t, struct input *in)
{
	const char *why = NULL;
	if (!t->filter || filter_wants(t->filter, &in->head, &why))
		return true;
	if (why && !in->capture.trouble) {
		struct text sentence = { 0 };
		text_addf(&sentence, "%s %s", in->capture.path, why);
		input_trouble(t, in, sentence.p);
		text_free(&sentence);
	}
	in->capture.filtered++;
	return false;
}

static bool input_read(struct input *in)
{
	if (in->has_after) {
		in->head = in->after;
		in->has_after = false;
		return true;
	}
	return !in->at_end && reader_next(in->reader, &in->head);
}

/* One frame that is hours ahead of both its neighbours is misdated: by its own time it would hold back the rest of its file, and
 * every connection would be idle for that long. It gets the time of the frame before it. */
static void input_redate(struct timeline *t, struct input *in)
{
	const struct capture *c = &in->capture;
	if (c->packets == 0 || in->head.time - c->last_time <= MISDATED || in->has_after)
		return;
	in->kept = memory_grow(in->kept, in->head.bytes.n + 1, 1);
	if (in->head.bytes.n)
		memcpy(in->kept, in->head.bytes.p, in->head.bytes.n);
	in->head.bytes.p = in->kept;
	in->has_after = reader_next(in->reader, &in->after);
	in->at_end = !in->has_after;
	if (!in->has_after || in->head.time - in->after.time <= MISDATED)
		return;
	in->head.time = c->last_time;
	if (in->redated)
		return;
	in->redated = true;
	struct text note = { 0 };
	text_addf(&note, "%s frame %u is dated hours ahead of those around it, and was read at their time", c->path, in->head.number);
	note_add(t, &in->capture, note.p);
	text_free(&note);
}

/* The next wanted frame into head; false: the file is finished. */
static bool input_advance(struct timeline *t, struct input *in)
{
	do {
		if (!in->waiting && !input_read(in)) {
			input_finish(t, in);
			return false;
		}
		in->waiting = false;
		input_redate(t, in);
	} while (!is_wanted(t, in));
	return true;
}

static inline void frame_count(struct capture *c, const struct frame *frame)
{
	if (c->packets == 0) {
		c->linktype = frame->linktype;
		c->first_time = frame->time;
	} else {
		c->mixed_linktypes |= frame->linktype != c->linktype;
		c->clock_steps_back += frame->time < c->last_time;
	}
	c->last_time = frame->time;
	c->packets++;
	c->bytes += frame->bytes.n;
	c->cut_packets += frame->wire_length > frame->bytes.n;
}

/* ---- order ---- */

static int by_start(const void *a, const void *b)
{
	const struct input *one = *(struct input *const *)a, *other = *(struct input *const *)b;
	if (one->start != other->start)
		return one->start < other->start ? -1 : 1;
	return one->index < other->index ? -1 : one->index > other->index;
}

static void timeline_start(struct timeline *t)
{
	t->started = true;
	t->order = memory_new(t->count, sizeof *t->order);
	t->heap = memory_new(t->count, sizeof *t->heap);
	for (size_t i = 0; i < t->count; i++) {
		input_place(t, t->inputs[i]);
		if (t->inputs[i]->has_frames)
			t->order[t->norder++] = t->inputs[i];
	}
	qsort(t->order, t->norder, sizeof *t->order, by_start);
}

static bool is_before(const struct input *a, const struct input *b)
{
	if (a->head.time != b->head.time)
		return a->head.time < b->head.time;
	return by_start(&a, &b) < 0;
}

static void heap_swap(struct timeline *t, size_t a, size_t b)
{
	struct input *kept_one = t->heap[a];
	t->heap[a] = t->heap[b];
	t->heap[b] = kept_one;
}

static void heap_down(struct timeline *t)
{
	for (size_t at = 0, least;; at = least) {
		least = at;
		for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < t->nheap; child++)
			if (is_before(t->heap[child], t->heap[least]))
				least = child;
		if (least == at)
			return;
		heap_swap(t, at, least);
	}
}

static void heap_add(struct timeline *t, struct input *in)
{
	size_t at = t->nheap++;
	t->heap[at] = in;
	for (; at && is_before(t->heap[at], t->heap[(at - 1) / 2]); at = (at - 1) / 2)
		heap_swap(t, at, (at - 1) / 2);
}

/* The next file in order is opened (again) and joins the merge. */
static void open_next(struct timeline *t)
{
	struct input *in = t->order[t->next++];
	bool many = t->nheap >= t->open_most;
	if (!in->reader)
		in->reader = reader_open(in->capture.path, source_options(t, many ? FRUGAL : 0, many));
	if (input_advance(t, in))
		heap_add(t, in);
}

/* The file whose frames come out one after the other, as nearly all do: no other one is open or waits, and nothing is held back of it. */
static struct input *only_one(const struct timeline *t)
{
	struct input *in = t->came_out && t->nheap == 1 && t->next == t->norder && !t->filter ? t->heap[0] : NULL;
	return in && !in->has_after && !in->at_end ? in : NULL;
}

static inline void come_out(struct timeline *t, struct input *in, struct frame *frame)
{
	frame->ordinal = ++t->ordinal;
	frame->file = in->index;
	frame_count(&in->capture, frame);
}

static bool lone_ended(struct timeline *t)
{
	input_finish(t, t->lone);
	t->lone = NULL;
	t->nheap = 0;
	t->came_out = false;
	return false;
}

static void lone_redate(struct timeline *t, struct frame *frame)
{
	struct input *in = t->lone;
	in->head = *frame;
	input_redate(t, in);
	*frame = in->head;
	t->lone = only_one(t);
}

/* Into the caller's frame at once. */
static inline bool next_of_lone(struct timeline *t, struct frame *frame)
{
	struct input *in = t->lone;
	if (!reader_next(in->reader, frame))
		return lone_ended(t);
	if (__builtin_expect(frame->time - in->capture.last_time > MISDATED, 0))
		lone_redate(t, frame);
	in->head.number = frame->number; /* what timeline_stop says */
	come_out(t, in, frame);
	return true;
}

bool timeline_next(struct timeline *t, struct frame *frame)
{
	if (t->lone)
		return next_of_lone(t, frame);
	if (!t->started)
		timeline_start(t);
	if (t->came_out) {
		if (!input_advance(t, t->heap[0]))
			t->heap[0] = t->heap[--t->nheap];
		if (t->nheap > 1)
			heap_down(t);
		t->came_out = false;
	}
	while (t->next < t->norder && (t->nheap == 0 || t->order[t->next]->start <= t->heap[0]->head.time))
		open_next(t);
	if (t->nheap == 0)
		return false;
	*frame = t->heap[0]->head;
	come_out(t, t->heap[0], frame);
	t->came_out = true;
	t->lone = only_one(t);
	return true;
}

/* ---- an end before the end ---- */

void timeline_trouble(struct timeline *t, size_t index, const char *words)
{
	struct capture *c = &t->inputs[index]->capture;
	struct text sentence = { 0 };
	text_addf(&sentence, c->trouble ? "%s; it %s" : "%s %s", c->trouble ? c->trouble : c->path, words);
	c->trouble = timeline_keep(t, sentence.p);
	text_free(&sentence);
}

void timeline_stop(struct timeline *t)
{
	char words[80];
	for (size_t i = 0; i < t->nheap; i++) {
		struct input *in = t->heap[i];
		bool came_out = i == 0 && t->came_out;
		if (in->reader->trouble.n)
			input_trouble(t, in, in->reader->trouble.p);
		snprintf(words, sizeof words, "was read to packet %u and no further: the run was interrupted", in->head.number - !came_out);
		timeline_trouble(t, in->index, words);
	}
	for (size_t i = t->next; i < t->norder; i++)
		timeline_trouble(t, t->order[i]->index, "was not read: the run was interrupted");
	for (size_t i = 0; i < t->count; i++)
		if (!t->inputs[i]->placed)
			timeline_trouble(t, i, "was not read: the run was interrupted");
}

/* ---- the rest ---- */

/* Of the descriptors that the process may have, some are left to the database and its journals, to standard streams and to one read. */
static size_t open_most(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= LIMIT_OPEN_CAPTURES + SPARE_DESCRIPTORS)
		return LIMIT_OPEN_CAPTURES;
	return limit.rlim_cur > SPARE_DESCRIPTORS ? (size_t)limit.rlim_cur - SPARE_DESCRIPTORS : 1;
}

struct timeline *timeline_new(struct timeline_options options)
{
	struct timeline *t = memory_new(1, sizeof *t);
	t->open_most = open_most();
	t->options = options;
	t->filter = filter_new(options.filter);
	return t;
}

bool timeline_filter_check(const char *filter, struct error *error)
{
	return filter_check(filter, error);
}

size_t timeline_count(const struct timeline *t)
{
	return t->count;
}

const struct capture *timeline_capture(const struct timeline *t, size_t index)
{
	return &t->inputs[index]->capture;
}

uint64_t timeline_bytes_read(const struct timeline *t)
{
	uint64_t bytes = t->bytes_done;
	for (size_t i = 0; i < t->nheap; i++)
		bytes += t->heap[i]->reader->source->offset;
	return bytes;
}

/* With many files open side by side each has a small window, and would need a second one. */
struct window *timeline_window(const struct timeline *t, struct bytes octets)
{
	if (t->nheap != 1)
		return NULL;
	struct window *w = t->heap[0]->reader->source->window;
	uintptr_t begin = (uintptr_t)w->octets, at = (uintptr_t)octets.p;
	return at >= begin && at + octets.n <= begin + w->room ? w : NULL;
}

bool timeline_waits(const struct timeline *t)
{
	for (size_t i = 0; i < t->count; i++)
		if (!t->inputs[i]->regular)
			return true;
	return false;
}

uint64_t timeline_bytes_total(const struct timeline *t)
{
	uint64_t total = 0;
	struct stat st;
	for (size_t i = 0; i < t->count; i++) {
		const struct input *in = t->inputs[i];
		if (!in->regular)
			return 0;
		total += in->capture.size ? in->capture.size : stat(in->capture.path, &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	}
	return total;
}

void timeline_free(struct timeline *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->count; i++) {
		reader_close(t->inputs[i]->reader);
		free(t->inputs[i]->kept);
	}
	filter_free(t->filter);
	map_free(&t->seen);
	arena_drop(&t->arena);
	free(t->inputs);
	free(t->order);
	free(t->heap);
	free(t);
}
