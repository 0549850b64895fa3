/* redacted - a report database again, with tokens in place of names (veil.h).
 * In:    the path of a report database; where the result shall lie; a key file, NULL for a random key.
 * Out:   the new database, put in its place when it is whole.
 * Never: changes its input; redacts twice. */
#ifndef SMTPWHY_STORE_REDACTED_H
#define SMTPWHY_STORE_REDACTED_H

#include "base/error.h"

bool redacted_copy(const char *from, const char *to, const char *key_file, struct error *);
/* The same into a temporary file, whose path the caller gets, removes and frees. NULL: the error is filled. */
char *redacted_temporary(const char *from, const char *key_file, struct error *);

#endif
