/* report.c - takes a report database, gives the summary as text or as a page for a browser, or its rows as CSV or JSON for other
 * programs. */
#include "cli/database.h"
#include "cli/output.h"

#include "report/html.h"
#include "report/text.h"

#include <string.h>

enum { JSON, CSV, HTML, REDACT, REDACT_KEY };

static const struct cli_option options[] = {
	[JSON] = { 0, "json", "VIEW", "Newline-delimited JSON, with names of the Elastic Common Schema where one fits. All views unless one is named: errors, findings, sessions, differences, changes, captures.", true },
	[CSV] = { 0, "csv", "VIEW", "Comma-separated values (RFC 4180) of one view: errors unless named.", true },
	[HTML] = { 0, "html", "FILE", "One page for a browser, complete in itself: it opens from disk and loads nothing. - writes it to standard output.", false },
	[REDACT] = REDACT_OPTION,
	[REDACT_KEY] = REDACT_KEY_OPTION,
};

static enum exit_status html(struct report *report, const char *path, const char *target)
{
	struct error error = { 0 };
	struct text page = { 0 };
	enum exit_status status = EXIT_DONE;
	if (!html_report(report, path, &page, &error))
		status = cli_failed(&error);
	else if (strcmp(target, "-") == 0)
		status = cli_write(&page) ? cli_close(EXIT_DONE) : cli_close(EXIT_NOT_WRITTEN);
	else if (!output_replace(target, text_view(&page), B("<!DOCTYPE html>"), &error))
		status = cli_failed(&error);
	text_free(&page);
	return status;
}

static enum exit_status text(struct report *report, const char *path)
{
	struct error error = { 0 };
	struct page page = { .style = cli_style(stdout) };
	bool read = text_report(report, path, &page, &error);
	cli_write(&page.out);
	page_free(&page);
	return cli_close(read ? EXIT_DONE : cli_failed(&error));
}

static enum exit_status export(struct report *report, const struct format *format, const char *sql)
{
	struct error error = { 0 };
	struct rows *rows = report_rows(report, sql, &error);
	bool printed = rows && database_print(rows, format, &error);
	return cli_close(printed ? EXIT_DONE : cli_failed(&error));
}

static enum exit_status export_json(struct report *report, const struct export *only)
{
	enum exit_status status = EXIT_DONE;
	for (const struct export *each = exports; each->name && status == EXIT_DONE; each++)
		if (!only || only == each)
			status = export(report, &json_format, each->json);
	return status;
}

static enum exit_status run(const struct cli_command *command, const struct cli_words *words)
{
	const char *view = words->given[JSON] ? words->given[JSON] : words->given[CSV];
	const struct export *export_of = view && *view ? export_find(view) : NULL;
	enum exit_status status;
	if (words->noperands != 1)
		return cli_misused(command, "name one report database, as smtpwhy analyze writes it");
	if (!!words->given[JSON] + !!words->given[CSV] + !!words->given[HTML] > 1)
		return cli_misused(command, "--json, --csv, --html: choose one");
	if (view && *view && !export_of)
		return cli_misused(command, "%s: no such view; there are errors, findings, sessions, differences, changes, captures", view);
	struct report *report = database_open_as(words, REDACT, REDACT_KEY, &status);
	if (!report)
		return status;
	if (words->given[JSON])
		status = export_json(report, export_of);
	else if (words->given[CSV])
		status = export(report, &csv_format, export_of ? export_of->csv : exports[0].csv);
	else if (words->given[HTML])
		status = html(report, words->operands[0], words->given[HTML]);
	else
		status = text(report, words->operands[0]);
	report_close(report);
	return status;
}

const struct cli_command report_command = {
	.name = "report",
	.usage = "[--html FILE | --json[=VIEW] | --csv[=VIEW]] [--redact] DB",
	.summary = "the summary of a report database; a page for a browser, JSON and CSV for other programs",
	.detail = "Prints how many sessions met 5xx replies, why, whose fault it is, since when, what to change, and what could not be looked "
	          "at. Colour only on a terminal and without NO_COLOR in the environment; 80 columns elsewhere; ASCII where the locale is not UTF-8.",
	CLI_OPTIONS(options),
	.run = run,
};
