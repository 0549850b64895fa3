/* path.c - takes the packets of one sender, gives the marks of each that do not fit; never judges by what comes later. */
#include "flow/path.h"

#include "base/banned.h"

enum {
	TTL_APART = 2,         /* one hop more or less happens with load-shared routes */
	TTL_FAR = 40,          /* hosts begin with 32, 64, 128 or 255; routes have some 30 hops at most */
	SEEN_ENOUGH = 2,       /* packets before anything is judged */
	SERIES_ENOUGH = 3,     /* steps that make a series of IP IDs clear */
	ID_STEP = 256,         /* a segment offloaded whole counts up by its pieces; a host-wide counter by what else was sent */
	ID_FAR = 4096,
	TS_BACK = 5000,        /* ticks: reordering; hosts tick once a millisecond or slower */
	TS_AHEAD = 600 * 1000, /* ticks beyond twice the milliseconds that have passed */
	WINDOW_TIMES = 8,
	DSCP = 0xfc,           /* the other two bits of TOS are congestion's (RFC 3168) */
};

/* A stranger that persists becomes the baseline. True: this one is still a stranger. */
static bool still_strange(uint8_t *run, bool same_stranger)
{
	*run = same_stranger && *run ? (uint8_t)(*run + 1) : 1;
	if (*run < PATH_PERSISTS)
		return true;
	*run = 0;
	return false;
}

static uint16_t judge_ttl(struct path *path, const struct marks *m)
{
	int apart = m->ttl - path->base.ttl;
	if (apart == 0) {
		path->ttl_run = 0;
		return 0;
	}
	bool same = m->ttl == path->strange_ttl;
	path->strange_ttl = m->ttl;
	if (!still_strange(&path->ttl_run, same)) {
		path->base.ttl = m->ttl;
		return 0;
	}
	unsigned far = (unsigned)(apart < 0 ? -apart : apart);
	if (far < TTL_APART || path->seen < SEEN_ENOUGH)
		return 0;
	return far < TTL_FAR ? ODD_TTL : ODD_TTL | ODD_TTL_FAR;
}

static uint16_t judge_fragment_bit(struct path *path, const struct marks *m)
{
	uint8_t tos = (uint8_t)((m->tos & DSCP) | m->dont_fragment);
	uint8_t base = (uint8_t)((path->base.tos & DSCP) | path->base.dont_fragment);
	if (tos == base) {
		path->tos_run = 0;
		return 0;
	}
	bool same = tos == path->strange_tos;
	path->strange_tos = tos;
	if (!still_strange(&path->tos_run, same)) {
		path->base.tos = m->tos;
		path->base.dont_fragment = m->dont_fragment;
		return 0;
	}
	return path->seen > SEEN_ENOUGH ? ODD_DONT_FRAGMENT : 0;
}

static bool id_follows(uint16_t before, uint16_t now)
{
	uint16_t step = (uint16_t)(now - before);
	return step > 0 && step <= ID_STEP;
}

/* RFC 6864 lets an atomic datagram carry any ID: only a series that is clear, and has stayed so, can be broken. */
static uint16_t judge_id(struct path *path, const struct packet *p)
{
	uint16_t id = p->marks.ip_id;
	if (p->marks.v6)
		return 0;
	if (id == 0) {
		path->zeros++;
		/* Linux answers with ID 0 where no socket is behind it: SYN-ACK and RST */
		bool counts = path->counting >= SERIES_ENOUGH && path->counting > 2 * (path->jumps + path->zeros);
		return counts && !(p->flags & (TCP_RST | TCP_SYN)) ? ODD_IP_ID : 0;
	}
	if (!path->id_known) {
		path->id_known = true;
		path->base.ip_id = id;
		bool zero = path->zeros >= SERIES_ENOUGH + 1;
		path->jumps += zero;
		return zero ? ODD_IP_ID : 0;
	}
	if (id == path->base.ip_id)
		return 0;
	if (id_follows(path->base.ip_id, id) || (path->jumps && id_follows(path->strange_id, id))) {
		path->counting++;
		path->base.ip_id = id;
		return 0;
	}
	uint16_t ahead = (uint16_t)(id - path->base.ip_id);
	bool far = ahead > ID_FAR && ahead < 0xffff - ID_STEP;
	bool clear = path->counting >= SERIES_ENOUGH && path->counting > 2 * path->jumps;
	path->jumps += far;
	path->strange_id = id;
	if (!clear)
		path->base.ip_id = id;
	return far && clear ? ODD_IP_ID : 0;
}

