/* generate.c - the workloads by name, and the clock: which connection sends its next packet.
 * generate WORKLOAD CAPTURE TRUTH [-s SCALE] [-r SEED] [-i MICROSECONDS between two beginnings] */
#include "gen.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct workload {
	const char *name, *what;
	uint64_t connections;   /* at scale 1; 0: as many as the octets need */
	uint64_t octets;
	uint32_t interval;      /* microseconds between two beginnings */
	unsigned refusals, per; /* so many refusals in so many sessions */
	size_t least, most;     /* octets of a message */
	unsigned messages, disturbed;
	bool mixed, idle;
};

static const struct workload workloads[] = {
	{ "small", "small mails", 90000, 0, 1000, 3, 10, 3000, 11300, 1, 0, false, false },
	{ "mixed", "a link with 5 % of mail", 0, 2000000000, 4000, 3, 10, 3000, 12000, 1, 0, true, false },
	{ "large", "mails of 5 to 20 MB", 74, 0, 500000, 1, 4, 5000000, 20000000, 1, 0, false, false },
	{ "failing", "short sessions that fail", 300000, 0, 300, 388, 300, 500, 1500, 0, 0, false, false },
	{ "disturbed", "loss, reordering, duplicates, retransmissions", 45000, 0, 1000, 3, 10, 3000, 11300, 1, 20, false, false },
	{ "alive", "connections that stay open", 200000, 0, 500, 0, 1, 0, 0, 0, 0, false, true },
};

struct event {
	int64_t time;
	struct conn *conn;
};

struct clock {
	struct event *heap;
	size_t n, room;
	struct conn **spare;
	size_t nspare, spare_room;
};

static bool is_before(const struct event *a, const struct event *b)
{
	return a->time < b->time;
}

static void clock_add(struct clock *k, struct event e)
{
	if (k->n == k->room) {
		k->room = k->room ? 2 * k->room : 1024;
		k->heap = realloc(k->heap, k->room * sizeof *k->heap);
	}
	size_t at = k->n++;
	for (; at && is_before(&e, &k->heap[(at - 1) / 2]); at = (at - 1) / 2)
		k->heap[at] = k->heap[(at - 1) / 2];
	k->heap[at] = e;
}

static struct event clock_take(struct clock *k)
{
	struct event top = k->heap[0], last = k->heap[--k->n];
	size_t at = 0;
	for (size_t child; (child = 2 * at + 1) < k->n; at = child) {
		if (child + 1 < k->n && is_before(&k->heap[child + 1], &k->heap[child]))
			child++;
		if (!is_before(&k->heap[child], &last))
			break;
		k->heap[at] = k->heap[child];
	}
	k->heap[at] = last;
	return top;
}

static struct conn *conn_new(struct clock *k)
{
	return k->nspare ? k->spare[--k->nspare] : calloc(1, sizeof(struct conn));
}

static void conn_over(struct gen *g, struct clock *k, struct conn *c)
{
	conn_truth(g, c);
	conn_drop(c);
	if (k->nspare == k->spare_room) {
		k->spare_room = k->spare_room ? 2 * k->spare_room : 1024;
		k->spare = realloc(k->spare, k->spare_room * sizeof *k->spare);
	}
	k->spare[k->nspare++] = c;
}

/* So many refusals that every `per` sessions have `refusals` of them. */
static unsigned refusals_of(const struct workload *w, uint64_t session)
{
	return (unsigned)((session + 1) * w->refusals / w->per - session * w->refusals / w->per);
}

static void write_down(struct gen *g, const struct workload *w, struct conn *c, uint64_t *mails, uint64_t *mail_octets)
{
	struct mail_plan plan = { 0, w->least, w->most, w->messages };
	if (w->idle) {
		mail_idle(g, c);
	} else if (w->mixed && *mail_octets * 20 > g->octets) {
		other_session(g, c);
	} else {
		plan.refusals = refusals_of(w, (*mails)++);
		mail_session(g, c, plan);
		*mail_octets += c->said[CLIENT] + c->said[SERVER] + 3000; /* headers of frames as well */
	}
}

static void run(struct gen *g, const struct workload *w, double scale, uint32_t interval)
{
	struct clock clock = { 0 };
	uint64_t connections = (uint64_t)((double)w->connections * scale), octets = (uint64_t)((double)w->octets * scale);
	uint64_t mails = 0, mail_octets = 0;
	int64_t next = g->now;
	for (;;) {
		bool more = w->connections ? g->connections < connections : g->octets < octets;
		if (more && (clock.n == 0 || next <= clock.heap[0].time)) {
			struct conn *c = conn_new(&clock);
			g->now = next;
			write_down(g, w, c, &mails, &mail_octets);
			clock_add(&clock, (struct event){ next, c });
			next += gen_between(g, interval / 2, interval * 3 / 2);
			continue;
		}
		if (clock.n == 0)
			break;
		struct event e = clock_take(&clock);
		g->now = e.time;
		int64_t wait = conn_send(g, e.conn);
		if (wait < 0)
			conn_over(g, &clock, e.conn);
		else
			clock_add(&clock, (struct event){ e.time + wait, e.conn });
	}
}

static void fill_pools(struct gen *g)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (unsigned i = LINES; i < POOLS; i++) {
		uint8_t *p = g->pools[i] = malloc(POOL_ROOM);
		for (size_t at = 0; at < POOL_ROOM; at++)
			p[at] = i == NOISE ? (uint8_t)gen_random(g) : (uint8_t)letters[gen_below(g, 64)];
	}
	for (size_t at = LINES_WIDTH - 2; at < POOL_ROOM; at += LINES_WIDTH)
		memcpy(g->pools[LINES] + at, "\r\n", 2);
}

static int usage(void)
{
	fputs("usage: generate WORKLOAD CAPTURE TRUTH [-s SCALE] [-r SEED] [-i MICROSECONDS]\nworkloads:\n", stderr);
	for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++)
		fprintf(stderr, "  %-10s %s\n", workloads[i].name, workloads[i].what);
	return 2;
}

int main(int argc, char **argv)
{
	struct gen g = { .random = 1 };
	const struct workload *w = NULL;
	double scale = 1;
	uint32_t interval = 0;
	for (int option; (option = getopt(argc, argv, "s:r:i:")) != -1;) {
		switch (option) {
		case 's': scale = atof(optarg); break;
		case 'r': g.random = strtoull(optarg, NULL, 10); break;
		case 'i': interval = (uint32_t)strtoul(optarg, NULL, 10); break;
		default: return usage();
		}
	}
	for (size_t i = 0; optind < argc && i < sizeof workloads / sizeof *workloads; i++)
		if (strcmp(workloads[i].name, argv[optind]) == 0)
			w = &workloads[i];
	if (!w || argc - optind != 3 || scale <= 0)
		return usage();
	g.out = fopen(argv[optind + 1], "wb");
	g.truth = fopen(argv[optind + 2], "w");
	if (!g.out || !g.truth) {
		perror("generate");
		return 1;
	}
	setvbuf(g.out, NULL, _IOFBF, 1 << 20);
	g.disturbed = w->disturbed;
	fill_pools(&g);
	wire_begin(&g);
	run(&g, w, scale, interval ? interval : w->interval);
	if (fclose(g.out) != 0 || fclose(g.truth) != 0) {
		perror("generate");
		return 1;
	}
	printf("%s: %llu octets, %llu packets, %llu connections, %llu refusals\n", w->name, (unsigned long long)g.octets,
	       (unsigned long long)g.packets, (unsigned long long)g.connections, (unsigned long long)g.refusals);
	return 0;
}
