/* test_path.c - a stranger among the packets of a sender is odd; a change that stays, or an unclear series, is not. */
#include "flow/path.h"

#include "support/table.h"

struct mark {
	uint8_t ttl;
	uint16_t id, window;
	uint32_t ts; /* 0: no option */
	uint8_t flags;
};
enum { MOST = 12 };

static const struct kase {
	const char *name;
	unsigned at;      /* the packet whose bits are asked, 1.. */
	uint16_t want;
	struct mark m[MOST];
} cases[] = {
	{ "a lone TTL", 4, ODD_TTL, { { 57, 0, 500, 0, TCP_SYN }, { 57, 0, 500, 0, 0 }, { 57, 0, 500, 0, 0 }, { 64, 0, 500, 0, 0 } } },
	{ "a lone TTL of another host's beginning", 4, ODD_TTL | ODD_TTL_FAR, { { 57, 0, 500, 0, TCP_SYN }, { 57, 0, 500, 0, 0 }, { 57, 0, 500, 0, 0 }, { 126, 0, 500, 0, 0 } } },
	{ "the one after it fits", 5, 0, { { 57, 0, 500, 0, TCP_SYN }, { 57, 0, 500, 0, 0 }, { 57, 0, 500, 0, 0 }, { 64, 0, 500, 0, 0 }, { 57, 0, 500, 0, 0 } } },
	{ "a TTL that stays is the new one", 6, 0,
	  { { 57, 0, 500, 0, TCP_SYN }, { 57, 0, 500, 0, 0 }, { 57, 0, 500, 0, 0 }, { 64, 0, 500, 0, 0 }, { 64, 0, 500, 0, 0 }, { 64, 0, 500, 0, 0 } } },
	{ "a hop more is no sign", 4, 0, { { 57, 0, 500, 0, TCP_SYN }, { 57, 0, 500, 0, 0 }, { 57, 0, 500, 0, 0 }, { 58, 0, 500, 0, 0 } } },
	{ "an ID out of a counting series", 5, ODD_IP_ID,
	  { { 57, 100, 500, 0, 0 }, { 57, 101, 500, 0, 0 }, { 57, 102, 500, 0, 0 }, { 57, 103, 500, 0, 0 }, { 57, 30000, 500, 0, 0 } } },
	{ "an ID of 0 in a counting series", 5, ODD_IP_ID,
	  { { 57, 100, 500, 0, 0 }, { 57, 101, 500, 0, 0 }, { 57, 102, 500, 0, 0 }, { 57, 103, 500, 0, 0 }, { 57, 0, 500, 0, 0 } } },
	{ "a reset with ID 0 is Linux's way", 5, 0,
	  { { 57, 100, 500, 0, 0 }, { 57, 101, 500, 0, 0 }, { 57, 102, 500, 0, 0 }, { 57, 103, 500, 0, 0 }, { 57, 0, 500, 0, TCP_RST } } },
	{ "a SYN-ACK of 0, then counting", 5, 0,
	  { { 57, 0, 500, 0, TCP_SYN }, { 57, 45101, 500, 0, 0 }, { 57, 45102, 500, 0, 0 }, { 57, 45103, 500, 0, 0 }, { 57, 45104, 500, 0, 0 } } },
	{ "random IDs accuse nobody", 7, 0,
	  { { 57, 9100, 5, 0, 0 }, { 57, 61, 5, 0, 0 }, { 57, 50102, 5, 0, 0 }, { 57, 21003, 5, 0, 0 }, { 57, 7, 5, 0, 0 }, { 57, 60000, 5, 0, 0 }, { 57, 33, 5, 0, 0 } } },
	{ "an ID where all are 0", 5, ODD_IP_ID, { { 57, 0, 500, 0, 0 }, { 57, 0, 500, 0, 0 }, { 57, 0, 500, 0, 0 }, { 57, 0, 500, 0, 0 }, { 57, 4711, 500, 0, 0 } } },
	{ "offload counts in strides", 5, 0,
	  { { 57, 100, 500, 0, 0 }, { 57, 101, 500, 0, 0 }, { 57, 145, 500, 0, 0 }, { 57, 190, 500, 0, 0 }, { 57, 235, 500, 0, 0 } } },
	{ "no timestamp", 3, ODD_NO_TIMESTAMP, { { 57, 0, 500, 1000, TCP_SYN }, { 57, 0, 500, 1001, 0 }, { 57, 0, 500, 0, 0 } } },
	{ "a reset needs none", 3, 0, { { 57, 0, 500, 1000, TCP_SYN }, { 57, 0, 500, 1001, 0 }, { 57, 0, 500, 0, TCP_RST } } },
	{ "a timestamp of another clock", 3, ODD_TIMESTAMP,
	  { { 57, 0, 500, 1000, TCP_SYN }, { 57, 0, 500, 1001, 0 }, { 57, 0, 500, 900000000, 0 } } },
	{ "and back", 4, 0,
	  { { 57, 0, 500, 1000, TCP_SYN }, { 57, 0, 500, 1001, 0 }, { 57, 0, 500, 900000000, 0 }, { 57, 0, 500, 1003, 0 } } },
	{ "a window that nobody scaled", 5, ODD_WINDOW,
	  { { 57, 0, 64240, 0, TCP_SYN }, { 57, 0, 500, 0, 0 }, { 57, 0, 502, 0, 0 }, { 57, 0, 510, 0, 0 }, { 57, 0, 29200, 0, 0 } } },
	{ "a window that grows", 5, 0,
	  { { 57, 0, 64240, 0, TCP_SYN }, { 57, 0, 500, 0, 0 }, { 57, 0, 802, 0, 0 }, { 57, 0, 1510, 0, 0 }, { 57, 0, 2900, 0, 0 } } },
};

static void judged(void **state)
{
	const struct kase *k = *state;
	struct path path = { 0 };
	uint16_t odd = 0;
	bool negotiated = k->m[0].ts != 0;
	for (unsigned i = 0; i < k->at; i++) {
		struct packet p = { .flags = k->m[i].flags ? k->m[i].flags : TCP_ACK };
		p.place.time = (int64_t)i * 1000000;
		p.marks = (struct marks){ .ttl = k->m[i].ttl, .ip_id = k->m[i].id, .window = k->m[i].window,
			.timestamp = k->m[i].ts != 0, .tsval = k->m[i].ts, .dont_fragment = true,
			.window_scale = p.flags & TCP_SYN ? 7 : 255 };
		odd = path_judge(&path, &p, negotiated);
	}
	assert_int_equal(odd, k->want);
}

int main(void)
{
	return TABLE_RUN("path", cases, judged) != 0;
}
