/* altered.c - takes two turns that are the same one on both sides, gives each changed line of command, content and reply once.
 * Lines of a reply are told one by one where each stands at its place, and the reply as a whole where lines were added or removed. */
#include "why/changing.h"

#include "base/text.h"

#include "base/banned.h"

/* ---- filler ---- */

/* X of Cisco's command masks (x on IOS), * of its banner masks, # of others. */
static bool is_filler(uint8_t c)
{
	return c == 'X' || c == 'x' || c == '*' || c == '#';
}

bool bytes_masked(struct bytes from, struct bytes to)
{
	uint8_t filler = 0;
	bool any = false;
	if (from.n != to.n)
		return false;
	for (size_t i = 0; i < to.n; i++) {
		if (from.p[i] == to.p[i])
			continue;
		bool counter = i && to.p[i - 1] == filler && filler && to.p[i] >= 'A' && to.p[i] <= 'Z'; /* XXXXXXXA, XXXB: Cisco numbers them */
		if (!any && is_filler(to.p[i]))
			filler = to.p[i];
		else if (to.p[i] != filler && !counter)
			return false;
		any = true;
	}
	return any;
}

/* ---- a line ---- */

struct pair { const struct uttered *inside, *outside; };

/* The two sides may have masked the same text differently: one of the texts stands for both. */
static struct bytes with_ending(struct changes *c, struct bytes text, const struct uttered *u)
{
	struct text t = { 0 };
	text_add(&t, text);
	text_add_string(&t, u->spoken.ending == LINE_LF ? "\n" : "\r\n");
	struct bytes copy = arena_copy(c->arena, text_view(&t));
	text_free(&t);
	return copy;
}

static bool ending_only(struct pair p)
{
	return p.inside->spoken.hash == p.outside->spoken.hash && p.inside->spoken.length == p.outside->spoken.length;
}

static const char *ending_phrase(const struct uttered *from)
{
	return from->spoken.ending == LINE_LF ? "its line end LF became CRLF" : "its line end CRLF became LF";
}

static struct change *line_change(struct changes *c, struct pair p, enum direction d, enum change_kind kind, enum cause cause, const char *detail)
{
	struct change *change = change_add(c, kind, d, cause, detail);
	change->inside = p.inside->spoken.last;
	change->outside = p.outside->spoken.last;
	change->inside_text = p.inside->text;
	change->outside_text = p.outside->text;
	return change;
}

/* ---- commands ---- */

static bool same_segments(struct pair p)
{
	const struct spoken *a = &p.inside->spoken, *b = &p.outside->spoken;
	bool whole = a->nsegments > 1 && a->nsegments == b->nsegments && p.inside->text.n == a->length && p.outside->text.n == b->length;
	for (size_t i = 0; whole && i < a->nsegments; i++)
		whole = a->segments[i].at == b->segments[i].at;
	return whole;
}

static struct bytes slice(struct bytes b, uint64_t from, uint64_t to)
{
	return from >= b.n ? (struct bytes){ 0 } : bytes_first(bytes_from(b, (size_t)from), (size_t)(to - from));
}

/* A box that looks at segments overwrites each by itself: a line typed by hand is changed octet by octet, in frames of their own. */
static bool masked_by_segments(struct changes *c, struct pair p, enum cause cause)
{
	size_t changed = 0;
	uint64_t from = 0;
	const struct spoken *a = &p.inside->spoken, *b = &p.outside->spoken;
	if (!same_segments(p))
		return false;
	for (size_t i = 0; i < a->nsegments; from = a->segments[i++].at)
		changed += !bytes_equal(slice(p.inside->text, from, a->segments[i].at), slice(p.outside->text, from, a->segments[i].at));
	if (changed < 2)
		return false;
	from = 0;
	for (size_t i = 0; i < a->nsegments; from = a->segments[i++].at) {
		struct bytes inside = slice(p.inside->text, from, a->segments[i].at), outside = slice(p.outside->text, from, a->segments[i].at);
		if (bytes_equal(inside, outside))
			continue;
		struct change *change = line_change(c, p, FROM_CLIENT, CHANGE_MASKED, cause, "one segment of a line that came in several, overwritten by itself");
		change->inside = a->segments[i].place;
		change->outside = b->segments[i].place;
		change->inside_text = inside;
		change->outside_text = outside;
	}
	return true;
}

