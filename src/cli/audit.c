/* audit.c - takes a report database, gives which path does what to mail, as text, JSON or CSV. Never changes the database. */
#include "cli/database.h"
#include "cli/fail_on.h"
#include "report/audit.h"

#include <string.h>

enum { BY, CLIENT_PREFIX, SERVER_PREFIX, JSON, CSV, FAIL_ON, REDACT, REDACT_KEY };

static const struct cli_option options[] = {
	[BY] = { 0, "by", "WHAT", "What makes a row: path (client network and server; the default), client, or server.", false },
	[CLIENT_PREFIX] = { 0, "client-prefix", "N[,N6]", "Leading bits that clients of one network share: 24,64 unless given; 32,128 shows each client.", false },
	[SERVER_PREFIX] = { 0, "server-prefix", "N[,N6]", "The same for servers. Without it each address and port is a server of its own.", false },
	[JSON] = { 0, "json", NULL, "Newline-delimited JSON: an object a path and behaviour.", false },
	[CSV] = { 0, "csv", NULL, "Comma-separated values (RFC 4180): a line a path and behaviour.", false },
	[FAIL_ON] = { 0, "fail-on", "CAUSE,...", "Exit with status 1 when one of these was seen: a cause (middlebox.starttls_stripped), a family (middlebox), or 'any'.", false },
	[REDACT] = REDACT_OPTION,
	[REDACT_KEY] = REDACT_KEY_OPTION,
};

static enum exit_status read_words(const struct cli_command *command, const struct cli_words *words, struct audit_options *audit, struct fail_on *fail_on)
{
	static const char *const bys[] = { [AUDIT_BY_PATH] = "path", [AUDIT_BY_CLIENT] = "client", [AUDIT_BY_SERVER] = "server" };
	*audit = (struct audit_options){ AUDIT_BY_PATH, { PREFIX_V4, PREFIX_V6 }, { 32, 128 } };
	if (words->noperands != 1)
		return cli_misused(command, "name one report database, as smtpwhy analyze writes it");
	if (words->given[JSON] && words->given[CSV])
		return cli_misused(command, "--json and --csv: choose one");
	size_t by = 0;
	while (words->given[BY] && by < sizeof bys / sizeof *bys && strcmp(bys[by], words->given[BY]) != 0)
		by++;
	if (by == sizeof bys / sizeof *bys)
		return cli_misused(command, "--by %s: there are path, client and server", words->given[BY]);
	audit->by = (enum audit_by)by;
	if (words->given[CLIENT_PREFIX] && !prefixes_parse(bytes_of(words->given[CLIENT_PREFIX]), &audit->client))
		return cli_misused(command, "--client-prefix %s: give bits, as 24 or 24,64", words->given[CLIENT_PREFIX]);
	if (words->given[SERVER_PREFIX] && !prefixes_parse(bytes_of(words->given[SERVER_PREFIX]), &audit->server))
		return cli_misused(command, "--server-prefix %s: give bits, as 24 or 24,64", words->given[SERVER_PREFIX]);
	if (words->given[FAIL_ON] && !fail_on_parse(fail_on, words->given[FAIL_ON]))
		return cli_misused(command, "--fail-on %s: no such cause or family; \"smtpwhy causes\" lists them", fail_on->wrong);
	return EXIT_DONE;
}

static bool matches(const struct audit *audit, const struct fail_on *fail_on)
{
	for (enum behaviour b = 0; b < BEHAVIOURS; b++)
		if (audit->seen[b] && fail_on_error(fail_on, cause_entry(behaviour_entry(b)->cause)->slug))
			return true;
	return false;
}

static void show(const struct audit *audit, struct audit_options options_given, const struct cli_words *words, struct reader *reader)
{
	struct page page = { .style = cli_style(stdout) };
	if (words->given[JSON])
		audit_json(audit, &page.out);
	else if (words->given[CSV])
		audit_csv(audit, &page.out);
	else
		audit_draw(audit, options_given, reader, &page);
	cli_write(&page.out);
	page_free(&page);
}

static enum exit_status run(const struct cli_command *command, const struct cli_words *words)
{
	struct audit_options audit_options;
	struct fail_on fail_on = { 0 };
	struct error error = { 0 };
	enum exit_status status = read_words(command, words, &audit_options, &fail_on);
	if (status != EXIT_DONE)
		return status;
	struct report *report = database_open_as(words, REDACT, REDACT_KEY, &status);
	if (!report)
		return status;
	struct reader reader = { report, &error };
	struct audit audit;
	if (audit_read(&audit, &reader, audit_options))
		show(&audit, audit_options, words, &reader);
	status = error.kind != ERROR_NONE ? cli_failed(&error) : matches(&audit, &fail_on) ? EXIT_MATCHED : EXIT_DONE;
	audit_free(&audit);
	report_close(report);
	return cli_close(status);
}

const struct cli_command audit_command = {
	.name = "audit",
	.usage = "[OPTION...] DB",
	.summary = "what boxes on the path do to mail: paths against behaviours",
	.detail = "Shows, for each path from a client network to a server, in how many of its sessions the greeting, EHLO keywords or commands were "
	          "overwritten, STARTTLS was overwritten, removed or answered by a box, EHLO was blocked, replies or resets were injected, "
	          "connections were taken by a box, something was dropped in silence, a PROXY header came where none is expected, or bytes were altered; since when and until when; which kind of device does that; at which end of the path it sits; and which "
	          "sessions to look at (smtpwhy explain). Then what changed, and when.\n\n"
	          "A greeting of nothing but stars may be configured: it counts beside another sign, or where it depends on the path.",
	CLI_OPTIONS(options),
	.run = run,
};
