/* catalogue.c - the causes of causes.def with their names, and the names of parties and certainties. */
#include "why/why.h"

#include <assert.h>

#include "base/banned.h"

static const struct cause_entry catalogue[CAUSE_COUNT] = {
#define CAUSE(id, slug_, party_, meaning_, recognised_, client_, server_, clause_) \
	[CAUSE_##id] = { slug_, PARTY_##party_, meaning_, recognised_, client_, server_, clause_ },
#include "why/causes.def"
#undef CAUSE
};

const struct cause_entry *cause_entry(enum cause cause)
{
	assert(cause < CAUSE_COUNT);
	return &catalogue[cause];
}

enum cause cause_find(struct bytes slug)
{
	for (enum cause c = 0; c < CAUSE_COUNT; c++)
		if (bytes_equal(slug, bytes_of(catalogue[c].slug)))
			return c;
	return CAUSE_COUNT;
}

const char *party_name(enum party party)
{
	static const char *const names[PARTY_COUNT] = {
		[PARTY_CLIENT] = "client", [PARTY_SERVER] = "server", [PARTY_MIDDLEBOX] = "middlebox", [PARTY_SENDER] = "sender",
		[PARTY_RECIPIENT] = "recipient", [PARTY_POLICY] = "policy", [PARTY_MESSAGE] = "message", [PARTY_ROUTING] = "routing",
		[PARTY_UNKNOWN] = "unknown",
	};
	return names[party];
}

const char *certainty_name(enum certainty certainty)
{
	static const char *const names[] = {
		[CERTAINTY_POSSIBLE] = "possible", [CERTAINTY_LIKELY] = "likely", [CERTAINTY_PROVEN] = "proven",
	};
	return names[certainty];
}