static bool greets(enum verb verb)
{
	return verb == VERB_EHLO || verb == VERB_HELO || verb == VERB_LHLO;
}

static const char *rewriting_phrase(struct changes *c, const struct turn *inside, const struct turn *outside)
{
	struct cut a = bytes_word(inside->command.text), b = bytes_word(outside->command.text);
	if (!inside->exchange || !outside->exchange || inside->kind != COMMAND_LINE)
		return "the line was changed";
	if (!bytes_is(a.head, b.head))
		return a.head.n <= 20 && b.head.n <= 20
			? change_phrase(c, "the verb %.*s became %.*s", (int)a.head.n, (const char *)a.head.p, (int)b.head.n, (const char *)b.head.p)
			: "the verb was changed";
	if (greets(inside->exchange->command.verb))
		return "the name that the client gives was replaced";
	const struct path *x = inside->exchange->command.path, *y = outside->exchange->command.path;
	if (inside->exchange->command.verb == VERB_MAIL || inside->exchange->command.verb == VERB_RCPT)
		return bytes_equal(x->whole, y->whole) ? "the parameters were changed" : "the address was changed";
	return bytes_equal(a.head, b.head) ? "the argument was changed" : "the case of its letters was changed";
}

void altered_command(struct changes *c)
{
	struct pair p = { &c->inside->command, &c->outside->command };
	if (c->inside->kind == COMMAND_CONTENT && c->outside->kind == COMMAND_CONTENT)
		return; /* the final dot: its ending is told with the message's */
	if (!c->inside->spoken || !c->outside->spoken || p.inside->spoken.holed || p.outside->spoken.holed || uttered_same(p.inside, p.outside))
		return;
	if (p.inside->spoken.ending == LINE_END || p.outside->spoken.ending == LINE_END)
		return; /* the last line of a capture that ends in it */
	if (c->impaired && !ending_only(p) && !(line_exceeds(c, FROM_CLIENT, p.inside, true) && line_exceeds(c, FROM_CLIENT, p.outside, false)))
		return;
	if (ending_only(p)) {
		struct change *change = line_change(c, p, FROM_CLIENT, CHANGE_REWRITTEN, CAUSE_MIDDLEBOX_STREAM_ALTERED, ending_phrase(p.inside));
		change->inside_text = with_ending(c, p.inside->text, p.inside);
		change->outside_text = with_ending(c, p.inside->text, p.outside);
		return;
	}
	if (!bytes_masked(p.inside->text, p.outside->text)) {
		struct bytes verb = bytes_word(p.outside->text).head;
		bool noop = bytes_is(verb, B("NOOP")); /* old PIX: what it does not know becomes NOOP of the same length */
		enum cause cause = noop || !bytes_is(bytes_word(p.inside->text).head, verb)
			? cause_of_command(c->inside, noop ? CAUSE_MIDDLEBOX_COMMAND_MASKED : CAUSE_MIDDLEBOX_STREAM_ALTERED) : CAUSE_MIDDLEBOX_STREAM_ALTERED;
		line_change(c, p, FROM_CLIENT, CHANGE_REWRITTEN, cause, rewriting_phrase(c, c->inside, c->outside));
		return;
	}
	enum cause cause = cause_of_command(c->inside, CAUSE_MIDDLEBOX_COMMAND_MASKED);
	if (!masked_by_segments(c, p, cause))
		line_change(c, p, FROM_CLIENT, CHANGE_MASKED, cause, "overwritten octet by octet, the length kept");
}

