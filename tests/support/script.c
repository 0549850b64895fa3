/* script.c - text to segments, and what flow says of them to text. */
#include "support/script.h"

#include <stdlib.h>
#include <string.h>

struct reading {
	int64_t time;
	uint32_t isn[2];
	uint32_t tsval;
	bool ts;
};

static uint8_t flag_of(char c)
{
	switch (c) {
	case 'S': return TCP_SYN;
	case 'A': return TCP_ACK;
	case 'F': return TCP_FIN;
	case 'R': return TCP_RST;
	case 'P': return TCP_PSH;
	case 'U': return TCP_URG;
	default: return 0;
	}
}

static void put_payload(struct script *s, struct packet *p, const char *text, size_t n, long len, long cut)
{
	size_t room = 0, most = len >= 0 ? (size_t)len : 2 * n;
	uint8_t *b = malloc(most ? most : 1);
	for (size_t i = 0; len < 0 && i < n; i++) {
		if (text[i] == '|')
			b[room++] = '\r';
		b[room++] = text[i] == '|' ? '\n' : text[i] == '^' ? 0 : (uint8_t)text[i];
	}
	if (len >= 0) {
		memset(b, 'x', most);
		room = most;
	}
	p->payload_length = (uint32_t)room;
	if (cut >= 0 && (size_t)cut < room)
		room = (size_t)cut;
	/* flush against the end of its memory, so that a read behind it is seen */
	s->payloads[s->n] = memcpy(malloc(room ? room : 1), b, room);
	free(b);
	p->payload = (struct bytes){ s->payloads[s->n], room };
}

static void read_line(struct script *s, struct reading *r, const char *line, size_t n, uint16_t ports[2])
{
	char copy[2048];
	memcpy(copy, line, n);
	copy[n] = 0;
	struct packet *p = &s->packets[s->n];
	*p = (struct packet){ .marks = { .ttl = 64, .window = 500, .window_scale = 255, .dont_fragment = true } };
	unsigned side = copy[0] == 'S';
	char *at = copy + 1;
	long pos = strtol(at, &at, 10), ack = strtol(at, &at, 10), len = -1, cut = -1, step = 1;
	bool ts = r->ts;
	p->marks.ttl = side ? 57 : 64;
	for (;;) {
		at += *at == ' ';
		size_t word = strcspn(at, " ");
		if (*at == '+')
			step = atol(at + 1);
		else if (!strncmp(at, "ttl=", 4))
			p->marks.ttl = (uint8_t)atoi(at + 4);
		else if (!strncmp(at, "id=", 3))
			p->marks.ip_id = (uint16_t)atoi(at + 3);
		else if (!strncmp(at, "win=", 4))
			p->marks.window = (uint16_t)atoi(at + 4);
		else if (!strncmp(at, "cut=", 4))
			cut = atol(at + 4);
		else if (!strncmp(at, "len=", 4))
			len = atol(at + 4);
		else if (!strncmp(at, "isn=", 4))
			r->isn[side] = (uint32_t)strtoul(at + 4, NULL, 10);
		else if (!strncmp(at, "nots", 4))
			ts = false;
		else if (!strncmp(at, "ts", 2))
			ts = r->ts = true;
		else {
			for (size_t i = 0; i < word; i++)
				p->flags |= flag_of(at[i]);
			at += word;
			at += *at == ' ';
			break;
		}
		at += word;
	}
	r->time += step * 1000000;
	r->tsval += (uint32_t)step;
	p->marks.timestamp = ts;
	p->marks.tsval = ts ? r->tsval + side * 5000000u : 0;
	p->place = (struct place){ r->time, 0, (uint32_t)s->n + 1 };
	p->ordinal = s->n + 1;
	p->clock = r->time;
	p->seq = r->isn[side] + 1 + (uint32_t)pos;
	p->ack = p->flags & TCP_ACK ? r->isn[!side] + 1 + (uint32_t)ack : 0;
	struct endpoint ends[2];
	for (unsigned i = 0; i < 2; i++) {
		memset(&ends[i], 0, sizeof ends[i]);
		ends[i].address.octets[10] = ends[i].address.octets[11] = 0xff;
		ends[i].address.octets[12] = 192;
		ends[i].address.octets[15] = (uint8_t)(i + 1);
		ends[i].port = ports[i];
	}
	p->from = ends[side];
	p->to = ends[!side];
	put_payload(s, p, at, strlen(at), len, cut);
	s->n++;
}

