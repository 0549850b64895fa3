/* redact.c - takes a report database, gives another with tokens in place of names. Never changes the first. */
#include "cli/cli.h"

#include "store/redacted.h"

#include <string.h>

enum { KEY };

static const struct cli_option options[] = {
	[KEY] = { 0, "redact-key", "FILE", "The key of the tokens, so that several databases get the same; at least 16 octets that nobody can guess. Without it the key is random and forgotten.", false },
};

static enum exit_status run(const struct cli_command *command, const struct cli_words *words)
{
	struct error error = { 0 };
	if (words->noperands != 2)
		return cli_misused(command, "name a report database, and the one to write");
	if (strcmp(words->operands[0], words->operands[1]) == 0)
		return cli_misused(command, "%s: name another file for the redacted database", words->operands[1]);
	return redacted_copy(words->operands[0], words->operands[1], words->given[KEY], &error) ? EXIT_DONE : cli_failed(&error);
}

const struct cli_command redact_command = {
	.name = "redact",
	.usage = "[--redact-key FILE] DB OUT",
	.summary = "a report database with tokens in place of addresses and names, to be shared",
	.detail = "Writes the database again with tokens in place of addresses, host names, mailboxes, banners, ids and URLs, and of every word of a "
	          "server that is not of the language of SMTP. The same name gives the same token; addresses of one network stay together. Times, ports, "
	          "frames, codes, verbs, keywords, causes and remedies stay. The tokens cannot be turned round without the key.",
	CLI_OPTIONS(options),
	.run = run,
};