/* ---- replies ---- */

struct bytes reply_lines(struct changes *c, const struct turn *turn)
{
	struct text t = { 0 };
	for (size_t i = 0; i < turn->nreply; i++) {
		text_add_string(&t, i ? "\r\n" : "");
		text_add(&t, turn->reply[i].text);
	}
	struct bytes copy = arena_copy(c->arena, text_view(&t));
	text_free(&t);
	return copy;
}

/* A reply's line without code and separator: what says the same whether another line follows or not. */
static struct bytes said(const struct uttered *u)
{
	return bytes_from(u->text, 4);
}

static unsigned reply_line_cost(void *to, size_t i, size_t j)
{
	const struct changes *c = to;
	const struct uttered *a = &c->inside->reply[i], *b = &c->outside->reply[j];
	if (uttered_same(a, b) || bytes_equal(said(a), said(b)))
		return 0;
	return bytes_masked(b->text, a->text) ? 1 : bytes_is(bytes_word(said(a)).head, bytes_word(said(b)).head) && i && j ? 2 : 3;
}

static bool each_at_its_place(const struct alignment *steps)
{
	for (size_t i = 0; i < steps->n; i++)
		if (steps->steps[i].a != steps->steps[i].b)
			return false;
	return true;
}

static bool is_offer(const struct turn *t)
{
	return t->exchange && t->exchange->command.kind == COMMAND_LINE && (t->exchange->command.verb == VERB_EHLO || t->exchange->command.verb == VERB_LHLO)
	       && t->exchange->reply.code == 250;
}

static bool says_starttls(const struct uttered *u)
{
	return bytes_is(bytes_word(said(u)).head, B("STARTTLS"));
}

static void reply_line(struct changes *c, size_t i)
{
	struct pair p = { &c->inside->reply[i], &c->outside->reply[i] };
	if (uttered_same(p.inside, p.outside))
		return;
	enum cause cause = CAUSE_MIDDLEBOX_STREAM_ALTERED;
	if (ending_only(p)) {
		struct change *change = line_change(c, p, FROM_SERVER, CHANGE_REWRITTEN, cause, ending_phrase(p.outside));
		change->inside_text = with_ending(c, p.inside->text, p.inside);
		change->outside_text = with_ending(c, p.inside->text, p.outside);
		return;
	}
	bool masked = bytes_masked(p.outside->text, p.inside->text), keyword = i && is_offer(c->outside);
	if (keyword && masked)
		cause = says_starttls(p.outside) ? CAUSE_MIDDLEBOX_STARTTLS_STRIPPED : CAUSE_MIDDLEBOX_EXTENSION_MASKED;
	else if (keyword && says_starttls(p.outside))
		cause = CAUSE_MIDDLEBOX_STARTTLS_STRIPPED;
	const char *detail = !masked ? "the line was changed" : c->outside->kind == COMMAND_CONNECT ? "the greeting was overwritten, its length kept" :
		keyword ? "the keyword was overwritten, its length kept" : "overwritten octet by octet, the length kept";
	line_change(c, p, FROM_SERVER, masked ? CHANGE_MASKED : CHANGE_REWRITTEN, cause, detail);
}

/* "removed: STARTTLS, CHUNKING; added: XCLIENT": the words that the lines begin with. */
static size_t words_add(struct text *t, const char *label, const struct turn *from, const struct alignment *steps, bool inside)
{
	size_t n = 0;
	for (size_t i = 0; i < steps->n; i++) {
		struct step s = steps->steps[i];
		size_t at = inside ? s.a : s.b;
		if ((inside ? s.b : s.a) != ALIGN_NONE)
			continue;
		struct bytes word = bytes_first(bytes_word(said(&from->reply[at])).head, 24);
		text_add_string(t, n ? ", " : t->n ? "; " : "");
		text_add_string(t, n ? "" : label);
		text_add_c(t, word, word.n);
		n++;
	}
	return n;
}

