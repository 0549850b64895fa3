/* prove.c - takes changes and the verdicts on both sides' sessions, gives better verdicts where bytes of both sides show the cause. */
#include "why/prove.h"

#include "base/banned.h"

enum { PROOFS_OF_FINDING = 8 };

static bool is_there(const struct proof *proofs, size_t n, struct place place, enum direction direction)
{
	for (size_t i = 0; i < n; i++)
		if (proofs[i].place.number == place.number && proofs[i].place.file == place.file && proofs[i].direction == direction)
			return true;
	return false;
}

/* Two proofs more: what stands inside, what stands outside. */
static void proofs_add(struct arena *arena, struct proof **proofs, size_t *n, const struct change *c)
{
	struct proof *more = ARENA_ARRAY(arena, struct proof, *n + 2);
	if (*n)
		memcpy(more, *proofs, *n * sizeof *more);
	const char *phrase = c->detail ? c->detail : change_name(c->kind);
	size_t before = *n;
	if (c->inside.number && !is_there(more, before, c->inside, c->direction))
		more[(*n)++] = (struct proof){ c->inside, c->direction, arena_copy(arena, c->inside_text), c->direction == FROM_CLIENT ? "sent so by the client (inside)" : phrase };
	if (c->outside.number && !is_there(more, before, c->outside, c->direction))
		more[(*n)++] = (struct proof){ c->outside, c->direction, arena_copy(arena, c->outside_text), c->direction == FROM_CLIENT ? phrase : "sent so by the server (outside)" };
	*proofs = more;
}

/* A cause that already blames the path stays: one side may show more of it than the change does. */
static void verdict_prove(struct arena *arena, struct verdict *v, const struct change *c, enum certainty certainty)
{
	bool path = v->cause < CAUSE_COUNT && cause_entry(v->cause)->party == PARTY_MIDDLEBOX;
	if (v->cause != c->cause && !path) {
		enum cause *also = ARENA_ARRAY(arena, enum cause, v->nalso + 1);
		size_t n = 0;
		if (v->cause < CAUSE_COUNT && v->cause != CAUSE_UNKNOWN)
			also[n++] = v->cause;
		for (size_t i = 0; i < v->nalso; i++)
			if (v->also[i] != c->cause && v->also[i] != v->cause)
				also[n++] = v->also[i];
		v->also = also;
		v->nalso = n;
		v->detail = c->detail;
		v->certainty = certainty;
	}
	if (!path)
		v->cause = c->cause;
	v->rule = "both sides of the box";
	if (certainty > v->certainty)
		v->certainty = certainty;
	proofs_add(arena, &v->proofs, &v->nproofs, c);
}

/* The change concerns the very command or reply of the refused exchange. */
static bool explains(const struct change *c, const struct exchange *x, bool inside)
{
	if (x != (inside ? c->at_inside : c->at_outside) || c->cause == CAUSE_COUNT)
		return false;
	if (c->direction == FROM_CLIENT)
		return c->kind == CHANGE_MASKED || c->kind == CHANGE_REWRITTEN;
	return inside && c->kind == CHANGE_ANSWERED;
}

static bool takes_tls_away(const struct change *c, const struct verdict *v)
{
	return c->direction == FROM_SERVER && c->cause == CAUSE_MIDDLEBOX_STARTTLS_STRIPPED && v->cause == CAUSE_TLS_REQUIRED && c->inside.number
	       && c->inside.time <= v->exchange->reply.last.time;
}

static void errors_prove(const struct change *first, struct account *a, bool inside)
{
	for (size_t w = 0; w < a->nwindows; w++)
		for (size_t i = 0; i < a->verdicts[w].nerrors; i++) {
			struct verdict *v = &a->verdicts[w].errors[i];
			for (const struct change *c = first; c; c = c->next) {
				bool own = explains(c, v->exchange, inside);
				if (!own && !(inside && takes_tls_away(c, v)))
					continue;
				verdict_prove(&a->windows[w]->arena, v, c, c->kind == CHANGE_REWRITTEN ? CERTAINTY_LIKELY : CERTAINTY_PROVEN);
				break;
			}
		}
}

static struct finding *finding_of(struct account *a, enum cause cause)
{
	for (size_t w = 0; w < a->nwindows; w++)
		for (size_t i = 0; i < a->verdicts[w].nfindings; i++)
			if (a->verdicts[w].findings[i].cause == cause)
				return &a->verdicts[w].findings[i];
	return NULL;
}

static struct finding *finding_new(struct account *a, const struct change *c)
{
	struct verdicts *v = &a->verdicts[a->nwindows - 1];
	struct arena *arena = &a->windows[a->nwindows - 1]->arena;
	struct finding *all = ARENA_ARRAY(arena, struct finding, v->nfindings + 1);
	if (v->nfindings)
		memcpy(all, v->findings, v->nfindings * sizeof *all);
	v->findings = all;
	all[v->nfindings] = (struct finding){ .cause = c->cause, .place = c->inside.number ? c->inside : c->outside, .detail = c->detail };
	return &all[v->nfindings++];
}

static void findings_prove(const struct change *first, struct account *a)
{
	size_t added[CAUSE_COUNT] = { 0 };
	struct arena *arena = &a->windows[a->nwindows - 1]->arena;
	for (const struct change *c = first; c; c = c->next) {
		if (c->cause == CAUSE_COUNT || added[c->cause] >= PROOFS_OF_FINDING)
			continue;
		struct finding *f = finding_of(a, c->cause);
		if (!f)
			f = finding_new(a, c);
		f->certainty = CERTAINTY_PROVEN;
		proofs_add(arena, &f->proofs, &f->nproofs, c);
		added[c->cause]++;
	}
}

void prove(const struct change *first, struct account *inside, struct account *outside)
{
	errors_prove(first, inside, true);
	errors_prove(first, outside, false);
	findings_prove(first, inside);
}
