/* fuzz_reassembly - octets become segments of a few connections with small sequence spaces; what flow says of them must hold
 * together: offsets without jumps, no chunk before what it acknowledges (unless that was given up), nothing after close. */
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "flow/flow.h"

struct ear {
	uint64_t next[2];
	uint64_t gaps[2];
	bool ended[2], closed;
};

static void demand(bool holds)
{
	if (!holds)
		abort();
}

static void *ear_open(void *to, const struct connection *c)
{
	(void)to;
	(void)c;
	struct ear *ear = calloc(1, sizeof *ear);
	demand(ear);
	return ear;
}

static enum interest ear_data(void *session, enum direction d, const struct chunk *c)
{
	struct ear *ear = session;
	demand(!ear->closed && !ear->ended[d] && c->bytes.n > 0 && c->offset == ear->next[d]);
	ear->next[d] += c->bytes.n;
	return c->bytes.p[0] == 0xfe ? INTEREST_END : INTEREST_ALL;
}

static enum interest ear_gap(void *session, enum direction d, const struct gap *g)
{
	struct ear *ear = session;
	demand(!ear->closed && !ear->ended[d] && g->missing > 0 && g->offset == ear->next[d]);
	ear->next[d] += g->missing;
	ear->gaps[d]++;
	return INTEREST_ALL;
}

static void ear_overlap(void *session, enum direction d, const struct overlap *o)
{
	struct ear *ear = session;
	demand(!ear->closed && o->first.n > 0 && o->second.n >= o->first.n && o->offset + o->first.n <= ear->next[d]);
	demand(memcmp(o->first.p, o->second.p, o->first.n) != 0);
}

static void ear_end(void *session, enum direction d, enum ending ending, struct place place)
{
	struct ear *ear = session;
	(void)place;
	demand(!ear->ended[d] && (ending == END_FIN || ending == END_RST));
	ear->ended[d] = true;
}

static void ear_close(void *session, const struct connection *c, const char *speaks)
{
	struct ear *ear = session;
	(void)speaks;
	demand(!ear->closed && c->ending != END_OPEN && c->gaps[0] == ear->gaps[0] && c->gaps[1] == ear->gaps[1]);
	free(ear);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct flow_sink sink = { ear_open, ear_data, ear_gap, ear_overlap, ear_end, ear_close, NULL, NULL, NULL };
	struct flow *f = flow_new((struct flow_options){ .no_ndpi = true, .memory = size & 1 ? 64 * 1024 : 0 }, sink);
	struct cursor c = cursor_at((struct bytes){ data, size });
	int64_t time = INT64_C(1700000000000000000), clock = time;
	for (uint64_t n = 1; c.rest.n >= 8 && !c.truncated; n++) {
		static const uint16_t server_ports[] = { 25, 25, 3325, 465 };
		uint8_t kind = cursor_u8(&c), flags = cursor_u8(&c);
		uint16_t seq = cursor_u16(&c), ack = cursor_u16(&c);
		uint8_t length = cursor_u8(&c), step = cursor_u8(&c);
		struct packet p = { .ordinal = n, .flags = flags & 0x3f };
		bool server = kind & 1;
		time += (int64_t)(step & 0x3f) * (step & 0x40 ? 1000000000 : 1000000) * (step & 0x80 ? -1 : 1);
		p.place = (struct place){ time, 0, (uint32_t)n };
		p.clock = clock = time > clock ? time : clock;
		p.from.port = server ? server_ports[kind >> 1 & 3] : 40000;
		p.to.port = server ? 40000 : server_ports[kind >> 1 & 3];
		p.from.address.octets[15] = server;
		p.to.address.octets[15] = !server;
		p.seq = (uint32_t)(seq & 0x8000 ? (int32_t)(int16_t)seq * 65521 : seq & 0x1ff) - 64u;
		p.ack = (uint32_t)(ack & 0x8000 ? (int32_t)(int16_t)ack * 65521 : ack & 0x1ff) - 64u;
		p.marks = (struct marks){ .ttl = (uint8_t)(step & 7), .ip_id = (uint16_t)(kind & 0xf0), .window_scale = 255 };
		p.payload = cursor_take(&c, length & 0x3f);
		p.payload_length = (uint32_t)p.payload.n + (length & 0x80 ? length & 0x7f : 0);
		flow_packet(f, &p);
	}
	flow_end(f);
	flow_free(f);
	return 0;
}
