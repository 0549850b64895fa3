/* extension.c - the reply to EHLO or LHLO becomes an offer (RFC 5321 4.1.1.1). Takes an accepted reply, gives its keywords, and names
 * keywords that were overwritten in transit by their length and their neighbours. */
#include "smtp/extension.h"

#include "smtp/grammar.h"

#include "base/banned.h"

/* The orders in which servers list their keywords: a masked one stands between the neighbours that are still readable.
 * Postfix: smtpd.c ehlo_cmd; Exim: smtp_in.c; sendmail: srvrsmtp.c; Exchange: MS-OXSMTP and its EHLO replies. */
enum { LONGEST_ORDER = 20 };
static const enum extension orders[][LONGEST_ORDER] = {
	{ EXT_PIPELINING, EXT_SIZE, EXT_VRFY, EXT_ETRN, EXT_STARTTLS, EXT_AUTH, EXT_XVERP, EXT_XCLIENT, EXT_XFORWARD,
	  EXT_ENHANCEDSTATUSCODES, EXT_EIGHTBITMIME, EXT_DSN, EXT_SMTPUTF8, EXT_CHUNKING, EXT_REQUIRETLS, EXT_UNKNOWN },
	{ EXT_SIZE, EXT_LIMITS, EXT_EIGHTBITMIME, EXT_DSN, EXT_ETRN, EXT_VRFY, EXT_EXPN, EXT_PIPELINING, EXT_AUTH, EXT_CHUNKING,
	  EXT_STARTTLS, EXT_PRDR, EXT_SMTPUTF8, EXT_HELP, EXT_UNKNOWN },
	{ EXT_ENHANCEDSTATUSCODES, EXT_PIPELINING, EXT_EXPN, EXT_VERB, EXT_EIGHTBITMIME, EXT_SIZE, EXT_DSN, EXT_ETRN, EXT_AUTH,
	  EXT_STARTTLS, EXT_DELIVERBY, EXT_HELP, EXT_UNKNOWN },
	{ EXT_SIZE, EXT_PIPELINING, EXT_DSN, EXT_ENHANCEDSTATUSCODES, EXT_STARTTLS, EXT_XANONYMOUSTLS, EXT_AUTH, EXT_XEXPS,
	  EXT_EIGHTBITMIME, EXT_BINARYMIME, EXT_CHUNKING, EXT_XEXCH50, EXT_SMTPUTF8, EXT_XRDST, EXT_XSHADOW, EXT_UNKNOWN },
};

#define BIT(extension) ((ext_set)1 << EXT_##extension)

/* What inspect esmtp lets through in every reply that is known: a keyword counted in its way (XXXXXXXA) was none of these. */
static const ext_set CISCO_PASSES = BIT(PIPELINING) | BIT(SIZE) | BIT(VRFY) | BIT(ETRN) | BIT(AUTH) | BIT(DSN) | BIT(EIGHTBITMIME) |
                                    BIT(ENHANCEDSTATUSCODES);

/* One keyword line of the reply. */
struct entry {
	struct bytes text, keyword, values;
	enum extension known;   /* readable, or what its mask is taken to hide */
	struct masked *masked;  /* NULL when it is readable */
};

/* Octets overwritten by one filler, the last of them by a letter that counts (Cisco: XXXXXXXA), or by the filler too. The filler is
 * X, or a mark that no keyword holds. A keyword of a real server has at most one X ahead of another letter (XADR, XVERP). */
static bool is_masked(struct bytes word, bool *counted)
{
	size_t run = 1;
	*counted = false;
	if (word.n < 3)
		return false;
	uint8_t filler = word.p[0];
	if (bytes_index(B("Xx*#?~"), filler) == BYTES_NONE)
		return false;
	while (run < word.n && word.p[run] == filler)
		run++;
	if (run == word.n)
		return true;
	bool letter = word.p[run] >= 'A' && word.p[run] <= 'Z';
	*counted = run >= 2 && run + 1 == word.n && letter;
	return *counted;
}

static size_t place_in(const enum extension *order, enum extension e)
{
	for (size_t i = 0; order[i] != EXT_UNKNOWN; i++)
		if (order[i] == e)
			return i;
	return BYTES_NONE;
}

