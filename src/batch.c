/* batch.c - sites one by one from the store's point of view, several at a time from the reader's. */
#include "batch.h"

#include "analyser.h"
#include "base/map.h"
#include "capture/filter.h"
#include "capture/print.h"
#include "capture/timeline.h"
#include "decode/decode.h"
#include "store/query.h"
#include "store/store.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { AHEAD_OUTCOMES = 256, AHEAD_SITES = 4, ASK_EVERY = 4096 /* packets */ };
static const uint64_t CHECKPOINT_LEAST = 1u << 30; /* octets of captures between two times that the database is put in place */

struct batch;

/* One folder while it is read and until it is stored. */
struct site {
	struct batch *batch;
	struct timeline *timeline;
	struct decoder *decoder;
	uint64_t packets, cut_short;
	struct outcome *ahead;    /* a ring of AHEAD_OUTCOMES; by batch.lock */
	size_t first, n;
	bool done;
};

struct batch {
	struct batch_options options;
	struct why *why;
	struct store *store;
	struct map known;         /* contents that were read */
	uint64_t skipped;
	uint64_t since, before;   /* octets stored since the database was put in place, and before */
	/* shared with the readers */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct site **sites;      /* NULL: not begun, or stored */
	size_t next, storing;     /* the next to be read; the one whose turn it is */
	bool stop;
};

/* ---- a site is read ---- */

/* Called in the order of sites: the first of two files of one content is read, whoever is quicker. */
static bool is_known(void *to, const char *path)
{
	struct batch *b = to;
	char print[PRINT_ROOM];
	if (!print_of(path, print))
		return false;
	void **slot = map_put(&b->known, bytes_of(print));
	bool known = *slot != NULL;
	*slot = b;
	b->skipped += known;
	return known;
}

static struct site *site_new(struct batch *b, const char *folder)
{
	struct site *s = memory_new(1, sizeof *s);
	s->batch = b;
	s->timeline = timeline_new((struct timeline_options){ .filter = b->options.run.filter, .known = is_known, .to = b });
	timeline_add(s->timeline, folder);
	return s;
}

static void site_free(struct site *s)
{
	for (; s->n; s->n--)
		session_free(s->ahead[s->first++ % AHEAD_OUTCOMES].session);
	free(s->ahead);
	decoder_free(s->decoder);
	timeline_free(s->timeline);
	free(s);
}

static void stop(struct batch *b)
{
	pthread_mutex_lock(&b->lock);
	__atomic_store_n(&b->stop, true, __ATOMIC_RELAXED);
	pthread_cond_broadcast(&b->changed);
	pthread_mutex_unlock(&b->lock);
}

static bool goes_on(struct batch *b)
{
	if (!__atomic_load_n(&b->stop, __ATOMIC_RELAXED) && b->options.stopped && b->options.stopped(b->options.to))
		stop(b);
	return !__atomic_load_n(&b->stop, __ATOMIC_RELAXED);
}

static void site_read(struct site *s, struct outcome_sink sink)
{
	const struct smtpwhy_options *o = &s->batch->options.run;
	struct flow_options limits = { .memory = o->memory, .idle = o->idle, .ports = o->ports, .no_ndpi = o->no_ndpi };
	struct analyser *analyser = analyser_new(limits, s->batch->why, sink);
	struct frame frame;
	struct packet packet;
	int64_t clock = 0;
	uint64_t ordinal = 0;
	s->decoder = decoder_new();
	while ((s->packets % ASK_EVERY || goes_on(s->batch)) && timeline_next(s->timeline, &frame)) {
		s->packets++;
		if (decoder_packet(s->decoder, &frame, &packet) != DECODED_TCP)
			continue;
		clock = packet.clock;
		ordinal = packet.ordinal;
		analyser_packet(analyser, &packet);
	}
	analyser_end(analyser, clock, ordinal);
	s->cut_short = analyser_cut_short(analyser);
	analyser_free(analyser);
	decoder_blind(s->decoder, s->timeline, 0);
}

/* ---- several at a time ---- */

