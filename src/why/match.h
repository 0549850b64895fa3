/* match - which session outside is which one inside.
 * In:    the accounts of both sides.
 * Out:   pairs, one to one, each with what it was known by; the clocks' difference as far as starts of sessions tell.
 * How:   the same client, server and initial sequence number; else the same ports, or rare lines in common (names, addresses, message
 *        content, queue ids), at a time that fits the other pairs. The best score first.
 * Never: pairs sessions that have nothing in common but the hour.
 * Lives: the pairs on the arena. */
#ifndef SMTPWHY_WHY_MATCH_H
#define SMTPWHY_WHY_MATCH_H

#include "why/account.h"
#include "why/change.h"

enum match_by { MATCH_CONNECTION, MATCH_SEQUENCE, MATCH_CONTENT };
const char *match_name(enum match_by); /* "addresses and ports", "sequence number", "content" */

struct match {
	size_t inside, outside;
	enum match_by by;
};

struct matches {
	struct match *pairs; /* in order of the inside session */
	size_t n;
};

struct matches sessions_match(struct arena *, const struct account *inside, size_t ninside, const struct account *outside, size_t noutside);

#endif