static void whole_reply(struct changes *c, const struct alignment *steps)
{
	struct text t = { 0 };
	size_t changed = 0, starttls = 0;
	size_t removed = words_add(&t, "removed: ", c->outside, steps, false), added = words_add(&t, "added: ", c->inside, steps, true);
	for (size_t i = 0; i < steps->n; i++) {
		struct step s = steps->steps[i];
		changed += s.a != ALIGN_NONE && s.b != ALIGN_NONE && reply_line_cost(c, s.a, s.b);
		starttls += s.b != ALIGN_NONE && says_starttls(&c->outside->reply[s.b]) && (s.a == ALIGN_NONE || reply_line_cost(c, s.a, s.b));
	}
	enum change_kind kind = !changed && !added ? CHANGE_REMOVED : !changed && !removed ? CHANGE_ADDED : CHANGE_REWRITTEN;
	if (changed)
		text_addf(&t, "; changed: %zu", changed);
	struct change *change = change_add(c, kind, FROM_SERVER, starttls && is_offer(c->outside) ? CAUSE_MIDDLEBOX_STARTTLS_STRIPPED :
	                                   CAUSE_MIDDLEBOX_STREAM_ALTERED, NULL);
	change->detail = change_phrase(c, "%s", t.p ? t.p : "");
	change->inside = c->inside->exchange->reply.last;
	change->outside = c->outside->exchange->reply.last;
	change->inside_text = reply_lines(c, c->inside);
	change->outside_text = reply_lines(c, c->outside);
	text_free(&t);
}

static bool same_lines_in_another_order(const struct turn *a, const struct turn *b)
{
	uint64_t sum_a = 0, sum_b = 0;
	if (a->nreply != b->nreply)
		return false;
	for (size_t i = 0; i < a->nreply; i++) {
		sum_a += transcript_hash(said(&a->reply[i]));
		sum_b += transcript_hash(said(&b->reply[i]));
	}
	return sum_a == sum_b;
}

/* Two payloads for the same octets inside: of which replies, and whether of any. */
static bool near_a_rival(const struct changes *c, bool *any)
{
	bool near = false;
	for (size_t w = 0; w < c->sides->inside->nwindows; w++)
		for (const struct note *n = c->sides->inside->windows[w]->notes; n; n = n->next)
			if (n->kind == NOTE_OVERLAP && n->direction == FROM_SERVER) {
				near |= n->near == c->inside->exchange->ordinal;
				*any = true;
			}
	return near;
}

/* The box's own words instead of the server's: another class of code, or both replies are on the wire inside. */
static bool answered_by_box(const struct changes *c, bool near)
{
	int inside = c->inside->exchange->reply.code, outside = c->outside->exchange->reply.code;
	return inside / 100 != outside / 100 || near;
}

void altered_reply(struct changes *c)
{
	const struct turn *a = c->inside, *b = c->outside;
	bool rivals = false, near = near_a_rival(c, &rivals);
	if (a->reply_holed || b->reply_holed || a->reply_key == b->reply_key)
		return;
	if (!reply_exceeds(c, a, true) && !reply_exceeds(c, b, false) && !same_lines_in_another_order(a, b))
		return; /* each of its lines stands on the other side, as the answer to something else: read otherwise, or its command was moved */
	bool alike = a->nreply != b->nreply && a->exchange->reply.code == b->exchange->reply.code; /* lines of one reply may only be missing */
	if (c->impaired && !alike && !(reply_exceeds(c, a, true) && reply_exceeds(c, b, false)))
		return;
	if (rivals && (!near || a->exchange->reply.code < 0))
		return; /* a forged reply of another length shifts what follows: pieces of the server's own are no replies */
	if (answered_by_box(c, near)) {
		struct change *change = change_add(c, CHANGE_ANSWERED, FROM_SERVER, cause_of_command(a, CAUSE_MIDDLEBOX_REPLY_INJECTED),
		                                   "the client was given another answer than the server's");
		change->inside = a->exchange->reply.last;
		change->outside = b->exchange->reply.last;
		change->inside_text = reply_lines(c, a);
		change->outside_text = reply_lines(c, b);
		return;
	}
	struct alignment steps = align(c->arena, a->nreply, b->nreply, (struct align_costs){ reply_line_cost, 2, c });
	if (!each_at_its_place(&steps) && same_lines_in_another_order(a, b)) {
		whole_reply(c, &steps);
		struct change *last = c->first;
		while (last->next)
			last = last->next;
		last->kind = CHANGE_REORDERED;
		last->detail = "the same lines in another order";
		return;
	}
	if (a->nreply != b->nreply || !each_at_its_place(&steps)) {
		whole_reply(c, &steps);
		return;
	}
	for (size_t i = 0; i < a->nreply; i++)
		reply_line(c, i);
}

