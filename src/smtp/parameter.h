/* parameter - the parameters behind a path, and the attribute=value pairs of XCLIENT and XFORWARD.
 * In:    the line and the offset behind the path or the verb.
 * Out:   command.params, and the first fault: form, unknown name, value, twice.
 * Never: judges whether the extension was offered: that is the rules' business. */
#ifndef SMTPWHY_SMTP_PARAMETER_H
#define SMTPWHY_SMTP_PARAMETER_H

#include "smtp/parse.h"

enum { LINE_LIMIT_LEAST = 512 }; /* no command's is less */

void parameter_parse_all(struct parse *, size_t at, enum verb);
void parameter_parse_pairs(struct parse *, size_t at, enum verb);
size_t parameter_line_limit(const struct command *); /* octets with CRLF that this command line may have (RFC 5321 4.5.3.1.4 and the extensions) */

#endif
