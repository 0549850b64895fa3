/* shards.c - a reader's packets go to analysers on threads of their own; each hands its outcomes to the sink, one analyser at a time. */
#include "shards.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
	BATCH_PACKETS = 256,
	BATCH_OCTETS = 192 * 1024, /* room for payload; a single segment never has more than 64 KiB */
	SEGMENT_MOST = 64 * 1024,
	BATCHES = 6,               /* of a shard: with these, what is on its way stays in the caches */
	BATCHES_BACK = 4,          /* for which the reader sleeps once it lacks one: to wake it for each would take a processor from an analyser
	                            * as often, and what is left keeps that one at work until the reader has its turn */
	HANDFUL = 16,              /* outcomes that are worth asking whether the sink is free */
	OUTCOMES_MOST = 256,       /* outcomes that wait until then: the next one waits for the sink */
};

struct batch {
	size_t n, used;
	struct packet packets[BATCH_PACKETS];
	uint8_t octets[BATCH_OCTETS];
};

/* A queue of batches between two threads, with room for all that there are. */
struct queue {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct batch *items[BATCHES];
	size_t first, n;
	size_t enough; /* to wake the one who waits */
	bool closed;
};

struct shard {
	pthread_t thread;
	struct analyser *analyser;
	struct queue full, empty; /* batches on their way, and back */
	struct batch *filling;
	struct outcome outcomes[OUTCOMES_MOST]; /* that the sink has not got yet */
	size_t noutcomes;
	struct shards *all;
};

struct shards {
	struct outcome_sink sink;
	struct analyser *direct;  /* with one thread */
	struct shard *shards;
	unsigned n;
	uint32_t part, parts;     /* part: 0.. */
	int64_t clock;            /* of the last packet, also of other parts */
	uint64_t ordinal;
	pthread_mutex_t storing;  /* held by the analyser whose outcomes go to the sink */
	bool ended;
};

/* ---- queue ---- */

static void queue_init(struct queue *q, size_t enough)
{
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->changed, NULL);
	q->enough = enough;
}

static void queue_put(struct queue *q, struct batch *batch)
{
	pthread_mutex_lock(&q->lock);
	q->items[(q->first + q->n++) % BATCHES] = batch;
	if (q->n == q->enough)
		pthread_cond_signal(&q->changed);
	pthread_mutex_unlock(&q->lock);
}

static struct batch *queue_take(struct queue *q) /* NULL: closed and empty */
{
	struct batch *batch = NULL;
	pthread_mutex_lock(&q->lock);
	for (bool waited = false; !q->closed && q->n < (waited ? q->enough : 1); waited = true)
		pthread_cond_wait(&q->changed, &q->lock);
	if (q->n) {
		batch = q->items[q->first];
		q->first = (q->first + 1) % BATCHES;
		q->n--;
	}
	pthread_mutex_unlock(&q->lock);
	return batch;
}

static void queue_close(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->closed = true;
	pthread_cond_signal(&q->changed);
	pthread_mutex_unlock(&q->lock);
}

static void queue_free(struct queue *q)
{
	pthread_mutex_destroy(&q->lock);
	pthread_cond_destroy(&q->changed);
}

/* ---- threads ---- */

/* An analyser's sessions are still in the caches of its processor, where a thread that did nothing but store would fetch each from
 * another one's; and their memory goes back to the thread that took it. */
