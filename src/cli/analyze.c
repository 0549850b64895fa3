/* analyze.c - takes captures, gives a report database, or, as the plain command, the report itself.
 * The first user of smtpwhy.h. Never: opens a capture or a database on its own. */
#include "smtpwhy.h"

#include "cli/analyze_batch.h"
#include "cli/cli.h"
#include "cli/fail_on.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "report/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OUTPUT, APPEND, FILTER, PORTS, RULES, MEMORY, IDLE, RECURSE, JOBS, SHARD, NO_NDPI, PARTIAL, FAIL_ON, REDACT, REDACT_KEY, BATCH, QUIET };

/* One table for both commands. The plain one writes a database only when it is told where. */
static const struct cli_option options[] = {
	[OUTPUT] = { 'o', "output", "DB", "The database to write; report.db unless given. One that stands there is replaced when the work is done, and not before.", false },
	[APPEND] = { 'a', "append", NULL, "Keep the rows of the database that stands there, and add to them. A file whose content it tells of already (size, first and last 64 KiB) is not read again.", false },
	[FILTER] = { 'f', "filter", "FILTER", "Only packets that match, in the language of tcpdump: 'host 192.0.2.1'. Fragments and tunnels need a filter that lets them pass.", false },
	[PORTS] = { 'p', "ports", "PORT,...", "Further ports on which SMTP is expected. Without it: 25, 465, 587, 2525, 24, and any other port whose first bytes are SMTP.", false },
	[RULES] = { 0, "rules", "FILE", "Further rows for the table of reply wordings, tab-separated as in words.tsv.", false },
	[MEMORY] = { 'm', "memory", "SIZE", "Memory for the connections alive, as 512M or 2G; 128M unless given. Beyond it the longest idle are closed, and the report says so. With --batch, of each site.", false },
	[IDLE] = { 0, "idle", "TIME", "Silence in capture time after which a connection counts as ended, as 90s, 15m or 2h; 15m unless given.", false },
	[RECURSE] = { 'r', "recurse", NULL, "Captures in the directories below a given directory as well.", false },
	[JOBS] = { 'j', "jobs", "N", "Threads to use; more than 16 are of no use. The result is the same whatever their number.", false },
	[SHARD] = { 0, "shard", "I/N", "Take only the I-th of N parts of the connections, for a run that is spread over machines; smtpwhy merge joins the N databases.", false },
	[NO_NDPI] = { 0, "no-ndpi", NULL, "Do not ask nDPI what speaks on an SMTP port when it is no SMTP.", false },
	[PARTIAL] = { 0, "partial", NULL, "When interrupted by Ctrl-C, keep and report what was read so far (exit status 3). Without it nothing is written.", false },
	[FAIL_ON] = { 0, "fail-on", "CAUSE,...", "Exit with status 1 when one of these causes was found: a cause (client.bad_sequence), a family (middlebox), or 'any' for any 5xx reply.", false },
	[REDACT] = { 0, "redact", NULL, "Tokens in place of addresses, host names, mailboxes, banners and ids, in the database and in all that is made of it, so that it can be shared.", false },
	[REDACT_KEY] = { 0, "redact-key", "FILE", "With --redact: the key of the tokens, so that several runs give the same; at least 16 octets that nobody can guess. Without it the key is random and forgotten.", false },
	[BATCH] = { 0, "batch", NULL, "Each directory, and each below it, is a site with a timeline of its own; all go into one database. --jobs N: so many sites at a time. Ctrl-C keeps the sites that are whole; with --append what was read before is passed over, so that the batch goes on.", false },
	[QUIET] = { 'q', "quiet", NULL, "No progress, and nothing on standard output but what was asked for.", false },
};

/* ---- words to options ---- */

/* "512M" -> octets; "90s" -> nanoseconds: a number and one letter of a table. */
struct unit { char letter; uint64_t factor; };
static const struct unit sizes[] = { { 0, 1 }, { 'K', 1u << 10 }, { 'M', 1u << 20 }, { 'G', 1u << 30 } };
static const struct unit times[] = { { 0, 1000000000 }, { 's', 1000000000 }, { 'm', 60000000000 }, { 'h', 3600000000000 } };

