/* extension - the reply to EHLO or LHLO becomes an offer.
 * In:    the lines of an accepted reply.
 * Out:   a generation: extensions, AUTH mechanisms (also the old AUTH= form), the SIZE limit, masked keywords with what they most
 *        likely were (by length and place, see the table in extension.c). The places of all keywords are that of the reply's end.
 * Lives: on the arena; views of the reply's text. */
#ifndef SMTPWHY_SMTP_EXTENSION_H
#define SMTPWHY_SMTP_EXTENSION_H

#include "smtp/session.h"

struct offer *offer_new(struct arena *, enum offer_kind, const struct reply *, const struct offer *before);
void offer_begin(struct offer *, enum offer_kind, const struct reply *, const struct offer *before); /* all but what its lines say */
struct offer *offer_copy(struct arena *, const struct offer *); /* deep, without its forerunners */

#endif
