/* sayings - the further lines of replies that were read before: a server answers EHLO with the same lines to everybody, but for the
 * first, which names it.
 * In:    octets as they came, CRLFs included, and what was made of them.
 * Out:   what was made of the same octets before.
 * Keeps: the newest of SAYINGS_KEPT, by a hash of their octets; nothing depends on which they are.
 * Lives: until sayings_free. One thread's. */
#ifndef SMTPWHY_SMTP_SAYINGS_H
#define SMTPWHY_SMTP_SAYINGS_H

#include "base/bytes.h"

enum { SAYINGS_SHORTEST = 32 }; /* shorter ones are read as fast as they are found */

struct said {
	struct bytes wire;
	struct bytes raw, text; /* as in struct reply */
	uint16_t nlines;
};

struct sayings;
struct sayings *sayings_new(void);
const struct said *sayings_find(const struct sayings *, struct bytes wire); /* NULL: none */
void sayings_keep(struct sayings *, const struct said *);
void sayings_free(struct sayings *);

#endif
