/* middlebox - what boxes on the path leave in a session, and which known device leaves it.
 * In:    a session.
 * Out:   signals (a set of bits), the name of the device whose row they fit, and its remedy.
 * Never: accuses on a signal that an honest server may show by itself: a row says which signals it needs.
 * Rows:  middlebox.c; each names its source. */
#ifndef SMTPWHY_WHY_MIDDLEBOX_H
#define SMTPWHY_WHY_MIDDLEBOX_H

#include "why/facts.h"

struct middlebox {
	const char *name;
	const char *source;  /* where its behaviour is documented */
	const char *remedy;
};

const struct middlebox *middlebox_of(const struct session *); /* the known device; NULL */
const struct middlebox *middlebox_greets(const struct session *); /* the greeting is a proxy's, which stands before the server; NULL */
const struct middlebox *middlebox_proxy(const struct phrases *);  /* the same of a greeting's text */
const struct middlebox *middlebox_answers(const struct reply *);  /* the reply is a box's own, by the words that nobody else says; NULL */
const struct middlebox *middlebox_says(const struct phrases *);   /* the same of a reply's text */
bool banner_is_filler(struct bytes banner);                   /* overwritten with '*' (at least 3), or with X, x or # (at least 8) */
bool session_banner_starred(const struct session *);
/* The greeting is overwritten at a length that a server's name has, and the refusal of EHLO does not quote it: the server never read it. */
bool stars_hide_ehlo(const struct session *, const struct reply *);
struct place session_greeting(const struct session *);       /* the greeting, or the session's first packet when it is not kept */
const struct masked *session_mask(const struct session *, const struct offer **); /* the first masked keyword; NULL */
const struct masked *offer_hides(const struct offer *, enum extension); /* a mask that may hide this keyword, by place or by length */
bool exchange_quotes_mask(const struct exchange *);            /* the reply quotes filler in place of the verb that the client sent */
bool odd_is_foreign(uint16_t odd);                            /* marks of another sender than the connection's */
const struct note *note_of_other_reply(const struct session *, const struct exchange *); /* two different replies for one range */

#endif
