/* query.c - takes a named question or SQL, gives rows as an aligned table, CSV or JSON. Never changes the database. */
#include "cli/database.h"

#include <stdlib.h>
#include <string.h>

enum { JSON, CSV, WIDE, REDACT, REDACT_KEY };

static const struct cli_option options[] = {
	[JSON] = { 0, "json", NULL, "Newline-delimited JSON instead of a table.", false },
	[CSV] = { 0, "csv", NULL, "Comma-separated values (RFC 4180) instead of a table.", false },
	[WIDE] = { 0, "wide", NULL, "A table with whole cells, however wide. It is so anyway where the output is no terminal.", false },
	[REDACT] = REDACT_OPTION,
	[REDACT_KEY] = REDACT_KEY_OPTION,
};

static enum exit_status list(void)
{
	struct page page = { .style = cli_style(stdout) };
	for (size_t i = 0; i < query_count(); i++) {
		const struct query *query = query_at(i);
		page_string(&page, INK_NAME, query->name);
		page_line(&page);
		page_paragraph(&page, 4, query->question);
		if (*query->parameters)
			page_labelled(&page, 4, "parameters:", 17, bytes_of(query->parameters));
	}
	page_line(&page);
	page_paragraph(&page, 0, "Ask one: smtpwhy query DB NAME [parameter=value...]. Or in SQL: smtpwhy query DB 'SELECT ...'.");
	cli_write(&page.out);
	page_free(&page);
	return cli_close(EXIT_DONE);
}

enum { TABLE_MOST = 10000 };

/* Numbers stand to the right, by the first row's types. Where the terminal is too narrow, all other columns give way, the widest first. */
static bool print_table(struct rows *rows, bool wide, struct error *error)
{
	struct page page = { .style = cli_style(stdout) };
	page.style.width = wide ? 0 : cli_columns(stdout);
	size_t n = rows_columns(rows), count = 0;
	struct table_column *columns = memory_new(n ? n : 1, sizeof *columns);
	struct table table = { .columns = columns, .ncolumns = n };
	for (size_t i = 0; i < n; i++)
		columns[i] = (struct table_column){ rows_name(rows, i), ALIGN_LEFT, ELASTIC, INK_PLAIN };
	for (; n && rows_next(rows, error) && count < TABLE_MOST; count++) {
		for (size_t i = 0; i < n; i++) {
			enum rows_type type = rows_type(rows, i);
			if (count == 0 && (type == ROWS_INTEGER || type == ROWS_REAL)) {
				columns[i].align = ALIGN_RIGHT;
				columns[i].gives = RIGID;
			}
			table_cell(&table, type == ROWS_NULL ? B("-") : rows_text(rows, i));
		}
	}
	table_draw(&page, &table, 0);
	if (count == TABLE_MOST)
		page_paragraph(&page, 0, "Only the first 10,000 rows are shown as a table; --csv and --json give all.");
	if (count == 0 && error->kind == ERROR_NONE)
		page_paragraph(&page, 0, "No rows.");
	bool written = cli_write(&page.out);
	page_free(&page);
	rows_free(rows);
	free(columns);
	return written && error->kind == ERROR_NONE;
}

/* A word without a blank that is no named query is a misspelt name, not SQL. */
static struct rows *ask(const struct cli_words *words, struct report *report, struct error *error)
{
	const char *word = words->operands[1];
	const struct query *query = query_find(word);
	if (query)
		return query_rows(report, query, (const char *const *)words->operands + 2, words->noperands - 2, error);
	if (!strpbrk(word, " \t\n")) {
		error_set(error, ERROR_USAGE, "%s: no named query; smtpwhy query DB lists them, and SQL is given as one word in quotes", word);
		return NULL;
	}
	if (words->noperands > 2) {
		error_set(error, ERROR_USAGE, "%s: SQL is given as one word in quotes", words->operands[2]);
		return NULL;
	}
	return report_rows(report, word, error);
}

static enum exit_status run(const struct cli_command *command, const struct cli_words *words)
{
	struct error error = { 0 };
	enum exit_status status;
	if (words->noperands == 0)
		return cli_misused(command, "name a report database, as smtpwhy analyze writes it");
	if (words->given[JSON] && words->given[CSV])
		return cli_misused(command, "--json and --csv: choose one");
	struct report *report = database_open_as(words, REDACT, REDACT_KEY, &status);
	if (!report)
		return status;
	if (words->noperands == 1) {
		report_close(report);
		return list();
	}
	struct rows *rows = ask(words, report, &error);
	bool printed = false;
	if (rows && (words->given[JSON] || words->given[CSV]))
		printed = database_print(rows, words->given[JSON] ? &json_format : &csv_format, &error);
	else if (rows)
		printed = print_table(rows, words->given[WIDE], &error);
	report_close(report);
	return cli_close(printed ? EXIT_DONE : cli_failed(&error));
}

const struct cli_command query_command = {
	.name = "query",
	.usage = "[--json | --csv | --wide] [--redact] DB [NAME [PARAMETER=VALUE...] | SQL]",
	.summary = "named questions to a report database, or SQL; lists the questions when none is asked",
	.detail = "Asks one of the named questions, with parameters, or runs one SQL statement that reads. The tables and views are described "
	          "in the database's own schema: sqlite3 DB .schema",
	CLI_OPTIONS(options),
	.run = run,
};