static void outcomes_store(struct shard *shard)
{
	struct outcome_sink sink = shard->all->sink;
	for (size_t i = 0; i < shard->noutcomes; i++)
		sink.outcome(sink.to, shard->outcomes[i]);
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

static void *analyse(void *to)
{
	struct shard *shard = to;
	for (struct batch *batch; (batch = queue_take(&shard->full));) {
		for (size_t i = 0; i < batch->n; i++)
			analyser_packet(shard->analyser, &batch->packets[i]);
		batch->n = batch->used = 0;
		queue_put(&shard->empty, batch);
	}
	analyser_end(shard->analyser, shard->all->clock, shard->all->ordinal);
	pthread_mutex_lock(&shard->all->storing);
	outcomes_store(shard);
	return NULL;
}

/* ---- the caller's side ---- */

static void shard_begin(struct shards *s, struct shard *shard, struct flow_options options, const struct why *why)
{
	shard->all = s;
	shard->analyser = analyser_new(options, why, (struct outcome_sink){ outcome_gathered, shard, true });
	queue_init(&shard->full, 1);
	queue_init(&shard->empty, BATCHES_BACK);
	for (unsigned i = 1; i < BATCHES; i++)
		queue_put(&shard->empty, memory_new(1, sizeof(struct batch)));
	shard->filling = memory_new(1, sizeof(struct batch));
	if (pthread_create(&shard->thread, NULL, analyse, shard) != 0)
		abort();
}

struct shards *shards_new(struct shards_options how, struct flow_options options, const struct why *why, struct outcome_sink sink)
{
	struct shards *s = memory_new(1, sizeof *s);
	s->sink = sink;
	s->parts = how.parts ? how.parts : 1;
	s->part = how.parts ? how.part - 1 : 0;
	if (how.threads <= 1) {
		s->direct = analyser_new(options, why, sink);
		return s;
	}
	s->n = how.threads;
	s->shards = memory_new(s->n, sizeof *s->shards);
	options.memory = (options.memory ? options.memory : FLOW_MEMORY) / s->n;
	pthread_mutex_init(&s->storing, NULL);
	for (unsigned i = 0; i < s->n; i++)
		shard_begin(s, &s->shards[i], options, why);
	return s;
}

static void batch_send(struct shard *shard)
{
	queue_put(&shard->full, shard->filling);
	shard->filling = queue_take(&shard->empty);
}

void shards_packet(struct shards *s, const struct packet *packet)
{
	/* A part is cut into as many pieces as there are threads, so that both divisions spread evenly. */
	uint32_t pieces = s->n ? s->n : 1, piece = s->parts * pieces > 1 ? flow_shard(packet, s->parts * pieces) : 0;
	s->clock = packet->clock;
	s->ordinal = packet->ordinal;
	if (piece / pieces != s->part)
		return;
	if (s->direct) {
		analyser_packet(s->direct, packet);
		return;
	}
	struct shard *shard = &s->shards[piece % pieces];
	struct batch *batch = shard->filling;
	struct packet *copy = &batch->packets[batch->n++];
	struct bytes payload = bytes_first(packet->payload, SEGMENT_MOST);
	*copy = *packet;
	copy->payload = (struct bytes){ batch->octets + batch->used, payload.n };
	copy->segment = copy->payload;
	if (payload.n)
		memcpy(batch->octets + batch->used, payload.p, payload.n);
	batch->used += payload.n;
	if (batch->n == BATCH_PACKETS || batch->used + SEGMENT_MOST > BATCH_OCTETS)
		batch_send(shard);
}

void shards_end(struct shards *s)
{
	s->ended = true;
	if (s->direct) {
		analyser_end(s->direct, s->clock, s->ordinal);
		return;
	}
	for (unsigned i = 0; i < s->n; i++) {
		batch_send(&s->shards[i]);
		queue_close(&s->shards[i].full);
	}
	for (unsigned i = 0; i < s->n; i++)
		pthread_join(s->shards[i].thread, NULL);
}

static void shard_free(struct shard *shard)
{
	free(shard->filling);
	queue_close(&shard->empty);
	for (struct batch *batch; (batch = queue_take(&shard->empty));)
		free(batch);
	queue_free(&shard->full);
	queue_free(&shard->empty);
	analyser_free(shard->analyser);
}

void shards_free(struct shards *s)
{
	if (!s)
		return;
	if (!s->ended)
		shards_end(s);
	for (unsigned i = 0; i < s->n; i++)
		shard_free(&s->shards[i]);
	if (s->n)
		pthread_mutex_destroy(&s->storing);
	free(s->shards);
	analyser_free(s->direct);
	free(s);
}
