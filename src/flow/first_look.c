/* first_look.c - takes the first bytes of a connection on any port, decides whether to go on, and who is the server. */
#include "flow/talk.h"

#include "base/banned.h"

enum {
	LOOK_PACKETS = 24, /* packets with payload until an undecided connection is let go */
	LOOK_WAITING = 16384,
};

static enum look look_one(const struct talk *t, unsigned side, enum look (*speaks)(struct bytes))
{
	uint8_t room[LOOK_MOST];
	size_t n = stream_first(&t->streams[side], room, sizeof room);
	return n ? speaks((struct bytes){ room, n }) : LOOK_MAYBE;
}

/* Two sides, two looks: SMTP on either is enough. NO when nothing can come of it any more. */
static enum look look_both(const struct talk *t, unsigned client)
{
	enum look c = look_one(t, client, speaks_client), s = look_one(t, !client, speaks_server);
	if (c == LOOK_SMTP || s == LOOK_SMTP)
		return LOOK_SMTP;
	return c == LOOK_NO || s == LOOK_NO ? LOOK_NO : LOOK_MAYBE;
}

static void swap_sides(struct talk *t)
{
	struct connection *c = &t->connection;
#define SWAP(a, b) do { __typeof__(a) keep = (a); (a) = (b); (b) = keep; } while (0)
	SWAP(c->client, c->server);
	SWAP(c->packets[0], c->packets[1]);
	SWAP(c->keep_alives[0], c->keep_alives[1]);
	SWAP(c->retransmissions[0], c->retransmissions[1]);
	SWAP(c->out_of_order[0], c->out_of_order[1]);
	SWAP(c->repeated_unacknowledged[0], c->repeated_unacknowledged[1]);
	SWAP(t->streams[0], t->streams[1]);
	SWAP(t->paths[0], t->paths[1]);
	for (unsigned i = 0; i < RECENT; i++)
		SWAP(t->recent[0][i], t->recent[1][i]);
	SWAP(t->recent_at[0], t->recent_at[1]);
#undef SWAP
	for (unsigned i = 0; i < c->nresets && i < RESETS_KEPT; i++)
		c->resets[i].from = direction_other(c->resets[i].from);
	t->swapped = !t->swapped;
}

void talk_decide(struct talk *t)
{
	enum look look = look_both(t, FROM_CLIENT);
	if (look != LOOK_SMTP && t->connection.roles_guessed && look_both(t, FROM_SERVER) > look) {
		look = look_both(t, FROM_SERVER);
		if (look == LOOK_SMTP)
			swap_sides(t);
	}
	size_t waiting = t->streams[0].waiting + t->streams[1].waiting;
	if (look == LOOK_NO || (look == LOOK_MAYBE && (t->payloads > LOOK_PACKETS || waiting > LOOK_WAITING))) {
		t->unwanted = true;
		return;
	}
	if (look == LOOK_MAYBE)
		return;
	t->opened = true;
	t->session = t->around->sink.open(t->around->sink.to, &t->connection);
	t->around->counts.smtp++;
}

/* A greeting that refuses, and nothing after it, is SMTP's: looked at again without hoping for more. */
bool talk_greets(const struct talk *t)
{
	return look_one(t, FROM_SERVER, speaks_server) == LOOK_SMTP;
}
