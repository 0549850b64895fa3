/* fragment.c - takes fragments, gives whole datagrams; never replaces an octet it has, never holds more than its limits. */
#include "decode/fragment.h"

#include "base/arena.h"

#include "base/banned.h"

enum { BUCKETS = 256, UNIT = 8, DATAGRAM_MOST = 65535, UNITS = (DATAGRAM_MOST + 1) / UNIT };

struct key {
	struct address from, to;
	uint32_t id, kind; /* 0x100 for IPv6, whose key has no protocol; else the protocol */
};

struct datagram {
	struct datagram *in_bucket, *older, *newer;
	struct key key;
	int64_t first;            /* capture time */
	struct marks marks;
	uint8_t protocol;
	bool total_known, whole;
	uint32_t total, end;      /* length of the whole; end of what came so far */
	uint32_t captured;        /* octets from here on are not to be trusted: a snaplen cut one of them */
	uint32_t units;           /* that are there */
	size_t room;
	uint8_t *octets;
	struct decode_counts *counts; /* of the file that began it */
	uint64_t have[UNITS / 64];
};

struct fragments {
	struct datagram *gone; /* dropped during this frame, perhaps still read; stays the first member */
	struct datagram *buckets[BUCKETS];
	struct datagram *oldest, *newest;
	size_t count, memory;
};

struct fragments *fragments_new(void)
{
	return memory_new(1, sizeof(struct fragments));
}

static struct datagram **bucket(struct fragments *fs, const struct key *key)
{
	return &fs->buckets[bytes_hash((struct bytes){ (const uint8_t *)key, sizeof *key }) % BUCKETS];
}

static void drop(struct fragments *fs, struct datagram *g)
{
	struct datagram **at = bucket(fs, &g->key);
	while (*at != g)
		at = &(*at)->in_bucket;
	*at = g->in_bucket;
	*(g->older ? &g->older->newer : &fs->oldest) = g->newer;
	*(g->newer ? &g->newer->older : &fs->newest) = g->older;
	fs->count--;
	fs->memory -= sizeof *g + g->room;
	g->in_bucket = fs->gone;
	fs->gone = g;
}

void fragments_next(struct fragments *fs)
{
	while (fs->gone) {
		struct datagram *g = fs->gone;
		fs->gone = g->in_bucket;
		free(g->octets);
		free(g);
	}
}

void fragments_free(struct fragments *fs)
{
	while (fs->oldest)
		drop(fs, fs->oldest);
	fragments_next(fs);
	free(fs);
}

/* RFC 1122 3.3.2 allows 60 to 120 s, Linux waits 30; RFC 8200 4.5 says 60. A clock that went backward expires nothing. */
static bool is_expired(const struct datagram *g, int64_t now)
{
	int64_t age;
	return !__builtin_sub_overflow(now, g->first, &age) && age > (g->key.kind == 0x100 ? 60 : 30) * INT64_C(1000000000);
}

static struct datagram *find(struct fragments *fs, const struct key *key)
{
	struct datagram *g = *bucket(fs, key);
	while (g && memcmp(&g->key, key, sizeof *key) != 0)
		g = g->in_bucket;
	return g;
}

static struct datagram *begin(struct decoding *d, const struct key *key)
{
	struct fragments *fs = d->fragments;
	struct datagram **at = bucket(fs, key), *g = memory_new(1, sizeof *g);
	g->key = *key;
	g->first = d->time;
	g->captured = UINT32_MAX;
	g->counts = d->counts;
	g->in_bucket = *at;
	*at = g;
	g->older = fs->newest;
	*(fs->newest ? &fs->newest->newer : &fs->oldest) = g;
	fs->newest = g;
	fs->count++;
	fs->memory += sizeof *g;
	return g;
}

static bool has(const struct datagram *g, uint32_t unit)
{
	return g->have[unit / 64] >> unit % 64 & 1;
}

static void make_room(struct fragments *fs, struct datagram *g, size_t end)
{
	size_t room = g->room ? g->room : 2048;
	while (room < end)
		room *= 2;
	if (room == g->room)
		return;
	g->octets = memory_grow(g->octets, room, 1);
	memset(g->octets + g->room, 0, room - g->room); /* what a snaplen cut is zero, not old memory */
	fs->memory += room - g->room;
	g->room = room;
}

