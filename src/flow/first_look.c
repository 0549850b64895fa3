/* first_look.c - takes the first bytes of a connection on any port, decides whether to go on, and who is the server. Behind an HTTP
 * proxy's CONNECT it looks at what comes through the tunnel. */
#include "flow/talk.h"

#include "base/banned.h"

enum {
	LOOK_PACKETS = 24, /* packets with payload until an undecided connection is let go */
	LOOK_WAITING = 16384,
	HEAD_MOST = 2048,  /* of a proxy's request or answer */
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

/* ---- a tunnel through an HTTP proxy ---- */

static bool asks_for_tunnel(struct bytes b)
{
	return bytes_starts_word(b, B("CONNECT "));
}

/* Octets up to the empty line (RFC 9112 2.1) of what begins as it should; 0: it has not all come. */
static uint32_t head_length(const struct talk *t, unsigned side)
{
	uint8_t room[HEAD_MOST];
	struct bytes b = { room, stream_first(&t->streams[side], room, sizeof room) };
	bool grants = bytes_starts(b, B("HTTP/1.")) && b.n > 9 && b.p[9] == '2';
	size_t end = bytes_find(b, B("\r\n\r\n"));
	return end == BYTES_NONE || !(side == FROM_CLIENT ? asks_for_tunnel(b) : grants) ? 0 : (uint32_t)end + 4;
}

static void forget_head(struct talk *t, unsigned side, uint32_t n)
{
	struct stream *peer = &t->streams[!side];
	stream_skip(&t->streams[side], n);
	for (struct piece *piece = peer->head; piece; piece = piece->next)
		piece->acked -= piece->acked < n ? piece->acked : n;
	peer->fin_ack -= peer->fin_ack < n ? peer->fin_ack : n;
}

/* CONNECT and its 2xx (RFC 9110 9.3.6): what comes behind them is the connection proper. False: it may still become one. */
static bool leave_tunnel_head(struct talk *t)
{
	uint8_t room[8];
	if (!asks_for_tunnel((struct bytes){ room, stream_first(&t->streams[FROM_CLIENT], room, sizeof room) }))
		return true;
	uint32_t request = head_length(t, FROM_CLIENT), answer = head_length(t, FROM_SERVER);
	if (!request || !answer)
		return t->payloads > LOOK_PACKETS || t->streams[0].waiting + t->streams[1].waiting > LOOK_WAITING;
	forget_head(t, FROM_CLIENT, request);
	forget_head(t, FROM_SERVER, answer);
	return true;
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
	if (!leave_tunnel_head(t))
		return;
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
