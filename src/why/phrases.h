/* phrases - one text that is asked for many phrases.
 * In:    the text, once; then phrases of ours, a list at a time. ASCII case ignored.
 * Out:   whether one of them stands in the text.
 * Never: misses one: what the pairs of letters cannot exclude is searched for.
 * Lives: a view of the text. */
#ifndef SMTPWHY_WHY_PHRASES_H
#define SMTPWHY_WHY_PHRASES_H

#include "base/bytes.h"

struct phrases {
	struct bytes text;
	uint64_t pairs[16]; /* which pairs of neighbours stand in it, a bit a hash */
};

struct phrases phrases_of(struct bytes text);
bool phrases_say(const struct phrases *, const char *const *wanted); /* one of them, ended by NULL */

#endif
