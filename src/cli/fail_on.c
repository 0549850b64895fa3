/* fail_on.c - takes names of causes and families, tells whether a cause is meant. Never accepts a name that the catalogue lacks. */
#include "cli/fail_on.h"

#include "why/why.h"

#include <stdio.h>

/* "middlebox" means "middlebox.command_masked" and its kin. */
static bool covers(struct bytes name, struct bytes cause)
{
	return bytes_equal(name, cause) || (cause.n > name.n && bytes_starts(cause, name) && cause.p[name.n] == '.');
}

static bool is_known(struct bytes name)
{
	for (int cause = 0; cause < CAUSE_COUNT; cause++)
		if (covers(name, bytes_of(cause_entry((enum cause)cause)->slug)))
			return true;
	return false;
}

bool fail_on_parse(struct fail_on *fail_on, const char *word)
{
	struct cut cut = { .tail = bytes_of(word), .found = true };
	while (cut.found) {
		cut = bytes_cut(cut.tail, ',');
		struct bytes name = bytes_trim(cut.head);
		bool any = bytes_equal(name, B("any"));
		if ((!any && (!name.n || !is_known(name))) || fail_on->n == FAIL_ON_MOST) {
			snprintf(fail_on->wrong, sizeof fail_on->wrong, "%.*s", (int)bytes_first(name, sizeof fail_on->wrong - 1).n, (const char *)name.p);
			return false;
		}
		fail_on->any |= any;
		fail_on->causes[fail_on->n++] = name;
	}
	return true;
}

bool fail_on_finding(const struct fail_on *fail_on, const char *cause)
{
	for (size_t i = 0; i < fail_on->n; i++)
		if (covers(fail_on->causes[i], bytes_of(cause)))
			return true;
	return false;
}

bool fail_on_error(const struct fail_on *fail_on, const char *cause)
{
	return fail_on->any || fail_on_finding(fail_on, cause);
}