static void outcome_ahead(void *to, struct outcome outcome)
{
	struct site *s = to;
	struct batch *b = s->batch;
	pthread_mutex_lock(&b->lock);
	while (s->n == AHEAD_OUTCOMES && !b->stop)
		pthread_cond_wait(&b->changed, &b->lock);
	if (b->stop) {
		session_free(outcome.session);
	} else {
		if (!s->ahead)
			s->ahead = memory_new(AHEAD_OUTCOMES, sizeof *s->ahead);
		s->ahead[(s->first + s->n++) % AHEAD_OUTCOMES] = outcome;
		pthread_cond_broadcast(&b->changed);
	}
	pthread_mutex_unlock(&b->lock);
}

/* The next site, once it is not too far ahead; its files are looked at under the lock, so that each content has one reader. */
static struct site *site_take(struct batch *b)
{
	struct site *s = NULL;
	pthread_mutex_lock(&b->lock);
	while (!b->stop && b->next < b->options.nfolders && b->next >= b->storing + AHEAD_SITES * b->options.run.threads)
		pthread_cond_wait(&b->changed, &b->lock);
	if (!b->stop && b->next < b->options.nfolders) {
		s = site_new(b, b->options.folders[b->next]);
		b->sites[b->next++] = s;
		pthread_cond_broadcast(&b->changed);
	}
	pthread_mutex_unlock(&b->lock);
	return s;
}

static void *read_sites(void *to)
{
	struct batch *b = to;
	for (struct site *s; (s = site_take(b));) {
		site_read(s, (struct outcome_sink){ .outcome = outcome_ahead, .to = s });
		pthread_mutex_lock(&b->lock);
		s->done = true;
		pthread_cond_broadcast(&b->changed);
		pthread_mutex_unlock(&b->lock);
	}
	return NULL;
}

/* ---- a site is stored ---- */

struct storing {
	struct batch *batch;
	bool failed;
	struct error *error;
};

static void outcome_store(void *to, struct outcome outcome)
{
	struct storing *w = to;
	if (!w->failed && !w->batch->stop) {
		w->failed = !store_session(w->batch->store, outcome.session, &outcome.verdicts, outcome.final, w->error);
		if (w->failed)
			stop(w->batch);
	}
	session_free(outcome.session);
}

/* What the reader of this site has, until it is done. */
static void drain(struct batch *b, size_t index, struct storing *w)
{
	pthread_mutex_lock(&b->lock);
	b->storing = index;
	pthread_cond_broadcast(&b->changed);
	while (!b->sites[index] && !b->stop)
		pthread_cond_wait(&b->changed, &b->lock);
	struct site *s = b->sites[index];
	while (s && !b->stop) {
		if (s->n) {
			struct outcome outcome = s->ahead[s->first++ % AHEAD_OUTCOMES];
			s->n--;
			pthread_cond_broadcast(&b->changed);
			pthread_mutex_unlock(&b->lock);
			outcome_store(w, outcome);
			pthread_mutex_lock(&b->lock);
		} else if (s->done) {
			break;
		} else {
			pthread_cond_wait(&b->changed, &b->lock);
		}
	}
	pthread_mutex_unlock(&b->lock);
}

static bool store_captures(struct batch *b, struct site *s, struct batch_result *result, struct error *error)
{
	bool damaged = false;
	char print[PRINT_ROOM];
	for (size_t i = 0; i < timeline_count(s->timeline); i++) {
		const struct capture *c = timeline_capture(s->timeline, i);
		if (!store_capture(b->store, (uint32_t)i, c, decoder_counts(s->decoder, (uint32_t)i), error))
			return false;
		if (print_of(c->path, print) && !store_print(b->store, (uint32_t)i, print, error))
			return false;
		if (c->trouble && b->options.trouble)
			b->options.trouble(b->options.to, c->trouble);
		damaged |= c->trouble != NULL;
		b->since += c->bytes;
	}
	store_advance(b->store, s->packets, timeline_count(s->timeline));
	result->sites++;
	result->damaged += damaged;
	result->cut_short += s->cut_short;
	return true;
}

static bool store_begin(struct batch *b, bool append, struct error *error)
{
	b->store = store_new((struct store_options){ .path = b->options.run.database, .threads = b->options.run.threads, .append = append }, error);
	return b->store;
}