/* The nearest readable keyword of this order before (step -1) or after the entry; BYTES_NONE when there is none. */
static size_t neighbour(const enum extension *order, const struct entry *entries, size_t n, size_t at, int step)
{
	for (size_t i = at + (size_t)step; i < n; i += (size_t)step) {
		size_t place = entries[i].known == EXT_UNKNOWN ? BYTES_NONE : place_in(order, entries[i].known);
		if (place != BYTES_NONE)
			return place;
	}
	return BYTES_NONE;
}

/* How well a candidate fits between its neighbours in one order: 0 not at all; close neighbours count more than far ones. */
static unsigned fit_in(const enum extension *order, const struct entry *entries, size_t n, size_t at, enum extension e)
{
	size_t place = place_in(order, e), before = neighbour(order, entries, n, at, -1), after = neighbour(order, entries, n, at, 1);
	if (place == BYTES_NONE || (before == BYTES_NONE && after == BYTES_NONE))
		return 0;
	if ((before != BYTES_NONE && before >= place) || (after != BYTES_NONE && after <= place))
		return 0;
	unsigned fit = 10;
	if (before != BYTES_NONE)
		fit += place - before < 10 ? (unsigned)(10 - (place - before)) : 0;
	if (after != BYTES_NONE)
		fit += after - place < 10 ? (unsigned)(10 - (after - place)) : 0;
	return fit;
}

/* How well the readable keywords of the reply keep one order: pairs of neighbours in it. An order that they break is not the server's. */
static unsigned order_kept(const enum extension *order, const struct entry *entries, size_t n)
{
	size_t last = BYTES_NONE;
	unsigned kept = 0, broken = 0;
	for (size_t i = 0; i < n; i++) {
		size_t place = entries[i].known == EXT_UNKNOWN ? BYTES_NONE : place_in(order, entries[i].known);
		if (place == BYTES_NONE || place == last)
			continue;
		if (last != BYTES_NONE && place < last)
			broken++;
		else
			kept++;
		last = place;
	}
	return broken ? 0 : kept;
}

/* How well a candidate fits, in the orders that the reply keeps best; 0 where it contradicts them. */
static unsigned fit_of(const struct entry *entries, size_t n, size_t at, enum extension e)
{
	unsigned best = 0, most = 1;
	for (size_t o = 0; o < sizeof orders / sizeof *orders; o++) {
		unsigned kept = order_kept(orders[o], entries, n), fit = fit_in(orders[o], entries, n, at, e);
		if (kept < most)
			continue;
		best = kept > most || fit > best ? fit : best;
		most = kept;
	}
	return best;
}

static bool keeps_an_order(const struct entry *entries, size_t n)
{
	for (size_t o = 0; o < sizeof orders / sizeof *orders; o++)
		if (order_kept(orders[o], entries, n))
			return true;
	return false;
}

static bool is_candidate(const struct entry *entry, enum extension e, ext_set taken)
{
	if (bytes_of(extension_keyword(e)).n != entry->keyword.n || taken >> e & 1)
		return false;
	return !entry->masked->counted || !(CISCO_PASSES >> e & 1);
}

/* Several masks of one length in a row: the first of them is what stands before STARTTLS in the order. */
static bool is_first_of_several(const struct entry *entries, size_t n, size_t at, ext_set taken)
{
	if (at + 1 >= n || !entries[at + 1].masked || entries[at + 1].keyword.n != entries[at].keyword.n)
		return false;
	unsigned starttls = fit_of(entries, n, at, EXT_STARTTLS);
	for (enum extension e = 0; e < EXT_COUNT; e++)
		if (e != EXT_STARTTLS && is_candidate(&entries[at], e, taken) && fit_of(entries, n, at, e) > starttls &&
		    fit_of(entries, n, at + 1, EXT_STARTTLS))
			return true;
	return false;
}

/* The keyword of this length that fits best. STARTTLS goes first unless its place contradicts it: it is what such boxes hide. HELP is
 * the last line of the servers that have it. Two that fit equally: unknown. */
