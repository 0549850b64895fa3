/* dialect - whose words a session is written in, and which reply is not in them.
 * In:    a session whose greeting names a product.
 * Out:   replies that the product never gives: its words for them stand in its program, and no configuration changes them.
 * Never: judges by a greeting alone, which anybody may copy: the session shows two more of the product's own replies, or the odd one is
 *        word for word another product's.
 * Rows:  dialects.def; each product names its source. */
#ifndef SMTPWHY_WHY_DIALECT_H
#define SMTPWHY_WHY_DIALECT_H

#include "why/facts.h"

struct dialect_break {
	const struct exchange *exchange;
	const struct exchange *own;  /* a reply in the product's own words; NULL: the greeting alone */
	const char *product;         /* of the greeting */
	const char *other;           /* whose words these are; NULL nobody's that is known */
	const char *device;          /* NULL */
};

bool dialect_may_break(const struct session *, const struct phrases *greeting); /* false: there is no break in the session */
bool dialect_break_at(const struct session *, const struct exchange *, struct dialect_break *);
bool dialect_break_nth(const struct session *, size_t i, struct dialect_break *); /* the i-th of the session */
void dialect_show(const struct dialect_break *, const struct session *, struct evidence *);
const char *dialect_product(struct bytes banner); /* NULL: none that is known */

#endif