/* ---- message content ---- */

static unsigned content_cost(void *to, size_t i, size_t j)
{
	const struct changes *c = to;
	const struct uttered *a = &c->inside->content[i], *b = &c->outside->content[j];
	if (a->spoken.hash == b->spoken.hash && a->spoken.length == b->spoken.length)
		return 0; /* how it ends is looked at later */
	if (a->spoken.holed || b->spoken.holed || a->spoken.ending == LINE_END || b->spoken.ending == LINE_END)
		return 5;
	if (!a->spoken.field.n && !b->spoken.field.n)
		return 3;
	/* Two fields of different names are not one that was changed, unless the name was overwritten. */
	return bytes_is(a->spoken.field, b->spoken.field) ? 1 : a->spoken.field.n == b->spoken.field.n && a->spoken.length == b->spoken.length ? 3 : 5;
}

static size_t header_end(const struct turn *t)
{
	size_t i = 0;
	while (i < t->ncontent && t->content[i].spoken.length)
		i++;
	return i;
}

static struct bytes field_of(struct changes *c, const struct uttered *u)
{
	struct text t = { 0 };
	text_add(&t, u->spoken.field);
	text_add_octet(&t, ':');
	struct bytes copy = arena_copy(c->arena, text_view(&t));
	text_free(&t);
	return copy;
}

/* Some of its lines really stand on one side alone: else they were only read as something else there. */
static bool run_exceeds(const struct changes *c, const struct alignment *steps, size_t from, size_t n)
{
	for (size_t i = from; i < from + n; i++) {
		struct step s = steps->steps[i];
		if ((s.a != ALIGN_NONE && line_exceeds(c, FROM_CLIENT, &c->inside->content[s.a], true)) ||
		    (s.b != ALIGN_NONE && line_exceeds(c, FROM_CLIENT, &c->outside->content[s.b], false)))
			return true;
	}
	return false;
}

/* One header field, or the run of body lines that begins at step i. Returns the steps told. */
static size_t content_run(struct changes *c, const struct alignment *steps, size_t i, size_t ends[2])
{
	struct step s = steps->steps[i];
	const struct uttered *a = s.a == ALIGN_NONE ? NULL : &c->inside->content[s.a], *b = s.b == ALIGN_NONE ? NULL : &c->outside->content[s.b];
	enum change_kind kind = !a ? CHANGE_ADDED : !b ? CHANGE_REMOVED : CHANGE_REWRITTEN;
	bool header = (a ? s.a < ends[0] && a->spoken.field.n : s.b < ends[1] && b->spoken.field.n);
	size_t n = 1;
	for (; i + n < steps->n; n++) {
		struct step next = steps->steps[i + n];
		bool equal = next.a != ALIGN_NONE && next.b != ALIGN_NONE && content_cost(c, next.a, next.b) == 0;
		if (equal || (next.a == ALIGN_NONE) != !a || (next.b == ALIGN_NONE) != !b)
			break;
		if (header && !(a ? &c->inside->content[next.a] : &c->outside->content[next.b])->spoken.folded)
			break;
	}
	if ((a && (a->spoken.holed || a->spoken.ending == LINE_END)) || (b && (b->spoken.holed || b->spoken.ending == LINE_END)))
		return n;
	if (!run_exceeds(c, steps, i, n))
		return n;
	const char *verb = !a ? "added" : !b ? "removed" : "changed";
	struct change *change = change_add(c, kind, FROM_CLIENT, CAUSE_MIDDLEBOX_STREAM_ALTERED, NULL);
	change->detail = header ? change_phrase(c, "a header field of the message was %s; its content is not kept", verb)
	                        : change_phrase(c, "%zu line%s of the message %s %s; their content is not kept", n, n == 1 ? "" : "s", n == 1 ? "was" : "were", verb);
	change->inside = a ? a->spoken.last : (struct place){ 0 };
	change->outside = b ? b->spoken.last : (struct place){ 0 };
	if (header && a)
		change->inside_text = field_of(c, a);
	if (header && b && b->spoken.field.n)
		change->outside_text = field_of(c, b);
	return n;
}

