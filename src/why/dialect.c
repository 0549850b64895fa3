/* dialect.c - takes a session, compares replies with what the product of its greeting says. To add a product: rows in dialects.def. */
#include "why/dialect.h"

#include "base/banned.h"

enum when { WHEN_NONE, WHEN_EHLO, WHEN_QUIT, WHEN_NOOP, WHEN_RSET, WHEN_STARTTLS, WHEN_STRANGE, WHEN_ANY };
enum product {
#define PRODUCT(id, ...) PRODUCT_##id,
#define SAYS(...)
#include "why/dialects.def"
#undef PRODUCT
#undef SAYS
	PRODUCTS
};

/* The octets of a string, in a constant. */
#define LITERAL(string) { (const uint8_t *)(string), sizeof(string) - 1 }

static const struct { const char *name; struct told banner; const char *device; } products[] = {
#define PRODUCT(id, name, banner, device) { name, TOLD(banner), device },
#define SAYS(...)
#include "why/dialects.def"
#undef PRODUCT
#undef SAYS
};

static const struct form { enum product product; enum when when; struct bytes form; bool own; } forms[] = {
#define PRODUCT(...)
#define SAYS(product, when, form, own) { PRODUCT_##product, WHEN_##when, LITERAL(form), own },
#include "why/dialects.def"
#undef PRODUCT
#undef SAYS
};
enum { FORMS = sizeof forms / sizeof *forms, OWN_LEAST = 2 };

/* Where the rows of a product begin: FIRST_X is the number of rows above its own. */
enum {
#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define PRODUCT(id, ...) FIRST_##id, BEFORE_##id = FIRST_##id - 1,
#define SAYS(...) JOIN(ROW_, __LINE__),
#include "why/dialects.def"
#undef PRODUCT
#undef SAYS
};
static const uint16_t first_form[] = {
#define PRODUCT(id, ...) FIRST_##id,
#define SAYS(...)
#include "why/dialects.def"
#undef PRODUCT
#undef SAYS
};

static size_t index_of(struct bytes text, struct bytes part)
{
	for (size_t at = 0, next; part.n && part.n <= text.n - at; at += next + 1) {
		next = bytes_index(bytes_from(text, at), part.p[0]);
		if (next == BYTES_NONE)
			return BYTES_NONE;
		if (bytes_starts(bytes_from(text, at + next), part))
			return at + next;
	}
	return part.n ? BYTES_NONE : 0;
}

/* % stands for any run of octets. */
static bool fits(struct bytes text, struct bytes form)
{
	size_t n = 0;
	while (n < form.n && n < text.n && form.p[n] == text.p[n] && form.p[n] != '%')
		n++;
	if (n == form.n || form.p[n] != '%')
		return n == form.n && n == text.n;
	text = bytes_from(text, n);
	struct cut part = { .tail = bytes_from(form, n + 1) };
	while ((part = bytes_cut(part.tail, '%')).found) {
		size_t at = index_of(text, part.head);
		if (at == BYTES_NONE)
			return false;
		text = bytes_from(text, at + part.head.n);
	}
	return text.n >= part.head.n && bytes_equal(bytes_from(text, text.n - part.head.n), part.head);
}

static enum product product_in(const struct phrases *greeting)
{
	for (enum product p = 0; p < PRODUCTS; p++)
		if (products[p].banner.words.n && phrases_tell(greeting, &products[p].banner))
			return p;
	return PRODUCTS;
}

static enum product product_of(struct bytes banner)
{
	struct phrases greeting;
	phrases_of(&greeting, banner);
	return product_in(&greeting);
}

const char *dialect_product(struct bytes banner)
{
	enum product p = product_of(banner);
	return p < PRODUCTS ? products[p].name : NULL;
}

static bool is_judged(enum when when, int code)
{
	switch (when) {
	case WHEN_EHLO: return code == 250;
	case WHEN_STARTTLS: return code != 220 && code != 421;
	case WHEN_STRANGE: return code == 500 || code == 502;
	default: return code >= 200 && code <= 299;
	}
}

/* Which reply it is, of those whose words no configuration changes. */
static enum when when_of(const struct exchange *x)
{
	static const uint8_t whens[] = {
		[VERB_EHLO] = WHEN_EHLO, [VERB_QUIT] = WHEN_QUIT, [VERB_NOOP] = WHEN_NOOP, [VERB_RSET] = WHEN_RSET, [VERB_STARTTLS] = WHEN_STARTTLS,
		[VERB_HELP] = WHEN_STRANGE, [VERB_ETRN] = WHEN_STRANGE, [VERB_EXPN] = WHEN_STRANGE, [VERB_UNKNOWN] = WHEN_STRANGE,
	};
	const struct command *c = &x->command;
	enum when when = c->kind == COMMAND_LINE && (size_t)c->verb < sizeof whens ? (enum when)whens[c->verb] : WHEN_NONE;
	if (when == WHEN_NONE || !x->answered || !is_judged(when, x->reply.code) || x->pairing == PAIRED_UNCERTAIN)
		return WHEN_NONE;
	if (x->reply.flags & (REPLY_CUT | REPLY_AFTER_GAP | REPLY_UNASKED | REPLY_CODE_MISSING))
		return WHEN_NONE;
	return c->content_of || x->before.encrypted || c->line.flags & LINE_AFTER_GAP ? WHEN_NONE : when;
}