static enum extension likely(const struct entry *entries, size_t n, size_t at, ext_set taken)
{
	const struct entry *entry = &entries[at];
	enum extension best = EXT_UNKNOWN;
	unsigned best_fit = 0, equals = 0;
	bool ordered = keeps_an_order(entries, n);
	if (is_candidate(entry, EXT_STARTTLS, taken) && (!ordered || fit_of(entries, n, at, EXT_STARTTLS)) &&
	    !is_first_of_several(entries, n, at, taken))
		return EXT_STARTTLS;
	for (enum extension e = 0; e < EXT_COUNT; e++) {
		if (!is_candidate(entry, e, taken))
			continue;
		unsigned fit = fit_of(entries, n, at, e);
		if (fit > best_fit || best == EXT_UNKNOWN) {
			equals = 0;
			best = e;
			best_fit = fit;
		} else if (fit == best_fit) {
			equals++;
		}
	}
	if (at + 1 == n && is_candidate(entry, EXT_HELP, taken) && (best_fit == 0 || fit_of(entries, n, at, EXT_HELP)))
		return EXT_HELP;
	return equals ? EXT_UNKNOWN : best;
}

static struct mechanism *find_mechanism(struct offer *offer, struct bytes name)
{
	for (size_t i = 0; i < offer->nmechanisms; i++)
		if (bytes_is(offer->mechanisms[i].name, name))
			return &offer->mechanisms[i];
	return NULL;
}

static size_t count_words(struct bytes b)
{
	size_t n = 0;
	for (struct cut cut = bytes_word(b); cut.found; cut = bytes_word(cut.tail))
		n++;
	return n;
}

/* "AUTH PLAIN LOGIN", "AUTH=PLAIN LOGIN", "AUTH =PLAIN LOGIN": the equals sign of old drafts and clients. */
static void add_mechanisms(struct arena *arena, struct offer *offer, struct bytes values, unsigned known)
{
	struct mechanism *more = ARENA_ARRAY(arena, struct mechanism, offer->nmechanisms + count_words(values));
	if (offer->nmechanisms)
		memcpy(more, offer->mechanisms, offer->nmechanisms * sizeof *more);
	offer->mechanisms = more;
	for (struct cut cut = bytes_word(values); cut.found; cut = bytes_word(cut.tail)) {
		struct bytes name = cut.head;
		if (name.p[0] == '=') {
			known = MECHANISM_BY_EQUALS;
			name = bytes_from(name, 1);
		}
		if (name.n == 0)
			continue;
		struct mechanism *mechanism = find_mechanism(offer, name);
		if (!mechanism) {
			mechanism = &offer->mechanisms[offer->nmechanisms++];
			mechanism->name = name;
		}
		mechanism->known |= known;
	}
}

static void add_entry(struct arena *arena, struct offer *offer, const struct entry *entry)
{
	if (entry->known == EXT_UNKNOWN)
		return;
	offer->offered |= (ext_set)1 << entry->known;
	uint64_t limit;
	if (entry->known == EXT_SIZE && bytes_number(bytes_word(entry->values).head, &limit)) {
		offer->has_size_limit = true;
		offer->size_limit = limit;
	}
	if (entry->known == EXT_AUTH) {
		bool equals = entry->text.n > 4 && entry->text.p[4] == '=';
		add_mechanisms(arena, offer, entry->values, equals ? MECHANISM_BY_EQUALS : MECHANISM_LISTED);
	}
}

static struct entry read_entry(struct bytes line)
{
	struct entry e = { .text = line };
	size_t end = 0;
	while (end < line.n && line.p[end] != ' ' && line.p[end] != '\t' && line.p[end] != '=')
		end++;
	e.keyword = bytes_first(line, end);
	bool equals = end < line.n && line.p[end] == '=';
	e.values = bytes_trim(bytes_from(line, equals ? end + 1 : end));
	e.known = extension_find(e.keyword);
	return e;
}

static void note_masked(struct offer *offer, struct entry *entries, size_t at)
{
	bool counted;
	struct entry *e = &entries[at];
	if (e->known != EXT_UNKNOWN || !is_masked(e->keyword, &counted))
		return;
	e->masked = &offer->masked[offer->nmasked++];
	*e->masked = (struct masked){ .text = e->text, .octets = e->keyword.n, .likely = EXT_UNKNOWN, .line = (unsigned)at + 2 };
	e->masked->counted = counted && e->keyword.p[e->keyword.n - 1] == (uint8_t)('A' + offer->nmasked - 1);
}

