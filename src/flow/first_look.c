/* first_look.c - takes the first bytes of a connection on any port, decides whether to go on, and who is the server. Behind what
 * an HTTP proxy (CONNECT) or a SOCKS proxy is told it looks at what comes through the tunnel, and leaves out what was said to the proxy:
 * a name and a password among it. */
#include "flow/talk.h"

#include "base/cursor.h"

#include "base/banned.h"

enum {
	LOOK_PACKETS = 24, /* packets with payload until an undecided connection is let go */
	LOOK_WAITING = 16384,
	TUNNEL_PACKETS = 512, /* the same of one that asks a proxy for a tunnel, until it is there */
	TUNNEL_WAITING = 131072,
	HEAD_MOST = 2048,  /* of a proxy's request or answer */
};

/* A load balancer's PROXY header stands before the client's own octets (PROXY protocol 2.1, 2.2). */
static struct bytes behind_header(struct bytes b)
{
	if (b.n >= 16 && bytes_starts(b, B("\r\n\r\n\0\r\nQUIT\n")))
		return bytes_from(b, 16u + ((size_t)b.p[14] << 8 | b.p[15]));
	return bytes_starts(b, B("PROXY ")) ? bytes_cut(b, '\n').tail : b;
}

static enum look speaks_behind_header(struct bytes first)
{
	struct bytes own = behind_header(first);
	return own.n ? speaks_client(own) : LOOK_MAYBE;
}

static enum look look_one(const struct talk *t, unsigned side, enum look (*speaks)(struct bytes))
{
	uint8_t room[LOOK_MOST];
	size_t n = stream_first(&t->streams[side], room, sizeof room);
	return n ? speaks((struct bytes){ room, n }) : LOOK_MAYBE;
}

/* Two sides, two looks: SMTP on either is enough. NO when nothing can come of it any more. */
static enum look look_both(const struct talk *t, unsigned client)
{
	enum look c = look_one(t, client, speaks_behind_header), s = look_one(t, !client, speaks_server);
	if (c == LOOK_SMTP || s == LOOK_SMTP)
		return LOOK_SMTP;
	return c == LOOK_NO || s == LOOK_NO ? LOOK_NO : LOOK_MAYBE;
}

/* ---- a tunnel through an HTTP proxy ---- */

static bool asks_for_tunnel(struct bytes b)
{
	return bytes_starts_word(b, B("CONNECT ")) || (b.n && bytes_starts(B("CONNECT "), b)); /* or its beginning */
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

/* CONNECT and its 2xx (RFC 9110 9.3.6). */
static bool http_heads(const struct talk *t, uint32_t heads[2])
{
	heads[FROM_CLIENT] = head_length(t, FROM_CLIENT);
	heads[FROM_SERVER] = head_length(t, FROM_SERVER);
	return heads[FROM_CLIENT] && heads[FROM_SERVER];
}

/* ---- a tunnel through a SOCKS proxy ---- */

enum { SOCKS4 = 4, SOCKS5 = 5, SOCKS_CONNECT = 1, SOCKS4_GRANTED = 90, NO_METHOD = 0, PASSWORD = 2 };

/* Address and port (RFC 1928 4, 6). */
static void skip_address(struct cursor *c)
{
	uint8_t type = cursor_u8(c);
	cursor_skip(c, (type == 1 ? 4u : type == 4 ? 16u : type == 3 ? cursor_u8(c) : 0x10000u) + 2u);
}

/* Method, name and password where they are asked for (RFC 1929), CONNECT; to each the proxy's answer. */
static bool socks5_heads(struct cursor *client, struct cursor *server)
{
	cursor_skip(client, 1);
	cursor_skip(client, cursor_u8(client));
	bool agreed = cursor_u8(server) == SOCKS5;
	uint8_t method = cursor_u8(server);
	if (method == PASSWORD) {
		cursor_skip(client, 1);
		cursor_skip(client, cursor_u8(client));
		cursor_skip(client, cursor_u8(client));
		cursor_skip(server, 1);
		agreed &= cursor_u8(server) == 0;
	}
	agreed &= (method == PASSWORD || method == NO_METHOD) && cursor_u8(client) == SOCKS5 && cursor_u8(client) == SOCKS_CONNECT;
	cursor_skip(client, 1);
	skip_address(client);
	agreed &= cursor_u8(server) == SOCKS5 && cursor_u8(server) == 0;
	cursor_skip(server, 1);
	skip_address(server);
	return agreed;
}

static void skip_string(struct cursor *c)
{
	while (cursor_u8(c))
		;
}

/* Port, address, a name; with the address 0.0.0.x the host's name as well (4a). */
static bool socks4_heads(struct cursor *client, struct cursor *server)
{
	cursor_skip(client, 1);
	bool agreed = cursor_u8(client) == SOCKS_CONNECT;
	cursor_skip(client, 2);
	uint32_t address = cursor_u32(client);
	skip_string(client);
	if (address && address < 256)
		skip_string(client);
	agreed &= cursor_u8(server) == 0 && cursor_u8(server) == SOCKS4_GRANTED;
	cursor_skip(server, 6);
	return agreed;
}

static bool socks_heads(const struct talk *t, uint32_t heads[2])
{
	uint8_t room[2][HEAD_MOST];
	struct cursor at[2];
	for (unsigned side = 0; side < 2; side++)
		at[side] = cursor_at((struct bytes){ room[side], stream_first(&t->streams[side], room[side], HEAD_MOST) });
	bool agreed = room[FROM_CLIENT][0] == SOCKS5 ? socks5_heads(&at[FROM_CLIENT], &at[FROM_SERVER]) : socks4_heads(&at[FROM_CLIENT], &at[FROM_SERVER]);
	for (unsigned side = 0; side < 2; side++) {
		if (!agreed || at[side].truncated)
			return false;
		heads[side] = (uint32_t)(at[side].rest.p - room[side]);
	}
	return true;
}

/* What asked for it is recorded later. */
static bool answers_as_proxy(const struct talk *t)
{
	uint8_t room[8];
	struct bytes first = { room, stream_first(&t->streams[FROM_SERVER], room, sizeof room) };
	return bytes_starts(first, B("HTTP/1.")) || (first.n && (room[0] == 0 || room[0] == SOCKS5));
}

/* What comes behind the heads is the connection proper. False: it may still come to that. */
static bool leave_tunnel_head(struct talk *t)
{
	uint8_t room[8];
	uint32_t heads[2];
	struct bytes first = { room, stream_first(&t->streams[FROM_CLIENT], room, sizeof room) };
	bool socks = first.n && (room[0] == SOCKS4 || room[0] == SOCKS5);
	if (first.n == 0 && !t->connection.roles_guessed)
		return t->payloads > LOOK_PACKETS || !answers_as_proxy(t);
	if (!socks && !asks_for_tunnel(first))
		return true;
	if (!(socks ? socks_heads(t, heads) : http_heads(t, heads)))
		return t->payloads > TUNNEL_PACKETS || t->streams[0].waiting + t->streams[1].waiting > TUNNEL_WAITING;
	forget_head(t, FROM_CLIENT, heads[FROM_CLIENT]);
	forget_head(t, FROM_SERVER, heads[FROM_SERVER]);
	t->payloads = 1;
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
	SWAP(t->sides[0].path, t->sides[1].path);
	SWAP(t->sides[0].recents, t->sides[1].recents);
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
	talk_open(t);
}

/* A greeting that refuses, and nothing after it, is SMTP's: looked at again without hoping for more. */
bool talk_greets(const struct talk *t)
{
	return look_one(t, FROM_SERVER, speaks_server) == LOOK_SMTP;
}
