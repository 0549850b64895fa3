/* test_turns.c - what changed, by whom it can have been changed, and when nothing may be said: pools, upgrades, rules of a server. */
#include "why/turns.h"

#include "support/table.h"

#include "base/map.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A line a path: its client network, its server, then a letter a session, where the column is the time and '.' is none:
 * o offered, m masked, a absent, r EHLO refused. A further word "banner" or "ttl" or "keys" gives another series: the letters are
 * values of their own ('*' stars). Servers s1, s2 .. are unrelated; t1, t2 .. are hosts of one domain in one network. */
static const struct kase {
	const char *name;
	const char *paths[5];
	const char *turns;         /* kind path before>after party certainty, a line each */
	const char *suspicions;    /* sessions "path:count certainty", "" none */
} cases[] = {
	{ "always offered", { "n1 s1 oooooooooo" }, "", "" },
	{ "never offered: no word of it", { "n1 s1 aaaaaaaaaa", "n2 s2 aaaaaaaa" }, "", "" },
	{ "one path turns, and stays", { "n1 s1 oooooaaaaaaa" }, "starttls n1>s1 offered>not offered unknown possible\n", "" },
	{ "a mixed pool", { "n1 s1 oaooaoaaoaoo" }, "", "" },
	{ "a mixed pool behind one address, seen from two networks", { "n1 s1 oaooaoaaoaoo", "n2 s1 aooaoaoaaooa" }, "", "" },
	{ "too few to tell a turn from a pool", { "n1 s1 oooaaa" }, "", "" },
	{ "one stray session", { "n1 s1 oooooooaooooooo" }, "", "" },
	{ "a server reconfigured: every path turns at once", { "n1 s1 oo.o.oaa.aa.a", "n2 s1 .oo.o..a.aa.a" },
	  "starttls any>s1 offered>not offered server likely\n", "" },
	{ "an upgrade: banner and keywords turn on every path", { "n1 s1 oooooooo banner AAAABBBB", "n2 s1 oooooooo banner AAAABBBB" },
	  "banner any>s1 A>B server likely\n", "" },
	{ "networks that were never there at the same time", { "n1 s1 oooooo......", "n2 s1 ......aaaaaa" }, "", "" },
	{ "a server's rule for one network", { "n1 s1 aaaaaaaa", "n2 s1 oooooooo" }, "starttls n1>s1 offered>not offered unknown possible by path\n", "" },
	{ "one path turns, another keeps it", { "n1 s1 oooooaaaaa", "n2 s1 oooooooooo" }, "starttls n1>s1 offered>not offered routing possible\n",
	  "n1>s1 possible 5\n" },
	{ "two unrelated servers lose it on one path", { "n1 s1 aaaaaaaa", "n2 s1 oooooooo", "n1 s2 aaaaaaaa", "n2 s2 oooooooo" },
	  "starttls n1>any offered>not offered unknown possible by path\n", "n1>s1 likely 8\nn1>s2 likely 8\n" },
	{ "two servers of one house lose it for one network", { "n1 t1 aaaaaaaa", "n2 t1 oooooooo", "n1 t2 aaaaaaaa", "n2 t2 oooooooo" },
	  "starttls n1>any offered>not offered unknown possible by path\n", "" },
	{ "two unrelated servers without it, and a third with it on the path",
	  { "n1 s1 aaaaaaaa", "n2 s1 oooooooo", "n1 s2 aaaaaaaa", "n2 s2 oooooooo", "n1 s3 oooooooo" },
	  "starttls n1>any offered>not offered unknown possible by path\n", "" },
	{ "two unrelated servers, whose other keywords differ as well",
	  { "n1 s1 aaaaaaaa keys AAAAAAAA", "n2 s1 oooooooo keys BBBBBBBB", "n1 s2 aaaaaaaa keys AAAAAAAA", "n2 s2 oooooooo keys BBBBBBBB" },
	  "starttls n1>any offered>not offered unknown possible by path\nkeywords n2>any A>B unknown possible by path\n", "" },
	{ "overwritten from one session on", { "n1 s1 om" }, "starttls n1>s1 offered>overwritten middlebox proven\n", "" },
	{ "overwritten, and given back", { "n1 s1 oooommmmoooo" },
	  "starttls n1>s1 offered>overwritten middlebox proven\nstarttls n1>s1 overwritten>offered middlebox proven\n", "" },
	{ "overwritten among values that come and go", { "n1 s1 oaoaommmmooaoao" },
	  "starttls n1>s1 several>overwritten middlebox proven\nstarttls n1>s1 overwritten>several middlebox proven\n", "" },
	{ "overwritten, and EHLO refused since", { "n1 s1 oooommmrrr" }, "starttls n1>s1 offered>overwritten middlebox proven\n", "" },
	{ "overwritten for many servers at one moment", { "n1 s1 ooommm", "n1 s2 o.o.m.", "n1 s3 .o..mm", "n2 s1 oooooo" },
	  "starttls n1>any offered>overwritten middlebox proven\n", "" },
	{ "overwritten on one path only", { "n1 s1 mmmmm", "n2 s1 ooooo" }, "starttls n1>s1 offered>overwritten middlebox proven by path\n", "" },
	{ "overwritten off and on: no moment", { "n1 s1 omomomomom" }, "", "" },
	{ "stars by configuration, on every path", { "n1 s1 oooooo banner AAA***", "n2 s1 oooooo banner AAA***" },
	  "banner any>s1 A>stars server possible\n", "" },
	{ "stars from the first session on", { "n1 s1 oooooo banner ******" }, "", "" },
	{ "stars on one path, while another shows the greeting", { "n1 s1 oooooooooo banner AAAAA*****", "n2 s1 oooooooooo banner AAAAAAAAAA" },
	  "banner n1>s1 A>stars middlebox possible\n", "" },
	{ "a route one hop longer", { "n1 s1 oooooooooo ttl AAAAABBBBB" }, "", "" },
	{ "a route that changed", { "n1 s1 oooooooooo ttl AAAAAFFFFF" }, "ttl n1>s1 65>70 unknown possible\n", "" },
	{ "load-shared routes", { "n1 s1 oooooooooo ttl AFAFFAAFAF" }, "", "" },
	{ "EHLO refused from a moment on", { "n1 s1 ooooorrrrr" }, "starttls n1>s1 offered>EHLO refused unknown possible\n", "" },
};