/* Each masked keyword in turn: what an earlier one is taken to be, a later one is not. */
static void name_masked(struct arena *arena, struct offer *offer, size_t most)
{
	struct arena scratch = { 0 };
	size_t n = offer->nkeywords;
	struct entry *entries = ARENA_ARRAY(&scratch, struct entry, n);
	ext_set taken = offer->offered;
	offer->masked = ARENA_ARRAY(arena, struct masked, most);
	for (size_t i = 0; i < n; i++) {
		entries[i] = read_entry(bytes_trim(offer->keywords[i]));
		note_masked(offer, entries, i);
	}
	for (size_t i = 0; i < n; i++) {
		if (!entries[i].masked)
			continue;
		enum extension e = likely(entries, n, i, taken);
		entries[i].masked->likely = entries[i].known = e;
		if (e != EXT_UNKNOWN)
			taken |= (ext_set)1 << e;
	}
	arena_drop(&scratch);
}

static size_t count_lines(struct bytes b)
{
	size_t n = 1;
	for (size_t lf; (lf = bytes_index(b, '\n')) != BYTES_NONE; n++)
		b = bytes_from(b, lf + 1);
	return n;
}

static void read_lines(struct arena *arena, struct offer *offer, const struct reply *reply)
{
	struct cut cut = bytes_cut(reply->text, '\n'); /* the first line names the server (RFC 5321 4.1.1.1) */
	size_t masked = 0;
	bool counted;
	if (!cut.found)
		return;
	offer->nkeywords = count_lines(cut.tail);
	offer->keywords = ARENA_ARRAY(arena, struct bytes, offer->nkeywords);
	for (size_t i = 0; i < offer->nkeywords; i++) {
		cut = bytes_cut(cut.tail, '\n');
		struct entry e = read_entry(bytes_trim(cut.head));
		offer->keywords[i] = cut.head;
		add_entry(arena, offer, &e);
		masked += e.known == EXT_UNKNOWN && is_masked(e.keyword, &counted);
	}
	if (masked)
		name_masked(arena, offer, masked);
}

void offer_begin(struct offer *offer, enum offer_kind kind, const struct reply *reply, const struct offer *before)
{
	offer->kind = kind;
	offer->before = before;
	offer->generation = kind == OFFER_NONE ? 0 : before ? before->generation + 1 : 1;
	if (kind == OFFER_NONE || !reply)
		return;
	offer->at = reply->last;
	offer->incomplete = reply->flags & (REPLY_CUT | REPLY_AFTER_GAP);
}

struct offer *offer_new(struct arena *arena, enum offer_kind kind, const struct reply *reply, const struct offer *before)
{
	struct offer *offer = ARENA_NEW(arena, struct offer);
	offer_begin(offer, kind, reply, before);
	if ((kind == OFFER_EHLO || kind == OFFER_LHLO) && reply)
		read_lines(arena, offer, reply);
	return offer;
}

static struct bytes *copy_all(struct arena *arena, const struct bytes *from, size_t n)
{
	struct bytes *to = n ? ARENA_ARRAY(arena, struct bytes, n) : NULL;
	for (size_t i = 0; i < n; i++)
		to[i] = arena_copy(arena, from[i]);
	return to;
}

struct offer *offer_copy(struct arena *arena, const struct offer *offer)
{
	struct offer *copy = ARENA_NEW(arena, struct offer);
	*copy = *offer;
	copy->before = NULL;
	copy->keywords = copy_all(arena, offer->keywords, offer->nkeywords);
	copy->mechanisms = ARENA_ARRAY(arena, struct mechanism, offer->nmechanisms);
	for (size_t i = 0; i < offer->nmechanisms; i++)
		copy->mechanisms[i] = (struct mechanism){ arena_copy(arena, offer->mechanisms[i].name), offer->mechanisms[i].known };
	copy->masked = ARENA_ARRAY(arena, struct masked, offer->nmasked);
	for (size_t i = 0; i < offer->nmasked; i++) {
		copy->masked[i] = offer->masked[i];
		copy->masked[i].text = arena_copy(arena, offer->masked[i].text);
	}
	return copy;
}
