/* trace.c - takes a session, window by window, gives its row of the table "look" and what of its own row is compared across sessions.
 * Never keeps a greeting's variable parts: two sessions with the same server give the same texts. */
#include "store/writer.h"

#include "why/middlebox.h"

#include <string.h>

enum { BANNER_MOST = 200, NAME_MOST = 255 };

enum { LOOKS_MOST = 16384 };

enum hello { HELLO_NONE, HELLO_HELO, HELLO_HELO_AFTER_EHLO, HELLO_EHLO };

/* A word of the date, in the forms of RFC 5322 3.3 and of ctime: "Sun,", "Nov". */
static bool is_date_word(struct bytes word)
{
	if (word.n != 3 && (word.n != 4 || word.p[3] != ','))
		return false;
#define WORD(a, b, c) case (a) << 16 | (b) << 8 | (c)
	switch (word.p[0] << 16 | word.p[1] << 8 | word.p[2]) {
	WORD('M', 'o', 'n'): WORD('T', 'u', 'e'): WORD('W', 'e', 'd'): WORD('T', 'h', 'u'): WORD('F', 'r', 'i'): WORD('S', 'a', 't'): WORD('S', 'u', 'n'):
	WORD('J', 'a', 'n'): WORD('F', 'e', 'b'): WORD('M', 'a', 'r'): WORD('A', 'p', 'r'): WORD('M', 'a', 'y'): WORD('J', 'u', 'n'):
	WORD('J', 'u', 'l'): WORD('A', 'u', 'g'): WORD('S', 'e', 'p'): WORD('O', 'c', 't'): WORD('N', 'o', 'v'): WORD('D', 'e', 'c'):
		return true;
	}
#undef WORD
	return false;
}

/* The next word from *at on; empty: there is none. */
static struct bytes next_word(struct bytes text, size_t *at, bool *has_digit)
{
	const uint8_t *p = text.p + *at, *end = text.p + text.n;
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	const uint8_t *begin = p;
	while (p < end && *p != ' ' && *p != '\t' && !octet_is_digit(*p))
		p++;
	*has_digit = p < end && octet_is_digit(*p);
	while (p < end && *p != ' ' && *p != '\t')
		p++;
	*at = (size_t)(p - text.p);
	return (struct bytes){ begin, (size_t)(p - begin) };
}

/* "mx7.example ESMTP k12si67 Sun, 22 Nov" -> "NAME ESMTP # # # #": what a mail server changes from one greeting to the next. */
static void banner_class(struct store *s, struct text *class, struct bytes banner, struct bytes name)
{
	bool dotted = bytes_index(name, '.') != BYTES_NONE, has_digit;
	size_t at = 0;
	text_clear(&s->line);
	for (struct bytes word = next_word(banner, &at, &has_digit); word.n && s->line.n < BANNER_MOST; word = next_word(banner, &at, &has_digit)) {
		if (s->line.n)
			text_add_octet(&s->line, ' ');
		if (dotted && bytes_is(word, name))
			text_add(&s->line, B("NAME"));
		else if (has_digit || is_date_word(word))
			text_add_octet(&s->line, '#');
		else
			text_add(&s->line, bytes_first(word, BANNER_MOST));
	}
	wire_add_lines(class, text_view(&s->line), BANNER_MOST);
}

static int64_t hidden_keywords(struct store *s, const struct offer *offer, struct error *error)
{
	if (!offer->nmasked)
		return 0;
	text_clear(&s->line);
	for (size_t i = 0; i < offer->nmasked; i++) {
		const struct masked *m = &offer->masked[i];
		text_add_string(&s->line, i ? "\n" : "");
		if (m->likely < EXT_COUNT)
			text_add_string(&s->line, extension_keyword(m->likely));
		else
			text_addf(&s->line, "?%zu", m->octets);
	}
	return interned_id(&s->texts, text_view(&s->line), error);
}

/* Of the first EHLO reply that was accepted in clear: later ones may differ by what the session did in between. */
static void gather_offer(struct store *s, struct trace *t, const struct session *session, struct error *error)
{
	const struct offer *first = NULL;
	for (const struct offer *o = session->offers; o; o = o->before)
		if ((o->kind == OFFER_EHLO || o->kind == OFFER_LHLO) && !o->after_tls)
			first = o;
	if (!first || t->greeted_ehlo)
		return;
	t->greeted_ehlo = true;
	if (first->incomplete)
		return;
	t->offer_at = first->at;
	t->offer = writer_offer(s, first, error);
	t->hidden = hidden_keywords(s, first, error);
}

static struct bytes own_name(const struct session *session)
{
	for (const struct exchange *x = session->first; x; x = x->next)
		if ((x->command.verb == VERB_EHLO || x->command.verb == VERB_LHLO) && x->answered && x->reply.code == 250)
			return bytes_word(bytes_cut(x->reply.text, '\n').head).head;
	return session->server_name;
}