enum { SIGHTINGS_MOST = 256, TEXTS_MOST = 128 };

struct made {
	struct sighting all[SIGHTINGS_MOST];
	uint32_t looks[SIGHTINGS_MOST][SEEN_KINDS]; /* each has its own */
	struct value values[TEXTS_MOST];
	struct server_seen servers[16];
	char names[TEXTS_MOST][16];
	uint32_t nvalues;
	struct sightings in;
};

static uint32_t text(struct made *m, const char *prefix, char c)
{
	char name[16];
	snprintf(name, sizeof name, "%s%c", prefix, c);
	for (uint32_t i = VALUE_FIRST; i < m->nvalues; i++)
		if (strcmp(m->names[i], name) == 0)
			return i;
	snprintf(m->names[m->nvalues], sizeof m->names[0], "%s", name);
	m->values[m->nvalues] = (struct value){ bytes_of(m->names[m->nvalues]), false };
	return m->nvalues++;
}

static uint32_t starttls(char c)
{
	return c == 'o' ? VALUE_OFFERED : c == 'm' ? VALUE_MASKED : c == 'a' ? VALUE_ABSENT : VALUE_EHLO_REFUSED;
}

/* Servers s1.. lie in networks of their own and have names of their own; t1.. share both. */
static const char *const server_names[] = { "mx.s1.example", "mx.s2.test", "mx.s3.invalid", "mx1.house.example", "mx2.house.example" };
static const char *const server_networks[] = { "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "192.0.2.0/24", "192.0.2.0/24" };

static void add_path(struct made *m, const char *line)
{
	char network[8], server[8], states[64], series[16] = "", letters[64] = "";
	assert_true(sscanf(line, "%7s %7s %63s %15s %63s", network, server, states, series, letters) >= 3);
	uint32_t s = (uint32_t)(server[1] - '1') + (server[0] == 't' ? 3 : 0), n = (uint32_t)(network[1] - '1');
	for (size_t i = 0; states[i]; i++) {
		if (states[i] == '.')
			continue;
		struct sighting *x = &m->all[m->in.n++];
		char name[2] = { 0, 0 };
		snprintf(name, sizeof name, "%c", (char)('0' + s));
		*x = (struct sighting){ .session = (int64_t)(1000 * n + 100 * s + i + 1), .time = (int64_t)(i + 1) * 1000 + n * 10 + s, .server = s, .network = n, .look = (uint32_t)m->in.n - 1 };
		uint32_t *value = m->looks[x->look];
		value[TURN_STARTTLS] = starttls(states[i]);
		value[TURN_KEYWORDS] = text(m, "", strcmp(series, "keys") == 0 ? letters[i] : 'K');
		value[TURN_BANNER] = strcmp(series, "banner") != 0 ? text(m, "", 'A') : letters[i] == '*' ? (uint32_t)VALUE_STARRED : text(m, "", letters[i]);
		x->ttl = strcmp(series, "ttl") == 0 ? (uint8_t)letters[i] : 64;
		value[TURN_NAME] = TEXTS_MOST - 8 + s;
	}
}

static void value_text(struct text *out, const struct made *m, const struct turn *t, uint32_t v)
{
	if (t->kind == TURN_TTL)
		text_addf(out, "%u", v);
	else
		text_add(out, v ? m->values[v].text : B("several"));
}

static void turn_text(struct text *out, const struct made *m, const struct turn *t)
{
	static const char *const kinds[] = { "starttls", "keywords", "banner", "name", "stack", "ttl", "errors" };
	static const char *const servers[] = { "s1", "s2", "s3", "t1", "t2" };
	text_addf(out, "%s ", kinds[t->kind]);
	if (t->network == NETWORK_ANY)
		text_add_string(out, "any>");
	else
		text_addf(out, "n%u>", t->network + 1);
	text_addf(out, "%s ", t->server == SERVER_ANY ? "any" : servers[t->server]);
	value_text(out, m, t, t->before);
	text_add_octet(out, '>');
	value_text(out, m, t, t->after);
	text_addf(out, " %s %s%s\n", party_name(t->party), certainty_name(t->certainty), t->since ? "" : " by path");
}

static void suspicions_text(struct text *out, const struct made *m, const struct turns *turns)
{
	static const char *const servers[] = { "s1", "s2", "s3", "t1", "t2" };
	for (uint32_t n = 0; n < 4; n++)
		for (uint32_t s = 0; s < 5; s++) {
			unsigned count = 0;
			enum certainty certainty = CERTAINTY_POSSIBLE;
			for (size_t i = 0; i < turns->nsuspicions; i++) {
				if (turns->suspicions[i].session / 100 != 10 * n + s)
					continue;
				count++;
				certainty = turns->suspicions[i].certainty;
				assert_true(turns->suspicions[i].witness != turns->suspicions[i].session);
			}
			if (count)
				text_addf(out, "n%u>%s %s %u\n", n + 1, servers[s], certainty_name(certainty), count);
		}
	(void)m;
}

/* Whatever the order in which the sightings come. */
static void shuffle(struct made *m, unsigned seed)
{
	for (size_t i = m->in.n; i > 1; i--) {
		seed = seed * 1103515245u + 12345u;
		size_t k = (seed >> 8) % i;
		struct sighting x = m->all[k];
		m->all[k] = m->all[i - 1];
		m->all[i - 1] = x;
	}
}

static void one(void **state)
{
	const struct kase *k = *state;
	for (unsigned seed = 0; seed < 4; seed++) {
		static const char *const reserved[] = { "", "offered", "overwritten", "not offered", "EHLO refused", "stars" };
		struct made *m = calloc(1, sizeof *m);
		struct arena arena = { 0 };
		struct turns turns = { 0 };
		struct text got = { 0 }, suspicions = { 0 };
		for (uint32_t i = 0; i < VALUE_FIRST; i++)
			m->values[i] = (struct value){ bytes_of(reserved[i]), i == VALUE_MASKED };
		m->nvalues = VALUE_FIRST;
		for (uint32_t i = 0; i < 5; i++) {
			m->values[TEXTS_MOST - 8 + i] = (struct value){ bytes_of(server_names[i]), false };
			m->servers[i] = (struct server_seen){ bytes_of(server_names[i]), bytes_of(server_networks[i]) };
		}
		m->in = (struct sightings){ .looks = (const uint32_t (*)[SEEN_KINDS])m->looks, .values = m->values, .servers = m->servers, .nservers = 5, .nnetworks = 4 };
		for (size_t i = 0; i < 5 && k->paths[i]; i++)
			add_path(m, k->paths[i]);
		shuffle(m, seed);
		m->in.all = BULK_ARRAY(NULL, struct sighting, SIGHTINGS_MOST);
		memcpy(m->in.all, m->all, sizeof m->all);
		turns_find(&m->in, &arena, &turns);
		suspicions_find(&m->in, &turns);
		for (size_t i = 0; i < turns.n; i++)
			turn_text(&got, m, &turns.all[i]);
		suspicions_text(&suspicions, m, &turns);
		assert_string_equal(got.p ? got.p : "", k->turns);
		assert_string_equal(suspicions.p ? suspicions.p : "", k->suspicions);
		text_free(&got);
		text_free(&suspicions);
		arena_drop(&arena);
		turns_free(&turns);
		sightings_free(&m->in);
		free(m);
	}
}

/* ---- errors ---- */

static const struct onset_case {
	const char *name, *sessions; /* x met the cause, . did not */
	size_t tried;
	int at;                      /* session since which; -1: no clear moment */
} onsets[] = {
	{ "an outage", "....................xxxxxxxxxxxxxxxxxxxx", 1, 20 },
	{ "an outage with some luck", "....................x.xx.xxxx.xxxxxx.xxx", 1, 20 },
	{ "some errors before", "....x.....x.........xxxxxxx.xxxxxxxxxxxx", 1, 20 },
	{ "always so", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 1, -1 },
	{ "now and then", "x...x..x...x..x...x.x...x..x..x...x..x..", 1, -1 },
	{ "too few before", "..xxxxxxxxxxxxxxxxxx", 1, -1 },
	{ "two at the end", "......................xx", 1, -1 },
	{ "an end, not an onset", "xxxxxxxxxxxxxxxxxxxx....................", 1, -1 },
	{ "clear alone, an accident among many", ".............xxxxxx", 100000, -1 },
	{ "nothing", "..........", 1, -1 },
};

static void onset(void **state)
{
	const struct onset_case *k = *state;
	uint32_t hits[64];
	size_t n = 0, sessions = strlen(k->sessions);
	for (size_t i = 0; i < sessions; i++)
		if (k->sessions[i] == 'x')
			hits[n++] = (uint32_t)i;
	struct onset found;
	bool clear = onset_find(hits, n, sessions, k->tried, &found);
	assert_int_equal(clear ? (int)hits[found.at] : -1, k->at);
}

int main(void)
{
	return TABLE_RUN("turns", cases, one) + TABLE_RUN("onsets", onsets, onset);
}
