/* test_extension - EHLO replies become offers; overwritten keywords get their names back where length and place tell them. */
#include "smtp/extension.h"
#include "smtp/offers.h"

#include "support/guard.h"
#include "support/table.h"

#include <stdio.h>
#include <string.h>

enum { MOST = 3 };
#define X(id) ((ext_set)1 << EXT_##id)

static const struct kase {
	const char *name, *text;
	enum extension likely[MOST]; /* of each masked keyword */
	size_t nmasked, ncounted;
} masks[] = {
	{ "a carrier masks STARTTLS of a Postfix",
	  "mx\nPIPELINING\nSIZE 307200000\nVRFY\nETRN\nXXXXXXXA\nAUTH PLAIN CRAM-MD5\nENHANCEDSTATUSCODES\n8BITMIME\nDSN", { EXT_STARTTLS }, 1, 1 },
	{ "STARTTLS and HELP of an Exim", "mx\nSIZE\nPIPELINING\nXXXXXXXA\nXXXB", { EXT_STARTTLS, EXT_HELP }, 2, 2 },
	{ "with little around it", "mx\nPIPELINING\nXXXXXXXA\nXXXB", { EXT_STARTTLS, EXT_HELP }, 2, 2 },
	{ "STARTTLS passes, HELP does not", "mx Hello c, pleased to meet you\nSTARTTLS\nPIPELINING\n8BITMIME\nXXXA", { EXT_HELP }, 1, 1 },
	{ "at the end", "mx\n8BITMIME\nSIZE 14680064\nXXXXXXXA", { EXT_STARTTLS }, 1, 1 },
	{ "behind DSN in a Postfix that offers STARTTLS",
	  "mx\nPIPELINING\nSIZE 1\nVRFY\nETRN\nSTARTTLS\nENHANCEDSTATUSCODES\n8BITMIME\nDSN\nXXXXXXXA\nXXXXXXXB", { EXT_SMTPUTF8, EXT_CHUNKING }, 2, 2 },
	{ "three of a Postfix",
	  "mx\nPIPELINING\nSIZE 1\nVRFY\nETRN\nXXXXXXXA\nENHANCEDSTATUSCODES\n8BITMIME\nDSN\nXXXXXXXB\nXXXXXXXC",
	  { EXT_STARTTLS, EXT_SMTPUTF8, EXT_CHUNKING }, 3, 3 },
	{ "CHUNKING and STARTTLS of an Exim", "mx\nSIZE 1\n8BITMIME\nPIPELINING\nAUTH PLAIN\nXXXXXXXA\nXXXXXXXB\nXXXC",
	  { EXT_CHUNKING, EXT_STARTTLS, EXT_HELP }, 3, 3 },
	{ "another filler, not counted", "mx\nPIPELINING\nSIZE 1\nVRFY\nETRN\n********\nENHANCEDSTATUSCODES", { EXT_STARTTLS }, 1, 0 },
	{ "a run of small x", "mx\nPIPELINING\nSIZE\nxxxxxxxx\n8BITMIME", { EXT_STARTTLS }, 1, 0 },
	{ "a length that one keyword has", "mx\nSIZE\nXXXXXXXXXXA", { EXT_MT_PRIORITY }, 1, 1 },
	{ "X-words of their own", "mx\nXADR\nXSTA\nXGEN\nXVERP\nX-EXPS GSSAPI\nXEXCH50", { 0 }, 0, 0 },
	{ "XCLIENT and XFORWARD in clear", "mx\nXCLIENT NAME ADDR\nXFORWARD NAME", { 0 }, 0, 0 },
	{ "never the first line", "XXXXXXXA\nSIZE", { 0 }, 0, 0 },
	{ "nor a name that begins so", "XXXA.example.net\nXXXA.example.net", { 0 }, 0, 0 },
};

static struct reply reply_of(struct bytes text)
{
	return (struct reply){ .code = 250, .text = text, .last = { .number = 7 } };
}

/* The offer of text, after another server has said the same to somebody else, and that reply is gone. */
static struct offer *offer_heard_before(struct arena *arena, const char *text, const struct reply *reply, const struct offer *before)
{
	char other[256];
	struct arena gone = { 0 };
	struct offers *offers = offers_new();
	int n = snprintf(other, sizeof other, "another name%s", strchr(text, '\n') ? strchr(text, '\n') : "");
	struct reply first = reply_of((struct bytes){ (const uint8_t *)other, (size_t)n });
	(void)offers_read(offers, &gone, OFFER_EHLO, &first, NULL);
	memset(other, '?', sizeof other);
	arena_drop(&gone);
	struct offer *offer = offers_read(offers, arena, OFFER_EHLO, reply, before);
	offers_free(offers);
	return offer;
}

