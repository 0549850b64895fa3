/* merge.c - takes report databases, gives one with the rows of all. Never changes an input. */
#include "cli/cli.h"

#include "store/merge.h"

#include <string.h>

static enum exit_status run(const struct cli_command *command, const struct cli_words *words)
{
	struct error error = { 0 };
	if (words->noperands < 2)
		return cli_misused(command, "name the database to write, then the databases to read");
	for (size_t i = 1; i < words->noperands; i++)
		if (strcmp(words->operands[0], words->operands[i]) == 0)
			return cli_misused(command, "%s: cannot be the result and an input at once", words->operands[0]);
	if (!merge_databases(words->operands[0], (const char *const *)words->operands + 1, words->noperands - 1, &error))
		return cli_failed(&error);
	return cli_close(EXIT_DONE);
}

const struct cli_command merge_command = {
	.name = "merge",
	.usage = "OUT IN...",
	.summary = "several report databases into one",
	.detail = "Writes OUT with the rows of every IN. Databases of the same captures (shards of one run) are put together as if one run "
	          "had written them; others follow one after another, with their ids raised. OUT is replaced when it is whole, and not before.",
	.run = run,
};