static struct bytes first_line(const struct reply *r)
{
	struct bytes line = bytes_cut(r->raw, '\n').head;
	while (line.n && (line.p[line.n - 1] == ' ' || line.p[line.n - 1] == '\r'))
		line.n--;
	return line;
}

/* Postfix's first line of an offer is its name alone. */
static bool is_bare_name(struct bytes line)
{
	return bytes_index(bytes_from(line, 4), ' ') == BYTES_NONE;
}

static bool is_spoken(enum product product, enum when when, struct bytes line)
{
	bool judged = false;
	for (size_t i = first_form[product]; i < FORMS && forms[i].product == product; i++) {
		if (forms[i].when != when)
			continue;
		judged = true;
		if (fits(line, forms[i].form))
			return product != PRODUCT_POSTFIX || when != WHEN_EHLO || is_bare_name(line);
	}
	return !judged;
}

/* Whose word for word it is. The short words of agreement are copied by many. */
static enum product speaker_of(enum when when, struct bytes line)
{
	bool refusal = when == WHEN_STARTTLS || when == WHEN_STRANGE;
	for (size_t i = 0; i < FORMS; i++)
		if (forms[i].when == when && ((forms[i].own && refusal) || !products[forms[i].product].banner.words.n) && fits(line, forms[i].form))
			return forms[i].product;
	return PRODUCTS;
}

static bool is_own(enum product product, const struct exchange *x)
{
	if (!x->answered || x->command.kind == COMMAND_CONNECT)
		return false;
	struct bytes line = first_line(&x->reply);
	for (size_t i = first_form[product]; i < FORMS && forms[i].product == product; i++)
		if (forms[i].own && fits(line, forms[i].form))
			return true;
	return false;
}

/* The first replies in the product's own words: one more than are wanted, for the one that is judged does not count. */
struct own {
	const struct exchange *all[OWN_LEAST + 1];
	unsigned n;
};

static struct own own_of(const struct session *s, enum product product)
{
	struct own own = { .n = 0 };
	for (const struct exchange *x = s->first; x && own.n < OWN_LEAST + 1; x = x->next)
		if (is_own(product, x))
			own.all[own.n++] = x;
	return own;
}

static bool judge(enum product product, const struct own *all, const struct exchange *x, struct dialect_break *found)
{
	enum when when = when_of(x);
	if (when == WHEN_NONE)
		return false;
	struct bytes line = first_line(&x->reply);
	if (is_spoken(product, when, line))
		return false;
	enum product other = speaker_of(when, line);
	unsigned own = 0;
	*found = (struct dialect_break){ .exchange = x, .product = products[product].name };
	for (unsigned i = 0; i < all->n && own < OWN_LEAST; i++)
		if (all->all[i] != x) {
			own++;
			found->own = all->all[i];
		}
	if (other < PRODUCTS) {
		found->other = products[other].name;
		found->device = products[other].device;
	}
	return own >= OWN_LEAST || other < PRODUCTS;
}

/* Where something is lost, a reply may stand at another command's place. */
static bool is_whole(const struct session *s)
{
	const struct connection *c = &s->connection;
	return !s->uncertain && !s->mid_start && !c->snaplen_cut && !c->gaps[0] && !c->gaps[1] && !c->missing[0] && !c->missing[1];
}

bool dialect_may_break(const struct session *s, const struct phrases *greeting)
{
	enum product product = s->banner.n && is_whole(s) ? product_in(greeting) : PRODUCTS;
	for (const struct exchange *x = s->first; x && product < PRODUCTS; x = x->next) {
		enum when when = when_of(x);
		if (when != WHEN_NONE && !is_spoken(product, when, first_line(&x->reply)))
			return true;
	}
	return false;
}

bool dialect_break_at(const struct session *s, const struct exchange *x, struct dialect_break *found)
{
	enum product product = s->banner.n && is_whole(s) && when_of(x) != WHEN_NONE ? product_of(s->banner) : PRODUCTS;
	if (product == PRODUCTS)
		return false;
	struct own own = own_of(s, product);
	return judge(product, &own, x, found);
}

bool dialect_break_nth(const struct session *s, size_t i, struct dialect_break *found)
{
	enum product product = s->banner.n && is_whole(s) ? product_of(s->banner) : PRODUCTS;
	if (product == PRODUCTS)
		return false;
	struct own own = own_of(s, product);
	for (const struct exchange *x = s->first; x; x = x->next)
		if (judge(product, &own, x, found) && i-- == 0)
			return true;
	return false;
}

void dialect_show(const struct dialect_break *b, const struct session *s, struct evidence *e)
{
	const struct exchange *x = b->exchange;
	if (s->first->command.kind == COMMAND_CONNECT && s->first->answered)
		evidence_add(e, s->first->reply.first, FROM_SERVER, s->banner, "the greeting names the product");
	evidence_line(e, &x->command, "the command");
	evidence_reply(e, &x->reply, "answered in words that this product does not have for it");
	if (b->own)
		evidence_reply(e, &b->own->reply, "words of its own");
	if (b->other)
		evidence_detail(e, "%s does not answer so; these are the words of %s: another one answered in its place.", b->product, b->other);
	else
		evidence_detail(e, "%s does not answer so: another one answered in its place.", b->product);
	e->device = b->device;
}
