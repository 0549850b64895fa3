/* offers - EHLO replies that were read before: a server says the same to everybody but for the line with its name.
 * In:    accepted replies, as extension.h takes them.
 * Out:   what extension.h makes of them; of a reply that was heard before without reading it again.
 * Keeps: the newest of OFFERS_KEPT replies, by a hash of their text.
 * Lives: until offers_free; what it gives belongs to the caller's arena. One thread's. */
#ifndef SMTPWHY_SMTP_OFFERS_H
#define SMTPWHY_SMTP_OFFERS_H

#include "smtp/sayings.h"
#include "smtp/session.h"

struct offers;
struct offers *offers_new(void);
struct sayings *offers_sayings(struct offers *); /* the lines of these replies; NULL for NULL */
struct offer *offers_read(struct offers *, struct arena *, enum offer_kind, const struct reply *, const struct offer *before);
void offers_free(struct offers *);

#endif
