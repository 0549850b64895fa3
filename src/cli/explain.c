/* explain.c - takes a report database and errors of it, gives each in full; one for each cause unless some are named. */
#include "cli/database.h"

#include "report/explain.h"
#include "why/why.h"

enum { ALL, CAUSE, REDACT, REDACT_KEY };

static const struct cli_option options[] = {
	[ALL] = { 'a', "all", NULL, "Every error, in order of id, instead of one for each cause.", false },
	[CAUSE] = { 'c', "cause", "CAUSE", "Errors of this cause alone; with --all every one of them.", false },
	[REDACT] = REDACT_OPTION,
	[REDACT_KEY] = REDACT_KEY_OPTION,
};

/* The clearest error of each cause: the best proven, with its command in the capture, the first in time; most frequent cause first. */
#define CLEAREST                                                                                                                  \
	"SELECT error_id FROM (SELECT error_id, cause_id, count(*) OVER (PARTITION BY cause_id) AS n, row_number() OVER (PARTITION BY cause_id " \
	"ORDER BY certainty DESC, trigger_frame IS NULL, error_id) AS place FROM error e %s) WHERE place = 1 ORDER BY n DESC, cause_id"
#define EVERY "SELECT error_id FROM error e %s ORDER BY error_id"

static bool one(struct reader *reader, int64_t error_id, bool *first)
{
	struct page page = { .style = cli_style(stdout) };
	if (!*first) {
		page_line(&page);
		page_line(&page);
	}
	*first = false;
	bool explained = explain_error(reader, error_id, &page) && cli_write(&page.out);
	page_free(&page);
	return explained;
}

static enum exit_status named(struct reader *reader, const struct cli_words *words)
{
	bool first = true;
	for (size_t i = 1; i < words->noperands; i++) {
		uint64_t id;
		if (!bytes_number(bytes_of(words->operands[i]), &id) || id > INT64_MAX) {
			cli_complain("%s: not the id of an error, which is a number as the report shows it", words->operands[i]);
			return EXIT_WRONG_USE;
		}
		if (!one(reader, (int64_t)id, &first) && reader->error->kind == ERROR_NONE) {
			if (!read_number(reader, "SELECT count(*) FROM error WHERE error_id = %lld", (long long)id)) {
				cli_complain("%s: no error of this id in %s; smtpwhy report --csv %s lists them", words->operands[i], words->operands[0],
				             words->operands[0]);
				return EXIT_WRONG_USE;
			}
			return EXIT_NOT_WRITTEN;
		}
	}
	return EXIT_DONE;
}

static enum exit_status chosen(struct reader *reader, const struct cli_words *words)
{
	const char *slug = words->given[CAUSE];
	struct text where = { 0 };
	if (slug)
		text_addf(&where, "WHERE cause_id = (SELECT cause_id FROM cause WHERE cause = '%s')", slug);
	struct rows *rows = read_rows(reader, words->given[ALL] ? EVERY : CLEAREST, where.n ? where.p : "");
	bool first = true;
	while (read_next(reader, &rows) && one(reader, rows_integer(rows, 0), &first))
		continue;
	read_done(&rows);
	text_free(&where);
	if (first && reader->error->kind == ERROR_NONE) {
		struct page page = { .style = cli_style(stdout) };
		page_paragraph(&page, 0, slug ? "No 5xx reply of this cause." : "No 5xx reply in this database. What could not be looked at: smtpwhy report");
		cli_write(&page.out);
		page_free(&page);
	}
	return EXIT_DONE;
}

static enum exit_status run(const struct cli_command *command, const struct cli_words *words)
{
	enum exit_status status;
	struct error error = { 0 };
	const char *slug = words->given[CAUSE];
	if (words->noperands == 0)
		return cli_misused(command, "name a report database, as smtpwhy analyze writes it");
	if (slug && cause_find(bytes_of(slug)) == CAUSE_COUNT)
		return cli_misused(command, "--cause %s: no such cause; \"smtpwhy causes\" lists them", slug);
	if (words->noperands > 1 && (slug || words->given[ALL]))
		return cli_misused(command, "name errors, or choose them with --all and --cause, not both");
	struct report *report = database_open_as(words, REDACT, REDACT_KEY, &status);
	if (!report)
		return status;
	struct reader reader = { report, &error };
	status = words->noperands > 1 ? named(&reader, words) : chosen(&reader, words);
	report_close(report);
	if (error.kind != ERROR_NONE)
		status = cli_failed(&error);
	return cli_close(status);
}

const struct cli_command explain_command = {
	.name = "explain",
	.usage = "[OPTION...] DB [ERROR...]",
	.summary = "one error at a time: the dialogue around it, the evidence with frame numbers, the remedy",
	.detail = "Shows errors in full: the dialogue as a ladder around the refused command, the command with its faulty octet marked, what "
	          "the server had offered, the evidence with frame numbers, how sure it is, what either side changes, what else it could be, and "
	          "the tshark filters that show the frames. ERROR is an id as the report shows it. Without one, the clearest error of each cause.",
	CLI_OPTIONS(options),
	.run = run,
};
