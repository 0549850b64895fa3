/* database - what the commands that read a report database share.
 * In:    the path of a database.
 * Out:   the open database, or the message that says what the file is instead; rows on standard output. */
#ifndef SMTPWHY_CLI_DATABASE_H
#define SMTPWHY_CLI_DATABASE_H

#include "cli/cli.h"
#include "report/format.h"

/* NULL: the status is set, the message told. A capture in the database's place is named as such. */
struct report *database_open(const char *path, enum exit_status *);
/* The same, or a redacted copy that is gone when it is closed, as the options of the table say. */
struct report *database_open_as(const struct cli_words *, size_t redact, size_t redact_key, enum exit_status *);
struct report *database_open_redacted(const char *path, const char *key_file, enum exit_status *); /* key_file NULL: a random key */
#define REDACT_OPTION { 0, "redact", NULL, "Tokens in place of addresses, host names, mailboxes, banners and ids, so that the output can be shared.", false }
#define REDACT_KEY_OPTION { 0, "redact-key", "FILE", "With --redact: the key of the tokens, so that they are the same each time.", false }

/* All rows to standard output, and the rows freed. False: writing failed, or reading with the error filled. */
bool database_print(struct rows *, const struct format *, struct error *);

#endif