static bool quantity(const char *word, const struct unit *units, size_t n, uint64_t *value)
{
	struct bytes b = bytes_of(word);
	char letter = 0;
	if (b.n && octet_is_alpha(b.p[b.n - 1])) {
		letter = word[b.n - 1];
		b = bytes_first(b, b.n - 1);
	}
	for (size_t i = 0; i < n; i++) {
		if (units[i].letter && octet_lower((uint8_t)units[i].letter) != octet_lower((uint8_t)letter))
			continue;
		if (!units[i].letter && letter)
			continue;
		return bytes_number(b, value) && *value > 0 && !__builtin_mul_overflow(*value, units[i].factor, value) && *value <= INT64_MAX;
	}
	return false;
}

#define QUANTITY(word, units, value) quantity((word), (units), sizeof(units) / sizeof *(units), (value))

/* "2/8": the second of eight parts. */
static bool part_of(const char *word, struct smtpwhy_options *wanted)
{
	struct cut cut = bytes_cut(bytes_of(word), '/');
	uint64_t part, parts;
	if (!bytes_number(cut.head, &part) || !bytes_number(cut.tail, &parts) || part < 1 || part > parts || parts > 4096)
		return false;
	wanted->part = (unsigned)part;
	wanted->parts = (unsigned)parts;
	return true;
}

enum { PORTS_MOST = 64, TROUBLES_TOLD = 20 };

static bool ports_of(const char *word, uint16_t *ports)
{
	struct bytes rest = bytes_of(word);
	for (size_t n = 0; n < PORTS_MOST; n++) {
		struct cut cut = bytes_cut(rest, ',');
		uint64_t port;
		if (!bytes_number(cut.head, &port) || port == 0 || port > 65535)
			return false;
		ports[n] = (uint16_t)port;
		ports[n + 1] = 0;
		if (!cut.found)
			return true;
		rest = cut.tail;
	}
	return false;
}

struct job {
	const struct cli_command *command;
	const struct cli_words *words;
	struct smtpwhy_options options;
	uint16_t ports[PORTS_MOST + 1];
	struct fail_on fail_on;
	struct interrupt interrupt;
	struct progress progress;
};

static enum exit_status job_options(struct job *job)
{
	const char *const *given = job->words->given;
	uint64_t number = 0;
	if (job->words->noperands == 0)
		return cli_misused(job->command, "name at least one capture file, directory of captures, or - for standard input");
	job->options = (struct smtpwhy_options){
		.database = given[OUTPUT], .append = given[APPEND] != NULL, .filter = given[FILTER], .rules = given[RULES],
		.recurse = given[RECURSE] != NULL, .no_ndpi = given[NO_NDPI] != NULL, .threads = 1,
	};
	job->options.redact = given[REDACT] || given[REDACT_KEY];
	job->options.redact_key = given[REDACT_KEY];
	if (job->options.redact && job->options.append)
		return cli_misused(job->command, "--redact does not add to a database that stands there; append first, then: smtpwhy redact");
	if (given[PORTS]) {
		if (!ports_of(given[PORTS], job->ports))
			return cli_misused(job->command, "--ports %s: not a list of at most %d ports such as 25,2525", given[PORTS], PORTS_MOST);
		job->options.ports = job->ports;
	}
	if (given[MEMORY] && !(QUANTITY(given[MEMORY], sizes, &number) && number <= SIZE_MAX))
		return cli_misused(job->command, "--memory %s: not a size such as 512M or 2G", given[MEMORY]);
	job->options.memory = given[MEMORY] ? (size_t)number : 0;
	if (given[IDLE] && !QUANTITY(given[IDLE], times, &number))
		return cli_misused(job->command, "--idle %s: not a time such as 90s, 15m or 2h", given[IDLE]);
	job->options.idle = given[IDLE] ? (int64_t)number : 0;
	if (given[JOBS] && !(bytes_number(bytes_of(given[JOBS]), &number) && number >= 1 && number <= 256))
		return cli_misused(job->command, "--jobs %s: not a number from 1 to 256", given[JOBS]);
	job->options.threads = given[JOBS] ? (unsigned)number : 1;
	if (given[SHARD] && !part_of(given[SHARD], &job->options))
		return cli_misused(job->command, "--shard %s: not a part such as 2/8", given[SHARD]);
	if (given[FAIL_ON] && !fail_on_parse(&job->fail_on, given[FAIL_ON]))
		return cli_misused(job->command, "--fail-on %s: \"%s\" is no cause, family of causes or 'any'; see: smtpwhy causes", given[FAIL_ON],
		                   job->fail_on.wrong);
	return EXIT_DONE;
}