static uint16_t judge_timestamp(struct path *path, const struct packet *p, bool negotiated)
{
	const struct marks *m = &p->marks;
	if (!negotiated || p->flags & TCP_RST)
		return 0;
	if (!m->timestamp)
		return still_strange(&path->no_timestamp_run, true) ? ODD_NO_TIMESTAMP : 0;
	path->no_timestamp_run = 0;
	int64_t ticks = (int32_t)(m->tsval - path->base.tsval);
	int64_t passed = (p->place.time - path->time) / 1000000;
	bool known = path->base.timestamp;
	bool off = ticks < -TS_BACK || ticks > TS_AHEAD + 2 * (passed > 0 ? passed : 0);
	int32_t beside = (int32_t)(m->tsval - path->strange_tsval);
	if (known && off && !(path->strange_tsval && beside >= 0 && beside < TS_AHEAD)) {
		path->strange_tsval = m->tsval;
		return ODD_TIMESTAMP;
	}
	if (!known || ticks > 0 || off) {
		path->base.timestamp = true;
		path->base.tsval = m->tsval;
		path->base.tsecr = m->tsecr;
		path->time = p->place.time;
	}
	return 0;
}

/* A window that was not scaled, among scaled ones, is many times theirs (RFC 7323 2.2: the one in a SYN never is). */
static uint16_t judge_window(struct path *path, const struct packet *p)
{
	uint16_t window = p->marks.window;
	if (p->flags & (TCP_RST | TCP_SYN))
		return 0;
	uint16_t largest = path->base.window;
	if (largest == 0 || window <= largest) {
		path->base.window = window > largest ? window : largest;
		path->window_run = 0;
		return 0;
	}
	bool far = window / WINDOW_TIMES > largest && path->seen > SEEN_ENOUGH && path->base.window_scale != 255 &&
		   path->base.window_scale > 0;
	if (far && still_strange(&path->window_run, true))
		return ODD_WINDOW;
	path->base.window = window;
	return 0;
}

void path_start(struct path *path, const struct marks *m, int64_t time, bool syn)
{
	*path = (struct path){ .base = *m, .time = time, .id_known = m->ip_id != 0, .zeros = m->ip_id == 0, .seen = 1 };
	if (syn)
		path->base.window = 0; /* never scaled */
}

/* A datagram as the others, of a sender whose series of IDs goes on: nothing is counted but a step of it. */
static inline bool fits(struct path *path, const struct packet *p, bool negotiated)
{
	const struct marks *m = &p->marks, *base = &path->base;
	if (m->ttl != base->ttl || m->tos != base->tos || m->dont_fragment != base->dont_fragment || m->window > base->window)
		return false;
	if (path->ttl_run | path->tos_run | path->window_run | path->no_timestamp_run || p->flags & (TCP_SYN | TCP_RST))
		return false;
	if (!m->v6 && (!path->id_known || !m->ip_id || !id_follows(base->ip_id, m->ip_id)))
		return false;
	if (negotiated) {
		uint32_t ticks = m->tsval - base->tsval;
		if (!m->timestamp || !base->timestamp || ticks > TS_AHEAD)
			return false;
		if (ticks) {
			path->base.tsval = m->tsval;
			path->base.tsecr = m->tsecr;
			path->time = p->place.time;
		}
	}
	if (!m->v6) {
		path->counting++;
		path->base.ip_id = m->ip_id;
	}
	return true;
}

uint16_t path_judge(struct path *path, const struct packet *p, bool negotiated)
{
	uint16_t odd = 0;
	if (path->seen == 0) {
		path_start(path, &p->marks, p->place.time, p->flags & TCP_SYN);
		return 0;
	}
	if (!fits(path, p, negotiated)) {
		odd = judge_ttl(path, &p->marks);
		odd |= judge_fragment_bit(path, &p->marks);
		odd |= judge_id(path, p);
		odd |= judge_timestamp(path, p, negotiated);
		odd |= judge_window(path, p);
	}
	if (path->seen < UINT16_MAX)
		path->seen++;
	return odd;
}
