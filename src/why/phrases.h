/* phrases - one text that is asked for many phrases.
 * In:    the text, once; then phrases of ours, a list at a time. ASCII case ignored.
 * Out:   whether one of them stands in the text.
 * Never: misses one: what the pairs of letters cannot exclude is searched for.
 * Lives: a view of the text. */
#ifndef SMTPWHY_WHY_PHRASES_H
#define SMTPWHY_WHY_PHRASES_H

#include "base/bytes.h"

enum { PAIRS = 1024 };

struct phrases {
	struct bytes text;
	bool pairs[PAIRS]; /* which pairs of neighbours stand in it, by their hash */
};

void phrases_of(struct phrases *, struct bytes text);
bool phrases_say(const struct phrases *, const char *const *wanted); /* one of them, ended by NULL */

#endif