static bool progress(void *to, const struct smtpwhy_progress *at)
{
	struct job *job = to;
	progress_show(&job->progress, at);
	return !interrupt_came(&job->interrupt);
}

/* ---- the work ---- */

static bool any_matches(struct job *job, struct smtpwhy *run)
{
	bool found = false;
	if (!job->fail_on.n)
		return false;
	for (struct smtpwhy_error error; smtpwhy_next_error(run, &error);)
		found |= fail_on_error(&job->fail_on, error.cause);
	for (struct smtpwhy_finding finding; smtpwhy_next_finding(run, &finding);)
		found |= fail_on_finding(&job->fail_on, finding.cause);
	return found;
}

static bool show(struct job *job, struct smtpwhy *run, bool whole, struct error *error)
{
	struct report *report = report_open(smtpwhy_database(run), error);
	if (!report)
		return false;
	struct page page = { .style = cli_style(stdout) };
	bool read = whole ? text_report(report, job->words->given[OUTPUT], &page, error) : text_headline(report, &page, error);
	report_close(report);
	cli_write(&page.out);
	page_free(&page);
	return read;
}

/* When nothing is there at all, a word was mistyped: no empty report takes the place of one that stands. */
static bool some_exist(const struct cli_words *words)
{
	struct stat status;
	for (size_t i = 0; i < words->noperands; i++)
		if (strcmp(words->operands[i], "-") == 0 || stat(words->operands[i], &status) == 0)
			return true;
	for (size_t i = 0; i < words->noperands; i++)
		cli_complain("%s cannot be read: %s; nothing was analysed", words->operands[i], strerror(ENOENT));
	return false;
}

static bool added(struct job *job, struct smtpwhy *run)
{
	for (size_t i = 0; i < job->words->noperands; i++) {
		if (strcmp(job->words->operands[i], "-") == 0 && isatty(STDIN_FILENO)) {
			cli_complain("standard input is a terminal: pipe a capture into it, as in: ssh gateway tcpdump -w - port 25 | smtpwhy -");
			return false;
		}
		if (!smtpwhy_add(run, job->words->operands[i])) {
			cli_complain("%s", smtpwhy_trouble(run));
			return false;
		}
	}
	return true;
}

static enum exit_status outcome(struct job *job, struct smtpwhy *run, bool whole)
{
	struct error error = { 0 };
	enum exit_status status = (enum exit_status)smtpwhy_status(run);
	const char *trouble;
	size_t troubles = 0;
	for (; (trouble = smtpwhy_input_trouble(run, troubles)); troubles++)
		if (troubles < TROUBLES_TOLD)
			cli_complain("%s", trouble);
	if (troubles > TROUBLES_TOLD)
		cli_complain("and %zu more files that were not read whole: the report's table of captures names each", troubles - TROUBLES_TOLD);
	if (any_matches(job, run) && status == EXIT_DONE)
		status = EXIT_MATCHED;
	if (smtpwhy_skipped(run) && !job->words->given[QUIET])
		cli_complain("%llu of the files were read into %s before: passed over", (unsigned long long)smtpwhy_skipped(run), job->options.database);
	cli_cut_short(smtpwhy_cut_short(run));
	if ((whole || !job->words->given[QUIET]) && !show(job, run, whole, &error))
		return cli_failed(&error);
	return cli_close(status);
}