static void gather_wait(struct trace *t, const struct session *session)
{
	const struct connection *c = &session->connection;
	const struct exchange *x = session->first;
	if (x && x->command.kind == COMMAND_CONNECT && x->answered && c->syn_ack_seen && c->handshake_rtt)
		t->wait = x->reply.first.time - c->first.time - c->handshake_rtt;
}

void trace_free(struct trace *t)
{
	text_free(&t->name);
}

void trace_gather(struct store *s, struct trace *t, const struct session *session, struct error *error)
{
	if (!t->seen)
		gather_wait(t, session);
	t->seen = true;
	gather_offer(s, t, session, error);
	if (!t->name.n) {
		struct bytes name = own_name(session);
		if (bytes_index(name, '.') != BYTES_NONE && bytes_index(name, '*') == BYTES_NONE)
			wire_add_lines(&t->name, name, NAME_MOST);
	}
	for (const struct exchange *x = session->first; x; x = x->next) {
		int64_t took = x->answered && x->command.line.last.number && !x->command.ahead ? x->reply.last.time - x->command.line.last.time : 0;
		if (took > 0 && (!t->quickest || took < t->quickest))
			t->quickest = took;
		bool refused = x->answered && x->reply.code >= 500 && x->reply.code <= 502;
		t->refused_ehlo |= x->command.verb == VERB_EHLO && refused;
		t->greeted_helo |= x->command.verb == VERB_HELO && x->answered && x->reply.code == 250;
	}
}

/* Of two numbers that are in registers: to hash them as octets they would be written, and then read in other pieces. */
static uint64_t number_hash(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)(a ^ 0x9e3779b97f4a7c15u) * (b ^ 0xd6e8feb86659fd93u);
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* What a stack always says alike: the kinds of its options in order, the scale of its window, and its segment size, which a hop on
 * the way may lower. */
static int64_t stack(struct store *s, const struct marks *m, bool seen, struct error *error)
{
	if (!seen)
		return 0;
	uint64_t options = m->options, window = (uint64_t)m->window_scale << 32 | (uint64_t)m->window << 16 | m->mss;
	struct known_stack *known = &s->stacks[number_hash(options, window) % STACKS_KNOWN];
	if (known->id && known->options == options && known->window == window)
		return known->id;
	text_clear(&s->line);
	text_addf(&s->line, "options %08x, window %u", m->options, m->window);
	if (m->window_scale != 255)
		text_addf(&s->line, " << %u", m->window_scale);
	text_addf(&s->line, ", mss %u", m->mss);
	*known = (struct known_stack){ options, window, interned_id(&s->texts, text_view(&s->line), error) };
	return known->id;
}

static enum hello hello_of(const struct trace *t)
{
	return t->greeted_ehlo ? HELLO_EHLO : !t->greeted_helo ? HELLO_NONE : t->refused_ehlo ? HELLO_HELO_AFTER_EHLO : HELLO_HELO;
}

static int64_t server_stack(struct store *s, const struct session *session, struct error *error)
{
	return stack(s, &session->connection.syn[FROM_SERVER], session->connection.syn_ack_seen, error);
}

/* ---- by ids ---- */

/* Its name is the first word of its greeting, so that the greeting's id tells it. */
static bool is_greeted_by_name(const struct session *session)
{
	struct bytes name = session->server_name, rest = bytes_from(session->banner, name.n);
	return name.n && bytes_starts(session->banner, name) && (rest.n == 0 || octet_is_blank(rest.p[0]) || rest.p[0] == '\n');
}

/* False: its ids do not tell all. */
static bool ids_of(struct store *s, const struct trace *t, const struct session *session, struct error *error)
{
	uint64_t banner = (uint64_t)s->banner, offer = (uint64_t)t->offer, hidden = (uint64_t)t->hidden, of_server = (uint64_t)server_stack(s, session, error);
	bool named = t->name.n > 0, fit = (banner | offer | hidden | of_server) <= UINT32_MAX;
	if (!banner || !fit || !is_greeted_by_name(session) || (named && !bytes_equal(text_view(&t->name), session->server_name)))
		return false;
	s->asked = (struct known_look){ .told = banner << 32 | offer, .rest = hidden << 32 | of_server, .manner = (uint32_t)hello_of(t) * 2 + named };
	return true;
}

static struct known_look *known_of(struct store *s)
{
	return s->known_looks[number_hash(s->asked.told, s->asked.rest ^ (uint64_t)s->asked.manner << 60) % LOOKS_KNOWN];
}

/* 0: there is none. What came last comes to stand first. */
static uint32_t look_of_ids(struct store *s)
{
	struct known_look *known = s->known;
	const struct known_look *asked = &s->asked;
	for (size_t i = 0; i < LOOKS_ALIKE; i++) {
		struct known_look found = known[i];
		if (!found.look || found.told != asked->told || found.rest != asked->rest || found.manner != asked->manner)
			continue;
		for (; i > 0; i--)
			known[i] = known[i - 1];
		known[0] = found;
		return found.look;
	}
	return 0;
}

