/* shards.c - threads that take turns at reading packets and follow their own share of the connections; each hands its outcomes to the
 * sink, one at a time. Never has a thread that only reads, or only stores: with as many threads as processors none of these would be idle
 * while another has work for two. */
#include "shards.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum {
	SPAN_PACKETS = 512,
	SPAN_WINDOWS = 4,
	SPAN_OCTETS = 192 * 1024, /* room for payload that stands in no window; a single segment never has more than 64 KiB */
	SEGMENT_MOST = 64 * 1024,
	SPAN_FRAMES = 4096,       /* of which most may be no segments */
	AHEAD = 3,                /* the quickest thread has so many before it, or one of them reads on: few enough to stay in the caches */
	SPANS = 24,               /* while one thread stores a thousand rows, others go so far ahead of it */
	HANDFUL = ANALYSER_AT_ONCE, /* outcomes that are worth asking whether the sink is free */
	OUTCOMES_MOST = 256,      /* outcomes that wait until then: the next one waits for the sink */
	NONE = 0xffff,
};

/* Packets in a row, chained by shard. */
struct span {
	size_t n, used;
	struct packet packets[SPAN_PACKETS];
	uint16_t next[SPAN_PACKETS]; /* of the same shard */
	uint16_t *first, *last;      /* by shard */
	struct window *windows[SPAN_WINDOWS]; /* held */
	unsigned nwindows;
	uint8_t octets[SPAN_OCTETS];
};

struct shard {
	pthread_t thread;
	struct analyser *analyser;
	uint64_t done; /* spans; by shards.lock */
	struct outcome outcomes[OUTCOMES_MOST]; /* that the sink has not got yet */
	size_t noutcomes;
	struct shards *all;
};

struct shards {
	struct outcome_sink sink;
	struct shard *shards;     /* the first is that of the caller's thread */
	unsigned n;
	uint32_t part, parts;     /* part: 0.. */
	int64_t clock;            /* of the last packet, also of other parts */
	uint64_t ordinal;
	const struct packets_source *source;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct span *spans[SPANS]; /* the i-th span of the run is in spans[i % SPANS] until all shards have done it; by lock, as all that follows */
	struct span *spare[SPANS]; /* the last to come is the first to go: it is in the caches */
	size_t nspare;
	uint64_t made, gone;      /* spans, and how many of these are spare again */
	uint64_t frames, paused;  /* read, and read at the last pause */
	unsigned waiting;
	bool reading, over;       /* reading: a thread holds the source, the clock and the ordinal */
	pthread_mutex_t storing;  /* held by the analyser whose outcomes go to the sink */
	bool ended;
};

/* ---- outcomes ---- */

/* An analyser's sessions are still in the caches of its processor, where a thread that did nothing but store would fetch each from
 * another one's; and their memory goes back to the thread that took it. */
static void outcomes_store(struct shard *shard)
{
	struct outcome_sink sink = shard->all->sink;
	for (size_t i = 0; i < shard->noutcomes; i++) {
		if (sink.ahead && i + 1 < shard->noutcomes)
			sink.ahead(sink.to, &shard->outcomes[i + 1]);
		sink.outcome(sink.to, shard->outcomes[i]);
	}
	shard->noutcomes = 0;
	pthread_mutex_unlock(&shard->all->storing);
}

static void outcome_gathered(void *to, struct outcome outcome)
{
	struct shard *shard = to;
	pthread_mutex_t *storing = &shard->all->storing;
	shard->outcomes[shard->noutcomes++] = outcome;
	if (shard->noutcomes == OUTCOMES_MOST)
		pthread_mutex_lock(storing);
	else if (shard->noutcomes < HANDFUL || pthread_mutex_trylock(storing) != 0)
		return;
	outcomes_store(shard);
}

/* ---- a span ---- */

/* A thread has whole wards, and a part has its share of each. */
static bool is_ours(struct shards *s, const struct packet *packet, uint32_t *shard)
{
	s->clock = packet->clock;
	s->ordinal = packet->ordinal;
	*shard = s->n > 1 ? flow_ward(packet) * s->n / FLOW_WARDS : 0;
	return s->parts == 1 || flow_part(packet, s->parts) == s->part;
}

