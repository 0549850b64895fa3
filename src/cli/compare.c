/* compare.c - takes captures of two sides of a box, gives what the box changed: a report, and the database if one is named. */
#include "cli/cli.h"
#include "cli/database.h"
#include "cli/interrupt.h"
#include "compare.h"
#include "report/compared.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INSIDE, OUTSIDE, OUTPUT, FILTER, RECURSE, ALL, JSON, REDACT, REDACT_KEY, QUIET };

static const struct cli_option options[] = {
	[INSIDE] = { 0, "inside", NULL, "The captures after this word, up to --outside, were taken on the client's side of the box.", false },
	[OUTSIDE] = { 0, "outside", NULL, "The captures after this word were taken on the server's side.", false },
	[OUTPUT] = { 'o', "output", "DB", "Keep the database: sessions, errors and findings of both sides, pairs and differences.", false },
	[FILTER] = { 'f', "filter", "FILTER", "Only packets that match, in the language of tcpdump, on both sides.", false },
	[RECURSE] = { 'r', "recurse", NULL, "Captures in the directories below a given directory as well.", false },
	[ALL] = { 0, "all", NULL, "Every difference; without it the first twenty of a kind.", false },
	[JSON] = { 0, "json", NULL, "Pairs and differences as newline-delimited JSON instead of the report.", false },
	[REDACT] = REDACT_OPTION,
	[REDACT_KEY] = REDACT_KEY_OPTION,
	[QUIET] = { 'q', "quiet", NULL, "No progress, and no report.", false },
};

struct job {
	const struct cli_words *words;
	struct interrupt interrupt;
	bool progress_shown;
};

static bool progress(void *to, uint64_t done, uint64_t total, uint64_t packets)
{
	struct job *job = to;
	if (!job->words->given[QUIET] && isatty(STDERR_FILENO)) {
		fprintf(stderr, "\r\033[K%llu of %llu MB read, %llu packets", (unsigned long long)(done >> 20), (unsigned long long)(total >> 20),
		        (unsigned long long)packets);
		job->progress_shown = true;
	}
	return !interrupt_came(&job->interrupt);
}

static enum exit_status show_json(struct report *report)
{
	static const char *const views[] = {
		"SELECT 'smtpwhy.pair' AS \"event.dataset\", * FROM pair_report ORDER BY pair_id",
		"SELECT 'smtpwhy.difference' AS \"event.dataset\", * FROM difference_report ORDER BY difference_id",
	};
	struct error error = { 0 };
	for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
		struct rows *rows = report_rows(report, views[i], &error);
		if (!rows || !database_print(rows, &json_format, &error))
			return cli_failed(&error);
	}
	return EXIT_DONE;
}

static enum exit_status show(const struct cli_words *words, const char *path)
{
	struct error error = { 0 };
	struct report *report = report_open(path, &error);
	if (!report)
		return cli_failed(&error);
	enum exit_status status = EXIT_DONE;
	if (words->given[JSON]) {
		status = show_json(report);
	} else {
		struct page page = { .style = cli_style(stdout) };
		if (!compared_report(report, words->given[ALL] != NULL, &page, &error))
			status = cli_failed(&error);
		cli_write(&page.out);
		page_free(&page);
	}
	report_close(report);
	return status;
}

static enum exit_status compared(struct job *job, struct compare *c)
{
	struct error error = { 0 };
	bool done = compare_run(c, &error);
	if (job->progress_shown)
		fputs("\r\033[K", stderr);
	if (interrupt_came(&job->interrupt)) {
		cli_complain("interrupted: nothing was written");
		return EXIT_NOT_WRITTEN;
	}
	if (!done)
		return cli_failed(&error);
	const char *trouble;
	enum exit_status status = EXIT_DONE;
	for (size_t i = 0; (trouble = compare_input_trouble(c, i)); i++) {
		cli_complain("%s", trouble);
		status = EXIT_INPUT_DAMAGED;
	}
	enum exit_status shown = job->words->given[QUIET] ? EXIT_DONE : show(job->words, compare_database(c));
	return cli_close(shown != EXIT_DONE ? shown : status);
}

static enum exit_status run(const struct cli_command *command, const struct cli_words *words)
{
	bool sided = words->given[INSIDE] || words->given[OUTSIDE];
	size_t ninside = 1;
	if (sided)
		ninside = words->split[OUTSIDE];
	if (sided && (!words->given[INSIDE] || !words->given[OUTSIDE] || words->split[INSIDE] != 0 || ninside == 0 || ninside >= words->noperands))
		return cli_misused(command, "name the captures of both sides: --inside CAPTURE... --outside CAPTURE...");
	if (!sided && words->noperands != 2)
		return cli_misused(command, words->noperands < 2 ? "name two captures: the client's side of the box, then the server's" :
		                   "more than two captures: say which side each is from, as in --inside A B --outside C D");
	struct job job = { .words = words };
	struct compare_options o = {
		.database = words->given[OUTPUT], .filter = words->given[FILTER], .recurse = words->given[RECURSE] != NULL,
		.redact = words->given[REDACT] || words->given[REDACT_KEY], .redact_key = words->given[REDACT_KEY],
		.progress = progress, .progress_to = &job,
	};
	interrupt_begin(&job.interrupt);
	struct compare *c = compare_new(&o);
	for (size_t i = 0; i < words->noperands; i++)
		compare_add(c, i < ninside ? SIDE_INSIDE : SIDE_OUTSIDE, words->operands[i]);
	enum exit_status status = compared(&job, c);
	compare_free(c);
	interrupt_end(&job.interrupt);
	interrupt_die(&job.interrupt);
	return status;
}

const struct cli_command compare_command = {
	.name = "compare",
	.usage = "[OPTION...] INSIDE OUTSIDE | --inside CAPTURE... --outside CAPTURE...",
	.summary = "the same sessions seen from two sides of a box: what it changed",
	.detail = "Reads captures of the client's side (inside) and of the server's side (outside) of a firewall, proxy or load balancer, finds out "
	          "which session is which, through address translation, changed sequence numbers, terminating proxies and clocks that differ, and "
	          "tells every command, reply and line that the box masked, removed, added, rewrote, moved, answered, swallowed or held, each with "
	          "its frames on both sides. What one capture merely lacks is no difference.\n\n"
	          "Exit status: 0 done; 2 wrong use; 3 some input could not be read or was damaged (the rest was compared); 4 the output could not "
	          "be written.",
	CLI_OPTIONS(options),
	.run = run,
};