static enum exit_status work(struct job *job, bool whole)
{
	enum exit_status status;
	if (!some_exist(job->words))
		return EXIT_INPUT_DAMAGED;
	interrupt_begin(&job->interrupt);
	progress_begin(&job->progress, !job->words->given[QUIET]);
	job->options.progress = progress;
	job->options.progress_to = job;
	struct smtpwhy *run = smtpwhy_new(&job->options);
	if (!added(job, run)) {
		status = smtpwhy_status(run) == SMTPWHY_DONE ? EXIT_WRONG_USE : (enum exit_status)smtpwhy_status(run);
	} else {
		bool done = smtpwhy_analyze(run);
		progress_clear(&job->progress);
		bool partial = done && job->words->given[PARTIAL] && interrupt_came(&job->interrupt);
		if (partial && smtpwhy_finish(run)) {
			cli_complain("interrupted: what follows covers only what was read until then");
			outcome(job, run, whole);
			status = EXIT_INPUT_DAMAGED;
		} else if (interrupt_came(&job->interrupt)) {
			cli_complain("interrupted: nothing was written");
			status = EXIT_NOT_WRITTEN;
		} else if (done && smtpwhy_finish(run)) {
			status = outcome(job, run, whole);
		} else {
			cli_complain("%s", smtpwhy_trouble(run));
			status = (enum exit_status)smtpwhy_status(run);
		}
	}
	smtpwhy_free(run);
	interrupt_end(&job->interrupt);
	if (!job->words->given[PARTIAL])
		interrupt_die(&job->interrupt);
	return status;
}

static enum exit_status analyze(const struct cli_command *command, const struct cli_words *words)
{
	struct job job = { .command = command, .words = words };
	enum exit_status status = job_options(&job);
	if (status != EXIT_DONE)
		return status;
	if (!job.options.database)
		job.options.database = "report.db";
	if (words->given[BATCH] && job.options.redact)
		return cli_misused(command, "--batch adds site by site, and --redact cannot; redact the result: smtpwhy redact");
	if (!words->given[BATCH])
		return work(&job, false);
	const struct batch_job batch = { words, &job.options, &job.fail_on, words->given[QUIET] != NULL };
	return batch_work(&batch);
}

static enum exit_status plain(const struct cli_command *command, const struct cli_words *words)
{
	struct job job = { .command = command, .words = words };
	enum exit_status status = job_options(&job);
	if (status != EXIT_DONE)
		return status;
	if (job.options.append && !job.options.database)
		return cli_misused(command, "--append needs --output DB: the database to add to");
	if (words->given[BATCH])
		return cli_misused(command, "--batch is for smtpwhy analyze: a tree of sites becomes a database");
	return work(&job, true);
}

const struct cli_command analyze_command = {
	.name = "analyze",
	.usage = "[OPTION...] CAPTURE|DIR|-...",
	.summary = "read captures into a report database",
	.detail = "Reads captures (pcap, pcapng; also compressed by gzip, zstd, xz, lz4 or bzip2), rebuilds the SMTP sessions in them and "
	          "stores every 5xx reply with the command that drew it, the cause, the evidence and the remedy. Several files, as of a ring "
	          "that tcpdump -C wrote, are one timeline, in whatever order they are named. A directory stands for the captures in it.\n\n"
	          "Exit status: 0 done; 1 done, and --fail-on matched; 2 wrong use; 3 some input could not be read or was damaged (the rest "
	          "was analysed and stored); 4 the database could not be written (what stood there is untouched).",
	CLI_OPTIONS(options),
	.run = analyze,
};

const struct cli_command plain_command = {
	.name = "",
	.usage = "[OPTION...] CAPTURE|DIR|-...",
	.summary = "read captures and print the report; no database is kept",
	.detail = "Reads captures and prints the report: which 5xx replies happened, which command drew each, why, whose fault it is, and "
	          "what to change. With --output DB the database is kept as well.",
	CLI_OPTIONS(options),
	.run = plain,
};