static struct span *span_new(unsigned shards)
{
	struct span *span = memory_new(1, sizeof *span);
	span->first = memory_new(shards, sizeof *span->first);
	span->last = memory_new(shards, sizeof *span->last);
	return span;
}

static void span_free(struct span *span)
{
	if (!span)
		return;
	free(span->first);
	free(span->last);
	free(span);
}

static bool span_holds(struct span *span, struct window *window)
{
	if (span->nwindows && span->windows[span->nwindows - 1] == window)
		return true;
	if (!window || span->nwindows == SPAN_WINDOWS)
		return false;
	window_hold(window);
	span->windows[span->nwindows++] = window;
	return true;
}

static void payload_copy(struct span *span, struct packet *packet)
{
	struct bytes payload = bytes_first(packet->payload, SEGMENT_MOST);
	if (payload.n)
		memcpy(span->octets + span->used, payload.p, payload.n);
	packet->payload = (struct bytes){ span->octets + span->used, payload.n };
	span->used += payload.n;
}

/* The packet that was read into the next place; it stands in this window or in none. */
static void span_take(struct span *span, uint32_t shard, struct window *window)
{
	uint16_t at = (uint16_t)span->n++;
	struct packet *packet = &span->packets[at];
	if (!span_holds(span, window))
		payload_copy(span, packet);
	packet->segment = packet->payload;
	span->next[at] = NONE;
	*(span->first[shard] == NONE ? &span->first[shard] : &span->next[span->last[shard]]) = at;
	span->last[shard] = at;
}

/* By the thread that holds the source. */
static bool span_read(struct shards *s, struct span *span, uint64_t *frames)
{
	uint32_t shard;
	struct window *window;
	span->n = span->used = 0;
	memset(span->first, 0xff, s->n * sizeof *span->first);
	for (unsigned i = 0; i < SPAN_FRAMES && span->n < SPAN_PACKETS && span->used + SEGMENT_MOST <= SPAN_OCTETS; i++) {
		enum reading got = s->source->next(s->source->to, &span->packets[span->n], &window);
		if (got == READ_END)
			return false;
		++*frames;
		if (got == READ_PACKET && is_ours(s, &span->packets[span->n], &shard))
			span_take(span, shard, window);
	}
	return true;
}

/* All have done it. */
static void span_drop(struct span *span)
{
	while (span->nwindows)
		window_drop(span->windows[--span->nwindows]);
}

static void span_analyse(const struct span *span, struct shard *shard)
{
	for (unsigned i = span->first[shard - shard->all->shards]; i != NONE; i = span->next[i])
		analyser_packet(shard->analyser, &span->packets[i]);
}

/* ---- turns; all of this with the lock held ---- */

static void wake(struct shards *s)
{
	if (s->waiting)
		pthread_cond_broadcast(&s->changed);
}

static uint64_t least_done(const struct shards *s)
{
	uint64_t least = s->shards->done;
	for (unsigned i = 1; i < s->n; i++)
		least = s->shards[i].done < least ? s->shards[i].done : least;
	return least;
}

static bool is_hungry(const struct shards *s) /* the quickest has little left */
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->made - s->shards[i].done < AHEAD)
			return true;
	return false;
}

static bool has_room(const struct shards *s)
{
	return !s->over && s->nspare;
}

/* Who is far behind leaves it to others. */
static bool may_read(const struct shard *shard)
{
	const struct shards *s = shard->all;
	bool one_of_us = s->source->here_only ? shard == s->shards : s->made - shard->done <= SPANS / 2;
	return one_of_us && !s->reading && is_hungry(s) && has_room(s);
}

static void read_turn(struct shards *s)
{
	s->reading = true;
	do {
		struct span *span = s->spare[--s->nspare];
		uint64_t frames = 0;
		pthread_mutex_unlock(&s->lock);
		bool more = span_read(s, span, &frames);
		pthread_mutex_lock(&s->lock);
		s->frames += frames;
		if (span->n)
			s->spans[s->made++ % SPANS] = span;
		else
			s->spare[s->nspare++] = span;
		s->over = !more;
	} while (is_hungry(s) && has_room(s));
	s->reading = false;
	wake(s);
}

static void pause_turn(struct shards *s)
{
	s->reading = true;
	s->paused = s->frames;
	pthread_mutex_unlock(&s->lock);
	s->source->pause(s->source->to);
	pthread_mutex_lock(&s->lock);
	s->reading = false;
	wake(s);
}

