/* trace.c - takes a session, window by window, gives its row of the table "look" and what of its own row is compared across sessions.
 * Never keeps a greeting's variable parts: two sessions with the same server give the same texts. */
#include "store/writer.h"

#include "why/middlebox.h"

#include <string.h>

enum { BANNER_MOST = 200, NAME_MOST = 255 };

/* Columns of "look" behind its id. */
enum { LOOK_STARRED = 2, LOOK_HELLO, LOOK_COLUMNS = 7, LOOKS_MOST = 16384 };

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
static int64_t banner_class(struct store *s, struct bytes banner, struct bytes name, struct error *error)
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
	return writer_text(s, text_view(&s->line), BANNER_MOST, error);
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

static void gather_greeting(struct store *s, struct trace *t, const struct session *session, struct error *error)
{
	const struct connection *c = &session->connection;
	const struct exchange *x = session->first;
	if (session->banner.n) {
		t->starred = banner_is_filler(session->banner);
		t->banner = t->starred ? 0 : banner_class(s, bytes_cut(session->banner, '\n').head, session->server_name, error);
	}
	if (x && x->command.kind == COMMAND_CONNECT && x->answered && c->syn_ack_seen && c->handshake_rtt)
		t->wait = x->reply.first.time - c->first.time - c->handshake_rtt;
}

void trace_gather(struct store *s, struct trace *t, const struct session *session, struct error *error)
{
	if (!t->seen)
		gather_greeting(s, t, session, error);
	t->seen = true;
	gather_offer(s, t, session, error);
	if (!t->name) {
		struct bytes name = own_name(session);
		bool dotted = bytes_index(name, '.') != BYTES_NONE && bytes_index(name, '*') == BYTES_NONE;
		t->name = dotted ? writer_text(s, name, NAME_MOST, error) : 0;
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

/* What a stack always says alike: the kinds of its options in order, the scale of its window, and its segment size, which a hop on
 * the way may lower. */
static int64_t stack(struct store *s, const struct marks *m, bool seen, struct error *error)
{
	if (!seen)
		return 0;
	uint32_t key[3] = { m->options, (uint32_t)m->window << 16 | m->mss, m->window_scale };
	struct known_stack *known = &s->stacks[bytes_hash((struct bytes){ (const uint8_t *)key, sizeof key }) % STACKS_KNOWN];
	if (known->id && memcmp(known->key, key, sizeof key) == 0)
		return known->id;
	text_clear(&s->line);
	text_addf(&s->line, "options %08x, window %u", m->options, m->window);
	if (m->window_scale != 255)
		text_addf(&s->line, " << %u", m->window_scale);
	text_addf(&s->line, ", mss %u", m->mss);
	memcpy(known->key, key, sizeof key);
	return known->id = interned_id(&s->texts, text_view(&s->line), error);
}

/* The row that looks the same; ids are few beside sessions, and what was forgotten gets a second row. */
static int64_t look_of(struct store *s, const int64_t columns[LOOK_COLUMNS], struct error *error)
{
	if (s->looks.count == LOOKS_MOST)
		map_free(&s->looks);
	void **slot = map_put(&s->looks, (struct bytes){ (const uint8_t *)columns, LOOK_COLUMNS * sizeof *columns });
	if (*slot)
		return (int64_t)(intptr_t)*slot;
	*slot = (void *)(intptr_t)++s->last_look;
	feed_number(&s->look, s->last_look);
	for (int i = 0; i < LOOK_COLUMNS; i++)
		if (i == LOOK_STARRED || i == LOOK_HELLO)
			feed_number(&s->look, columns[i]);
		else
			feed_id(&s->look, columns[i]);
	return feed_row(&s->look, error) ? s->last_look : 0;
}

struct shown trace_shown(struct store *s, const struct trace *t, const struct session *session, struct error *error)
{
	const struct connection *c = &session->connection;
	if (session->protocol > PROTOCOL_LMTP)
		return (struct shown){ 0 };
	enum hello hello = t->greeted_ehlo ? HELLO_EHLO : !t->greeted_helo ? HELLO_NONE : t->refused_ehlo ? HELLO_HELO_AFTER_EHLO : HELLO_HELO;
	const int64_t look[LOOK_COLUMNS] = { t->name, t->banner, t->starred, hello, t->offer, t->hidden, stack(s, &c->syn[FROM_SERVER], c->syn_ack_seen, error) };
	return (struct shown){ look_of(s, look, error), c->baseline[FROM_CLIENT].ttl, c->baseline[FROM_SERVER].ttl,
	                       stack(s, &c->syn[FROM_CLIENT], c->syn_seen, error), t->wait > 0 ? t->wait : 0, t->quickest, t->offer_at };
}