static void content_endings(struct changes *c, const struct alignment *steps)
{
	size_t changed = 0;
	const struct uttered *first[2] = { NULL, NULL };
	for (size_t i = 0; i < steps->n; i++) {
		struct step s = steps->steps[i];
		if (s.a == ALIGN_NONE || s.b == ALIGN_NONE || content_cost(c, s.a, s.b) || uttered_same(&c->inside->content[s.a], &c->outside->content[s.b]))
			continue;
		if (changed++ == 0) {
			first[0] = &c->inside->content[s.a];
			first[1] = &c->outside->content[s.b];
		}
	}
	if (!changed)
		return;
	bool dots = c->inside->spoken && c->outside->spoken && c->inside->kind == COMMAND_CONTENT && c->outside->kind == COMMAND_CONTENT;
	changed += dots && !uttered_same(&c->inside->command, &c->outside->command);
	struct change *change = change_add(c, CHANGE_REWRITTEN, FROM_CLIENT, CAUSE_MIDDLEBOX_STREAM_ALTERED, NULL);
	change->detail = change_phrase(c, "the ends of %zu line%s of the message: %s", changed, changed == 1 ? "" : "s",
	                               first[0]->spoken.ending == LINE_LF ? "LF became CRLF" : "CRLF became LF");
	change->inside = first[0]->spoken.last;
	change->outside = first[1]->spoken.last;
}

/* A stream with holes, or without its beginning, may have been read as data where it was none. */
static bool is_whole(const struct account *a)
{
	return a->transcript->of[FROM_CLIENT].nholes == 0 && !a->windows[0]->mid_start;
}

void altered_content(struct changes *c)
{
	const struct turn *a = c->inside, *b = c->outside;
	if (a->content_key == b->content_key || !is_whole(c->sides->inside) || !is_whole(c->sides->outside))
		return;
	bool full = c->sides->inside->transcript->of[FROM_CLIENT].full || c->sides->outside->transcript->of[FROM_CLIENT].full;
	struct alignment steps = align(c->arena, a->ncontent, b->ncontent, (struct align_costs){ content_cost, 2, c });
	size_t ends[2] = { header_end(a), header_end(b) }, told = steps.n;
	bool open = full || !a->spoken || !b->spoken; /* cut short by a limit, or by the end of one capture */
	while (open && told && (steps.steps[told - 1].a == ALIGN_NONE || steps.steps[told - 1].b == ALIGN_NONE))
		told--;
	steps.n = told;
	content_endings(c, &steps);
	for (size_t i = 0; i < steps.n;) {
		struct step s = steps.steps[i];
		bool alone = s.a == ALIGN_NONE || s.b == ALIGN_NONE;
		i += !alone && content_cost(c, s.a, s.b) == 0 ? 1 : content_run(c, &steps, i, ends);
	}
}
