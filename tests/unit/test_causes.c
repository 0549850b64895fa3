/* test_causes.c - the catalogue: every row complete, slugs unique, found again by their slug. */
#include "support/table.h"
#include "why/why.h"

#include <string.h>

struct row {
	const char *name;
	enum cause cause;
};

static void complete(void **state)
{
	const struct row *r = *state;
	const struct cause_entry *e = cause_entry(r->cause);
	assert_true(strlen(e->meaning) > 10 && strlen(e->recognised) > 5 && strlen(e->clause) > 5);
	assert_true(e->remedy_client[0] || e->remedy_server[0]);
	assert_int_equal(e->meaning[strlen(e->meaning) - 1], '.');
	assert_int_equal(cause_find(bytes_of(e->slug)), r->cause);
	assert_true(e->party < PARTY_COUNT && party_name(e->party));
	for (enum cause c = 0; c < r->cause; c++)
		assert_string_not_equal(cause_entry(c)->slug, e->slug);
}

static void absent(void **state)
{
	const struct row *r = *state;
	assert_int_equal(cause_find(bytes_of(r->name)), CAUSE_COUNT);
}

int main(void)
{
	static const struct row no[] = { { "client", CAUSE_UNKNOWN }, { "", CAUSE_UNKNOWN }, { "Unknown", CAUSE_UNKNOWN } };
	struct row rows[CAUSE_COUNT];
	for (enum cause c = 0; c < CAUSE_COUNT; c++)
		rows[c] = (struct row){ cause_entry(c)->slug, c };
	return TABLE_RUN("causes", rows, complete) + TABLE_RUN("no causes", no, absent);
}
