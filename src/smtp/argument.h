/* argument - what follows a verb, each kind of argument of verbs.def.
 * In:    the parse, its command's verb, the offset behind the verb and its blanks.
 * Out:   path, params, chunk of the command, and the first fault. */
#ifndef SMTPWHY_SMTP_ARGUMENT_H
#define SMTPWHY_SMTP_ARGUMENT_H

#include "smtp/parse.h"

void argument_parse(struct parse *, size_t at);
bool argument_may_lack(enum verb); /* the verb alone is in order */

#endif
