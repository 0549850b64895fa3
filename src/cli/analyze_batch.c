/* analyze_batch.c - takes directories, gives one database of all sites in them. */
#include "cli/analyze_batch.h"

#include "batch.h"
#include "cli/interrupt.h"
#include "cli/sites.h"
#include "report/text.h"

#include <stdio.h>
#include <unistd.h>

struct watch {
	const struct batch_job *job;
	struct interrupt interrupt;
	bool shows;               /* progress, on a terminal */
};

static void clear_line(const struct watch *w)
{
	if (w->shows)
		fputs("\r\033[K", stderr);
}

static void trouble(void *to, const char *sentence)
{
	clear_line(to);
	cli_complain("%s", sentence);
}

static void progress(void *to, const struct batch_progress *at)
{
	struct watch *w = to;
	if (w->shows)
		fprintf(stderr, "\r\033[K%zu of %zu sites: %s", at->site, at->sites, at->folder);
}

static bool stopped(void *to)
{
	return interrupt_came(&((struct watch *)to)->interrupt);
}

/* Whether the database holds one of the causes asked for. */
static bool matches(struct report *report, const struct fail_on *fail_on, struct error *error)
{
	static const char *const causes[] = {
		"SELECT DISTINCT cause FROM error JOIN cause USING (cause_id)", "SELECT DISTINCT cause FROM finding JOIN cause USING (cause_id)",
	};
	bool found = false;
	for (int findings = 0; findings < 2 && fail_on->n; findings++) {
		struct rows *rows = report_rows(report, causes[findings], error);
		while (rows && rows_next(rows, error)) {
			const char *cause = (const char *)rows_text(rows, 0).p;
			found |= findings ? fail_on_finding(fail_on, cause) : fail_on_error(fail_on, cause);
		}
		rows_free(rows);
	}
	return found;
}

static enum exit_status summary(const struct batch_job *job, const struct batch_result *result, enum exit_status status)
{
	struct error error = { 0 };
	if (result->damaged)
		cli_complain("%zu of %zu sites could not be read whole; the messages above and the report's captures name the files", result->damaged, result->sites);
	if (result->skipped && !job->quiet)
		cli_complain("%llu of the files held what was read before: passed over", (unsigned long long)result->skipped);
	cli_cut_short(result->cut_short);
	struct report *report = report_open(job->options->database, &error);
	if (!report)
		return cli_failed(&error);
	struct page page = { .style = cli_style(stdout) };
	if (status == EXIT_DONE && matches(report, job->fail_on, &error))
		status = EXIT_MATCHED;
	if (error.kind != ERROR_NONE || (!job->quiet && !text_headline(report, &page, &error)))
		status = cli_failed(&error);
	report_close(report);
	cli_write(&page.out);
	page_free(&page);
	return cli_close(status);
}

static enum exit_status run(const struct batch_job *job, const struct sites *sites, bool all_listed)
{
	struct watch w = { .job = job, .shows = !job->quiet && isatty(STDERR_FILENO) };
	struct error error = { 0 };
	struct batch_result result;
	const struct batch_options options = { .run = *job->options, .folders = (const char *const *)sites->folders, .nfolders = sites->n,
	                                       .trouble = trouble, .progress = progress, .stopped = stopped, .to = &w };
	interrupt_begin(&w.interrupt);
	bool done = batch_run(&options, &result, &error);
	interrupt_end(&w.interrupt);
	clear_line(&w);
	if (!done)
		return cli_failed(&error);
	if (result.stopped)
		cli_complain("interrupted: %zu of %zu sites were read; --append goes on with the others", result.sites, sites->n);
	return summary(job, &result, result.damaged || result.stopped || !all_listed ? EXIT_INPUT_DAMAGED : EXIT_DONE);
}

enum exit_status batch_work(const struct batch_job *job)
{
	struct sites sites = { 0 };
	bool all_listed = true;
	enum exit_status status = EXIT_INPUT_DAMAGED;
	for (size_t i = 0; i < job->words->noperands; i++) {
		struct error error = { 0 };
		if (sites_add(&sites, job->words->operands[i], &error))
			continue;
		all_listed = false;
		cli_complain("%s", error.sentence);
	}
	if (sites.n)
		status = run(job, &sites, all_listed);
	else
		cli_complain("no files in the directories given; nothing was analysed");
	sites_free(&sites);
	return status;
}
