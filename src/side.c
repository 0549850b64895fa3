/* side.c - joins the stages for one side of a box: timeline -> decoder -> flow -> dialogue and transcript -> accounts. */
#include "side.h"

#include "smtp/dialogue.h"

#include <stdlib.h>
#include <string.h>

enum { PROGRESS_EVERY = 16384 };
#define ISN_KNOWN ((uintptr_t)1 << 32)

/* One connection while it is heard. */
struct heard {
	struct side *side;
	struct dialogue *dialogue;
	struct account account;
};

struct ends { struct endpoint client, server; };

static struct ends ends_of(const struct endpoint *client, const struct endpoint *server)
{
	struct ends e;
	memset(&e, 0, sizeof e); /* padding is part of the key */
	e.client.address = client->address;
	e.client.port = client->port;
	e.server.address = server->address;
	e.server.port = server->port;
	return e;
}

static void session_ended(void *to, struct session *session, bool final)
{
	struct heard *h = to;
	struct account *a = &h->account;
	(void)final;
	a->windows = memory_grow(a->windows, a->nwindows + 1, sizeof(struct session *));
	a->verdicts = memory_grow(a->verdicts, a->nwindows + 1, sizeof *a->verdicts);
	a->verdicts[a->nwindows] = why_explain(h->side->why, session);
	a->windows[a->nwindows++] = session;
}

static void account_free(struct account *a)
{
	account_end(a);
	for (size_t i = 0; i < a->nwindows; i++)
		session_free(a->windows[i]);
	free(a->windows);
	free(a->verdicts);
	transcript_free(a->transcript);
}

static void *opened(void *to, const struct connection *connection)
{
	struct heard *h = memory_new(1, sizeof *h);
	h->side = to;
	h->dialogue = dialogue_new(connection, (struct dialogue_sink){ .session = session_ended, .to = h });
	h->account.transcript = transcript_new();
	struct ends ends = ends_of(&connection->client, &connection->server);
	void **isn = map_get(&h->side->isns, (struct bytes){ (const uint8_t *)&ends, sizeof ends });
	h->account.isn_known = connection->syn_seen && isn;
	h->account.isn = h->account.isn_known ? (uint32_t)(uintptr_t)*isn : 0;
	return h;
}

static enum interest kept(struct heard *h, enum interest interest)
{
	if (interest == INTEREST_NONE) {
		dialogue_discard(h->dialogue);
		account_free(&h->account);
		free(h);
	}
	return interest;
}

static enum interest data_came(void *session, enum direction direction, const struct chunk *chunk)
{
	struct heard *h = session;
	transcript_data(h->account.transcript, direction, chunk);
	return kept(h, dialogue_data(h->dialogue, direction, chunk));
}

static enum interest gap_came(void *session, enum direction direction, const struct gap *gap)
{
	struct heard *h = session;
	transcript_gap(h->account.transcript, direction, gap);
	return kept(h, dialogue_gap(h->dialogue, direction, gap));
}

static void overlap_came(void *session, enum direction direction, const struct overlap *overlap)
{
	struct heard *h = session;
	dialogue_overlap(h->dialogue, direction, overlap);
}

static void side_ended(void *session, enum direction direction, enum ending ending, struct place place)
{
	struct heard *h = session;
	transcript_end(h->account.transcript, direction, ending, place);
	dialogue_end(h->dialogue, direction, ending, place);
}

static void closed(void *session, const struct connection *connection, const char *speaks)
{
	struct heard *h = session;
	struct side *side = h->side;
	transcript_close(h->account.transcript);
	dialogue_close(h->dialogue, connection, speaks);
	if (h->account.nwindows == 0) {
		account_free(&h->account);
	} else {
		if (side->n == side->room) {
			side->room = side->room ? 2 * side->room : 64;
			side->accounts = memory_grow(side->accounts, side->room, sizeof *side->accounts);
		}
		side->accounts[side->n++] = h->account;
	}
	free(h);
}

static void note_isn(struct side *side, const struct packet *p)
{
	if ((p->flags & (TCP_SYN | TCP_ACK)) != TCP_SYN)
		return;
	struct ends ends = ends_of(&p->from, &p->to);
	*map_put(&side->isns, (struct bytes){ (const uint8_t *)&ends, sizeof ends }) = (void *)(ISN_KNOWN | p->seq);
}

void side_begin(struct side *side, const struct compare_options *options, const struct why *why)
{
	side->why = why;
	side->decoder = decoder_new();
	side->timeline = timeline_new((struct timeline_options){ .filter = options->filter, .recurse = options->recurse });
}

static int by_id(const void *a, const void *b)
{
	uint64_t x = ((const struct account *)a)->windows[0]->id, y = ((const struct account *)b)->windows[0]->id;
	return (x > y) - (x < y);
}

bool side_read(struct side *side, const struct compare_options *options)
{
	struct frame frame;
	struct packet packet;
	bool goes_on = true;
	struct flow *flow = flow_new((struct flow_options){ .ports = options->ports }, (struct flow_sink){
		.open = opened, .data = data_came, .gap = gap_came, .overlap = overlap_came, .end = side_ended, .close = closed, .to = side,
	});
	while (goes_on && timeline_next(side->timeline, &frame)) {
		frame.file += side->first_file;
		frame.ordinal += side->first_ordinal;
		side->packets++;
		side->last_time = frame.time > side->last_time ? frame.time : side->last_time;
		if (decoder_packet(side->decoder, &frame, &packet) == DECODED_TCP) {
			note_isn(side, &packet);
			flow_packet(flow, &packet);
		}
		if (options->progress && side->packets % PROGRESS_EVERY == 0)
			goes_on = options->progress(options->progress_to, timeline_bytes_read(side->timeline), timeline_bytes_total(side->timeline), side->packets);
	}
	flow_end(flow);
	flow_free(flow);
	decoder_blind(side->decoder, side->timeline, side->first_file);
	if (side->n)
		qsort(side->accounts, side->n, sizeof *side->accounts, by_id);
	for (size_t i = 0; i < side->n; i++) {
		side->accounts[i].watched_until = side->last_time;
		account_begin(&side->accounts[i]);
	}
	return goes_on;
}

void side_free(struct side *side)
{
	for (size_t i = 0; i < side->n; i++)
		account_free(&side->accounts[i]);
	free(side->accounts);
	map_free(&side->isns);
	decoder_free(side->decoder);
	timeline_free(side->timeline);
}
