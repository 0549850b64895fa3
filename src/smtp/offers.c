/* offers.c - takes EHLO replies, gives their offers; reads each wording once. Never keeps more than a fixed number of them. */
#include "smtp/offers.h"

#include "smtp/extension.h"

#include <stdlib.h>

#include "base/banned.h"

enum { OFFERS_KEPT = 64 };

struct kept {
	struct arena arena;
	struct bytes lines;        /* behind the first */
	const struct offer *offer; /* of views into these lines; NULL: none */
};

struct offers {
	struct kept kept[OFFERS_KEPT];
	struct sayings *sayings;
};

struct offers *offers_new(void)
{
	struct offers *offers = memory_new(1, sizeof *offers);
	offers->sayings = sayings_new();
	return offers;
}

struct sayings *offers_sayings(struct offers *offers)
{
	return offers ? offers->sayings : NULL;
}

/* The same octets elsewhere. */
static struct bytes moved(struct bytes view, struct bytes from, struct bytes to)
{
	return view.n ? (struct bytes){ to.p + (view.p - from.p), view.n } : view;
}

/* An offer whose views lie in `from` becomes one whose views lie in `to`, which holds the same octets. */
static struct offer *offer_moved(struct arena *arena, const struct offer *offer, struct bytes from, struct bytes to)
{
	size_t lists = offer->nkeywords * sizeof *offer->keywords + offer->nmechanisms * sizeof *offer->mechanisms;
	struct offer *copy = arena_alloc(arena, 1, sizeof *copy + lists);
	*copy = *offer;
	copy->keywords = (struct bytes *)(copy + 1);
	for (size_t i = 0; i < offer->nkeywords; i++)
		copy->keywords[i] = moved(offer->keywords[i], from, to);
	copy->mechanisms = (struct mechanism *)(copy->keywords + offer->nkeywords);
	for (size_t i = 0; i < offer->nmechanisms; i++)
		copy->mechanisms[i] = (struct mechanism){ moved(offer->mechanisms[i].name, from, to), offer->mechanisms[i].known };
	copy->masked = offer->nmasked ? ARENA_ARRAY(arena, struct masked, offer->nmasked) : NULL;
	for (size_t i = 0; i < offer->nmasked; i++) {
		copy->masked[i] = offer->masked[i];
		copy->masked[i].text = moved(offer->masked[i].text, from, to);
	}
	return copy;
}

static void keep(struct kept *kept, enum offer_kind kind, const struct reply *reply, struct bytes lines)
{
	arena_drop(&kept->arena);
	kept->lines = arena_copy(&kept->arena, lines);
	kept->offer = offer_moved(&kept->arena, offer_new(&kept->arena, kind, reply, NULL), lines, kept->lines);
}

/* What was read now is given like what was read before: how much room it takes must not depend on what others heard. */
struct offer *offers_read(struct offers *offers, struct arena *arena, enum offer_kind kind, const struct reply *reply, const struct offer *before)
{
	struct bytes lines = bytes_cut(reply->text, '\n').tail; /* the first line names the server (RFC 5321 4.1.1.1) */
	if (!offers || lines.n == 0 || (kind != OFFER_EHLO && kind != OFFER_LHLO))
		return offer_new(arena, kind, reply, before);
	struct kept *kept = &offers->kept[bytes_hash(lines) % OFFERS_KEPT];
	if (!kept->offer || !bytes_equal(kept->lines, lines))
		keep(kept, kind, reply, lines);
	struct offer *offer = offer_moved(arena, kept->offer, kept->lines, lines);
	offer_begin(offer, kind, reply, before);
	return offer;
}

void offers_free(struct offers *offers)
{
	if (!offers)
		return;
	for (size_t i = 0; i < OFFERS_KEPT; i++)
		arena_drop(&offers->kept[i].arena);
	sayings_free(offers->sayings);
	free(offers);
}
