/* diff.c - takes two report databases, gives what is new, gone, more and less. Never changes either. */
#include "cli/database.h"

#include "report/diff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum { ALL, JSON, REDACT, REDACT_KEY };

static const struct cli_option options[] = {
	[ALL] = { 'a', "all", NULL, "What is about the same, too, and every row.", false },
	[JSON] = { 0, "json", NULL, "Newline-delimited JSON: an object a difference.", false },
	[REDACT] = REDACT_OPTION,
	[REDACT_KEY] = REDACT_KEY_OPTION,
};

static enum exit_status show(struct reader readers[2], const struct cli_words *words)
{
	struct diff diff;
	struct page page = { .style = cli_style(stdout) };
	enum exit_status status = EXIT_DONE;
	if (diff_read(&diff, &readers[0], words->operands[0], &readers[1], words->operands[1])) {
		if (words->given[JSON])
			diff_json(&diff, words->given[ALL], &page.out);
		else
			diff_draw(&diff, words->given[ALL], &page);
	}
	for (size_t i = 0; i < 2 && status == EXIT_DONE; i++)
		status = cli_failed(readers[i].error);
	if (status == EXIT_DONE)
		cli_write(&page.out);
	diff_free(&diff);
	page_free(&page);
	return cli_close(status);
}

/* Two databases have the same tokens under the same key alone: a random one lies in a file while they are made. */
static bool random_key(char *path, struct error *error)
{
	uint8_t key[32];
	int file = mkstemp(path);
	bool done = file >= 0 && getrandom(key, sizeof key, 0) == (ssize_t)sizeof key && write(file, key, sizeof key) == (ssize_t)sizeof key;
	if (!done)
		error_set(error, ERROR_OUTPUT, "%s: cannot be written (%s); a key for both reports lies there for a moment", path, strerror(errno));
	if (file >= 0)
		close(file);
	return done;
}

static enum exit_status open_redacted(struct reader readers[2], const struct cli_words *words)
{
	char path[] = "/tmp/smtpwhy.key.XXXXXX";
	const char *key = words->given[REDACT_KEY];
	enum exit_status status = EXIT_DONE;
	struct error error = { 0 };
	if (!key && !random_key(path, &error))
		status = cli_failed(&error);
	for (size_t i = 0; i < 2 && status == EXIT_DONE; i++)
		readers[i].report = database_open_redacted(words->operands[i], key ? key : path, &status);
	if (!key)
		unlink(path);
	return status;
}

static enum exit_status run(const struct cli_command *command, const struct cli_words *words)
{
	struct error errors[2] = { 0 };
	struct reader readers[2] = { { NULL, &errors[0] }, { NULL, &errors[1] } };
	enum exit_status status = EXIT_DONE;
	if (words->noperands != 2)
		return cli_misused(command, "name two report databases, the older one first");
	if (words->given[REDACT] || words->given[REDACT_KEY])
		status = open_redacted(readers, words);
	for (size_t i = 0; i < 2 && status == EXIT_DONE; i++)
		if (!readers[i].report)
			readers[i].report = database_open(words->operands[i], &status);
	if (readers[0].report && readers[1].report)
		status = show(readers, words);
	report_close(readers[0].report);
	report_close(readers[1].report);
	return status;
}

const struct cli_command diff_command = {
	.name = "diff",
	.usage = "[--all] [--json] [--redact] OLD NEW",
	.summary = "what is new, gone, more and less from one report to another",
	.detail = "Compares two report databases by cause, server, client, what middleboxes do on each path, what was tolerated, and what could be "
	          "looked at. Numbers are sessions hit of sessions seen, for no two captures are of one size; more and less are said where the "
	          "difference is beyond chance (two standard deviations).\n\n"
	          "Gone means that sessions are seen now and none is hit. Where the new report has no session of it at all, it says \"not seen\".",
	CLI_OPTIONS(options),
	.run = run,
};
