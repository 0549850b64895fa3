/* prove - what a difference between two sides of a box says about the verdicts that one side alone gave.
 * In:    the changes of a session, its two accounts with their verdicts.
 * Out:   the verdicts with causes that the changes prove, and the findings of the inside session, both with the frames of both sides.
 * Rules: a command that was changed on the way explains its own refusal; a reply of the box's explains itself; a server's demand for TLS is
 *        explained by STARTTLS that was taken from the offer. Nothing else is touched.
 * Lives: on the sessions' arenas. */
#ifndef SMTPWHY_WHY_PROVE_H
#define SMTPWHY_WHY_PROVE_H

#include "why/change.h"

void prove(const struct change *, struct account *inside, struct account *outside);

#endif
