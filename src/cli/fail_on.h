/* fail_on - the causes a nightly job wants to be woken for.
 * In:    "middlebox,client.bad_sequence" or "any", as given on the command line.
 * Out:   whether a cause is one of them.
 * Lives: views of the word that was given. */
#ifndef SMTPWHY_CLI_FAIL_ON_H
#define SMTPWHY_CLI_FAIL_ON_H

#include "base/bytes.h"

enum { FAIL_ON_MOST = 80 };

struct fail_on {
	struct bytes causes[FAIL_ON_MOST]; /* a cause or a family */
	size_t n;
	bool any;        /* any 5xx reply */
	char wrong[64];  /* the first word that is none of these, for the message */
};

bool fail_on_parse(struct fail_on *, const char *word); /* false: wrong says what */
bool fail_on_error(const struct fail_on *, const char *cause);   /* of a 5xx reply */
bool fail_on_finding(const struct fail_on *, const char *cause); /* of an observation without one */

#endif