void script_read(struct script *s, const char *text, uint16_t client_port, uint16_t server_port)
{
	struct reading r = { .time = INT64_C(1700000000000000000), .isn = { 1000, 77000 }, .tsval = 100000 };
	uint16_t ports[2] = { client_port, server_port };
	s->n = 0;
	while (*text) {
		size_t n = strcspn(text, "\n");
		if (n)
			read_line(s, &r, text, n, ports);
		text += n + (text[n] == '\n');
	}
}

void script_free(struct script *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->payloads[i]);
	s->n = 0;
}

/* ---- what comes out ---- */

static void add_octets(struct text *t, struct bytes b)
{
	for (size_t i = 0; i < b.n; i++) {
		if (b.p[i] == '\n')
			continue;
		text_add_octet(t, b.p[i] == '\r' ? '|' : b.p[i]);
	}
}

static void new_line(struct heard *h)
{
	if (h->last >= 0)
		text_add_octet(&h->text, '\n');
	h->last = -1;
}

static void *hear_open(void *to, const struct connection *c)
{
	struct heard *h = to;
	new_line(h);
	h->sessions++;
	h->next[0] = h->next[1] = 0;
	(void)c;
	return h;
}

static enum interest hear_data(void *session, enum direction d, const struct chunk *c)
{
	struct heard *h = session;
	h->broken |= c->offset != h->next[d] || c->bytes.n == 0;
	h->broken |= h->causal && c->acked > h->next[direction_other(d)];
	h->next[d] = c->offset + c->bytes.n;
	h->odd[d] |= c->odd;
	if (h->last != (int)d) {
		new_line(h);
		text_addf(&h->text, "%c:", "CS"[d]);
		h->last = (int)d;
	}
	add_octets(&h->text, c->bytes);
	return h->answer;
}

static enum interest hear_gap(void *session, enum direction d, const struct gap *g)
{
	struct heard *h = session;
	h->broken |= g->offset != h->next[d] || g->missing == 0;
	h->next[d] = g->offset + g->missing;
	new_line(h);
	text_addf(&h->text, "%c~%llu%c\n", "CS"[d], (unsigned long long)g->missing, "cwsl"[g->kind]);
	return h->answer;
}

static void hear_overlap(void *session, enum direction d, const struct overlap *o)
{
	struct heard *h = session;
	new_line(h);
	h->odd[d] |= o->second_odd;
	text_addf(&h->text, "%c!", "CS"[d]);
	add_octets(&h->text, o->first);
	text_add_octet(&h->text, '>');
	add_octets(&h->text, o->second);
	text_add_octet(&h->text, '\n');
}

static void hear_end(void *session, enum direction d, enum ending ending, struct place place)
{
	struct heard *h = session;
	(void)place;
	new_line(h);
	text_addf(&h->text, "%c.%s\n", "CS"[d], ending == END_FIN ? "FIN" : "RST");
}

static void hear_close(void *session, const struct connection *c, const char *speaks)
{
	static const char *const names[] = { "OPEN", "FIN", "RST", "REUSED", "IDLE", "CAPTURE" };
	struct heard *h = session;
	new_line(h);
	text_addf(&h->text, "close %s\n", names[c->ending]);
	h->closed = *c;
	h->closed.resets = h->resets;
	for (unsigned i = 0; i < c->nresets && i < RESETS_KEPT; i++)
		h->resets[i] = c->resets[i];
	if (speaks) {
		strncpy(h->speaks, speaks, sizeof h->speaks - 1);
		h->speaks[sizeof h->speaks - 1] = 0;
	}
}

struct flow_sink heard_sink(struct heard *h)
{
	h->last = -1;
	return (struct flow_sink){ hear_open, hear_data, hear_gap, hear_overlap, hear_end, hear_close, NULL, h, NULL };
}

void heard_free(struct heard *h)
{
	text_free(&h->text);
	*h = (struct heard){ 0 };
}