static void look_keep(struct store *s, int64_t look)
{
	if (look <= 0 || look > UINT32_MAX)
		return;
	for (size_t i = LOOKS_ALIKE - 1; i > 0; i--)
		s->known[i] = s->known[i - 1];
	s->known[0] = s->asked;
	s->known[0].look = (uint32_t)look;
}

/* ---- by texts ---- */

static void texts_of(struct store *s, const struct trace *t, const struct session *session, struct error *error)
{
	struct bytes banner = session->banner;
	text_clear(&s->greeting);
	s->starred = banner.n && banner_is_filler(banner);
	if (banner.n && !s->starred)
		banner_class(s, &s->greeting, bytes_cut(banner, '\n').head, session->server_name);
	const int64_t numbers[] = { s->starred, hello_of(t), t->offer, t->hidden, server_stack(s, session, error), (int64_t)t->name.n };
	text_clear(&s->key);
	text_add(&s->key, (struct bytes){ (const uint8_t *)numbers, sizeof numbers });
	text_add(&s->key, text_view(&t->name));
	text_add(&s->key, text_view(&s->greeting));
	s->key_hash = bytes_hash(text_view(&s->key));
}

static bool look_row(struct store *s, const struct trace *t, enum hello hello, int64_t of_server, struct error *error)
{
	int64_t name = t->name.n ? interned_id(&s->texts, text_view(&t->name), error) : 0;
	int64_t greeting = s->greeting.n ? interned_id(&s->texts, text_view(&s->greeting), error) : 0;
	feed_number(&s->look, ++s->last_look);
	FEED_IDS(&s->look, name, greeting);
	FEED_NUMBERS(&s->look, s->starred, (int64_t)hello);
	FEED_IDS(&s->look, t->offer, t->hidden, of_server);
	if (s->counts)
		census_look(&s->census, (struct census_look){ .name_id = (uint32_t)name, .banner_id = (uint32_t)greeting, .offer_id = (uint32_t)t->offer,
		                                              .hidden_id = (uint32_t)t->hidden, .server_stack_id = (uint32_t)of_server, .hello = (uint8_t)hello,
		                                              .starred = s->starred });
	return feed_row(&s->look, error) && error->kind == ERROR_NONE;
}

/* The row that looks the same, found by its texts, so that they need no ids of their own where it is known; rows are few beside
 * sessions, and what was forgotten gets a second one. */
static int64_t look_of_texts(struct store *s, const struct trace *t, const struct session *session, struct error *error)
{
	struct bytes key = text_view(&s->key);
	void **known = map_get_hashed(&s->looks, key, s->key_hash);
	if (known)
		return (int64_t)(intptr_t)*known;
	if (s->looks.count == LOOKS_MOST)
		map_free(&s->looks);
	if (!look_row(s, t, hello_of(t), server_stack(s, session, error), error))
		return 0;
	*map_put_hashed(&s->looks, key, s->key_hash) = (void *)(intptr_t)s->last_look;
	return s->last_look;
}

/* ---- either way ---- */

void trace_key(struct store *s, const struct trace *t, const struct session *session, struct error *error)
{
	s->banner = writer_lines(s, session->banner, s->now->banner, error);
	s->known = NULL;
	s->asked_look = 0;
	if (session->protocol > PROTOCOL_LMTP)
		return;
	if (ids_of(s, t, session, error)) {
		s->known = known_of(s);
		__builtin_prefetch(s->known);
	}
}

void trace_fetch(struct store *s, const struct trace *t, const struct session *session, struct error *error)
{
	if (session->protocol > PROTOCOL_LMTP)
		return;
	s->asked_look = s->known ? look_of_ids(s) : 0;
	if (s->asked_look)
		return;
	texts_of(s, t, session, error);
	map_fetch(&s->looks, s->key_hash);
}

void trace_fetch_entry(const struct store *s)
{
	if (!s->asked_look)
		map_fetch_entry(&s->looks, s->key_hash);
}

int64_t trace_look(struct store *s, const struct trace *t, const struct session *session, struct error *error)
{
	if (s->asked_look || session->protocol > PROTOCOL_LMTP)
		return s->asked_look;
	int64_t look = look_of_texts(s, t, session, error);
	if (s->known)
		look_keep(s, look);
	return look;
}

struct shown trace_shown(struct store *s, const struct trace *t, const struct session *session, struct error *error)
{
	const struct connection *c = &session->connection;
	if (session->protocol > PROTOCOL_LMTP)
		return (struct shown){ 0 };
	return (struct shown){ c->baseline[FROM_CLIENT].ttl, c->baseline[FROM_SERVER].ttl,
	                       stack(s, &c->syn[FROM_CLIENT], c->syn_seen, error), t->wait > 0 ? t->wait : 0, t->quickest, t->offer_at };
}