static bool put_in_place(struct batch *b, bool last, struct error *error)
{
	if (!store_finish(b->store, error))
		return false;
	store_free(b->store);
	b->store = NULL;
	b->before += b->since;
	b->since = 0;
	return last || store_begin(b, true, error);
}

static bool store_site(struct batch *b, size_t index, struct batch_result *result, struct error *error)
{
	struct storing w = { .batch = b, .error = error };
	struct site *s;
	if (b->options.run.threads > 1) {
		drain(b, index, &w);
		s = b->sites[index];
	} else {
		s = b->sites[index] = site_new(b, b->options.folders[index]);
		site_read(s, (struct outcome_sink){ .outcome = outcome_store, .to = &w, .here = true });
	}
	if (w.failed)
		return false;
	if (b->stop)
		return store_forget(b->store, error);
	bool done = store_captures(b, s, result, error);
	pthread_mutex_lock(&b->lock);
	b->sites[index] = NULL;
	pthread_mutex_unlock(&b->lock);
	site_free(s);
	bool last = index + 1 == b->options.nfolders;
	if (done && !last && b->since >= CHECKPOINT_LEAST && b->since >= b->before)
		done = put_in_place(b, false, error);
	return done;
}

static bool store_sites(struct batch *b, struct batch_result *result, struct error *error)
{
	bool done = true;
	for (size_t i = 0; done && goes_on(b) && i < b->options.nfolders; i++) {
		struct batch_progress at = { i + 1, b->options.nfolders, b->options.folders[i] };
		if (b->options.progress)
			b->options.progress(b->options.to, &at);
		done = store_site(b, i, result, error);
	}
	return done;
}

/* ---- the whole ---- */

static bool known_read(struct batch *b)
{
	struct error error = { 0 }; /* a database that is not there yet knows nothing; store_new tells what is wrong with it */
	struct report *report = b->options.run.append ? report_open(b->options.run.database, &error) : NULL;
	struct rows *rows = report ? report_rows(report, "SELECT print FROM content", &error) : NULL;
	while (rows && rows_next(rows, &error))
		*map_put(&b->known, rows_text(rows, 0)) = b;
	rows_free(rows);
	report_close(report);
	return true;
}

static bool begin(struct batch *b, struct error *error)
{
	if (b->options.run.filter && !filter_check(b->options.run.filter, error))
		return false;
	b->why = why_new((struct why_options){ .rules_file = b->options.run.rules }, error);
	return b->why && known_read(b) && store_begin(b, b->options.run.append, error);
}

/* Signals stay with the caller's thread. */
static void readers_start(struct batch *b, pthread_t *readers)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (unsigned i = 0; i < b->options.run.threads; i++)
		if (pthread_create(&readers[i], NULL, read_sites, b) != 0)
			abort();
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

bool batch_run(const struct batch_options *options, struct batch_result *result, struct error *error)
{
	struct batch b = { .options = *options };
	bool several = options->run.threads > 1;
	pthread_t *readers = several ? memory_new(options->run.threads, sizeof *readers) : NULL;
	*result = (struct batch_result){ 0 };
	pthread_mutex_init(&b.lock, NULL);
	pthread_cond_init(&b.changed, NULL);
	b.sites = memory_new(options->nfolders + 1, sizeof *b.sites);
	bool done = begin(&b, error);
	if (done && several)
		readers_start(&b, readers);
	bool stored = done && store_sites(&b, result, error);
	result->stopped = b.stop && stored;
	if (done && several) {
		stop(&b);
		for (unsigned i = 0; i < options->run.threads; i++)
			pthread_join(readers[i], NULL);
	}
	done = stored && put_in_place(&b, true, error);
	result->skipped = b.skipped;
	for (size_t i = 0; i < options->nfolders; i++)
		if (b.sites[i])
			site_free(b.sites[i]);
	free(b.sites);
	free(readers);
	store_free(b.store);
	why_free(b.why);
	map_free(&b.known);
	pthread_cond_destroy(&b.changed);
	pthread_mutex_destroy(&b.lock);
	return done;
}