/* Unit by unit; the first copy stays. Returns whether a copy differed. */
static bool fill(struct datagram *g, const struct fragment *f, uint32_t wire_end)
{
	bool differs = false;
	for (uint32_t at = f->offset; at < wire_end; at += UNIT) {
		struct bytes unit = bytes_first(bytes_from(f->bytes, at - f->offset), UNIT);
		uint32_t number = at / UNIT;
		if (has(g, number)) {
			differs |= unit.n && memcmp(g->octets + at, unit.p, unit.n) != 0;
			continue;
		}
		if (unit.n)
			memcpy(g->octets + at, unit.p, unit.n);
		g->have[number / 64] |= UINT64_C(1) << number % 64;
		g->units++;
	}
	return differs;
}

/* The same octets again, within a datagram that is whole already. */
static bool is_repeated(const struct datagram *g, const struct fragment *f)
{
	return f->offset + f->bytes.n <= g->total && memcmp(g->octets + f->offset, f->bytes.p, f->bytes.n) == 0;
}

static struct datagram *datagram_of(struct decoding *d, const struct fragment *f, bool *repeated)
{
	struct fragments *fs = d->fragments;
	struct key key = { d->packet->from.address, d->packet->to.address, f->id, f->v6 ? 0x100 : f->protocol };
	while (fs->oldest && is_expired(fs->oldest, d->time))
		drop(fs, fs->oldest);
	struct datagram *g = find(fs, &key);
	*repeated = g && g->whole && is_repeated(g, f);
	if (*repeated)
		return g;
	if (g && (g->whole || is_expired(g, d->time))) { /* the identification is used again */
		drop(fs, g);
		g = NULL;
	}
	if (!g) {
		g = begin(d, &key);
		d->counts->fragments_lost++; /* until it is whole */
	}
	return g;
}

static void keep_limits(struct fragments *fs, const struct datagram *but)
{
	while (fs->oldest != but && (fs->count > LIMIT_FRAGMENTED || fs->memory > LIMIT_FRAGMENT_MEMORY))
		drop(fs, fs->oldest);
}

static enum decoded hand_out(struct decoding *d, struct datagram *g, struct fragment *f)
{
	g->whole = true;
	g->counts->fragments_lost--;
	struct bytes all = { g->octets, g->captured < g->total ? g->captured : g->total };
	f->bytes = decoding_trim(d, all, g->total);
	f->protocol = g->protocol;
	d->packet->marks = g->marks;
	d->packet->was_fragmented = true;
	return DECODED_TCP;
}

enum decoded fragments_add(struct decoding *d, struct fragment *f)
{
	size_t wire = f->bytes.n + d->missing;
	bool repeated, differs = false;
	if (f->more)
		wire &= ~(size_t)(UNIT - 1); /* RFC 791 3.2: only the last may be odd; what is too much is ignored as Linux does */
	if (f->offset + wire > DATAGRAM_MOST) /* the ping of death */
		return DECODED_MALFORMED;
	if (wire == 0)
		return DECODED_FRAGMENT;
	f->bytes = bytes_first(f->bytes, wire);
	struct datagram *g = datagram_of(d, f, &repeated);
	if (repeated)
		return DECODED_FRAGMENT;
	uint32_t end = f->offset + (uint32_t)wire;
	if (!f->more && !g->total_known) {
		g->total_known = true;
		g->total = end;
		differs = g->end > end;
	} else if (g->total_known && (end > g->total || (!f->more && end != g->total))) {
		differs = true; /* the ends contradict each other: the first stands */
		end = end > g->total ? g->total : end;
	}
	if (end > g->end)
		g->end = end;
	if (f->offset == 0 && !has(g, 0)) {
		g->marks = d->packet->marks;
		g->protocol = f->protocol;
	}
	if (end > f->offset && f->bytes.n < end - f->offset && f->offset + f->bytes.n < g->captured)
		g->captured = f->offset + (uint32_t)f->bytes.n;
	make_room(d->fragments, g, (size_t)end + UNIT);
	differs |= fill(g, f, end);
	d->counts->fragment_overlaps += differs;
	keep_limits(d->fragments, g);
	/* units beyond a total that came later do not count towards it */
	uint32_t need = (g->total + UNIT - 1) / UNIT, beyond = g->end > g->total ? (g->end + UNIT - 1) / UNIT - need : 0;
	if (!g->total_known || (beyond == 0 && g->units < need))
		return DECODED_FRAGMENT;
	for (uint32_t i = 0; i < need && beyond; i++)
		if (!has(g, i))
			return DECODED_FRAGMENT;
	return hand_out(d, g, f);
}