static void check_mask(const struct kase *k, bool heard)
{
	struct arena arena = { 0 };
	struct guard g = guarded(bytes_of(k->text));
	struct reply reply = reply_of(g.bytes);
	struct offer *made = heard ? offer_heard_before(&arena, k->text, &reply, NULL) : offer_new(&arena, OFFER_EHLO, &reply, NULL);
	struct offer *offer = offer_copy(&arena, made);
	size_t counted = 0;
	assert_int_equal(offer->nmasked, k->nmasked);
	for (size_t i = 0; i < offer->nmasked; i++) {
		assert_int_equal(offer->masked[i].likely, k->likely[i]);
		counted += offer->masked[i].counted;
		assert_true(offer_masked(offer, k->likely[i]) == &offer->masked[i]);
		assert_false(offer_has(offer, k->likely[i]));
		assert_true(offer->masked[i].line > 1 && bytes_equal(offer->masked[i].text, offer->keywords[offer->masked[i].line - 2]));
	}
	assert_int_equal(counted, k->ncounted);
	guard_free(&g);
	arena_drop(&arena);
}

static void a_mask(void **state)
{
	check_mask(*state, false);
	check_mask(*state, true);
}

static const struct offer_kase {
	const char *name, *text;
	ext_set offered;
	uint64_t limit; /* 1: none told */
	const char *mechanisms; /* "NAME:known NAME:known" */
} offers[] = {
	{ "small letters", "mx\nstarttls\nsize 100", X(STARTTLS) | X(SIZE), 100, "" },
	{ "SIZE without a value", "mx\nSIZE\nHELP", X(SIZE) | X(HELP), 1, "" },
	{ "mechanisms", "mx\nAUTH PLAIN LOGIN", X(AUTH), 1, "PLAIN:1 LOGIN:1 " },
	{ "mechanisms by equals", "mx\nAUTH=LOGIN PLAIN", X(AUTH), 1, "LOGIN:2 PLAIN:2 " },
	{ "mechanisms by a lone equals", "mx\nAUTH =LOGIN", X(AUTH), 1, "LOGIN:2 " },
	{ "both forms", "mx\nAUTH=LOGIN\nAUTH LOGIN CRAM-MD5", X(AUTH), 1, "LOGIN:3 CRAM-MD5:1 " },
	{ "AUTH alone", "mx\nAUTH", X(AUTH), 1, "" },
	{ "a keyword of nobody", "mx\nFOO\nOK", 0, 1, "" },
	{ "a keyword on the first line is none", "STARTTLS\nmx", 0, 1, "" },
	{ "the name alone", "mx", 0, 1, "" },
	{ "nothing", "", 0, 1, "" },
};

static void check_offer(const struct offer_kase *k, bool heard)
{
	struct arena arena = { 0 };
	struct guard g = guarded(bytes_of(k->text));
	struct reply reply = reply_of(g.bytes);
	struct offer *before = offer_new(&arena, OFFER_NONE, NULL, NULL);
	struct offer *offer = heard ? offer_heard_before(&arena, k->text, &reply, before) : offer_new(&arena, OFFER_EHLO, &reply, before);
	char list[128] = "";
	for (size_t i = 0; i < offer->nmechanisms; i++)
		snprintf(list + strlen(list), sizeof list - strlen(list), "%.*s:%u ", (int)offer->mechanisms[i].name.n,
		         (const char *)offer->mechanisms[i].name.p, offer->mechanisms[i].known);
	assert_int_equal(offer->offered, k->offered);
	assert_string_equal(list, k->mechanisms);
	assert_int_equal(offer->has_size_limit, k->limit != 1);
	assert_true(k->limit == 1 || offer->size_limit == k->limit);
	assert_true(offer->generation == 1 && offer->before == before && offer->at.number == 7 && !offer->incomplete);
	assert_true(offer_has(offer, EXT_CORE) && !offer_has(NULL, EXT_SIZE));
	guard_free(&g);
	arena_drop(&arena);
}

static void an_offer(void **state)
{
	check_offer(*state, false);
	check_offer(*state, true);
}

int main(void)
{
	int failed = TABLE_RUN("masked keywords", masks, a_mask);
	failed += TABLE_RUN("offers", offers, an_offer);
	return failed != 0;
}
