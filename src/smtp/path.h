/* path - reverse-paths, forward-paths and mailboxes (RFC 5321 4.1.2).
 * In:    the line and the offset where the path should begin (behind "FROM:" or "TO:").
 * Out:   command.path, the first fault, and the offset behind the path.
 * Never: judges well-formed UTF-8: PATH_UTF8 says it is there (RFC 6531), the rules know what was offered. */
#ifndef SMTPWHY_SMTP_PATH_H
#define SMTPWHY_SMTP_PATH_H

#include "smtp/parse.h"

size_t path_parse(struct parse *, size_t at, bool forward);
void path_mailbox(struct parse *, size_t at); /* VRFY, EXPN: fills command.path from a String; finds no fault */

#endif