static void analyse_turn(struct shard *shard)
{
	struct shards *s = shard->all;
	const struct span *span = s->spans[shard->done % SPANS];
	pthread_mutex_unlock(&s->lock);
	span_analyse(span, shard);
	pthread_mutex_lock(&s->lock);
	shard->done++;
	for (uint64_t all = least_done(s); s->gone < all; s->gone++) {
		s->spare[s->nspare] = s->spans[s->gone % SPANS];
		span_drop(s->spare[s->nspare++]);
		if (s->nspare == SPANS / 2) /* who waits for room has it */
			wake(s);
	}
}

static void turns(struct shard *shard)
{
	struct shards *s = shard->all;
	pthread_mutex_lock(&s->lock);
	for (;;) {
		bool pause = shard == s->shards && s->frames - s->paused >= PAUSE_EVERY;
		if (pause && !s->reading) {
			pause_turn(s);
		} else if (!pause && may_read(shard)) {
			read_turn(s);
		} else if (!pause && shard->done < s->made) {
			analyse_turn(shard);
		} else if (!pause && s->over) {
			break;
		} else {
			s->waiting++;
			pthread_cond_wait(&s->changed, &s->lock);
			s->waiting--;
		}
	}
	pthread_mutex_unlock(&s->lock);
}

static void shard_end(struct shard *shard)
{
	analyser_end(shard->analyser, shard->all->clock, shard->all->ordinal);
	pthread_mutex_lock(&shard->all->storing);
	outcomes_store(shard);
}

static void *analyse(void *to)
{
	struct shard *shard = to;
	turns(shard);
	shard_end(shard);
	return NULL;
}

/* ---- the caller's side ---- */

struct shards *shards_new(struct shards_options how, struct flow_options options, const struct why *why, struct outcome_sink sink)
{
	struct shards *s = memory_new(1, sizeof *s);
	s->sink = sink;
	s->parts = how.parts ? how.parts : 1;
	s->part = how.parts ? how.part - 1 : 0;
	s->n = how.threads < FLOW_WARDS ? how.threads : FLOW_WARDS;
	s->n = s->n ? s->n : 1;
	s->shards = memory_new(s->n, sizeof *s->shards);
	for (unsigned i = 0; i < s->n; i++) {
		s->shards[i].all = s;
		s->shards[i].analyser = analyser_new(options, why, (struct outcome_sink){ .outcome = outcome_gathered, .to = &s->shards[i], .here = true });
	}
	for (unsigned i = 0; s->n > 1 && i < SPANS; i++)
		s->spare[s->nspare++] = span_new(s->n);
	pthread_mutex_init(&s->storing, NULL);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	return s;
}

bool shards_several(const struct shards *s)
{
	return s->n > 1;
}

void shards_packet(struct shards *s, const struct packet *packet)
{
	uint32_t piece;
	if (is_ours(s, packet, &piece))
		analyser_packet(s->shards->analyser, packet);
}

/* Signals are the caller's. */
void shards_run(struct shards *s, const struct packets_source *source)
{
	sigset_t all, before;
	s->source = source;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (unsigned i = 1; i < s->n; i++)
		if (pthread_create(&s->shards[i].thread, NULL, analyse, &s->shards[i]) != 0)
			abort();
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	analyse(&s->shards[0]);
	for (unsigned i = 1; i < s->n; i++)
		pthread_join(s->shards[i].thread, NULL);
	s->source = NULL;
}

void shards_end(struct shards *s)
{
	if (s->n == 1 && !s->ended)
		shard_end(s->shards);
	s->ended = true;
}

uint64_t shards_cut_short(const struct shards *s)
{
	uint64_t n = 0;
	for (unsigned i = 0; i < s->n; i++)
		n += analyser_cut_short(s->shards[i].analyser);
	return n;
}

void shards_free(struct shards *s)
{
	if (!s)
		return;
	shards_end(s);
	for (unsigned i = 0; i < s->n; i++)
		analyser_free(s->shards[i].analyser);
	for (unsigned i = 0; i < s->nspare; i++)
		span_free(s->spare[i]);
	pthread_mutex_destroy(&s->storing);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->changed);
	free(s->shards);
	free(s);
}
