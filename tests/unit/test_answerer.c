/* test_answerer.c - boxes that answer in place of many servers, and what honest servers have in common */
#include "why/turns.h"

#include "support/table.h"

#include <stdio.h>
#include <string.h>

/* A row a server that one network talks to: greeting, offer, stack, hop count, microseconds of handshake and of its quickest reply, and the
 * letter of its house. */
enum { POSTFIX = VALUE_FIRST, EXIM, OFFER_A, OFFER_B, OFFER_BARE, STACK_A, STACK_B, NAMES };
struct met { uint32_t banner, offer, stack, ttl; uint32_t handshake, quickest; char house; };

static const struct kase {
	const char *name;
	struct met servers[5];
	enum suspicion_kind kind;
	unsigned suspected;  /* servers */
} cases[] = {
	{ "one offer of two products", { { POSTFIX, OFFER_A, STACK_A, 50, 20000, 21000, 'a' }, { EXIM, OFFER_A, STACK_B, 52, 30000, 31000, 'b' } },
	  SUSPICION_SAME_OFFER, 2 },
	{ "one offer of one product", { { POSTFIX, OFFER_A, STACK_A, 50, 20000, 21000, 'a' }, { POSTFIX, OFFER_A, STACK_B, 52, 30000, 31000, 'b' } },
	  SUSPICION_SAME_OFFER, 0 },
	{ "an offer without a limit of size", { { POSTFIX, OFFER_BARE, STACK_A, 50, 20000, 21000, 'a' }, { EXIM, OFFER_BARE, STACK_B, 52, 30000, 31000, 'b' } },
	  SUSPICION_SAME_OFFER, 0 },
	{ "one offer of two products in one house", { { POSTFIX, OFFER_A, STACK_A, 50, 20000, 21000, 'a' }, { EXIM, OFFER_A, STACK_B, 52, 30000, 31000, 'a' } },
	  SUSPICION_SAME_OFFER, 0 },
	{ "near SYN-ACKs, far replies", { { POSTFIX, OFFER_A, STACK_A, 63, 300, 30000, 'a' }, { POSTFIX, OFFER_B, STACK_A, 63, 300, 25000, 'b' },
	  { EXIM, OFFER_BARE, STACK_A, 63, 400, 40000, 'c' } }, SUSPICION_SAME_STACK, 3 },
	{ "near SYN-ACKs, near replies", { { POSTFIX, OFFER_A, STACK_A, 63, 300, 500, 'a' }, { POSTFIX, OFFER_B, STACK_A, 63, 300, 400, 'b' },
	  { EXIM, OFFER_BARE, STACK_A, 63, 400, 600, 'c' } }, SUSPICION_SAME_STACK, 0 },
	{ "one of the near ones replies at once", { { POSTFIX, OFFER_A, STACK_A, 63, 300, 30000, 'a' }, { POSTFIX, OFFER_B, STACK_A, 63, 300, 25000, 'b' },
	  { EXIM, OFFER_BARE, STACK_A, 63, 400, 40000, 'c' }, { EXIM, OFFER_A, STACK_A, 63, 400, 500, 'd' } }, SUSPICION_SAME_STACK, 0 },
	{ "far servers of one stack", { { POSTFIX, OFFER_A, STACK_A, 63, 20000, 30000, 'a' }, { POSTFIX, OFFER_B, STACK_A, 63, 20000, 25000, 'b' },
	  { EXIM, OFFER_BARE, STACK_A, 63, 30000, 40000, 'c' } }, SUSPICION_SAME_STACK, 0 },
	{ "slow servers of one house", { { POSTFIX, OFFER_A, STACK_A, 63, 300, 30000, 'a' }, { POSTFIX, OFFER_B, STACK_A, 63, 300, 25000, 'a' },
	  { EXIM, OFFER_BARE, STACK_A, 63, 400, 40000, 'a' } }, SUSPICION_SAME_STACK, 0 },
};

static void suspected(void **state)
{
	const struct kase *k = *state;
	struct value values[NAMES + 5] = {
		[POSTFIX] = { B("NAME ESMTP Postfix"), false }, [EXIM] = { B("NAME ESMTP Exim # #"), false },
		[OFFER_A] = { B("SIZE 20000000, ETRN, 8BITMIME"), false }, [OFFER_B] = { B("PIPELINING, SIZE 10240000, DSN"), false },
		[OFFER_BARE] = { B("PIPELINING, 8BITMIME"), false }, [STACK_A] = { B("options 1"), false }, [STACK_B] = { B("options 2"), false },
	};
	char names[5][32], networks[5][32];
	struct server_seen servers[5];
	struct sighting all[5];
	uint32_t looks[5][SEEN_KINDS];
	size_t n = 0;
	for (; n < 5 && k->servers[n].house; n++) {
		const struct met *m = &k->servers[n];
		snprintf(names[n], sizeof names[n], "mx.%c.example", m->house);
		snprintf(networks[n], sizeof networks[n], "198.51.%c.0/24", m->house);
		values[NAMES + n] = (struct value){ bytes_of(names[n]), false };
		servers[n] = (struct server_seen){ bytes_of(networks[n]), bytes_of(networks[n]) };
		all[n] = (struct sighting){ .session = (int64_t)n + 1, .time = (int64_t)n, .server = (uint32_t)n, .look = (uint32_t)n,
			.handshake = m->handshake, .quickest = m->quickest, .ttl = m->ttl & 255 };
		const uint32_t look[SEEN_KINDS] = { [TURN_STARTTLS] = VALUE_OFFERED, [TURN_KEYWORDS] = m->offer, [TURN_BANNER] = m->banner,
			[TURN_NAME] = (uint32_t)(NAMES + n), [TURN_STACK] = m->stack };
		memcpy(looks[n], look, sizeof look);
	}
	struct sightings in = { .by_network = all, .n = n, .looks = (const uint32_t (*)[SEEN_KINDS])looks, .values = values, .servers = servers, .nnetworks = 1 };
	struct turns out = { 0 };
	unsigned found = 0;
	answerers_find(&in, &out);
	for (size_t i = 0; i < out.nsuspicions; i++) {
		assert_true(out.suspicions[i].witness != out.suspicions[i].session);
		found += out.suspicions[i].kind == k->kind;
	}
	assert_int_equal(found, k->suspected);
	turns_free(&out);
}

int main(void)
{
	return TABLE_RUN("answerers", cases, suspected);
}
