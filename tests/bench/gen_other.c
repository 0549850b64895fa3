/* gen_other.c - what else runs over a link: TLS, HTTP, SSH, DNS over UDP and TCP. */
#include "gen.h"

static size_t somewhere(struct gen *g)
{
	return gen_below(g, POOL_ROOM / 2);
}

/* A size between the two, small ones far more often than large ones. */
static size_t heavy_tailed(struct gen *g, size_t least, size_t most)
{
	double u = (double)(gen_below(g, 1000000) + 1) / 1000000;
	size_t n = (size_t)((double)least / u);
	return n < most ? n : most;
}

static void records(struct gen *g, struct conn *c, enum side side, uint32_t wait, size_t n)
{
	static const uint8_t record[] = { 23, 3, 3, 0x40, 0 };
	while (n) {
		size_t some = n < 16384 ? n : 16384;
		uint8_t head[5] = { record[0], record[1], record[2], (uint8_t)(some >> 8), (uint8_t)some };
		conn_put(c, side, wait, head, sizeof head);
		conn_pool(c, side, 0, NOISE, somewhere(g), some);
		n -= some;
		wait = 0;
	}
}

static void web_encrypted(struct gen *g, struct conn *c)
{
	static const uint8_t hello[] = { 22, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3 }, server_hello[] = { 22, 3, 3, 0, 122, 2, 0, 0, 118, 3, 3 };
	conn_begin(g, c, 443);
	conn_put(c, CLIENT, 100, hello, sizeof hello);
	conn_pool(c, CLIENT, 0, NOISE, somewhere(g), 517 - sizeof hello);
	conn_put(c, SERVER, 500, server_hello, sizeof server_hello);
	conn_pool(c, SERVER, 0, NOISE, somewhere(g), 127 - sizeof server_hello);
	records(g, c, SERVER, 0, 4200);
	for (unsigned i = 1 + gen_below(g, 6); i; i--) {
		records(g, c, CLIENT, 800, gen_between(g, 200, 1200));
		records(g, c, SERVER, 3000, heavy_tailed(g, 20000, 4000000));
	}
}

static void web(struct gen *g, struct conn *c)
{
	conn_begin(g, c, gen_below(g, 4) ? 80 : 8080);
	for (unsigned i = 1 + gen_below(g, 5); i; i--) {
		size_t n = heavy_tailed(g, 8000, 2000000);
		conn_say(c, CLIENT, 700, "GET /files/%u.bin HTTP/1.1\r\nHost: www%u.example\r\nUser-Agent: agent/1.0\r\nAccept: */*\r\n\r\n", gen_below(g, 9999), gen_below(g, 99));
		conn_say(c, SERVER, 2000, "HTTP/1.1 200 OK\r\nServer: httpd\r\nContent-Type: application/octet-stream\r\nContent-Length: %zu\r\n\r\n", n);
		conn_pool(c, SERVER, 0, gen_below(g, 2) ? NOISE : LINES, somewhere(g), n);
	}
}

static void shell(struct gen *g, struct conn *c)
{
	conn_begin(g, c, 22);
	conn_say(c, SERVER, 500, "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n");
	conn_say(c, CLIENT, 200, "SSH-2.0-OpenSSH_9.3\r\n");
	for (unsigned i = gen_between(g, 50, 600); i; i--) {
		conn_pool(c, CLIENT, gen_between(g, 1000, 90000), NOISE, somewhere(g), 36);
		conn_pool(c, SERVER, 500, NOISE, somewhere(g), gen_below(g, 10) ? 36 : heavy_tailed(g, 200, 40000));
	}
}

static void name_query(struct gen *g, struct conn *c)
{
	static const uint8_t query[] = { 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 'w', 'w', 'w', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 1, 0, 1 };
	conn_begin(g, c, 53);
	c->udp = gen_below(g, 5) != 0;
	uint8_t id[4] = { 0, sizeof query + 2, (uint8_t)gen_random(g), (uint8_t)gen_random(g) };
	size_t answer = gen_between(g, 20, 300);
	conn_put(c, CLIENT, 100, id + (c->udp ? 2 : 0), c->udp ? 2 : 4);
	conn_put(c, CLIENT, 0, query, sizeof query);
	if (!c->udp) {
		uint8_t length[2] = { (uint8_t)((answer + sizeof query + 2) >> 8), (uint8_t)(answer + sizeof query + 2) };
		conn_put(c, SERVER, 900, length, 2);
	}
	conn_put(c, SERVER, c->udp ? 900 : 0, id + 2, 2);
	conn_put(c, SERVER, 0, query, sizeof query);
	conn_pool(c, SERVER, 0, NOISE, somewhere(g), answer);
}

void other_session(struct gen *g, struct conn *c)
{
	unsigned dice = gen_below(g, 100);
	if (dice < 25)
		web_encrypted(g, c);
	else if (dice < 45)
		web(g, c);
	else if (dice < 52)
		shell(g, c);
	else
		name_query(g, c);
}
